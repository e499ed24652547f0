"""Live event over order over tag of OpenStreetMap."""

from __future__ import annotations

import pytest
import shapely
from shapely import MultiPoint, Point

from portal.regulations.answers import Reason, ReasonCode, State
from portal.regulations.evaluate import Interval, Purpose, verdict
from portal.regulations.measures import Direction, EdgeFacts, Measure, MeasureType, Origin
from portal.regulations.schedules import Period
from portal.regulations.vehicles import (
    HEAVY_GOODS,
    Access,
    CarriesHazmat,
    Criterion,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    Vehicle,
    VehicleRule,
)
from tests.support.law import INSIDE, ON_STREET, STREET, ZONE, law_of, local, measure

NOON = local("2024-06-03 12:00")
TRUCK = Vehicle(gross_weight_kg=5000, height_cm=380, hazmat=False)
OVER_12T = Over(Size.GROSS_WEIGHT, 12000)
LAT_M = 1 / 111_195


def tag(*criteria: Criterion, **more: object) -> Measure:
    return measure(rule=VehicleRule(criteria), id="tag", origin=Origin.OSM, **more)  # type: ignore[arg-type]


def event(kind: MeasureType = MeasureType.NO_ENTRY, **more: object) -> Measure:
    return measure(kind, id="event", origin=Origin.EVENT, **more)  # type: ignore[arg-type]


def codes(reasons: tuple[Reason, ...]) -> list[tuple[str, ReasonCode]]:
    return [(reason.id, reason.code) for reason in reasons]


def test_the_strongest_origin_is_told_first_when_answers_are_as_strict() -> None:
    law = law_of(tag(), measure(id="order"), event())
    answer = verdict(law, ON_STREET, NOON, TRUCK)
    assert [reason.origin for reason in answer.reasons] == [Origin.EVENT, Origin.ORDER, Origin.OSM]
    assert [reason.to_public().get("origin") for reason in answer.reasons] == ["event", None, "osm"]


def test_an_event_never_lifts_an_order() -> None:
    exempt = VehicleRule(except_=(UsedFor(Usage.TAXI),))
    taxi = Vehicle(gross_weight_kg=5000, usages=frozenset({Usage.TAXI}))
    law = law_of(measure(id="order"), event(rule=exempt))
    answer = verdict(law, ON_STREET, NOON, taxi)
    assert (answer.state, codes(answer.obstacles)) == (State.FORBIDDEN, [("order", ReasonCode.NO_ENTRY)])


@pytest.mark.parametrize(
    ("criteria", "order", "silenced"),
    [
        pytest.param((HEAVY_GOODS,), VehicleRule((OVER_12T,)), True, id="lighter than the order's limit"),
        pytest.param(
            (HEAVY_GOODS,),
            VehicleRule((HEAVY_GOODS,), (HasAccess(Access.LOCAL_ACCESS),)),
            True,
            id="exempt by the order",
        ),
        pytest.param((), VehicleRule(except_=(HasAccess(Access.LOCAL_ACCESS),)), True, id="access for some"),
        pytest.param((), VehicleRule((OVER_12T,)), False, id="closed to all, order about weight"),
        pytest.param((HEAVY_GOODS,), VehicleRule((CarriesHazmat(),)), False, id="another matter"),
        pytest.param((HEAVY_GOODS,), VehicleRule((HEAVY_GOODS,)), False, id="the order binds as well"),
        pytest.param((Over(Size.HEIGHT, 350),), VehicleRule((Over(Size.HEIGHT, 400),)), False, id="a height is never"),
        pytest.param((Over(Size.AXLE_LOAD, 4000),), VehicleRule((OVER_12T,)), False, id="an axle load is never"),
        pytest.param((HEAVY_GOODS, Over(Size.HEIGHT, 350)), VehicleRule((OVER_12T,)), False, id="weight and height"),
        pytest.param((HEAVY_GOODS, Over(Size.HEIGHT, 400)), VehicleRule((OVER_12T,)), True, id="a height that fits"),
    ],
)
def test_a_tag_gives_way_when_an_order_speaks_of_the_same_and_lets_pass(
    criteria: tuple[Criterion, ...], order: VehicleRule, silenced: bool
) -> None:
    answer = verdict(law_of(tag(*criteria), measure(rule=order, id="order")), ON_STREET, NOON, TRUCK)
    told = codes(answer.warnings)
    assert (answer.state is State.ALLOWED) is silenced
    assert (("tag", ReasonCode.OSM_SUPERSEDED) in told) is silenced
    if silenced:
        assert answer.warnings[0].params["order"] == "Arrêté 12"


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(
            measure(rule=VehicleRule((OVER_12T,)), periods=(Period(local("2024-07-01 00:00")),)), id="not yet in force"
        ),
        pytest.param(measure(rule=VehicleRule((OVER_12T,)), shape=ZONE), id="in force elsewhere"),
        pytest.param(measure(rule=VehicleRule((OVER_12T,)), direction=Direction.FORWARD), id="one direction"),
        pytest.param(measure(MeasureType.SPEED_LIMIT, VehicleRule((OVER_12T,)), max_speed_kmh=30), id="no ban"),
    ],
)
def test_a_tag_stays_when_no_order_rules_this_place_and_moment(order: Measure) -> None:
    assert verdict(law_of(tag(HEAVY_GOODS), order), ON_STREET, NOON, TRUCK).state is State.FORBIDDEN


