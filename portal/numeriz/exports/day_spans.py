"""Hours as formats have them that know no slot past midnight: for each weekday, the minutes of that day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time

from portal.regulations.schedules import TimeSlot, Weekday

DAY_MINUTES = 24 * 60

type Spans = tuple[tuple[int, int], ...]


def day_spans(weekdays: Iterable[Weekday], slots: Iterable[TimeSlot]) -> Mapping[Weekday, Spans]:
    """Sorted, disjoint (first minute, minute after the last) of each day that has any; no day named: every day.

    A slot past midnight is cut in two: its second half belongs to the next day. Only whole minutes of a slot are kept,
    so that no hours are said beyond it; a slot that holds none is left out.
    """
    found: dict[Weekday, list[tuple[int, int]]] = {day: [] for day in Weekday}
    for day in set(weekdays) or set(Weekday):
        for slot in tuple(slots) or (TimeSlot(time(0), time(0)),):
            start, end = _minute_from(slot.start), _minute(slot.end)
            if slot.ends_next_day:
                found[day].append((start, DAY_MINUTES))
                found[Weekday((day + 1) % 7)].append((0, end))
            else:
                found[day].append((start, end))
    merged = {day: _merged(spans) for day, spans in found.items()}
    return {day: spans for day, spans in merged.items() if spans}


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _minute_from(at: time) -> int:
    """The first whole minute at or after a clock time."""
    return _minute(at) + bool(at.second or at.microsecond)


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((start, end))
    return tuple(merged)
