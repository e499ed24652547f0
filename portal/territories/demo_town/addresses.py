"""House numbers: odd on the left, even on the right, growing from the end nearest to the centre."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import pairwise

from portal.territories.demo_town.buildings import Building
from portal.territories.demo_town.dice import dice
from portal.territories.demo_town.network import Chain
from portal.territories.demo_town.plane import Plane, Point
from portal.territories.demo_town.town import Address

Side = tuple[int, bool]  # chain, left of it


class EdgePlaces:
    """Where each directed edge lies along its named chain."""

    def __init__(self, points: list[Point], chains: list[Chain]) -> None:
        self._places: dict[tuple[int, int], tuple[int, float, bool]] = {}
        for number, chain in enumerate(chains):
            at = 0.0
            for u, v in pairwise(chain.nodes):
                size = math.dist(points[u], points[v])
                self._places[(u, v)] = (number, at, True)
                self._places[(v, u)] = (number, at + size, False)
                at += size
        self._points = points

    def locate(self, edge: tuple[int, int], point: Point) -> tuple[Side, float] | None:
        """Return the side of the chain a point left of a directed edge stands on, and how far along; or None."""
        place = self._places.get(edge)
        if place is None:
            return None
        number, at, along = place
        (x0, y0), (x1, y1) = self._points[edge[0]], self._points[edge[1]]
        size = math.hypot(x1 - x0, y1 - y0) or 1.0
        step = ((point[0] - x0) * (x1 - x0) + (point[1] - y0) * (y1 - y0)) / size
        return (number, along), at + step if along else at - step


def number_houses(
    chains: list[Chain], places: EdgePlaces, buildings: list[Building], plane: Plane, seed: int
) -> list[Address]:
    """Return one address for each building with a door on a named street."""
    rng = dice("addresses", seed)
    doors: dict[Side, list[tuple[float, Point]]] = defaultdict(list)
    for building in buildings:
        if building.edge is None or building.door is None:
            continue
        found = places.locate(building.edge, building.door)
        if found is not None:
            doors[found[0]].append((found[1], building.door))
    addresses = []
    for (number, left), found_doors in sorted(doors.items()):
        house = 1 if left else 2
        for _, door in sorted(found_doors):
            lon, lat = plane.to_lonlat(door)
            addresses.append(Address(str(house), chains[number].name, lon, lat))
            if rng.random() < 0.02:
                addresses.append(Address(f"{house} bis", chains[number].name, *plane.to_lonlat((door[0] + 2, door[1]))))
            house += 2 if rng.random() < 0.93 else 4
    return addresses
