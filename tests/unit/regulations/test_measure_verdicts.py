"""What measures answer: types, exemptions, unknown sizes, directions, edges."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest
import shapely
from shapely import LineString

from portal.regulations.evaluate import Purpose, ReasonCode, State, verdict, verdict_many
from portal.regulations.measures import (
    Direction,
    EdgeEffect,
    EdgeFacts,
    MatchedEdge,
    Measure,
    MeasureType,
    area_applies_to_edge,
    effect_on_edge,
)
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Period, TimeSlot
from portal.regulations.vehicles import (
    HEAVY_GOODS,
    Access,
    Fact,
    FreeText,
    HasAccess,
    Usage,
    UsedFor,
    Vehicle,
    VehicleRule,
)
from tests.support.law import INSIDE, ON_STREET, STREET, ZONE, law_of, local, measure, perimeter

NOON = local("2024-06-03 12:00")
TRUCK, VAN = Vehicle(gross_weight_kg=12000), Vehicle(gross_weight_kg=3500)
FORWARD, BACKWARD = STREET, shapely.reverse(STREET)


@pytest.mark.parametrize(
    ("vehicle", "state", "code"),
    [
        (TRUCK, State.FORBIDDEN, ReasonCode.NO_ENTRY),
        (Vehicle(), State.UNKNOWN, ReasonCode.FACT_UNKNOWN),
        (VAN, State.ALLOWED, None),
    ],
)
def test_ban_binds_the_vehicles_it_is_made_for(vehicle: Vehicle, state: State, code: ReasonCode | None) -> None:
    answer = verdict(law_of(measure(rule=VehicleRule((HEAVY_GOODS,)))), ON_STREET, NOON, vehicle)
    assert answer.state is state
    assert [reason.code for reason in answer.reasons] == ([] if code is None else [code])


def test_reason_names_the_order_the_missing_fact_and_the_exemptions() -> None:
    rule = VehicleRule((HEAVY_GOODS,), (HasAccess(Access.LOCAL_ACCESS), UsedFor(Usage.TAXI)))
    (reason,) = verdict(law_of(measure(rule=rule)), ON_STREET, NOON, Vehicle(), purpose=Purpose.TRANSIT).reasons
    assert reason.title == "Arrêté 12"
    assert reason.missing_facts == (Fact.GROSS_WEIGHT,)
    assert reason.missing_exemptions == rule.except_
    assert reason.params == {"type": "noEntry", "place": "Rue de la Paix"}
    assert (reason.starts_at, reason.ends_at) == (local("2024-01-01 00:00"), None)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_local_access_exempts_only_when_the_tour_stops_inside(purpose: Purpose) -> None:
    answer = verdict(
        law_of(measure(rule=VehicleRule(except_=(HasAccess(Access.LOCAL_ACCESS),)))),
        ON_STREET,
        NOON,
        TRUCK,
        (),
        purpose,
    )
    if purpose is Purpose.STOP_INSIDE:
        assert (answer.state, answer.reasons[0].code) == (State.ALLOWED, ReasonCode.MEASURE_EXEMPT)
        assert answer.reasons[0].params["by"] == "localAccess"
    else:
        assert answer.state is State.FORBIDDEN


@pytest.mark.parametrize("kind", [MeasureType.NO_OVERTAKING, MeasureType.STORAGE_AREA, MeasureType.NO_PARKING])
def test_measure_says_nothing_when_its_type_never_closes(kind: MeasureType) -> None:
    answer = verdict(law_of(measure(kind, VehicleRule(except_=(FreeText("forains"),)))), ON_STREET, NOON, TRUCK)
    assert (answer.state, answer.reasons, answer.warnings) == (State.ALLOWED, (), ())


def test_driver_is_told_of_speed_and_alternate_traffic_without_a_closure() -> None:
    law = law_of(
        measure(MeasureType.SPEED_LIMIT, id="m1", max_speed_kmh=30), measure(MeasureType.ALTERNATE_TRAFFIC, id="m2")
    )
    answer = verdict(law, ON_STREET, NOON, TRUCK)
    assert (answer.state, answer.reasons) == (State.ALLOWED, ())
    assert [w.code for w in answer.warnings] == [ReasonCode.SPEED_LIMIT, ReasonCode.ALTERNATE_TRAFFIC]
    assert answer.warnings[0].params["max_speed_kmh"] == 30


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        (VehicleRule((FreeText("convois exceptionnels"),)), State.ALLOWED),
        (VehicleRule(except_=(FreeText("forains"),)), State.FORBIDDEN),
    ],
)
def test_words_only_warn_when_a_condition_is_free_text(rule: VehicleRule, state: State) -> None:
    answer = verdict(law_of(measure(rule=rule)), ON_STREET, NOON, TRUCK)
    assert answer.state is state
    assert [w.code for w in answer.warnings] == [ReasonCode.FREE_TEXT]


def test_ban_sleeps_when_the_hour_is_outside_its_slots() -> None:
    night = Period(local("2024-01-01 00:00"), slots=(TimeSlot(time(22), time(6)),))
    law = law_of(measure(periods=(night,)))
    assert verdict(law, ON_STREET, NOON, TRUCK).state is State.ALLOWED
    (reason,) = verdict(law, ON_STREET, local("2024-06-03 23:00"), TRUCK).reasons
    assert (reason.starts_at, reason.ends_at) == (local("2024-06-03 22:00"), local("2024-06-04 06:00"))


def test_any_period_is_enough_and_none_means_never() -> None:
    past, now = Period(local("2023-01-01 00:00"), local("2023-02-01 00:00")), Period(local("2024-06-01 00:00"))
    assert verdict(law_of(measure(periods=(past, now))), ON_STREET, NOON, TRUCK).state is State.FORBIDDEN
    assert verdict(law_of(measure(periods=())), ON_STREET, NOON, TRUCK).state is State.ALLOWED


@pytest.mark.parametrize(
    ("direction", "path", "state"),
    [
        (Direction.BOTH, FORWARD, State.FORBIDDEN),
        (Direction.BOTH, BACKWARD, State.FORBIDDEN),
        (Direction.UNKNOWN, FORWARD, State.FORBIDDEN),
        (Direction.UNKNOWN, BACKWARD, State.FORBIDDEN),
        (Direction.FORWARD, FORWARD, State.FORBIDDEN),
        (Direction.FORWARD, BACKWARD, State.ALLOWED),
        (Direction.BACKWARD, FORWARD, State.ALLOWED),
        (Direction.BACKWARD, BACKWARD, State.FORBIDDEN),
    ],
)
def test_ban_closes_the_direction_it_names(direction: Direction, path: LineString, state: State) -> None:
    assert verdict(law_of(measure(direction=direction)), path, NOON, TRUCK).state is state


def test_point_is_warned_and_not_closed_when_one_direction_stays_open() -> None:
    answer = verdict(law_of(measure(direction=Direction.FORWARD)), ON_STREET, NOON, TRUCK)
    assert (answer.state, [w.code for w in answer.warnings]) == (State.ALLOWED, [ReasonCode.ONE_DIRECTION])


def test_one_way_edge_against_the_reading_is_a_doubt_when_the_direction_is_unknown() -> None:
    answer = verdict(law_of(measure()), BACKWARD, NOON, TRUCK, edge=EdgeFacts("residential", one_way=True))
    assert (answer.state, [w.code for w in answer.warnings]) == (State.ALLOWED, [ReasonCode.DIRECTION_DOUBTFUL])
    with_reading = verdict(law_of(measure()), FORWARD, NOON, TRUCK, edge=EdgeFacts("residential", one_way=True))
    assert with_reading.state is State.FORBIDDEN


def test_wrong_way_is_forbidden_when_a_one_way_order_names_the_open_direction() -> None:
    law = law_of(measure(MeasureType.ONE_WAY, direction=Direction.FORWARD))
    assert verdict(law, FORWARD, NOON, TRUCK).state is State.ALLOWED
    answer = verdict(law, BACKWARD, NOON, TRUCK)
    assert (answer.state, answer.reasons[0].code) == (State.FORBIDDEN, ReasonCode.WRONG_WAY)


@pytest.mark.parametrize(
    ("kind", "direction", "along", "one_way", "effect"),
    [
        (MeasureType.NO_ENTRY, Direction.BOTH, False, True, EdgeEffect.CLOSED),
        (MeasureType.NO_ENTRY, Direction.UNKNOWN, False, True, EdgeEffect.DOUBTFUL),
        (MeasureType.NO_ENTRY, Direction.UNKNOWN, True, True, EdgeEffect.CLOSED),
        (MeasureType.NO_ENTRY, Direction.UNKNOWN, False, False, EdgeEffect.CLOSED),
        (MeasureType.ONE_WAY, Direction.UNKNOWN, False, False, EdgeEffect.DOUBTFUL),
        (MeasureType.ONE_WAY, Direction.BOTH, False, False, EdgeEffect.OPEN),
        (MeasureType.ONE_WAY, Direction.BACKWARD, True, False, EdgeEffect.CLOSED),
        (MeasureType.SPEED_LIMIT, Direction.BOTH, True, True, EdgeEffect.OPEN),
    ],
)
def test_effect_on_an_edge_follows_type_and_direction(
    kind: MeasureType, direction: Direction, along: bool, one_way: bool, effect: EdgeEffect
) -> None:
    assert effect_on_edge(kind, direction, along=along, one_way=one_way) is effect


@pytest.mark.parametrize(
    ("facts", "applies"),
    [
        ({"road_class": "residential"}, True),
        ({"road_class": "primary", "bridge": True, "layer": 1}, True),
        ({"road_class": "motorway"}, False),
        ({"road_class": "motorway_link", "layer": 1}, False),
        ({"road_class": "motorway", "named": True}, True),
        ({"road_class": "trunk"}, True),
        ({"road_class": "trunk", "layer": -1}, False),
        ({"road_class": "trunk", "tunnel": True}, False),
        ({"road_class": "primary", "motor_road": True, "bridge": True}, False),
    ],
)
def test_area_spares_motorways_and_motor_roads_on_another_level(facts: dict, applies: bool) -> None:
    assert area_applies_to_edge(**facts) is applies


def test_motorway_above_a_perimeter_stays_open_unless_the_order_names_it() -> None:
    crossing = LineString([(2.29, 48.805), (2.32, 48.805)])
    at = local("2024-07-27 12:00")
    viaduct = EdgeFacts("motorway", layer=1, bridge=True, names=frozenset({"A 1"}))
    assert verdict(law_of(perimeter(Colour.RED)), crossing, at, TRUCK, edge=viaduct).state is State.ALLOWED
    named = law_of(perimeter(Colour.RED, named_roads=frozenset({"a1"})))
    assert verdict(named, crossing, at, TRUCK, edge=viaduct).state is State.PASS_REQUIRED


def test_zone_of_a_measure_binds_its_streets_and_spares_motorways() -> None:
    law = law_of(measure(shape=ZONE))
    path = LineString([(2.302, 48.805), (2.308, 48.805)])
    assert verdict(law, INSIDE, NOON, TRUCK).state is State.FORBIDDEN
    assert verdict(law, path, NOON, TRUCK, edge=EdgeFacts("residential")).state is State.FORBIDDEN
    assert verdict(law, path, NOON, TRUCK, edge=EdgeFacts("motorway")).state is State.ALLOWED


def with_edges(law_measure: Measure, *edges: MatchedEdge) -> Measure:
    return replace(law_measure, locations=(replace(law_measure.locations[0], edges=edges),))


@pytest.mark.parametrize(
    ("edge_id", "graph", "path", "state"),
    [
        ("7", "g1", FORWARD, State.FORBIDDEN),
        ("8", "g1", FORWARD, State.ALLOWED),  # the matching says it is another street
        ("8", "g2", FORWARD, State.FORBIDDEN),  # matched on an older graph: the shape decides
    ],
)
def test_matched_edges_decide_when_they_are_of_the_same_graph(
    edge_id: str, graph: str, path: LineString, state: State
) -> None:
    law = law_of(with_edges(measure(), MatchedEdge("g1", "7")))
    assert verdict(law, path, NOON, TRUCK, edge=EdgeFacts(edge_id=edge_id, graph_version=graph)).state is state


def test_many_places_get_the_answers_of_each_alone() -> None:
    law = law_of(measure(), perimeter())
    places = [ON_STREET, INSIDE, shapely.Point(0, 0), BACKWARD]
    whens = [NOON, local("2024-07-27 12:00"), NOON, NOON]
    alone = tuple(verdict(law, place, when, TRUCK) for place, when in zip(places, whens, strict=True))
    assert verdict_many(law, places, whens, TRUCK) == alone
    assert [answer.state for answer in alone] == [
        State.FORBIDDEN,
        State.PASS_REQUIRED,
        State.ALLOWED,
        State.FORBIDDEN,
    ]


def test_speed_limit_is_refused_when_it_has_no_speed() -> None:
    with pytest.raises(ValueError, match="needs a speed"):
        measure(MeasureType.SPEED_LIMIT)
