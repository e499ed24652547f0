"""What measures not yet in force would cost those who only pass through: a sample of trips, driven before and after.

The trips are drawn from the streets around what the measures close; one counts when its way before runs through it.
Nobody stops inside, so that no exemption for those who stop is taken. The same question gives the same sample.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt

from portal.itineriz.asking import engine_of
from portal.itineriz.routing.costing import costing_for
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.lawgrid import LawGrid, grid_of
from portal.itineriz.routing.leglaw import LegLaw, LegQuestion
from portal.itineriz.routing.overlay import law_to_drive
from portal.itineriz.routing.ways import End, Way
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.territories.api import TerritoryView

SAMPLE: Final = 40
_MOST_TRIED: Final = 600
_NEAREST_M, _FARTHEST_M = 150.0, 2_000.0
_SHORTEST_SHARE: Final = 0.5
"""A trip goes at least this share of the extent of what is closed: a shorter one hardly passes through it."""
_METRES_PER_DEGREE: Final = 111_195.0
_MIDDLE: Final = 0.5

type Rows = npt.NDArray[np.int64]
type Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Trial:
    """A vehicle, and the edges of the present graph that its trips cross; unknown ones are left out."""

    vehicle: Vehicle
    edge_ids: frozenset[int]


@dataclass(frozen=True, slots=True)
class Through:
    """One trip through what is closed. after_s, after_m: None when no way is left."""

    before_s: float
    before_m: float
    after_s: float | None
    after_m: float | None


def through_trips(
    territory: TerritoryView,
    laws: tuple[LawSnapshot, LawSnapshot],
    trials: Sequence[Trial],
    at: datetime,
    *,
    trips: int = SAMPLE,
    seed: int = 0,
) -> list[list[Through]]:
    """Drive trips that cross some edges, under the law before and the law after. at: their departure (aware).

    One list for each trial; fewer trips than asked where few ways cross, none where nobody drives. Raises
    Unavailable("graph-missing").
    """
    engine = engine_of(territory)
    before = grid_of(engine, law_to_drive(laws[0]))
    # Not kept among the grids of the engine: nobody asks under this law again.
    after = LawGrid(engine, law_to_drive(laws[1]), before)
    return [
        _trips(
            engine,
            _Ground(engine, before, at, trial.vehicle),
            _Ground(engine, after, at, trial.vehicle),
            trial.edge_ids,
            trips,
            seed,
        )
        for trial in trials
    ]


def _trips(
    engine: Engine, before: _Ground, after: _Ground, edge_ids: frozenset[int], trips: int, seed: int
) -> list[Through]:
    known = [engine.table.row_of[edge] for edge in edge_ids if edge in engine.table.row_of]
    if not known:
        return []
    closed = np.zeros(len(engine.table), dtype=np.bool_)
    closed[known] = True
    found: list[Through] = []
    for start, end in _pairs(engine, closed, before.usable, random.Random(seed)):  # noqa: S311 the same trips each time
        way = before.way(start, end)
        if way is None or not closed[way.rows].any():
            continue
        detour = after.way(start, end)
        found.append(
            Through(
                way.duration_s,
                _length_m(engine, way),
                None if detour is None else detour.duration_s,
                None if detour is None else _length_m(engine, detour),
            )
        )
        if len(found) == trips:
            break
    return found


class _Ground:
    """One law over the graph, for one vehicle that leaves at one hour."""

    def __init__(self, engine: Engine, grid: LawGrid, at: datetime, vehicle: Vehicle) -> None:
        self.grid = grid
        self._engine, self._at = engine, at
        self._question = LegQuestion(vehicle, tolerate_unknown=True)
        costing = costing_for(vehicle, unknown_is_large=False)
        self._network = engine.network(costing.name)
        self._closed = engine.limits.closed_to(vehicle, costing, True)
        self.usable: npt.NDArray[np.bool_] = self._network.graph.open & ~self._closed

    def way(self, start: int, end: int) -> Way | None:
        """The cheapest lawful way from the middle of one row to the middle of another."""
        law = self._law(start, end)
        return self._network.way(
            [End(start, _MIDDLE)], [End(end, _MIDDLE)], law=law, depart_s=self._at.timestamp(), closed=self._closed
        )

    def _law(self, start: int, end: int) -> LegLaw:
        # Who lives in a closed street leaves it all the same: what is sampled is the way between.
        ids = [self.grid.ids_on(row, _MIDDLE) for row in (start, end)]
        question = replace(self._question, start_ids=ids[0], end_ids=ids[1])
        return self.grid.for_leg(question, Interval(self._at, self._at + timedelta(hours=6)))


def _pairs(
    engine: Engine, closed: npt.NDArray[np.bool_], usable: npt.NDArray[np.bool_], dice: random.Random
) -> Iterator[tuple[int, int]]:
    """Pairs of rows around what is closed, on different sides of it."""
    table = engine.table
    middles = table.coords[(table.offsets[:-1] + table.offsets[1:]) // 2]
    scale = np.array([np.cos(np.radians(middles[closed][:, 1].mean())), 1.0]) * _METRES_PER_DEGREE
    places = middles * scale
    low, high = places[closed].min(axis=0), places[closed].max(axis=0)
    away_m = np.hypot(*np.maximum(np.maximum(low - places, places - high), 0.0).T)
    around = np.flatnonzero(usable & ~closed & (away_m >= _NEAREST_M) & (away_m <= _FARTHEST_M))
    if len(around) < 2:
        around = np.flatnonzero(usable & ~closed)
    if len(around) < 2:
        return
    centre, least_m = (low + high) / 2, _SHORTEST_SHARE * float(np.hypot(*(high - low)))
    for _ in range(_MOST_TRIED):
        start, end = (int(around[dice.randrange(len(around))]) for _ in range(2))
        sides = (places[start] - centre) @ (places[end] - centre)
        if sides < 0 and np.hypot(*(places[end] - places[start])) >= least_m:
            yield start, end


def _length_m(engine: Engine, way: Way) -> float:
    lengths_m = engine.table.lengths_m[way.rows]
    if len(lengths_m) == 1:
        return float(lengths_m[0] * (way.last_at - way.first_at))
    return float(lengths_m.sum() - lengths_m[0] * way.first_at - lengths_m[-1] * (1.0 - way.last_at))
