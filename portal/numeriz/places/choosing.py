"""The edges of a place as a clerk sees them: found, taken out, or near and free to add; and the place they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from portal.numeriz.places.roads import Node, Piece, Roads
from portal.numeriz.places.values import EdgeState, Json, problem
from portal.numeriz.values import Issue
from portal.regulations.geometry import to_metres_at
from portal.regulations.measures import Direction, LocationKind, MatchedEdge, MeasureLocation

MOST_DRAWN: Final = 2_000
"""Edges on one page: more would make a page nobody can open."""
_MOST_NEAR: Final = 40
_PART: Final = frozenset({EdgeState.FOUND, EdgeState.ADDED})
_LEAST_AGAINST_M: Final = 5.0


@dataclass(frozen=True, slots=True)
class Choice:
    """The pieces that were found, sorted by what a clerk does with them. stale: some ids are of an older graph."""

    found: tuple[Piece, ...]
    added: tuple[Piece, ...] = ()
    removed: tuple[Piece, ...] = ()
    stale: bool = False

    @property
    def kept(self) -> tuple[Piece, ...]:
        """What is part of the place."""
        return self.found + self.added


def choose(roads: Roads, found: Sequence[Piece], removed: Iterable[str], added: Iterable[str]) -> Choice:
    """Take out and add the segments that a clerk named."""
    out, stale_out = _segments(roads, removed)
    more, stale_more = _segments(roads, added)
    kept = [piece for piece in found if roads.segment(piece.row) not in out]
    gone = [piece for piece in found if roads.segment(piece.row) in out]
    present = {roads.segment(piece.row) for piece in found}
    by_hand: list[Piece] = []
    for row in sorted(more - present):
        by_hand.append(_continued(roads, kept + by_hand, row))
    return Choice(tuple(kept), tuple(by_hand), tuple(gone), stale_out or stale_more)


def _segments(roads: Roads, ids: Iterable[str]) -> tuple[set[int], bool]:
    rows = [roads.row_of(segment_id) for segment_id in ids]
    return {row for row in rows if row is not None}, None in rows


def _continued(roads: Roads, pieces: Sequence[Piece], row: int) -> Piece:
    """A segment as a piece that runs on from the others, head to tail; as it is drawn when nothing tells."""
    heads, tails = set(), set()
    for piece in pieces:
        start, end = _ends(roads, piece)
        tails.add(start)
        heads.add(end)
    start, end = roads.ends(row)
    runs_on, runs_back = (start in heads) + (end in tails), (end in heads) + (start in tails)
    return Piece(row, backwards=runs_back > runs_on)


def _ends(roads: Roads, piece: Piece) -> tuple[Node, Node]:
    start, end = roads.ends(piece.row)
    return (end, start) if piece.backwards else (start, end)


def near_pieces(roads: Roads, kept: Sequence[Piece], removed: Sequence[Piece]) -> list[Piece]:
    """Segments that meet the ends of what was found and are not part of it, namesakes first."""
    present = {roads.segment(piece.row) for piece in (*kept, *removed)}
    fresh: dict[int, Piece] = {}
    for piece in kept:
        for node in roads.ends(piece.row):
            for row in roads.at_node(node):
                if row not in present and row not in fresh:
                    fresh[row] = _continued(roads, kept, row)
    names = {roads.label(piece.row) for piece in kept}
    # What bears a name of the place is most likely what is missing.
    named = [(roads.label(row), row) for row in fresh]
    ranked = sorted(named, key=lambda one: (one[0] not in names, one))
    return [fresh[row] for _name, row in ranked[:_MOST_NEAR]]


def location_of(
    roads: Roads, pieces: Sequence[Piece], kind: LocationKind, label: str, direction: Direction
) -> MeasureLocation | None:
    """The place that some pieces make: their lines in the forward direction, and both edges of each; None for none."""
    lines, edges = [], []
    for piece in pieces:
        line = roads.line(piece)
        if line is not None:
            lines.append(line)
            edges += _matched(roads, piece)
    if not lines:
        return None
    merged = shapely.line_merge(shapely.MultiLineString(lines), directed=True)
    return MeasureLocation(kind, label, shapely.MultiLineString([*shapely.get_parts(merged)]), direction, tuple(edges))


def _matched(roads: Roads, piece: Piece) -> list[MatchedEdge]:
    found = []
    for row, same in roads.directions(piece.row):
        first, last = (piece.first, piece.last) if same else (1.0 - piece.last, 1.0 - piece.first)
        edge_id = str(int(roads.table.edge_ids[row]))
        found.append(MatchedEdge(roads.table.version, edge_id, same != piece.backwards, first, last))
    return found


def against_one_way(roads: Roads, pieces: Sequence[Piece], direction: Direction) -> list[Issue]:
    """A doubt when the one direction that is named does not exist on a part of the place."""
    if direction is Direction.BOTH:
        return []
    metres = sum(
        roads.length_m(piece)
        for piece in pieces
        if roads.is_one_way(piece.row) and piece.backwards == (direction is Direction.FORWARD)
    )
    return [problem("direction-not-driven", "direction", metres=round(metres))] if metres >= _LEAST_AGAINST_M else []


def features(
    roads: Roads, states: Iterable[tuple[EdgeState, Iterable[Piece]]], direction: Direction | None
) -> tuple[Json, tuple[float, float, float, float] | None]:
    """The pieces as GeoJSON and the box around those that are not merely near; direction None: an area has none."""
    found: list[Json] = []
    shown: list[BaseGeometry] = []
    arrow = "" if direction is None else direction.value
    for state, pieces in states:
        for piece in pieces:
            line = roads.line(piece)
            if line is None or len(found) >= MOST_DRAWN:
                continue
            if state is not EdgeState.NEAR:
                shown.append(line)
            name, metres = roads.label(piece.row), max(1, round(roads.length_m(piece)))
            found.append(
                {
                    "type": "Feature",
                    "id": roads.id_of(piece.row),
                    "geometry": mapping(line),
                    "properties": {
                        "id": roads.id_of(piece.row),
                        "name": name,
                        "title": name,
                        "length_m": metres,
                        "arrow": arrow if state in _PART else "",
                        "state": state.value,
                    },
                }
            )
    west, south, east, north = shapely.total_bounds(np.array(shown, dtype=object)).tolist() if shown else (0, 0, 0, 0)
    return {"type": "FeatureCollection", "features": found}, (west, south, east, north) if shown else None


def strips(roads: Roads, pieces: Sequence[Piece], half_width_m: float) -> BaseGeometry:
    """The ground of some segments, a band on both sides of each that ends where the segment does; (lon, lat)."""
    lines = roads.table.shapes[[piece.row for piece in pieces]]
    to_metres = to_metres_at(float(shapely.total_bounds(lines)[1]))
    scale = to_metres(np.ones((1, 2)))[0]
    bands = shapely.buffer(shapely.transform(lines, to_metres), half_width_m, cap_style="flat", quad_segs=2)
    return shapely.transform(shapely.union_all(bands), lambda xy: xy / scale)
