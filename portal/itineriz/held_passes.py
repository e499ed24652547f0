"""The passes a tour counts on: those its vehicle holds now, and those it was asked to suppose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.itineriz.ports import passes_of
from portal.itineriz.trip_values import pass_of
from portal.regulations.passes import PassRight

type Stored = Sequence[Mapping[str, Any]]


def held_passes(territory_id: UUID, vehicle_id: UUID | None, stored: Stored, now: datetime) -> list[PassRight]:
    """The passes of the vehicle of a tour as they are now. stored: `Route.passes`.

    Those that ended meanwhile counted when the tour was asked for. A vehicle off the fleet has those it was given.
    """
    kept = [pass_of(values) for values in stored if not values.get("supposed")]
    if vehicle_id is None:
        return kept
    return [*passes_of(territory_id, vehicle_id), *(right for right in kept if right.end <= now)]


def supposed_passes(stored: Stored) -> Iterable[PassRight]:
    """The passes of `Route.passes` that nobody holds."""
    return (pass_of(values) for values in stored if values.get("supposed"))
