"""An invented law as large as asked: streets, some areas, permanent or for some days, half of them with hours."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import shapely

from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import ALL_VEHICLES, HEAVY_GOODS, Access, HasAccess, Over, Size, VehicleRule

SIDE_KM = 30.0
"""All lie in a square of this side, a dense metropolis: a place has as many neighbours as there are measures."""
WEST, SOUTH = 2.15, 48.72
NOW = datetime(2026, 6, 10, 9, 30, tzinfo=UTC)
MEASURES_PER_ORDER = 4

_LAT_KM = 1 / 111.195
_LON_KM = _LAT_KM / math.cos(math.radians(SOUTH))
_TYPES = (
    *(MeasureType.NO_ENTRY,) * 5,
    *(MeasureType.SPEED_LIMIT,) * 2,
    *(MeasureType.NO_PARKING,) * 2,
    MeasureType.ONE_WAY,
)
_RULES = (
    ALL_VEHICLES,
    VehicleRule((HEAVY_GOODS,)),
    VehicleRule((HEAVY_GOODS,), (HasAccess(Access.LOCAL_ACCESS),)),
    VehicleRule((Over(Size.HEIGHT, 350),)),
)
_WORKDAYS = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}


def invented_measures(count: int) -> Iterator[Measure]:
    """Yield the same measures each time for one count."""
    dice = random.Random(3)  # noqa: S311 the same law each time, nothing secret
    for number in range(count):
        kind = dice.choice(_TYPES)
        place = _area(dice) if dice.random() < 0.05 else _street(dice)
        order = OrderRef(f"o{number // MEASURES_PER_ORDER}", f"Arrêté {number // MEASURES_PER_ORDER}")
        yield Measure(
            f"m{number}",
            order,
            kind,
            (place,),
            (_period(dice),),
            dice.choice(_RULES),
            dice.choice((20, 30, 50)) if kind is MeasureType.SPEED_LIMIT else None,
        )


def invented_points(count: int) -> list[shapely.Point]:
    """Points all over the square."""
    dice = random.Random(5)  # noqa: S311 the same points each time, nothing secret
    return [shapely.Point(*_at(dice.random() * SIDE_KM, dice.random() * SIDE_KM)) for _ in range(count)]


def box_around(x_km: float, y_km: float, side_km: float) -> tuple[float, float, float, float]:
    """West, south, east and north of a square of the map."""
    west, south = _at(x_km - side_km / 2, y_km - side_km / 2)
    east, north = _at(x_km + side_km / 2, y_km + side_km / 2)
    return west, south, east, north


def _at(x_km: float, y_km: float) -> tuple[float, float]:
    return WEST + x_km * _LON_KM, SOUTH + y_km * _LAT_KM


def _street(dice: random.Random) -> MeasureLocation:
    """A line of three to twelve vertices, some 20 to 60 m apart, that winds a little."""
    x, y = dice.random() * SIDE_KM, dice.random() * SIDE_KM
    heading = dice.random() * math.tau
    points = [_at(x, y)]
    for _ in range(dice.randint(2, 11)):
        heading += dice.uniform(-0.3, 0.3)
        step = dice.uniform(0.02, 0.06)
        x, y = x + step * math.cos(heading), y + step * math.sin(heading)
        points.append(_at(x, y))
    return MeasureLocation(LocationKind.NAMED_STREET, "Rue", shapely.LineString(points), dice.choice([*Direction]))


def _area(dice: random.Random) -> MeasureLocation:
    """A zone of 100 to 600 m across, of 40 vertices."""
    x, y, radius = dice.random() * SIDE_KM, dice.random() * SIDE_KM, dice.uniform(0.05, 0.3)
    ring = [
        _at(x + radius * dice.uniform(0.8, 1) * math.cos(a), y + radius * dice.uniform(0.8, 1) * math.sin(a))
        for a in (math.tau * n / 40 for n in range(40))
    ]
    return MeasureLocation(LocationKind.AREA, "Zone", shapely.make_valid(shapely.Polygon(ring)))


def _period(dice: random.Random) -> Period:
    """A third is permanent, a third holds for weeks around now, a third is over or to come."""
    which = dice.random()
    start = NOW - timedelta(days=dice.randint(30, 900) if which < 0.67 else dice.choice((-200, -90, 120, 400)))
    end = None if which < 0.33 else NOW + timedelta(days=dice.randint(5, 60)) if which < 0.67 else start + timedelta(30)
    if dice.random() < 0.5:
        return Period(start, end)
    slot = dice.choice((TimeSlot(time(7), time(19)), TimeSlot(time(21), time(6)), TimeSlot(time(8, 30), time(12))))
    return Period(start, end, _WORKDAYS, (slot,), dice.choice((HolidayRule.IGNORED, HolidayRule.EXCEPTED)))
