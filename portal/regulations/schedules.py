"""When the law applies: bounds in instants, days and slots on the local clock.

A slot is a clock interval, so an instant is first converted to local time and then compared: hours are never added
across a clock change. Both 02:30 of an autumn night lie in a slot 02:00-03:00; in spring that slot is empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum, StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from portal.regulations.calendars import LocalCalendar

_DAY = timedelta(days=1)
_MIDNIGHT = time(0)


def as_utc(instant: datetime) -> datetime:
    """The same instant in UTC. Raises ValueError without a time zone: it would be read in the zone of the machine.

    Everything here compares UTC instants, because Python compares two datetimes of one zone by their clocks, which
    is wrong in the hour that autumn repeats.
    """
    if instant.tzinfo is UTC:
        return instant
    if instant.utcoffset() is None:
        raise ValueError(f"instant without a time zone: {instant.isoformat()}")
    return instant.astimezone(UTC)


def set_bounds_in_utc(span: object, start: datetime, end: datetime | None) -> None:
    """Write the bounds of a frozen value in UTC. Raises ValueError when one is naive or the end is before the start."""
    start = as_utc(start)
    object.__setattr__(span, "start", start)
    if end is not None:
        end = as_utc(end)
        if end < start:
            raise ValueError(f"{type(span).__name__} cannot end before its start")
        object.__setattr__(span, "end", end)


class Weekday(IntEnum):
    """Day of the week, numbered as `date.weekday()`."""

    MONDAY = 0
    TUESDAY = 1
    WEDNESDAY = 2
    THURSDAY = 3
    FRIDAY = 4
    SATURDAY = 5
    SUNDAY = 6


class HolidayRule(StrEnum):
    """What public holidays do to the days of a period. A slot has the day on which it starts."""

    IGNORED = "ignored"  # a holiday is the weekday it falls on
    EXCEPTED = "excepted"  # never active on a holiday
    ALSO = "also"  # active on a holiday as on a listed day, whatever its weekday
    ONLY = "only"  # active on holidays alone; weekdays say nothing


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """`start` included, `end` excluded, kept in UTC; equal bounds are one instant.

    Raises ValueError when a bound is naive or the end is before the start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        set_bounds_in_utc(self, self.start, self.end)

    @property
    def is_instant(self) -> bool:
        """Tell whether the interval is one instant."""
        return self.start == self.end

    def contains(self, at: datetime) -> bool:
        """Tell whether the instant lies inside, end excluded."""
        return self.start <= as_utc(at) < self.end

    def meets(self, start: datetime, end: datetime | None) -> bool:
        """Tell whether the law active over [start, end), in UTC, is active at some moment of this interval."""
        if self.is_instant:
            return start <= self.start and (end is None or self.start < end)
        return start < self.end and (end is None or self.start < end) and start != end


