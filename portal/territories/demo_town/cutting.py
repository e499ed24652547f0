"""Cuts a block in two by a new street, the way towns grow: across its long side, square to what is there."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

from portal.territories.demo_town.drafts import TownDraft
from portal.territories.demo_town.plane import (
    Point,
    between,
    centroid,
    contains,
    extent_along,
    grid_angle,
    perimeter_m,
    signed_area_m2,
)

ATTEMPTS = 7
LEAST_BLOCK_WIDTH_M = 9.0


@dataclass(frozen=True, slots=True)
class CutStyle:
    """How streets are cut in a zone. crook_deg: spread of their angle; bend: spread of their sagitta / length."""

    crook_deg: float
    bend: float
    drift: float  # spread of the cut's place along the block, as a share of its length
    snap_m: float  # a street ends at an existing junction when one is this near
    wiggle_m: float = 0.0


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a cut meets the ring: after vertex `index`, at `point`; at the vertex itself when `on_vertex`."""

    index: int
    point: Point
    on_vertex: bool


def cut_block(draft: TownDraft, face: int, style: CutStyle, rng: random.Random, street: int) -> tuple[int, int] | None:
    """Cut a face in two along a new street; return both faces, or None when no decent cut was found."""
    town_map = draft.map
    nodes = town_map.rings[face]
    ring = town_map.ring_points(face)
    area = signed_area_m2(ring)
    for attempt in range(ATTEMPTS):
        strict = attempt < 4
        found = _propose(draft, nodes, ring, style, rng, 1 + attempt * 0.35)
        if found is None:
            continue
        first, second, inner = found
        if not _decent(ring, area, first, second, inner, 0.42 if strict else 0.3):
            continue
        # the later landing is inserted first, so that the earlier index stays right
        late, early = (first, second) if first.index > second.index else (second, first)
        late_node = _node_at(draft, nodes, late)
        early_node = _node_at(draft, nodes, early)
        a, b = (late_node, early_node) if late is first else (early_node, late_node)
        return town_map.cut(face, a, b, inner, street)
    return None


def _node_at(draft: TownDraft, nodes: list[int], landing: Landing) -> int:
    u = nodes[landing.index]
    if landing.on_vertex:
        return u
    return draft.map.insert_node(u, nodes[(landing.index + 1) % len(nodes)], landing.point)


def _propose(
    draft: TownDraft, nodes: list[int], ring: list[Point], style: CutStyle, rng: random.Random, spread: float
) -> tuple[Landing, Landing, list[Point]] | None:
    angle = grid_angle(ring)
    low, high = extent_along(ring, angle)
    side_low, side_high = extent_along(ring, angle + math.pi / 2)
    if (side_high - side_low) > (high - low) * rng.uniform(0.93, 1.07):
        angle, low, high = angle + math.pi / 2, side_low, side_high
    ux, uy = math.cos(angle), math.sin(angle)
    cx, cy = centroid(ring)
    middle = cx * ux + cy * uy
    place = middle + (high - low) * max(-0.22, min(0.22, rng.gauss(0, style.drift * spread)))
    cx, cy = cx + (place - middle) * ux, cy + (place - middle) * uy
    turn = math.radians(rng.gauss(0, style.crook_deg * spread))
    vx, vy = -math.sin(angle + turn), math.cos(angle + turn)
    hits = _hits(ring, (cx, cy), (vx, vy))
    if len(hits) < 2:
        return None
    pairs = [(hits[i], hits[i + 1]) for i in range(0, len(hits) - 1, 2)]
    pair = next((p for p in pairs if p[0][0] <= 0 <= p[1][0]), None)
    if pair is None:
        pair = max(pairs, key=lambda p: p[1][0] - p[0][0])
    first = _land(draft, nodes, ring, pair[0], (vx, vy), style)
    second = _land(draft, nodes, ring, pair[1], (vx, vy), style)
    if first is None or second is None or first.index == second.index:
        return None
    return first, second, _path(first.point, second.point, style, rng)


def _hits(ring: list[Point], origin: Point, direction: Point) -> list[tuple[float, int, float]]:
    """Return the sorted (distance along the line, side, fraction of the side) where a line meets a ring."""
    ox, oy = origin
    vx, vy = direction
    found = []
    last = len(ring) - 1
    x0, y0 = ring[last]
    s0 = (x0 - ox) * vy - (y0 - oy) * vx
    for i, (x1, y1) in enumerate(ring):
        s1 = (x1 - ox) * vy - (y1 - oy) * vx
        if (s0 > 0) != (s1 > 0):
            f = s0 / (s0 - s1)
            px, py = x0 + (x1 - x0) * f, y0 + (y1 - y0) * f
            found.append(((px - ox) * vx + (py - oy) * vy, i - 1 if i else last, f))
        x0, y0, s0 = x1, y1, s1
    found.sort()
    return found if len(found) % 2 == 0 else []


