"""When each regulation is active in some days, as numbers: seconds since 1970, start included, end excluded."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from portal.regulations.calendars import LocalCalendar
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import HolidayRule, Interval, Period, TimeSlot, Weekday
from portal.regulations.sites import Regulation

type Floats = npt.NDArray[np.float64]
type Numbers = npt.NDArray[np.int64]
type Spans = npt.NDArray[np.float64]
"""(k, 2): from and until."""
type Pattern = tuple[frozenset[Weekday], tuple[TimeSlot, ...], HolidayRule] | None
"""Days and slots of a period without its bounds; None when it is active all along."""
type Bounds = tuple[float, float, Pattern]

_DAYS_KEPT = 4
NO_SPANS: Final[Spans] = np.empty((0, 2))


@dataclass(frozen=True, eq=False, slots=True)
class SpansByNumber:
    """Spans of many regulations: those of number i are `starts[ptr[i]:ptr[i + 1]]` to `ends[...]`, sorted."""

    ptr: Numbers
    starts: Floats
    ends: Floats

    def of(self, number: int) -> Spans:
        """The spans of one regulation."""
        return self._between(number, number + 1)

    def changed(self, new: dict[int, Spans], more: Sequence[Spans] = ()) -> SpansByNumber:
        """The same with other spans for some numbers, and some numbers more."""
        counts = np.concatenate((np.diff(self.ptr), [len(spans) for spans in more])).astype(np.int64)
        counts[[*new]] = [len(spans) for spans in new.values()]
        pieces: list[Spans] = []
        at = 0
        for number in sorted(new):
            pieces += [self._between(at, number), new[number]]
            at = number + 1
        whole = np.concatenate([*pieces, self._between(at, len(self.ptr) - 1), *more])
        ptr = np.concatenate(([0], np.cumsum(counts)))
        return SpansByNumber(ptr, np.ascontiguousarray(whole[:, 0]), np.ascontiguousarray(whole[:, 1]))

    def _between(self, first: int, last: int) -> Spans:
        some = slice(int(self.ptr[first]), int(self.ptr[last]))
        return np.column_stack((self.starts[some], self.ends[some]))


def by_number(number: Numbers, starts: Floats, ends: Floats, count: int) -> SpansByNumber:
    """Spans of `count` regulations from spans in any order."""
    order = np.lexsort((starts, number))
    ptr = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(number, minlength=count), out=ptr[1:])
    return SpansByNumber(ptr, starts[order], ends[order])


class Timetable:
    """The bounds and patterns of many regulations, ready to be laid over any days."""

    def __init__(
        self,
        number: Numbers,
        starts: Floats,
        ends: Floats,
        pattern: Numbers,
        patterns: Sequence[Pattern],
        count: int,
        calendar: LocalCalendar,
    ) -> None:
        """number: the regulation, of `count`, that each of the bounds is of; pattern: its place in `patterns`."""
        self._number, self._starts, self._ends, self._pattern = number, starts, ends, pattern
        self._patterns, self._count, self._calendar = patterns, count, calendar
        self.during = lru_cache(maxsize=_DAYS_KEPT)(self._during)

    def _during(self, window: Interval) -> SpansByNumber:
        """The active spans of each regulation, cut at both ends of the window."""
        first, last = window.start.timestamp(), window.end.timestamp()
        awake = (self._starts < last) & (self._ends > first)
        numbers, starts, ends = [np.empty(0, dtype=np.int64)], [np.empty(0)], [np.empty(0)]
        for place, pattern in enumerate(self._patterns):
            concerned = np.flatnonzero(awake & (self._pattern == place))
            if len(concerned) == 0:
                continue
            spans = _laid(pattern, window, self._calendar)
            start = np.maximum(spans[:, 0], self._starts[concerned][:, None])
            end = np.minimum(spans[:, 1], self._ends[concerned][:, None])
            lasts = start < end
            numbers.append(np.repeat(self._number[concerned], lasts.sum(axis=1)))
            starts.append(start[lasts])
            ends.append(end[lasts])
        return by_number(np.concatenate(numbers), np.concatenate(starts), np.concatenate(ends), self._count)


def bounds_of(regulation: Regulation) -> tuple[Bounds, ...]:
    """The bounds of the periods or activations of a regulation; an end that never comes is infinite."""
    if isinstance(regulation, Perimeter):
        return tuple((a.start.timestamp(), _end(a.end), None) for a in regulation.activations)
    return tuple((p.start.timestamp(), _end(p.end), _pattern(p)) for p in regulation.periods)


def _end(at: datetime | None) -> float:
    return np.inf if at is None else at.timestamp()


def _pattern(period: Period) -> Pattern:
    return None if period.is_continuous else (period.weekdays, period.slots, period.holidays)


def _laid(pattern: Pattern, window: Interval, calendar: LocalCalendar) -> Spans:
    """A pattern over a window. A period is its pattern cut at its bounds."""
    if pattern is None:
        return spans_of([window])
    return spans_of(Period(window.start, None, *pattern).active_intervals(window, calendar))


def spans_of(intervals: Iterable[Interval]) -> Spans:
    """Intervals as numbers."""
    return np.array([(i.start.timestamp(), i.end.timestamp()) for i in intervals], dtype=np.float64).reshape(-1, 2)


def union(spans: Spans) -> Spans:
    """Sorted, disjoint; spans that touch become one."""
    merged: list[list[float]] = []
    for start, end in sorted(spans.tolist()):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], end)
        else:
            merged.append([start, end])
    return np.array(merged, dtype=np.float64).reshape(-1, 2)


def without(spans: Spans, taken: Spans) -> Spans:
    """What is left of spans when others are taken away from them."""
    left = union(spans).tolist()
    for start, end in union(taken).tolist():
        left = [[a, b] for s, e in left for a, b in ((s, min(e, start)), (max(s, end), e)) if a < b]
    return np.array(left, dtype=np.float64).reshape(-1, 2)
