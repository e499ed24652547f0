"""The week of a place or a street: when it is open, needs a pass, or is closed; to the minute, and hour by hour."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from portal.regulations.evaluate import State, Way, ways_spans
from portal.regulations.geometry import POINT_REACH_M, to_metres_at
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.visualiz.choices import Choice

DAYS = 7
_STEP_M: Final = 2 * POINT_REACH_M
"""Between two points so near each other nothing lies that is drawn along a street."""
_CLEAR_M: Final = POINT_REACH_M + 1.0
"""From the ends of a piece of street, where it crosses others."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of time, [start, end) in UTC, during which the places say the same.

    best, worst: the freest and the strictest answer among the places. where: (lon, lat) of a place with the worst one.
    """

    start: datetime
    end: datetime
    best: State
    worst: State
    where: Point


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


def week_of(law: LawSnapshot, places: Sequence[BaseGeometry], first: date, choice: Choice) -> tuple[Day, ...]:
    """The seven days from `first` for a vehicle that delivers at the places; at least one place.

    places: points, or pieces of a street as lines, (lon, lat) WGS84.
    """
    window = _week(first, law.zone)
    return _days(stretches(law, places, window, choice), first, law.zone)


def week_at(law: LawSnapshot, point: Point, ways: Sequence[Way], first: date, choice: Choice) -> tuple[Day, ...]:
    """The seven days from `first` at one place. ways: what bears on who delivers there."""
    found = _merged(law, [(point, tuple(ways))], _week(first, law.zone), choice)
    return _days(found, first, law.zone)


def _week(first: date, zone: ZoneInfo) -> Interval:
    return Interval(_local(first, 0, zone), _local(first + timedelta(days=DAYS), 0, zone))


def _days(found: Sequence[Stretch], first: date, zone: ZoneInfo) -> tuple[Day, ...]:
    days = (first + timedelta(days=number) for number in range(DAYS))
    return tuple(_day(found, day, zone) for day in days)


def stretches(
    law: LawSnapshot, places: Sequence[BaseGeometry], window: Interval, choice: Choice
) -> tuple[Stretch, ...]:
    """The window cut where the freest or the strictest answer among the places changes, each piece with both.

    The answers are those of `verdict` at any instant of the piece; of a line, those of the places along it.
    """
    spots = [(point, (Way(hits),)) for point, hits in _spots(law, places, window)]
    return _merged(law, spots, window, choice)


def _merged(
    law: LawSnapshot, spots: Sequence[tuple[Point, tuple[Way, ...]]], window: Interval, choice: Choice
) -> tuple[Stretch, ...]:
    lines = [_states(law, ways, window, choice) for _point, ways in spots]
    bounds = sorted({at for line in lines for at, _state in line} | {window.end})
    merged: list[Stretch] = []
    nexts = [0] * len(lines)
    for start, end in pairwise(bounds):
        for number, line in enumerate(lines):
            while nexts[number] < len(line) and line[nexts[number]][0] <= start:
                nexts[number] += 1
        now = [line[place - 1][1] for line, place in zip(lines, nexts, strict=True)]
        worst = max(now, key=_strictness)
        piece = Stretch(start, end, min(now, key=_strictness), worst, spots[now.index(worst)][0])
        last = merged[-1] if merged else None
        if last is not None and (last.best, last.worst) == (piece.best, piece.worst):
            merged[-1] = replace(last, end=end)
        else:
            merged.append(piece)
    return tuple(merged)


type _Spot = tuple[Point, tuple[Hit, ...]]


def _spots(law: LawSnapshot, places: Sequence[BaseGeometry], window: Interval) -> Sequence[_Spot]:
    """What bears on the places in the window, whatever is said alike of several once, with a point where it is said.

    A line is asked as a whole, so that nothing on it is missed, and at points along it, since a part of it may be free.
    """
    points = [_points_along(place) if isinstance(place, shapely.LineString) else () for place in places]
    asked = [*places, *(point for along in points for point in along)]
    found = iter(law.at_many(asked, during=[window] * len(asked)))
    of_places = list(islice(found, len(places)))
    said: list[_Spot] = []
    whole: list[_Spot] = []
    for place, hits, along in zip(places, of_places, points, strict=True):
        # A street has no direction for who delivers in it.
        whole.append((place.representative_point(), tuple(replace(hit, along=None) for hit in hits)))
        # A point is within reach of the streets beside and across: they say nothing of this one.
        here = {(id(hit.regulation), id(hit.location)) for hit in hits}
        for point in along:
            near = next(found)
            said.append((point, tuple(hit for hit in near if (id(hit.regulation), id(hit.location)) in here)))
    # The points come first: whoever asks why is led to the very place.
    once: dict[tuple[object, ...], _Spot] = {}
    for point, hits in (*said, *whole):
        key = [(id(hit.regulation), id(hit.location), hit.areal, hit.whole, hit.doubtful, hit.nearby) for hit in hits]
        once.setdefault(tuple(key), (point, hits))
    return tuple(once.values())


def _points_along(line: shapely.LineString) -> Sequence[Point]:
    """Points along a line, clear of the crossings at its ends; none along a short one."""
    length_m = shapely.transform(line, to_metres_at(line.centroid.y)).length
    between_m = length_m - 2 * _CLEAR_M
    if between_m < 0:
        return ()
    at_m = np.linspace(_CLEAR_M, length_m - _CLEAR_M, math.ceil(between_m / _STEP_M) + 1)
    return [line.interpolate(share, normalized=True) for share in at_m / length_m]


def _states(law: LawSnapshot, ways: Sequence[Way], window: Interval, choice: Choice) -> list[tuple[datetime, State]]:
    """When each answer begins, the first at the start of the window."""
    found: list[tuple[datetime, State]] = []
    for span, answer in ways_spans(law, ways, window, choice.vehicle, choice.passes):
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
            yield Stretch(*bounds, stretch.best, stretch.worst, stretch.where)


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
