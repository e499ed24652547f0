"""Public holidays against tables written by others, and what they do to a period."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import opening_hours
import pytest

from portal.regulations.calendars import LocalCalendar
from portal.regulations.holidays import HolidayRegion, easter_sunday, holidays_of, is_holiday
from portal.regulations.schedules import HolidayRule, Interval, Period, TimeSlot, Weekday
from tests.support.law import CALENDAR, PARIS, local

ALSACE = LocalCalendar(PARIS, HolidayRegion.ALSACE_MOSELLE)
SINCE = local("2020-01-01 00:00")


@pytest.mark.parametrize("year", [2000, 2008, 2019, 2024, 2025, 2026, 2027, 2038])
def test_holidays_are_those_of_an_independent_calendar(year: int) -> None:
    public = opening_hours.OpeningHours("PH", country="FR", auto_timezone=False)
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    known = {day for day in days if day.year == year and public.is_open(datetime.combine(day, time(12)))}
    assert holidays_of(year, HolidayRegion.METROPOLE) == known


@pytest.mark.parametrize(
    ("year", "sunday"), [(1818, "1818-03-22"), (1943, "1943-04-25"), (2024, "2024-03-31"), (2038, "2038-04-25")]
)
def test_easter_is_found_when_it_is_early_or_late(year: int, sunday: str) -> None:
    assert easter_sunday(year) == date.fromisoformat(sunday)


@pytest.mark.parametrize(
    ("region", "own"),
    [
        (HolidayRegion.ALSACE_MOSELLE, {"2026-04-03", "2026-12-26"}),
        (HolidayRegion.GUADELOUPE, {"2026-05-27"}),
        (HolidayRegion.MARTINIQUE, {"2026-05-22"}),
        (HolidayRegion.GUYANE, {"2026-06-10"}),
        (HolidayRegion.REUNION, {"2026-12-20"}),
        (HolidayRegion.MAYOTTE, {"2026-04-27"}),
        (HolidayRegion.SAINT_BARTHELEMY, {"2026-10-09"}),
        (HolidayRegion.SAINT_MARTIN, {"2026-05-28"}),
    ],
)
def test_a_region_keeps_its_own_days_beside_those_of_all(region: HolidayRegion, own: set[str]) -> None:
    extra = holidays_of(2026, region) - holidays_of(2026, HolidayRegion.METROPOLE)
    assert {day.isoformat() for day in extra} == own
    assert holidays_of(2026, HolidayRegion.METROPOLE) <= holidays_of(2026, region)
    assert all(is_holiday(day, region) for day in extra)


def test_two_holidays_may_fall_on_one_day() -> None:
    assert len(holidays_of(2008, HolidayRegion.METROPOLE)) == 10  # the Ascension fell on the first of May


WORKDAYS = frozenset(Weekday) - {Weekday.SATURDAY, Weekday.SUNDAY}
# Wednesday the first of May 2024; the Friday after is an ordinary day; Saturday the fourth is not listed.


@pytest.mark.parametrize(
    ("rule", "weekdays", "active"),
    [
        (HolidayRule.IGNORED, WORKDAYS, [True, True, False]),
        (HolidayRule.EXCEPTED, WORKDAYS, [False, True, False]),
        (HolidayRule.ALSO, frozenset({Weekday.FRIDAY}), [True, True, False]),
        (HolidayRule.ONLY, frozenset(), [True, False, False]),
        (HolidayRule.ONLY, WORKDAYS, [True, False, False]),
    ],
)
def test_a_holiday_adds_or_takes_away_its_day(
    rule: HolidayRule, weekdays: frozenset[Weekday], active: list[bool]
) -> None:
    period = Period(SINCE, None, weekdays, (), rule)
    days = ["2024-05-01 12:00", "2024-05-03 12:00", "2024-05-04 12:00"]
    assert [period.is_active(local(day), CALENDAR) for day in days] == active


def test_a_night_belongs_to_the_day_it_starts_on_when_the_next_is_a_holiday() -> None:
    nights = Period(SINCE, None, frozenset(), (TimeSlot(time(21), time(6)),), HolidayRule.EXCEPTED)
    assert nights.is_active(local("2024-05-01 02:00"), CALENDAR)  # the night of Tuesday
    assert not nights.is_active(local("2024-05-01 22:00"), CALENDAR)
    assert not nights.is_active(local("2024-05-02 02:00"), CALENDAR)
    assert nights.is_active(local("2024-05-02 22:00"), CALENDAR)


def test_good_friday_counts_only_where_the_territory_keeps_it() -> None:
    period = Period(SINCE, None, WORKDAYS, (TimeSlot(time(7), time(19)),), HolidayRule.EXCEPTED)
    at = local("2024-03-29 12:00")
    assert (period.is_active(at, CALENDAR), period.is_active(at, ALSACE)) == (True, False)
    week = Interval(local("2024-03-25 00:00"), local("2024-04-01 00:00"))
    assert [len(period.active_intervals(week, calendar)) for calendar in (CALENDAR, ALSACE)] == [5, 4]


def test_an_occurrence_ends_at_the_next_holiday_however_far() -> None:
    always = Period(SINCE, None, frozenset(), (), HolidayRule.EXCEPTED)
    at = local("2024-09-01 12:00")
    assert always.occurrence(Interval(at, at), CALENDAR) == (local("2024-08-16 00:00"), local("2024-11-01 00:00"))
    # Thursdays are not listed, and two Thursdays of 2008 were holidays: three weeks without a break.
    no_thursday = Period(SINCE, None, frozenset(Weekday) - {Weekday.THURSDAY}, (), HolidayRule.ALSO)
    old = Period(local("2000-01-01 00:00"), None, no_thursday.weekdays, (), HolidayRule.ALSO)
    day = local("2008-05-04 12:00")
    assert old.occurrence(Interval(day, day), CALENDAR) == (local("2008-04-25 00:00"), local("2008-05-15 00:00"))


def test_a_period_never_breaks_when_holidays_are_added_to_every_day() -> None:
    everyday = Period(SINCE, None, frozenset(Weekday), (), HolidayRule.ALSO)
    at = local("2024-05-01 12:00")
    assert everyday.occurrence(Interval(at, at), CALENDAR) == (SINCE, None)
    assert Period(SINCE, holidays=HolidayRule.ALSO).is_continuous
    assert not Period(SINCE, holidays=HolidayRule.ONLY).is_continuous
