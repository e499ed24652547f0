"""Cuts the lines of the plan where they cross and makes the first faces of the planar map."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

import shapely
from shapely.geometry import LineString, Polygon

from portal.territories.demo_town.drafts import NO_STREET, TownDraft
from portal.territories.demo_town.plan import Plan, PlanLine
from portal.territories.demo_town.planar import edge_key
from portal.territories.demo_town.plane import Point

BRIDGED_ROLES = frozenset({"ring", "old_ring", "radial", "axis"})
LONGEST_BRIDGE_M = 190.0
LONGEST_UNDERPASS_M = 150.0
URBAN_REACH = 1.12


def build_skeleton(plan: Plan) -> TownDraft:
    """Return a draft whose faces are the river, the railway and the large pieces of land between the lines."""
    draft = TownDraft(plan)
    river = Polygon([*_line(plan, "quay_left"), *_line(plan, "quay_right")[::-1]])
    rail = Polygon([*_line(plan, "rail_left"), *_line(plan, "rail_right")[::-1]])
    shapely.prepare(river)
    shapely.prepare(rail)
    sources = [LineString(line.points) for line in plan.lines]
    noded = shapely.union_all(sources)
    pieces = [piece for piece in shapely.get_parts(noded) if isinstance(piece, LineString)]
    middles = [piece.interpolate(0.5, normalized=True) for piece in pieces]
    nearest = shapely.STRtree(sources).nearest(middles)
    kept: list[tuple[PlanLine, list[Point], str]] = []
    for piece, middle, index in zip(pieces, middles, nearest, strict=True):
        line = plan.lines[int(index)]
        if max(abs(middle.x), abs(middle.y)) > plan.half_m + 0.01:
            continue
        over = _crossed(line, piece, river, rail, middle)
        if over is not None:
            kept.append((line, [_rounded(p) for p in piece.coords], over))
    kept = _without_dead_ends(kept)
    _fill(draft, kept, river, rail)
    return draft


def _line(plan: Plan, role: str) -> list[Point]:
    return next(list(line.points) for line in plan.lines if line.role == role)


def _rounded(point: tuple[float, ...]) -> Point:
    return round(point[0], 3), round(point[1], 3)


def _crossed(line: PlanLine, piece: LineString, river: Polygon, rail: Polygon, middle: shapely.Point) -> str | None:
    """Return what the piece crosses ('' for nothing), or None when it must not be built."""
    if line.role == "edge" or line.role.startswith(("quay", "rail")):
        return ""
    if river.contains(middle):
        built = line.role in BRIDGED_ROLES and piece.length < LONGEST_BRIDGE_M
        return "river" if built else None
    if rail.contains(middle):
        built = line.role in BRIDGED_ROLES and piece.length < LONGEST_UNDERPASS_M
        return "rail" if built else None
    return ""


def _without_dead_ends(
    kept: list[tuple[PlanLine, list[Point], str]],
) -> list[tuple[PlanLine, list[Point], str]]:
    while True:
        ends = Counter(point for _, points, _ in kept for point in (points[0], points[-1]))
        pruned = [item for item in kept if ends[item[1][0]] > 1 and ends[item[1][-1]] > 1]
        if len(pruned) == len(kept):
            return kept
        kept = pruned


def _fill(draft: TownDraft, kept: list[tuple[PlanLine, list[Point], str]], river: Polygon, rail: Polygon) -> None:
    plan, town_map = draft.plan, draft.map
    node_at: dict[Point, int] = {}
    street_of_line: dict[int, int] = {}
    for line, points, over in kept:
        number = _street_number(draft, line, points, street_of_line)
        nodes = []
        for point in points:
            if point not in node_at:
                node_at[point] = town_map.add_node(point)
            nodes.append(node_at[point])
        for u, v in pairwise(nodes):
            town_map.add_edge(u, v, number)
            if over:
                draft.crossings[edge_key(u, v)] = over
    faces = shapely.polygonize([LineString(points) for _, points, _ in kept])
    oriented = [shapely.orient_polygons(face) for face in shapely.get_parts(faces)]
    polygons = sorted((p for p in oriented if isinstance(p, Polygon)), key=lambda p: p.bounds)
    for polygon in polygons:
        ring = [node_at[_rounded(point)] for point in polygon.exterior.coords[:-1]]
        inside = polygon.representative_point()
        zone = "land"
        if river.contains(inside):
            zone = "river"
        elif rail.contains(inside):
            zone = "rail"
        elif max(plan.reach(_rounded(point)) for point in polygon.exterior.coords) * plan.ring_radius_m < (
            plan.old_radius_m * 1.35
        ):
            zone = "old_town"
        draft.zones[town_map.add_face(ring)] = zone


def _street_number(draft: TownDraft, line: PlanLine, points: list[Point], street_of_line: dict[int, int]) -> int:
    """Return the street of a piece: one per line, but quays stop being streets outside the town."""
    highway = _highway(draft.plan, line)
    if highway is None:
        return NO_STREET
    middle = points[len(points) // 2]
    if line.role.startswith("quay") and draft.plan.reach(middle) > URBAN_REACH:
        return NO_STREET
    if id(line) not in street_of_line:
        street_of_line[id(line)] = draft.add_street(line.role, line.rank, highway, "skeleton")
    return street_of_line[id(line)]


def _highway(plan: Plan, line: PlanLine) -> str | None:
    last_ring = max(other.rank for other in plan.lines if other.role == "ring")
    if line.role == "ring":
        return "trunk" if line.rank == last_ring else ("secondary" if line.rank % 2 == 0 else "primary")
    if line.role == "radial":
        return "primary" if line.rank == 0 else "secondary"
    return {
        "old_ring": "secondary",
        "axis": "tertiary",
        "cross_axis": "tertiary",
        "quay_left": "secondary",
        "quay_right": "secondary",
    }.get(line.role)
