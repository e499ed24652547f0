"""The closed lists of this context: states, decisions and reasons, and which state may follow which."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class RequestState(StrEnum):
    """The life of a request. `submitted`: the tour is being computed; `ready`: a clerk may decide."""

    SUBMITTED = "submitted"
    READY = "ready"
    NOT_NEEDED = "not_needed"
    APPROVED = "approved"
    PARTLY_APPROVED = "partly_approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"

    @property
    def open(self) -> bool:
        """True while something is still expected of the portal or of a clerk."""
        return self in {RequestState.SUBMITTED, RequestState.READY}

    @property
    def decided(self) -> bool:
        """True once a clerk has answered for every vehicle."""
        return self in {RequestState.APPROVED, RequestState.PARTLY_APPROVED, RequestState.REFUSED}


NEXT_REQUEST_STATES: Mapping[RequestState, frozenset[RequestState]] = MappingProxyType(
    {
        RequestState.SUBMITTED: frozenset({RequestState.READY, RequestState.NOT_NEEDED, RequestState.WITHDRAWN}),
        RequestState.READY: frozenset(
            {
                RequestState.APPROVED,
                RequestState.PARTLY_APPROVED,
                RequestState.REFUSED,
                RequestState.WITHDRAWN,
            }
        ),
        RequestState.NOT_NEEDED: frozenset(),
        RequestState.APPROVED: frozenset(),
        RequestState.PARTLY_APPROVED: frozenset(),
        RequestState.REFUSED: frozenset(),
        RequestState.WITHDRAWN: frozenset(),
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
    OTHER = "other"


class PassState(StrEnum):
    """The stored state of a pass; `expired` and `not yet` follow from its dates."""

    ACTIVE = "active"
    REVOKED = "revoked"


class RevocationReason(StrEnum):
    """Why a pass was taken back. The last three are not a clerk's to choose."""

    MISUSE = "misuse"
    DECISION_CHANGED = "decision_changed"
    PERIMETER_CHANGED = "perimeter_changed"
    COMPANY_CLOSED = "company_closed"
    OTHER = "other"
    GIVEN_BACK = "given_back"
    PLATE_CHANGED = "plate_changed"
    VEHICLE_ARCHIVED = "vehicle_archived"


CLERK_REVOCATIONS = (
    RevocationReason.MISUSE,
    RevocationReason.DECISION_CHANGED,
    RevocationReason.PERIMETER_CHANGED,
    RevocationReason.COMPANY_CLOSED,
    RevocationReason.OTHER,
)


class CheckMethod(StrEnum):
    """How an agent looked a pass up."""

    SCAN = "scan"
    PLATE = "plate"
    NUMBER = "number"
