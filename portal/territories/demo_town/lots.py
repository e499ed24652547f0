"""The buildable land of a block: its ring drawn back from the streets around it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from portal.territories.demo_town.drafts import NO_STREET, TownDraft
from portal.territories.demo_town.plane import Point, between, crossing, inset_ring, perimeter_m, signed_area_m2

HALF_WIDTH_M = {
    "trunk": 13.0,
    "primary": 10.5,
    "secondary": 9.5,
    "tertiary": 7.5,
    "residential": 6.0,
    "unclassified": 7.5,
    "pedestrian": 3.6,
}
OLD_TOWN_HALF_WIDTH_M = 3.5
NO_STREET_HALF_WIDTH_M = 4.0
LEAST_LOT_M2 = 60
MENDING_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Lot:
    """A drawn-back ring and, for each of its sides, the edge of the map it faces (None: no street there)."""

    ring: list[Point]
    edges: list[tuple[int, int] | None]

    @property
    def area_m2(self) -> float:
        """Area of the lot."""
        return signed_area_m2(self.ring)

    @property
    def mean_width_m(self) -> float:
        """Twice the area over the perimeter: about half of the width of a long lot, the inradius of a round one."""
        return 2 * self.area_m2 / perimeter_m(self.ring)


def lot_of(draft: TownDraft, face: int, pedestrian: set[tuple[int, int]], setback_m: float = 0.0) -> Lot | None:
    """Return the lot of a face, or None when nothing sensible is left of it.

    pedestrian: directed edges that have become pedestrian streets. setback_m: added to each street's half width.
    """
    town_map = draft.map
    nodes = list(town_map.rings[face])
    ring: list[Point] = []
    edges: list[tuple[int, int] | None] = []
    distances: list[float] = []
    for u, v in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        ring.append(town_map.points[u])
        half, is_street = _half_width_m(draft, (u, v), pedestrian)
        edges.append((u, v) if is_street else None)
        distances.append(half + setback_m)
    for _ in range(MENDING_ROUNDS):
        inset = inset_ring(ring, distances)
        folded = folded_sides(ring, inset)
        if not folded:
            lot = Lot(inset, edges)
            return lot if lot.area_m2 > LEAST_LOT_M2 else None
        for side in sorted(folded, reverse=True):
            if len(ring) <= 3:
                return None
            _drop_side(ring, edges, distances, side)
    return None


def _half_width_m(draft: TownDraft, edge: tuple[int, int], pedestrian: set[tuple[int, int]]) -> tuple[float, bool]:
    """Return the half width of what runs along an edge, and whether it is a street."""
    street = draft.map.street_of(*edge)
    if street == NO_STREET:
        return NO_STREET_HALF_WIDTH_M, False
    drawn = draft.streets[street]
    if edge in pedestrian:
        return HALF_WIDTH_M["pedestrian"], True
    return (OLD_TOWN_HALF_WIDTH_M if drawn.zone == "old_town" else HALF_WIDTH_M[drawn.highway]), True


def _drop_side(ring: list[Point], edges: list[tuple[int, int] | None], distances: list[float], side: int) -> None:
    """Take a side out of a ring, in place: its two neighbours are drawn out until they meet."""
    size = len(ring)
    a, b = ring[side], ring[(side + 1) % size]
    before, after = ring[side - 1], ring[(side + 2) % size]
    meeting = crossing(before, a, b, after)
    corner = between(a, b, 0.5)
    if meeting is not None:
        far = between(before, a, meeting[0])
        if math.dist(far, corner) < 2.5 * math.dist(a, b):
            corner = far
    ring[(side + 1) % size] = corner
    del ring[side], edges[side], distances[side]


def folded_sides(ring: list[Point], inset: list[Point]) -> set[int]:
    """Return the sides that have turned round in the inset ring."""
    folded = set()
    size = len(ring)
    for i in range(size):
        a, b = ring[i], ring[(i + 1) % size]
        c, d = inset[i], inset[(i + 1) % size]
        if (b[0] - a[0]) * (d[0] - c[0]) + (b[1] - a[1]) * (d[1] - c[1]) <= 0:
            folded.add(i)
    return folded


def runs_of_sides(lot: Lot) -> list[list[int]]:
    """Group the sides into runs between corners (turns over 24 degrees) that face one kind of edge."""
    ring, size = lot.ring, len(lot.ring)
    corners = []
    for i in range(size):
        (x0, y0), (x1, y1), (x2, y2) = ring[i - 1], ring[i], ring[(i + 1) % size]
        turn = math.atan2(y2 - y1, x2 - x1) - math.atan2(y1 - y0, x1 - x0)
        sharp = abs(math.remainder(turn, math.tau)) > 0.42
        if sharp or (lot.edges[i - 1] is None) != (lot.edges[i] is None):
            corners.append(i)
    if not corners:
        return [list(range(size))]
    runs = []
    for start, stop in zip(corners, [*corners[1:], corners[0] + size], strict=True):
        runs.append([i % size for i in range(start, stop)])
    return runs