def merge(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """Sorted, disjoint union; intervals that touch become one, empty ones vanish."""
    merged: list[Interval] = []
    for interval in sorted(i for i in intervals if not i.is_instant):
        if merged and interval.start <= merged[-1].end:
            if interval.end > merged[-1].end:
                merged[-1] = Interval(merged[-1].start, interval.end)
        else:
            merged.append(interval)
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """Local clock interval, `start` included. `end <= start`: it ends the next day; equal times are 24 hours."""

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start.tzinfo is not None or self.end.tzinfo is not None:
            raise ValueError("a slot holds local clock times, without a zone")

    @property
    def ends_next_day(self) -> bool:
        """Tell whether the slot runs past midnight."""
        return self.end <= self.start


_WHOLE_DAY = (TimeSlot(_MIDNIGHT, _MIDNIGHT),)
# With every weekday listed, a holiday is a listed day anyway.
_NO_BREAK = (HolidayRule.IGNORED, HolidayRule.ALSO)
_REACHES = (_DAY, 8 * _DAY)
_REACHES_WITH_HOLIDAYS = (*_REACHES, 70 * _DAY, 400 * _DAY)


@dataclass(frozen=True, slots=True)
class Period:
    """Bounding instants with optional days and slots.

    `end` None: open-ended. `weekdays` empty: every day. `slots` empty: the whole local day. A slot belongs to the day
    on which it starts, and is clipped to the bounds.
    The bounds are kept in UTC. Raises ValueError when one is naive or the end is before the start.
    """

    start: datetime
    end: datetime | None = None
    weekdays: frozenset[Weekday] = frozenset()
    slots: tuple[TimeSlot, ...] = ()
    holidays: HolidayRule = HolidayRule.IGNORED

    def __post_init__(self) -> None:
        set_bounds_in_utc(self, self.start, self.end)

    @property
    def is_continuous(self) -> bool:
        """Tell whether the period is active from its start to its end without a break."""
        return not self.weekdays and not self.slots and self.holidays in _NO_BREAK

    def is_active(self, at: datetime, calendar: LocalCalendar) -> bool:
        """Tell whether the period is active at an instant; `calendar`: local clock and public holidays."""
        at = as_utc(at)
        if at < self.start or (self.end is not None and at >= self.end):
            return False
        if self.is_continuous:
            return True
        local = at.astimezone(calendar.zone)
        clock, today = local.time(), local.date()
        for slot in self.slots or _WHOLE_DAY:
            if slot.start <= clock and (slot.ends_next_day or clock < slot.end) and self._on(today, calendar):
                return True
            if slot.ends_next_day and clock < slot.end and self._on(today - _DAY, calendar):
                return True
        return False

    def is_active_during(self, window: Interval, calendar: LocalCalendar) -> bool:
        """Tell whether the period is active at some moment of the window."""
        if not window.meets(self.start, self.end):
            return False
        if self.is_continuous or self.is_active(window.start, calendar):
            return True
        return not window.is_instant and bool(self.active_intervals(window, calendar))

    def active_intervals(self, window: Interval, calendar: LocalCalendar) -> tuple[Interval, ...]:
        """The disjoint sorted intervals of the window, in UTC, during which the period is active."""
        start = max(self.start, window.start)
        end = window.end if self.end is None else min(self.end, window.end)
        if end <= start:
            return ()
        if self.is_continuous:
            return (Interval(start, end),)
        return merge(
            span
            for piece, offset in constant_offsets(Interval(start, end), calendar.zone)
            for span in self._slots(piece, offset, calendar)
        )

    def occurrence(self, window: Interval, calendar: LocalCalendar) -> tuple[datetime, datetime | None] | None:
        """The first active span that meets the window, with its own bounds, not those of the window.

        The end is None when the span never ends. Returns None when the period is not active in the window.
        """
        if self.is_continuous:
            return (self.start, self.end) if window.meets(self.start, self.end) else None
        if window.end - window.start <= _DAY:
            # A tour asks thousands of times about the same day.
            near, spans = _spans_near(self, calendar, window.start.date())
            first = next((s for s in spans if window.meets(s.start, s.end)), None)
            if first is None:
                return None
            if near.start < first.start and first.end < near.end:
                return first.start, first.end
        elif not self.is_active_during(window, calendar):
            return None
        # Most spans end within a day of the window. The pattern repeats each week: one that fills eight days never
        # breaks inside the bounds. With holidays it repeats each year: no weekday is a holiday every week.
        for reach in _REACHES if self.holidays is HolidayRule.IGNORED else _REACHES_WITH_HOLIDAYS:
            around = Interval(window.start - reach, window.end + reach)
            span = next(s for s in self.active_intervals(around, calendar) if window.meets(s.start, s.end))
            if around.start < span.start and span.end < around.end:
                return span.start, span.end
        start = self.start if span.start == around.start else span.start
        end = self.end if span.end == around.end else span.end
        return start, end

    def next_change(self, after: datetime, calendar: LocalCalendar, horizon: timedelta) -> datetime | None:
        """The first instant after `after`, at most `horizon` later, at which the period starts or stops; else None."""
        after = as_utc(after)
        limit = after + horizon
        # The window goes past the limit so that an interval cut by it is not mistaken for one that ends there.
        window = Interval(after, limit + timedelta(seconds=1))
        for span in self.active_intervals(window, calendar):
            for bound in (span.start, span.end):
                if after < bound <= limit:
                    return bound
        return None

    def _on(self, day: date, calendar: LocalCalendar) -> bool:
        """Tell whether slots may start on a local day."""
        listed = not self.weekdays or day.weekday() in self.weekdays
        match self.holidays:
            case HolidayRule.IGNORED:
                return listed
            case HolidayRule.EXCEPTED:
                return listed and not calendar.is_holiday(day)
            case HolidayRule.ALSO:
                return listed or calendar.is_holiday(day)
            case HolidayRule.ONLY:
                return calendar.is_holiday(day)

    def _slots(self, piece: Interval, offset: timedelta, calendar: LocalCalendar) -> Iterator[Interval]:
        """Slots inside a piece of time with one UTC offset, where local time is UTC plus that offset."""
        first, last = (piece.start + offset).replace(tzinfo=None), (piece.end + offset).replace(tzinfo=None)
        for day in _days(first.date() - _DAY, last.date()):
            if not self._on(day, calendar):
                continue
            for slot in self.slots or _WHOLE_DAY:
                start = datetime.combine(day, slot.start)
                end = datetime.combine(day + _DAY if slot.ends_next_day else day, slot.end)
                start, end = max(start, first), min(end, last)
                if start < end:
                    yield Interval((start - offset).replace(tzinfo=UTC), (end - offset).replace(tzinfo=UTC))


@lru_cache(maxsize=2048)
def _spans_near(period: Period, calendar: LocalCalendar, day: date) -> tuple[Interval, tuple[Interval, ...]]:
    """When the period is active around a UTC day and the next, and the stretch of time looked at."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    near = Interval(midnight - _DAY, midnight + 3 * _DAY)
    return near, period.active_intervals(near, calendar)


def _days(first: date, last: date) -> Iterator[date]:
    day = first
    while day <= last:
        yield day
        day += _DAY


def constant_offsets(window: Interval, zone: ZoneInfo) -> Iterator[tuple[Interval, timedelta]]:
    """Cut a window at the clock changes of the zone; each piece comes with its UTC offset."""
    start, end = window.start, window.end
    changes = [c for year in range(start.year, end.year + 1) for c in _clock_changes(zone, year) if start < c < end]
    for piece_start, piece_end in zip([start, *changes], [*changes, end], strict=True):
        yield Interval(piece_start, piece_end), _offset(piece_start, zone)


@lru_cache(maxsize=512)
def _clock_changes(zone: ZoneInfo, year: int) -> tuple[datetime, ...]:
    """Instants (UTC) of the year at which the offset of the zone changes, to the second."""
    changes = []
    at = datetime(year, 1, 1, tzinfo=UTC) - _DAY
    # One look a day is enough: no zone changes its offset twice in a day.
    while at.year <= year:
        later = at + _DAY
        if _offset(at, zone) != _offset(later, zone):
            before, after = at, later
            while after - before > timedelta(seconds=1):
                middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
                before, after = (middle, after) if _offset(middle, zone) == _offset(at, zone) else (before, middle)
            if after.year == year:
                changes.append(after)
        at = later
    return tuple(changes)


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    """UTC offset of the zone at a UTC instant."""
    return at.astimezone(zone).replace(tzinfo=UTC) - at
