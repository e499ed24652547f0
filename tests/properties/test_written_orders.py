"""Any order that obeys the rules of entry is the same when its document is read again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from portal.numeriz.values import Category, Issue, MeasureDraft, OrderDraft, Subject
from portal.numeriz.writing.composing import document_of
from portal.numeriz.writing.reading import Reader
from portal.numeriz.writing.whom import LIMITS
from portal.regulations.calendars import LocalCalendar
from portal.regulations.measures import Direction, LocationKind, MatchedEdge, MeasureLocation, MeasureType
from portal.regulations.schedules import HolidayRule, Interval, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    Criterion,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)

CALENDAR = LocalCalendar(ZoneInfo("Europe/Paris"))
WORLD = (2.0, 48.0, 3.0, 49.0)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=40).map(str.strip)
TEXTS = WORDS.filter(bool)
# Around both clock changes, where a local hour is missing or comes twice, and on an ordinary day.
ANCHORS = st.sampled_from(
    [datetime(2027, 3, 28, 1, tzinfo=UTC), datetime(2027, 10, 31, 1, tzinfo=UTC), datetime(2027, 6, 1, tzinfo=UTC)]
)
MINUTES = st.integers(-3000, 3000).map(lambda number: timedelta(minutes=number))
CLOCKS = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


def over(size: Size) -> st.SearchStrategy[Criterion]:
    return st.builds(Over, st.just(size), st.integers(LIMITS[size].start, LIMITS[size].stop - 1))


CRITERIA = st.one_of(
    st.sampled_from(Size).flatmap(over),
    st.builds(AirClassIn, st.frozensets(st.sampled_from(AirClass), min_size=1)),
    st.just(CarriesHazmat()),
    st.builds(UsedFor, st.sampled_from(Usage)),
    st.builds(HasAccess, st.sampled_from(Access)),
    st.builds(IsRoadUser, st.sampled_from(RoadUser)),
    st.builds(FreeText, TEXTS),
)
RULES = st.builds(VehicleRule, st.lists(CRITERIA, max_size=3).map(tuple), st.lists(CRITERIA, max_size=3).map(tuple))


def is_ever_active(period: Period) -> bool:
    end = period.end or period.start + timedelta(days=800)
    return period.is_active_during(Interval(period.start, end), CALENDAR)


@st.composite
def periods(draw: st.DrawFn, *, ends: bool) -> Period:
    start = draw(ANCHORS) + draw(MINUTES)
    end = start + timedelta(minutes=draw(st.integers(1, 100_000))) if ends else None
    days = draw(st.frozensets(st.sampled_from(Weekday)))
    slots = tuple(draw(st.lists(st.builds(TimeSlot, CLOCKS, CLOCKS), max_size=2)))
    return Period(start, end, days, slots, draw(st.sampled_from(HolidayRule)))


NUMBERS = st.integers(0, 900_000).map(lambda number: number / 1_000_000)
POINTS = st.tuples(NUMBERS.map(lambda x: 2.01 + x), NUMBERS.map(lambda y: 48.01 + y))
LINES = st.lists(POINTS, min_size=2, max_size=5, unique=True).map(shapely.LineString)
SHAPES = st.one_of(
    LINES,
    st.lists(LINES, min_size=1, max_size=2).map(shapely.MultiLineString),
    POINTS.map(lambda corner: shapely.box(*corner, corner[0] + 0.01, corner[1] + 0.01)),
)
LOCATIONS = st.builds(
    MeasureLocation,
    st.sampled_from(LocationKind),
    TEXTS,
    SHAPES,
    st.sampled_from(Direction),
    st.lists(st.builds(MatchedEdge, TEXTS, TEXTS, st.booleans()), max_size=2).map(tuple),
)


def has_one_direction(place: MeasureLocation) -> bool:
    return place.direction in (Direction.FORWARD, Direction.BACKWARD) and shapely.get_dimensions(place.shape) == 1


@st.composite
def orders(draw: st.DrawFn) -> OrderDraft:
    category = draw(st.sampled_from(Category))
    when = periods(ends=category is Category.TEMPORARY).filter(is_ever_active)
    measures = []
    for _ in range(draw(st.integers(1, 2))):
        kind = draw(st.sampled_from([kind for kind in MeasureType if kind is not MeasureType.UNKNOWN]))
        where = LOCATIONS.filter(has_one_direction) if kind is MeasureType.ONE_WAY else LOCATIONS
        measures.append(
            MeasureDraft(
                kind,
                tuple(draw(st.lists(where, min_size=1, max_size=2))),
                tuple(draw(st.lists(when, min_size=1, max_size=2))),
                draw(RULES),
                draw(st.integers(1, 130)) if kind is MeasureType.SPEED_LIMIT else None,
            )
        )
    subject = draw(st.none() | st.sampled_from(Subject))
    told = draw(TEXTS) if subject is Subject.OTHER else ""
    texts = {c.text for m in measures for c in (*m.vehicles.applies_to, *m.vehicles.except_) if isinstance(c, FreeText)}
    return OrderDraft(
        draw(TEXTS),
        draw(TEXTS),
        draw(TEXTS),
        category,
        tuple(measures),
        subject,
        url=draw(st.sampled_from(["", "https://ville.exemple/arretes/12"])),
        provenance={"subject_text": told} if told else {},
        issues=tuple(Issue("condition-in-words", {"value": text}) for text in sorted(texts)),
    )


@settings(max_examples=40, deadline=None)
@given(orders())
def test_an_order_is_the_same_when_its_document_is_read(order: OrderDraft) -> None:
    reader = Reader(CALENDAR, WORLD, {})
    again = reader.order(json.loads(json.dumps(document_of(order, CALENDAR.zone))))
    assert reader.faults == []
    assert again == order and dict(again.provenance) == dict(order.provenance)
    assert [dict(issue.params) for issue in again.issues] == [dict(issue.params) for issue in order.issues]
