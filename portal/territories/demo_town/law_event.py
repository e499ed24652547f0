"""The invented event over three days, its perimeters, and one perimeter that is always active."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from shapely.geometry import MultiLineString, Polygon
from shapely.geometry.base import BaseGeometry

from portal.regulations.perimeters import Activation, Colour, Perimeter, Provenance
from portal.territories.demo_town.law import NOTICE, DemoEvent
from portal.territories.demo_town.law_shapes import blob, largest_polygon, local_instant, to_degrees
from portal.territories.demo_town.plane import Point
from portal.territories.demo_town.town import Town

EVENT_NAME = "La Grande Traversée de l’Orle"
PERMANENT_ID = "demo-hopital-rouge"
PERMANENT_NAME = "Accès réservé des urgences"
DAYS_AHEAD = 2
BEFORE, AFTER = timedelta(hours=2, minutes=30), timedelta(hours=1)
# first start and last end of the meetings of each day, local clock
STADIUM_HOURS = ((time(14), time(18)), (time(10), time(21, 30)), (time(9), time(17)))
SQUARE_HOURS = {1: (time(11), time(19))}
RACE_HOURS = {2: (time(9, 30), time(12, 30))}
PROVENANCE = Provenance(NOTICE)


def event_of(today: date) -> DemoEvent:
    """Return the event; it begins DAYS_AHEAD days after `today` and lasts three days."""
    first = today + timedelta(days=DAYS_AHEAD)
    return DemoEvent(EVENT_NAME, first, first + timedelta(days=2))


def perimeters_of(town: Town, event: DemoEvent, today: date) -> tuple[Perimeter, ...]:
    """Return the perimeters of the stadium (grey, red, blue), the market square, the race, and the permanent one."""
    stadium, square = _place(town, "stadium"), _place(town, "market_square")
    scale = max(1.0, (town.size_km / 3) ** 0.5)
    grey = blob(town, stadium, 105 * scale, lobes=0.04)
    red = blob(town, stadium, 210 * scale, lobes=0.06, turn=0.8)
    blue = blob(town, stadium, 430 * scale, lobes=0.07, turn=2.1)
    square_red = blob(town, square, 85 * scale, lobes=0.05, turn=1.2)
    square_blue = blob(town, square, 175 * scale, lobes=0.07, turn=0.3)
    square_ring = square_blue.difference(square_red)
    blue = largest_polygon(blue.difference(square_blue))  # two sites of one event share no ground
    by_day = dict(enumerate(STADIUM_HOURS))
    stadium_days, square_days = _activations(event, by_day), _activations(event, SQUARE_HOURS)
    race_days = _activations(event, RACE_HOURS, before=timedelta(hours=3))
    rows: list[tuple[str, str, Colour, BaseGeometry, tuple[Activation, ...]]] = [
        ("stade-gris", "Stade de l’Orle, enceinte", Colour.GREY, grey, stadium_days),
        ("stade-rouge", "Stade de l’Orle, abords", Colour.RED, red.difference(grey), stadium_days),
        ("stade-bleu", "Stade de l’Orle, circulation régulée", Colour.BLUE, blue.difference(red), stadium_days),
        ("marche-rouge", "Place du Marché, abords", Colour.RED, square_red, square_days),
        (
            "marche-bleu",
            "Place du Marché, circulation régulée",
            Colour.BLUE,
            square_ring,
            square_days,
        ),
        ("course-rouge", "Course des quais", Colour.RED, _race_course(town), race_days),
    ]
    perimeters = [
        Perimeter(f"demo-{key}", event.name, name, colour, shape, spans, provenance=PROVENANCE)
        for key, name, colour, shape, spans in rows
    ]
    always = (Activation(local_instant(today, -365), None),)
    hospital = blob(town, _place(town, "hospital"), 75, lobes=0.05)
    perimeters.append(
        Perimeter(
            "demo-hopital-rouge", "Permanent", PERMANENT_NAME, Colour.RED, hospital, always, provenance=PROVENANCE
        )
    )
    return tuple(perimeters)


def _place(town: Town, key: str) -> Point:
    return town.plane.to_plane((town.places[key].lon, town.places[key].lat))


def _activations(
    event: DemoEvent, hours: dict[int, tuple[time, time]], before: timedelta = BEFORE
) -> tuple[Activation, ...]:
    """Return one activation per day: from a while before the first meeting to AFTER the last."""
    spans = []
    for day, (first, last) in sorted(hours.items()):
        start: datetime = local_instant(event.first_day, day, first) - before
        spans.append(Activation(start, local_instant(event.first_day, day, last) + AFTER))
    return tuple(spans)


def _race_course(town: Town) -> Polygon:
    """Return the band of the race: the quays of the right bank."""
    quays = [s for s in town.streets if s.role == "quay_left"]
    lines = MultiLineString([[town.plane.to_plane(p) for p in s.line] for s in quays])
    band = lines.buffer(16).simplify(1.0)
    # the quay is broken where it meets the edge of the town: keep the longest part
    return to_degrees(town, largest_polygon(band))
