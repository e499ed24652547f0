"""What a new plate ends: the passes of the old one. Told before it is done, and counted after."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from portal.fleet.drafts import VehicleDraft
from portal.fleet.ports import HeldPass, vehicle_passes
from portal.fleet.vehicle_view import VehicleView


def ending_passes(vehicle: VehicleView, draft: VehicleDraft) -> Sequence[HeldPass]:
    """Return the passes, of any company, that end if the vehicle becomes what the draft says: none for a kept plate."""
    if (draft.plate.bare, draft.plate.country) == (vehicle.plate, vehicle.country):
        return ()
    return vehicle_passes().list_living([vehicle.id])


def fingerprint(draft: VehicleDraft, ending: Sequence[HeldPass]) -> str:
    """Return what a plate and the passes that end for it have in common with nothing else: what a person has seen."""
    told = [draft.plate.bare, draft.plate.country, *sorted(one.number for one in ending)]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def count_ended(vehicle_id: UUID, before: Sequence[HeldPass]) -> int:
    """Return how many of the passes that were living are so no more."""
    if not before:
        return 0
    living = {one.number for one in vehicle_passes().list_living([vehicle_id])}
    return sum(one.number not in living for one in before)
