"""Random tours on a field, as the judge's question and as the portal's, and their public answers."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from portal.common.errors import Invalid
from portal.itineriz.documents.answer import to_public
from portal.itineriz.planning.planner import Extras, plan
from portal.itineriz.trip import Stop, Trip
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from tests.support.fields import VEHICLES, Field, any_passes
from tests.support.tour_checker import Asked, faults_of
from tests.support.tour_law import Law

_STOPS = (2, 2, 2, 3, 3, 4)


@dataclass(frozen=True)
class Judged:
    """One tour: what was asked, what was answered, what the judge found."""

    asked: Asked
    answer: Mapping[str, Any]
    faults: list[str]
    law: Law


def any_question(dice: random.Random, field: Field) -> Asked:
    """A tour of two to four stops at an hour at which the law of the field changes."""
    at = dice.choice(field.instants) + timedelta(seconds=dice.randint(0, 240))
    stops = [_stop(dice, field, number, at) for number in range(dice.choice(_STOPS))]
    return Asked(
        stops=stops,
        depart_at=at,
        vehicle=dice.choice(VEHICLES),
        passes=any_passes(dice, field, at),
        free_order=len(stops) > 3 and dice.random() < 0.3,
        return_to_start=dice.random() < 0.15,
    )


def _stop(dice: random.Random, field: Field, number: int, at: Any) -> dict[str, Any]:
    lon, lat = dice.choice(field.places)
    stop: dict[str, Any] = {"lon": lon, "lat": lat, "service_s": dice.choice((0, 60, 300, 900))}
    if number and dice.random() < 0.2:
        opens = at + timedelta(minutes=dice.choice((0, 5, 20, 60)))
        stop["windows"] = [[opens, opens + timedelta(minutes=dice.choice((10, 60, 240)))]]
    return stop


def trip_of(asked: Asked) -> Trip:
    """The same question, as the portal takes it."""
    stops = tuple(
        Stop(
            stop["lon"],
            stop["lat"],
            service_s=stop["service_s"],
            windows=tuple(Interval(first, last) for first, last in stop.get("windows", ())),
        )
        for stop in asked.stops
    )
    return Trip(
        stops,
        asked.depart_at,
        Vehicle.from_public(asked.vehicle),
        passes_of(asked.passes),
        free_order=asked.free_order,
        return_to_start=asked.return_to_start,
    )


def passes_of(passes: Sequence[Mapping[str, Any]]) -> tuple[PassRight, ...]:
    """Passes, as the portal takes them."""
    return tuple(
        PassRight(
            one["start"],
            one["end"],
            frozenset(one.get("perimeter_ids", ())),
            frozenset(Colour(colour) for colour in one.get("colours", ())),
        )
        for one in passes
    )


def answer_of(field: Field, law: LawSnapshot, asked: Asked) -> dict[str, Any] | None:
    """The public answer; None when the question is refused (a stop far from every street of the vehicle)."""
    try:
        # Other hours than the one asked for are other tours: they are not judged here.
        return to_public(plan(field.engine, law, trip_of(asked), extras=Extras(hours=False)), field.zone)
    except Invalid as refused:
        if refused.code != "stop-far-from-road":
            raise
        return None


def judged(field: Field, seed: str, count: int) -> Iterator[Judged]:
    """Random tours with their answers and what the judge says of them."""
    dice = random.Random(seed)
    while count:
        law, judge = field.laws[count % len(field.laws)]
        asked = any_question(dice, field)
        answer = answer_of(field, law, asked)
        if answer is not None:
            count -= 1
            yield Judged(asked, answer, faults_of(answer, asked, judge), judge)
