"""The week of a place: hours and stretches, against the core asked minute by minute."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from portal.regulations.evaluate import State, open_windows, verdict
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Interval, Period, TimeSlot, Weekday
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import HEAVY_GOODS, Over, Size, Vehicle, VehicleRule
from portal.visualiz.choices import Choice
from portal.visualiz.week import stretches, week_of
from tests.factories.law import square

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    """An instant on the clock of Paris."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


HERE, THERE = Point(2.362, 48.862), Point(2.38, 48.87)
SUNDAY = at("2024-09-08T05:30"), at("2024-09-08T14:15")
STREET = MeasureLocation(LocationKind.NAMED_STREET, "Rue", shapely.LineString([(2.361, 48.862), (2.363, 48.862)]))
NIGHT = Period(at("2024-01-01T00:00"), None, frozenset({Weekday.FRIDAY}), (TimeSlot(time(21), time(6)),))


def law() -> LawSnapshot:
    perimeter = Perimeter("p", "Fête", "Place", Colour.RED, square(2.360, 48.860), (Activation(*SUNDAY),))
    heavy = VehicleRule((HEAVY_GOODS,))
    tall = VehicleRule((Over(Size.HEIGHT, 300),))
    measures = [
        Measure("m", OrderRef("o", "Nuits"), MeasureType.NO_ENTRY, (STREET,), (NIGHT,), heavy),
        Measure(
            "h",
            OrderRef("o2", "Pont"),
            MeasureType.NO_ENTRY,
            (STREET,),
            (Period(at("2024-09-04T00:00"), at("2024-09-05T00:00")),),
            tall,
        ),
    ]
    return LawSnapshot.build([perimeter], measures, zone=PARIS, version="1")


LORRY = Choice("pl12", "Camion", Vehicle(gross_weight_kg=12_000))
WITH_PASS = Choice(
    "own",
    "Camion",
    Vehicle(gross_weight_kg=12_000),
    (PassRight(at("2024-09-08T00:00"), at("2024-09-08T10:00"), frozenset({"p"})),),
)


@pytest.mark.parametrize("choice", [LORRY, WITH_PASS], ids=["profile", "own-with-pass"])
def test_stretches_say_what_the_core_says_when_any_minute_is_asked(choice: Choice) -> None:
    window = Interval(at("2024-09-02T00:00"), at("2024-09-09T00:00"))
    found = stretches(law(), [HERE, THERE], window, choice)
    assert (found[0].start, found[-1].end) == (window.start, window.end)
    assert all(one.end == other.start for one, other in pairwise(found))
    dice, seen = random.Random(8), set[State]()
    for _ in range(600):
        instant = window.start + timedelta(minutes=dice.randrange(7 * 24 * 60))
        stretch = next(one for one in found if one.start <= instant < one.end)
        states = [verdict(law(), place, instant, choice.vehicle, choice.passes).state for place in (HERE, THERE)]
        assert (stretch.best, stretch.worst) == (
            min(states, key=lambda state: state.strictness),
            max(states, key=lambda state: state.strictness),
        )
        assert states[(HERE, THERE).index(stretch.where)] is stretch.worst
        seen.add(stretch.worst)
    assert seen == set(State)


def test_open_stretches_are_the_open_windows_when_a_place_is_alone() -> None:
    days = week_of(law(), [HERE], date(2024, 9, 2), WITH_PASS)
    opened = [Interval(one.start, one.end) for day in days for one in day.stretches if one.worst is State.ALLOWED]
    wanted = open_windows(
        law(), HERE, Interval(at("2024-09-02T00:00"), at("2024-09-09T00:00")), WITH_PASS.vehicle, WITH_PASS.passes
    )
    midnights = [at(f"2024-09-0{day}T00:00") for day in range(3, 9)]
    cut = [
        Interval(start, end)
        for window in wanted
        for start, end in zip(
            [window.start, *(m for m in midnights if window.start < m < window.end)],
            [*(m for m in midnights if window.start < m < window.end), window.end],
            strict=True,
        )
    ]
    assert opened == cut


# A block of some 200 m, from west to east, and the first 80 m of it.
BLOCK, WEST_END = shapely.LineString([(2.360, 48.862), (2.36273, 48.862)]), 2.36109


