"""What a clerk may ask of the desk, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from portal.cirqliz.states import RefusalReason, VehicleDecision


@dataclass(frozen=True, slots=True)
class Answer:
    """Approve, or refuse with a coded reason and a text. The text of an approval is a note to the company.

    exceptional: the clerk knows that the approval opens a perimeter that is closed to vehicles.
    """

    decision: VehicleDecision
    reason_code: RefusalReason | None = None
    reason_text: str = ""
    exceptional: bool = False


@dataclass(frozen=True, slots=True)
class DecideRequest:
    """An answer for vehicles of a request, as the clerk saw it (version). vehicle_ids None: all that are pending."""

    request_id: UUID
    version: int
    answer: Answer
    vehicle_ids: frozenset[UUID] | None = None


@dataclass(frozen=True, slots=True)
class ClaimRequests:
    """Requests a clerk takes in hand; take_over: even those that another clerk took less than two hours ago."""

    request_ids: tuple[UUID, ...]
    take_over: bool = False


@dataclass(frozen=True, slots=True)
class AskInformation:
    """A question to the company about a request, as the clerk saw it (version)."""

    request_id: UUID
    version: int
    text: str


@dataclass(frozen=True, slots=True)
class PrepareBatch:
    """One answer for requests as the clerk saw them: version by id. form_key is drawn with the preview."""

    chosen: Mapping[UUID, int]
    answer: Answer
    form_key: str
