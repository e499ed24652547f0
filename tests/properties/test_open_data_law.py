"""No open-data file says more than the law: what it closes, the core forbids, whatever the orders."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Final

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree
from shapely.geometry.base import BaseGeometry

from portal.numeriz.exports.cifs import CifsWriter
from portal.numeriz.exports.datex2 import Datex2Writer
from portal.numeriz.imports.datex.files import DATEX2
from portal.numeriz.values import Category, MeasureDraft, OrderDraft
from portal.regulations.answers import Purpose, State
from portal.regulations.evaluate import verdict
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    Vehicle,
    VehicleRule,
)
from tests.properties.test_open_data import read_back
from tests.support.editions import PLACE, written

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
# Before the end of summer time, about holidays, at the end of the year; all after the files are made.
ANCHORS: Final = tuple(
    map(datetime.fromisoformat, ("2026-10-23T20:00", "2026-10-31T12:00", "2026-11-12T03:00", "2026-12-23T06:00"))
)
LIMITS: Final = (180, 400, 3500)
CAR: Final = Vehicle(1500, None, 800, 150, 175, 390, hazmat=False, air_class=AirClass.CLASS_1)

# Clock times meet, cross midnight, and are not always whole minutes.
CLOCKS = st.one_of(
    st.sampled_from([time(0), time(6), time(21, 30, 30), time(23, 59)]),
    st.builds(time, st.integers(0, 23), st.integers(0, 59), st.sampled_from([0, 30])),
)
CRITERIA = st.one_of(
    st.builds(Over, st.sampled_from(Size), st.sampled_from(LIMITS)),
    st.builds(AirClassIn, st.frozensets(st.sampled_from(AirClass), min_size=1)),
    st.just(CarriesHazmat()),
    st.builds(UsedFor, st.sampled_from(Usage)),
    st.builds(HasAccess, st.sampled_from(Access)),
    st.builds(IsRoadUser, st.sampled_from(RoadUser)),
    st.just(FreeText("forains")),
)
# Most closures are for everybody, and those are the ones that files for all drivers may tell.
RULES = st.one_of(
    st.just(VehicleRule()),
    st.builds(VehicleRule, st.just(()), st.lists(CRITERIA, max_size=2).map(tuple)),
    st.builds(VehicleRule, st.lists(CRITERIA, max_size=2).map(tuple), st.lists(CRITERIA, max_size=2).map(tuple)),
)
CORNERS = st.tuples(st.integers(0, 3), st.integers(0, 3)).map(lambda c: (2.36 + c[0] / 500, 48.86 + c[1] / 500))
LINES = st.lists(CORNERS, min_size=2, max_size=4, unique=True)


def drawn_once(shape: BaseGeometry) -> bool:
    """Tell whether no part of a road is drawn twice: of two opposite ways on one line the core follows the first."""
    return abs(shapely.unary_union(shape).length - shape.length) < 1e-9


ROADS = st.one_of(
    LINES.map(shapely.LineString), st.lists(LINES, min_size=2, max_size=3).map(shapely.MultiLineString)
).filter(drawn_once)
SHAPES = st.one_of(
    ROADS,
    CORNERS.map(lambda corner: shapely.box(*corner, corner[0] + 0.003, corner[1] + 0.003)),
    st.just(shapely.LineString()),
)


def places(shapes: st.SearchStrategy[BaseGeometry]) -> st.SearchStrategy[MeasureLocation]:
    return st.builds(
        MeasureLocation, st.sampled_from(LocationKind), st.just("Rue Basse"), shapes, st.sampled_from(Direction)
    )


VEHICLES = st.one_of(
    st.just(CAR),
    st.builds(
        Vehicle,
        *[st.none() | st.sampled_from([limit + more for limit in LIMITS for more in (0, 1)])] * 6,
        hazmat=st.none() | st.booleans(),
        air_class=st.none() | st.sampled_from(AirClass),
        usages=st.frozensets(st.sampled_from(Usage), max_size=2),
    ),
)


@st.composite
def periods(draw: st.DrawFn, *, bounded: bool = False) -> Period:
    local = draw(st.sampled_from(ANCHORS)) + draw(st.integers(-1000, 3000)) * MINUTE
    start = local.replace(tzinfo=PLACE.zone).astimezone(UTC)
    length = draw(st.integers(600, 14_000) if bounded else st.none() | st.integers(0, 14_000))
    days = draw(st.just(frozenset[Weekday]()) | st.frozensets(st.sampled_from(Weekday)))
    slots = tuple(draw(st.lists(st.builds(TimeSlot, CLOCKS, CLOCKS), max_size=2)))
    end = None if length is None else start + length * MINUTE
    return Period(start, end, days, slots, draw(st.sampled_from([HolidayRule.IGNORED, *HolidayRule])))


MEASURES = st.builds(
    MeasureDraft,
    st.sampled_from([MeasureType.NO_ENTRY, MeasureType.NO_ENTRY, *MeasureType]),
    st.lists(places(SHAPES), max_size=2).map(tuple),
    st.lists(periods(), max_size=2).map(tuple),
    RULES,
    st.sampled_from([None, 30]),
)
# What a file for all drivers may have to tell: roads closed for a while, to some or to everybody.
CLOSURES = st.builds(
    MeasureDraft,
    st.just(MeasureType.NO_ENTRY),
    st.lists(places(ROADS), min_size=1, max_size=2).map(tuple),
    st.lists(periods(bounded=True), min_size=1, max_size=2).map(tuple),
    RULES,
)


def orders(measures: st.SearchStrategy[MeasureDraft], *categories: Category) -> st.SearchStrategy[OrderDraft]:
    return st.builds(
        OrderDraft,
        st.just("A-1"),
        st.just("Travaux"),
        st.just("Ville d’essai"),
        st.sampled_from(categories),
        st.lists(measures, min_size=1, max_size=2).map(tuple),
    )


DICE = st.integers(0, 2**32).map(random.Random)


def law_of(drafts: Sequence[OrderDraft]) -> LawSnapshot:
    """The law of some orders: measures without a drawn place, a period or a speed they need have no effect."""
    measures: list[Measure] = []
    for measure in (measure for draft in drafts for measure in draft.measures):
        places = tuple(place for place in measure.locations if not place.shape.is_empty)
        limit = measure.max_speed_kmh if measure.type is MeasureType.SPEED_LIMIT else None
        if places and measure.periods and (limit or measure.type is not MeasureType.SPEED_LIMIT):
            name = f"m{len(measures)}"
            about = (OrderRef("o", ""), measure.type, places, measure.periods, measure.vehicles, limit)
            measures.append(Measure(name, *about))
    return LawSnapshot.build([], measures, zone=PLACE.zone, version="", region=PLACE.holidays)


def instants(dice: random.Random, periods: Iterable[Period], count: int) -> list[datetime]:
    """Some instants around periods: by their bounds, by the edges of their slots, and anywhere."""
    found: list[datetime] = []
    for period in periods:
        found += [period.start, *([] if period.end is None else [period.end])]
        length = timedelta(days=10) if period.end is None else period.end - period.start
        found += [period.start + length * dice.uniform(-0.1, 1.1) for _ in range(count)]
        first = period.start.astimezone(PLACE.zone).date()
        for slot in period.slots:
            for day in range(-1, 9):
                edges = (datetime.combine(first + timedelta(days=day), at, PLACE.zone) for at in (slot.start, slot.end))
                found += [edge.astimezone(UTC) for edge in edges]
    asked = [at.replace(microsecond=0) + dice.choice((-1, 0, 1)) * SECOND for at in found]
    return dice.sample(asked, min(count, len(asked)))


def claims(incident: etree._Element, at: datetime) -> bool:
    """Tell whether a CIFS incident holds at an instant.

    The format ends a day at 23:59 and has no word for the minute after: nothing is claimed of it.
    """
    text = {part.tag: part.text or "" for part in incident}
    if at < datetime.fromisoformat(text["starttime"]):
        return False
    if "endtime" in text and at >= datetime.fromisoformat(text["endtime"]):
        return False
    schedule = incident.find("schedule")
    if schedule is None:
        return True
    local = at.astimezone(PLACE.zone)
    # A schedule without a day says nothing of when: whoever reads it closes the road at any time.
    if len(schedule) == 0:
        return True
    days = {"everyday", Weekday(local.weekday()).name.lower()}
    hours = ",".join(part.text or "" for part in schedule if part.tag in days)
    spans = [span.split("-") for span in hours.split(",") if span]
    return any(start <= f"{local:%H:%M}" < end for start, end in spans)


def driven(incident: etree._Element) -> Iterator[shapely.LineString]:
    """The ways along its line that an incident closes; both when it does not say which."""
    numbers = [float(number) for number in incident.findtext("polyline", "").split()]
    line = shapely.LineString([(lon, lat) for lat, lon in zip(numbers[::2], numbers[1::2], strict=True)])
    yield line
    if incident.findtext("direction") != "ONE_DIRECTION":
        yield line.reverse()


@given(orders(CLOSURES, Category.TEMPORARY) | orders(MEASURES | CLOSURES, *Category), DICE)
@settings(deadline=None, max_examples=100, derandomize=True)
def test_an_ordinary_car_is_forbidden_wherever_and_whenever_cifs_closes(draft: OrderDraft, dice: random.Random) -> None:
    law = law_of([draft])
    asked = instants(dice, (period for measure in draft.measures for period in measure.periods), 30)
    for incident in etree.fromstring(written(CifsWriter, [draft])).iter("incident"):
        closed = [at for at in asked if incident.findtext("type") == "ROAD_CLOSED" and claims(incident, at)]
        for way in driven(incident):
            # Step by step: the whole way is closed, not merely some of it.
            for step in pairwise(way.coords):
                for at in closed:
                    answer = verdict(law, shapely.LineString(step), at, CAR)
                    assert answer.state is State.FORBIDDEN, (etree.tostring(incident), at)


@given(st.lists(orders(MEASURES, *Category), min_size=1, max_size=2), st.lists(VEHICLES, min_size=1, max_size=2), DICE)
@settings(deadline=None, max_examples=70, derandomize=True)
def test_every_answer_is_the_same_when_the_law_is_read_back_from_datex2(
    drafts: list[OrderDraft], vehicles: list[Vehicle], dice: random.Random
) -> None:
    found, _issues = read_back(DATEX2, written(Datex2Writer, drafts))
    law, again = law_of(drafts), law_of(found)
    assert len(again.measures) == len(law.measures)
    for measure in law.measures.values():
        asked = instants(dice, measure.periods, 8)
        for way in (way for location in measure.locations for way in ways(location.shape)):
            for at, vehicle in ((at, vehicle) for at in asked for vehicle in vehicles):
                question = (way, at, vehicle, (), dice.choice([*Purpose]))
                first, second = verdict(law, *question), verdict(again, *question)
                assert (first.state, first.reasons, first.warnings) == (second.state, second.reasons, second.warnings)


def ways(shape: BaseGeometry) -> Iterator[BaseGeometry]:
    """A line of the shape, driven both ways; of an area, a point inside."""
    if shape.area:
        yield shape.representative_point()
        return
    line = getattr(shape, "geoms", [shape])[0]
    yield from (line, line.reverse())
