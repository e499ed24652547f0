"""Lawful travel times between all the stops of a tour, each row at its own hour: one search from each stop.

Stops in different areas share that search as long as the areas are few: to be in one for a stop is a state of the
search, which a way to a stop elsewhere cannot end in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from portal.common.errors import Invalid
from portal.itineriz.planning.driving import NEAR_STREETS_M
from portal.itineriz.planning.ordering import Travel
from portal.itineriz.routing.checking import ids_at
from portal.itineriz.routing.costing import Costing, costing_for, unknown_sizes
from portal.itineriz.routing.drives import point_on
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.routing.leglaw import LegLaw, LegQuestion, PartLaw
from portal.itineriz.routing.network import End, Network, Targets
from portal.itineriz.routing.snapping import Place
from portal.itineriz.routing.timetable import NO_SPANS
from portal.itineriz.trip import Trip
from portal.regulations.schedules import Interval

type Floats = npt.NDArray[np.float64]
type Truths = npt.NDArray[np.bool_]
type Numbers = npt.NDArray[np.int64]
type Party = tuple[frozenset[str], Numbers]
"""Areas, and the stops that lie in some of them or in none."""

_DAY = timedelta(days=1)
_HALF = 0.5
_ZONES_TOGETHER = 4
"""Areas that one search tells apart; each may double what it has to look at."""


def travel_between(grid: LawGrid, trip: Trip, numbers: Sequence[int]) -> Travel:
    """The travel times between some stops of a trip (numbers as given), for its vehicle and passes.

    What lies beside the stops is not looked at (their legal hours are the caller's), nor is a street for local access
    closed to a leg between other stops of the tour: a table for choosing an order, not a promise.
    """
    strict = _LegalTravel.of(grid, trip, numbers, tolerate_unknown=False)
    if not unknown_sizes(trip.vehicle):
        return strict
    tolerant = _LegalTravel.of(grid, trip, numbers, tolerate_unknown=True)

    def travel(leave_at: Sequence[datetime]) -> Floats:
        # As the legs are driven: a limit of unknown meaning is passed only where nothing else leads there.
        seconds = strict(leave_at)
        return (
            seconds if bool(np.isfinite(seconds).all()) else np.where(np.isfinite(seconds), seconds, tolerant(leave_at))
        )

    return travel


@dataclass(slots=True)
class _LegalTravel:
    """The tables of one question. ids: per stop, the regulations that bear on it."""

    network: Network
    grid: LawGrid
    question: LegQuestion
    costing: Costing
    points: list[tuple[float, float]]
    closed: npt.NDArray[np.bool_]
    ids: list[frozenset[str]]
    leaving: list[tuple[Place, ...]]
    arriving: list[tuple[Place, ...]]
    widened: set[int] = field(default_factory=set)
    prepared: dict[tuple[tuple[int, int], ...], Targets] = field(default_factory=dict)
    """Where the ways to some stops may end, by these stops with the zones around each (bits)."""

    @classmethod
    def of(cls, grid: LawGrid, trip: Trip, numbers: Sequence[int], *, tolerate_unknown: bool) -> _LegalTravel:
        """The tables of a trip."""
        costing = costing_for(trip.vehicle, unknown_is_large=not tolerate_unknown)
        points = [trip.stops[number].point for number in numbers]
        leaving, arriving = (
            [_places(grid.engine, point, costing, leaving=side) for point in points] for side in (True, False)
        )
        question = LegQuestion(trip.vehicle, trip.passes, tolerate_unknown=tolerate_unknown)
        ids = [
            ids_at(grid.law, point).union(*(_ids_on_street(grid, places) for places in found))
            for point, *found in zip(points, leaving, arriving, strict=True)
        ]
        return cls(
            network=grid.engine.network(costing.name),
            grid=grid,
            costing=costing,
            points=points,
            closed=grid.engine.limits.closed_to(trip.vehicle, costing, tolerate_unknown),
            question=question,
            ids=ids,
            leaving=leaving,
            arriving=arriving,
        )

    def __call__(self, leave_at: Sequence[datetime]) -> Floats:
        """(n, n) seconds, see `Travel`."""
        seconds = np.full((len(self.ids), len(self.ids)), np.inf)
        np.fill_diagonal(seconds, 0.0)
        wanted = ~np.eye(len(seconds), dtype=bool)
        window = Interval(min(leave_at), max(leave_at) + _DAY)
        self._fill(seconds, wanted, leave_at, window)
        stranded = self._widened(seconds)
        if stranded:
            again = np.zeros_like(wanted)
            again[stranded] = again[:, stranded] = True
            self._fill(seconds, wanted & again, leave_at, window)
        return seconds

    def _fill(self, seconds: Floats, wanted: Truths, leave_at: Sequence[datetime], window: Interval) -> None:
        """Ask for some pairs of stops. wanted: (n, n)."""
        zones = self._zones(window)
        of_measures = frozenset[str]().union(*self.ids).difference(self.grid.law.perimeters)
        parties = {inside: _parties(zones, inside) for inside in dict.fromkeys(zones)}
        for start in np.flatnonzero(wanted.any(axis=1)).tolist():
            for areas, stops in parties[zones[start]]:
                which = wanted[start, stops]
                if which.any():
                    law = self._law(self.ids[start], areas | of_measures, window)
                    targets = self._targets(stops, law, zones).some(which)
                    seconds[start, stops[which]] = self._from(start, targets, law, leave_at[start])

    def _widened(self, seconds: Floats) -> list[int]:
        """The stops that hardly any way reaches or leaves: from now on served from any street near, as when driven."""
        reached = np.isfinite(seconds) & ~np.eye(len(seconds), dtype=bool)
        stranded = [int(one) for one in np.flatnonzero((reached.mean(axis=0) < _HALF) | (reached.mean(axis=1) < _HALF))]
        if set(stranded) <= self.widened or len(stranded) == len(seconds):
            return []
        for stop in stranded:
            point = self.points[stop]
            self.leaving[stop], self.arriving[stop] = (
                _places(self.grid.engine, point, self.costing, leaving=side, around_m=NEAR_STREETS_M)
                for side in (True, False)
            )
        self.widened.update(stranded)
        self.prepared.clear()
        return stranded

    def _zones(self, window: Interval) -> list[frozenset[str]]:
        """Of each stop the areas that a stop inside opens in the window."""
        areas = [ids.intersection(self.grid.law.perimeters) for ids in self.ids]
        opened = {}
        for ids in dict.fromkeys(areas):
            law = self.grid.for_leg(replace(self.question, end_ids=ids), window)
            opened[ids] = frozenset(self._named(law))
        return [opened[ids] for ids in areas]

    def _named(self, law: LegLaw) -> list[str]:
        """The ids of the zones of a leg, in their order."""
        return [self.grid.regulation(number).id for number in law.zone_regs]

    def _law(self, start_ids: frozenset[str], end_ids: frozenset[str], window: Interval) -> LegLaw:
        law = self.grid.for_leg(replace(self.question, start_ids=start_ids, end_ids=end_ids), window)
        return replace(law, row_closed=law.row_closed | self.closed)

    def _from(self, start: int, targets: Targets, law: LegLaw, at: datetime) -> Floats:
        inside = PartLaw(NO_SPANS, _bits(law.zone_start.tolist()))
        starts = [End(one.row, one.at, one.extra_cost, inside) for one in self.leaving[start]]
        if not starts:
            return np.full(targets.count, np.inf)
        seconds, _ = self.network.many(starts, targets, law=law, depart_s=at.timestamp())
        return seconds

    def _targets(self, stops: Numbers, law: LegLaw, zones: Sequence[frozenset[str]]) -> Targets:
        """Where the ways to some stops may end, under the law of a leg to any of them."""
        named = self._named(law)
        bits = {inside: _bits([one in inside for one in named]) for inside in dict.fromkeys(zones)}
        of_stops = tuple((stop, bits[zones[stop]]) for stop in stops.tolist())
        found = self.prepared.get(of_stops)
        if found is None:
            found = self.prepared[of_stops] = Targets.of([self._ends(*of_stop) for of_stop in of_stops])
        return found

    def _ends(self, stop: int, zones: int) -> list[End]:
        inside = _inside(zones)
        return [End(one.row, one.at, one.extra_cost, inside) for one in self.arriving[stop]]


def _parties(zones: Sequence[frozenset[str]], inside: frozenset[str]) -> list[Party]:
    """The stops by the searches that serve them: stops in the same areas, with those of others while these are few.

    zones: of each stop; inside: those in which all the ways begin.
    """
    groups: dict[frozenset[str], list[int]] = {}
    for stop, areas in enumerate(zones):
        groups.setdefault(areas, []).append(stop)
    together: dict[frozenset[str], list[int]] = {}
    for areas, stops in groups.items():
        joined = next((one for one in together if len(one | areas | inside) <= _ZONES_TOGETHER), None)
        if joined is None:
            together[areas] = stops
        else:
            together[joined | areas] = together.pop(joined) + stops
    return [(areas, np.array(stops)) for areas, stops in together.items()]


@lru_cache(maxsize=64)
def _inside(zones: int) -> PartLaw:
    """A part of an edge in some zones (bits): the same object for all the stops there."""
    return PartLaw(NO_SPANS, zones)


def _places(
    engine: Engine, point: tuple[float, float], costing: Costing, *, leaving: bool, around_m: float = 0.0
) -> tuple[Place, ...]:
    try:
        return engine.places(point, costing, leaving=leaving, around_m=around_m)
    except Invalid:
        # No way leads to a stop far from every street: whoever drives there says so.
        return ()


def _ids_on_street(grid: LawGrid, places: Sequence[Place]) -> frozenset[str]:
    """The regulations that bear on the place on the street from which a stop is served."""
    if not places:
        return frozenset()
    return ids_at(grid.law, point_on(grid.engine.table, places[0].row, places[0].at))


def _bits(inside: Sequence[int]) -> int:
    """The zones in which a stop lies, as bits."""
    return sum(1 << place for place, one in enumerate(inside) if one)
