"""Law written to the database and read again is the same law."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any

import shapely
from hypothesis import given
from hypothesis import strategies as st

from portal.numeriz import codec
from portal.numeriz.values import DeliveryHours, MeasureDraft
from portal.regulations.measures import Direction, LocationKind, MatchedEdge, MeasureLocation, MeasureType
from portal.regulations.perimeters import AccessPolicy, Motorised
from portal.regulations.schedules import Period, TimeSlot, Weekday
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
    VehicleRule,
)

TEXTS = st.text(max_size=30)
CRITERIA = st.one_of(
    st.builds(Over, st.sampled_from(Size), st.integers(1, 10**6)),
    st.builds(AirClassIn, st.frozensets(st.sampled_from(AirClass))),
    st.just(CarriesHazmat()),
    st.builds(UsedFor, st.sampled_from(Usage)),
    st.builds(HasAccess, st.sampled_from(Access)),
    st.builds(IsRoadUser, st.sampled_from(RoadUser)),
    st.builds(FreeText, TEXTS),
)
RULES = st.builds(VehicleRule, st.lists(CRITERIA, max_size=3).map(tuple), st.lists(CRITERIA, max_size=3).map(tuple))
SLOTS = st.builds(TimeSlot, st.times(), st.times())
ZONES = st.sampled_from([UTC, timezone(timedelta(hours=2)), timezone(timedelta(hours=-5, minutes=-30))])
FIRST, LAST = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2090-01-01")
INSTANTS = st.datetimes(FIRST, LAST, timezones=ZONES)


@st.composite
def periods(draw: st.DrawFn) -> Period:
    start = draw(INSTANTS)
    length = draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=4000)))
    days = draw(st.frozensets(st.sampled_from(Weekday)))
    return Period(start, None if length is None else start + length, days, tuple(draw(st.lists(SLOTS, max_size=3))))


NUMBERS = st.floats(-180, 180, allow_nan=False).map(lambda number: round(number, 7))
POINTS = st.tuples(NUMBERS, NUMBERS)
SHAPES = st.one_of(
    st.lists(POINTS, min_size=2, max_size=6).map(shapely.LineString),
    st.lists(st.lists(POINTS, min_size=2, max_size=4), min_size=1, max_size=3).map(shapely.MultiLineString),
    POINTS.map(lambda corner: shapely.box(corner[0], corner[1], corner[0] + 0.1, corner[1] + 0.1)),
    st.just(shapely.GeometryCollection()),
    st.just(shapely.LineString()),
)
FRACTIONS = st.floats(0, 1, allow_nan=False)
EDGES = st.builds(MatchedEdge, TEXTS, TEXTS, st.booleans(), FRACTIONS, FRACTIONS, FRACTIONS)
LOCATIONS = st.builds(
    MeasureLocation,
    st.sampled_from(LocationKind),
    TEXTS,
    SHAPES,
    st.sampled_from(Direction),
    st.lists(EDGES, max_size=2).map(tuple),
    st.frozensets(TEXTS, max_size=2),
)
MEASURES = st.builds(
    MeasureDraft,
    st.sampled_from(MeasureType),
    st.lists(LOCATIONS, max_size=2).map(tuple),
    st.lists(periods(), max_size=2).map(tuple),
    RULES,
    st.none() | st.integers(1, 130),
)


def through_json(value: Any) -> Any:
    return json.loads(json.dumps(value))


@given(MEASURES)
def test_a_measure_is_the_same_when_it_is_read_again(measure: MeasureDraft) -> None:
    document = through_json(codec.measure_to_json(measure))
    assert codec.measure_from_json(measure.type, measure.max_speed_kmh, document) == measure
    assert codec.digest(document) == codec.digest(codec.measure_to_json(measure))


@given(
    st.none() | st.builds(AccessPolicy, st.sampled_from(Motorised), st.lists(CRITERIA, max_size=3).map(tuple), TEXTS)
)
def test_a_policy_is_the_same_when_it_is_read_again(policy: AccessPolicy | None) -> None:
    assert codec.policy_from_json(through_json(codec.policy_to_json(policy))) == policy


@given(SHAPES)
def test_a_shape_is_the_same_when_it_is_read_again(area: Any) -> None:
    assert codec.shape_from_bytes(codec.shape_to_bytes(area)).equals_exact(area, 0)


@given(
    st.lists(
        st.builds(DeliveryHours, st.frozensets(st.sampled_from(Weekday)), st.lists(SLOTS, max_size=2).map(tuple)),
        max_size=3,
    ).map(tuple)
)
def test_hours_are_the_same_when_they_are_read_again(hours: tuple[DeliveryHours, ...]) -> None:
    assert codec.hours_from_json(through_json(codec.hours_to_json(hours))) == hours


def test_a_clock_time_is_written_short_when_it_has_no_seconds() -> None:
    assert codec.slot_to_json(TimeSlot(time(22), time(6))) == ["22:00:00", "06:00:00"]