def closure(
    shape: BaseGeometry, direction: Direction = Direction.BOTH, kind: MeasureType = MeasureType.NO_ENTRY
) -> Measure:
    place = MeasureLocation(LocationKind.NAMED_STREET, "Rue", shape, direction)
    return Measure("m", OrderRef("o", "Travaux"), kind, (place,), (Period(at("2024-01-01T00:00")),))


def line(*lons: float, lat: float = 48.862) -> BaseGeometry:
    return shapely.LineString([(lon, lat) for lon in lons])


@pytest.mark.parametrize(
    ("measures", "best", "worst"),
    [
        ([closure(line(2.360, WEST_END))], State.ALLOWED, State.FORBIDDEN),
        ([closure(line(2.3625, 2.36273))], State.ALLOWED, State.FORBIDDEN),
        ([closure(shapely.box(2.3607, 48.8615, 2.36075, 48.8625))], State.ALLOWED, State.FORBIDDEN),
        ([closure(line(2.359, 2.364))], State.FORBIDDEN, State.FORBIDDEN),
        # The two halves of a block that is closed as a whole.
        ([closure(shapely.MultiLineString([line(2.360, 2.3614), line(2.3614, 2.36273)]))], *(State.FORBIDDEN,) * 2),
        ([], State.ALLOWED, State.ALLOWED),
        # Streets across its ends, at a right and at a sharp angle.
        ([closure(shapely.LineString([(2.360, 48.861), (2.360, 48.863)]))], *(State.ALLOWED,) * 2),
        ([closure(shapely.LineString([(2.360, 48.862), (2.3610, 48.8625)]))], *(State.ALLOWED,) * 2),
        # Whoever delivers comes from whichever side is open.
        ([closure(line(2.364, 2.359), Direction.FORWARD)], *(State.ALLOWED,) * 2),
        ([closure(line(2.364, 2.359), Direction.FORWARD, MeasureType.ONE_WAY)], *(State.ALLOWED,) * 2),
    ],
)
@pytest.mark.parametrize("is_reversed", [False, True], ids=["drawn", "drawn-backwards"])
def test_a_block_is_asked_all_along_when_a_part_of_it_is_closed(
    measures: list[Measure], best: State, worst: State, is_reversed: bool
) -> None:
    found = LawSnapshot.build([], measures, zone=PARIS, version="1")
    window = Interval(at("2024-09-02T00:00"), at("2024-09-09T00:00"))
    block = shapely.reverse(BLOCK) if is_reversed else BLOCK
    [stretch] = stretches(found, [block], window, LORRY)
    assert (stretch.best, stretch.worst) == (best, worst)
    assert stretch.where.distance(BLOCK) < 1e-9


def test_the_strictest_place_is_on_the_closed_part_when_a_block_is_closed_in_part() -> None:
    found = LawSnapshot.build([], [closure(line(2.360, WEST_END))], zone=PARIS, version="1")
    window = Interval(at("2024-09-02T00:00"), at("2024-09-09T00:00"))
    [stretch] = stretches(found, [line(2.355, 2.3577), BLOCK], window, LORRY)
    assert verdict(found, stretch.where, window.start, LORRY.vehicle).state is State.FORBIDDEN


def test_an_hour_is_mixed_when_the_law_changes_in_it() -> None:
    sunday = week_of(law(), [HERE], date(2024, 9, 2), LORRY)[6]
    assert (sunday.hours[5].best, sunday.hours[5].worst) == (State.ALLOWED, State.PASS_REQUIRED)
    assert (sunday.hours[6].best, sunday.hours[6].worst) == (State.PASS_REQUIRED, State.PASS_REQUIRED)
    assert (sunday.hours[15].best, sunday.hours[15].worst) == (State.ALLOWED, State.ALLOWED)


def test_the_hours_follow_the_clock_when_it_changes() -> None:
    spring = week_of(law(), [HERE], date(2024, 3, 25), LORRY)[6]
    assert [hour.clock for hour in spring.hours if hour.worst is None] == [2]
    autumn = week_of(law(), [HERE], date(2024, 10, 21), LORRY)[6]
    assert all(hour.worst is not None for hour in autumn.hours)
    assert autumn.stretches[-1].end - autumn.stretches[0].start == timedelta(hours=25)
    assert autumn.stretches[0].start == datetime(2024, 10, 26, 22, tzinfo=UTC)
