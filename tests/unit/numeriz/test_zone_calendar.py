"""When the perimeters of an event are active, computed from its programme."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.numeriz.zones.calendar import Session, day_spans, joined, moved, sessions_from_json, sessions_to_json
from portal.regulations.perimeters import Activation

PARIS = ZoneInfo("Europe/Paris")


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def session(start: str, end: str) -> Session:
    return Session(local(start), local(end))


def shown(spans: tuple[Activation, ...]) -> list[tuple[str, str]]:
    return [
        (f"{span.start.astimezone(PARIS):%d %H:%M}", f"{span.end.astimezone(PARIS):%d %H:%M}" if span.end else "")
        for span in spans
    ]


@pytest.mark.parametrize(
    ("sessions", "before_min", "expected"),
    [
        ([], 150, []),
        ([("2027-07-14T18:00", "2027-07-14T20:00")], 150, [("14 15:30", "14 21:00")]),
        ([("2027-07-14T09:00", "2027-07-14T11:00")], 180, [("14 06:00", "14 12:00")]),
        (
            [("2027-07-14T20:00", "2027-07-14T22:00"), ("2027-07-14T10:00", "2027-07-14T12:00")],
            150,
            [("14 07:30", "14 23:00")],
        ),
        (
            [("2027-07-14T18:00", "2027-07-14T20:00"), ("2027-07-15T18:00", "2027-07-15T20:00")],
            150,
            [("14 15:30", "14 21:00"), ("15 15:30", "15 21:00")],
        ),
        # Past midnight: the session belongs to the day on which it starts.
        ([("2027-07-14T21:00", "2027-07-15T00:30")], 150, [("14 18:30", "15 01:30")]),
        # The night of one day meets the morning of the next.
        (
            [("2027-07-14T21:00", "2027-07-15T01:00"), ("2027-07-15T04:00", "2027-07-15T06:00")],
            150,
            [("14 18:30", "15 07:00")],
        ),
        # In spring the clock jumps from 2 to 3: two hours and a half before 4 is half past midnight.
        ([("2027-03-28T04:00", "2027-03-28T06:00")], 150, [("28 00:30", "28 07:00")]),
        # In autumn 2 to 3 comes twice: two hours and a half before 4 is half past 2, the second time.
        ([("2027-10-31T04:00", "2027-10-31T06:00")], 150, [("31 02:30", "31 07:00")]),
    ],
)
def test_a_day_is_one_span_when_its_programme_is_known(
    sessions: list[tuple[str, str]], before_min: int, expected: list[tuple[str, str]]
) -> None:
    assert shown(day_spans([session(*pair) for pair in sessions], before_min, 60, PARIS)) == expected


def test_the_margin_is_elapsed_time_when_clocks_change() -> None:
    for day in ("2027-03-28", "2027-10-31"):
        found = day_spans([session(f"{day}T04:00", f"{day}T05:00")], 150, 60, PARIS)
        assert found[0].start == local(f"{day}T04:00").astimezone(found[0].start.tzinfo) - timedelta(minutes=150)


def test_the_local_hour_stays_when_dates_move_over_a_clock_change() -> None:
    spans = [
        Activation(local("2027-03-20T06:00"), local("2027-03-20T14:00")),
        Activation(local("2027-03-21T06:00"), None),
    ]
    assert shown(moved(spans, 14, PARIS)) == [("03 06:00", "03 14:00"), ("04 06:00", "")]


def test_spans_are_joined_when_one_has_no_end() -> None:
    spans = [
        Activation(local("2027-01-02T00:00"), None),
        Activation(local("2027-01-03T00:00"), local("2027-01-04T00:00")),
    ]
    assert joined(spans) == (spans[0],)


minutes_of_the_year = st.integers(0, 360 * 24 * 60)
starts = minutes_of_the_year.map(lambda minutes: datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
programmes = st.lists(st.tuples(starts, st.integers(1, 900)), max_size=8).map(
    lambda found: [Session(start, start + timedelta(minutes=minutes)) for start, minutes in found]
)


@given(programmes)
def test_sessions_read_back_the_same_when_written(sessions: list[Session]) -> None:
    assert list(sessions_from_json(sessions_to_json(sessions))) == sorted(set(sessions))


@given(programmes, st.integers(0, 300), st.integers(0, 300))
def test_each_session_lies_inside_with_its_margins_when_spans_are_computed(
    sessions: list[Session], before_min: int, after_min: int
) -> None:
    spans = day_spans(sessions, before_min, after_min, PARIS)
    for one in sessions:
        start, end = one.start - timedelta(minutes=before_min), one.end + timedelta(minutes=after_min)
        assert any(span.start <= start and span.end is not None and end <= span.end for span in spans)
    for before, after in itertools.pairwise(spans):
        assert before.end is not None
        assert before.end < after.start
