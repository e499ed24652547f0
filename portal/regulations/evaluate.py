"""The one question: may this vehicle be here, then, with these passes, for that purpose? And when does that change?

Map, route, pass and address check all ask it here, so their answers never differ. An answer is a state with its
reasons: codes and parameters, from which each context writes its sentences.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from shapely.geometry.base import BaseGeometry

from portal.regulations.answers import Purpose, Reason, ReasonCode, State, StopsInside, TripPurpose, Verdict
from portal.regulations.judging import When, judge, moment
from portal.regulations.measures import EdgeFacts
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval, as_utc
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Vehicle

__all__ = [
    "Change",
    "Interval",
    "Purpose",
    "Reason",
    "ReasonCode",
    "State",
    "StopsInside",
    "TripPurpose",
    "Verdict",
    "Way",
    "When",
    "change_of_ways",
    "judge",
    "next_change",
    "open_spans",
    "open_windows",
    "stops_inside",
    "verdict",
    "verdict_many",
    "verdict_of_ways",
    "verdict_spans",
    "ways_spans",
]

DEFAULT_HORIZON: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class Change:
    """The first instant at which the answer differs, and the answer from then on."""

    at: datetime
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Way:
    """One way to stand at a place: the regulations that bear there, and the facts of the road when known.

    A place may have several: who delivers in a street closed one way comes the other way. At least one is needed, and
    at each moment the freest answers.
    """

    hits: tuple[Hit, ...]
    edge: EdgeFacts | None = None


def verdict(
    law: LawSnapshot,
    place: BaseGeometry,
    when: When,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    edge: EdgeFacts | None = None,
) -> Verdict:
    """Answer the one question.

    place: point, line or area, (lon, lat) WGS84; a line is a path driven in the order of its points. when: an aware
    instant, or an interval: the law counts if it is active at any moment of it. edge: facts of the road when known.
    Raises ValueError on a naive instant or an empty place.
    """
    hits = law.in_force(_located(place), moment(when), edge)
    return judge(law, hits, when, vehicle, passes, purpose, edge)


def verdict_many(
    law: LawSnapshot,
    places: Sequence[BaseGeometry],
    whens: Sequence[When],
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    edges: Sequence[EdgeFacts | None] | None = None,
) -> tuple[Verdict, ...]:
    """`verdict` for each place at its own moment, with one look at the index. `whens` is as long as `places`."""
    facts = edges if edges is not None else [None] * len(places)
    hits_by_place = law.at_many([_located(place) for place in places], facts, [moment(when) for when in whens])
    return tuple(
        judge(law, hits, when, vehicle, passes, purpose, edge)
        for hits, when, edge in zip(hits_by_place, whens, facts, strict=True)
    )


def next_change(
    law: LawSnapshot,
    place: BaseGeometry,
    after: datetime,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    *,
    edge: EdgeFacts | None = None,
    horizon: timedelta = DEFAULT_HORIZON,
) -> Change | None:
    """The first instant after `after`, at most `horizon` later, at which the state differs from that at `after`."""
    ways = (Way(law.at(_located(place), edge), edge),)
    return change_of_ways(law, ways, after, vehicle, passes, purpose, horizon=horizon)


def open_windows(
    law: LawSnapshot,
    place: BaseGeometry,
    window: Interval,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    *,
    edge: EdgeFacts | None = None,
) -> tuple[Interval, ...]:
    """The longest intervals of the window during which the vehicle is allowed, sorted and disjoint."""
    return open_spans(law, law.at(_located(place), edge), window, vehicle, passes, purpose, edge=edge)


def open_spans(
    law: LawSnapshot,
    hits: Sequence[Hit],
    window: Interval,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    *,
    edge: EdgeFacts | None = None,
) -> tuple[Interval, ...]:
    """`open_windows` for regulations already found with `law.at`."""
    windows: list[Interval] = []
    for span, answer in verdict_spans(law, hits, window, vehicle, passes, purpose, edge=edge):
        if answer.state is not State.ALLOWED:
            continue
        if windows and windows[-1].end == span.start:
            windows[-1] = Interval(windows[-1].start, span.end)
        else:
            windows.append(span)
    return tuple(windows)


def verdict_spans(
    law: LawSnapshot,
    hits: Sequence[Hit],
    window: Interval,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    *,
    edge: EdgeFacts | None = None,
) -> tuple[tuple[Interval, Verdict], ...]:
    """What regulations already found with `law.at` say over a window: intervals that follow each other, each with the
    verdict that holds at every instant of it; neighbours may say the same."""
    return ways_spans(law, (Way(tuple(hits), edge),), window, vehicle, passes, purpose)


def verdict_of_ways(
    law: LawSnapshot,
    ways: Sequence[Way],
    when: When,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
) -> Verdict:
    """The verdict of the freest way; what closes another one is a warning."""
    freest = _freest(law, ways, when, vehicle, passes, purpose)
    if len(ways) == 1:
        return freest
    told = {(reason.id, reason.code) for reason in (*freest.reasons, *freest.warnings)}
    stopped = {reason.id for reason in freest.reasons}
    # Asked of the place without a direction, the law warns of what holds one way only.
    hits = {(id(hit.regulation), id(hit.location)): replace(hit, along=None) for way in ways for hit in way.hits}
    both = judge(law, hits.values(), when, vehicle, passes, purpose)
    more = [one for one in both.warnings if one.id not in stopped and (one.id, one.code) not in told]
    return replace(freest, warnings=(*freest.warnings, *more)) if more else freest


def change_of_ways(
    law: LawSnapshot,
    ways: Sequence[Way],
    after: datetime,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
    *,
    horizon: timedelta = DEFAULT_HORIZON,
) -> Change | None:
    """`next_change` of the freest way."""
    after = as_utc(after)
    hits = [hit for way in ways for hit in way.hits]
    before = _freest(law, ways, after, vehicle, passes, purpose).state
    for at in _bounds(law, hits, passes, Interval(after, after + horizon)):
        if _freest(law, ways, at, vehicle, passes, purpose).state is not before:
            return Change(at, verdict_of_ways(law, ways, at, vehicle, passes, purpose))
    return None


def ways_spans(
    law: LawSnapshot,
    ways: Sequence[Way],
    window: Interval,
    vehicle: Vehicle,
    passes: Sequence[PassRight] = (),
    purpose: TripPurpose = Purpose.STOP_INSIDE,
) -> tuple[tuple[Interval, Verdict], ...]:
    """`verdict_spans` of the freest way, without what is only told of the others."""
    hits = [hit for way in ways for hit in way.hits]
    bounds = [window.start, *_bounds(law, hits, passes, window)]
    return tuple(
        (Interval(start, end), _freest(law, ways, start, vehicle, passes, purpose))
        for start, end in zip(bounds, [*bounds[1:], window.end], strict=True)
        if start < end
    )


def _freest(
    law: LawSnapshot,
    ways: Sequence[Way],
    when: When,
    vehicle: Vehicle,
    passes: Sequence[PassRight],
    purpose: TripPurpose,
) -> Verdict:
    found = judge(law, ways[0].hits, when, vehicle, passes, purpose, ways[0].edge)
    for way in ways[1:]:
        if found.state is State.ALLOWED:
            break
        other = judge(law, way.hits, when, vehicle, passes, purpose, way.edge)
        found = min(found, other, key=lambda answer: answer.state.strictness)
    return found


def stops_inside(law: LawSnapshot, points: Iterable[BaseGeometry]) -> StopsInside:
    """The purpose of a tour that stops at these points."""
    found = law.at_many([_located(point) for point in points])
    return StopsInside(frozenset(hit.regulation.id for hits in found for hit in hits))


def _located(place: BaseGeometry) -> BaseGeometry:
    if place.is_empty:
        raise ValueError("an empty shape is no place")
    return place


def _bounds(
    law: LawSnapshot, hits: Iterable[Hit], passes: Iterable[PassRight], window: Interval
) -> tuple[datetime, ...]:
    """The instants of the window, its start excluded, at which the answer may change; sorted."""
    bounds: set[datetime] = set()
    for right in passes:
        bounds |= {right.start, right.end}
    # An interval cut by the window is not one that ends there: look one second past both ends.
    wider = Interval(window.start - timedelta(seconds=1), window.end + timedelta(seconds=1))
    for hit in hits:
        if isinstance(hit.regulation, Perimeter):
            spans = [(a.start, a.end) for a in hit.regulation.activations]
            bounds |= {bound for span in spans for bound in span if bound is not None}
        else:
            for period in hit.regulation.periods:
                for interval in period.active_intervals(wider, law.calendar):
                    bounds |= {interval.start, interval.end}
    return tuple(sorted(at for at in bounds if window.start < at <= window.end))
