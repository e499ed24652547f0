"""Where lines and areas of the law lie on the road graph: the directed edges, how much of each, how surely.

A line is followed by the engine (`tracing`), and what it proposes is kept only where it runs beside the line: near
enough, in its direction or the opposite one, and not clearly farther than another edge is.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.geometry import (
    FOLLOWED_M,
    AreaShape,
    grown,
    lines_of,
    polygons_of,
    to_metres_at,
)
from portal.regulations.matches import EDGE_ROW
from portal.regulations.measures import area_applies_to_edge
from portal.territories.build.edges import EdgeFlag, EdgeTable
from portal.territories.covering import REACH_M, Covered, CoveredPiece, cover_piece, length_on_ground_m, merged
from portal.territories.tracing import SEARCH_RADIUS_M, RoadGraph

TRUSTED_SHARE = 0.8
"""Below this part of its length found on the graph, the match of a line is shown to the clerk and not used."""
END_SLACK_M = 8.0
"""A match that stops this close to the end of an edge goes on to its end: lines are drawn no better."""

type MatchedEdges = npt.NDArray[np.void]
"""Rows of EDGE_ROW sorted by edge_id; an edge that is met twice has several."""
type Floats = npt.NDArray[np.float64]

MOST_PIECES = 2_000
MOST_M = 500_000.0
"""What is looked at of one place, in order to answer within a minute whatever a source draws."""

_SIMPLER_M = 0.5
_INSIDE_SLACK_M = 0.5
# A long line that covers less than this of an edge, and less than half, only overshoots or meets it at a fork.
_PARTLY_M = 25.0
# A path between two points that winds more than this is not the road that lies between them.
_MOST_WINDING = 2.5
_WINDING_SLACK_M = 300.0


@dataclass(frozen=True, slots=True)
class MatchDoubt:
    """Something a clerk has to look at: a code and its parameters."""

    code: str
    params: dict[str, str | int]


@dataclass(frozen=True, eq=False, slots=True)
class Match:
    """A place on one version of the graph. matched_share, confidence: 0 to 1; the share is of the length drawn.

    missing: the lines drawn of which no edge was found, None when there is none worth a word or the match is not
    trusted. path: the way found between two points. Both (lon, lat).
    """

    edges: MatchedEdges
    matched_share: float
    confidence: float
    doubts: tuple[MatchDoubt, ...] = ()
    missing: BaseGeometry | None = None
    path: BaseGeometry | None = None

    @property
    def trusted(self) -> bool:
        """Tell whether the edges may stand for the shape."""
        return self.matched_share >= TRUSTED_SHARE and len(self.edges) > 0


def match_line(graph: RoadGraph, shape: BaseGeometry) -> Match:
    """Match a (multi)line, (lon, lat) WGS84, to the directed edges of both directions.

    Pieces come in no order and are matched each for itself. What lies outside the extent of the graph does not count;
    what is left when MOST_PIECES or MOST_M were looked at counts as not found.
    Doubts: `unmatched`; `weakly-matched` (percent, pieces without any edge, of pieces); `partly-matched` (metres that
    were not found of a line whose match is used); `against-one-way` (metres of one-way edges that run against it).
    """
    found: dict[int, Covered] = {}
    pieces: list[CoveredPiece] = []
    drawn_m = 0.0
    for number, piece in enumerate(_pieces_within(graph.table, shape)):
        if number < MOST_PIECES and drawn_m < MOST_M:
            pieces.append(cover_piece(graph, piece, found))
        else:
            pieces.append(CoveredPiece(piece, length_on_ground_m(piece)))
        drawn_m += pieces[-1].length_m
    edges, lengths_m = _edges(graph.table, found, drawn_m)
    share = min(1.0, sum(piece.covered_m for piece in pieces) / drawn_m) if drawn_m else 0.0
    kept = {graph.table.row_of[int(edge_id)] for edge_id in edges["edge_id"]}
    missing = [part for piece in pieces for part in piece.missing(kept, _PARTLY_M)]
    doubts = [*_share_doubts(share, len(edges), pieces, missing), *_one_way_doubts(graph.table, edges, lengths_m)]
    confidence = float(np.average(edges["confidence"], weights=lengths_m)) if len(edges) else 0.0
    match = Match(edges, share, confidence, tuple(doubts))
    return replace(match, missing=shapely.MultiLineString(missing)) if missing and match.trusted else match


def match_between(graph: RoadGraph, points: BaseGeometry, named_roads: frozenset[str]) -> Match:
    """Match the road between two points, (lon, lat) WGS84: sources give the ends of what they speak of.

    The way a car drives must not wind, and must run on the named roads when there are some. Doubt: `path-uncertain`.
    """
    start, end = (tuple(point) for point in shapely.get_coordinates(points).tolist())
    path = graph.path_between(start, end)
    if path is not None and len(path) > 1 and not _winds(path, start, end):
        match = match_line(graph, shapely.LineString(path))
        if not named_roads or _named_share(graph.table, match.edges, named_roads) >= TRUSTED_SHARE:
            return replace(match, path=shapely.LineString(path))
    return Match(_no_edges(), 0.0, 0.0, (MatchDoubt("path-uncertain", {}),))


def match_area(graph: RoadGraph, polygon: BaseGeometry, named_roads: frozenset[str]) -> Match:
    """Find the edges inside a (multi)polygon, (lon, lat) WGS84; motorways and motor roads on another level left out.

    Doubts: `motorway-inside` (metres of motorway left out, and the road that has most of them); `unmatched` when no
    edge at all is inside an area that the graph covers; `partly-matched` (metres of lines beside the area).
    """
    table = graph.table
    areas = polygons_of(polygon)
    if areas is None or not len(table):
        return Match(_no_edges(), 0.0, 0.0)
    area = AreaShape(areas)
    near = np.sort(table.tree.query(areas, predicate="intersects"))
    inside = [int(row) for row in near if area.holds(table.shapes[row])]
    wanted = {road_key(name) for name in named_roads}
    bound = [row for row in inside if _area_binds(table, row, wanted)]
    spans = list(_spans_inside(table, bound, areas))
    edges = _no_edges(len(spans))
    for index, (row, first, last) in enumerate(spans):
        edges[index] = (table.edge_ids[row], True, first, last, 1.0)
    doubts = list(_motorway_doubts(table, set(inside) - set(bound)))
    if not inside and areas.representative_point().intersects(_extent(table)):
        doubts.append(MatchDoubt("unmatched", {}))
    share = 1.0 if len(edges) else 0.0
    lines = lines_of(polygon)
    if lines is not None:
        # A line beside an area is not looked for.
        doubts += _missing_doubts(shapely.get_parts(lines))
    return Match(np.sort(edges, order=["edge_id", "from_fraction"]), share, share, tuple(doubts), missing=lines)


def road_key(name: str) -> str:
    """A road's name or number as it is compared: without spaces, in one case."""
    return "".join(name.split()).casefold()


