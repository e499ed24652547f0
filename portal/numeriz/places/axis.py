"""A street as one measure from end to end: every point of its carriageways has a place along it.

The axis is the longest way through the segments of the street. A second carriageway lies beside it, a branch of the
same name where it leaves. Pieces are then cut between two places along the axis, on all carriageways alike, so that the
parts of a street cut at one place make the whole of it again.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from portal.numeriz.places.roads import Node, Piece, Roads
from portal.regulations.geometry import to_metres_at

type Floats = npt.NDArray[np.float64]

_JUMP_M: Final = 120.0
"""A square or a crossing of another name breaks a street this far at most; beyond, they are two."""
_WIDTH_M: Final = 45.0
"""Junctions of two carriageways of one avenue are no farther from each other."""
_BRIDGE_M: Final = 30.0
"""What it costs to leap from one to the other, so that the axis keeps to one of them."""
_STEP_M: Final = 2.0
_LEAST_M: Final = 0.5


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of a street: the segment, the fraction of its shape, and the metres from the point that was asked."""

    row: int
    fraction: float
    apart_m: float


class StreetAxis:
    """The segments of one street, which hang together, and the place of each point along the street in metres."""

    def __init__(self, roads: Roads, rows: Sequence[int]) -> None:
        self.roads = roads
        self.rows = list(rows)
        south = min(float(roads.table.shapes[row].bounds[1]) for row in self.rows)
        self._to_metres = to_metres_at(south)
        self._lines = {row: shapely.transform(roads.table.shapes[row], self._to_metres) for row in self.rows}
        self._links: dict[Node, list[tuple[Node, float, int | None]]] = {}
        for row in self.rows:
            start, end = roads.ends(row)
            self._link(start, end, self._lines[row].length, row)
        self._bridge()
        self._join()
        self.path, self.length_m = self._longest_path()

    def _link(self, one: Node, other: Node, metres: float, row: int | None) -> None:
        self._links.setdefault(one, []).append((other, metres, row))
        self._links.setdefault(other, []).append((one, metres, row))

    def _bridge(self) -> None:
        """Link the junctions of two carriageways, or the axis would run up the one and down the other."""
        nodes = sorted(self._links)
        places = np.asarray(shapely.points(self._metres_of(nodes)), dtype=object)
        tree = shapely.STRtree(places)
        for one, other in tree.query(places, predicate="dwithin", distance=_WIDTH_M).T.tolist():
            if one < other:
                self._link(nodes[one], nodes[other], float(places[one].distance(places[other])) + _BRIDGE_M, None)

    def _metres_of(self, nodes: Sequence[Node]) -> Floats:
        return self._to_metres(np.array(nodes, dtype=np.float64) / 1e6)

    def _join(self) -> None:
        """Link the parts of the street that a square or a name forgotten keeps apart, by the shortest gaps."""
        parts = _components(self._links)
        while len(parts) > 1:
            first = parts.pop(0)
            mine = self._metres_of(sorted(first))
            gaps = []
            for number, part in enumerate(parts):
                theirs = self._metres_of(sorted(part))
                apart = np.hypot(*(mine[:, None] - theirs[None]).transpose(2, 0, 1))
                at = np.unravel_index(int(apart.argmin()), apart.shape)
                gaps.append((float(apart.min()), number, sorted(first)[int(at[0])], sorted(part)[int(at[1])]))
            metres, number, one, other = min(gaps)
            self._link(one, other, metres, None)
            parts[number] = parts[number] | first

    def _longest_path(self) -> tuple[list[tuple[int | None, bool, float, float]], float]:
        """The steps of the axis: segment (None over a gap), driven against its shape, metres at its start and end."""
        any_node = min(self._links)
        far = _farthest(_distances(self._links, any_node)[0])
        metres, before = _distances(self._links, far)
        node = _farthest(metres)
        steps: list[tuple[Node, int | None, float]] = []
        while node in before:
            earlier, row = before[node]
            gap = float(np.hypot(*np.diff(self._metres_of([earlier, node]), axis=0)[0]))
            steps.append((earlier, row, gap if row is None else self._lines[row].length))
            node = earlier
        # From the far end back to the first node: turned round, the axis starts at `far`.
        path: list[tuple[int | None, bool, float, float]] = []
        at = 0.0
        for earlier, row, length in reversed(steps):
            backwards = row is not None and self.roads.ends(row)[0] != earlier
            path.append((row, backwards, at, at + length))
            at += length
        if all(row is None for row, *_rest in path):
            # A street that is a ring ends where it begins: it is measured around.
            longest = max(self.rows, key=lambda row: (self._lines[row].length, row))
            return [(longest, False, 0.0, self._lines[longest].length)], self._lines[longest].length
        return path, at

    def turn(self) -> None:
        """Measure the street from its other end."""
        total = self.length_m
        self.path = [(row, not back, total - end, total - start) for row, back, start, end in reversed(self.path)]
        for name in ("_of_path", "_axis_line", "_samples"):
            self.__dict__.pop(name, None)

    @cached_property
    def _of_path(self) -> Mapping[int, tuple[bool, float, float]]:
        return {row: (back, start, end) for row, back, start, end in self.path if row is not None}

    @cached_property
    def _axis_line(self) -> shapely.LineString:
        """The axis in metres, gaps bridged."""
        points: list[Floats] = []
        for row, back, _start, _end in self.path:
            if row is not None:
                coords = shapely.get_coordinates(self._lines[row])
                points.append(coords[::-1] if back else coords)
        return shapely.LineString(np.concatenate(points))

    @cached_property
    def _samples(self) -> Mapping[int, Floats]:
        """Of each segment beside the axis, the places along the axis of points at equal steps of its shape."""
        found = {}
        for row in self.rows:
            if row not in self._of_path:
                line = self._lines[row]
                count = max(2, math.ceil(line.length / _STEP_M)) + 1
                points = shapely.line_interpolate_point(line, np.linspace(0.0, 1.0, count), normalized=True)
                found[row] = np.asarray(shapely.line_locate_point(self._axis_line, points), dtype=np.float64)
        return found

    def place_of(self, row: int, fraction: float) -> float:
        """Metres from the start of the street of a point of it."""
        if row in self._of_path:
            back, start, end = self._of_path[row]
            return start + (end - start) * ((1.0 - fraction) if back else fraction)
        samples = self._samples[row]
        return float(np.interp(fraction * (len(samples) - 1), np.arange(len(samples)), samples))

    def places_of_node(self, node: Node) -> list[float]:
        """The places of a junction of the street, one for each segment of it that ends there."""
        found = []
        for row in self.rows:
            for end, fraction in zip(self.roads.ends(row), (0.0, 1.0), strict=True):
                if end == node:
                    found.append(self.place_of(row, fraction))
        return found

    def end_points(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """The first and the last point of the axis, metres east and north."""
        (a, b), (c, d) = shapely.get_coordinates(self._axis_line)[[0, -1]].tolist()
        return (a, b), (c, d)

    @property
    def nodes(self) -> Iterable[Node]:
        """The junctions of the street."""
        return self._links

    def spot(self, lon: float, lat: float) -> Spot:
        """The point of the street nearest to a position in degrees."""
        point = shapely.Point(self._to_metres(np.array([[lon, lat]]))[0])
        lines = np.array([self._lines[row] for row in self.rows], dtype=object)
        apart = np.asarray(shapely.distance(lines, point))
        nearest = int(apart.argmin())
        fraction = float(shapely.line_locate_point(lines[nearest], point, normalized=True))
        return Spot(self.rows[nearest], fraction, float(apart[nearest]))

    def whole(self) -> list[Piece]:
        """All of the street, in its forward direction."""
        return [Piece(row, backwards=self._runs_back(row)) for row in self.rows]

    def cut(self, first_m: float, last_m: float) -> list[Piece]:
        """What of the street lies between two places along it, in its forward direction."""
        pieces = []
        for row in self.rows:
            backwards = self._runs_back(row)
            for first, last in self._spans(row, first_m, last_m):
                if (last - first) * self._lines[row].length >= _LEAST_M or (first, last) == (0.0, 1.0):
                    pieces.append(Piece(row, first, last, backwards))
        return pieces

    def _spans(self, row: int, first_m: float, last_m: float) -> list[tuple[float, float]]:
        if row in self._of_path:
            back, start, end = self._of_path[row]
            length = max(end - start, 1e-9)
            low, high = (max(0.0, (first_m - start) / length), min(1.0, (last_m - start) / length))
            if high <= low:
                return []
            return [(1.0 - high, 1.0 - low)] if back else [(low, high)]
        samples = self._samples[row]
        # A cross street of the same name has one place along the axis: it is in or out as a whole.
        inside = (samples >= first_m - _LEAST_M) & (samples <= last_m + _LEAST_M)
        edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False])).astype(np.int8)))
        last_index = len(samples) - 1
        spans = []
        for begin, end in edges.reshape(-1, 2).tolist():
            low = 0.0 if begin == 0 else (begin - 0.5) / last_index
            high = 1.0 if end - 1 == last_index else (end - 0.5) / last_index
            spans.append((low, high))
        return spans

    def _runs_back(self, row: int) -> bool:
        """Tell whether the shape of a segment runs against the forward direction of the street."""
        if row in self._of_path:
            return self._of_path[row][0]
        samples = self._samples[row]
        if abs(samples[-1] - samples[0]) > _LEAST_M:
            return bool(samples[-1] < samples[0])
        # It leaves the axis: forward is away from it.
        ends = shapely.points(shapely.get_coordinates(self._lines[row])[[0, -1]])
        to_axis = np.asarray(shapely.distance(self._axis_line, ends))
        return bool(to_axis[0] > to_axis[1])


