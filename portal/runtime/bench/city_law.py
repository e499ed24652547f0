"""A law of any size over a city that stays drivable: however many the measures, they bear on one street in eight.

The public sample of DiaLog holds five orders, all against heavy goods vehicles with exemptions; no count of the whole
base by kind is published. The mix below is therefore ours. Of a hundred measures, all active on the morning of the
measure: 3 close a street to all, 2 make it one-way, 10 bind lorries at once (half of them spare those who stop there),
5 bind lorries over 19 t, 5 are about a height of 3.80 m, 35 limit the speed, 40 the parking. Half have hours.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Final

import numpy as np
import shapely

from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import ALL_VEHICLES, HEAVY_GOODS, Access, HasAccess, Over, Size, VehicleRule
from portal.runtime.bench.street_law import NOW, Streets
from portal.territories.api import EdgeTable

_MIX: Final = (
    (3, MeasureType.NO_ENTRY, ALL_VEHICLES),
    (2, MeasureType.ONE_WAY, ALL_VEHICLES),
    (5, MeasureType.NO_ENTRY, VehicleRule((HEAVY_GOODS,))),
    (5, MeasureType.NO_ENTRY, VehicleRule((HEAVY_GOODS,), (HasAccess(Access.LOCAL_ACCESS),))),
    (5, MeasureType.NO_ENTRY, VehicleRule((Over(Size.GROSS_WEIGHT, 19_000),))),
    (5, MeasureType.NO_ENTRY, VehicleRule((Over(Size.HEIGHT, 380),))),
    (35, MeasureType.SPEED_LIMIT, ALL_VEHICLES),
    (40, MeasureType.NO_PARKING, ALL_VEHICLES),
)
_STREETS_SHARE: Final = 8
_WORKDAYS: Final = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}
_HOURS: Final = (TimeSlot(time(7), time(19)), TimeSlot(time(11), time(13)), TimeSlot(time(10), time(18, 30)))


def active_measures(table: EdgeTable, count: int) -> Iterator[Measure]:
    """Yield the same measures each time for one table and count."""
    dice = random.Random(11)  # noqa: S311 the same law each time, nothing secret
    streets = Streets(table)
    places = [streets.walk(dice) for _ in range(len(table) // (_STREETS_SHARE * 3))]
    weights = [weight for weight, _, _ in _MIX]
    for number in range(count):
        _, kind, rule = dice.choices(_MIX, weights)[0]
        start = NOW - timedelta(days=dice.randint(1, 900))
        hours = dice.random() < 0.5
        period = Period(start, None, _WORKDAYS, (dice.choice(_HOURS),)) if hours else Period(start, None)
        yield Measure(
            f"m{number}",
            OrderRef(f"o{number // 4}", f"Arrêté {number // 4}"),
            kind,
            (_place(table, dice.choice(places)),),
            (period,),
            rule,
            30 if kind is MeasureType.SPEED_LIMIT else None,
        )


def _place(table: EdgeTable, rows: list[int]) -> MeasureLocation:
    coords = np.concatenate([table.shape_coords(rows[0]), *(table.shape_coords(row)[1:] for row in rows[1:])])
    both = [(row, True) for row in rows] + [(int(table.opposing[row]), False) for row in rows]
    found = EdgeMatches.of(
        table.version, ((int(table.edge_ids[row]), along, 0.0, 1.0, 0.95) for row, along in both if row >= 0)
    )
    matches = EdgeMatches(table.version, found.rows, bounds=table.bounds_of(found.rows["edge_id"]))
    drawn = shapely.LineString(coords)
    return MeasureLocation(LocationKind.NAMED_STREET, "Rue", drawn, Direction.BOTH, matches=matches)