def _no_edges(count: int = 0) -> MatchedEdges:
    return np.zeros(count, dtype=EDGE_ROW)


def _extent(table: EdgeTable) -> BaseGeometry:
    return grown(shapely.box(*table.coords.min(axis=0), *table.coords.max(axis=0)), SEARCH_RADIUS_M)


def _pieces_within(table: EdgeTable, shape: BaseGeometry) -> list[shapely.LineString]:
    """The pieces of a (multi)line inside the extent of the graph, without points that change nothing."""
    lines = lines_of(shape)
    if lines is None or not len(table):
        return []
    # The tolerance is in degrees: at most half a metre on the ground, less from west to east.
    simpler = shapely.simplify(lines, _SIMPLER_M / 111_195.0)
    inside = lines_of(shapely.clip_by_rect(simpler, *_extent(table).bounds)) if not simpler.is_empty else None
    return [] if inside is None else [piece for piece in shapely.get_parts(inside) if piece.length > 0]


def _edges(table: EdgeTable, found: dict[int, Covered], drawn_m: float) -> tuple[MatchedEdges, Floats]:
    """The rows that are covered enough, and the metres each of their spans covers."""
    kept: list[tuple[tuple[int, bool, float, float, float], float]] = []
    enough_m = max(FOLLOWED_M, min(_PARTLY_M, drawn_m / 2))
    for row, edge in found.items():
        total = float(table.lengths_m[row])
        if edge.covered_m < min(enough_m, total / 2):
            continue
        # Two metres apart is how well a street can be drawn; at the end of the reach the match is worth half.
        confidence = 1.0 - max(0.0, edge.apart_m / edge.covered_m - 2.0) / (2.0 * (REACH_M - 2.0))
        for first, last in merged(edge.spans, END_SLACK_M / total):
            kept.append(
                ((int(table.edge_ids[row]), edge.signed_m >= 0.0, first, last, confidence), (last - first) * total)
            )
    kept.sort(key=lambda one: (one[0][0], one[0][2]))
    edges = np.array([one[0] for one in kept], dtype=EDGE_ROW)
    return edges, np.array([one[1] for one in kept])


