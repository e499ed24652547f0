"""Does a drive obey the law at every edge, at the moment it is there?

This is what makes an answer lawful: whatever the search closed or left open, only a drive that passes this check at
its real times is returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from portal.itineriz.routing.engine import Drive, DrivenEdge, Engine
from portal.itineriz.routing.lawgrid import LawGrid, days_of, grid_of
from portal.itineriz.routing.verdicts import DriveVerdicts
from portal.itineriz.trip import RoadLimit
from portal.regulations.evaluate import Reason, State, StopsInside, judge
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.rings import with_rings
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Vehicle

_LAWS_KEPT: Final = 4
_POINTS_KEPT: Final = 4096
_NOWHERE: Final = StopsInside(frozenset())


@dataclass(frozen=True, slots=True)
class LegContext:
    """What the law must know of a leg besides its path. depart_at: aware. start_ids, end_ids: regulations that bear
    on the stop itself at either end. tolerate_unknown: a missing fact is a warning and no longer an obstacle. beyond:
    measures with an exemption for local access or deliveries through which alone a stop can be reached: they are taken
    as having the stop inside."""

    vehicle: Vehicle
    passes: tuple[PassRight, ...]
    depart_at: datetime
    start_ids: frozenset[str]
    end_ids: frozenset[str]
    tolerate_unknown: bool = False
    beyond: frozenset[str] = frozenset()


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


def check_drive(
    engine: Engine,
    law: LawSnapshot,
    drive: Drive,
    leg: LegContext,
    suspects: npt.NDArray[np.bool_] | None = None,
) -> Check:
    """Ask the law for each edge of a drive at the interval during which it is driven.

    suspects: (k,) the edges to ask about, to explain a drive; what is returned as an answer is asked whole.
    """
    grid = grid_of(engine, law)
    driven = _driven(grid, drive, leg.depart_at)
    start_ids = with_rings(law, leg.start_ids | ids_at(law, drive.coords[0]))
    end_ids = with_rings(law, leg.end_ids | ids_at(law, drive.coords[-1]))
    purposes = _purposes(law, [found for _, _, found in driven], start_ids, end_ids, leg.beyond)
    whole = interval(leg.depart_at, 0.0, drive.duration_s)
    verdicts = DriveVerdicts(law, grid.hearing(leg.vehicle), whole, leg.vehicle, leg.passes)
    restricted = engine.table.restrictions
    violations: list[Violation] = []
    warnings: dict[tuple[str, str, str], Reason] = {}
    unknown_limits: dict[tuple[str, float, str], RoadLimit] = {}
    for (index, edge, found), purpose in zip(driven, purposes, strict=True):
        if suspects is not None and not suspects[index]:
            continue
        limits = engine.limits.passed(edge.row, leg.vehicle) if edge.row in restricted else ()
        heard = verdicts.heard(found) if found else ()
        if not heard and not limits:
            continue
        during = interval(leg.depart_at, edge.start_s, edge.end_s)
        verdict = verdicts.verdict(heard, during, purpose, engine.facts[edge.row])
        reasons = verdict.obstacles
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
    hits = tuple(hit for hit in hits_at(law, point) if isinstance(hit.regulation, Perimeter))
    if not hits:
        return ()
    verdict = judge(law, hits, stay, leg.vehicle, leg.passes, StopsInside(ids))
    return tuple(r for r in verdict.obstacles if not (leg.tolerate_unknown and r.state is State.UNKNOWN))


def ids_at(law: LawSnapshot, point: Sequence[float]) -> frozenset[str]:
    """Ids of the regulations that bear on a point (lon, lat), whatever the hour."""
    return frozenset(hit.regulation.id for hit in hits_at(law, point))


def hits_at(law: LawSnapshot, point: Sequence[float]) -> tuple[Hit, ...]:
    """The regulations that bear on a point (lon, lat), whatever the hour."""
    return _points_of(law)(float(point[0]), float(point[1]))


@lru_cache(maxsize=_LAWS_KEPT)
def _points_of(law: LawSnapshot) -> Callable[[float, float], tuple[Hit, ...]]:
    # A tour comes back to its stops at each of its attempts.
    @lru_cache(maxsize=_POINTS_KEPT)
    def hits(lon: float, lat: float) -> tuple[Hit, ...]:
        return law.at(shapely.Point(lon, lat))

    return hits


def interval(depart_at: datetime, start_s: float, end_s: float) -> Interval:
    """The interval between two offsets from the departure."""
    return Interval(depart_at + timedelta(seconds=start_s), depart_at + timedelta(seconds=max(start_s, end_s)))


def _driven(grid: LawGrid, drive: Drive, depart_at: datetime) -> list[tuple[int, DrivenEdge, tuple[Hit, ...]]]:
    """The edges of a drive with their place in it and what bears on them.

    Whole edges were asked when the law was compiled; of the first and the last only a part is driven. An edge touched
    in one point is not driven: what stands there is asked of the stop.
    """
    if not drive.edges:
        return []
    days = days_of(interval(depart_at, 0.0, drive.duration_s))
    last = len(drive.edges) - 1
    rows = np.array([edge.row for edge in drive.edges])
    is_borne = (grid.bearings.ptr[rows + 1] > grid.bearings.ptr[rows]).tolist()
    driven = []
    for index, edge in enumerate(drive.edges):
        if 0 < index < last:
            driven.append((index, edge, grid.bearings.hits(edge.row, days) if is_borne[index] else ()))
            continue
        path = drive.path(edge)
        if shapely.get_dimensions(path) == 1:
            driven.append((index, edge, grid.hits_of_part(path, edge.row)))
    return driven


def _purposes(
    law: LawSnapshot,
    hits: Sequence[tuple[Hit, ...]],
    start_ids: frozenset[str],
    end_ids: frozenset[str],
    beyond: frozenset[str],
) -> list[StopsInside]:
    """Why the vehicle is on each edge: inside a perimeter for a stop only from the stop to the first way out of it, or
    from the last way into it to the stop. Coming back through it later is crossing it."""
    if not law.perimeters:
        ids = start_ids | end_ids | beyond
        return [
            StopsInside(frozenset(h.regulation.id for h in found) & ids) if found and ids else _NOWHERE
            for found in hits
        ]
    areas = [
        with_rings(law, frozenset(h.regulation.id for h in found if isinstance(h.regulation, Perimeter)))
        for found in hits
    ]
    others = [frozenset(h.regulation.id for h in found if not isinstance(h.regulation, Perimeter)) for found in hits]
    leaving = _carried(areas, start_ids)
    reaching = _carried(areas[::-1], end_ids)[::-1]
    return [
        StopsInside(one | two | (other & (start_ids | end_ids | beyond)))
        for one, two, other in zip(leaving, reaching, others, strict=True)
    ]


def _carried(areas: Sequence[frozenset[str]], ids: frozenset[str]) -> list[frozenset[str]]:
    carried: list[frozenset[str]] = []
    for area in areas:
        ids &= area
        carried.append(ids)
    return carried
