"""A trip as the JSON values of its row, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from portal.itineriz.models import Route
from portal.itineriz.trip import Stop, Trip
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Interval
from portal.regulations.vehicles import Vehicle


def trip_of(row: Route, passes: Iterable[Mapping[str, Any]] | None = None) -> Trip:
    """The trip a row asks for; passes: other ones than those of the row, as it holds them."""
    return Trip(
        stops=tuple(stop_of(values) for values in row.stops),
        # The departure found the last time is an answer; what was asked is the arrival.
        depart_at=row.arrive_by or row.depart_at,
        vehicle=Vehicle.from_public(row.vehicle),
        passes=tuple(pass_of(values) for values in (row.passes if passes is None else passes)),
        assume_passes=row.assume_passes,
        arrive_by=row.arrive_by,
        free_order=row.free_order,
        return_to_start=row.return_to_start,
    )


def stop_values(stop: Stop) -> dict[str, Any]:
    """A stop as `Route.stops` holds it: instants in ISO, minutes on the spot."""
    values = {"label": stop.label, "lon": stop.lon, "lat": stop.lat, "service_min": stop.service_s / 60}
    if stop.windows:
        values["windows"] = [[span.start.isoformat(), span.end.isoformat()] for span in stop.windows]
    return values


def stop_of(values: Mapping[str, Any]) -> Stop:
    """The stop of `stop_values`."""
    bounds = (map(datetime.fromisoformat, pair) for pair in values.get("windows", ()))
    windows = tuple(Interval(start, end) for start, end in bounds)
    return Stop(values["lon"], values["lat"], values["label"], round(values["service_min"] * 60), windows)


def pass_values(right: PassRight, *, supposed: bool = False) -> dict[str, Any]:
    """A right as `Route.passes` holds it; supposed: it is not held, the answer says what it would change."""
    values: dict[str, Any] = {
        "start": right.start.isoformat(),
        "end": right.end.isoformat(),
        "perimeter_ids": sorted(right.perimeter_ids),
        "colours": sorted(colour.value for colour in right.colours),
    }
    return {**values, "supposed": True} if supposed else values


def pass_of(values: Mapping[str, Any]) -> PassRight:
    """The right of `pass_values`."""
    return PassRight(
        start=datetime.fromisoformat(values["start"]),
        end=datetime.fromisoformat(values["end"]),
        perimeter_ids=frozenset(values["perimeter_ids"]),
        colours=frozenset(Colour(name) for name in values["colours"]),
    )
