"""Dates as clerks write them: rows of a day and two hours, typed or pasted from a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.local_time import HourSkipped, bound_to_utc
from portal.regulations.perimeters import Activation

MOST_ROWS: Final = 200
_YEARS: Final = range(2000, 2101)
# Beyond, an end before the start is no night but a mistake.
_LONGEST_NIGHT: Final = timedelta(hours=14)
_DATE: Final = re.compile(r"(?<!\d)(?:(\d{4})-(\d{1,2})-(\d{1,2})|(\d{1,2})[/.](\d{1,2})[/.](\d{4}))(?!\d)")
_TIME: Final = re.compile(r"(?<![\d:h])(\d{1,2})\s?(?:[:h]\s?(\d{2})(?::\d{2})?|h)(?![\d:])", re.IGNORECASE)
_ENDLESS: Final = ("sans fin", "permanent", "no end")
_DURATION: Final = re.compile(r"(?:(\d{1,2})\s*(?:h|:)\s*(\d{1,2})?|(\d{1,4})\s*(?:min|mn|m|'|’)?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DateRow:
    """A row as typed: a day, its hour, the day of the end (empty: the same, or the next past midnight), its hour."""

    day: str = ""
    start: str = ""
    end_day: str = ""
    end: str = ""
    endless: bool = False

    @property
    def is_empty(self) -> bool:
        """True when nothing was typed."""
        return not (self.day or self.start or self.end_day or self.end or self.endless)


def read_row(row: DateRow, zone: ZoneInfo) -> Activation:
    """The span of a row. An end at an earlier hour of the same day is that of the night that follows.

    Raises Invalid with the cell at fault: `date-unreadable` (day, end_day), `hour-unreadable` (start, end),
    `hour-never` (start, end), `end-before-start` (end), `end-twice` (end).
    """
    day, opening = _day(row.day, "day"), _clock(row.start, "start")
    begins = _instant(day, opening, zone, "start")
    if row.endless:
        if row.end or row.end_day:
            raise Invalid("end-twice", "end")
        return Activation(begins, None)
    closing = _clock(row.end, "end")
    end_day = _day(row.end_day, "end_day") if row.end_day else day
    # Clock times tell a night from a day, whatever the clocks do in it.
    if not row.end_day and closing <= opening:
        end_day = day + timedelta(days=1)
        if datetime.combine(end_day, closing) - datetime.combine(day, opening) > _LONGEST_NIGHT:
            raise Invalid("end-before-start", "end")
    ends = _instant(end_day, closing, zone, "end")
    if ends <= begins:
        raise Invalid("end-before-start", "end")
    return Activation(begins, ends)


def row_of(span: Activation, zone: ZoneInfo) -> DateRow:
    """A span as a row; the day of its end is written only when it is needed."""
    start = span.start.astimezone(zone)
    if span.end is None:
        return DateRow(f"{start:%Y-%m-%d}", f"{start:%H:%M}", endless=True)
    end = span.end.astimezone(zone)
    end_day = "" if end.date() == start.date() else f"{end:%Y-%m-%d}"
    return DateRow(f"{start:%Y-%m-%d}", f"{start:%H:%M}", end_day, f"{end:%H:%M}")


def rows_of_table(text: str) -> list[DateRow]:
    """Rows pasted from a spreadsheet: on each line a date and two hours, or two dates with their hours.

    A first line without any date is taken for the headings. Raises Invalid(`table-unreadable`, field table) with the
    line at fault, `too-many-dates`.
    """
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if lines and not _DATE.search(lines[0][1]):
        lines = lines[1:]
    if len(lines) > MOST_ROWS:
        raise Invalid("too-many-dates", "table", most=MOST_ROWS)
    return [_row_of_line(line, number) for number, line in lines]


def _row_of_line(line: str, number: int) -> DateRow:
    days = [_iso(found) for found in _DATE.finditer(line)]
    hours = [f"{int(found[1]):02}:{found[2] or '00'}" for found in _TIME.finditer(_DATE.sub(" ", line))]
    endless = any(word in fold(line) for word in _ENDLESS)
    match len(days), len(hours), endless:
        case 1, 2, False:
            return DateRow(days[0], hours[0], "", hours[1])
        case 2, 2, False:
            return DateRow(days[0], hours[0], "" if days[1] == days[0] else days[1], hours[1])
        case 1, 1, True:
            return DateRow(days[0], hours[0], endless=True)
        case _:
            raise Invalid("table-unreadable", "table", number=number, line=clean_text(line, 60))


def read_minutes(text: str, field: str) -> int:
    """Minutes of « 2 h 30 », « 2:30 », « 150 min » or « 150 ». Raises Invalid(`duration-unreadable`)."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise Invalid("duration-unreadable", field)
    minutes = int(found[3]) if found[3] else int(found[1]) * 60 + int(found[2] or 0)
    if minutes > 24 * 60 or (found[2] and int(found[2]) > 59):
        raise Invalid("duration-unreadable", field)
    return minutes


def check_spans(spans: Sequence[Activation]) -> None:
    """Raise Invalid(`too-many-dates`) beyond what one zone may have."""
    if len(spans) > MOST_ROWS:
        raise Invalid("too-many-dates", "rows", most=MOST_ROWS)


def overlapping(spans: Iterable[Activation]) -> list[Activation]:
    """The spans that begin before one that started earlier has ended."""
    found: list[Activation] = []
    latest: datetime | None = None
    is_open = False
    for span in sorted(spans, key=lambda span: span.start):
        if is_open or (latest is not None and span.start < latest):
            found.append(span)
        is_open |= span.end is None
        latest = span.end if latest is None or (span.end is not None and span.end > latest) else latest
    return found


def _iso(found: re.Match[str]) -> str:
    year, month, day = (found[1], found[2], found[3]) if found[1] else (found[6], found[5], found[4])
    return f"{year}-{int(month):02}-{int(day):02}"


def read_day(text: str, field: str) -> date:
    """A day as a browser or a person writes it. Raises Invalid(`date-unreadable`)."""
    return _day(text, field)


def _day(text: str, field: str) -> date:
    found = _DATE.fullmatch(text.strip())
    try:
        day = date.fromisoformat(_iso(found)) if found else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise Invalid("date-unreadable", field)
    return day


def _clock(text: str, field: str) -> time:
    found = _TIME.fullmatch(text.strip())
    try:
        return time(int(found[1]), int(found[2] or 0)) if found else _refuse_hour(field)
    except ValueError as error:
        raise Invalid("hour-unreadable", field) from error


def _refuse_hour(field: str) -> time:
    raise Invalid("hour-unreadable", field)


def _instant(day: date, clock: time, zone: ZoneInfo, field: str) -> datetime:
    """The instant of a local hour. field: `start` or `end`."""
    try:
        return bound_to_utc(datetime.combine(day, clock), zone, is_end=field == "end")
    except HourSkipped as error:
        raise Invalid("hour-never", field, hour=f"{clock:%H:%M}") from error


def minutes_text(minutes: int) -> str:
    """« 2 h 30 », « 1 h », « 45 min »."""
    hours, rest = divmod(minutes, 60)
    if not hours:
        return f"{rest}\u00a0min"
    return f"{hours}\u00a0h\u00a0{rest:02}" if rest else f"{hours}\u00a0h"
