"""A zone or a whole town: the streets inside, those left out, and the outline that says the same to everybody.

What is left out is cut from the outline as a narrow band, so that the zone means the same to the map, to whoever reads
the published data, and to the next build of the graph.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from portal.numeriz.places.choosing import strips
from portal.numeriz.places.roads import Piece, Roads, name_key
from portal.numeriz.places.values import StreetInside, problem
from portal.numeriz.values import Issue
from portal.regulations.geometry import AreaShape, grown, polygons_of
from portal.regulations.measures import area_applies_to_edge
from portal.territories.api import EdgeFlag, Match, match_area

BAND_M: Final = 2.0
"""Half the width of the band of a street that is left out: carriageways of two streets are farther apart."""
_TOWN_MARGIN_M: Final = 20.0


@dataclass(frozen=True, slots=True)
class Zone:
    """What an outline binds. area: without the bands of what is left out. pieces: bound; left_out: free by hand.

    named_roads: motorways that are bound because a clerk says so.
    """

    area: BaseGeometry
    pieces: tuple[Piece, ...]
    left_out: tuple[Piece, ...]
    streets: tuple[StreetInside, ...]
    named_roads: frozenset[str] = frozenset()
    problems: tuple[Issue, ...] = ()


def zone_of(
    roads: Roads, outline: BaseGeometry, left_out: Iterable[str], removed: Iterable[str], *, motorways: bool
) -> Zone:
    """The streets inside an outline (lon, lat) but for those left out by name and the segments removed by id."""
    named = _fast_roads(roads, outline) if motorways else frozenset()
    match = _match(roads, outline, named)
    inside = _pieces(roads, match)
    keys = {name_key(name) for name in left_out}
    gone_rows = {roads.row_of(segment_id) for segment_id in removed}
    free = [
        piece
        for piece in inside
        if roads.segment(piece.row) in gone_rows
        or (keys and not keys.isdisjoint(name_key(name) for name in roads.table.names_of(piece.row)))
    ]
    area, problems = outline, _doubts(match)
    bound = inside
    if free:
        cut = polygons_of(shapely.difference(outline, strips(roads, free, BAND_M)))
        if cut is None:
            return Zone(
                outline, (), tuple(inside), _streets(roads, [], inside), named, (problem("zone-empty", "rings"),)
            )
        area = shapely.transform(cut, lambda xy: xy.round(7))
        area = area if area.is_valid else (polygons_of(area) or cut)
        gone = {roads.segment(piece.row) for piece in free}
        bound = [piece for piece in inside if roads.segment(piece.row) not in gone]
        problems += _held_otherwise(roads, AreaShape(area), free, bound)
    if not bound:
        problems.append(problem("zone-empty", "rings"))
    return Zone(area, tuple(bound), tuple(free), _streets(roads, bound, free), named, tuple(problems))


def extent(roads: Roads) -> BaseGeometry:
    """The ground of all the roads of a graph."""
    coords = roads.table.coords
    return grown(shapely.box(*coords.min(axis=0), *coords.max(axis=0)), _TOWN_MARGIN_M)


def _match(roads: Roads, area: BaseGeometry, named: frozenset[str]) -> Match:
    with roads.tracing() as graph:
        return match_area(graph, area, named)


def _pieces(roads: Roads, match: Match) -> list[Piece]:
    found: dict[int, list[Piece]] = {}
    for edge in match.edges:
        row = roads.table.row_of[int(edge["edge_id"])]
        piece = Piece(row, float(edge["from_fraction"]), float(edge["to_fraction"]))
        segment = found.setdefault(roads.segment(row), [])
        # Both directions of a segment lie in the same part of the zone.
        if not segment or segment[0].row == row:
            segment.append(piece)
    return [piece for segment in sorted(found) for piece in found[segment]]


def _streets(roads: Roads, bound: Sequence[Piece], free: Sequence[Piece]) -> tuple[StreetInside, ...]:
    """The streets by name with their kilometres; a road without a name is under ""."""
    metres: dict[tuple[str, bool], float] = {}
    for out, pieces in ((False, bound), (True, free)):
        for piece in pieces:
            key = roads.label(piece.row), out
            metres[key] = metres.get(key, 0.0) + roads.length_m(piece)
    ranked = sorted(metres.items(), key=lambda one: (not one[0][0], one[0][0].casefold(), one[0][1]))
    return tuple(StreetInside(name, round(length / 1000, 3), out) for (name, out), length in ranked)


def _fast_roads(roads: Roads, outline: BaseGeometry) -> frozenset[str]:
    """The names of the motorways and motor roads that an outline does not bind unless it names them."""
    table = roads.table
    near = table.tree.query(outline, predicate="intersects").tolist()
    return frozenset(
        name
        for row in near
        if not area_applies_to_edge(
            table.road_class(row),
            layer=int(table.layers[row]),
            bridge=table.has(row, EdgeFlag.BRIDGE),
            tunnel=table.has(row, EdgeFlag.TUNNEL),
            motor_road=table.has(row, EdgeFlag.MOTOR_ROAD),
        )
        for name in table.names_of(row)
    )


def _doubts(match: Match) -> list[Issue]:
    return [
        problem(doubt.code, "motorways", **doubt.params) for doubt in match.doubts if doubt.code == "motorway-inside"
    ]


def _held_otherwise(roads: Roads, area: AreaShape, free: Sequence[Piece], bound: Sequence[Piece]) -> list[Issue]:
    """What the outline says otherwise than the clerk: a street left out that it binds, one beside it that it lost."""
    junctions = {node for piece in free for node in roads.ends(piece.row)}
    beside = [piece for piece in bound if not junctions.isdisjoint(roads.ends(piece.row))]
    found = []
    for code, pieces, wanted in (("still-inside", free, False), ("lost-beside", beside, True)):
        held = area.holds_lines(roads.table.shapes[[piece.row for piece in pieces]])
        wrong = [piece for piece, inside in zip(pieces, held.tolist(), strict=True) if inside is not wanted]
        names = sorted({roads.label(piece.row) or "–" for piece in wrong})
        if names:
            found.append(problem(code, "left_out", names=", ".join(names)))
    return found
