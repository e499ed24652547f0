"""The one way a request is answered: by a clerk, by a rule, or by a batch at its hour."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal import audit
from portal.accounts.api import CompanyStatus, get_company
from portal.audit import AuditTag
from portal.cirqliz.decisions import policies
from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.mails import mail_decision
from portal.cirqliz.models import AccessRequest, RequestVehicle
from portal.cirqliz.passes.issuing import issue_passes, living_by_vehicle
from portal.cirqliz.passes.life import revoke_for_decision
from portal.cirqliz.reexamination.queries import revoked_meanwhile
from portal.cirqliz.reexamination.services import close_reexamination
from portal.cirqliz.requests.documents import list_documents
from portal.cirqliz.requests.live import says_otherwise
from portal.cirqliz.rules.quotas import check_quota
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.actor import Actor
from portal.common.clock import Clock
from portal.common.errors import Conflict, Invalid, NotFound, PortalError
from portal.db import UnitOfWork
from portal.fleet.api import get_usable_vehicles, lock_fleets, lock_vehicles, owners_of
from portal.numeriz.api import law_snapshot
from portal.regulations.perimeters import Motorised
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision: the request's number and state, and the passes it gave."""

    request_id: UUID
    number: str
    state: RequestState
    pass_ids: tuple[UUID, ...]


def decide_in(
    uow: UnitOfWork,
    actor: Actor,
    territory: TerritoryView,
    request: AccessRequest,
    chosen: Sequence[RequestVehicle],
    answer: Answer,
    clock: Clock,
    *,
    more: Mapping[str, object] | None = None,
) -> Decided:
    """Answer for some vehicles of a request that the caller has locked; each approved one gets its pass.

    Checks everything, then changes: an error leaves no trace in the transaction, which a batch goes on using.
    more: what the journal says besides. Raises Invalid (field and code), Conflict("perimeters-changed").
    """
    policies.check_answer(answer)
    if not chosen:
        raise Invalid("no-vehicle-chosen", field="vehicles", number=request.number)
    if answer.decision is VehicleDecision.APPROVED:
        check_perimeters(law_snapshot(territory.id), request)
        check_policies(request, answer)
        check_approval(uow, territory, request, chosen, clock)
    before = request.state
    _answer(actor, request, chosen, answer, clock)
    approved = [vehicle for vehicle in chosen if vehicle.decision is VehicleDecision.APPROVED]
    passes = issue_passes(uow, actor, request, territory, approved, clock=clock)
    refused = [vehicle.vehicle_id for vehicle in chosen if vehicle.decision is VehicleDecision.REFUSED]
    if refused:
        revoke_for_decision(uow, actor, request.id, refused, clock=clock)
    if request.state.decided:
        close_reexamination(uow, request, clock=clock)
    audit.record(
        actor,
        AuditTag.REQUEST_DECIDED,
        subject_id=request.id,
        territory_id=territory.id,
        company_id=request.company_id,
        data={**_journal(request, chosen, answer, before), **(more or {})},
        clock=clock,
    )
    mail_decision(request, chosen)
    # The version must be counted now: the same batch or use case may look at it again.
    uow.session.flush()
    return Decided(request.id, request.number, request.state, tuple(issued.id for issued in passes))


def load_requests(uow: UnitOfWork, territory_id: UUID, ids: Iterable[UUID]) -> list[AccessRequest]:
    """Lock requests of a territory and the fleets of their companies; return those found, by id.

    One order for everybody, fleets before requests and each by id: nobody waits for another in a circle. A vehicle
    that leaves a fleet at this instant either is seen by the decision or ends the pass it gives.
    """
    scope = (AccessRequest.territory_id == territory_id, AccessRequest.id.in_(list(ids)))
    companies = set(uow.session.scalars(select(AccessRequest.company_id).where(*scope)))
    of_requests = select(RequestVehicle.vehicle_id).join(AccessRequest, AccessRequest.id == RequestVehicle.request_id)
    lock_fleets(uow, companies | owners_of(of_requests.where(*scope)))
    rows = uow.session.scalars(
        select(AccessRequest)
        .where(*scope)
        .order_by(AccessRequest.id)
        .with_for_update(of=AccessRequest)
        .execution_options(populate_existing=True)
    )
    return list(rows)


def load_request(uow: UnitOfWork, territory_id: UUID, request_id: UUID) -> AccessRequest:
    """Lock one request of a territory as `load_requests` does. Raises NotFound."""
    found = load_requests(uow, territory_id, [request_id])
    if not found:
        raise NotFound("request-not-found")
    return found[0]


def pending_of(request: AccessRequest, vehicle_ids: frozenset[UUID] | None = None) -> list[RequestVehicle]:
    """Return the vehicles that wait, all or those named. Raises Invalid when one named does not wait."""
    pending = [v for v in request.vehicles if v.decision is VehicleDecision.PENDING]
    chosen = [v for v in pending if vehicle_ids is None or v.vehicle_id in vehicle_ids]
    if not chosen or (vehicle_ids is not None and len(chosen) != len(vehicle_ids)):
        raise Invalid("no-vehicle-chosen", field="vehicles", number=request.number)
    return chosen


def check_as_seen(request: AccessRequest, version: int, actor: Actor, clock: Clock) -> None:
    """Raise Conflict, saying who was first, when the request is not as the clerk saw it or is another's to answer."""
    refusal = refuses_touch(request, actor, clock)
    if refusal is not None:
        raise refusal
    if request.version == version:
        return
    last = _last_answer(request)
    raise last or Conflict("request-changed", number=request.number)


