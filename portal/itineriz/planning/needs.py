"""Which perimeters a tour has to do with: those of its stops, and those whose pass opens the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

import shapely

from portal.itineriz.routing.checking import LegContext, check_drive, ids_at
from portal.itineriz.routing.overlay import Overlay
from portal.itineriz.trip import Leg, NeededPass, Trip
from portal.regulations.evaluate import StopsInside, judge
from portal.regulations.passes import PassRight, covers
from portal.regulations.perimeters import Activation, Motorised, Perimeter
from portal.regulations.schedules import Interval

type Requirement = Literal["pass", "accreditation", "document"]

_REQUIREMENT: Final[dict[Motorised, Requirement]] = {
    Motorised.JUSTIFIED: "document",
    Motorised.PASS_REQUIRED: "pass",
    Motorised.ACCREDITED: "accreditation",
    Motorised.CLOSED: "accreditation",
}


def needed_passes(
    overlay: Overlay,
    trip: Trip,
    legs: Sequence[Leg],
    arrivals: Sequence[datetime],
    granted: tuple[PassRight, ...],
) -> tuple[NeededPass, ...]:
    """The perimeters active around a stop while the vehicle is there, and those among `granted` that the tour uses."""
    found: dict[str, NeededPass] = {}
    for number, (stop, arrive_at) in enumerate(zip(trip.stops, arrivals, strict=False)):
        stay = Interval(arrive_at, arrive_at + timedelta(seconds=stop.service_s))
        for point in _places(stop.point, legs, number):
            for perimeter, activation in _active_at(overlay, point, stay):
                if not _binds(overlay, trip, perimeter, stay):
                    continue
                known = found.get(perimeter.id)
                stops = tuple(sorted({*(known.stops if known else ()), number}))
                found[perimeter.id] = _needed(trip, perimeter, activation, stay, stops)
    if granted:
        for perimeter_id, during in _used(overlay, trip, legs):
            perimeter = overlay.law.perimeters[perimeter_id]
            span = _activation(perimeter, during)
            known = found.get(perimeter_id)
            if span is not None:
                found[perimeter_id] = _needed(
                    trip, perimeter, span, during, known.stops if known else (), on_the_way=True
                )
    return tuple(found.values())


def _needed(
    trip: Trip,
    perimeter: Perimeter,
    activation: Activation,
    during: Interval,
    stops: tuple[int, ...],
    *,
    on_the_way: bool = False,
) -> NeededPass:
    requirement = _REQUIREMENT[perimeter.access.motorised]
    if on_the_way and requirement == "document":
        # A document lets the vehicle in for a stop; crossing needs a pass.
        requirement = "pass"
    held = covers(trip.passes, perimeter, during)
    return NeededPass(perimeter, requirement, held, activation.start, activation.end, stops)


def _places(point: tuple[float, float], legs: Sequence[Leg], number: int) -> list[tuple[float, float]]:
    """The stop itself and the place on the street where the vehicle stands for it."""
    places = [point]
    if number > 0 and number - 1 < len(legs):
        places.append(_pair(legs[number - 1].drive.coords[-1]))
    elif number < len(legs):
        places.append(_pair(legs[number].drive.coords[0]))
    return places


def _pair(row: Sequence[float]) -> tuple[float, float]:
    return float(row[0]), float(row[1])


def _active_at(overlay: Overlay, point: tuple[float, float], stay: Interval) -> list[tuple[Perimeter, Activation]]:
    active = []
    for hit in overlay.law.at(shapely.Point(point)):
        perimeter = hit.regulation
        if isinstance(perimeter, Perimeter) and perimeter.access.motorised in _REQUIREMENT:
            activation = _activation(perimeter, stay)
            if activation is not None:
                active.append((perimeter, activation))
    return active


def _activation(perimeter: Perimeter, during: Interval) -> Activation | None:
    return next((a for a in perimeter.activations if during.meets(a.start, a.end)), None)


def _binds(overlay: Overlay, trip: Trip, perimeter: Perimeter, stay: Interval) -> bool:
    """Tell whether the perimeter asks something of this vehicle: some vehicles are exempt."""
    hits = tuple(h for h in overlay.law.at(perimeter.shape.representative_point()) if h.regulation is perimeter)
    verdict = judge(overlay.law, hits, stay, trip.vehicle, (), StopsInside(frozenset()))
    return bool(verdict.obstacles)


def _used(overlay: Overlay, trip: Trip, legs: Sequence[Leg]) -> list[tuple[str, Interval]]:
    """The perimeters that the tour could not drive through with the passes it holds already, and when it is there."""
    used: dict[str, Interval] = {}
    for number, leg in enumerate(legs):
        ends = [ids_at(overlay.law, trip.stops[n].point) for n in (number, number + 1)]
        context = LegContext(trip.vehicle, trip.passes, leg.depart_at, ends[0], ends[1])
        for violation in check_drive(overlay.engine, overlay.law, leg.drive, context).violations:
            at = leg.depart_at + timedelta(seconds=violation.edge.start_s)
            until = leg.depart_at + timedelta(seconds=violation.edge.end_s)
            for reason in violation.reasons:
                if reason.kind == "perimeter":
                    known = used.get(reason.id)
                    used[reason.id] = Interval(known.start if known else at, until)
    return list(used.items())
