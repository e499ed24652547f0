"""Live event over order over tag of OpenStreetMap (docs/adr/013).

Events and orders add up: the strictest wins, and an event never lifts an order. A tag repeats a sign, and a sign
repeats an order: where the order in force speaks of the same matter and lets the vehicle pass, the tag is out of date.
What a tag says of a height, a width, a length or an axle is about the road itself: nothing silences it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from portal.regulations.answers import Reason, ReasonCode, State, TripPurpose, stops_at
from portal.regulations.judging_measures import effect_of
from portal.regulations.measures import EdgeEffect, EdgeFacts, Measure, MeasureType, Origin
from portal.regulations.schedules import Interval, merge
from portal.regulations.snapshot import Hit, LawSnapshot, is_in_force
from portal.regulations.vehicles import (
    AirClassIn,
    Answer,
    CarriesHazmat,
    Criterion,
    Over,
    Size,
    UsedFor,
    Vehicle,
    matches,
)


class Matter(Enum):
    """What an administrative rule is about."""

    ACCESS = "access"
    WEIGHT = "weight"
    HAZMAT = "hazmat"
    AIR_CLASS = "airClass"
    USAGE = "usage"


@dataclass(frozen=True, slots=True)
class Question:
    """The question under way: what bears on the place, when, and who asks."""

    law: LawSnapshot
    hits: tuple[Hit, ...]
    during: Interval
    vehicle: Vehicle
    purpose: TripPurpose
    edge: EdgeFacts | None


def give_way(findings: list[tuple[Reason, bool]], tag: Measure, question: Question) -> list[tuple[Reason, bool]]:
    """What a tag says (reason, is a warning), its obstacles turned into warnings where an order lets the vehicle pass.

    All moments of the question at which the tag holds must be moments at which such an order is in force.
    """
    matters = matters_that_bind(tag, question.vehicle, stops=stops_at(question.purpose, tag.id))
    if matters is None:
        return findings
    orders: dict[Matter, list[Measure]] = {matter: [] for matter in matters}
    for hit in question.hits:
        order = hit.regulation
        if not isinstance(order, Measure) or not rules_place(hit, order, question.edge):
            continue
        for matter in matters_let_pass(order, question.vehicle, stops=stops_at(question.purpose, order.id)) & matters:
            orders[matter].append(order)
    if not all(_hold_throughout(tag, freeing, question) for freeing in orders.values()):
        return findings
    title = next(iter(orders.values()))[0].order.title
    return [
        (reason, is_warning) if reason.state is State.ALLOWED else (_superseded(reason, title), True)
        for reason, is_warning in findings
    ]


def _superseded(reason: Reason, title: str) -> Reason:
    return replace(
        reason,
        code=ReasonCode.OSM_SUPERSEDED,
        state=State.ALLOWED,
        missing_exemptions=(),
        missing_facts=(),
        params={**reason.params, "order": title},
    )


def _matter(criterion: Criterion) -> Matter | None:
    match criterion:
        case Over(Size.GROSS_WEIGHT):
            return Matter.WEIGHT
        case CarriesHazmat():
            return Matter.HAZMAT
        case AirClassIn():
            return Matter.AIR_CLASS
        case UsedFor():
            return Matter.USAGE
        case _:
            return None


def matters_that_bind(tag: Measure, vehicle: Vehicle, *, stops: bool) -> frozenset[Matter] | None:
    """The matters by which the tag may bind this vehicle; None when one of them is about the road itself.

    stops: the trip stops inside the tag.
    """
    if tag.type is not MeasureType.NO_ENTRY:
        return None
    if not tag.vehicles.applies_to:
        return frozenset({Matter.ACCESS})
    found = [
        _matter(criterion)
        for criterion in tag.vehicles.applies_to
        if matches(criterion, vehicle, stops_inside=stops) is not Answer.NO
    ]
    known = frozenset(matter for matter in found if matter is not None)
    return known if found and None not in found else None


def rules_place(hit: Hit, measure: Measure, edge: EdgeFacts | None) -> bool:
    """Tell whether a measure is an order that speaks of all of a place: a tag there may be out of date."""
    if measure.origin is not Origin.ORDER or measure.type is not MeasureType.NO_ENTRY or not hit.whole:
        return False
    return effect_of(hit, measure, edge)[0] is EdgeEffect.CLOSED


def matters_let_pass(order: Measure, vehicle: Vehicle, *, stops: bool) -> frozenset[Matter]:
    """What an order that rules the place speaks of while it lets this vehicle pass; stops: as for a tag."""
    if order.vehicles.concerns(vehicle, stops_inside=stops).answer is not Answer.NO:
        return frozenset()
    if not order.vehicles.applies_to:
        return frozenset({Matter.ACCESS})
    return frozenset(matter for c in order.vehicles.applies_to if (matter := _matter(c)) is not None)


def _hold_throughout(tag: Measure, orders: list[Measure], question: Question) -> bool:
    during, calendar = question.during, question.law.calendar
    if during.is_instant:
        return any(is_in_force(order, during, calendar) for order in orders)
    held = _spans(orders, question)
    return all(any(h.start <= s.start and s.end <= h.end for h in held) for s in _spans([tag], question))


def _spans(measures: Iterable[Measure], question: Question) -> tuple[Interval, ...]:
    return merge(
        span
        for measure in measures
        for period in measure.periods
        for span in period.active_intervals(question.during, question.law.calendar)
    )
