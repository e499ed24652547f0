"""When a vehicle may be at a stop at all: the law at the place itself, asked before anything is driven."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import shapely

from portal.itineriz.planning.windows import begins_within, both
from portal.itineriz.routing.bearings import facts_of_part
from portal.itineriz.routing.checking import hits_at, ids_at
from portal.itineriz.routing.costing import HEAVY_OVER_KG
from portal.itineriz.routing.drives import part_of
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.trip import Stop
from portal.regulations.evaluate import Reason, State, StopsInside, judge, verdict_spans
from portal.regulations.measures import EdgeFacts
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval, merge
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Size, Vehicle, size_of
from portal.territories.api import EdgeFlag, EdgeTable

SLOTS_AHEAD: Final = timedelta(days=7)
_STREET_M: Final = 60.0
_SAME_STREET_M: Final = 5.0
_METRES_PER_DEGREE: Final = 111_195.0
_OPEN: Final = (State.ALLOWED, State.UNKNOWN)
"""A vehicle of which a size is missing is driven on with a caution, here as anywhere."""


@dataclass(frozen=True, slots=True)
class LegalSlots:
    """When the service of a stop may begin. open: within the window asked, the windows of the stop included.

    legal: the law alone. reasons: what closes the place the first time it is closed, strictest first. closing: ids of
    all that close it at some moment of the window.
    """

    legal: tuple[Interval, ...]
    open: tuple[Interval, ...]
    reasons: tuple[Reason, ...]
    closing: frozenset[str] = frozenset()


def stop_slots(
    grid: LawGrid, stop: Stop, vehicle: Vehicle, passes: Sequence[PassRight], window: Interval
) -> LegalSlots:
    """When a vehicle may stand at a stop and be on the street it is served from.

    Only areas bind a vehicle that stands; a street is open when one of the directed edges beside the stop is, up to
    the stop. What lies between is not looked at: a stop that is open may still have no lawful way. A size that is not
    known closes nothing: the drive tells it.
    """
    law = grid.law
    here = shapely.Point(stop.point)
    ids = ids_at(law, stop.point)
    areas = tuple(hit for hit in hits_at(law, stop.point) if isinstance(hit.regulation, Perimeter))
    legal = _open_spans(law, areas, window, vehicle, passes, StopsInside(ids))
    reasons = list(_closing(law, areas, window, legal, vehicle, passes, ids))
    rows = _rows_beside(grid.engine.table, here, vehicle)
    streets = [_street(grid, row, here, ids, vehicle, window) for row in rows]
    if streets:
        legal = both(legal, merge(span for open_, _, _ in streets for span in open_))
        for _, why, _ in streets:
            reasons += [reason for reason in why if reason.id not in {known.id for known in reasons}]
    begins = begins_within(legal, stop.service_s)
    closing = frozenset(reason.id for reason in judge(law, areas, window, vehicle, passes, StopsInside(ids)).obstacles)
    closing |= {key for _, _, keys in streets for key in keys}
    return LegalSlots(begins, both(begins, stop.windows) if stop.windows else begins, tuple(reasons), closing)


def can_be_served(slots: Sequence[Interval], after: datetime, before: datetime) -> bool:
    """Tell whether a service can begin between two instants."""
    return any(span.start < before and after < span.end for span in slots)


def _rows_beside(table: EdgeTable, here: shapely.Point, vehicle: Vehicle) -> list[int]:
    """The directed edges of the nearest street that this kind of vehicle drives, none when all are far."""
    weight_kg = size_of(vehicle, Size.GROSS_WEIGHT)
    flag = EdgeFlag.TRUCK if weight_kg is not None and weight_kg > HEAVY_OVER_KG else EdgeFlag.CAR
    scale = np.array([np.cos(np.radians(here.y)), 1.0]) * _METRES_PER_DEGREE
    reach = shapely.box(
        *(np.array([here.x, here.y]) - _STREET_M / scale), *(np.array([here.x, here.y]) + _STREET_M / scale)
    )
    rows = [int(row) for row in table.tree.query(reach) if table.has(int(row), flag)]
    if not rows:
        return []
    nearest = shapely.line_interpolate_point(table.shapes[rows], shapely.line_locate_point(table.shapes[rows], here))
    away = np.hypot(*((shapely.get_coordinates(nearest) - (here.x, here.y)) * scale).T)
    return [row for row, metres in zip(rows, away.tolist(), strict=True) if metres <= away.min() + _SAME_STREET_M]


def _street(
    grid: LawGrid, row: int, here: shapely.Point, ids: frozenset[str], vehicle: Vehicle, window: Interval
) -> tuple[tuple[Interval, ...], tuple[Reason, ...], frozenset[str]]:
    """When a directed edge is open to the vehicle up to this stop, what closes it first, and ids of all that do."""
    law, shape = grid.law, grid.engine.table.shapes[row]
    # As of the last edge of a drive: what lies behind the stop is not driven to come there.
    path = part_of(grid.engine.table, row, 0.0, float(shape.project(here, normalized=True)))
    if shapely.get_dimensions(path) < 1:
        return (window,), (), frozenset()
    facts = facts_of_part(grid.engine, row, path)
    borne = tuple(hit for hit in grid.hits_of_part(path, row) if not isinstance(hit.regulation, Perimeter))
    hits = grid.hearing(vehicle).of(borne)
    if not hits:
        return (window,), (), frozenset()
    at = shape.interpolate(shape.project(here))
    purpose = ids | ids_at(law, (at.x, at.y))
    spans = _open_spans(law, hits, window, vehicle, (), StopsInside(purpose), facts)
    if spans == (window,):
        return spans, (), frozenset()
    closed = _gap(window, spans)
    first, every = (judge(law, hits, at, vehicle, (), StopsInside(purpose), facts).obstacles for at in (closed, window))
    surely = tuple(reason for reason in first if reason.state not in _OPEN)
    return spans, surely, frozenset(reason.id for reason in every)


def _open_spans(
    law: LawSnapshot,
    hits: Sequence[Hit],
    window: Interval,
    vehicle: Vehicle,
    passes: Sequence[PassRight],
    purpose: StopsInside,
    facts: EdgeFacts | None = None,
) -> tuple[Interval, ...]:
    """When nothing closes a place for sure, sorted and disjoint."""
    said = verdict_spans(law, hits, window, vehicle, passes, purpose, edge=facts)
    return merge(span for span, verdict in said if verdict.state in _OPEN)


def _closing(
    law: LawSnapshot,
    hits: tuple[Hit, ...],
    window: Interval,
    spans: Sequence[Interval],
    vehicle: Vehicle,
    passes: Sequence[PassRight],
    ids: frozenset[str],
) -> tuple[Reason, ...]:
    if tuple(spans) == (window,):
        return ()
    return tuple(
        reason
        for reason in judge(law, hits, _gap(window, spans), vehicle, passes, StopsInside(ids)).reasons
        if reason.state not in _OPEN
    )


def _gap(window: Interval, spans: Sequence[Interval]) -> Interval:
    """The first stretch of the window outside the spans."""
    start = window.start
    for span in spans:
        if span.start > start:
            return Interval(start, span.start)
        start = span.end
    return Interval(start, window.end)
