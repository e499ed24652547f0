"""The bays near a stop: what fits, when it is kept for deliveries, and what is not known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from portal.itineriz.planning.bays import BayMap
from portal.numeriz.api import BayLayout, BayRegime
from portal.numeriz.values import DeliveryHours
from portal.regulations.calendars import LocalCalendar
from portal.regulations.schedules import HolidayRule, Interval, TimeSlot, Weekday
from portal.regulations.vehicles import Vehicle

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = LocalCalendar(PARIS)
STOP = (2.36, 48.865)
TRUCK = Vehicle(gross_weight_kg=7500, length_cm=800)
SHARED = DeliveryHours(frozenset(Weekday) - {Weekday.SUNDAY}, (TimeSlot(time(7), time(20)),), HolidayRule.EXCEPTED)
MONDAY = datetime(2026, 3, 2, 10, tzinfo=PARIS)


@dataclass(frozen=True)
class Bay:
    id: UUID
    lon: float
    lat: float = STOP[1]
    name: str = ""
    address: str = "1 rue du Port"
    regime: BayRegime = BayRegime.PERMANENT
    layout: BayLayout = BayLayout.PARALLEL
    length_cm: int | None = 1200
    hours: Sequence[DeliveryHours] = ()
    max_stay_min: int | None = None
    max_gross_weight_kg: int | None = None
    active: bool = True
    suspensions: Sequence[Interval] = ()


def bay(metres: float = 10, **values: object) -> Bay:
    return Bay(uuid4(), STOP[0] + metres / 73_150, **values)  # type: ignore[arg-type]


def near(*bays: Bay, vehicle: Vehicle = TRUCK, at: datetime = MONDAY, stay_s: float = 600) -> list[tuple[str, str]]:
    found = BayMap(bays, CALENDAR).near(STOP, vehicle, at, stay_s, lambda _point: True)
    return [(choice.id, choice.why) for choice in found]


@pytest.mark.parametrize(
    ("values", "usable"),
    [
        ({"length_cm": 1000}, True),
        ({"length_cm": 999}, False),
        ({"length_cm": 800, "layout": BayLayout.ANGLED}, True),
        ({"max_gross_weight_kg": 7500}, True),
        ({"max_gross_weight_kg": 7499}, False),
        ({"max_stay_min": 10}, True),
        ({"max_stay_min": 9}, False),
        ({"active": False}, False),
    ],
)
def test_a_bay_is_offered_when_the_vehicle_fits_and_may_stay(values: dict[str, object], usable: bool):
    one = bay(**values)
    assert near(one) == ([(str(one.id), "")] if usable else [])


@pytest.mark.parametrize(
    ("at", "usable"),
    [
        ("2026-03-02T07:00", True),
        ("2026-03-02T19:59", True),
        ("2026-03-02T20:00", False),
        ("2026-03-01T10:00", False),
        ("2026-05-01T10:00", False),
    ],
    ids=["opens", "last-minute", "closed", "sunday", "holiday"],
)
def test_a_shared_bay_is_offered_in_its_hours_when_it_has_some(at: str, usable: bool):
    one = bay(regime=BayRegime.PERIODIC, hours=(SHARED,))
    assert bool(near(one, at=datetime.fromisoformat(at).replace(tzinfo=PARIS))) is usable


@pytest.mark.parametrize(
    ("values", "vehicle", "why"),
    [
        ({"length_cm": None}, TRUCK, "bay-length-unknown"),
        ({}, Vehicle(gross_weight_kg=7500), "vehicle-length-unknown"),
        ({"max_gross_weight_kg": 3500}, Vehicle(length_cm=500), "vehicle-weight-unknown"),
        ({"regime": BayRegime.PERIODIC}, TRUCK, "bay-hours-unknown"),
        ({"regime": BayRegime.UNKNOWN}, TRUCK, "bay-hours-unknown"),
    ],
)
def test_a_doubt_is_told_when_something_is_unknown(values: dict[str, object], vehicle: Vehicle, why: str):
    one = bay(**values)
    assert near(one, vehicle=vehicle) == [(str(one.id), why)]


def test_two_bays_at_most_are_offered_the_nearest_sure_ones_first_when_there_are_many():
    far, doubtful, close = bay(90), bay(20, length_cm=None), bay(40)
    assert near(far, doubtful, close) == [(str(close.id), ""), (str(far.id), "")]
    assert near(doubtful, far) == [(str(far.id), ""), (str(doubtful.id), "bay-length-unknown")]
    assert near(bay(260)) == []


def test_the_walk_is_measured_on_the_ground_when_a_bay_is_near():
    (choice,) = BayMap([bay(100)], CALENDAR).near(STOP, TRUCK, MONDAY, 0, lambda _point: True)
    assert choice.walk_m == pytest.approx(100, abs=1)


@pytest.mark.parametrize(
    ("minutes", "usable"),
    [((-60, 60), False), ((0, 1), False), ((-60, 0), True), ((9, 60), False), ((10, 60), True)],
    ids=["around", "begins-then", "just-over", "begins-before-leaving", "begins-at-leaving"],
)
def test_a_bay_is_left_out_when_it_is_out_of_use_during_the_stop(minutes: tuple[int, int], usable: bool):
    start, end = (MONDAY + timedelta(minutes=minute) for minute in minutes)
    assert bool(near(bay(suspensions=(Interval(start, end),)), stay_s=600)) is usable
