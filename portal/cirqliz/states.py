"""The closed lists of this context: states, decisions and reasons, and which state may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class RequestState(StrEnum):
    """The life of a request once it is filed; a draft is another table.

    `submitted`: the tour is being computed; `ready`: a clerk may decide; `under_review`: one has taken it;
    `information_asked`: the company owes an answer; `expired`: its window ended before anybody decided.
    """

    SUBMITTED = "submitted"
    READY = "ready"
    UNDER_REVIEW = "under_review"
    INFORMATION_ASKED = "information_asked"
    NOT_NEEDED = "not_needed"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def open(self) -> bool:
        """True while something is still expected of the portal, of a clerk or of the company."""
        return self in OPEN_STATES

    @property
    def decidable(self) -> bool:
        """True while a clerk may answer."""
        return self in DECIDABLE_STATES

    @property
    def decided(self) -> bool:
        """True once every vehicle has its answer."""
        return self in DECIDED_STATES


DECIDABLE_STATES = frozenset({RequestState.READY, RequestState.UNDER_REVIEW, RequestState.INFORMATION_ASKED})
OPEN_STATES = DECIDABLE_STATES | {RequestState.SUBMITTED}
DECIDED_STATES = frozenset({RequestState.APPROVED, RequestState.PARTLY_APPROVED, RequestState.REFUSED})

_ENDS = frozenset({RequestState.WITHDRAWN, RequestState.EXPIRED})
# A decided request comes back to the queue by an appeal, or because what it was decided on has changed: its
# re-examination says which, and what was answered before stays in the journal.
_BACK = frozenset({RequestState.READY})

NEXT_REQUEST_STATES: Mapping[RequestState, frozenset[RequestState]] = MappingProxyType(
    {
        RequestState.SUBMITTED: frozenset({RequestState.READY, RequestState.NOT_NEEDED}) | _ENDS,
        RequestState.READY: DECIDABLE_STATES | DECIDED_STATES | _ENDS,
        RequestState.UNDER_REVIEW: DECIDABLE_STATES | DECIDED_STATES | _ENDS,
        RequestState.INFORMATION_ASKED: DECIDABLE_STATES | DECIDED_STATES | _ENDS,
        RequestState.NOT_NEEDED: _BACK,
        RequestState.APPROVED: _BACK,
        RequestState.PARTLY_APPROVED: _BACK,
        RequestState.REFUSED: _BACK,
        RequestState.WITHDRAWN: frozenset(),
        RequestState.EXPIRED: frozenset(),
    }
)


class VehicleDecision(StrEnum):
    """What a clerk answered for one vehicle of a request."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


class RefusalReason(StrEnum):
    """Why a vehicle is refused; `other` needs a text."""

    REASON_INSUFFICIENT = "reason_insufficient"
    VEHICLE_NOT_ALLOWED = "vehicle_not_allowed"
    PERIMETER_CLOSED = "perimeter_closed"
    DATES_NOT_ALLOWED = "dates_not_allowed"
    COMPANY_NOT_VERIFIED = "company_not_verified"
    DUPLICATE = "duplicate"
    QUOTA_REACHED = "quota_reached"
    DOCUMENT_MISSING = "document_missing"
    OTHER = "other"


class PassState(StrEnum):
    """Where a pass stands; its dates are beside it. `suspended`: gives no right for now, may come back."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"


NEXT_PASS_STATES: Mapping[PassState, frozenset[PassState]] = MappingProxyType(
    {
        PassState.ACTIVE: frozenset({PassState.SUSPENDED, PassState.REVOKED}),
        PassState.SUSPENDED: frozenset({PassState.ACTIVE, PassState.REVOKED}),
        PassState.REVOKED: frozenset(),
    }
)


class SuspensionReason(StrEnum):
    """Why a pass gives no right for now."""

    COMPANY_CLOSED = "company_closed"
    VEHICLE_CHANGED = "vehicle_changed"


class RevocationReason(StrEnum):
    """Why a pass was taken back. Those after `other` are not a clerk's to choose."""

    MISUSE = "misuse"
    DECISION_CHANGED = "decision_changed"
    PERIMETER_CHANGED = "perimeter_changed"
    COMPANY_CLOSED = "company_closed"
    OTHER = "other"
    GIVEN_BACK = "given_back"
    PLATE_CHANGED = "plate_changed"
    PLATE_SWAPPED = "plate_swapped"
    VEHICLE_ARCHIVED = "vehicle_archived"
    LOAN_ENDED = "loan_ended"


CLERK_REVOCATIONS = (
    RevocationReason.MISUSE,
    RevocationReason.DECISION_CHANGED,
    RevocationReason.PERIMETER_CHANGED,
    RevocationReason.COMPANY_CLOSED,
    RevocationReason.OTHER,
)


class CheckMethod(StrEnum):
    """How an agent looked a pass up. `code`: the ten signs printed under the QR code."""

    SCAN = "scan"
    CODE = "code"
    PLATE = "plate"
    NUMBER = "number"


class MessageSide(StrEnum):
    """Who speaks in the thread of a request."""

    COMPANY = "company"
    STAFF = "staff"


class RuleOutcome(StrEnum):
    """What a rule answers when all its conditions hold. No rule refuses: a refusal is a person's."""

    APPROVE = "approve"
    HUMAN = "human"


class BatchState(StrEnum):
    """The life of a decision on many requests: it waits for its hour, then counts whole, or was taken back."""

    WAITING = "waiting"
    APPLIED = "applied"
    UNDONE = "undone"


class ReexaminationCause(StrEnum):
    """Why a decided request came back to the queue."""

    APPEAL = "appeal"
    RULE_CHANGED = "rule_changed"
    CALENDAR_CHANGED = "calendar_changed"
    VEHICLE_CHANGED = "vehicle_changed"


class SheetState(StrEnum):
    """Where the one file with the passes of a whole fleet stands."""

    QUEUED = "queued"
    DONE = "done"
    FAILED = "failed"
