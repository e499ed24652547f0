"""Reads of re-examinations; the caller has reached the request within its scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from portal.cirqliz.models import AccessPass, Reexamination
from portal.cirqliz.states import (
    CLERK_REVOCATIONS,
    PassState,
    ReexaminationCause,
    RefusalReason,
    RequestState,
    VehicleDecision,
)
from portal.db import session


@dataclass(frozen=True, slots=True)
class AnswerBefore:
    """What had been answered to one vehicle. decided_by is for staff only."""

    vehicle_id: UUID
    plate_display: str
    decision: VehicleDecision
    reason_code: RefusalReason | None
    reason_text: str
    decided_by: str | None
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class ReexaminationView:
    """Why a request came back, and what had been answered. text: the company's words in an appeal, else ours."""

    id: UUID
    cause: ReexaminationCause
    text: str
    state_before: RequestState
    before: tuple[AnswerBefore, ...]
    opened_by: str
    opened_at: datetime
    closed_at: datetime | None


def open_reexamination_of(request_id: UUID) -> ReexaminationView | None:
    """Return the re-examination under way of a request, None when there is none."""
    row = session().scalar(
        select(Reexamination).where(Reexamination.request_id == request_id, Reexamination.closed_at.is_(None))
    )
    return None if row is None else _view(row)


def list_reexaminations(request_id: UUID) -> Sequence[ReexaminationView]:
    """Return every re-examination of a request, newest first."""
    rows = session().scalars(
        select(Reexamination)
        .where(Reexamination.request_id == request_id)
        .order_by(Reexamination.opened_at.desc(), Reexamination.id.desc())
    )
    return [_view(row) for row in rows]


def revoked_meanwhile(request_id: UUID) -> Mapping[UUID, str]:
    """Return the passes that a clerk took back since the open re-examination began: their numbers, by vehicle.

    The vehicle is the one that was answered, even where another stood in for it; one whose pass lives is not there.
    """
    before = aliased(AccessPass)
    by_clerk = AccessPass.revoke_reason.in_(CLERK_REVOCATIONS) & (AccessPass.revoked_at >= Reexamination.opened_at)
    rows = session().execute(
        select(before.vehicle_id, AccessPass.vehicle_id, AccessPass.number, AccessPass.state)
        .select_from(Reexamination)
        .join(AccessPass, AccessPass.request_id == Reexamination.request_id)
        .outerjoin(before, AccessPass.swapped_from == before.id)
        .where(
            Reexamination.request_id == request_id,
            Reexamination.closed_at.is_(None),
            or_(AccessPass.state != PassState.REVOKED, by_clerk),
        )
        .order_by(AccessPass.number)
    )
    lines = [(replaced or holder, number, state) for replaced, holder, number, state in rows]
    living = {vehicle_id for vehicle_id, _number, state in lines if state is not PassState.REVOKED}
    return {vehicle_id: number for vehicle_id, number, _state in lines if vehicle_id not in living}


def _view(row: Reexamination) -> ReexaminationView:
    return ReexaminationView(
        row.id,
        row.cause,
        row.text,
        RequestState(row.before["state"]),
        tuple(_answer(value) for value in row.before["vehicles"]),
        row.opened_by_label,
        row.opened_at,
        row.closed_at,
    )


def _answer(value: dict[str, Any]) -> AnswerBefore:
    code = value["reason_code"]
    return AnswerBefore(
        UUID(value["vehicle_id"]),
        value["plate"],
        VehicleDecision(value["decision"]),
        None if code is None else RefusalReason(code),
        value["reason_text"],
        value["decided_by"],
        datetime.fromisoformat(value["decided_at"]),
    )
