"""The motorway on its viaduct, its two ends, and the ramps that tie it to the ring road."""

from __future__ import annotations

import math
from dataclasses import dataclass

import shapely
from shapely.geometry import LineString
from shapely.geometry import Point as Spot

from portal.territories.demo_town.drafts import TownDraft
from portal.territories.demo_town.network import Segment
from portal.territories.demo_town.plane import Point, along, bezier, length_m, offset_line

HALF_GAP_M = 8.5
RAMP_M = 270.0
RAMP_FOOT_M = 62.0
LEAST_BETWEEN_M = 650.0
REF = "A 983"


@dataclass(frozen=True, slots=True)
class MotorwayPart:
    """One way of the motorway: kind carriageway | ramp | access | end_link; nodes run with the traffic."""

    kind: str
    nodes: tuple[int, ...]
    on_viaduct: bool


class MotorwayBuilder:
    """Adds the nodes and parts of the motorway to a draft whose streets are settled."""

    def __init__(self, draft: TownDraft, segments: list[Segment]) -> None:
        self._draft = draft
        self._points = draft.map.points
        self._line = list(draft.plan.motorway)
        self._trunk = sorted({n for s in segments if s.highway == "trunk" and not s.over for n in s.nodes})
        self._others = sorted({n for s in segments if s.highway not in ("trunk", "pedestrian") for n in s.nodes})
        self._trunk_lines = [LineString([self._points[n] for n in s.nodes]) for s in segments if s.highway == "trunk"]
        self._ramps: list[MotorwayPart] = []

    def build(self) -> list[MotorwayPart]:
        """Return all parts; carriageways are cut where ramps leave and join them."""
        size = length_m(self._line)
        crossings = self._crossings()
        parts: list[MotorwayPart] = []
        south, north = self._add(self._line[0]), self._add(self._line[-1])
        for side, begin, end in ((-1, south, north), (1, north, south)):
            marks = sorted({0.0, size, *(m for c in crossings for m in (c - RAMP_M, c + RAMP_M))})
            steps = sorted({*marks, *(i * 40.0 for i in range(1, int(size // 40)))})
            offsets = [0.0 if s in (0.0, size) else side * HALF_GAP_M for s in steps]
            raw = [along(self._line, s)[0] for s in steps]
            nodes = [self._add(p) for p in offset_line(raw, offsets)[1:-1]]
            nodes = [south, *nodes, north]
            at = dict(zip(steps, nodes, strict=True))
            for crossing in crossings:
                self._add_ramps(crossing, side, at[crossing - RAMP_M], at[crossing + RAMP_M])
            path = nodes if side < 0 else nodes[::-1]
            parts.extend(self._carriageway(path, {at[m] for m in marks}, begin, end))
        return parts + self._ramps + [self._end_link(south), self._end_link(north)]

    def _add(self, point: Point) -> int:
        return self._draft.map.add_node((round(point[0], 3), round(point[1], 3)))

    def _crossings(self) -> list[float]:
        """Return the abscissas where the ring road is crossed, far enough apart for ramps."""
        line = LineString(self._line)
        found = sorted(
            line.project(spot)
            for trunk in self._trunk_lines
            for spot in shapely.get_parts(line.intersection(trunk))
            if isinstance(spot, Spot)
        )
        kept: list[float] = []
        for abscissa in found:
            inside = RAMP_M + 60 < abscissa < line.length - RAMP_M - 60
            if inside and (not kept or abscissa - kept[-1] > LEAST_BETWEEN_M):
                kept.append(abscissa)
        return kept

    def _carriageway(self, path: list[int], cuts: set[int], begin: int, end: int) -> list[MotorwayPart]:
        parts = []
        run = [path[0]]
        for node in path[1:]:
            run.append(node)
            if node in cuts:
                rural = begin in run or end in run
                parts.append(MotorwayPart("carriageway", tuple(run), not rural))
                run = [node]
        return parts

    def _add_ramps(self, crossing: float, side: int, low: int, high: int) -> None:
        """Add the way off and the way on of one carriageway; side -1: northbound, east of the axis."""
        centre, (ux, uy) = along(self._line, crossing)
        foot_wanted = (centre[0] - uy * side * RAMP_FOOT_M, centre[1] + ux * side * RAMP_FOOT_M)
        foot = min(self._trunk, key=lambda n: math.dist(self._points[n], foot_wanted))
        off_at, on_at = (low, high) if side < 0 else (high, low)
        heading = (ux, uy) if side < 0 else (-ux, -uy)
        for kind_off, node in ((True, off_at), (False, on_at)):
            ax, ay = self._points[node]
            fx, fy = self._points[foot]
            sign = 1 if kind_off else -1
            handle = (ax + sign * heading[0] * 120, ay + sign * heading[1] * 120)
            out = (-uy * side, ux * side)
            knee = (fx - sign * heading[0] * 70 + out[0] * 14, fy - sign * heading[1] * 70 + out[1] * 14)
            curve = bezier((ax, ay), handle, knee, (fx, fy), 9)
            nodes = [node, *(self._add(p) for p in curve[1:-1]), foot]
            self._ramps.append(MotorwayPart("ramp", tuple(nodes if kind_off else nodes[::-1]), False))

    def _end_link(self, end: int) -> MotorwayPart:
        """Tie an end of the motorway to the nearest road, in both directions."""
        here = self._points[end]
        target = min(self._others, key=lambda n: math.dist(self._points[n], here))
        return MotorwayPart("end_link", (end, target), False)
