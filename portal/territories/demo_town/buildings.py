"""Buildings of a block: rows around a courtyard, houses in gardens, bars, sheds."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from portal.territories.demo_town.lots import Lot, folded_sides, runs_of_sides
from portal.territories.demo_town.plane import (
    Point,
    between,
    centroid,
    contains,
    extent_along,
    grid_angle,
    inset_ring,
)


@dataclass(frozen=True, slots=True)
class Building:
    """An outline in metres, its `building` tag, its door and the directed edge the door opens on."""

    outline: tuple[Point, ...]
    kind: str
    edge: tuple[int, int] | None = None
    door: Point | None = None


@dataclass(frozen=True, slots=True)
class RowStyle:
    """A street of houses wall to wall: widths and depth in metres, share of gaps."""

    least_width_m: float
    most_width_m: float
    depth_m: float
    gaps: float
    kind: str


ROWS = {
    "old_town": RowStyle(7, 12, 11, 0.03, "yes"),
    "centre": RowStyle(12, 22, 12.5, 0.07, "apartments"),
}


def row_houses(lot: Lot, style: RowStyle, rng: random.Random) -> Iterator[Building]:
    """Yield houses wall to wall around a courtyard; the whole lot as one house when it is too small."""
    if lot.area_m2 < 330:
        edge = next((e for e in lot.edges if e is not None), None)
        if edge is not None:
            side = lot.edges.index(edge)
            door = between(lot.ring[side], lot.ring[(side + 1) % len(lot.ring)], 0.5)
            yield Building(tuple(lot.ring), style.kind, edge, door)
        return
    depth = min(style.depth_m * rng.uniform(0.9, 1.15), 0.8 * lot.mean_width_m)
    inner = inset_ring(lot.ring, [depth] * len(lot.ring))
    folded = folded_sides(lot.ring, inner)
    if folded:
        inner = inset_ring(lot.ring, [depth * 0.55] * len(lot.ring))
        folded = folded_sides(lot.ring, inner)
    for run in runs_of_sides(lot):
        sides = [i for i in run if i not in folded]
        if sides and lot.edges[sides[0]] is not None:
            yield from _row(lot, inner, sides, style, rng)


def _row(lot: Lot, inner: list[Point], sides: list[int], style: RowStyle, rng: random.Random) -> Iterator[Building]:
    ring, size = lot.ring, len(lot.ring)
    lengths = [math.dist(ring[i], ring[(i + 1) % size]) for i in sides]
    total = sum(lengths)
    cuts = [0.0]
    while cuts[-1] < total:
        cuts.append(cuts[-1] + rng.uniform(style.least_width_m, style.most_width_m))
    stretch = total / cuts[-1] if len(cuts) < 3 or total - cuts[-2] > style.least_width_m * 0.6 else total / cuts[-2]
    cuts = [c * stretch for c in cuts if c * stretch <= total + 1e-6]
    cuts[-1] = total
    for begin, end in pairwise(cuts):
        if rng.random() < style.gaps:
            continue
        shrink = rng.choice((1.0, 1.0, 1.0, 0.86, 0.74))
        outer_part: list[Point] = []
        inner_part: list[Point] = []
        middle = (begin + end) / 2
        door = edge = None
        start = 0.0
        for side, side_length in zip(sides, lengths, strict=True):
            stop = start + side_length
            low, high = max(begin, start), min(end, stop)
            if low < high:
                for s in (low, high):
                    f = (s - start) / side_length
                    out = between(ring[side], ring[(side + 1) % size], f)
                    back = between(inner[side], inner[(side + 1) % size], f)
                    if not outer_part or math.dist(outer_part[-1], out) > 0.05:
                        outer_part.append(out)
                        inner_part.append(between(out, back, shrink))
                if low <= middle <= high:
                    door = between(ring[side], ring[(side + 1) % size], (middle - start) / side_length)
                    edge = lot.edges[side]
            start = stop
        if len(outer_part) >= 2:
            yield Building((*outer_part, *inner_part[::-1]), style.kind, edge, door)


def garden_houses(lot: Lot, rng: random.Random) -> Iterator[Building]:
    """Yield detached or paired houses behind front gardens, square to the street."""
    size = len(lot.ring)
    placed: list[Point] = []
    for run in runs_of_sides(lot):
        if lot.edges[run[0]] is None:
            continue
        lengths = [math.dist(lot.ring[i], lot.ring[(i + 1) % size]) for i in run]
        total = sum(lengths)
        at = rng.uniform(6, 9)
        while at < total - 6:
            wide = rng.uniform(9, 13)
            deep = min(rng.uniform(8, 10.5), 0.75 * lot.mean_width_m)
            front = rng.uniform(2.5, 6)
            left, side = at, 0
            while side < len(run) - 1 and left > lengths[side]:
                left -= lengths[side]
                side += 1
            index = run[side]
            a, b = lot.ring[index], lot.ring[(index + 1) % size]
            span = math.dist(a, b)
            ux, uy = (b[0] - a[0]) / span, (b[1] - a[1]) / span
            door = (a[0] + ux * left, a[1] + uy * left)
            middle = (door[0] - uy * (front + deep / 2), door[1] + ux * (front + deep / 2))
            free = all(math.dist(middle, other) > 15.5 for other in placed)
            outline = _rectangle(middle, (ux, uy), wide, deep)
            if free and rng.random() < 0.95 and all(contains(lot.ring, p) for p in outline):
                placed.append(middle)
                if rng.random() < 0.35:  # a wing at the back makes the house an L
                    outline = _with_wing(middle, (ux, uy), wide, deep, rng)
                yield Building(outline, "house", lot.edges[index], door)
            at += rng.uniform(15.5, 21)


def _rectangle(middle: Point, direction: Point, wide: float, deep: float) -> tuple[Point, ...]:
    (x, y), (ux, uy) = middle, direction
    hx, hy = wide / 2, deep / 2
    return tuple(
        (x + ux * dx * hx - uy * dy * hy, y + uy * dx * hx + ux * dy * hy)
        for dx, dy in ((-1, -1), (1, -1), (1, 1), (-1, 1))
    )


def _with_wing(middle: Point, direction: Point, wide: float, deep: float, rng: random.Random) -> tuple[Point, ...]:
    (x, y), (ux, uy) = middle, direction
    hx, hy, wing, back = wide / 2, deep / 2, rng.uniform(0.3, 0.5) * wide, rng.uniform(2.5, 4)
    local = ((-hx, -hy), (hx, -hy), (hx, hy), (-hx + wing, hy), (-hx + wing, hy + back), (-hx, hy + back))
    return tuple((x + ux * dx - uy * dy, y + uy * dx + ux * dy) for dx, dy in local)


@dataclass(frozen=True, slots=True)
class BarStyle:
    """Parallel buildings in the open: length range, depth range, distance between rows and in a row, all metres."""

    length_m: tuple[float, float]
    depth_m: tuple[float, float]
    row_gap_m: float
    gap_m: float
    kind: str
    filled: float = 0.9


BARS = {
    "estate": BarStyle((38, 68), (11.5, 13.5), 32, 20, "apartments", 0.85),
    "industry": BarStyle((45, 105), (34, 62), 20, 22, "industrial", 0.9),
    "market": BarStyle((95, 130), (30, 36), 26, 24, "warehouse", 1.0),
    "hospital": BarStyle((50, 78), (16, 20), 22, 18, "hospital", 0.85),
    "lycee": BarStyle((44, 62), (13, 16), 30, 22, "school", 0.75),
    "school": BarStyle((26, 40), (11, 13), 24, 16, "school", 1.0),
}


def bars(lot: Lot, style: BarStyle, rng: random.Random) -> Iterator[Building]:
    """Yield parallel buildings square to the block's own grid, wherever they fit inside the lot."""
    angle = grid_angle(lot.ring)
    low, high = extent_along(lot.ring, angle)
    side_low, side_high = extent_along(lot.ring, angle + math.pi / 2)
    if side_high - side_low > high - low:
        angle += math.pi / 2
        low, high, side_low, side_high = side_low, side_high, -high, -low
    ux, uy = math.cos(angle), math.sin(angle)
    door_edge = next((e for e in lot.edges if e is not None), None)
    v = side_low + 4
    while v < side_high:
        row_is_empty = True
        deep = rng.uniform(*style.depth_m)
        u = low + 4
        while u < high:
            long = rng.uniform(*style.length_m)
            placed = False
            for size in (long, style.length_m[0], style.length_m[0] * 0.7):
                middle = (u + size / 2, v + deep / 2)
                point = (middle[0] * ux - middle[1] * uy, middle[0] * uy + middle[1] * ux)
                outline = _rectangle(point, (ux, uy), size, deep)
                edges = [between(outline[i], outline[(i + 1) % 4], 0.5) for i in range(4)]
                if all(contains(lot.ring, p) for p in (*outline, *edges)):
                    if rng.random() < style.filled:
                        door, edge = _door(lot, point)
                        yield Building(outline, style.kind, edge or door_edge, door)
                    u += size + style.gap_m
                    placed, row_is_empty = True, False
                    break
            if not placed:
                u += 9
        v += 7.0 if row_is_empty else deep + style.row_gap_m


