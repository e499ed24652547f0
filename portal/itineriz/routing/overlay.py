"""The law laid over the graph: which directed edges a regulation bears on, found once and kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.itineriz.routing.engine import Drive, DrivenEdge, Engine
from portal.regulations.evaluate import Reason, State, TripPurpose, judge
from portal.regulations.measures import EdgeFacts, Measure, Origin
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot, Regulation
from portal.regulations.vehicles import FreeText, Vehicle

type Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, slots=True)
class Zone:
    """The edges a regulation bears on, whatever the hour. entering: those that start outside its area."""

    regulation: Regulation
    alone: LawSnapshot
    rows: Rows
    hits: tuple[tuple[Hit, ...], ...]
    starts_outside: npt.NDArray[np.bool_]
    ends_outside: npt.NDArray[np.bool_]

    @property
    def is_area(self) -> bool:
        """True for a perimeter: whoever cannot cross its outline cannot be inside."""
        return isinstance(self.regulation, Perimeter)

    def bears_on(self, path: BaseGeometry, engine: Engine, row: int) -> bool:
        """Tell whether the regulation bears on a part of an edge."""
        return bool(self.alone.at(path, _facts_of_part(engine, row, path)))


def _facts_of_part(engine: Engine, row: int, path: BaseGeometry) -> EdgeFacts:
    """What the law must know of an edge of which this path is driven: a trip starts and ends somewhere on one."""
    facts, whole = engine.facts[row], engine.table.shapes[row]
    if abs(path.length - whole.length) <= _SAME_LENGTH * whole.length:
        return facts
    ends = shapely.get_point(path, [0, -1])
    first, last = shapely.line_locate_point(whole, ends, normalized=True).tolist()
    return facts if first >= last else replace(facts, driven=(first, last))


# Lengths in degrees: good enough to tell a part of an edge from the whole.
_SAME_LENGTH = 0.001

type _Driven = tuple[int, bytes]
"""A row and the very vertices driven of it: the same edge is cut where a trip starts or ends."""
_MOST_KEPT = 20_000
_CLOSED_KEPT = 64
# A law of 100,000 measures weighs tens of megabytes, and a feed may change it each minute.
_LAWS_KEPT = 4


class Overlay:
    """A law and a graph together. One per pair; safe to share, because what it keeps is computed alike by all."""

    def __init__(self, engine: Engine, law: LawSnapshot) -> None:
        self.engine = engine
        self.law = law
        self._zones: dict[str, Zone] = {}
        self._found: dict[_Driven, tuple[Hit, ...] | None] = {}
        self._closed = lru_cache(maxsize=_CLOSED_KEPT)(self._find_closed)

    def regulation(self, reason: Reason) -> Regulation:
        """The regulation a reason speaks of."""
        return (self.law.perimeters if reason.kind == "perimeter" else self.law.measures)[reason.id]

    def zone(self, regulation: Regulation) -> Zone:
        """The edges of a regulation."""
        found = self._zones.get(regulation.id)
        if found is None:
            found = self._zones[regulation.id] = self._find(regulation)
        return found

    def along(self, drive: Drive) -> list[tuple[int, DrivenEdge, tuple[Hit, ...]]]:
        """The edges of a drive with their place in it and what bears on them, whatever the hour.

        An edge touched in one point is not driven: it is left out, what stands there is asked of the stop.
        """
        keys = [(edge.row, drive.coords[edge.first : edge.last + 1].tobytes()) for edge in drive.edges]
        known = self._look_up(drive, keys)
        return [
            (index, edge, hits)
            for index, (edge, hits) in enumerate(zip(drive.edges, known, strict=True))
            if hits is not None
        ]

    def _look_up(self, drive: Drive, keys: Sequence[_Driven]) -> list[tuple[Hit, ...] | None]:
        """What bears on each driven edge, None for one that is only touched; the same edges come back all the time."""
        # Entries are never removed from a store, a full one is replaced: another thread may do that at any moment.
        store = self._found
        found = {key: store[key] for key in keys if key in store}
        fresh = {key: edge for key, edge in zip(keys, drive.edges, strict=True) if key not in found}
        paths = {key: drive.path(edge) for key, edge in fresh.items()}
        found |= dict.fromkeys(fresh)
        driven = [key for key, path in paths.items() if shapely.get_dimensions(path) == 1]
        facts = [_facts_of_part(self.engine, key[0], paths[key]) for key in driven]
        hits = self.law.at_many([paths[key] for key in driven], facts)
        found |= dict(zip(driven, hits, strict=True))
        if len(self._found) + len(fresh) > _MOST_KEPT:
            self._found = {}
        self._found |= {key: found[key] for key in fresh}
        return [found[key] for key in keys]

    def closed_rows(
        self,
        zone: Zone,
        during: Interval,
        vehicle: Vehicle,
        passes: tuple[PassRight, ...],
        purpose: TripPurpose,
    ) -> Rows:
        """The rows of a zone on which the vehicle would break the regulation at some moment of the interval."""
        # No pass opens a measure: the rows stay the same whatever passes a tour is tried with.
        return self._closed(zone, during, vehicle, passes if zone.is_area else (), purpose)

    def _find_closed(
        self,
        zone: Zone,
        during: Interval,
        vehicle: Vehicle,
        passes: tuple[PassRight, ...],
        purpose: TripPurpose,
    ) -> Rows:
        facts = self.engine.facts
        states = [
            judge(zone.alone, hits, during, vehicle, passes, purpose, facts[int(row)]).state
            for row, hits in zip(zone.rows, zone.hits, strict=True)
        ]
        closed: Rows = zone.rows[np.array([state is not State.ALLOWED for state in states], dtype=bool)]
        return closed

    def _find(self, regulation: Regulation) -> Zone:
        alone = self.law.only(regulation)
        table = self.engine.table
        shapes = (
            [regulation.shape] if isinstance(regulation, Perimeter) else [place.drawn for place in regulation.locations]
        )
        drawn = [shape for shape in shapes if not shape.is_empty]
        around = [table.tree.query(_around(shape)) for shape in drawn]
        near = np.unique(np.concatenate([*around, self._matched_rows(regulation)]).astype(np.int64))
        hits = alone.at_many(list(table.shapes[near]), [self.engine.facts[int(row)] for row in near])
        hit = np.array([bool(found) for found in hits], dtype=bool)
        rows = near[hit].astype(np.int64)
        return Zone(
            regulation=regulation,
            alone=alone,
            rows=rows,
            hits=tuple(found for found in hits if found),
            starts_outside=self._outside(alone, rows, 0),
            ends_outside=self._outside(alone, rows, -1),
        )

    def _matched_rows(self, regulation: Regulation) -> Rows:
        """The rows a regulation was matched on, which may lie beside its shape."""
        places = [regulation] if isinstance(regulation, Perimeter) else regulation.locations
        found = [place.matches for place in places if place.matches is not None]
        ids = [int(e) for one in found if one.graph_version == self.engine.version for e in one.rows["edge_id"]]
        return np.array([self.engine.table.row_of[edge_id] for edge_id in ids], dtype=np.int64)

    def _outside(self, alone: LawSnapshot, rows: Rows, end: int) -> npt.NDArray[np.bool_]:
        points = [shapely.Point(self.engine.table.shape_coords(int(row))[end]) for row in rows]
        return np.array([not found for found in alone.at_many(points)], dtype=bool)


@lru_cache(maxsize=_LAWS_KEPT)
def overlay_of(engine: Engine, law: LawSnapshot) -> Overlay:
    """The overlay of a law on a graph; the last ones are kept."""
    return Overlay(engine, law)


@lru_cache(maxsize=_LAWS_KEPT)
def law_to_drive(law: LawSnapshot) -> LawSnapshot:
    """The law without the lasting signs of OpenStreetMap, which the engine knows and obeys by itself.

    The engine read them when the graph was built; to it a street for those who stop in it is costly and not closed, so
    that it finds the way through several of them. It looks at no hour: signs with hours or a season stay, and what
    somebody has to read.
    """
    kept = [measure for measure in law.measures.values() if not _engine_obeys(measure)]
    if len(kept) == len(law.measures):
        return law
    region = law.calendar.region
    return LawSnapshot.build(
        law.perimeters.values(), kept, zone=law.zone, version=law.version, region=region, previous=law
    )


def _engine_obeys(measure: Measure) -> bool:
    if measure.origin is not Origin.OSM or any(isinstance(c, FreeText) for c in measure.vehicles.applies_to):
        return False
    return any(period.is_continuous and period.end is None for period in measure.periods)


DAYS_AHEAD = timedelta(days=3)


def law_of_days(law: LawSnapshot, at: datetime) -> tuple[LawSnapshot, datetime]:
    """The part of the law that can be active in the days from `at` on, and until when it is complete."""
    first = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return _law_between(law, first), first + DAYS_AHEAD


@lru_cache(maxsize=_LAWS_KEPT)
def _law_between(law: LawSnapshot, first: datetime) -> LawSnapshot:
    return law.around(Interval(first, first + DAYS_AHEAD))


def in_force_throughout(regulation: Regulation, law: LawSnapshot, during: Interval) -> bool:
    """Tell whether a regulation is active without a break over the whole interval."""
    spans: list[tuple[datetime, datetime | None] | None]
    if isinstance(regulation, Perimeter):
        spans = [(activation.start, activation.end) for activation in regulation.activations]
    else:
        spans = [period.occurrence(during, law.calendar) for period in regulation.periods]
    return any(
        span is not None and span[0] <= during.start and (span[1] is None or during.end <= span[1]) for span in spans
    )


_REACH_DEGREES = 0.0003


def _around(shape: BaseGeometry) -> BaseGeometry:
    """The bounding box of a shape, a little larger than the reach of a drawn line (about 20 m)."""
    west, south, east, north = shape.bounds
    return shapely.box(west - _REACH_DEGREES, south - _REACH_DEGREES, east + _REACH_DEGREES, north + _REACH_DEGREES)
