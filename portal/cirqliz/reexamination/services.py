"""Opening a decided request again, and closing that once it is answered."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.mails import mail_reopened
from portal.cirqliz.models import AccessRequest, Reexamination, RequestVehicle
from portal.cirqliz.passes.issuing import living_by_vehicle
from portal.cirqliz.states import ReexaminationCause, RequestState, VehicleDecision
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork

_NEVER_AGAIN = frozenset({RequestState.WITHDRAWN, RequestState.EXPIRED, RequestState.SUBMITTED})
MAX_TEXT = 2000


def open_reexamination(
    uow: UnitOfWork,
    request: AccessRequest,
    cause: ReexaminationCause,
    text: str,
    actor: Actor,
    *,
    clock: Clock = SYSTEM_CLOCK,
    vehicle_ids: Collection[UUID] | None = None,
) -> bool:
    """Put a request, locked by the caller, back before the clerks; return whether there was anything to look at again.

    The vehicles concerned wait for an answer again: those given, or else the refused ones of an appeal, or all that
    were answered; of the approved ones, those whose pass still lives. Their passes stay as they are until the new
    answer. The answers before are kept, the journal and the company are told. Raises Invalid for an appeal without a
    reason, or one too long; what the portal itself writes beside another cause (see `listed`) is no fault of anybody.
    """
    text = text.strip()
    if cause is ReexaminationCause.APPEAL and not text:
        raise Invalid("appeal-unexplained", field="text")
    if cause is ReexaminationCause.APPEAL and len(text) > MAX_TEXT:
        raise Invalid("reason-too-long", field="text", most=MAX_TEXT)
    concerned = _concerned(uow, request, cause, vehicle_ids)
    if request.state in _NEVER_AGAIN or not concerned:
        return False
    before = {"state": request.state.value, "vehicles": [_answer(vehicle) for vehicle in concerned]}
    # The reason of the first opening stands: a request has one open re-examination, however much changes meanwhile.
    known = uow.session.scalar(_open(request.id))
    if known is None:
        uow.session.add(
            Reexamination(
                id=new_id(),
                request_id=request.id,
                cause=cause,
                text=text,
                before=before,
                opened_by=actor.user_id,
                opened_by_label=actor.label,
                opened_at=clock.now(),
            )
        )
    else:
        answered = {one["vehicle_id"]: one for one in [*before["vehicles"], *known.before["vehicles"]]}
        known.before = {**known.before, "vehicles": list(answered.values())}
    for vehicle in concerned:
        vehicle.decision, vehicle.reason_code, vehicle.reason_text = VehicleDecision.PENDING, None, ""
        vehicle.decided_by = vehicle.decided_by_label = vehicle.decided_at = None
    if request.state.decided or request.state is RequestState.NOT_NEEDED:
        request.state = RequestState.READY
        request.claimed_by = request.claimed_by_label = request.claimed_at = None
    request.decided_at, request.batch_id = None, None
    # Even of a request that is open already: a clerk may be looking at the vehicles that come back to it.
    request.count_change()
    audit.record(
        actor,
        AuditTag.REQUEST_APPEALED if cause is ReexaminationCause.APPEAL else AuditTag.REQUEST_REOPENED,
        subject_id=request.id,
        territory_id=request.territory_id,
        company_id=request.company_id,
        data={
            "number": request.number,
            "company": request.company_name,
            "cause": cause.value,
            "text": text,
            "plates": [vehicle.plate_display for vehicle in concerned],
            "before": before,
        },
        clock=clock,
    )
    mail_reopened(request, cause, concerned)
    uow.session.flush()
    return True


def close_reexamination(uow: UnitOfWork, request: AccessRequest, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Note that every vehicle of a request has its answer again; nothing happens when none was looked at again."""
    uow.session.execute(
        update(Reexamination)
        .where(Reexamination.request_id == request.id, Reexamination.closed_at.is_(None))
        .values(closed_at=clock.now())
        # Nobody holds these rows in memory: without this every object of a batch would be compared with them.
        .execution_options(synchronize_session=False)
    )


def _open(request_id: UUID) -> Any:
    return select(Reexamination).where(Reexamination.request_id == request_id, Reexamination.closed_at.is_(None))


def _concerned(
    uow: UnitOfWork, request: AccessRequest, cause: ReexaminationCause, vehicle_ids: Collection[UUID] | None
) -> Sequence[RequestVehicle]:
    answered = [vehicle for vehicle in request.vehicles if vehicle.decision is not VehicleDecision.PENDING]
    if vehicle_ids is not None:
        answered = [vehicle for vehicle in answered if vehicle.vehicle_id in vehicle_ids]
    elif cause is ReexaminationCause.APPEAL:
        return [vehicle for vehicle in answered if vehicle.decision is VehicleDecision.REFUSED]
    # An approved vehicle whose pass was taken or given back has nothing left to look at: asking again could only bring
    # back what somebody ended for good.
    living = living_by_vehicle(uow, request.id, [vehicle.vehicle_id for vehicle in answered])
    return [one for one in answered if one.decision is not VehicleDecision.APPROVED or one.vehicle_id in living]


def _answer(vehicle: RequestVehicle) -> dict[str, Any]:
    assert vehicle.decided_at is not None
    return {
        "vehicle_id": str(vehicle.vehicle_id),
        "plate": vehicle.plate_display,
        "decision": vehicle.decision.value,
        "reason_code": None if vehicle.reason_code is None else vehicle.reason_code.value,
        "reason_text": vehicle.reason_text,
        "decided_by": vehicle.decided_by_label,
        "decided_at": vehicle.decided_at.isoformat(),
    }
