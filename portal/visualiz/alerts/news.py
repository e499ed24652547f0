"""What applies in an area in the coming weeks, each thing with a digest: a digest never told before is news."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.measures import Measure, MeasureLocation, Origin
from portal.regulations.perimeters import Activation, Perimeter
from portal.regulations.schedules import Interval, Period
from portal.regulations.snapshot import LawSnapshot
from portal.visualiz.concerned import rule_digest
from portal.visualiz.day import active_spans

AHEAD: Final = timedelta(days=31)
_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class Coming:
    """A measure, or one perimeter with its activations, that applies in an area between now and `AHEAD`.

    digests: one for a measure, one per activation of a perimeter. first: when it first applies, not before now.
    has_begun: it applies now.
    """

    regulation: Measure | Perimeter
    digests: tuple[str, ...]
    first: datetime
    has_begun: bool
    activations: tuple[Activation, ...] = ()


class Almanac:
    """What a law has in store from an instant on, for the many areas of a look: nothing is worked out twice."""

    def __init__(self, law: LawSnapshot, now: datetime) -> None:
        self._law = law
        self._window = Interval(now, now + AHEAD)
        self._known: dict[tuple[object, ...], Coming | None] = {}

    def coming_in(self, area: BaseGeometry) -> Sequence[Coming]:
        """What applies in an area, in the order in which it begins. Signs of OpenStreetMap are no news.

        area: polygons, where whatever lies in them counts; or lines, where what bears on them does, not what crosses.
        """
        found = []
        for regulation, places in _meeting(self._law, area, self._window):
            # The law is kept here, and its places with it: they are the same objects each time.
            key = (regulation.id, *map(id, places))
            if key not in self._known:
                self._known[key] = _coming(self._law, regulation, places, self._window)
            found.append(self._known[key])
        return sorted((each for each in found if each is not None), key=lambda each: each.first)


def changed_since(law: LawSnapshot, before: LawSnapshot) -> LawSnapshot:
    """The part of a law that an earlier version did not hold as it is now; what did not change is the same object."""
    return LawSnapshot.build(
        [each for each in law.perimeters.values() if before.perimeters.get(each.id) is not each],
        [each for each in law.measures.values() if before.measures.get(each.id) is not each],
        zone=law.zone,
        region=law.calendar.region,
        version=law.version,
        previous=law,
    )


def coming_in(law: LawSnapshot, area: BaseGeometry, now: datetime) -> Sequence[Coming]:
    """`Almanac.coming_in` for one area."""
    return Almanac(law, now).coming_in(area)


def fresh_of(coming: Sequence[Coming], told: frozenset[str]) -> Sequence[Coming]:
    """What was never told; of a perimeter, its new activations alone."""
    fresh = []
    for each in coming:
        new = tuple(mark for mark in each.digests if mark not in told)
        if not new:
            continue
        if isinstance(each.regulation, Perimeter):
            spans = tuple(span for span, mark in zip(each.activations, each.digests, strict=True) if mark not in told)
            first = max(each.first, min(span.start for span in spans))
            fresh.append(Coming(each.regulation, new, first, each.has_begun, spans))
        else:
            fresh.append(each)
    return fresh


type _Met = tuple[Measure | Perimeter, tuple[MeasureLocation, ...]]


def _meeting(law: LawSnapshot, area: BaseGeometry, window: Interval) -> Sequence[_Met]:
    """The regulations active in the window that meet the area, with those of their places that do."""
    if shapely.get_dimensions(area) == 2:
        shapely.prepare(area)
        return [
            (regulation, places)
            for regulation in law.in_box(area.bounds, window)
            if (places := _places_in(regulation, area)) or _holds(regulation, area)
        ]
    lines = shapely.get_parts(area).tolist()
    met: dict[str, tuple[Measure | Perimeter, dict[int, MeasureLocation]]] = {}
    for hits in law.at_many(lines, during=[window] * len(lines)):
        for hit in hits:
            known = met.setdefault(hit.regulation.id, (hit.regulation, {}))[1]
            if hit.location is not None:
                known[id(hit.location)] = hit.location
    return [(regulation, _in_order(regulation, places)) for regulation, places in met.values()]


def _places_in(regulation: Measure | Perimeter, area: BaseGeometry) -> tuple[MeasureLocation, ...]:
    if isinstance(regulation, Perimeter):
        return ()
    return tuple(place for place in regulation.locations if not place.drawn.is_empty and area.intersects(place.drawn))


def _holds(regulation: Measure | Perimeter, area: BaseGeometry) -> bool:
    return isinstance(regulation, Perimeter) and bool(area.intersects(regulation.shape))


def _in_order(regulation: Measure | Perimeter, places: dict[int, MeasureLocation]) -> tuple[MeasureLocation, ...]:
    """The places as the measure names them: a digest must not depend on which line met them first."""
    if isinstance(regulation, Perimeter):
        return ()
    return tuple(place for place in regulation.locations if id(place) in places)


def _coming(
    law: LawSnapshot, regulation: Measure | Perimeter, places: tuple[MeasureLocation, ...], window: Interval
) -> Coming | None:
    spans = active_spans(law, regulation, window)
    if not spans or (isinstance(regulation, Measure) and regulation.origin is Origin.OSM):
        return None
    begins = spans[0].start, spans[0].start <= window.start
    if isinstance(regulation, Measure):
        return Coming(regulation, (_digest(_of_measure(regulation, places)),), *begins)
    met = tuple(span for span in regulation.activations if window.meets(span.start, span.end))
    marks = tuple(_digest([*_of_perimeter(regulation), _iso(span.start), _iso(span.end)]) for span in met)
    return Coming(regulation, marks, *begins, met)


def _of_measure(measure: Measure, places: tuple[MeasureLocation, ...]) -> list[Any]:
    """What a reader would call another measure when it changes. Ids are left out: an import may give new ones.

    A live event changes its hours all day long: its first news is its news.
    """
    if measure.origin is Origin.EVENT:
        return ["event", measure.order.id, measure.type.value]
    return [
        "measure",
        measure.type.value,
        measure.max_speed_kmh,
        rule_digest(measure.vehicles),
        measure.order.title,
        measure.order.authority,
        [_of_period(period) for period in measure.periods],
        [[place.label, place.direction.value, _of_shape(place.shape)] for place in places],
    ]


def _of_period(period: Period) -> list[Any]:
    slots = [[slot.start.isoformat(), slot.end.isoformat()] for slot in period.slots]
    days = sorted(day.value for day in period.weekdays)
    return [_iso(period.start), _iso(period.end), days, slots, period.holidays.value]


def _of_perimeter(perimeter: Perimeter) -> list[Any]:
    access = perimeter.access
    rule = [access.motorised.value, access.notice]
    return ["perimeter", perimeter.event, perimeter.name, perimeter.colour.value, rule, _of_shape(perimeter.shape)]


def _of_shape(found: BaseGeometry) -> str:
    rounded = shapely.transform(found, lambda xy: xy.round(_DECIMALS))
    return sha256(shapely.to_wkb(rounded, byte_order=1)).hexdigest()[:16]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _digest(content: list[Any]) -> str:
    return sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()[:16]
