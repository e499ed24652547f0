"""When a record of a DATEX II situation holds: validity, its periods, and what is said in words only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from lxml.etree import _Element as Element

from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.local_time import read_iso
from portal.numeriz.imports.written_clock import SlotClock, inclusive_end, read_slot, slots_of_day
from portal.numeriz.imports.xml import children, descendants, find, local_name, text_of
from portal.numeriz.values import EventState, Issue
from portal.regulations.schedules import Period, TimeSlot, Weekday

_DAYS = {day.name.lower(): day for day in Weekday}
# What a period may hold and still be understood whole.
_UNDERSTOOD = frozenset(
    {"startOfPeriod", "endOfPeriod", "recurringTimePeriodOfDay", "recurringDayWeekMonthPeriod", "periodName"}
)


@dataclass(frozen=True, slots=True)
class Validity:
    """When a record holds; no period: its dates cannot be read. state: as of the given instant."""

    periods: tuple[Period, ...]
    state: EventState
    issues: tuple[Issue, ...] = ()


def read_validity(record: Element, zone: ZoneInfo, now: datetime, where: int) -> Validity:
    """Read `validity` and the life cycle of a record. Local times without an offset are those of the zone."""
    validity = find(record, "validity")
    specification = find(validity, "validityTimeSpecification")
    start = _instant(text_of(specification, "overallStartTime"), zone)
    if start is None:
        return Validity((), EventState.ENDED, (Issue("event-without-start", where=where),))
    end = _instant(text_of(specification, "overallEndTime"), zone)
    issues: list[Issue] = []
    status = text_of(validity, "validityStatus")
    written = _instant(text_of(record, "situationRecordVersionTime"), zone)
    if status == "active" and end is not None and written is not None and end <= written:
        # The source says that it holds whatever its dates say.
        issues.append(Issue("event-outlives-its-end", {"value": text_of(specification, "overallEndTime")}, where))
        end = None
    if end is not None:
        end = inclusive_end(end)
        if end < start:
            issues.append(Issue("event-ends-before-start", where=where))
            end = start
    periods = _periods(specification, Period(start, end), zone, issues, where)
    return Validity(periods, _state(record, status, start, end, now), tuple(issues))


def _instant(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        return read_iso(text, zone)[0] if text else None
    except (ValueError, OverflowError):
        return None


def _state(record: Element, status: str, start: datetime, end: datetime | None, now: datetime) -> EventState:
    cycle = find(record, "management", "lifeCycleManagement")
    if any(text_of(cycle, name) in {"true", "1"} for name in ("end", "cancel")):
        return EventState.ENDED
    if status == "suspended":
        return EventState.SUSPENDED
    if end is not None and end <= now:
        return EventState.ENDED
    return EventState.ACTIVE if status == "active" or start <= now else EventState.PLANNED


def _periods(
    specification: Element | None, whole: Period, zone: ZoneInfo, issues: list[Issue], where: int
) -> tuple[Period, ...]:
    """The periods within the overall one; that one itself, with a doubt, when none of those written can be used."""
    if specification is None:
        return (whole,)
    found: list[Period] = []
    outside: list[Element] = []
    for period in children(specification, "validPeriod"):
        try:
            read = _period(period, whole, zone)
        except (ValueError, OverflowError):
            read = None
        if read is None:
            issues.append(Issue("period-in-words", {"value": _words(period)}, where))
        elif read.end is None or read.start < read.end:
            found.append(read)
        else:
            outside.append(period)
    if not found:
        # Periods that all lie outside the overall one contradict it: nobody knows when it holds.
        issues += [Issue("period-in-words", {"value": _words(period)}, where) for period in outside]
    issues += [
        Issue("period-in-words", {"value": _words(period)}, where)
        for period in children(specification, "exceptionPeriod")
    ]
    return tuple(found) or (whole,)


def _period(period: Element, whole: Period, zone: ZoneInfo) -> Period | None:
    """None: nothing but words, or more than days and hours. Raises ValueError for what is not a date or a time."""
    if any(local_name(part) not in _UNDERSTOOD for part in period) or not _says_when(period):
        return None
    start, end = (text_of(period, name) for name in ("startOfPeriod", "endOfPeriod"))
    first = max(whole.start, read_iso(start, zone)[0]) if start else whole.start
    last = inclusive_end(read_iso(end, zone)[0]) if end else whole.end
    if last is not None and whole.end is not None:
        last = min(last, whole.end)
    if last is not None and last < first:
        last = first
    days: set[Weekday] = set()
    for part in children(period, "recurringDayWeekMonthPeriod"):
        if any(local_name(inner) != "applicableDay" for inner in part):
            return None
        written = {text_of(day) for day in children(part, "applicableDay")}
        if not written <= _DAYS.keys():
            return None
        days.update(_DAYS[day] for day in written)
    slots = slots_of_day(list(_slots(period)))
    return Period(first, last, frozenset(days) if len(days) < len(Weekday) else frozenset(), slots)


def _says_when(period: Element) -> bool:
    return any(local_name(part) != "periodName" for part in period)


def _slots(period: Element) -> Iterator[TimeSlot]:
    for part in children(period, "recurringTimePeriodOfDay"):
        start, end = (time.fromisoformat(text_of(part, name)) for name in ("startTimeOfPeriod", "endTimeOfPeriod"))
        if start.tzinfo is not None or end.tzinfo is not None:
            raise ValueError("a time of day with an offset is another time half of the year")
        yield read_slot(start, end, SlotClock.LOCAL)


def _words(period: Element) -> str:
    """Its name, or else its bounds, as written."""
    named = find(period, "periodName")
    texts = [] if named is None else [value.text or "" for value in descendants(named, "value")]
    bounds = [text for text in (text_of(period, "startOfPeriod"), text_of(period, "endOfPeriod")) if text]
    return clean_text(" ; ".join(texts), 200) or clean_text(" – ".join(bounds), 200) or "…"
