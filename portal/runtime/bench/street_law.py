"""A law as large as asked on the streets of a graph: every measure is active, most bind lorries alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely

from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import ALL_VEHICLES, HEAVY_GOODS, Access, HasAccess, Over, Size, VehicleRule
from portal.territories.api import EdgeTable

NOW: Final = datetime(2026, 6, 10, 9, 30, tzinfo=UTC)
"""A Wednesday morning at which every measure is active."""

# Of a hundred measures: 4 close a street to all, 3 make it one-way, 53 bind lorries (20 of them spare those who stop
# there), 10 are about a height, 15 limit the speed, 15 the parking. More streets closed to all would leave no city.
_MIX: Final = (
    (4, MeasureType.NO_ENTRY, ALL_VEHICLES),
    (3, MeasureType.ONE_WAY, ALL_VEHICLES),
    (33, MeasureType.NO_ENTRY, VehicleRule((HEAVY_GOODS,))),
    (20, MeasureType.NO_ENTRY, VehicleRule((HEAVY_GOODS,), (HasAccess(Access.LOCAL_ACCESS),))),
    (10, MeasureType.NO_ENTRY, VehicleRule((Over(Size.HEIGHT, 350),))),
    (15, MeasureType.SPEED_LIMIT, ALL_VEHICLES),
    (15, MeasureType.NO_PARKING, ALL_VEHICLES),
)
MATCHED_SHARE: Final = 0.8
"""What the matching job finds again; the others are known by their shape alone, as a live closure just heard of is."""
_HOURS: Final = (TimeSlot(time(7), time(19)), TimeSlot(time(11), time(13)), TimeSlot(time(10), time(18, 30)))
_WORKDAYS: Final = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}
_MOST_EDGES: Final = 4


class Streets:
    """Walks along the streets of a table."""

    def __init__(self, table: EdgeTable) -> None:
        self.table = table
        ends = np.concatenate((table.coords[table.offsets[:-1]], table.coords[table.offsets[1:] - 1]))
        _, nodes = np.unique(np.round(ends, 6), axis=0, return_inverse=True)
        self._to: npt.NDArray[np.int64] = nodes.reshape(2, -1)[1]
        order = np.argsort(nodes.reshape(2, -1)[0], kind="stable")
        bounds = np.searchsorted(nodes.reshape(2, -1)[0][order], np.arange(nodes.max() + 2))
        self._leaving = [order[first:last] for first, last in pairwise(bounds)]

    def walk(self, dice: random.Random) -> list[int]:
        """Rows of one to some connected edges, along one street where it goes on."""
        table, rows = self.table, [dice.randrange(len(self.table))]
        for _ in range(dice.randrange(_MOST_EDGES)):
            used = {*rows, *(int(table.opposing[row]) for row in rows)}
            onward = [int(row) for row in self._leaving[self._to[rows[-1]]] if int(row) not in used]
            same = [row for row in onward if table.name_rows[row] == table.name_rows[rows[-1]]]
            if not onward:
                break
            rows.append(dice.choice(same or onward))
        return rows


def measures_on_streets(table: EdgeTable, count: int, seed: int = 3) -> Iterator[Measure]:
    """Yield the same measures each time for one table, one count and one seed; ids differ between seeds."""
    dice = random.Random(seed)  # noqa: S311 the same law each time, nothing secret
    streets = Streets(table)
    weights = [weight for weight, _, _ in _MIX]
    for number in range(count):
        _, kind, rule = dice.choices(_MIX, weights)[0]
        yield Measure(
            f"s{seed}-{number}",
            OrderRef(f"o{seed}-{number // 4}", f"Arrêté {number // 4}"),
            kind,
            (_place(dice, table, streets.walk(dice)),),
            (_period(dice),),
            rule,
            dice.choice((20, 30)) if kind is MeasureType.SPEED_LIMIT else None,
        )


def _place(dice: random.Random, table: EdgeTable, rows: list[int]) -> MeasureLocation:
    coords = np.concatenate([table.shape_coords(rows[0]), *(table.shape_coords(row)[1:] for row in rows[1:])])
    matches = None
    if dice.random() < MATCHED_SHARE:
        both = [(row, True) for row in rows] + [(int(table.opposing[row]), False) for row in rows]
        found = EdgeMatches.of(
            table.version, ((int(table.edge_ids[row]), along, 0.0, 1.0, 0.95) for row, along in both if row >= 0)
        )
        bounds = table.bounds_of(found.rows["edge_id"])
        matches = EdgeMatches(table.version, found.rows, bounds=bounds)
    direction = dice.choice((Direction.BOTH, Direction.BOTH, Direction.FORWARD, Direction.UNKNOWN))
    return MeasureLocation(LocationKind.NAMED_STREET, "Rue", shapely.LineString(coords), direction, matches=matches)


def _period(dice: random.Random) -> Period:
    """Half of the measures hold all day, for good or for some weeks; half have hours on working days."""
    start = NOW - timedelta(days=dice.randint(1, 900))
    end = None if dice.random() < 0.5 else NOW + timedelta(days=dice.randint(5, 60))
    return Period(start, end) if dice.random() < 0.5 else Period(start, end, _WORKDAYS, (dice.choice(_HOURS),))
