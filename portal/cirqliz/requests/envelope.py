"""The one vehicle that stands for all those of a request when the tour is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from portal.fleet.api import AirClass, VehicleView

_SIZES = ("gvw_t", "gcw_t", "axle_load_t", "height_m", "width_m", "length_m")
_CLEANEST_FIRST = [air_class.value for air_class in AirClass]


def most_demanding(vehicles: Sequence[VehicleView]) -> dict[str, Any]:
    """Return a vehicle whose lawful tour is lawful for each of the vehicles: the largest of each known size.

    Hazardous goods if any carries them, the dirtiest air class, and only the usages that all share: a usage exempts.
    A size that is unknown for all stays unknown.
    """
    each = [vehicle.public() for vehicle in vehicles]
    found: dict[str, Any] = {}
    for size in _SIZES:
        known = [vehicle[size] for vehicle in each if size in vehicle]
        if known:
            found[size] = max(known)
    classes = [vehicle["air_class"] for vehicle in each if "air_class" in vehicle]
    if classes:
        found["air_class"] = max(classes, key=_CLEANEST_FIRST.index)
    found["hazmat"] = any(vehicle["hazmat"] for vehicle in each)
    found["usages"] = sorted(set.intersection(*(set(vehicle["usages"]) for vehicle in each)))
    return found
