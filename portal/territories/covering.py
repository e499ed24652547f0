"""What one drawn line covers of the edges beside it: which, how much of each, in which direction, how near.

Lines and edges are compared in metres, in steps of about two metres. An edge is beside a line where it is near enough,
in its direction or the opposite one, and no other edge is clearly nearer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import shapely
from shapely import ops

from portal.regulations.geometry import FOLLOWED_M, LINE_ANGLE_DEG, LINE_REACH_M, grown, to_metres_at
from portal.territories.build.edges import EdgeTable
from portal.territories.tracing import RoadGraph

REACH_M = 15.0
"""An edge this far from the line is not it: the middle of an avenue is about ten metres from its carriageways."""
PARALLEL_M = 2.0
"""Of two parallel edges the farther one is left out when the line is nearer to the other by more than this."""

MOST_PIECE_M = 200_000.0
"""A longer piece is no street: it is not looked at, and counts as not found."""

type Metres = Callable[[Floats], Floats]
"""Turns (lon, lat) rows into metres."""
type Spans = list[tuple[float, float]]
"""Parts of an edge as fractions of its length."""
type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]
type Bools = npt.NDArray[np.bool_]

_STEP_M = 2.0
_MOST_STEPS = 2_000
_CELL_M = 4.0
_ROUNDING_M = 0.5
# The engine is asked about parts of this size: it takes 200 km and 16,000 points, but an error loses the whole part.
_PART_M = 1_500.0
_SEGMENT_M = 40.0


@dataclass(slots=True)
class Covered:
    """What the pieces of a line cover of one edge.

    covered_m, apart_m: metres covered, and the sum over them of the distance to the line. signed_m: the same metres,
    negative where the edge runs against the line.
    """

    spans: Spans = field(default_factory=list)
    signed_m: float = 0.0
    covered_m: float = 0.0
    apart_m: float = 0.0


@dataclass(frozen=True, eq=False, slots=True)
class _Steps:
    """Lines cut in steps of about two metres: middle, direction (unit) and length of each, and which line it is of."""

    xy: Floats
    tangent: Floats
    length: Floats
    fraction: Floats
    owner: Ints


@dataclass(frozen=True, eq=False, slots=True)
class CoveredPiece:
    """A piece and the cells of it, of equal length and counted from its start, that each edge covers, by row."""

    piece: shapely.LineString
    length_m: float
    cells: int = 1
    by_row: Mapping[int, Ints] = field(default_factory=dict)

    @property
    def covered_m(self) -> float:
        """Metres of the piece that some edge covers."""
        return self.length_m * float(self.covered_by(self.by_row).mean())

    def missing(self, kept: Container[int], least_m: float) -> Iterator[shapely.LineString]:
        """The parts, (lon, lat), that no row of those kept covers: the whole piece, or one as long as that at least.

        Of a piece shorter than twice that, half of it.
        """
        least_m = max(FOLLOWED_M, min(least_m, self.length_m / 2))
        covered = self.covered_by(row for row in self.by_row if row in kept)
        for first, last in _holes(covered) / self.cells:
            if last - first == 1.0:
                yield self.piece
            elif (last - first) * self.length_m >= least_m:
                to_metres = to_metres_at(float(self.piece.bounds[1]))
                scale = to_metres(np.ones((1, 2)))[0]
                part = ops.substring(shapely.transform(self.piece, to_metres), first, last, normalized=True)
                yield shapely.LineString(shapely.get_coordinates(part) / scale)

    def covered_by(self, rows: Iterable[int]) -> Bools:
        """The cells that some of these rows cover; a single one between two others counts."""
        covered = np.zeros(self.cells, dtype=bool)
        for row in rows:
            covered[self.by_row[row]] = True
        return _closed(covered)


def cover_piece(graph: RoadGraph, piece: shapely.LineString, found: dict[int, Covered]) -> CoveredPiece:
    """Add what one piece covers of each edge; return what of the piece each of them covers."""
    to_metres = to_metres_at(float(piece.bounds[1]))
    line = shapely.transform(piece, to_metres)
    if line.length > MOST_PIECE_M:
        return CoveredPiece(piece, line.length)
    cells = max(1, round(line.length / _CELL_M))
    by_row = _cover(graph.table, line, cells, to_metres, sorted(_proposed(graph, piece)), found)
    proposed = CoveredPiece(piece, line.length, cells, by_row)
    # The engine takes a loop smaller than its search for a single place, and proposes nothing where it cannot drive.
    for first, last in _holes(proposed.covered_by(by_row)).tolist():
        gap = ops.substring(line, first / cells, last / cells, normalized=True)
        if not isinstance(gap, shapely.LineString) or gap.length < _CELL_M - _ROUNDING_M:
            continue
        beside = _cover(graph.table, gap, last - first, to_metres, _rows_beside(graph.table, gap, to_metres), found)
        for row, covered in beside.items():
            by_row[row] = np.concatenate((by_row.get(row, covered[:0]), covered + first))
    return proposed


def merged(spans: Spans, slack: float) -> Iterator[tuple[float, float]]:
    """Spans joined where less than the slack parts them, and drawn out to the ends of the edge that are as near."""
    joined: Spans = []
    for start, end in sorted(spans):
        if joined and start - joined[-1][1] <= slack:
            joined[-1] = joined[-1][0], max(joined[-1][1], end)
        else:
            joined.append((start, end))
    for start, end in joined:
        yield 0.0 if start <= slack else start, 1.0 if end >= 1.0 - slack else end


def _proposed(graph: RoadGraph, piece: shapely.LineString) -> set[int]:
    """Rows the engine proposes for a piece, asked part by part."""
    to_metres = to_metres_at(float(piece.bounds[1]))
    scale = to_metres(np.ones((1, 2)))[0]
    metric = shapely.segmentize(shapely.transform(piece, to_metres), _SEGMENT_M)
    count = max(1, math.ceil(metric.length / _PART_M))
    ends = np.linspace(0.0, metric.length, count + 1)
    rows: set[int] = set()
    for first, last in pairwise(ends.tolist()):
        part = ops.substring(metric, first, last)
        rows |= graph.proposed_rows(shapely.get_coordinates(part) / scale)
    return rows


def length_on_ground_m(piece: shapely.LineString) -> float:
    """Metres of a piece in (lon, lat)."""
    return float(shapely.transform(piece, to_metres_at(float(piece.bounds[1]))).length)


def _holes(covered: Bools) -> Ints:
    """The runs of cells that are not covered: rows of the first and the one after the last."""
    return np.flatnonzero(np.diff(np.concatenate(([False], ~covered, [False])))).reshape(-1, 2)


def _rows_beside(table: EdgeTable, line: shapely.LineString, to_metres: Metres) -> list[int]:
    """Rows of the edges that come as near to a metric line as a well drawn one is to its street."""
    scale = to_metres(np.ones((1, 2)))[0]
    near = table.tree.query(grown(shapely.transform(line, lambda xy: xy / scale), LINE_REACH_M))
    shapes = shapely.transform(table.shapes[near], to_metres)
    return sorted(near[shapely.distance(shapes, line) <= LINE_REACH_M].tolist())


def _cover(
    table: EdgeTable,
    line: shapely.LineString,
    cells: int,
    to_metres: Metres,
    rows: list[int],
    found: dict[int, Covered],
) -> dict[int, Ints]:
    """Add what a metric line covers of each row; tell which cells of the line, of equal length, each row covers."""
    if not rows:
        return {}
    steps = _steps([to_metres(table.shape_coords(row)) for row in rows])
    at_m = np.asarray(shapely.line_locate_point(line, shapely.points(steps.xy)), dtype=np.float64)
    foot, tangent = _along(shapely.get_coordinates(line), at_m)
    offset = steps.xy - foot
    apart_m = np.hypot(*offset.T)
    # Past the end of the line an edge goes on at no distance sideways: there only what is level with it counts.
    beyond_m = np.abs(np.sum(offset * tangent, axis=1)) * ((at_m <= 0.0) | (at_m >= line.length))
    cosine = np.sum(steps.tangent * tangent, axis=1)
    beside = (apart_m <= REACH_M) & (np.abs(cosine) >= math.cos(math.radians(LINE_ANGLE_DEG))) & (beyond_m <= 1.0)
    cell = np.minimum((at_m / line.length * cells).astype(np.int64), cells - 1)
    kept = beside & (apart_m <= _nearest_by_cell(cell[beside], apart_m[beside], cells)[cell] + PARALLEL_M)
    covered: dict[int, Ints] = {}
    for index in np.unique(steps.owner[kept]):
        mine = kept & (steps.owner == index)
        covered[rows[index]] = np.unique(cell[mine])
        edge = found.setdefault(rows[index], Covered())
        edge.spans += _runs(steps.fraction[mine], 1.0 / np.count_nonzero(steps.owner == index))
        edge.covered_m += float(steps.length[mine].sum())
        edge.signed_m += float((np.sign(cosine[mine]) * steps.length[mine]).sum())
        edge.apart_m += float((apart_m[mine] * steps.length[mine]).sum())
    return covered


def _steps(lines: list[Floats]) -> _Steps:
    """Cut metric lines in equal steps."""
    middles, tangents, lengths, fractions, owners = [], [], [], [], []
    for owner, coords in enumerate(lines):
        total = float(np.hypot(*np.diff(coords, axis=0).T).sum())
        count = min(max(4, math.ceil(total / _STEP_M)), _MOST_STEPS)
        fraction = (np.arange(count) + 0.5) / count
        xy, tangent = _along(coords, fraction * total)
        middles.append(xy)
        tangents.append(tangent)
        lengths.append(np.full(count, total / count))
        fractions.append(fraction)
        owners.append(np.full(count, owner))
    return _Steps(*(np.concatenate(parts) for parts in (middles, tangents, lengths, fractions, owners)))


def _along(coords: Floats, at_m: Floats) -> tuple[Floats, Floats]:
    """Points of a metric line at distances along it, and its direction there as unit vectors."""
    legs = np.diff(coords, axis=0)
    sizes = np.hypot(*legs.T)
    legs, sizes, starts = legs[sizes > 0], sizes[sizes > 0], coords[:-1][sizes > 0]
    if not len(sizes):
        return np.repeat(coords[:1], len(at_m), axis=0), np.zeros((len(at_m), 2))
    reached = np.concatenate(([0.0], np.cumsum(sizes)))
    leg = np.clip(np.searchsorted(reached, at_m, side="right") - 1, 0, len(sizes) - 1)
    units = legs / sizes[:, None]
    return starts[leg] + units[leg] * (at_m - reached[leg])[:, None], units[leg]


def _nearest_by_cell(cell: Ints, apart_m: Floats, cells: int) -> Floats:
    """The smallest distance in each cell of a line or in the cells beside it; infinite where nothing is."""
    nearest = np.full(cells + 2, np.inf)
    np.minimum.at(nearest, cell + 1, apart_m)
    found: Floats = np.minimum(np.minimum(nearest[:-2], nearest[2:]), nearest[1:-1])
    return found


def _closed(covered: Bools) -> Bools:
    """The same cells with those single ones filled that have covered ones on both sides."""
    padded = np.concatenate(([False], covered, [False]))
    closed: Bools = covered | (padded[:-2] & padded[2:])
    return closed


def _runs(fractions: Floats, step: float) -> Spans:
    """Spans of sorted step middles; a hole of some steps does not break one."""
    breaks = np.flatnonzero(np.diff(fractions) > step * 5) + 1
    return [(float(run[0] - step / 2), float(run[-1] + step / 2)) for run in np.split(fractions, breaks)]
