"""The nearest lawful departures around one that is refused.

A tour that was driven and refused says what stood in its way, and when it came there: it is refused as well at every
departure at which all of that still is. What is left between is tried for real, the nearest first, and each refusal
adds what it met.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from portal.itineriz.planning.departures import Attempt, narrowed
from portal.itineriz.planning.hours import HORIZON, MINUTE, closed_spans, outside, to_minute
from portal.itineriz.planning.tour import Round, Tour
from portal.itineriz.planning.windows import both
from portal.regulations.schedules import Interval, merge
from portal.regulations.snapshot import LawSnapshot

_MOST_TRIED: Final = 20
_LEGS_TRIED: Final = 80
"""How many legs may be driven again on each side: a long tour is tried at fewer hours."""
_ROUND_ABOUT: Final = 1.5
"""How much longer than the way without law a leg is supposed to last before another cause is looked for."""
_STEPS: Final = 5
_FEWEST: Final = 2


@dataclass(frozen=True, slots=True)
class _Cause:
    """What refused a tour at its first obstacle.

    open: departures at which some of it is asleep while the vehicle may come there; at all others the tour is refused.
    reach: how far from the bounds of `open` the law may still be in the way. hours: other departures worth a try.
    """

    open: tuple[Interval, ...]
    reach: timedelta
    hours: tuple[datetime, ...]


def nearest_departures(
    law: LawSnapshot, attempt: Attempt, refused: Tour, round_: Round, earliest: datetime | None = None
) -> tuple[datetime, ...]:
    """The nearest lawful departures before and after that of a refused tour, within a day; whole minutes.

    earliest: none before this instant.
    """
    asked = round_.depart_at
    window = Interval(asked - HORIZON, asked + HORIZON)
    tries = max(_FEWEST, min(_MOST_TRIED, _LEGS_TRIED // max(len(round_.calls) - 1, 1)))
    sides = {-1: Interval(window.start, asked), 1: Interval(asked, window.end)}
    found = []
    for step, side in sides.items():
        if earliest is not None and side.end <= earliest:
            continue
        kept = side if earliest is None else Interval(max(side.start, earliest), side.end)
        causes = [_cause(law, round_, refused, asked, window)]
        hour = _nearest(law, attempt, round_, causes, kept, window, step, tries)
        if hour is not None:
            found.append(hour)
    return tuple(found)


def _nearest(
    law: LawSnapshot,
    attempt: Attempt,
    round_: Round,
    causes: list[_Cause],
    side: Interval,
    window: Interval,
    step: int,
    tries: int,
) -> datetime | None:
    asked = round_.depart_at
    tried = {asked}
    for _ in range(tries):
        spans = _open_to_all(causes, side)
        hour = _next_hour(causes, spans, tried, step)
        if hour is None:
            return None
        tour = attempt(hour)
        tried.add(hour)
        if tour.complete:
            # Nearer than this bound, and than what was tried, every departure is known to be refused.
            bounds = [span.start - MINUTE if step > 0 else span.end for span in spans if span.start <= hour <= span.end]
            nearer = [at for at in (*tried - {hour}, *bounds) if (hour - at) * step > timedelta()]
            limit = min(nearer, key=lambda at: abs(hour - at), default=asked)
            return narrowed(limit, hour, step, lambda at: side.start <= at and attempt(at).complete)
        causes.append(_cause(law, round_, tour, hour, window))
    return None


def _open_to_all(causes: Iterable[_Cause], side: Interval) -> tuple[Interval, ...]:
    spans: tuple[Interval, ...] = (side,)
    for cause in causes:
        spans = both(spans, cause.open)
    return spans


def _next_hour(causes: Sequence[_Cause], spans: Sequence[Interval], tried: set[datetime], step: int) -> datetime | None:
    """The nearest whole minute worth a try that was not tried."""
    reach = max(cause.reach for cause in causes)
    hours = {hour for cause in causes for hour in cause.hours}
    pace = max(MINUTE, reach / _STEPS)
    for span in spans:
        near = span.start if step > 0 else span.end
        hours |= {near + step * pace * count for count in range(_STEPS + 1)}
    whole = {to_minute(hour, step) for hour in hours} - tried
    inside = [hour for hour in whole if any(span.start <= hour < span.end for span in spans)]
    return min(inside, default=None) if step > 0 else max(inside, default=None)


def _cause(law: LawSnapshot, round_: Round, tour: Tour, depart_at: datetime, window: Interval) -> _Cause:
    """What stood in the way of a tour that left at an hour, and the departures at which it may not."""
    last = tour.visits[-1].leave_at - depart_at
    leg = timedelta(seconds=tour.refused_s * _ROUND_ABOUT) + MINUTE
    missed = [end.end - lead for end in tour.windows_missed for lead in (last, last + leg)]
    place = min((obstacle.stop for obstacle in tour.obstacles), default=0)
    reasons = [one.reason for one in tour.obstacles if one.stop == place and one.reason is not None]
    first, until = (timedelta(), last) if place == 0 else (last, last + leg)
    served = timedelta(seconds=round_.calls[place].stop.service_s)
    # What is asked of the law: the hours at which the vehicle may be there for any departure of the window.
    there = Interval(window.start + first, window.end + until + served)
    free = [span for one in reasons for span in outside(closed_spans(law, one, there, round_.passes), there)]
    hours = [span.start - first for span in free] + [span.end - until - served - MINUTE for span in free]
    limits = [one for one in tour.obstacles if one.stop == place and one.reason is None]
    if limits or tour.waits or any(visit.wait_s for visit in tour.visits) or (round_.waits and place > 1):
        # What is waited for comes at its hour whatever the departure: that says nothing of the hour of the obstacle.
        return _Cause((window,), timedelta(), tuple(missed + hours))
    opened = merge(Interval(span.start - until, span.end - first) for span in free)
    return _Cause(opened, until - first + served, tuple(missed + hours))
