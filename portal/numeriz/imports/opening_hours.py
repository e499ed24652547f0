"""Opening hours as OpenStreetMap writes them, read into days, slots and a rule for public holidays, and written back.

Source: wiki.openstreetmap.org/wiki/Key:opening_hours/specification. Understood: weekdays and their ranges, `PH`,
several time ranges, nights, `;` (replaces the days it names), `,` (adds to them), `off`, `24/7`. Everything else is
refused: months, weeks, dates, school holidays, sun times, open ends, comments, and hours that two readers would read
differently (a night cut by the rule of the next day).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Final

from portal.common.errors import Invalid
from portal.numeriz.imports.week import ALL_KINDS, DAY_MIN, Kind, NotWeekly, Span, Week
from portal.numeriz.values import DeliveryHours
from portal.regulations.schedules import Period, Weekday

_MOST_SIGNS: Final = 500
_NAMES: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_DAYS: Final = {name.lower(): Weekday(place) for place, name in enumerate(_NAMES)}

_DAY = r"(?:mo|tu|we|th|fr|sa|su)"
_ITEM = rf"(?:ph|{_DAY}(?:\s*-\s*{_DAY})?)"
_LIST = rf"{_ITEM}(?:\s*,\s*{_ITEM})*"
_TIME = r"\d{1,2}:\d{2}"
_SPAN = rf"{_TIME}\s*-\s*{_TIME}"
_RULE = re.compile(
    rf"\s*(?P<days>{_LIST})?(?:\s+(?P<within>{_LIST}))?\s*"
    rf"(?P<times>{_SPAN}(?:\s*,\s*{_SPAN})*|24/7)?\s*(?P<state>open|off|closed)?\s*"
)


def read_hours(text: str) -> tuple[DeliveryHours, ...]:
    """Read opening hours: the hours that are open, any of them; never empty.

    Raises Invalid(`bad-hours`) for what is not understood and for hours that are never open.
    """
    return _read(" ".join(text.replace("\u2013", "-").split()).lower(), text)


def periods_of_hours(hours: Iterable[DeliveryHours], start: datetime, end: datetime | None) -> tuple[Period, ...]:
    """The hours as periods of the law between two instants, the end open when None."""
    return tuple(Period(start, end, part.weekdays, part.slots, part.holidays) for part in hours)


def closed_hours(hours: Iterable[DeliveryHours]) -> tuple[DeliveryHours, ...]:
    """The rest of the week; empty when the hours are always open.

    Raises Invalid(`bad-hours`) when it cannot be said: a night beside a rule for holidays.
    """
    listed = tuple(hours)
    try:
        return Week.of(listed).complement().hours()
    except NotWeekly as error:
        raise Invalid("bad-hours", value=str(len(listed))) from error


def write_hours(hours: Iterable[DeliveryHours]) -> str:
    """Hours as text that `read_hours` reads back to the same time; empty for no hours.

    Raises Invalid(`bad-hours`) for what opening hours cannot say: seconds, a night cut by a holiday.
    """
    try:
        week = Week.of(hours)
        text = _written(week)
        week.hours()  # refuses what cannot be said with one rule for holidays
        if text and _parsed(text.lower()).days != week.days:
            raise NotWeekly
    except (NotWeekly, ValueError) as error:
        raise Invalid("bad-hours", value="") from error
    return text


@lru_cache(maxsize=4096)
def _read(spelling: str, text: str) -> tuple[DeliveryHours, ...]:
    try:
        if len(spelling) > _MOST_SIGNS:
            raise ValueError("too long")
        found = _parsed(spelling).hours()
        if not found:
            raise ValueError("never open")
    except (ValueError, NotWeekly) as error:
        raise Invalid("bad-hours", value=text.strip()[:80]) from error
    return found


def _parsed(text: str) -> Week:
    """The week a text describes. Raises ValueError and NotWeekly."""
    week = Week.empty()
    for chunk in text.split(";"):
        at, adds = 0, False
        while True:
            rule = _RULE.match(chunk, at)
            if rule is None or rule.end() == at or not any(rule.groups()):
                raise ValueError(chunk)
            _apply(week, rule, adds=adds)
            if rule.end() == len(chunk):
                break
            if chunk[rule.end()] != ",":
                raise ValueError(chunk)
            at, adds = rule.end() + 1, True
    return week


def _apply(week: Week, rule: re.Match[str], *, adds: bool) -> None:
    kinds = frozenset(_kinds(rule["days"], rule["within"]))
    spans = _spans(rule["times"])
    if rule["state"] in {"off", "closed"}:
        if rule["times"] is None:
            week.replace(kinds, ())
        for span in spans if rule["times"] else ():
            week.remove(kinds, span)
    elif adds:
        week.add(kinds, spans)
    else:
        week.replace(kinds, spans)


def _kinds(days: str | None, within: str | None) -> Iterable[Kind]:
    """The kinds of day that two lists select: `Mo,PH` either, `PH Mo` the holidays that fall on those days."""
    if days is None:
        return ALL_KINDS
    listed, also_holidays = _list(days)
    if within is None:
        return [(day, holiday) for day, holiday in ALL_KINDS if day in listed or (holiday and also_holidays)]
    narrowed, narrowed_to_holidays = _list(within)
    if listed or not also_holidays or not narrowed or narrowed_to_holidays:
        raise ValueError(within)
    return [(day, True) for day in narrowed]


def _list(text: str) -> tuple[frozenset[Weekday], bool]:
    days: set[Weekday] = set()
    holidays = False
    for item in text.split(","):
        first, _, last = (part.strip() for part in item.partition("-"))
        if first == "ph":
            holidays = True
            continue
        start, end = _DAYS[first], _DAYS[last or first]
        days |= {Weekday((start + step) % 7) for step in range((end - start) % 7 + 1)}
    return frozenset(days), holidays


def _spans(text: str | None) -> list[Span]:
    if text is None or text == "24/7":
        return [(0, DAY_MIN)]
    found: list[Span] = []
    for part in text.split(","):
        start, end = (_minutes(clock) for clock in part.split("-"))
        if start >= DAY_MIN or end > 2 * DAY_MIN:
            raise ValueError(part)
        if end <= start:
            end += DAY_MIN
        if end - start > DAY_MIN:
            raise ValueError(part)
        found.append((start, end))
    return found


def _minutes(clock: str) -> int:
    hours, minutes = (int(part) for part in clock.split(":"))
    if minutes > 59:
        raise ValueError(clock)
    return hours * 60 + minutes


def _written(week: Week) -> str:
    plain = [(day, week.days[day, False]) for day in Weekday]
    holidays = [(day, week.days[day, True]) for day in Weekday]
    # A rule after ";" would cut the night before; "," adds and cuts nothing.
    glue = ", " if week.has_nights else "; "
    rules = [f"{days} {_spans_text(spans)}" for days, spans in _grouped(plain) if spans]
    if holidays != plain:
        groups = _grouped(holidays)
        whole = len(groups) == 1
        rules += [
            f"{'PH' if whole else f'PH {days}'} {_spans_text(spans) if spans else 'off'}" for days, spans in groups
        ]
    everything = all(spans == ((0, DAY_MIN),) for spans in week.days.values())
    return "24/7" if everything else glue.join(rules)


def _grouped(days: Iterable[tuple[Weekday, tuple[Span, ...]]]) -> list[tuple[str, tuple[Span, ...]]]:
    found: dict[tuple[Span, ...], list[Weekday]] = {}
    for day, spans in days:
        found.setdefault(spans, []).append(day)
    return [(_days_text(listed), spans) for spans, listed in found.items()]


def _days_text(days: Iterable[Weekday]) -> str:
    """`Mo-We,Sa`; a whole week is `Mo-Su`."""
    runs: list[list[Weekday]] = []
    for day in days:
        if runs and day == runs[-1][-1] + 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return ",".join(_NAMES[run[0]] if len(run) == 1 else f"{_NAMES[run[0]]}-{_NAMES[run[-1]]}" for run in runs)


def _spans_text(spans: Iterable[Span]) -> str:
    return ",".join(f"{_clock_text(start)}-{_clock_text(_on_clock(end))}" for start, end in spans)


def _on_clock(minutes: int) -> int:
    return minutes if minutes <= DAY_MIN else minutes - DAY_MIN


def _clock_text(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"
