"""When a service may begin: windows of a stop, legal spans, and both together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.itineriz.planning.windows import begins_within, both, first_begin
from portal.regulations.schedules import Interval


def at(hour: float) -> datetime:
    return datetime(2026, 3, 2, tzinfo=UTC) + timedelta(hours=hour)


def span(start: float, end: float) -> Interval:
    return Interval(at(start), at(end))


@pytest.mark.parametrize(
    ("windows", "arrival", "begin"),
    [
        ((), 8, 8),
        ((span(9, 10),), 8, 9),
        ((span(9, 10),), 9.5, 9.5),
        ((span(9, 10),), 10, None),
        ((span(14, 15), span(9, 10)), 11, 14),
    ],
    ids=["no-window", "early", "inside", "over", "next-of-two"],
)
def test_service_begins_in_a_window_when_there_is_one(
    windows: tuple[Interval, ...], arrival: float, begin: float | None
):
    assert first_begin(windows, at(arrival)) == (None if begin is None else at(begin))


@pytest.mark.parametrize(
    ("spans", "service_h", "begins"),
    [((span(8, 12),), 1, (span(8, 11),)), ((span(8, 9),), 1, ()), ((span(8, 9), span(9, 12)), 2, (span(8, 10),))],
    ids=["room", "no-room", "touching-spans"],
)
def test_a_service_begins_so_early_that_it_ends_in_the_span_when_spans_are_legal(
    spans: tuple[Interval, ...], service_h: float, begins: tuple[Interval, ...]
):
    assert begins_within(spans, service_h * 3600) == begins


def test_two_sets_of_spans_meet_when_both_are_given():
    assert both((span(8, 10), span(12, 16)), (span(9, 13), span(15, 20))) == (span(9, 10), span(12, 13), span(15, 16))
