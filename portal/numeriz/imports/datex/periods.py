"""When a regulation applies: bounds, days, hours and holidays of a DATEX II validity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.local_time import read_iso
from portal.numeriz.imports.written_clock import SlotClock, inclusive_end, read_slot, slots_of_day
from portal.numeriz.imports.xml import children, find, text_of
from portal.numeriz.values import Issue
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday

_DAYS: Final = {day.name.lower(): day for day in Weekday}
_HOLIDAY = "publicHoliday"
# The other statuses make a validity inactive, or planned for later, whatever its time specification.
_IN_FORCE = frozenset({"", "active", "definedByValidityTimeSpec"})
_UNDERSTOOD = frozenset(
    {"startOfPeriod", "endOfPeriod", "recurringTimePeriodOfDay", "recurringDayWeekMonthPeriod", "recurringSpecialDay"}
)

type ReadSlot = Callable[[str, str, datetime], tuple[TimeSlot, bool]]


@dataclass(frozen=True, slots=True)
class Calendar:
    """How a source writes time. slot: reads two clock times (with the start of the period, for its offset) into a slot
    on the local clock, and tells whether it is doubtful. exact: an end at minute 59 is meant as it is written."""

    zone: ZoneInfo
    slot: ReadSlot
    exact: bool = False


class NotUnderstoodError(Exception):
    """A period says more than our law can: without effect, and reported."""


def national_slot(clock: SlotClock) -> ReadSlot:
    """Slots of the national base: clock times with an offset that says nothing, an hour behind or local."""

    def read(start: str, end: str, _at: datetime) -> tuple[TimeSlot, bool]:
        first, last = _clock(start), _clock(end)
        shifted = first.utcoffset() or last.utcoffset()
        # An offset other than zero is never written by its form: then the clock is the local one.
        used = SlotClock.LOCAL if shifted else clock
        return read_slot(first.replace(tzinfo=None), last.replace(tzinfo=None), used), bool(shifted)

    return read


def standard_slot(zone: ZoneInfo, *, exact: bool) -> ReadSlot:
    """Slots in the standard reading: without an offset local; with one, turned as on the first day, hence doubtful."""

    def read(start: str, end: str, at: datetime) -> tuple[TimeSlot, bool]:
        first, last = (_local(_clock(text), at, zone) for text in (start, end))
        doubtful = _clock(start).tzinfo is not None
        return (TimeSlot(first, last) if exact else read_slot(first, last, SlotClock.LOCAL)), doubtful

    return read


def _clock(text: str) -> time:
    """A clock time; 24:00 is midnight. Raises ValueError."""
    return time.fromisoformat("00" + text[2:] if text.startswith("24:00") else text)


def _local(clock: time, at: datetime, zone: ZoneInfo) -> time:
    if clock.tzinfo is None:
        return clock
    day = at.astimezone(zone).date()
    return datetime.combine(day, clock).astimezone(zone).time()


def read_periods(validity: Element, calendar: Calendar) -> tuple[list[Period], list[Issue]]:
    """The periods of one validity, and what is doubtful; a period that cannot be told exactly is left out."""
    status = status_not_in_force(validity)
    if status:
        return [], [Issue("order-not-in-force", {"value": status})]
    bounds = find(validity, "validityTimeSpecification")
    issues: list[Issue] = []
    if bounds is None:
        return [], [Issue("period-not-understood", {"value": text_of(validity, "validityStatus")[:60]})]
    shown = f"{text_of(bounds, 'overallStartTime')} – {text_of(bounds, 'overallEndTime')}"[:60]
    try:
        start, end = _bounds(bounds, "overallStartTime", "overallEndTime", calendar)
        if start is None:
            raise ValueError("no start")
        without = [part for period in children(bounds, "exceptionPeriod") for part in [_exception(period)]]
        parts: list[Element | None] = [*children(bounds, "validPeriod")] or [None]
        periods = [_period(part, start, end, without, calendar, issues) for part in parts]
    except NotUnderstoodError as error:
        return [], [Issue("period-not-understood", {"value": str(error)[:60]})]
    except ValueError:
        return [], [Issue("period-unreadable", {"value": shown})]
    kept = [period for period in periods if period is not None]
    if len(kept) < len(periods):
        issues.append(Issue("period-ends-first", {"value": shown}))
    return kept, issues


def status_not_in_force(validity: Element) -> str:
    """The status of a validity that has no effect whatever its times; empty when its times decide."""
    status = text_of(validity, "validityStatus")
    return "" if status in _IN_FORCE else clean_text(status, 40)


def read_bounds(validity: Element | None, calendar: Calendar) -> tuple[datetime | None, datetime | None]:
    """The bounds of a validity alone; (None, None) when they cannot be read."""
    bounds = find(validity, "validityTimeSpecification")
    if bounds is None:
        return None, None
    try:
        return _bounds(bounds, "overallStartTime", "overallEndTime", calendar)
    except ValueError:
        return None, None


def _bounds(parent: Element, first: str, last: str, calendar: Calendar) -> tuple[datetime | None, datetime | None]:
    start, end = text_of(parent, first), text_of(parent, last)
    begins = read_iso(start, calendar.zone)[0] if start else None
    ends = read_iso(end, calendar.zone)[0] if end else None
    return begins, ends if ends is None or calendar.exact else inclusive_end(ends).astimezone(UTC)


def _exception(period: Element) -> frozenset[Weekday] | None:
    """Days an exception takes away; None: public holidays. Raises NotUnderstoodError for anything else."""
    names = {str(child.tag).rpartition("}")[2] for child in period}
    if names == {"recurringDayWeekMonthPeriod"}:
        return _weekdays(period)
    if names == {"recurringSpecialDay"}:
        kinds = {text_of(day, "specialDayType") for day in children(period, "recurringSpecialDay")}
        if kinds == {_HOLIDAY}:
            return None
    raise NotUnderstoodError(", ".join(sorted(names)))


def _weekdays(period: Element) -> frozenset[Weekday]:
    days: set[Weekday] = set()
    for week in children(period, "recurringDayWeekMonthPeriod"):
        if find(week, "applicableMonth") is not None or find(week, "_dayWeekMonthExtension") is not None:
            raise NotUnderstoodError("applicableMonth")
        for day in children(week, "applicableDay"):
            name = (day.text or "").strip()
            if name not in _DAYS:
                raise NotUnderstoodError(name)
            days.add(_DAYS[name])
    return frozenset(days)


def _period(
    part: Element | None,
    start: datetime,
    end: datetime | None,
    without: Sequence[frozenset[Weekday] | None],
    calendar: Calendar,
    issues: list[Issue],
) -> Period | None:
    """One period inside the overall bounds; None when nothing is left of it."""
    weekdays: frozenset[Weekday] = frozenset()
    slots: list[TimeSlot] = []
    holidays = HolidayRule.IGNORED
    if part is not None:
        unknown = {str(child.tag).rpartition("}")[2] for child in part} - _UNDERSTOOD - {"periodName"}
        if unknown:
            raise NotUnderstoodError(", ".join(sorted(unknown)))
        first, last = _bounds(part, "startOfPeriod", "endOfPeriod", calendar)
        start = max(start, first or start)
        end = min((bound for bound in (end, last) if bound is not None), default=None)
        weekdays = _weekdays(part)
        holidays = _special_days(part, weekdays)
        slots = _slots(part, start, calendar, issues)
    if None in without:
        if holidays is not HolidayRule.IGNORED:
            raise NotUnderstoodError(_HOLIDAY)
        holidays = HolidayRule.EXCEPTED
    taken = frozenset[Weekday]().union(*(days for days in without if days is not None))
    if taken:
        weekdays = (weekdays or frozenset(Weekday)) - taken
        if not weekdays:
            return None
    if end is not None and end < start:
        return None
    if len(weekdays) == len(Weekday) and not calendar.exact:
        weekdays = frozenset()
    return Period(start, end, weekdays, tuple(slots) if calendar.exact else slots_of_day(slots), holidays)


def _special_days(part: Element, weekdays: frozenset[Weekday]) -> HolidayRule:
    special = list(children(part, "recurringSpecialDay"))
    if not special:
        return HolidayRule.IGNORED
    kinds = {text_of(day, "specialDayType") for day in special}
    if kinds != {_HOLIDAY} or len(special) > 1:
        raise NotUnderstoodError(", ".join(sorted(kinds)))
    inside = text_of(special[0], "intersectWithApplicableDays") in {"true", "1"}
    if inside and weekdays:
        raise NotUnderstoodError("intersectWithApplicableDays")
    # Without a day named, "beside the days named" leaves holidays alone as well.
    return HolidayRule.ONLY if inside or not weekdays else HolidayRule.ALSO


def _slots(part: Element, start: datetime, calendar: Calendar, issues: list[Issue]) -> list[TimeSlot]:
    slots: list[TimeSlot] = []
    for hours in children(part, "recurringTimePeriodOfDay"):
        first, last = text_of(hours, "startTimeOfPeriod"), text_of(hours, "endTimeOfPeriod")
        slot, doubtful = calendar.slot(first, last, start)
        slots.append(slot)
        if doubtful:
            issues.append(Issue("slot-clock-uncertain", {"value": f"{first} – {last}"[:40]}))
    return slots
