"""When a service may begin: windows of a stop, and spans during which the law is open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from portal.regulations.schedules import Interval, merge


def first_begin(windows: Sequence[Interval], arrive_at: datetime) -> datetime | None:
    """The first instant from the arrival on at which service may begin; None when the last window is over.

    No windows: at once.
    """
    if not windows:
        return arrive_at
    for window in sorted(windows):
        if arrive_at <= window.start:
            return window.start
        if window.contains(arrive_at):
            return arrive_at
    return None


def begins_within(spans: Sequence[Interval], service_s: float) -> tuple[Interval, ...]:
    """The spans of beginnings for which the whole service fits into one of the spans."""
    service = timedelta(seconds=service_s)
    return tuple(Interval(span.start, span.end - service) for span in merge(spans) if span.start + service < span.end)


def both(one: Sequence[Interval], other: Sequence[Interval]) -> tuple[Interval, ...]:
    """What two sets of spans have in common, sorted and disjoint."""
    common = [
        Interval(max(a.start, b.start), min(a.end, b.end))
        for a in merge(one)
        for b in merge(other)
        if a.start < b.end and b.start < a.end
    ]
    return merge(common)
