"""Does a drive obey the law at every edge, at the moment it is there?

This is what makes an answer lawful: whatever the search closed or left open, only a drive that passes this check at
its real times is returned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import shapely

from portal.itineriz.routing.costing import known_size
from portal.itineriz.routing.engine import Drive, DrivenEdge, Engine
from portal.itineriz.routing.overlay import overlay_of
from portal.itineriz.trip import RoadLimit
from portal.regulations.evaluate import Reason, State, StopsInside, judge
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Fact, Vehicle


@dataclass(frozen=True, slots=True)
class LegContext:
    """What the law must know of a leg besides its path. depart_at: aware. start_ids, end_ids: regulations that bear
    on the stop itself at either end. tolerate_unknown: a missing fact is a warning and no longer an obstacle."""

    vehicle: Vehicle
    passes: tuple[PassRight, ...]
    depart_at: datetime
    start_ids: frozenset[str]
    end_ids: frozenset[str]
    tolerate_unknown: bool = False


@dataclass(frozen=True, slots=True)
class Violation:
    """An edge that may not be driven at that moment, and why. index: place of the edge in the drive."""

    index: int
    edge: DrivenEdge
    purpose: StopsInside
    reasons: tuple[Reason, ...]
    limits: tuple[RoadLimit, ...]


@dataclass(frozen=True, slots=True)
class Check:
    """What the law says of a drive."""

    violations: tuple[Violation, ...]
    warnings: tuple[Reason, ...]
    unknown_limits: tuple[RoadLimit, ...]


def check_drive(engine: Engine, law: LawSnapshot, drive: Drive, leg: LegContext) -> Check:
    """Ask the law for each edge of a drive at the interval during which it is driven."""
    driven = overlay_of(engine, law).along(drive)
    hits = [found for _, _, found in driven]
    start_ids = leg.start_ids | ids_at(law, drive.coords[0])
    end_ids = leg.end_ids | ids_at(law, drive.coords[-1])
    purposes = _purposes(hits, start_ids, end_ids)
    violations: list[Violation] = []
    warnings: dict[tuple[str, str, str], Reason] = {}
    unknown_limits: dict[tuple[str, float, str], RoadLimit] = {}
    for (index, edge, found), purpose in zip(driven, purposes, strict=True):
        during = interval(leg.depart_at, edge.start_s, edge.end_s)
        verdict = judge(law, found, during, leg.vehicle, leg.passes, purpose, engine.facts[edge.row])
        reasons = verdict.obstacles
        limits = road_limits(engine, edge.row, leg.vehicle)
        told = list(verdict.warnings)
        if leg.tolerate_unknown:
            told += [reason for reason in reasons if reason.state is State.UNKNOWN]
            reasons = tuple(reason for reason in reasons if reason.state is not State.UNKNOWN)
            unknown_limits |= {(limit.kind, limit.value, limit.street): limit for limit in limits if not limit.known}
            limits = tuple(limit for limit in limits if limit.known)
        warnings |= {(reason.kind, reason.id, reason.code.value): reason for reason in told}
        if reasons or limits:
            violations.append(Violation(index, edge, purpose, reasons, limits))
    return Check(tuple(violations), tuple(warnings.values()), tuple(unknown_limits.values()))


def check_stay(
    law: LawSnapshot, point: tuple[float, float], stay: Interval, leg: LegContext, ids: frozenset[str]
) -> tuple[Reason, ...]:
    """What forbids a vehicle to stand at a point (lon, lat) during a stop. Only areas bind a vehicle that stands."""
    hits = tuple(hit for hit in law.at(shapely.Point(point)) if isinstance(hit.regulation, Perimeter))
    verdict = judge(law, hits, stay, leg.vehicle, leg.passes, StopsInside(ids))
    return tuple(r for r in verdict.obstacles if not (leg.tolerate_unknown and r.state is State.UNKNOWN))


def ids_at(law: LawSnapshot, point: Sequence[float]) -> frozenset[str]:
    """Ids of the regulations that bear on a point (lon, lat), whatever the hour."""
    return _ids_at(law, float(point[0]), float(point[1]))


@lru_cache(maxsize=256)
def _ids_at(law: LawSnapshot, lon: float, lat: float) -> frozenset[str]:
    # A tour comes back to its stops at each of its attempts.
    return frozenset(hit.regulation.id for hit in law.at(shapely.Point(lon, lat)))


def interval(depart_at: datetime, start_s: float, end_s: float) -> Interval:
    """The interval between two offsets from the departure."""
    return Interval(depart_at + timedelta(seconds=start_s), depart_at + timedelta(seconds=max(start_s, end_s)))


def _purposes(hits: Sequence[tuple[Hit, ...]], start_ids: frozenset[str], end_ids: frozenset[str]) -> list[StopsInside]:
    """Why the vehicle is on each edge: inside a perimeter for a stop only from the stop to the first way out of it, or
    from the last way into it to the stop. Coming back through it later is crossing it."""
    areas = [frozenset(h.regulation.id for h in found if isinstance(h.regulation, Perimeter)) for found in hits]
    others = [frozenset(h.regulation.id for h in found if not isinstance(h.regulation, Perimeter)) for found in hits]
    leaving = _carried(areas, start_ids)
    reaching = _carried(areas[::-1], end_ids)[::-1]
    return [
        StopsInside(one | two | (other & (start_ids | end_ids)))
        for one, two, other in zip(leaving, reaching, others, strict=True)
    ]


def _carried(areas: Sequence[frozenset[str]], ids: frozenset[str]) -> list[frozenset[str]]:
    carried: list[frozenset[str]] = []
    for area in areas:
        ids &= area
        carried.append(ids)
    return carried


_FACT_OF_LIMIT = {
    "max_height": Fact.HEIGHT,
    "max_width": Fact.WIDTH,
    "max_length": Fact.LENGTH,
    "max_weight": Fact.GROSS_WEIGHT,
    "max_axle_load": Fact.AXLE_LOAD,
}


def road_limits(engine: Engine, row: int, vehicle: Vehicle) -> tuple[RoadLimit, ...]:
    """The limits of an edge that the vehicle exceeds, or might exceed because its size is unknown.

    The engine itself lets a trip start or end on such an edge.
    """
    limits = []
    for restriction in engine.table.restrictions.get(row, ()):
        fact = _FACT_OF_LIMIT.get(restriction["type"])
        if fact is None or not (restriction["car"] or restriction["truck"]):
            continue
        size = known_size(vehicle, fact)
        value = float(restriction["value"])
        if size is None or size > value:
            street = ", ".join(engine.table.names_of(row))
            limits.append(RoadLimit(restriction["type"], value, fact, street, known=size is not None))
    return tuple(limits)
