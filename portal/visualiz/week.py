"""The week of a place or a street: when it is open, needs a pass, or is closed; to the minute, and hour by hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from shapely.geometry import Point

from portal.regulations.evaluate import State, verdict_spans
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.visualiz.choices import Choice

DAYS = 7


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, [start, end) in UTC, during which the places say the same.

    best, worst: the freest and the strictest answer among the places. strictest: number of a place with the worst one.
    """

    start: datetime
    end: datetime
    best: State
    worst: State
    strictest: int = 0


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the clock: the freest and the strictest answer in it; both None when the clock skips it."""

    clock: int
    best: State | None
    worst: State | None


@dataclass(frozen=True, slots=True)
class Day:
    """A local day with its stretches, cut at midnight, and its 24 hours of the clock."""

    date: date
    stretches: tuple[Stretch, ...]
    hours: tuple[Hour, ...]


def week_of(law: LawSnapshot, places: Sequence[Point], first: date, choice: Choice) -> tuple[Day, ...]:
    """The seven days from `first` for a vehicle that delivers at the places, (lon, lat) WGS84; at least one place."""
    zone = law.zone
    window = Interval(_local(first, 0, zone), _local(first + timedelta(days=DAYS), 0, zone))
    found = stretches(law, places, window, choice)
    days = (first + timedelta(days=number) for number in range(DAYS))
    return tuple(_day(found, day, zone) for day in days)


def stretches(law: LawSnapshot, places: Sequence[Point], window: Interval, choice: Choice) -> tuple[Stretch, ...]:
    """The window cut where the freest or the strictest answer among the places changes, each piece with both.

    The answers are those of `verdict` at any instant of the piece.
    """
    lines = [_states(law, hits, window, choice) for hits in law.at_many(places)]
    bounds = sorted({at for line in lines for at, _state in line} | {window.end})
    merged: list[Stretch] = []
    nexts = [0] * len(lines)
    for start, end in pairwise(bounds):
        for number, line in enumerate(lines):
            while nexts[number] < len(line) and line[nexts[number]][0] <= start:
                nexts[number] += 1
        now = [line[place - 1][1] for line, place in zip(lines, nexts, strict=True)]
        worst = max(now, key=_strictness)
        piece = Stretch(start, end, min(now, key=_strictness), worst, now.index(worst))
        last = merged[-1] if merged else None
        if last is not None and (last.best, last.worst) == (piece.best, piece.worst):
            merged[-1] = Stretch(last.start, end, last.best, last.worst, last.strictest)
        else:
            merged.append(piece)
    return tuple(merged)


def _states(law: LawSnapshot, hits: Sequence[Hit], window: Interval, choice: Choice) -> list[tuple[datetime, State]]:
    """When each answer begins, the first at the start of the window."""
    found: list[tuple[datetime, State]] = []
    for span, answer in verdict_spans(law, hits, window, choice.vehicle, choice.passes):
        if not found or found[-1][1] is not answer.state:
            found.append((span.start, answer.state))
    return found


def _strictness(state: State) -> int:
    return state.strictness


def _day(found: Sequence[Stretch], day: date, zone: ZoneInfo) -> Day:
    start, end = _local(day, 0, zone), _local(day + timedelta(days=1), 0, zone)
    cut = tuple(_cut(found, start, end))
    return Day(day, cut, tuple(_hour(cut, day, clock, zone) for clock in range(24)))


def _cut(found: Sequence[Stretch], start: datetime, end: datetime) -> Iterator[Stretch]:
    for stretch in found:
        if stretch.start < end and start < stretch.end:
            bounds = max(stretch.start, start), min(stretch.end, end)
            yield Stretch(*bounds, stretch.best, stretch.worst, stretch.strictest)


def _hour(found: Sequence[Stretch], day: date, clock: int, zone: ZoneInfo) -> Hour:
    """An hour of the clock; in autumn one of them lasts two hours, in spring one is not there."""
    start, end = _local(day, clock, zone), _local(day, clock + 1, zone)
    inside = list(_cut(found, start, end))
    if start == end:
        return Hour(clock, None, None)
    best = min((stretch.best for stretch in inside), key=_strictness)
    return Hour(clock, best, max((stretch.worst for stretch in inside), key=_strictness))


def _local(day: date, clock: int, zone: ZoneInfo) -> datetime:
    """The instant of a full hour of the local clock, 24 being the next midnight."""
    if clock == 24:
        return _local(day + timedelta(days=1), 0, zone)
    return datetime.combine(day, time(clock), zone).astimezone(UTC)
