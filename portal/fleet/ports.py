"""What the fleet asks of whoever gives passes: the pages of a vehicle show them, and say which would end.

Passes are made above this context: it declares what it needs, and the implementation is handed in at the start.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from flask import current_app

_KEY = "vehicle_passes"


@dataclass(frozen=True, slots=True)
class HeldPass:
    """A pass of a vehicle, for display: state and tone (of a badge) are ready to be shown; living: may still open."""

    vehicle_id: UUID
    company_id: UUID
    number: str
    territory: str
    starts_at: datetime
    ends_at: datetime
    state: str
    tone: str
    living: bool
    url: str


class VehiclePasses(Protocol):
    """What is asked of the passes."""

    def list_passes(self, company_id: UUID, vehicle_id: UUID, limit: int) -> Sequence[HeldPass]:
        """Return the passes that a company holds for a vehicle, the newest first."""
        ...

    def list_living(self, vehicle_ids: Collection[UUID]) -> Sequence[HeldPass]:
        """Return the passes of any company that would end if these vehicles left their fleet, by number."""
        ...

    def list_overlapping(self, company_id: UUID, vehicle_id: UUID, start: datetime, end: datetime) -> Sequence[str]:
        """Return the numbers of the passes not taken back that a company holds for a vehicle in a time, in order."""
        ...


class NoPasses:
    """The answer where nothing gives passes: a fleet works alone."""

    def list_passes(self, company_id: UUID, vehicle_id: UUID, limit: int) -> Sequence[HeldPass]:
        """Return nothing."""
        return ()

    def list_living(self, vehicle_ids: Collection[UUID]) -> Sequence[HeldPass]:
        """Return nothing."""
        return ()

    def list_overlapping(self, company_id: UUID, vehicle_id: UUID, start: datetime, end: datetime) -> Sequence[str]:
        """Return nothing."""
        return ()


def set_vehicle_passes(passes: VehiclePasses) -> None:
    """Let the passes be known to the running application (inside its context)."""
    current_app.extensions[_KEY] = passes


def vehicle_passes() -> VehiclePasses:
    """Return the running application's passes."""
    passes: VehiclePasses = current_app.extensions.get(_KEY) or NoPasses()
    return passes
