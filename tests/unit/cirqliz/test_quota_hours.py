"""Hours of a quota on real days, clock changes included, and how full each of them is."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.cirqliz.rules.hours import Held, QuotaHours, Slot, most_held, overlap, slots_of, tightest
from portal.regulations.schedules import Interval

PARIS = ZoneInfo("Europe/Paris")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS).astimezone(UTC)


def test_slots_are_the_hours_asked_for_while_the_perimeter_is_active() -> None:
    window = Interval(at("2026-09-07T08:00"), at("2026-09-09T10:00"))
    active = [Interval(at("2026-09-07T06:00"), at("2026-09-07T09:30")), Interval(at("2026-09-08T07:30"), window.end)]
    slots = slots_of([QuotaHours(420, 540, 5), QuotaHours(540, 600, 2)], active, window, PARIS)
    assert [(slot.day.day, slot.hours.from_min, slot.start, slot.end) for slot in slots] == [
        (7, 420, at("2026-09-07T07:00"), at("2026-09-07T09:00")),
        (7, 540, at("2026-09-07T09:00"), at("2026-09-07T09:30")),
        (8, 420, at("2026-09-08T07:30"), at("2026-09-08T09:00")),
        (8, 540, at("2026-09-08T09:00"), at("2026-09-08T10:00")),
        (9, 420, at("2026-09-09T07:00"), at("2026-09-09T09:00")),
        (9, 540, at("2026-09-09T09:00"), at("2026-09-09T10:00")),
    ]


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-06-01", 24)], ids=["spring", "autumn", "plain"]
)
def test_whole_day_is_as_long_as_the_clocks_make_it(day: str, hours: int) -> None:
    window = Interval(at(f"{day}T00:00"), at(f"{day}T00:00") + timedelta(days=3))
    slots = slots_of([QuotaHours(0, 1440, 1)], [window], window, PARIS)
    assert slots[0].end - slots[0].start == timedelta(hours=hours)
    assert slots[1].start == slots[0].end


def test_vehicle_with_two_passes_counts_once() -> None:
    window = Interval(at("2026-09-07T06:00"), at("2026-09-07T12:00"))
    slots = slots_of([QuotaHours(420, 540, 2), QuotaHours(540, 600, 2)], [window], window, PARIS)
    one, other = uuid4(), uuid4()
    held = [
        Held(one, window.start, window.end),
        Held(one, at("2026-09-07T08:00"), at("2026-09-07T09:00")),
        Held(other, at("2026-09-07T09:00"), at("2026-09-07T10:00")),
    ]
    assert most_held(slots, held) == [1, 2]
    found = tightest(slots, most_held(slots, held))
    assert found is not None
    assert (found[0].hours.from_min, found[1]) == (540, 0)


def test_quotas_overlap_when_they_share_a_minute() -> None:
    assert overlap([QuotaHours(540, 600, 1), QuotaHours(420, 541, 1)])
    assert not overlap([QuotaHours(540, 600, 1), QuotaHours(420, 540, 1)])


_HOUR = st.integers(0, 71)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(_HOUR, _HOUR, st.integers(0, 3)), max_size=8),
    st.sets(st.integers(0, 23), min_size=1, max_size=6),
)
def test_counts_are_those_of_looking_at_each_vehicle_in_turn(
    spans: list[tuple[int, int, int]], quota_hours: set[int]
) -> None:
    start = datetime(2026, 6, 1, tzinfo=UTC)
    ids = [UUID(int=number) for number in range(4)]
    held = [
        Held(ids[who], start + timedelta(hours=min(a, b)), start + timedelta(hours=max(a, b) + 1))
        for a, b, who in spans
    ]
    window = Interval(start, start + timedelta(days=3))
    quotas = [QuotaHours(hour * 60, hour * 60 + 60, 1) for hour in quota_hours]
    slots = slots_of(quotas, [window], window, ZoneInfo("UTC"))
    assert len(slots) == 3 * len(quota_hours)
    expected = [
        len({one.vehicle_id for one in held if one.start < slot.end and one.end > slot.start}) for slot in slots
    ]
    assert most_held(slots, held) == expected


def test_nothing_is_tight_when_there_is_no_slot() -> None:
    assert tightest([], []) is None
    slot = Slot(
        date(2026, 6, 1), QuotaHours(0, 60, 3), datetime(2026, 6, 1, tzinfo=UTC), datetime(2026, 6, 1, 1, tzinfo=UTC)
    )
    assert tightest([slot], [5]) == (slot, -2)
