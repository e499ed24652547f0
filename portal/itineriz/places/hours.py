"""Hours at which a place may be served, as people write them: « 08:00-12:00, 14h-18h ». Local clock, no day."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from portal.common.errors import Invalid
from portal.regulations.schedules import Interval

MOST_WINDOWS = 4
MOST_SERVICE_MIN = 24 * 60
_NEAR = timedelta(hours=12)

type ClockSpan = tuple[str, str]
"""("HH:MM", "HH:MM"); an end not after its start is on the next day."""

_CLOCK = re.compile(r"(\d{1,2})\s*(?:[:hH.]\s*(\d{2})?)?(?::\d{2})?")
_BETWEEN = re.compile(r"\s*(?:-|–|—|à|a|au|to|>|→)\s*")
_MINUTES = re.compile(r"(\d{1,4}(?:[.,]\d+)?)\s*(?:min|mn|minutes?|m|')?")
_DURATION = re.compile(r"(\d{1,2})\s*(?:h|:)\s*(?:(\d{2})\s*(?:min|mn|:00)?)?")
_LIST = re.compile(r"\s*(?:[,;/]|\bet\b)\s*")


def read_clock(text: str) -> str:
    """Read « 8h », « 8:30 », « 08h30 » or « 08:30:00 » as "HH:MM". Raises Invalid("clock-unreadable")."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise Invalid("clock-unreadable", value=text[:40])
    hour, minute = int(found[1]), int(found[2] or 0)
    if (hour, minute) == (24, 0):
        hour = 0
    if hour > 23 or minute > 59:
        raise Invalid("clock-unreadable", value=text[:40])
    return f"{hour:02}:{minute:02}"


def read_hours(text: str) -> tuple[ClockSpan, ...]:
    """Read spans of hours, none for an empty text. Raises Invalid (clock-unreadable, too-many-windows)."""
    spans = []
    for part in _LIST.split(text.strip()):
        if not part:
            continue
        ends = [end for end in _BETWEEN.split(part.removeprefix("de ").strip()) if end]
        if len(ends) != 2:
            raise Invalid("clock-unreadable", value=part[:40])
        spans.append((read_clock(ends[0]), read_clock(ends[1])))
    if len(spans) > MOST_WINDOWS:
        raise Invalid("too-many-windows", most=MOST_WINDOWS)
    return tuple(spans)


def read_minutes(text: str) -> int:
    """Read whole minutes on the spot, 0 for an empty text: « 15 », « 15 min », « 1h30 », « 0:20:00 ».

    Raises Invalid("minutes-unreadable"), also beyond a day.
    """
    bare = text.strip().lower()
    found = _MINUTES.fullmatch(bare)
    if found is not None:
        minutes = math.ceil(float(found[1].replace(",", ".")))
    elif (clock := _DURATION.fullmatch(bare)) is not None:
        minutes = 60 * int(clock[1]) + int(clock[2] or 0)
    elif not bare:
        minutes = 0
    else:
        raise Invalid("minutes-unreadable", value=text[:40])
    if minutes > MOST_SERVICE_MIN:
        raise Invalid("minutes-unreadable", value=text[:40])
    return minutes


def hours_text(spans: Iterable[Sequence[str]]) -> str:
    """Spans of hours as a person types them: « 08:00-12:00, 14:00-18:00 »."""
    return ", ".join(f"{start}-{end}" for start, end in spans)


def clock_spans(windows: Iterable[Interval], zone: ZoneInfo) -> tuple[ClockSpan, ...]:
    """Instants as hours of the local clock, whatever the day."""
    return tuple((f"{one.start.astimezone(zone):%H:%M}", f"{one.end.astimezone(zone):%H:%M}") for one in windows)


def windows_on(day: date, zone: ZoneInfo, spans: Iterable[Sequence[str]]) -> tuple[Interval, ...]:
    """The instants of the spans on a local day, in order."""
    found = []
    for start, end in spans:
        opens, closes = _instant(day, start, zone), _instant(day, end, zone)
        if time.fromisoformat(end) <= time.fromisoformat(start):
            closes = _instant(day + timedelta(days=1), end, zone)
        # An hour that the clocks skip leaves nothing.
        if closes > opens:
            found.append(Interval(opens, closes))
    return tuple(sorted(found, key=lambda span: span.start))


def windows_near(
    at: datetime, zone: ZoneInfo, spans: Iterable[Sequence[str]], *, arrival: bool
) -> tuple[Interval, ...]:
    """The instants of the spans for a tour that leaves at an instant, or (arrival) has to end by it, in order.

    A span that is over when the tour leaves is the one of the night after, one not begun when it ends the one of the
    night before, as long as it is within half a day: no tour waits longer. Else it stays on the day of the instant.
    """
    day = at.astimezone(zone).date()
    found: set[Interval] = set()
    for span in spans:
        around = [one for away in (-1, 0, 1) for one in windows_on(day + timedelta(days=away), zone, (span,))]
        met = [one for one in around if _meets(one, at, arrival=arrival)]
        found.update(met or windows_on(day, zone, (span,)))
    return tuple(sorted(found, key=lambda span: span.start))


def _meets(span: Interval, at: datetime, *, arrival: bool) -> bool:
    if arrival:
        return at - _NEAR < span.end and span.start < at
    return span.end > at and span.start < at + _NEAR


def _instant(day: date, clock: str, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone).astimezone(UTC)