def refuses_touch(request: AccessRequest, actor: Actor, clock: Clock) -> PortalError | None:
    """Tell why a clerk may do nothing with a request now: it is over, or a batch or another clerk has it."""
    number = request.number
    if request.state is RequestState.WITHDRAWN:
        return Conflict("request-withdrawn", at=request.withdrawn_at, number=number)
    if request.state is RequestState.SUBMITTED:
        return Conflict("request-not-ready", number=number)
    if request.state is RequestState.EXPIRED:
        return Conflict("request-expired", number=number)
    if not request.state.decidable:
        return _last_answer(request) or Conflict("request-changed", number=number)
    if request.batch_id is not None:
        return Conflict("in-batch", number=number)
    if policies.held_by_other(request.claimed_by, request.claimed_at, actor.user_id, clock.now()):
        return Conflict("claimed-by", number=number, by=request.claimed_by_label, at=request.claimed_at)
    return None


def _last_answer(request: AccessRequest) -> Conflict | None:
    answered = [vehicle for vehicle in request.vehicles if vehicle.decided_at is not None]
    # Without an instant of decision the answers are those of before a re-examination.
    if not answered or request.decided_at is None:
        return None
    last = max(answered, key=lambda vehicle: (vehicle.decided_at is not None, vehicle.decided_at))
    return Conflict("decided-first", by=last.decided_by_label, at=last.decided_at, number=request.number)


def check_perimeters(law: LawSnapshot, request: AccessRequest) -> None:
    """Raise Conflict when the perimeters ask something else now than the request says, which is what people saw."""
    if says_otherwise(law, request):
        raise Conflict("perimeters-changed", number=request.number)


def check_policies(request: AccessRequest, answer: Answer) -> None:
    """Raise Invalid when an approval is not enough for the policies of the request's perimeters."""
    asked = {perimeter.motorised for perimeter in request.perimeters}
    documents = len(list_documents(request.id)) if Motorised.ACCREDITED in asked else 0
    refusal = policies.refuses_by_policy(asked, documents, answer)
    if refusal is not None:
        field = "exceptional" if refusal == "closed-not-exceptional" else "reason_text"
        raise Invalid(refusal, field=field, number=request.number)


def check_approval(
    uow: UnitOfWork, territory: TerritoryView, request: AccessRequest, chosen: Sequence[RequestVehicle], clock: Clock
) -> None:
    """Raise Invalid when these vehicles of a request cannot be approved now."""
    ids = [vehicle.vehicle_id for vehicle in chosen]
    lock_vehicles(uow, request.company_id, ids)
    # Whoever takes one of their passes back at this instant is waited for.
    living_by_vehicle(uow, request.id, ids)
    refusal = approval_refusal(request, chosen, get_company(request.company_id).status, clock)
    if refusal is not None:
        raise refusal
    check_quota(uow, territory, request, chosen)


def approval_refusal(
    request: AccessRequest, chosen: Sequence[RequestVehicle], company: CompanyStatus, clock: Clock
) -> Invalid | None:
    """Tell why these vehicles of a request cannot be approved now, as far as a reader can know without a lock."""
    refusal = policies.refuses_approval(company, request.ends_at, clock.now())
    if refusal is not None:
        return Invalid(refusal, field="decision", number=request.number)
    changed = changed_plates(request, chosen)
    if changed:
        return Invalid("vehicle-changed", field="vehicles", plates=", ".join(changed), number=request.number)
    # What a clerk ended while the request was looked at again does not come back with the answer.
    revoked = revoked_meanwhile(request.id)
    ended = sorted(revoked[vehicle.vehicle_id] for vehicle in chosen if vehicle.vehicle_id in revoked)
    if ended:
        return Invalid("pass-already-revoked", field="vehicles", number=", ".join(ended))
    return None


def changed_plates(request: AccessRequest, chosen: Sequence[RequestVehicle]) -> list[str]:
    """Return the plates of those vehicles that the company no longer has under that plate for the dates asked for."""
    ids = [vehicle.vehicle_id for vehicle in chosen]
    usable = get_usable_vehicles(request.company_id, ids, request.starts_at, request.ends_at)
    plates = {vehicle.id: vehicle.plate for vehicle in usable}
    return [vehicle.plate_display for vehicle in chosen if plates.get(vehicle.vehicle_id) != vehicle.plate]


def _answer(
    actor: Actor, request: AccessRequest, chosen: Sequence[RequestVehicle], answer: Answer, clock: Clock
) -> None:
    now = clock.now()
    for vehicle in chosen:
        vehicle.decision = answer.decision
        vehicle.reason_code = answer.reason_code if answer.decision is VehicleDecision.REFUSED else None
        vehicle.reason_text = answer.reason_text.strip()
        vehicle.decided_by, vehicle.decided_by_label, vehicle.decided_at = actor.user_id, actor.label, now
    after = policies.state_after(vehicle.decision for vehicle in request.vehicles)
    if after is not None:
        request.state = after
        request.claimed_by = request.claimed_by_label = request.claimed_at = None
    # Written at each answer, so that the row's version counts them all.
    request.decided_at = now


def _journal(
    request: AccessRequest, chosen: Sequence[RequestVehicle], answer: Answer, before: RequestState
) -> dict[str, object]:
    return {
        "number": request.number,
        "company": request.company_name,
        "plates": [vehicle.plate_display for vehicle in chosen],
        "decision": answer.decision.value,
        "reason_code": answer.reason_code.value if answer.reason_code else None,
        "reason_text": answer.reason_text.strip(),
        **({"exceptional": True} if answer.exceptional else {}),
        "state": [before.value, request.state.value],
    }