def test_a_tag_stays_when_the_order_covers_only_a_part_of_the_way_or_of_the_time() -> None:
    first_half = shapely.LineString([(2.40, 48.85), (2.405, 48.85)])
    law = law_of(tag(HEAVY_GOODS), measure(rule=VehicleRule((OVER_12T,)), shape=first_half))
    assert verdict(law, first_half, NOON, TRUCK).state is State.ALLOWED
    assert verdict(law, STREET, NOON, TRUCK).state is State.FORBIDDEN
    ending = Period(local("2024-01-01 00:00"), local("2024-06-03 12:30"))
    law = law_of(tag(HEAVY_GOODS), measure(rule=VehicleRule((OVER_12T,)), periods=(ending,)))
    for end, state in (("2024-06-03 12:30", State.ALLOWED), ("2024-06-03 12:31", State.FORBIDDEN)):
        assert verdict(law, ON_STREET, Interval(NOON, local(end)), TRUCK).state is state


def test_a_tag_gives_way_only_to_who_stops_when_the_order_spares_local_access() -> None:
    law = law_of(tag(HEAVY_GOODS), measure(rule=VehicleRule((HEAVY_GOODS,), (HasAccess(Access.LOCAL_ACCESS),))))
    states = [verdict(law, ON_STREET, NOON, TRUCK, (), purpose).state for purpose in Purpose]
    assert states == [State.ALLOWED, State.FORBIDDEN]


@pytest.mark.parametrize(("metres", "told"), [(0, True), (29, True), (31, False)])
@pytest.mark.parametrize("shape", [Point(2.405, 48.85), MultiPoint([(2.405, 48.85), (2.5, 48.9)])])
def test_an_event_known_by_a_point_warns_who_comes_near_and_closes_nothing(
    metres: float, told: bool, shape: shapely.Geometry
) -> None:
    law = law_of(event(shape=shape))
    beside = shapely.LineString([(x, y + metres * LAT_M) for x, y in STREET.coords])
    for place in (Point(2.405, 48.85 + metres * LAT_M), beside):
        answer = verdict(law, place, NOON, TRUCK)
        assert (answer.state, codes(answer.warnings)) == (
            State.ALLOWED,
            [("event", ReasonCode.EVENT_NEAR)] if told else [],
        )


def test_an_event_of_no_known_effect_is_told_along_its_line() -> None:
    law = law_of(event(MeasureType.UNKNOWN), measure(MeasureType.UNKNOWN, id="order"))
    answer = verdict(law, ON_STREET, NOON, TRUCK, edge=None)
    assert (answer.state, codes(answer.warnings)) == (State.ALLOWED, [("event", ReasonCode.EVENT_NEAR)])
    assert verdict(law, INSIDE, NOON, TRUCK).warnings == ()


def test_a_point_closes_nothing_when_an_order_is_drawn_so() -> None:
    law = law_of(measure(shape=Point(2.405, 48.85)))
    answer = verdict(law, ON_STREET, NOON, TRUCK, edge=EdgeFacts())
    assert (answer.state, answer.warnings) == (State.ALLOWED, ())
