"""How long it takes to find what is new for the alerts of a town: at first, and after one change of the law."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.schedules import Period
from portal.regulations.snapshot import LawSnapshot
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, timed_ms
from portal.visualiz.alerts.news import Almanac, changed_since

MEASURES: Final = 5_000
ALERTS: Final = 200
_NOW: Final = datetime(2026, 6, 10, 9, 30, tzinfo=UTC)
_ZONE: Final = ZoneInfo("Europe/Paris")
_TOWN: Final = (2.30, 48.84, 2.38, 48.88)
_PIECE: Final = (0.001, 0.0003)
_RADIUS: Final = 0.003


def measure(_ground: Ground) -> Iterator[Line]:
    """Yield the figures of a look at alerts, half of them on streets, under a law made for them."""
    dice = random.Random(6)  # noqa: S311 the same law each time
    measures = [_measure(number, dice) for number in range(MEASURES)]
    before, areas = _law(measures, "1"), [_area(number, dice) for number in range(ALERTS)]
    bare = timed_ms(lambda: [before.in_box(area.bounds) for area in areas])
    first = timed_ms(lambda: _look(Almanac(before, _NOW), areas))
    whole = timed_ms(lambda: _look(Almanac(before, _NOW), areas))
    after = _law([*measures[1:], _measure(MEASURES, dice)], "2")
    changed = timed_ms(lambda: _look(Almanac(changed_since(after, before), _NOW), areas))
    asked = f"{ALERTS} alerts, {MEASURES:,} measures"
    yield Line(f"{asked}: first look", first, "ms", "the law asked of their boxes", bare)
    yield Line(f"{asked}: the whole law again", whole, "ms", "the law asked of their boxes", bare)
    yield Line(f"{asked}: one change", changed, "ms", "the whole law again", whole)


def _look(almanac: Almanac, areas: Sequence[BaseGeometry]) -> int:
    return sum(len(almanac.coming_in(area)) for area in areas)


def _law(measures: Sequence[Measure], version: str) -> LawSnapshot:
    return LawSnapshot.build([], measures, zone=_ZONE, version=version)


def _spot(dice: random.Random) -> tuple[float, float]:
    west, south, east, north = _TOWN
    return dice.uniform(west, east), dice.uniform(south, north)


def _measure(number: int, dice: random.Random) -> Measure:
    """A closure of a day on a short street, some time around the month that is looked at."""
    (lon, lat), start = _spot(dice), _NOW + timedelta(days=dice.uniform(-20, 40))
    line = shapely.LineString([(lon, lat), (lon + _PIECE[0], lat + _PIECE[1])])
    place = MeasureLocation(LocationKind.NAMED_STREET, f"Rue {number}", line, Direction.BOTH)
    period = Period(start, start + timedelta(days=20))
    return Measure(str(number), OrderRef(str(number), f"Arrêté {number}"), MeasureType.NO_ENTRY, (place,), (period,))


def _area(number: int, dice: random.Random) -> BaseGeometry:
    """Ten pieces of a street, or some hundred metres around a place."""
    lon, lat = _spot(dice)
    if number % 2:
        return shapely.Point(lon, lat).buffer(_RADIUS)
    across, up = _PIECE
    corners = [(lon + step * across, lat + step * up) for step in range(11)]
    return shapely.MultiLineString([corners[step : step + 2] for step in range(10)])
