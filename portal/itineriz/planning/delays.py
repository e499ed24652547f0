"""What orders add to the time of a drive without closing anything: speed limits and alternating traffic.

A limit slows down to its speed where the engine drives faster. Where traffic alternates, a vehicle comes at a random
moment of a cycle: it waits while the other direction drives and the road is cleared. When its own green is the share
`GREEN` of a cycle of `CYCLE_S`, the mean wait is (1 - GREEN)^2 * CYCLE_S / 2: the uniform term of Webster, Traffic
signal settings, Road Research Technical Paper 39, 1958. The cycle and its share are a convention of ours (two equal
directions, a fifth of the time lost to clearing the road), because no order says them. The law is then asked again at
the delayed hours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import shapely

from portal.itineriz.routing.checking import LegContext, interval
from portal.itineriz.routing.drives import Drive, DrivenEdge
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.routing.regulated import SLOWING_TYPES
from portal.regulations.evaluate import ReasonCode, StopsInside, judge
from portal.regulations.measures import Measure
from portal.regulations.snapshot import Hit

CYCLE_S: Final = 120.0
GREEN: Final = 0.4
ALTERNATE_WAIT_S: Final = (1 - GREEN) ** 2 * CYCLE_S / 2
_KMH: Final = 3.6


@dataclass(frozen=True, slots=True)
class _Slow:
    """What slows one edge down, active or not."""

    index: int
    hits: tuple[Hit, ...]


def slowed(grid: LawGrid, drive: Drive, leg: LegContext) -> Drive:
    """The drive at the times at which the orders let it be driven; the very same object when none slows it."""
    last = len(drive.edges) - 1
    slows = grid.slows[[edge.row for edge in drive.edges]].tolist() if drive.edges else []
    concerned = [
        _Slow(index, hits)
        for index, is_slowed in enumerate(slows)
        if (is_slowed or index in (0, last))
        and (hits := tuple(hit for hit in _bearing(grid, drive, index, leg) if _slows(hit)))
    ]
    if not concerned:
        return drive
    extra = _extra_seconds(grid, drive, leg, concerned)
    return _shifted(drive, extra) if any(extra) else drive


def _bearing(grid: LawGrid, drive: Drive, index: int, leg: LegContext) -> tuple[Hit, ...]:
    """What bears on an edge of a drive; of the first and the last one only a part is driven."""
    edge = drive.edges[index]
    if 0 < index < len(drive.edges) - 1:
        return grid.hits(edge.row, interval(leg.depart_at, 0.0, drive.duration_s))
    path = drive.path(edge)
    return grid.hits_of_part(path, edge.row) if shapely.get_dimensions(path) == 1 else ()


def _slows(hit: Hit) -> bool:
    return isinstance(hit.regulation, Measure) and hit.regulation.type in SLOWING_TYPES


def _extra_seconds(grid: LawGrid, drive: Drive, leg: LegContext, concerned: Sequence[_Slow]) -> list[float]:
    """Seconds added on each edge; what comes later is asked at the hour it is then reached."""
    extra = [0.0] * len(drive.edges)
    waited: dict[str, int] = {}
    of_index = {slow.index: slow for slow in concerned}
    for index, edge in enumerate(drive.edges):
        slow = of_index.get(index)
        if slow is None:
            continue
        late_s = sum(extra[:index])
        during = interval(leg.depart_at, edge.start_s + late_s, edge.end_s + late_s)
        purpose = StopsInside(leg.start_ids | leg.end_ids)
        facts = grid.engine.facts[edge.row]
        told = judge(grid.law, slow.hits, during, leg.vehicle, leg.passes, purpose, facts).warnings
        for warning in told:
            if warning.code is ReasonCode.SPEED_LIMIT:
                slowest = float(warning.params["max_speed_kmh"]) / _KMH
                extra[index] = max(extra[index], _length_m(drive, edge) / slowest - (edge.end_s - edge.start_s))
        for warning in told:
            if warning.code is ReasonCode.ALTERNATE_TRAFFIC:
                # One wait for one stretch: the edges that follow each other are behind the same light.
                if waited.get(warning.id) != index - 1:
                    extra[index] += ALTERNATE_WAIT_S
                waited[warning.id] = index
    return extra


def _length_m(drive: Drive, edge: DrivenEdge) -> float:
    piece = drive.coords[edge.first : edge.last + 1]
    scale = np.array([np.cos(np.radians(float(piece[0, 1]))), 1.0]) * 111_195.0
    return float(np.hypot(*(np.diff(piece, axis=0) * scale).T).sum())


def _shifted(drive: Drive, extra: Sequence[float]) -> Drive:
    """The drive with seconds added on its edges; what is driven of an edge is driven at a constant speed."""
    times = drive.times_s.copy()
    edges: list[DrivenEdge] = []
    late = 0.0
    for edge, more in zip(drive.edges, extra, strict=True):
        start, end = edge.start_s + late, edge.end_s + late + more
        span = edge.end_s - edge.start_s
        inside = drive.times_s[edge.first : edge.last + 1]
        share = (inside - edge.start_s) / span if span > 0 else np.linspace(0.0, 1.0, len(inside))
        times[edge.first : edge.last + 1] = start + share * (end - start)
        edges.append(replace(edge, start_s=start, end_s=end))
        late += more
    return replace(drive, times_s=times, edges=tuple(edges), duration_s=drive.duration_s + late)
