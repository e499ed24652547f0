"""The decision on a request: one transaction, one winner, one entry in the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from portal import audit
from portal.accounts.api import get_company
from portal.audit import AuditTag
from portal.cirqliz.decisions import policies
from portal.cirqliz.decisions.commands import Answer, DecideRequest
from portal.cirqliz.mails import mail_decision
from portal.cirqliz.models import AccessRequest, RequestVehicle
from portal.cirqliz.passes.services import issue_passes
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.actor import Actor, ActorKind, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound, PortalError
from portal.db import UnitOfWork, unit_of_work
from portal.fleet.api import get_vehicles, lock_fleet
from portal.territories.api import TerritoryView, get_territory


@dataclass(frozen=True, slots=True)
class Decided:
    """What came of a decision: the request's number and state, and the passes it gave."""

    request_id: UUID
    number: str
    state: RequestState
    pass_ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A request of a batch that could not be decided, and why."""

    request_id: UUID
    error: PortalError


def decide_request(actor: Actor, territory: str, command: DecideRequest, *, clock: Clock = SYSTEM_CLOCK) -> Decided:
    """Answer for vehicles of a request; each approved one gets its pass in the same transaction.

    Of two clerks who saw the same request, one decides: the other gets Conflict("decided-first") with `by` and `at`.
    Raises Denied, NotFound, Invalid (field and code), Conflict.
    """
    _require_clerk(actor, territory)
    policies.check_answer(command.answer)
    place = get_territory(territory)
    with unit_of_work() as uow:
        return _decide(uow, actor, place, command, clock)


def decide_many(
    actor: Actor, territory: str, commands: Sequence[DecideRequest], *, clock: Clock = SYSTEM_CLOCK
) -> tuple[Sequence[Decided], Sequence[Skipped]]:
    """Give one answer to several requests in one transaction.

    A request that somebody else decided, or whose company is not verified, is skipped and told; the others stand.
    Raises Denied, and Invalid when the answer itself is incomplete.
    """
    _require_clerk(actor, territory)
    for command in commands:
        policies.check_answer(command.answer)
    place = get_territory(territory)
    decided: list[Decided] = []
    skipped: list[Skipped] = []
    with unit_of_work() as uow:
        # One order for everybody: two batches never wait for each other in a circle.
        for command in sorted(commands, key=lambda c: c.request_id):
            try:
                decided.append(_decide(uow, actor, place, command, clock))
            except PortalError as error:
                skipped.append(Skipped(command.request_id, error))
    return decided, skipped


def _require_clerk(actor: Actor, territory: str) -> None:
    if actor.kind is not ActorKind.SYSTEM and not actor.serves(territory, StaffRole.CLERK):
        raise Denied("staff-role-needed", roles=[StaffRole.CLERK.value])


def _decide(uow: UnitOfWork, actor: Actor, territory: TerritoryView, command: DecideRequest, clock: Clock) -> Decided:
    """Check everything, then change: an error leaves no trace in the transaction, which a batch goes on using."""
    request = _load(uow, territory.id, command.request_id)
    _check_unchanged(request, command.version)
    chosen = _chosen(request, command.vehicle_ids)
    if command.answer.decision is VehicleDecision.APPROVED:
        _check_approval(uow, request, chosen, clock)
    _answer(actor, request, chosen, command.answer, clock)
    passes = issue_passes(uow, actor, request, territory, _approved(chosen), clock=clock)
    audit.record(
        actor,
        AuditTag.REQUEST_DECIDED,
        subject_id=request.id,
        territory_id=territory.id,
        company_id=request.company_id,
        data=_journal(request, chosen, command.answer),
        clock=clock,
    )
    mail_decision(request, chosen)
    # The version must be counted now: the same batch or use case may look at it again.
    uow.session.flush()
    return Decided(request.id, request.number, request.state, tuple(issued.id for issued in passes))


def _load(uow: UnitOfWork, territory_id: UUID, request_id: UUID) -> AccessRequest:
    request = uow.session.scalar(
        select(AccessRequest)
        .where(AccessRequest.id == request_id, AccessRequest.territory_id == territory_id)
        .with_for_update(of=AccessRequest)
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise NotFound("request-not-found")
    return request


def _check_unchanged(request: AccessRequest, version: int) -> None:
    """Raise Conflict, saying who was first, when the request is not as the clerk saw it."""
    if request.state is RequestState.WITHDRAWN:
        raise Conflict("request-withdrawn", at=request.withdrawn_at, number=request.number)
    if request.state is RequestState.SUBMITTED:
        raise Conflict("request-not-ready", number=request.number)
    if request.state is RequestState.READY and request.version == version:
        return
    answered = [vehicle for vehicle in request.vehicles if vehicle.decided_at is not None]
    if not answered:
        raise Conflict("request-changed", number=request.number)
    last = max(answered, key=lambda vehicle: (vehicle.decided_at is not None, vehicle.decided_at))
    raise Conflict("decided-first", by=last.decided_by_label, at=last.decided_at, number=request.number)


def _chosen(request: AccessRequest, vehicle_ids: frozenset[UUID] | None) -> list[RequestVehicle]:
    pending = [v for v in request.vehicles if v.decision is VehicleDecision.PENDING]
    chosen = [v for v in pending if vehicle_ids is None or v.vehicle_id in vehicle_ids]
    if not chosen or (vehicle_ids is not None and len(chosen) != len(vehicle_ids)):
        raise Invalid("no-vehicle-chosen", field="vehicles", number=request.number)
    return chosen


def _check_approval(uow: UnitOfWork, request: AccessRequest, chosen: Sequence[RequestVehicle], clock: Clock) -> None:
    # A vehicle that leaves the fleet at this instant either is seen here or ends the pass this approval gives.
    lock_fleet(uow, request.company_id)
    refusal = policies.refuses_approval(get_company(request.company_id).status, request.ends_at, clock.now())
    if refusal is not None:
        raise Invalid(refusal, field="decision", number=request.number)
    now = {v.id: v for v in get_vehicles(request.company_id, [v.vehicle_id for v in chosen])}
    changed = [v.plate_display for v in chosen if now[v.vehicle_id].archived or now[v.vehicle_id].plate != v.plate]
    if changed:
        raise Invalid("vehicle-changed", field="vehicles", plates=", ".join(changed), number=request.number)


def _answer(
    actor: Actor, request: AccessRequest, chosen: Sequence[RequestVehicle], answer: Answer, clock: Clock
) -> None:
    now = clock.now()
    for vehicle in chosen:
        vehicle.decision = answer.decision
        vehicle.reason_code = answer.reason_code if answer.decision is VehicleDecision.REFUSED else None
        vehicle.reason_text = answer.reason_text.strip()
        vehicle.decided_by, vehicle.decided_by_label, vehicle.decided_at = actor.user_id, actor.label, now
    request.state = policies.state_after(vehicle.decision for vehicle in request.vehicles)
    # Written at each answer, so that the row's version counts them all.
    request.decided_at = now


def _approved(chosen: Sequence[RequestVehicle]) -> list[RequestVehicle]:
    return [vehicle for vehicle in chosen if vehicle.decision is VehicleDecision.APPROVED]


def _journal(request: AccessRequest, chosen: Sequence[RequestVehicle], answer: Answer) -> dict[str, object]:
    return {
        "number": request.number,
        "company": request.company_name,
        "plates": [vehicle.plate_display for vehicle in chosen],
        "decision": answer.decision.value,
        "reason_code": answer.reason_code.value if answer.reason_code else None,
        "reason_text": answer.reason_text.strip(),
        "state": [RequestState.READY.value, request.state.value],
    }
