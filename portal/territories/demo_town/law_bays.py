"""Delivery bays beside the doors of the centre."""

from __future__ import annotations

import math
import random
from datetime import time

from shapely.geometry import LineString
from shapely.geometry import Point as Spot

from portal.regulations.schedules import TimeSlot, Weekday
from portal.territories.demo_town.dice import dice
from portal.territories.demo_town.law import DemoBay
from portal.territories.demo_town.plane import Point
from portal.territories.demo_town.town import Address, Street, Town

BAY_COUNT = 400
LEAST_APART_M = 24.0
KERB_M = 3.4  # from the axis of the street to the middle of the bay
WORKING_DAYS = frozenset(day for day in Weekday if day is not Weekday.SUNDAY)
USUAL_SLOTS = (TimeSlot(time(7), time(20)),)
OTHER_SLOTS = (
    (TimeSlot(time(6), time(11)),),
    (TimeSlot(time(20), time(7)),),
    (TimeSlot(time(5), time(10)), TimeSlot(time(14), time(16, 30))),
)


def delivery_bays(town: Town) -> tuple[DemoBay, ...]:
    """Return up to BAY_COUNT bays, most of them in the old town and the centre; fewer in a very small town."""
    rng = dice("bays", town.seed)
    streets = {s.name: s for s in town.streets if s.zone in ("old_town", "centre", "skeleton") and not _is_fast(s)}
    doors = [a for a in town.addresses if a.street in streets and a.number.isdigit()]
    rng.shuffle(doors)
    placed: dict[tuple[int, int], list[Point]] = {}
    bays: list[DemoBay] = []
    for door in doors:
        if len(bays) == BAY_COUNT:
            break
        point = _beside_kerb(town, streets[door.street], door)
        cell = (int(point[0] // LEAST_APART_M), int(point[1] // LEAST_APART_M))
        around = [p for dx in (-1, 0, 1) for dy in (-1, 0, 1) for p in placed.get((cell[0] + dx, cell[1] + dy), ())]
        if all(math.dist(point, other) >= LEAST_APART_M for other in around):
            placed.setdefault(cell, []).append(point)
            bays.append(_bay(town, door, point, len(bays) + 1, rng))
    return tuple(bays)


def _is_fast(street: Street) -> bool:
    return street.highway in ("trunk", "pedestrian") or street.name.startswith(("Route", "Pont", "Vieux"))


def _beside_kerb(town: Town, street: Street, door: Address) -> Point:
    line = LineString([town.plane.to_plane(p) for p in street.line])
    here = Spot(town.plane.to_plane((door.lon, door.lat)))
    foot = line.interpolate(line.project(here))
    away = foot.distance(here) or 1.0
    share = min(1.0, KERB_M / away)
    return foot.x + (here.x - foot.x) * share, foot.y + (here.y - foot.y) * share


def _bay(town: Town, door: Address, point: Point, number: int, rng: random.Random) -> DemoBay:
    lon, lat = town.plane.to_lonlat(point)
    is_permanent = rng.random() < 0.36
    places = 2 if rng.random() < 0.12 else 1
    length_m = round(places * rng.choice((8.0, 10.0, 10.0, 12.0, 12.0, 15.0)) + rng.uniform(-0.4, 0.4), 1)
    slots = USUAL_SLOTS if rng.random() < 0.9 else rng.choice(OTHER_SLOTS)
    return DemoBay(
        local_id=f"VAL-{number:04d}",
        lon=lon,
        lat=lat,
        street=door.street,
        address=f"{door.number} {door.street[0].lower()}{door.street[1:]}",
        regime="permanent" if is_permanent else "periodic",
        layout="angled" if rng.random() < 0.05 else "parallel",
        length_m=length_m,
        width_m=rng.choice((2.0, 2.2, 2.5, 2.5, 3.0)),
        places=places,
        weekdays=frozenset() if is_permanent else WORKING_DAYS,
        slots=() if is_permanent else slots,
        max_stay_min=None if is_permanent and rng.random() < 0.4 else 30,
    )
