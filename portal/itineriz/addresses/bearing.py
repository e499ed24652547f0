"""The part of a law that may stop one vehicle at an address during one week: all the rest need not be looked for.

A street knows many regulations that stop nobody: parking, speed, bans for others. Of those that let the vehicle pass,
only the orders that silence a tag of OpenStreetMap change an answer (docs/adr/013).
"""

from __future__ import annotations

import shapely

from portal.regulations.evaluate import Interval
from portal.regulations.measures import Measure, MeasureType, Origin
from portal.regulations.precedence import Matter, matters_let_pass, matters_that_bind
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Answer, Vehicle


def may_stop(measure: Measure, vehicle: Vehicle) -> bool:
    """Tell whether a measure closes roads to a vehicle with a stop there, or would if more was known of it."""
    return measure.may_close and measure.vehicles.concerns(vehicle, stops_inside=True).answer is not Answer.NO


def law_that_bears(law: LawSnapshot, week: Interval, vehicle: Vehicle) -> LawSnapshot:
    """The perimeters and measures of the week that an answer for this vehicle may depend on."""
    around = law.around(week)
    stopping = {measure.id for measure in around.measures.values() if may_stop(measure, vehicle)}
    tags = [around.measures[name] for name in stopping if around.measures[name].origin is Origin.OSM]
    matters = {matter for tag in tags for matter in matters_that_bind(tag, vehicle, stops=True) or ()}
    kept = [
        measure
        for measure in around.measures.values()
        if measure.id in stopping or may_silence(measure, vehicle, matters)
    ]
    return LawSnapshot.build(
        around.perimeters.values(),
        kept,
        zone=law.zone,
        version=law.version,
        region=law.calendar.region,
        previous=around,
    )


def areas_of(law: LawSnapshot) -> LawSnapshot:
    """The perimeters, and the measures that are not along lines alone: these bear on an address whatever its street."""
    return LawSnapshot.build(
        law.perimeters.values(),
        [
            measure
            for measure in law.measures.values()
            if any(shapely.get_dimensions(p.shape) != 1 for p in measure.locations)
        ],
        zone=law.zone,
        version=law.version,
        region=law.calendar.region,
        previous=law,
    )


def may_silence(measure: Measure, vehicle: Vehicle, matters: set[Matter]) -> bool:
    """Tell whether a measure is an order that lets a vehicle pass on one of the matters by which tags stop it."""
    if measure.origin is not Origin.ORDER or measure.type is not MeasureType.NO_ENTRY:
        return False
    return not matters.isdisjoint(matters_let_pass(measure, vehicle, stops=True))
