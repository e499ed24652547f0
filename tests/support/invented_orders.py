"""Invented orders on the streets of an extract: bare rules for the judge, and the same as values for the portal."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    Criterion,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from tests.support.plain_law import BAN, OF_COLOUR, ONE_WAY, Hours, Rule

MIDDLE = datetime(2026, 3, 11, 10, tzinfo=UTC)
"""A Wednesday around which the invented orders are dated."""
_SLOTS = (((time(7), time(10)),), ((time(21), time(6)),), ((time(7), time(9, 30)), (time(16, 30), time(19))), ())
_DAYS: tuple[frozenset[int], ...] = (frozenset(), frozenset(range(5)), frozenset({2, 5}))
_WORDS = ("emergency", "taxi", "localAccess", "cityLogistics", "resident")


def any_rules(dice: random.Random, streets: Sequence[BaseGeometry], count: int) -> list[Rule]:
    """Some measures on streets and areas, and some perimeters that overlap; streets: lines in (lon, lat)."""
    rules = [_measure(dice, streets, f"m{number}") for number in range(count)]
    for number in range(max(1, count // 12)):
        rules += _event(dice, streets, number)
    return rules


def _measure(dice: random.Random, streets: Sequence[BaseGeometry], name: str) -> Rule:
    area = _disc(dice, streets, dice.uniform(60, 160)) if dice.random() < 0.12 else None
    what = BAN if area is not None or dice.random() < 0.85 else ONE_WAY
    directions = ("both", "both", "forward", "backward", "unknown") if what == BAN else ("forward", "backward")
    lines = () if area is not None else ((dice.choice(streets), dice.choice(directions)),)
    kind = dice.random()
    return Rule(
        id=name,
        what=what,
        hours=(_hours(dice),),
        area=area,
        lines=lines,
        over=dice.choice(_LIMITS) if kind < 0.45 else (),
        hazmat=0.45 <= kind < 0.5,
        air=frozenset({"4", "5", "none"}) if 0.5 <= kind < 0.55 else frozenset(),
        bound_by_words=0.55 <= kind < 0.6,
        spares=frozenset(word for word in _WORDS if dice.random() < 0.15),
    )


_LIMITS = (
    (("gross_weight_kg", 3500),),
    (("gross_weight_kg", 7500),),
    (("gross_weight_kg", 12_000),),
    (("height_cm", 350), ("length_cm", 1000)),
    (("length_cm", 900),),
    (("footprint_cm2", 290_000),),
)


def _event(dice: random.Random, streets: Sequence[BaseGeometry], number: int) -> list[Rule]:
    """A core in a ring, as the perimeters of 2024, or one area alone."""
    start = MIDDLE + timedelta(minutes=dice.randint(-600, 300))
    hours = (Hours(start, start + timedelta(minutes=dice.randint(60, 600))),)
    name, middle = f"e{number}", dice.choice(streets).interpolate(dice.random(), normalized=True)
    inner, outer = _around(middle, 90 * dice.uniform(0.6, 1.4)), _around(middle, 220 * dice.uniform(0.8, 1.3))
    spared = frozenset({"emergency", "police"})
    if dice.random() < 0.4:
        colour = dice.choice(("blue", "red", "grey", "black"))
        return [Rule(f"{name}-alone", OF_COLOUR[colour], hours, inner, (), colour, name, spares=spared)]
    colour = dice.choice(("red", "grey"))
    return [
        Rule(f"{name}-core", OF_COLOUR[colour], hours, inner, (), colour, name, spares=spared),
        Rule(f"{name}-ring", OF_COLOUR["blue"], hours, outer.difference(inner), (), "blue", name, spares=spared),
    ]


def _hours(dice: random.Random) -> Hours:
    start = MIDDLE - timedelta(days=dice.choice((400, 2, 0)), minutes=dice.randint(0, 300))
    end = None if dice.random() < 0.4 else MIDDLE + timedelta(minutes=dice.randint(5, 3000))
    return Hours(start, end, dice.choice(_DAYS), dice.choice(_SLOTS))


def _disc(dice: random.Random, streets: Sequence[BaseGeometry], radius_m: float) -> BaseGeometry:
    return _around(dice.choice(streets).interpolate(dice.random(), normalized=True), radius_m)


def _around(middle: BaseGeometry, radius_m: float) -> BaseGeometry:
    # Round enough: a disc in degrees is an ellipse on the ground.
    return shapely.transform(
        shapely.Point(0, 0).buffer(radius_m / 111_195.0), lambda xy: xy * (1.4, 1.0) + (middle.x, middle.y)
    )


def law_of(rules: Sequence[Rule], zone: ZoneInfo) -> LawSnapshot:
    """The same rules as values of the portal."""
    perimeters = [_perimeter(rule) for rule in rules if rule.colour]
    measures = [_value(rule) for rule in rules if not rule.colour]
    return LawSnapshot.build(perimeters, measures, zone=zone, version="invented")


def _perimeter(rule: Rule) -> Perimeter:
    spans = tuple(Activation(hours.start, hours.end) for hours in rule.hours)
    return Perimeter(rule.id, rule.event, rule.id, Colour(rule.colour), rule.area, spans)


def _value(rule: Rule) -> Measure:
    places = [MeasureLocation(LocationKind.FREE_GEOMETRY, rule.id, line, Direction(way)) for line, way in rule.lines]
    if rule.area is not None:
        places.append(MeasureLocation(LocationKind.AREA, rule.id, rule.area))
    bound: list[Criterion] = [Over(Size(size), limit) for size, limit in rule.over]
    bound += [CarriesHazmat()] if rule.hazmat else []
    bound += [AirClassIn(frozenset(AirClass(name) for name in rule.air))] if rule.air else []
    bound += [FreeText("véhicules de la fête")] if rule.bound_by_words else []
    return Measure(
        rule.id,
        OrderRef(rule.id, f"Arrêté {rule.id}", "Ville"),
        MeasureType.NO_ENTRY if rule.what == BAN else MeasureType.ONE_WAY,
        tuple(places),
        tuple(_period(hours) for hours in rule.hours),
        VehicleRule(tuple(bound), tuple(_exemption(word) for word in sorted(rule.spares))),
    )


def _exemption(word: str) -> Criterion:
    return HasAccess(Access(word)) if word in ("localAccess", "resident") else UsedFor(Usage(word))


def _period(hours: Hours) -> Period:
    slots = tuple(TimeSlot(first, last) for first, last in hours.slots)
    return Period(hours.start, hours.end, frozenset(Weekday(day) for day in hours.weekdays), slots)
