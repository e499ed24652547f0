"""From a point to the places on the streets where a way may begin or end, chosen as the engine chooses them.

The nearest street counts, and beside it the nearest one from which (or to which) enough of the network can be reached,
when the nearest is an island. Within 5 m of a junction all its streets count. Source: the engine's loki/search.cc.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from portal.itineriz.routing.kernel import reach_of_rows
from portal.itineriz.routing.network import Network

type Rows = npt.NDArray[np.int64]

CUTOFF_M: Final = 500.0
"""A point farther than this from any street open to the vehicle is not reachable by it."""
_NODE_M: Final = 5.0
_ENOUGH_NODES: Final = 50
_FAR_COST_PER_M2: Final = 10.0
_MOST_FAR_COST: Final = 43_200.0
_METRES_PER_DEGREE: Final = 111_195.08
_SAME_M: Final = 0.01
_POINTS_KEPT: Final = 8192


@dataclass(frozen=True, slots=True)
class Place:
    """A place on an edge: row, share of the edge behind it (0..1), metres from the point asked, what that costs."""

    row: int
    at: float
    away_m: float
    extra_cost: float


class Snapper:
    """Finds the places of points on one network. Safe to share between threads."""

    def __init__(self, network: Network) -> None:
        self._network = network
        table, graph = network.table, network.graph
        self._middle_lat = float(np.median(table.coords[:, 1])) if len(table.coords) else 0.0
        self._scale = np.array([math.cos(math.radians(self._middle_lat)), 1.0]) * _METRES_PER_DEGREE
        opposing = np.where(table.opposing >= 0, table.opposing, -1)
        both = (opposing >= 0) & graph.open[opposing]
        rows = np.arange(len(table))
        # One street stands for its two directions.
        self._streets: Rows = rows[graph.open & ~(both & (opposing < rows))]
        self._lines = shapely.transform(table.shapes[self._streets], lambda coords: coords * self._scale)
        outbound, inbound = reach_of_rows(network.turns, _ENOUGH_NODES)
        self._tree = shapely.STRtree(self._lines)
        self._reachable = tuple(self._well_connected(reach, both, opposing) for reach in (outbound, inbound))
        self._trees = tuple(shapely.STRtree(self._lines[some]) for some in self._reachable)
        self._leaving = _by_node(network.start_nodes, graph.open)
        self._entering = _by_node(network.end_nodes, graph.open)
        self.places = lru_cache(maxsize=_POINTS_KEPT)(self._places)

    def _well_connected(self, reach: npt.NDArray[np.int32], both: npt.NDArray[np.bool_], opposing: Rows) -> Rows:
        enough = reach >= _ENOUGH_NODES
        enough = enough | (both & enough[opposing])
        return np.flatnonzero(enough[self._streets])

    def _places(self, point: tuple[float, float], leaving: bool, around_m: float) -> tuple[Place, ...]:
        """Where a way may begin (leaving) or end; empty when no street is near. `places` keeps the answers.

        point: lon, lat. around_m: every street within this counts, not only the nearest.
        """
        here = shapely.Point(np.array(point) * self._scale)
        side = 0 if leaving else 1
        near = self._nearest(self._trees[side], here)
        streets = {int(self._reachable[side][index]): away for index, away in near}
        best = min(streets.values(), default=math.inf)
        for index, away in self._nearest(self._tree, here):
            if away < best - _SAME_M or not streets:
                streets[index] = away
        if around_m > 0:
            for index in self._tree.query(here, predicate="dwithin", distance=around_m).tolist():
                streets.setdefault(index, float(self._lines[index].distance(here)))
        found: dict[int, tuple[float, float]] = {}
        for index, away in sorted(streets.items(), key=lambda item: item[1]):
            for row, at, away_m in self._on_street(index, away, here):
                found.setdefault(row, (at, away_m))
        unusable = 1.0 if leaving else 0.0
        if any(at != unusable for at, _ in found.values()):
            found = {row: place for row, place in found.items() if place[0] != unusable}
        nearest = min((away for _, away in found.values()), default=0.0)
        return tuple(Place(row, at, away, _far_cost(away, nearest)) for row, (at, away) in found.items())

    def _nearest(self, tree: shapely.STRtree, here: shapely.Point) -> list[tuple[int, float]]:
        if len(tree.geometries) == 0:
            return []
        indexes, away = tree.query_nearest(here, max_distance=CUTOFF_M, return_distance=True)
        return list(zip(indexes.tolist(), away.tolist(), strict=True))

    def _on_street(self, index: int, away: float, here: shapely.Point) -> Iterator[tuple[int, float, float]]:
        line, row = self._lines[index], int(self._streets[index])
        at = float(shapely.line_locate_point(line, here, normalized=True))
        first, last = (shapely.get_point(line, end) for end in (0, -1))
        start_m, end_m = here.distance(first), here.distance(last)
        touched = line.length * _touched_share(at)
        network = self._network
        if start_m < _NODE_M or (at <= 0.5 and touched < _SAME_M):
            yield from self._at_node(int(network.start_nodes[row]), start_m)
        elif end_m < _NODE_M or (at > 0.5 and touched < _SAME_M):
            yield from self._at_node(int(network.end_nodes[row]), end_m)
        else:
            yield row, at, away
            other = int(network.table.opposing[row])
            if other >= 0 and network.graph.open[other]:
                yield other, 1.0 - at, away

    def _at_node(self, node: int, away: float) -> Iterator[tuple[int, float, float]]:
        for rows, at in ((self._leaving, 0.0), (self._entering, 1.0)):
            for row in rows.get(node, ()):
                yield row, at, away


def _touched_share(at: float) -> float:
    return min(at, 1.0 - at)


def _far_cost(away: float, nearest: float) -> float:
    return min((away * away - nearest * nearest) * _FAR_COST_PER_M2, _MOST_FAR_COST)


def _by_node(nodes: npt.NDArray[np.int32], is_open: npt.NDArray[np.bool_]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for row in np.flatnonzero(is_open).tolist():
        rows.setdefault(int(nodes[row]), []).append(row)
    return rows
