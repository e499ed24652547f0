"""Periods on the clock of Paris: midnight, clock changes, bounds."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from portal.regulations.schedules import Interval, Period, TimeSlot, Weekday, merge
from tests.support.law import CALENDAR, local

FRIDAY_NIGHT = Period(local("2024-01-01 00:00"), None, frozenset({Weekday.FRIDAY}), (TimeSlot(time(21), time(6)),))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "active"),
    [
        ("2024-06-07 20:59", False),
        ("2024-06-07 21:00", True),
        ("2024-06-08 02:00", True),  # Saturday: the slot belongs to Friday
        ("2024-06-08 05:59", True),
        ("2024-06-08 06:00", False),
        ("2024-06-07 02:00", False),  # Friday: Thursday is not listed
        ("2024-06-08 21:00", False),
    ],
)
def test_slot_belongs_to_its_first_day_when_it_crosses_midnight(at: str, active: bool) -> None:
    assert FRIDAY_NIGHT.is_active(local(at), CALENDAR) is active


def test_slot_lasts_24_hours_when_its_times_are_equal() -> None:
    period = Period(local("2024-01-01 00:00"), None, frozenset({Weekday.MONDAY}), (TimeSlot(time(8), time(8)),))
    window = Interval(local("2024-06-02 00:00"), local("2024-06-09 00:00"))
    assert period.active_intervals(window, CALENDAR) == (
        Interval(local("2024-06-03 08:00"), local("2024-06-04 08:00")),
    )


def test_slot_is_empty_when_spring_skips_its_hour() -> None:
    period = Period(local("2024-03-30 12:00"), local("2024-03-31 12:00"), slots=(TimeSlot(time(2), time(3)),))
    assert period.active_intervals(Interval(period.start, local("2024-03-31 12:00")), CALENDAR) == ()


def test_slot_holds_both_hours_when_autumn_repeats_it() -> None:
    period = Period(local("2024-10-26 12:00"), local("2024-10-27 12:00"), slots=(TimeSlot(time(2), time(3)),))
    window = Interval(utc("2024-10-26 00:00"), utc("2024-10-28 00:00"))
    assert period.active_intervals(window, CALENDAR) == (Interval(utc("2024-10-27 00:00"), utc("2024-10-27 02:00")),)
    assert period.is_active(local("2024-10-27 02:30"), CALENDAR)
    assert period.is_active(local("2024-10-27 02:30").replace(fold=1), CALENDAR)


def test_slot_opens_twice_when_autumn_repeats_its_end() -> None:
    period = Period(local("2024-10-26 12:00"), local("2024-10-27 12:00"), slots=(TimeSlot(time(1), time(2, 30)),))
    window = Interval(utc("2024-10-26 00:00"), utc("2024-10-28 00:00"))
    assert period.active_intervals(window, CALENDAR) == (
        Interval(utc("2024-10-26 23:00"), utc("2024-10-27 00:30")),
        Interval(utc("2024-10-27 01:00"), utc("2024-10-27 01:30")),
    )


def test_bounds_are_compared_as_instants_when_autumn_repeats_the_hour() -> None:
    first, second = local("2024-10-27 02:10"), local("2024-10-27 02:05").replace(fold=1)
    period = Period(first, second)
    assert period.is_active(local("2024-10-27 02:40"), CALENDAR)
    assert Interval(first, second).contains(local("2024-10-27 02:40"))


def test_slots_are_clipped_when_the_bounds_cut_them() -> None:
    period = Period(local("2024-06-03 09:30"), local("2024-06-04 08:30"), slots=(TimeSlot(time(8), time(10)),))
    window = Interval(local("2024-06-01 00:00"), local("2024-06-10 00:00"))
    assert period.active_intervals(window, CALENDAR) == (
        Interval(local("2024-06-03 09:30"), local("2024-06-03 10:00")),
        Interval(local("2024-06-04 08:00"), local("2024-06-04 08:30")),
    )


def test_end_is_excluded_and_start_included() -> None:
    period = Period(local("2024-06-03 09:00"), local("2024-06-03 10:00"))
    assert period.is_active(period.start, CALENDAR)
    assert not period.is_active(local("2024-06-03 10:00"), CALENDAR)


def test_whole_days_are_local_when_only_weekdays_are_given() -> None:
    period = Period(local("2024-01-01 00:00"), None, frozenset({Weekday.SUNDAY}))
    window = Interval(local("2024-10-25 00:00"), local("2024-10-30 00:00"))
    # The Sunday of the autumn change has 25 hours.
    assert period.active_intervals(window, CALENDAR) == (Interval(utc("2024-10-26 22:00"), utc("2024-10-27 23:00")),)


@pytest.mark.parametrize(
    ("after", "change"),
    [
        ("2024-06-07 12:00", "2024-06-07 21:00"),
        ("2024-06-07 21:00", "2024-06-08 06:00"),
        ("2024-06-08 06:00", "2024-06-14 21:00"),
    ],
)
def test_next_change_is_the_next_bound_of_a_slot(after: str, change: str) -> None:
    assert FRIDAY_NIGHT.next_change(local(after), CALENDAR, timedelta(days=8)) == local(change)


def test_next_change_is_none_when_it_lies_past_the_horizon() -> None:
    assert FRIDAY_NIGHT.next_change(local("2024-06-08 06:00"), CALENDAR, timedelta(days=3)) is None
    assert (
        Period(local("2024-01-01 00:00")).next_change(local("2024-06-08 06:00"), CALENDAR, timedelta(days=300)) is None
    )


def test_occurrence_has_its_own_bounds_when_the_window_is_an_instant() -> None:
    at = local("2024-06-08 02:00")
    assert FRIDAY_NIGHT.occurrence(Interval(at, at), CALENDAR) == (local("2024-06-07 21:00"), local("2024-06-08 06:00"))
    endless = Period(local("2024-01-01 00:00"), slots=(TimeSlot(time(0), time(12)), TimeSlot(time(12), time(0))))
    assert endless.occurrence(Interval(at, at), CALENDAR) == (local("2024-01-01 00:00"), None)
    assert FRIDAY_NIGHT.occurrence(Interval(local("2024-06-09 02:00"), local("2024-06-09 03:00")), CALENDAR) is None


def test_touching_intervals_become_one_when_merged() -> None:
    a, b, c = utc("2024-01-01 00:00"), utc("2024-01-01 01:00"), utc("2024-01-01 02:00")
    assert merge([Interval(b, c), Interval(a, b), Interval(a, a)]) == (Interval(a, c),)


def test_naive_or_reversed_bounds_are_refused() -> None:
    naive = datetime(2024, 1, 1)  # noqa: DTZ001 - what the test is about
    aware = utc("2024-01-01 00:00")
    for build in (
        lambda: Period(naive),
        lambda: Interval(aware, naive),
        lambda: Period(aware).is_active(naive, CALENDAR),
    ):
        with pytest.raises(ValueError, match="time zone"):
            build()
    with pytest.raises(ValueError, match="before its start"):
        Period(aware, aware - timedelta(minutes=1))
    with pytest.raises(ValueError, match="local clock"):
        TimeSlot(time(8, tzinfo=UTC), time(9))
