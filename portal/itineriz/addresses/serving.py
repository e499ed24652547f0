"""Where a place is served from: the street nearest to it, each way it may be driven there, and the regulations that
bear on a vehicle that stands there. The public answers, `joptimiz what` and the address check all ask it here.

An address is served from its own street where that is near; any other place, as the planner does, from the nearest
street, whatever its name. Which way one comes is not asked: a street that is closed one way is served the other way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from portal.common.text import fold
from portal.itineriz.documents.streets import load_streets
from portal.itineriz.routing.engine import SEARCH_CUTOFF_M, Engine, distance_m, edge_facts
from portal.itineriz.routing.limits import RoadLimits
from portal.regulations.evaluate import Way
from portal.regulations.geometry import POINT_REACH_M
from portal.regulations.measures import Direction, EdgeFacts
from portal.regulations.perimeters import Perimeter
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.territories.api import EdgeFlag, EdgeTable

type Floats = npt.NDArray[np.float64]
type Rows = npt.NDArray[np.intp]

_HALF_STAND_M = 5.0
"""A vehicle at its stop takes a few metres of the street: half of them on each side of the address."""
_OWN_STREET_M = 60.0
"""The farthest door of a street: behind a court or a garden. Beyond, the street of that name is another one."""
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


@dataclass(frozen=True, slots=True)
class Standing:
    """What bears on who delivers at a point, for `verdict_of_ways`. street: the names of the one that serves it, empty
    when it has none; None when no street is known, and the law was asked at the point itself."""

    ways: tuple[Way, ...]
    street: str | None


class Streets:
    """The streets of a graph open to some vehicles, to find the nearest; on a plane in metres.

    flags: an edge with any of them is open.
    """

    def __init__(self, table: EdgeTable, flags: EdgeFlag) -> None:
        self.table = table
        self._open = (table.flags & flags) != 0
        # One street stands for its two directions.
        rows, opposing = np.arange(len(table)), table.opposing
        twice = (opposing >= 0) & (opposing < rows) & self._open[opposing]
        self._rows: Rows = np.flatnonzero(self._open & ~twice)
        latitude = float(table.coords[:, 1].mean()) if len(table.coords) else 0.0
        self._scale = np.array([np.cos(np.radians(latitude)), 1.0]) * _METRES_PER_DEGREE
        self._lines = shapely.transform(table.shapes[self._rows], self._metric)
        self._tree = shapely.STRtree(self._lines)

    @cached_property
    def limits(self) -> RoadLimits:
        """The physical limits of the streets."""
        return RoadLimits(self.table)

    @cached_property
    def _of_name(self) -> dict[str, Rows]:
        """The places among the open edges of the streets of a name, folded."""
        numbers: dict[str, list[int]] = {}
        for number, names in enumerate(self.table.names):
            for name in names:
                numbers.setdefault(fold(name), []).append(number)
        name_rows = self.table.name_rows[self._rows]
        order = np.argsort(name_rows, kind="stable")
        bounds = np.searchsorted(name_rows[order], np.arange(len(self.table.names) + 1))
        return {
            name: np.concatenate([order[bounds[number] : bounds[number + 1]] for number in known])
            for name, known in numbers.items()
        }

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

    def own(self, point: tuple[float, float], label: str) -> int | None:
        """The row of the nearest piece of the street that an address names; None when it names none that is near."""
        # "12 bis Rue Monge, 75005 Paris": the name is what is left when words are taken from the front.
        words = fold(label.partition(",")[0]).split()
        names = (" ".join(words[first:]) for first in range(len(words)))
        pieces = next((self._of_name[name] for name in names if name in self._of_name), None)
        if pieces is None or not len(pieces):
            return None
        away_m = shapely.distance(self._lines[pieces], shapely.Point(self._metric(np.array(point))))
        best = int(np.argmin(away_m))
        return int(self._rows[pieces[best]]) if away_m[best] <= _OWN_STREET_M else None

    def directions(self, row: int) -> list[int]:
        """The rows of a street piece, one per direction that the vehicle may drive."""
        other = int(self.table.opposing[row])
        return [row] if other < 0 or not self._open[other] else [row, other]

    def stand(self, row: int, point: tuple[float, float]) -> tuple[BaseGeometry, EdgeFacts, tuple[float, float]]:
        """The part of an edge on which a vehicle stands for an address, its facts, and the place on the street."""
        shape, facts = self.table.shapes[row], edge_facts(self.table, row)
        middle = float(shapely.line_locate_point(shape, shapely.Point(point), normalized=True))
        length_m = max(float(self.table.lengths_m[row]), 0.1)
        half = min(0.5, _HALF_STAND_M / length_m)
        # At the end of an edge the vehicle still takes its length.
        first = min(max(middle - half, 0.0), 1.0 - 2 * half)
        last = first + 2 * half
        at = shapely.line_interpolate_point(shape, middle, normalized=True)
        if first <= 0.0 and last >= 1.0:
            return shape, facts, (at.x, at.y)
        piece = substring(shape, first, last, normalized=True)
        return piece, replace(facts, driven=(first, last)), (at.x, at.y)


@lru_cache(maxsize=_INDEXES_KEPT)
def streets_of(engine: Engine, costing_name: str) -> Streets:
    """The streets of a graph for cars (`auto`) or lorries (`truck`); the last ones are kept."""
    return Streets(engine.table, EdgeFlag.TRUCK if costing_name == "truck" else EdgeFlag.CAR)


@lru_cache(maxsize=_INDEXES_KEPT)
def streets_at(graph_dir: Path) -> Streets:
    """All streets of a built graph that motor vehicles may use, which never changes. Raises FileNotFoundError."""
    return Streets(load_streets(graph_dir).table, EdgeFlag.CAR | EdgeFlag.TRUCK)


def standing_at(graph_dir: Path | None, law: LawSnapshot, point: tuple[float, float], label: str = "") -> Standing:
    """What bears on who delivers at a point (lon, lat), as the address check finds it, whatever the vehicle.

    label: the address that the point stands for, when one was asked. Signs that keep a vehicle out are in the law: the
    street that has them is not left out.
    """
    serving = None
    if graph_dir is not None:
        try:
            (serving,) = serve(streets_at(graph_dir), law, [point], [label])
        except FileNotFoundError:
            # The row names a build whose files are not on this machine.
            serving = None
    if serving is None:
        return Standing((Way(law.at(shapely.Point(point))),), None)
    # Most streets are alike both ways: asked once, they take half the time.
    ways = {_bearing(one): Way(one.hits, one.facts) for one in serving.approaches}
    return Standing(tuple(ways.values()), serving.street)


def _bearing(approach: Approach) -> tuple[object, ...]:
    """What tells two directions of a street apart."""
    return approach.facts.one_way, *map(_told_of, approach.hits)


def _told_of(hit: Hit) -> tuple[object, ...]:
    is_directed = hit.location is not None and hit.location.direction in (Direction.FORWARD, Direction.BACKWARD)
    way = hit.along if is_directed else None
    return id(hit.regulation), id(hit.location), hit.areal, way, hit.whole, hit.doubtful, hit.nearby


def serve(
    streets: Streets,
    law: LawSnapshot,
    points: Sequence[tuple[float, float]],
    labels: Sequence[str] = (),
    areas: LawSnapshot | None = None,
) -> list[Serving | None]:
    """Where each address (lon, lat) is served from, None far from every street.

    Regulations of the street bear on the vehicle there; those of areas, and events of which only a point is known, on
    it and on the address itself. So do lines drawn right at a point that is no address of the street and not on it:
    they may be of a way that the graph does not know.

    labels: the address of each point, when known. areas: a part of the law with all that is no line, when many points
    are asked. Points that come again share one value.
    """
    asked = list(zip(points, labels or [""] * len(points), strict=True))
    places = list(dict.fromkeys(asked))
    found = dict(zip(places, _serve_each(streets, law, areas or law, places), strict=True))
    return [found[place] for place in asked]


def _serve_each(
    streets: Streets, law: LawSnapshot, areas: LawSnapshot, places: Sequence[tuple[tuple[float, float], str]]
) -> list[Serving | None]:
    points = [point for point, _label in places]
    owned = [streets.own(point, label) for point, label in places]
    nearest = streets.nearest(points)
    stands = [
        (place, row, *streets.stand(row, points[place]))
        for place, rows in enumerate(zip(owned, nearest, strict=True))
        if (street := next((row for row in rows if row is not None), None)) is not None
        for row in streets.directions(street)
    ]
    paths = np.array([path for _place, _row, path, _facts, _at in stands], dtype=object)
    of_street = law.on_edges(paths, [facts for _place, _row, _path, facts, _at in stands])
    of_point = [tuple(filter(_is_wide, hits)) for hits in areas.at_many([shapely.Point(point) for point in points])]
    strays = {
        place: shapely.Point(points[place])
        for place, _row, _path, _facts, at in stands
        if owned[place] is None and distance_m(points[place], at) > POINT_REACH_M
    }
    for place, hits in zip(strays, law.at_many(list(strays.values())), strict=True):
        of_point[place] = hits
    found: list[Serving | None] = [None] * len(points)
    for (place, row, _path, facts, at), hits in zip(stands, of_street, strict=True):
        approach = Approach(row, facts, _joined(hits, of_point[place]))
        known = found[place]
        if known is None:
            found[place] = Serving(at, ", ".join(streets.table.names_of(row)), (approach,))
        else:
            found[place] = replace(known, approaches=(*known.approaches, approach))
    return found


def _is_wide(hit: Hit) -> bool:
    """Tell whether a regulation bears on a place whatever its street."""
    return isinstance(hit.regulation, Perimeter) or hit.areal or hit.nearby


def _joined(of_street: tuple[Hit, ...], of_point: tuple[Hit, ...]) -> tuple[Hit, ...]:
    """What bears on the street, and what bears on the point alone.

    The latter may not hold in all of the street: it silences no sign there.
    """
    known = {(id(hit.regulation), id(hit.location)) for hit in of_street}
    more = (hit for hit in of_point if (id(hit.regulation), id(hit.location)) not in known)
    return (*of_street, *(replace(hit, whole=False) for hit in more))