def _land(
    draft: TownDraft,
    nodes: list[int],
    ring: list[Point],
    hit: tuple[float, int, float],
    direction: Point,
    style: CutStyle,
) -> Landing | None:
    """Choose the node or the point of the ring where the cut ends; None when it would meet too obliquely."""
    _, side, fraction = hit
    size = len(ring)
    a, b = ring[side], ring[(side + 1) % size]
    point = between(a, b, fraction)
    near = _near_junction(draft, nodes, ring, side, point, style.snap_m)
    if near is not None:
        before, here, after = ring[near - 1], ring[near], ring[(near + 1) % size]
        if min(_slope(here, before, direction), _slope(here, after, direction)) < 0.62:
            return None
        return Landing(near, here, True)
    if _slope(a, b, direction) < 0.66:
        return None
    for index, vertex in ((side, a), ((side + 1) % size, b)):
        if math.dist(vertex, point) < 5 and draft.map.degree[nodes[index]] == 2:
            return Landing(index, vertex, True)
    return Landing(side, point, False)


def _slope(a: Point, b: Point, direction: Point) -> float:
    """Return the sine of the angle between a side and the cut."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    size = math.hypot(dx, dy) or 1.0
    return abs(dx * direction[1] - dy * direction[0]) / size


def _near_junction(
    draft: TownDraft, nodes: list[int], ring: list[Point], side: int, point: Point, reach_m: float
) -> int | None:
    """Return the index of the nearest junction along the ring within reach, or None."""
    size = len(ring)
    best: tuple[float, int] | None = None
    for step in (-1, 1):
        index = side if step < 0 else (side + 1) % size
        walked = math.dist(point, ring[index])
        while walked < reach_m and (best is None or walked < best[0]):
            if draft.map.degree[nodes[index]] > 2:
                best = (walked, index)
                break
            following = (index + step) % size
            walked += math.dist(ring[index], ring[following])
            index = following
    return best[1] if best else None


def _path(a: Point, b: Point, style: CutStyle, rng: random.Random) -> list[Point]:
    """Return the inner points of a gently bent street from a to b."""
    size = math.dist(a, b)
    bow = max(-0.13, min(0.13, rng.gauss(0, style.bend)))
    sway = max(-0.05, min(0.05, rng.gauss(0, style.bend / 3)))
    count = int(size // 26)
    if count == 0 or (style.bend == 0 and style.wiggle_m == 0):
        return []
    nx, ny = -(b[1] - a[1]), b[0] - a[0]
    inner = []
    for i in range(1, count + 1):
        t = i / (count + 1)
        off = bow * math.sin(math.pi * t) + sway * math.sin(math.tau * t)
        off += rng.uniform(-style.wiggle_m, style.wiggle_m) / size
        x, y = between(a, b, t)
        inner.append((x + nx * off, y + ny * off))
    return inner


def _decent(
    ring: list[Point], area: float, first: Landing, second: Landing, inner: Sequence[Point], least: float
) -> bool:
    """Tell whether both parts would be large and round enough and the street stays inside the block."""
    size = len(ring)
    if any(not contains(ring, point) for point in inner):
        return False
    if len(inner) > 2 and _runs_near(ring, inner[1:-1], LEAST_BLOCK_WIDTH_M):
        return False
    for start, end, middle in ((first, second, inner[::-1]), (second, first, inner)):
        part = [start.point]
        index = (start.index + 1) % size
        stop = end.index if end.on_vertex else (end.index + 1) % size
        guard = 0
        while index != stop and guard <= size:
            part.append(ring[index])
            index = (index + 1) % size
            guard += 1
        part.append(end.point)
        part.extend(middle)
        if len(part) < 3:
            return False
        share = signed_area_m2(part)
        if share < area * 0.26:
            return False
        if 4 * math.pi * share / perimeter_m(part) ** 2 < least:
            return False
    return True


def _runs_near(ring: list[Point], points: Sequence[Point], reach_m: float) -> bool:
    """Tell whether any of the points lies within reach of a side of the ring."""
    west, east = min(p[0] for p in points) - reach_m, max(p[0] for p in points) + reach_m
    south, north = min(p[1] for p in points) - reach_m, max(p[1] for p in points) + reach_m
    x0, y0 = ring[-1]
    for x1, y1 in ring:
        beside = (x0 < west and x1 < west) or (x0 > east and x1 > east)
        beside = beside or (y0 < south and y1 < south) or (y0 > north and y1 > north)
        if not beside:
            dx, dy = x1 - x0, y1 - y0
            square = dx * dx + dy * dy or 1.0
            for px, py in points:
                t = max(0.0, min(1.0, ((px - x0) * dx + (py - y0) * dy) / square))
                if math.hypot(px - x0 - t * dx, py - y0 - t * dy) < reach_m:
                    return True
        x0, y0 = x1, y1
    return False
