"""Which perimeters a tour has to do with: those of its stops, and those whose pass opens the way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Literal

from portal.itineriz.routing.checking import LegContext, check_drive, hits_at, ids_at
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.trip import Leg, NeededPass, Trip, Visit
from portal.regulations.evaluate import StopsInside, judge
from portal.regulations.passes import PassRight, covers
from portal.regulations.perimeters import Activation, Motorised, Perimeter
from portal.regulations.rings import with_rings
from portal.regulations.schedules import Interval

type Requirement = Literal["pass", "accreditation", "document"]

REQUIREMENT: Final[dict[Motorised, Requirement]] = {
    Motorised.JUSTIFIED: "document",
    Motorised.PASS_REQUIRED: "pass",
    Motorised.ACCREDITED: "accreditation",
    Motorised.CLOSED: "accreditation",
}


def needed_passes(
    grid: LawGrid,
    trip: Trip,
    legs: Sequence[Leg],
    visits: Sequence[Visit],
    granted: tuple[PassRight, ...],
) -> tuple[NeededPass, ...]:
    """The perimeters active around a stop while the vehicle is there, and those among `granted` that the tour uses.

    legs: one less than visits. The stops are told by their numbers in the order given.
    """
    found: dict[str, NeededPass] = {}
    for visit in visits:
        stay = Interval(visit.arrive_at, visit.leave_at)
        for point in dict.fromkeys((visit.call.stop.point, visit.at)):
            for perimeter, activation in _active_at(grid, point, stay):
                if not _binds(grid, trip, perimeter, stay):
                    continue
                known = found.get(perimeter.id)
                stops = tuple(sorted({*(known.stops if known else ()), visit.call.number}))
                found[perimeter.id] = _needed(trip, perimeter, activation, stay, stops)
    if granted:
        for perimeter_id, during in _used(grid, trip, legs, visits):
            perimeter = grid.law.perimeters[perimeter_id]
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
    requirement = REQUIREMENT[perimeter.access.motorised]
    if on_the_way and requirement == "document":
        # A document lets the vehicle in for a stop; crossing needs a pass.
        requirement = "pass"
    held = covers(trip.passes, perimeter, during)
    return NeededPass(perimeter, requirement, held, activation.start, activation.end, stops)


def _active_at(grid: LawGrid, point: tuple[float, float], stay: Interval) -> list[tuple[Perimeter, Activation]]:
    """The perimeters active during a stay at a point, and the rings around them: one crosses these to come there."""
    law = grid.law
    here = frozenset(hit.regulation.id for hit in hits_at(law, point) if isinstance(hit.regulation, Perimeter))
    active = []
    for perimeter_id in sorted(with_rings(law, here)):
        perimeter = law.perimeters[perimeter_id]
        activation = _activation(perimeter, stay)
        if activation is not None and perimeter.access.motorised in REQUIREMENT:
            active.append((perimeter, activation))
    return active


def _activation(perimeter: Perimeter, during: Interval) -> Activation | None:
    return next((a for a in perimeter.activations if during.meets(a.start, a.end)), None)


def _binds(grid: LawGrid, trip: Trip, perimeter: Perimeter, stay: Interval) -> bool:
    """Tell whether the perimeter asks something of this vehicle: some vehicles are exempt."""
    hits = tuple(h for h in grid.law.at(perimeter.shape.representative_point()) if h.regulation is perimeter)
    verdict = judge(grid.law, hits, stay, trip.vehicle, (), StopsInside(frozenset()))
    return bool(verdict.obstacles)


def _used(grid: LawGrid, trip: Trip, legs: Sequence[Leg], visits: Sequence[Visit]) -> list[tuple[str, Interval]]:
    """The perimeters that the tour could not drive through with the passes it holds already, and when it is there."""
    used: dict[str, Interval] = {}
    for number, leg in enumerate(legs):
        ends = [ids_at(grid.law, visits[n].call.stop.point) for n in (number, number + 1)]
        context = LegContext(trip.vehicle, trip.passes, leg.depart_at, ends[0], ends[1])
        for violation in check_drive(grid.engine, grid.law, leg.drive, context).violations:
            at = leg.depart_at + timedelta(seconds=violation.edge.start_s)
            until = leg.depart_at + timedelta(seconds=violation.edge.end_s)
            for reason in violation.reasons:
                if reason.kind == "perimeter":
                    known = used.get(reason.id)
                    used[reason.id] = Interval(known.start if known else at, until)
    return list(used.items())