def _components(links: Mapping[Node, Sequence[tuple[Node, float, int | None]]]) -> list[frozenset[Node]]:
    left, parts = set(links), []
    while left:
        fresh = [min(left)]
        reached = set(fresh)
        while fresh:
            node = fresh.pop()
            for other, _metres, _row in links[node]:
                if other not in reached:
                    reached.add(other)
                    fresh.append(other)
        left -= reached
        parts.append(frozenset(reached))
    return parts


def _distances(
    links: Mapping[Node, Sequence[tuple[Node, float, int | None]]], start: Node
) -> tuple[dict[Node, float], dict[Node, tuple[Node, int | None]]]:
    """The shortest ways from a node: metres to each, and the step that leads there."""
    metres, before = {start: 0.0}, {}
    heap = [(0.0, start)]
    done: set[Node] = set()
    while heap:
        so_far, node = heapq.heappop(heap)
        if node in done:
            continue
        done.add(node)
        for other, length, row in links[node]:
            reached = so_far + length
            if reached < metres.get(other, math.inf):
                metres[other], before[other] = reached, (node, row)
                heapq.heappush(heap, (reached, other))
    return metres, before


def _farthest(metres: Mapping[Node, float]) -> Node:
    return max(metres, key=lambda node: (metres[node], node))


def clusters(roads: Roads, rows: Sequence[int]) -> list[list[int]]:
    """Segments of one name as the streets they make: those with a gap of at most _JUMP_M between them are one."""
    lines = shapely.transform(roads.table.shapes[list(rows)], to_metres_at(float(roads.table.coords[:, 1].mean())))
    tree = shapely.STRtree(lines)
    left, found = set(range(len(rows))), []
    while left:
        fresh = [min(left)]
        reached = set(fresh)
        while fresh:
            near = {int(n) for n in tree.query(lines[fresh], predicate="dwithin", distance=_JUMP_M)[1]}
            fresh = sorted(near - reached)
            reached |= near
        left -= reached
        found.append([rows[n] for n in sorted(reached)])
    return found
