"""A drive: the way between two points with its vertices, times, edges and instructions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.territories.api import EdgeTable

type Floats = npt.NDArray[np.float64]
type Rows = npt.NDArray[np.int32]

_METRES_PER_DEGREE: Final = 111_195.0


@dataclass(frozen=True, slots=True)
class DrivenEdge:
    """One edge of a drive: its row, the vertices it covers (first..last included), seconds since the departure."""

    row: int
    first: int
    last: int
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Manoeuvre:
    """One instruction: sentence, streets, length, time, and where it takes place (lon, lat)."""

    instruction: str
    streets: tuple[str, ...]
    distance_m: float
    duration_s: float
    lon: float
    lat: float


@dataclass(frozen=True, eq=False, slots=True)
class Drive:
    """A route between two points. coords: (n, 2) lon, lat; times_s: (n,) seconds since the departure, not falling."""

    coords: Floats
    times_s: Floats
    edges: tuple[DrivenEdge, ...]
    manoeuvres: tuple[Manoeuvre, ...]
    distance_m: float
    duration_s: float
    has_time_restrictions: bool = False
    uses_private_roads: bool = False

    @property
    def start(self) -> tuple[float, float]:
        """Where the drive begins, on the street (lon, lat)."""
        return float(self.coords[0][0]), float(self.coords[0][1])

    @property
    def end(self) -> tuple[float, float]:
        """Where the drive ends, on the street (lon, lat)."""
        return float(self.coords[-1][0]), float(self.coords[-1][1])

    def path(self, edge: DrivenEdge) -> BaseGeometry:
        """What is driven of an edge: a LineString, or a Point when it is only touched."""
        piece = self.coords[edge.first : edge.last + 1]
        if len(piece) < 2 or bool((piece == piece[0]).all()):
            return shapely.Point(piece[0])
        return shapely.LineString(piece)


def drive_along(
    table: EdgeTable, rows: Rows, times_s: tuple[Floats, Floats], at: tuple[float, float], *, relaxed: bool
) -> Drive:
    """The drive along some rows, without instructions.

    times_s: (k,) seconds at the start and at the end of each row. at: share of the first and last row where it begins
    and ends.
    """
    steps = table.offsets[rows + 1] - table.offsets[rows] - 1
    if len(rows) == 1:
        coords = _between(table.shape_coords(int(rows[0])), at[0], at[1])
        steps[0] = len(coords) - 1
    else:
        first = _between(table.shape_coords(int(rows[0])), at[0], 1.0)
        last = _between(table.shape_coords(int(rows[-1])), 0.0, at[1])
        coords = np.concatenate([first, _joined(table, rows[1:-1]), last[1:]])
        steps[0], steps[-1] = len(first) - 1, len(last) - 1
    if bool((coords == coords[0]).all()):
        # Both ends are one point of the street: nothing is driven.
        return Drive(coords[:1], np.zeros(1), (), (), 0.0, 0.0)
    ends = np.cumsum(steps)
    firsts = np.concatenate(([0], ends[:-1]))
    begin_s, end_s = times_s
    edges = tuple(
        DrivenEdge(*values)
        for values in zip(rows.tolist(), firsts.tolist(), ends.tolist(), begin_s.tolist(), end_s.tolist(), strict=True)
    )
    lengths = table.lengths_m[rows].copy()
    if len(rows) == 1:
        lengths[0] *= at[1] - at[0]
    else:
        lengths[0] *= 1.0 - at[0]
        lengths[-1] *= at[1]
    return Drive(
        coords=coords,
        times_s=vertex_times(coords, edges),
        edges=edges,
        manoeuvres=(),
        distance_m=round(float(lengths.sum()), 1),
        duration_s=float(end_s[-1]),
        has_time_restrictions=any(_is_timed(table, row) for row in table.restrictions.keys() & rows.tolist()),
        uses_private_roads=relaxed,
    )


def _joined(table: EdgeTable, rows: Rows) -> Floats:
    """(k, 2) the vertices of rows that follow one another, each without its first."""
    firsts = table.offsets[rows] + 1
    counts = table.offsets[rows + 1] - firsts
    before = np.cumsum(counts) - counts
    return table.coords[np.repeat(firsts - before, counts) + np.arange(int(counts.sum()))]


def part_of(table: EdgeTable, row: int, first: float, last: float) -> BaseGeometry:
    """What is driven of an edge between two shares of it: a LineString, or a Point when that is nothing."""
    piece = _between(table.shape_coords(row), first, last)
    return shapely.Point(piece[0]) if bool((piece == piece[0]).all()) else shapely.LineString(piece)


def point_on(table: EdgeTable, row: int, at: float) -> tuple[float, float]:
    """The point (lon, lat) of an edge at a share of its length."""
    lon, lat = _between(table.shape_coords(row), at, at)[0].tolist()
    return lon, lat


def vertex_times(coords: Floats, edges: Sequence[DrivenEdge]) -> Floats:
    """Time at each vertex: at constant speed along each edge."""
    reached = np.concatenate(([0.0], np.cumsum(np.hypot(*_metres(coords).T))))
    bounds = [edges[0].first, *(edge.last for edge in edges)]
    clock = [edges[0].start_s, *(edge.end_s for edge in edges)]
    times: Floats = np.interp(reached, reached[bounds], clock)
    times[bounds] = clock
    return times


def distance_m(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Distance on the ground between two near points (lon, lat)."""
    return float(math.hypot(*_metres(np.array([start, end]))[0]))


_TIMED: Final = frozenset({"timed_allowed", "timed_denied", "destination_allowed"})


def _is_timed(table: EdgeTable, row: int) -> bool:
    return any(limit["type"] in _TIMED for limit in table.restrictions.get(row, ()))


def _metres(coords: Floats) -> Floats:
    scale = np.array([math.cos(math.radians(float(coords[0, 1]))), 1.0]) * _METRES_PER_DEGREE
    return np.diff(coords, axis=0) * scale


def _between(shape: Floats, first: float, last: float) -> Floats:
    """The vertices of a shape between two shares of its length, both ends included; two at least."""
    if first <= 0.0 and last >= 1.0:
        return shape
    steps = np.hypot(*_metres(shape).T)
    reached = np.concatenate(([0.0], np.cumsum(steps)))
    start_m, end_m = first * reached[-1], last * reached[-1]
    inside = shape[(reached > start_m) & (reached < end_m)]
    ends = [[np.interp(at, reached, shape[:, axis]) for axis in (0, 1)] for at in (start_m, end_m)]
    return np.round(np.vstack([ends[0], inside, ends[1]]), 6)
