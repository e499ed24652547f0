"""What a clerk may answer, as values."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from portal.cirqliz.states import RefusalReason, VehicleDecision


@dataclass(frozen=True, slots=True)
class Answer:
    """Approve, or refuse with a coded reason and a text. The text of an approval is a note to the company."""

    decision: VehicleDecision
    reason_code: RefusalReason | None = None
    reason_text: str = ""


@dataclass(frozen=True, slots=True)
class DecideRequest:
    """An answer for vehicles of a request, as the clerk saw it (version). vehicle_ids None: all that are pending."""

    request_id: UUID
    version: int
    answer: Answer
    vehicle_ids: frozenset[UUID] | None = None
