"""Where an address is served from: the street nearest to it that the vehicle may use, each way it may be driven there,
and the regulations that bear on a vehicle that stands there.

As the planner does, the nearest street counts, whatever its name. Which way one comes is not asked here: a street that
is closed one way only is served the other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from portal.itineriz.addresses.bearing import perimeters_of
from portal.itineriz.routing.engine import SEARCH_CUTOFF_M, Engine
from portal.itineriz.routing.limits import RoadLimits
from portal.regulations.measures import EdgeFacts
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.territories.api import EdgeFlag

type Floats = npt.NDArray[np.float64]
type Rows = npt.NDArray[np.intp]

_HALF_STAND_M = 5.0
"""A vehicle at its stop takes a few metres of the street: half of them on each side of the address."""
_METRES_PER_DEGREE = 111_195.08
_INDEXES_KEPT = 4


@dataclass(frozen=True, slots=True)
class Approach:
    """One way to stand at an address: the row of the directed edge, and what bears on the vehicle there."""

    row: int
    facts: EdgeFacts
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Serving:
    """Where an address is served from. at: (lon, lat) on the street. approaches: one per direction that exists."""

    at: tuple[float, float]
    street: str
    approaches: tuple[Approach, ...]


class Streets:
    """The streets of a graph open to one kind of vehicle, to find the nearest; on a plane in metres."""

    def __init__(self, engine: Engine, costing_name: str) -> None:
        self.engine = engine
        table = engine.table
        self.limits = RoadLimits(table)
        self._open = (table.flags & (EdgeFlag.TRUCK if costing_name == "truck" else EdgeFlag.CAR)) != 0
        self._rows: Rows = np.flatnonzero(self._open)
        latitude = float(table.coords[:, 1].mean()) if len(table.coords) else 0.0
        self._scale = np.array([np.cos(np.radians(latitude)), 1.0]) * _METRES_PER_DEGREE
        self._tree = shapely.STRtree(shapely.transform(table.shapes[self._rows], self._metric))

    def _metric(self, degrees: Floats) -> Floats:
        metric: Floats = degrees * self._scale
        return metric

    def nearest(self, points: Sequence[tuple[float, float]]) -> list[int | None]:
        """The row of the edge nearest to each point (lon, lat), None farther than SEARCH_CUTOFF_M from any."""
        found: list[int | None] = [None] * len(points)
        if points and len(self._rows):
            places = shapely.points(self._metric(np.array(points, dtype=np.float64)))
            asked, near = self._tree.query_nearest(places, max_distance=SEARCH_CUTOFF_M, all_matches=False)
            for point, place in zip(asked.tolist(), near.tolist(), strict=True):
                found[point] = int(self._rows[place])
        return found

    def directions(self, row: int) -> list[int]:
        """The rows of a street piece, one per direction that the vehicle may drive."""
        other = int(self.engine.table.opposing[row])
        return [row] if other < 0 or not self._open[other] else [row, other]

    def stand(self, row: int, point: tuple[float, float]) -> tuple[BaseGeometry, EdgeFacts, tuple[float, float]]:
        """The part of an edge on which a vehicle stands for an address, its facts, and the place on the street."""
        shape = self.engine.table.shapes[row]
        middle = float(shapely.line_locate_point(shape, shapely.Point(point), normalized=True))
        length_m = max(float(self.engine.table.lengths_m[row]), 0.1)
        half = min(0.5, _HALF_STAND_M / length_m)
        # At the end of an edge the vehicle still takes its length.
        first = min(max(middle - half, 0.0), 1.0 - 2 * half)
        last = first + 2 * half
        at = shapely.line_interpolate_point(shape, middle, normalized=True)
        if first <= 0.0 and last >= 1.0:
            return shape, self.engine.facts[row], (at.x, at.y)
        piece = substring(shape, first, last, normalized=True)
        return piece, replace(self.engine.facts[row], driven=(first, last)), (at.x, at.y)


@lru_cache(maxsize=_INDEXES_KEPT)
def streets_of(engine: Engine, costing_name: str) -> Streets:
    """The streets of a graph for cars (`auto`) or lorries (`truck`); the last ones are kept."""
    return Streets(engine, costing_name)


def serve(streets: Streets, law: LawSnapshot, points: Sequence[tuple[float, float]]) -> list[Serving | None]:
    """Where each address (lon, lat) is served from, None far from every street.

    Regulations of the street bear on the vehicle there, perimeters on it and on the address itself. Points that come
    again share one value.
    """
    places = list(dict.fromkeys(points))
    found = dict(zip(places, _serve_each(streets, law, places), strict=True))
    return [found[point] for point in points]


def _serve_each(streets: Streets, law: LawSnapshot, points: Sequence[tuple[float, float]]) -> list[Serving | None]:
    rows = streets.nearest(points)
    stands = [
        (place, row, *streets.stand(row, points[place]))
        for place, nearest in enumerate(rows)
        if nearest is not None
        for row in streets.directions(nearest)
    ]
    paths = np.array([path for _place, _row, path, _facts, _at in stands], dtype=object)
    of_street = law.on_edges(paths, [facts for _place, _row, _path, facts, _at in stands])
    of_point = perimeters_of(law).at_many([shapely.Point(point) for point in points])
    found: list[Serving | None] = [None] * len(points)
    for (place, row, _path, facts, at), hits in zip(stands, of_street, strict=True):
        approach = Approach(row, facts, _with_perimeters(hits, of_point[place]))
        known = found[place]
        if known is None:
            found[place] = Serving(at, ", ".join(streets.engine.table.names_of(row)), (approach,))
        else:
            found[place] = replace(known, approaches=(*known.approaches, approach))
    return found


def _with_perimeters(hits: tuple[Hit, ...], at_address: tuple[Hit, ...]) -> tuple[Hit, ...]:
    known = {id(hit.regulation) for hit in hits}
    return (*hits, *(hit for hit in at_address if id(hit.regulation) not in known))
