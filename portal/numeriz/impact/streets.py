"""Which streets of the road graph the measures of a draft speak of, which they close, and to whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.numeriz import codec
from portal.numeriz.matching.places import get_matches, match_place
from portal.regulations.geometry import LINE_REACH_M, grown
from portal.regulations.judging_measures import closes
from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import EdgeFacts, Measure, MeasureLocation
from portal.regulations.sites import Hit
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import EdgeFlag, EdgeTable, Match, RoadGraph, TerritoryView, load_edges

type Rows = npt.NDArray[np.int64]
type Floats = npt.NDArray[np.float64]
type Truths = npt.NDArray[np.bool_]

_GRAPHS_KEPT: Final = 2


@lru_cache(maxsize=_GRAPHS_KEPT)
def edges_of(graph_dir: Path) -> EdgeTable:
    """The edges of a finished build, which never changes. Raises FileNotFoundError."""
    return load_edges(graph_dir)


def facts_of(table: EdgeTable, row: int) -> EdgeFacts:
    """What the law needs to know of an edge."""
    return EdgeFacts(
        road_class=table.road_class(row),
        layer=int(table.layers[row]),
        bridge=table.has(row, EdgeFlag.BRIDGE),
        tunnel=table.has(row, EdgeFlag.TUNNEL),
        motor_road=table.has(row, EdgeFlag.MOTOR_ROAD),
        one_way=table.has(row, EdgeFlag.ONE_WAY),
        names=frozenset(table.names_of(row)),
        edge_id=str(int(table.edge_ids[row])),
        graph_version=table.version,
    )


def placed_on_graph(territory: TerritoryView, measures: Sequence[Measure]) -> list[Measure]:
    """The measures with the edges on which their places lie, found now where nobody has looked yet."""
    if territory.graph_dir is None:
        return list(measures)
    version = edges_of(territory.graph_dir).version
    places = [place for measure in measures for place in measure.locations if place.matches_on(version) is None]
    digests = {id(place): codec.location_digest(place) for place in places if not place.shape.is_empty}
    known = dict(get_matches(territory.id, version, digests.values()))
    graph: RoadGraph | None = None
    for place in places:
        digest = digests.get(id(place))
        if digest is not None and digest not in known:
            graph = graph or RoadGraph.open(territory.graph_dir)
            match = match_place(graph, place)
            if match is not None:
                known[digest] = match

    def with_edges(place: MeasureLocation) -> MeasureLocation:
        match = known.get(digests.get(id(place), ""))
        return place if match is None else replace(place, matches=_edge_matches(version, match))

    return [replace(one, locations=tuple(with_edges(place) for place in one.locations)) for one in measures]


def _edge_matches(version: str, match: Match) -> EdgeMatches:
    return EdgeMatches(version, match.edges, match.trusted, None, match.missing, match.path)


@dataclass(frozen=True, eq=False, slots=True)
class Streets:
    """What some measures do to the edges of a graph. rows: (k,) those any of them speaks of.

    metres: (k,) how much of each. hits: (k,) what bears on each, of the measures alone. closing: rows by the id of the
    measure that closes them to whom it binds.
    """

    table: EdgeTable
    rows: Rows
    metres: Floats
    hits: tuple[tuple[Hit, ...], ...]
    facts: tuple[EdgeFacts, ...]
    closing: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def closed_by(self, measures: Iterable[Measure]) -> Rows:
        """The rows that some of the measures close, sorted."""
        found: set[int] = set()
        for measure in measures:
            found |= self.closing.get(measure.id, frozenset())
        return np.array(sorted(found), dtype=np.int64)

    def metres_of(self, rows: Iterable[int]) -> float:
        """Metres of streets of some rows, each street once."""
        return sum(self.each_street(rows).values())

    def each_street(self, rows: Iterable[int]) -> dict[int, float]:
        """Metres by row, the two directions of a street counted as one."""
        by_row = dict(zip(self.rows.tolist(), self.metres.tolist(), strict=True))
        streets: dict[int, float] = {}
        for row in rows:
            other = int(self.table.opposing[row])
            key = min(row, other) if other >= 0 else row
            streets[key] = max(streets.get(key, 0.0), by_row.get(row, float(self.table.lengths_m[row])))
        return streets


def law_alone(law: LawSnapshot, measures: Iterable[Measure]) -> LawSnapshot:
    """The law of some measures and nothing else, with the clock and the holidays of another."""
    return LawSnapshot.build((), measures, zone=law.zone, version=law.version, region=law.calendar.region, previous=law)


def streets_of(table: EdgeTable, law: LawSnapshot, within: BaseGeometry | None = None) -> Streets:
    """What the measures of a law, all of it, do to the edges of a graph. law: that of a draft alone, say.

    within: a box (lon, lat); edges that do not meet it are left out.
    """
    covered: dict[int, float] = {}
    near: set[int] = set()
    for measure in law.measures.values():
        for place in measure.locations:
            matches = place.matches_on(table.version)
            if matches is not None and matches.trusted:
                _add_covered(table, matches, covered)
            elif not place.shape.is_empty:
                near |= set(_rows_near(table, place.shape).tolist())
    asked = np.array(sorted(near | covered.keys()), dtype=np.int64)
    if within is not None:
        asked = np.intersect1d(asked, table.tree.query(within))
    facts = [facts_of(table, row) for row in asked.tolist()]
    hits: tuple[tuple[Hit, ...], ...] = law.on_edges(table.shapes[asked], facts) if len(asked) else ()
    kept = [index for index, found in enumerate(hits) if found]
    rows = asked[kept]
    closing: dict[str, set[int]] = {}
    for index in kept:
        for hit in hits[index]:
            assert isinstance(hit.regulation, Measure)
            if closes(hit, hit.regulation, facts[index]):
                closing.setdefault(hit.regulation.id, set()).add(int(asked[index]))
    return Streets(
        table,
        rows,
        np.array([min(covered.get(row, np.inf), float(table.lengths_m[row])) for row in rows.tolist()]),
        tuple(hits[index] for index in kept),
        tuple(facts[index] for index in kept),
        {key: frozenset(found) for key, found in closing.items()},
    )


def _add_covered(table: EdgeTable, matches: EdgeMatches, covered: dict[int, float]) -> None:
    for edge in matches.rows:
        row = table.row_of.get(int(edge["edge_id"]))
        if row is not None:
            part = float(edge["to_fraction"] - edge["from_fraction"]) * float(table.lengths_m[row])
            covered[row] = covered.get(row, 0.0) + part


def _rows_near(table: EdgeTable, shape: BaseGeometry) -> Rows:
    near = table.tree.query(grown(shape, LINE_REACH_M))
    if shapely.get_dimensions(shape) == 2:
        inside = shapely.intersects(shape, table.shapes[near])
        near = near[inside]
    return near.astype(np.int64)