def _door(lot: Lot, point: Point) -> tuple[Point, tuple[int, int] | None]:
    """Return the middle of the nearest street side, and its edge."""
    size = len(lot.ring)
    sides = [i for i in range(size) if lot.edges[i] is not None]
    if not sides:
        return point, None
    middles = {i: between(lot.ring[i], lot.ring[(i + 1) % size], 0.5) for i in sides}
    side = min(sides, key=lambda i: math.dist(middles[i], point))
    return middles[side], lot.edges[side]


def town_hall(lot: Lot) -> Building:
    """Return the town hall, at the middle of the longest side of a square."""
    size = len(lot.ring)
    side = max(range(size), key=lambda i: math.dist(lot.ring[i], lot.ring[(i + 1) % size]))
    a, b = lot.ring[side], lot.ring[(side + 1) % size]
    span = math.dist(a, b)
    ux, uy = (b[0] - a[0]) / span, (b[1] - a[1]) / span
    deep, wide = 13.0, min(36.0, span)
    x, y = between(a, b, 0.5)
    return Building(
        _rectangle((x - uy * deep / 2, y + ux * deep / 2), (ux, uy), wide, deep), "civic", lot.edges[side], (x, y)
    )


def church(lot: Lot) -> Building:
    """Return a church with a transept, turned to the east, at the middle of a lot."""
    x, y = centroid(lot.ring)
    scale = max(0.7, min(1.1, lot.mean_width_m / 13))
    local = (
        (-24, -7),
        (-4, -7),
        (-4, -13),
        (6, -13),
        (6, -7),
        (14, -7),
        (19, -4),
        (21, 0),
        (19, 4),
        (14, 7),
        (6, 7),
        (6, 13),
        (-4, 13),
        (-4, 7),
        (-24, 7),
    )
    angle = grid_angle(lot.ring)
    ux, uy = math.cos(angle), math.sin(angle)
    outline = tuple((x + scale * (dx * ux - dy * uy), y + scale * (dx * uy + dy * ux)) for dx, dy in local)
    return Building(outline, "church")
