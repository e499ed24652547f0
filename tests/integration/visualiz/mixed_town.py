"""A town where everything the map knows is in force somewhere, and random questions about it."""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from portal.db import unit_of_work
from portal.numeriz.api import (
    BayDraft,
    EventDraft,
    EventKind,
    EventState,
    MeasureDraft,
    bump_law,
    list_bays,
    store_events,
)
from portal.numeriz.bays.suspending import Suspending, suspend_bay
from portal.numeriz.values import Category, OrderDraft
from portal.numeriz.writing import document_of, faults_of, publish_work, start_work
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import HolidayRule, Interval, Period, TimeSlot, Weekday
from portal.regulations.snapshot import LawSnapshot, is_in_force
from portal.regulations.vehicles import (
    ALL_VEHICLES,
    HEAVY_GOODS,
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from portal.territories.api import TaggedRoad, TerritoryView
from tests.factories.law import TESTER, bay_draft, make_law, order_draft, perimeter_draft, square
from tests.support.written import judge

WEST, SOUTH, EAST, NORTH = 2.354, 48.859, 2.378, 48.869
RULES = (
    ALL_VEHICLES,
    VehicleRule((HEAVY_GOODS,)),
    VehicleRule((Over(Size.GROSS_WEIGHT, 12_000),)),
    VehicleRule((Over(Size.HEIGHT, 300),)),
    VehicleRule((Over(Size.WIDTH, 240),)),
    VehicleRule((Over(Size.LENGTH, 900), HEAVY_GOODS)),
    VehicleRule((HEAVY_GOODS,), (HasAccess(Access.LOCAL_ACCESS),)),
    VehicleRule((HEAVY_GOODS,), (UsedFor(Usage.CITY_LOGISTICS),)),
    VehicleRule((CarriesHazmat(),)),
    VehicleRule((AirClassIn(frozenset({AirClass.CLASS_2, AirClass.CLASS_3})),)),
    VehicleRule((), (FreeText("les jours de marché"),)),
)
TYPES = (*(MeasureType.NO_ENTRY,) * 6, MeasureType.SPEED_LIMIT, MeasureType.NO_PARKING, MeasureType.ALTERNATE_TRAFFIC)
SLOTS = ((time(7), time(19)), (time(21), time(6)), (time(6), time(10, 30)))
TAGS = ({"maxheight": "3.2"}, {"maxweight": "7.5"}, {"hgv": "no"}, {"hgv:conditional": "no @ (Mo-Fr 07:00-20:00)"})
_BESIDE = 1.2e-4
PROFILES = ("vul", "vul-2", "vul-e", "pl12", "pl19", "pl44")


def make_mixed_law(territory: TerritoryView, day: datetime, dice: random.Random) -> frozenset[str]:
    """Perimeters of all colours, orders, live events, signs of OpenStreetMap and bays, some out of use, around a day.

    day: a midnight in UTC. Each has a name of its own. Every other order is written at the desk when its form takes it:
    return the titles of these.
    """
    perimeters = [
        perimeter_draft(f"Zone {n}", dice.choice([*Colour]), _square(dice), [_activation(dice, day)]) for n in range(14)
    ]
    orders = [
        order_draft(_measure(dice, day, f"Rue {n}"), title=f"Arrêté {n}", identifier=f"mixte-{n}") for n in range(40)
    ]
    bays = _bays(random.Random(20261124))
    written = frozenset(order.title for order in orders[1::2] if _try_writing(territory, order))
    stored = [order for order in orders if order.title not in written]
    make_law(territory, perimeters=perimeters, orders=stored, bays=bays)
    for bay in list_bays(territory.id)[::3]:
        works = Suspending(day - timedelta(hours=20), day + timedelta(hours=40), "tranchée")
        suspend_bay(TESTER, territory.id, bay.id, works)
    events = [
        EventDraft(
            "essai",
            str(n),
            dice.choice((EventKind.CLOSURE, EventKind.ROADWORKS, EventKind.ALTERNATE)),
            EventState.ACTIVE,
            _line(dice),
            (_period(dice, day),),
            label=f"Chantier {n}",
        )
        for n in range(8)
    ]
    store_events(TESTER, territory.id, events)
    assert territory.restrictions_path is not None
    territory.restrictions_path.parent.mkdir(parents=True, exist_ok=True)
    roads = [
        TaggedRoad(n, {"highway": "residential", "name": f"Passage {n}", **dice.choice(TAGS)}, _corners(dice))
        for n in range(15)
    ]
    territory.restrictions_path.write_bytes(gzip.compress("".join(f"{road.as_line()}\n" for road in roads).encode()))
    with unit_of_work() as uow:
        bump_law(uow, territory.id)
    return written


def _try_writing(territory: TerritoryView, order: OrderDraft) -> bool:
    """Publish an order as a clerk does; tell whether the form takes it."""
    lasts = all(period.end is None for measure in order.measures for period in measure.periods)
    dated = replace(order, category=Category.PERMANENT if lasts else Category.TEMPORARY)
    document = document_of(dated, ZoneInfo(territory.timezone))
    if faults_of(document, territory):
        return False
    work_id = start_work(TESTER, territory.id, document=document)
    judge(territory.id, work_id)
    publish_work(TESTER, territory.id, work_id, 1)
    return True


def _measure(dice: random.Random, day: datetime, label: str) -> MeasureDraft:
    kind = dice.choice(TYPES)
    area = dice.random() < 0.25
    shape = _square(dice) if area else _line(dice)
    place = MeasureLocation(
        LocationKind.AREA if area else LocationKind.NAMED_STREET, label, shape, dice.choice([*Direction])
    )
    periods = tuple(_period(dice, day) for _ in range(dice.choice((1, 1, 2))))
    speed = 20 if kind is MeasureType.SPEED_LIMIT else None
    return MeasureDraft(kind, (place,), periods, dice.choice(RULES), speed)


def _period(dice: random.Random, day: datetime) -> Period:
    start = day + timedelta(minutes=dice.randint(-9000, 2000))
    end = None if dice.random() < 0.4 else start + timedelta(minutes=dice.randint(1000, 12000))
    if dice.random() < 0.4:
        return Period(start, end)
    slot = TimeSlot(*dice.choice(SLOTS))
    days = frozenset(dice.sample([*Weekday], 5)) if dice.random() < 0.5 else frozenset()
    return Period(start, end, days, (slot,), dice.choice([*HolidayRule][:3]))


def _bays(dice: random.Random) -> list[BayDraft]:
    """So many that one is in view now and then; some have a name instead of an address, some neither."""
    bays = [bay_draft(lon=_lon(dice), lat=_lat(dice)) for _ in range(240)]
    named = [replace(bay, address="", name=f"Aire {n}") for n, bay in enumerate(bays[::4])]
    return [*named, *(replace(bay, address="") for bay in bays[1::4]), *bays[2::4], *bays[3::4]]


def _activation(dice: random.Random, day: datetime) -> tuple[str, str | None]:
    start = day + timedelta(minutes=dice.randint(-4000, 2000))
    end = None if dice.random() < 0.2 else (start + timedelta(minutes=dice.randint(60, 5000))).isoformat()
    return start.isoformat(), end


def _lon(dice: random.Random) -> float:
    return dice.uniform(WEST, EAST)


def _lat(dice: random.Random) -> float:
    return dice.uniform(SOUTH, NORTH)


def _square(dice: random.Random) -> BaseGeometry:
    return square(_lon(dice), _lat(dice), dice.uniform(0.001, 0.005))


def _corners(dice: random.Random) -> tuple[tuple[float, float], ...]:
    lon, lat, turn = _lon(dice), _lat(dice), dice.uniform(0, math.tau)
    return tuple((lon + 0.001 * n * math.cos(turn), lat + 0.0007 * n * math.sin(turn)) for n in range(3))


def _line(dice: random.Random) -> BaseGeometry:
    return shapely.LineString(_corners(dice))


@dataclass(frozen=True)
class Question:
    """A place (lon, lat, six decimals), an instant of a whole minute, and a vehicle: a profile, or "own"."""

    lon: float
    lat: float
    at: datetime
    vehicle: str

    @property
    def point(self) -> Point:
        return Point(self.lon, self.lat)


def questions(law: LawSnapshot, day: datetime, dice: random.Random, count: int) -> Sequence[Question]:
    """Random questions, most of them on or beside something in force."""
    found: list[Question] = []
    while len(found) < count:
        lon, lat = _lon(dice), _lat(dice)
        at = day + timedelta(minutes=dice.randint(-2500, 4000))
        awake = [site.shape for site in law.sites if is_in_force(site.regulation, Interval(at, at), law.calendar)]
        vehicle = dice.choice((*PROFILES, "own", "own"))
        if len(found) % 5 == 0:
            # The perimeter that the own vehicle has a pass for, while it is valid and around.
            lon, lat = dice.uniform(2.3602, 2.3638), dice.uniform(48.8602, 48.8638)
            valid = len(found) % 10 == 0
            vehicle = "own" if valid else vehicle
            at = day + timedelta(minutes=dice.randint(421, 719) if valid else dice.randint(300, 900))
        elif len(found) % 5 < 4 and awake:
            spot = _spot(dice, dice.choice(awake))
            lon, lat = spot.x + dice.uniform(-_BESIDE, _BESIDE), spot.y + dice.uniform(-_BESIDE, _BESIDE)
        # The command refuses to speak of places outside the territory.
        lon, lat = min(max(lon, 2.352), 2.3805), min(max(lat, 48.858), 48.8698)
        found.append(Question(round(lon, 6), round(lat, 6), at, vehicle))
    return found


def _spot(dice: random.Random, shape: BaseGeometry) -> Point:
    """A point on a shape: anywhere on a line, in the middle of an area."""
    if isinstance(shape, shapely.LineString):
        return shapely.line_interpolate_point(shape, dice.random(), normalized=True)
    return shapely.point_on_surface(shape)