def _share_doubts(
    share: float, edge_count: int, pieces: list[CoveredPiece], missing: list[shapely.LineString]
) -> Iterator[MatchDoubt]:
    if pieces and not edge_count:
        yield MatchDoubt("unmatched", {})
    elif pieces and share < TRUSTED_SHARE:
        empty = sum(piece.covered_m == 0.0 for piece in pieces)
        yield MatchDoubt("weakly-matched", {"percent": math.floor(share * 100), "pieces": empty, "of": len(pieces)})
    else:
        yield from _missing_doubts(missing)


def _missing_doubts(missing: Iterable[shapely.LineString]) -> Iterator[MatchDoubt]:
    missing_m = sum(length_on_ground_m(part) for part in missing)
    if missing_m >= FOLLOWED_M:
        yield MatchDoubt("partly-matched", {"metres": round(missing_m)})


def _one_way_doubts(table: EdgeTable, edges: MatchedEdges, lengths_m: Floats) -> Iterator[MatchDoubt]:
    rows = [table.row_of[int(edge_id)] for edge_id in edges["edge_id"]]
    one_way = np.array([table.has(row, EdgeFlag.ONE_WAY) for row in rows], dtype=bool)
    against_m = float(lengths_m[one_way & ~edges["along"]].sum()) if len(edges) else 0.0
    if against_m >= FOLLOWED_M:
        yield MatchDoubt("against-one-way", {"metres": round(against_m)})


def _area_binds(table: EdgeTable, row: int, wanted: set[str]) -> bool:
    return area_applies_to_edge(
        table.road_class(row),
        layer=int(table.layers[row]),
        bridge=table.has(row, EdgeFlag.BRIDGE),
        tunnel=table.has(row, EdgeFlag.TUNNEL),
        motor_road=table.has(row, EdgeFlag.MOTOR_ROAD),
        named=not wanted.isdisjoint(road_key(name) for name in table.names_of(row)),
    )


def _motorway_doubts(table: EdgeTable, left_out: set[int]) -> Iterator[MatchDoubt]:
    metres: dict[str, float] = {}
    for row in left_out:
        name = next(iter(table.names_of(row)), "")
        metres[name] = metres.get(name, 0.0) + float(table.lengths_m[row])
    if metres:
        road = max(metres, key=lambda name: metres[name])
        yield MatchDoubt("motorway-inside", {"metres": round(sum(metres.values())), "road": road})


def _spans_inside(table: EdgeTable, rows: list[int], areas: BaseGeometry) -> Iterator[tuple[int, float, float]]:
    """The spans of edges inside an area: row and fractions of its length; all of it when the outline touches it."""
    shapely.prepare(areas)
    whole = shapely.covers(areas, table.shapes[rows])
    for row, covered in zip(rows, whole, strict=True):
        if covered:
            yield row, 0.0, 1.0
            continue
        shape = table.shapes[row]
        to_metres = to_metres_at(float(shape.bounds[1]))
        path = shapely.transform(shape, to_metres)
        spans = []
        for part in shapely.get_parts(shapely.intersection(shape, areas)):
            if shapely.get_dimensions(part) == 1:
                ends = shapely.points(to_metres(shapely.get_coordinates(part)[[0, -1]]))
                first, last = sorted(shapely.line_locate_point(path, ends, normalized=True).tolist())
                # Both ends of a loop lie at the same place of it.
                spans.append((first, last) if last > first else (0.0, 1.0))
        for first, last in merged(spans or [(0.0, 1.0)], _INSIDE_SLACK_M / max(path.length, _INSIDE_SLACK_M)):
            yield row, first, last


def _winds(path: Floats, start: tuple[float, float], end: tuple[float, float]) -> bool:
    to_metres = to_metres_at(start[1])
    straight_m = shapely.LineString(to_metres(np.array([start, end]))).length
    return bool(shapely.LineString(to_metres(path)).length > straight_m * _MOST_WINDING + _WINDING_SLACK_M)


def _named_share(table: EdgeTable, edges: MatchedEdges, named_roads: frozenset[str]) -> float:
    """The part of the matched length that bears one of the names."""
    wanted = {road_key(name) for name in named_roads}
    rows = [table.row_of[int(edge_id)] for edge_id in edges["edge_id"]]
    lengths_m = (edges["to_fraction"] - edges["from_fraction"]) * table.lengths_m[rows]
    named = np.array(
        [not wanted.isdisjoint(road_key(name) for name in table.names_of(row)) for row in rows], dtype=bool
    )
    total_m = float(lengths_m.sum())
    return float(lengths_m[named].sum()) / total_m if total_m else 0.0
