"""Schedules against a twin that looks at every minute."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.regulations.calendars import LocalCalendar
from portal.regulations.schedules import Interval, Period, TimeSlot, Weekday
from tests.support import law_twin

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = LocalCalendar(PARIS)
SPRING = datetime(2024, 3, 31, 1, tzinfo=UTC)
AUTUMN = datetime(2024, 10, 27, 1, tzinfo=UTC)
MINUTE = timedelta(minutes=1)

# Windows lie around an ordinary night, both clock changes and a new year.
anchors = st.sampled_from([SPRING, AUTUMN, datetime(2024, 6, 12, tzinfo=UTC), datetime(2024, 12, 31, 23, tzinfo=UTC)])
minutes_near = st.integers(-3 * 1440, 3 * 1440)
clock_minutes = st.one_of(st.integers(0, 1439), st.sampled_from([0, 60, 119, 120, 150, 180, 1439]))
bare_slots = st.lists(st.tuples(clock_minutes, clock_minutes), max_size=3)
bare_weekdays = st.sets(st.integers(0, 6), max_size=7)


@st.composite
def bare_schedules(draw: st.DrawFn) -> tuple[datetime, datetime, datetime | None, set[int], list[tuple[int, int]]]:
    anchor = draw(anchors)
    start = anchor + draw(minutes_near) * MINUTE
    length = draw(st.none() | st.integers(0, 5 * 1440))
    return anchor, start, None if length is None else start + length * MINUTE, draw(bare_weekdays), draw(bare_slots)


def period_of(start: datetime, end: datetime | None, weekdays: set[int], slots: list[tuple[int, int]]) -> Period:
    return Period(
        start,
        end,
        frozenset(Weekday(day) for day in weekdays),
        tuple(TimeSlot(time(a // 60, a % 60), time(b // 60, b % 60)) for a, b in slots),
    )


@settings(max_examples=1000, deadline=None)
@given(bare_schedules(), minutes_near)
def test_instant_agrees_with_the_twin(schedule: tuple, offset: int) -> None:
    anchor, *bare = schedule
    at = anchor + offset * MINUTE
    assert period_of(*bare).is_active(at, CALENDAR) == law_twin.schedule_is_active(*bare, at, PARIS)


@settings(max_examples=60, deadline=None)
@given(bare_schedules(), st.integers(-2 * 1440, 0), st.integers(1, 3 * 1440))
def test_intervals_hold_exactly_the_minutes_of_the_twin(schedule: tuple, offset: int, length: int) -> None:
    anchor, *bare = schedule
    window = Interval(anchor + offset * MINUTE, anchor + (offset + length) * MINUTE)
    intervals = period_of(*bare).active_intervals(window, CALENDAR)
    found = set()
    for interval in intervals:
        at = interval.start
        while at < interval.end:
            found.add(at)
            at += MINUTE
    assert found == law_twin.active_minutes(*bare, window.start, window.end, PARIS)
    assert all(a.end < b.start for a, b in pairwise(intervals))
    assert period_of(*bare).is_active_during(window, CALENDAR) == bool(found)


@settings(max_examples=60, deadline=None)
@given(bare_schedules(), st.integers(-2 * 1440, 2 * 1440))
def test_next_change_is_the_first_minute_at_which_the_twin_differs(schedule: tuple, offset: int) -> None:
    anchor, *bare = schedule
    after = anchor + offset * MINUTE
    horizon = 3 * 1440
    before = law_twin.schedule_is_active(*bare, after, PARIS)
    later = (after + n * MINUTE for n in range(1, horizon + 1))
    expected = next((at for at in later if law_twin.schedule_is_active(*bare, at, PARIS) != before), None)
    assert period_of(*bare).next_change(after, CALENDAR, horizon * MINUTE) == expected


@settings(max_examples=200, deadline=None)
@given(bare_schedules(), minutes_near)
def test_occurrence_reaches_as_far_as_the_period_stays_active(schedule: tuple, offset: int) -> None:
    anchor, *bare = schedule
    at = anchor + offset * MINUTE
    period = period_of(*bare)
    span = period.occurrence(Interval(at, at), CALENDAR)
    assert (span is not None) == period.is_active(at, CALENDAR)
    if span is None:
        return
    start, end = span
    assert start <= at
    assert period.is_active(start, CALENDAR)
    assert not period.is_active(start - MINUTE, CALENDAR)
    if end is not None:
        assert at < end
        assert period.is_active(end - MINUTE, CALENDAR)
        assert not period.is_active(end, CALENDAR)


@settings(max_examples=300, deadline=None)
@given(bare_schedules().filter(lambda s: s[0].month in (6, 12)), minutes_near, st.integers(-8, 8))
def test_answer_is_the_same_when_all_is_shifted_by_weeks_without_a_clock_change(
    schedule: tuple, offset: int, weeks: int
) -> None:
    anchor, start, end, *rest = schedule
    shift = timedelta(weeks=weeks)
    moved = period_of(start + shift, None if end is None else end + shift, *rest)
    at = anchor + offset * MINUTE
    assert moved.is_active(at + shift, CALENDAR) == period_of(start, end, *rest).is_active(at, CALENDAR)
