"""Vehicles read from the public object, and rules that concern them."""

from __future__ import annotations

import json
import math

import pytest

from portal.common.errors import Invalid
from portal.regulations.vehicles import (
    HEAVY_GOODS,
    Access,
    AirClass,
    AirClassIn,
    Answer,
    CarriesHazmat,
    Fact,
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
    describe,
)


def test_everything_is_unknown_when_nothing_is_given() -> None:
    assert Vehicle.from_public({}) == Vehicle()


def test_all_values_are_read_when_given_in_tonnes_and_metres() -> None:
    public = {
        "gvw_t": 12,
        "gcw_t": 40.5,
        "axle_load_t": 11.5,
        "height_m": 3.505,
        "width_m": 2.55,
        "length_m": 16.5,
        "hazmat": False,
        "air_class": "2",
        "usages": ["taxi", "cityLogistics"],
    }
    vehicle = Vehicle.from_public(json.loads(json.dumps(public)))
    assert vehicle == Vehicle(
        gross_weight_kg=12000,
        combination_weight_kg=40500,
        axle_load_kg=11500,
        height_cm=351,  # rounded up: no vehicle gets smaller
        width_cm=255,
        length_cm=1650,
        hazmat=False,
        air_class=AirClass.CLASS_2,
        usages=frozenset({Usage.TAXI, Usage.CITY_LOGISTICS}),
    )


@pytest.mark.parametrize(
    ("data", "code", "field"),
    [
        ([], "not-an-object", "vehicle"),
        ({"weight": 3}, "unknown-key", "weight"),
        ({"gvw_t": "12"}, "not-a-number", "gvw_t"),
        ({"gvw_t": True}, "not-a-number", "gvw_t"),
        ({"gvw_t": math.nan}, "not-a-number", "gvw_t"),
        ({"gvw_t": math.inf}, "not-a-number", "gvw_t"),
        ({"height_m": -3.5}, "too-small", "height_m"),
        ({"height_m": 0}, "too-small", "height_m"),
        ({"height_m": 350}, "too-large", "height_m"),
        ({"gvw_t": 3500}, "too-large", "gvw_t"),
        ({"gvw_t": 1e308}, "too-large", "gvw_t"),
        ({"gvw_t": 10**5000}, "too-large", "gvw_t"),
        ({"gvw_t": 19, "gcw_t": 12}, "below-gross-weight", "gcw_t"),
        ({"gvw_t": 7.5, "axle_load_t": 8}, "above-total-weight", "axle_load_t"),
        ({"hazmat": 1}, "not-a-boolean", "hazmat"),
        ({"air_class": "6"}, "unknown-value", "air_class"),
        ({"air_class": True}, "unknown-value", "air_class"),
        ({"usages": "taxi"}, "not-a-list", "usages"),
        ({"usages": ["taxi", "hearse"]}, "unknown-value", "usages"),
        ({"usages": [["taxi"]]}, "unknown-value", "usages"),
    ],
)
def test_vehicle_is_refused_when_a_value_is_wrong(data: object, code: str, field: str) -> None:
    with pytest.raises(Invalid) as caught:
        Vehicle.from_public(data)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.field) == (code, field)


@pytest.mark.parametrize("value", [0, -1, 3.5, True])
def test_vehicle_is_refused_when_a_size_is_not_a_positive_whole_number(value: object) -> None:
    with pytest.raises(ValueError, match="height_cm"):
        Vehicle(height_cm=value)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "vehicle", "stops_inside", "answer"),
    [
        pytest.param(VehicleRule(), Vehicle(), False, Answer.YES, id="all vehicles"),
        pytest.param(
            VehicleRule(except_=(UsedFor(Usage.TAXI),)), Vehicle(), False, Answer.YES, id="an exemption alone binds all"
        ),
        pytest.param(VehicleRule((HEAVY_GOODS,)), Vehicle(gross_weight_kg=3500), False, Answer.NO, id="at the limit"),
        pytest.param(VehicleRule((HEAVY_GOODS,)), Vehicle(gross_weight_kg=3501), False, Answer.YES, id="over"),
        pytest.param(VehicleRule((HEAVY_GOODS,)), Vehicle(), False, Answer.UNKNOWN, id="weight unknown"),
        pytest.param(
            VehicleRule((HEAVY_GOODS,)),
            Vehicle(gross_weight_kg=3500, combination_weight_kg=5000),
            False,
            Answer.YES,
            id="towing counts the set",
        ),
        pytest.param(
            VehicleRule((Over(Size.HEIGHT, 350), Over(Size.WIDTH, 250))),
            Vehicle(height_cm=300, width_cm=255),
            False,
            Answer.YES,
            id="one dimension over is enough",
        ),
        pytest.param(
            VehicleRule((Over(Size.HEIGHT, 350), Over(Size.WIDTH, 250))),
            Vehicle(width_cm=255),
            False,
            Answer.YES,
            id="one dimension over decides whatever the other",
        ),
        pytest.param(
            VehicleRule((Over(Size.FOOTPRINT, 290_000),)),
            Vehicle(length_cm=1200, width_cm=250),
            False,
            Answer.YES,
            id="30 m2 over 29",
        ),
        pytest.param(
            VehicleRule((AirClassIn(frozenset({AirClass.NONE})),)),
            Vehicle(air_class=AirClass.NONE),
            False,
            Answer.YES,
            id="no sticker is a class",
        ),
        pytest.param(
            VehicleRule((AirClassIn(frozenset({AirClass.CLASS_5})),)),
            Vehicle(air_class=AirClass.NONE),
            False,
            Answer.NO,
            id="a list of classes is no threshold",
        ),
        pytest.param(VehicleRule((CarriesHazmat(),)), Vehicle(), False, Answer.UNKNOWN, id="hazmat unknown"),
        pytest.param(
            VehicleRule(except_=(HasAccess(Access.LOCAL_ACCESS),)), Vehicle(), True, Answer.NO, id="local access, stops"
        ),
        pytest.param(
            VehicleRule(except_=(HasAccess(Access.LOCAL_ACCESS),)), Vehicle(), False, Answer.YES, id="local, crossing"
        ),
        pytest.param(
            VehicleRule(except_=(UsedFor(Usage.CITY_LOGISTICS),)),
            Vehicle(usages=frozenset({Usage.CITY_LOGISTICS})),
            False,
            Answer.YES,
            id="delivery vehicle that does not deliver here",
        ),
        pytest.param(
            VehicleRule(except_=(UsedFor(Usage.CITY_LOGISTICS),)),
            Vehicle(usages=frozenset({Usage.CITY_LOGISTICS})),
            True,
            Answer.NO,
            id="delivery vehicle that delivers here",
        ),
        pytest.param(
            VehicleRule(except_=(HasAccess(Access.RESIDENT),)), Vehicle(), True, Answer.YES, id="residence is not known"
        ),
        pytest.param(VehicleRule((IsRoadUser(RoadUser.BICYCLE),)), Vehicle(), True, Answer.NO, id="bicycles only"),
        pytest.param(VehicleRule((FreeText("convois"),)), Vehicle(), True, Answer.NO, id="words never close"),
        pytest.param(VehicleRule(except_=(FreeText("forains"),)), Vehicle(), True, Answer.YES, id="words never open"),
        pytest.param(
            VehicleRule((HEAVY_GOODS,), (UsedFor(Usage.POLICE),)),
            Vehicle(usages=frozenset({Usage.POLICE})),
            False,
            Answer.NO,
            id="exempt although the weight is unknown",
        ),
    ],
)
def test_rule_concerns_a_vehicle_when_it_matches_and_is_not_exempt(
    rule: VehicleRule, vehicle: Vehicle, stops_inside: bool, answer: Answer
) -> None:
    assert rule.concerns(vehicle, stops_inside=stops_inside).answer is answer


@pytest.mark.parametrize(
    ("rule", "vehicle", "missing"),
    [
        (VehicleRule((HEAVY_GOODS, Over(Size.HEIGHT, 300))), Vehicle(height_cm=250), (Fact.GROSS_WEIGHT,)),
        (VehicleRule((Over(Size.FOOTPRINT, 1),)), Vehicle(length_cm=600), (Fact.WIDTH,)),
        (VehicleRule((Over(Size.AXLE_LOAD, 1), CarriesHazmat())), Vehicle(), (Fact.AXLE_LOAD, Fact.HAZMAT)),
        (VehicleRule(except_=(AirClassIn(frozenset({AirClass.E})),)), Vehicle(), (Fact.AIR_CLASS,)),
        (VehicleRule((HEAVY_GOODS,), (Over(Size.LENGTH, 1),)), Vehicle(gross_weight_kg=9000), (Fact.LENGTH,)),
    ],
)
def test_missing_facts_are_named_when_the_answer_is_unknown(
    rule: VehicleRule, vehicle: Vehicle, missing: tuple[Fact, ...]
) -> None:
    outcome = rule.concerns(vehicle, stops_inside=True)
    assert (outcome.answer, outcome.missing) == (Answer.UNKNOWN, missing)


def test_free_texts_are_told_only_when_they_could_change_the_answer() -> None:
    rule = VehicleRule((HEAVY_GOODS, FreeText("autocars")), (FreeText("forains"), UsedFor(Usage.TAXI)))
    heavy, light = Vehicle(gross_weight_kg=9000), Vehicle(gross_weight_kg=2000)
    taxi = Vehicle(gross_weight_kg=9000, usages=frozenset({Usage.TAXI}))
    assert rule.concerns(heavy, stops_inside=True).free_texts == ("forains",)
    assert rule.concerns(light, stops_inside=True).free_texts == ("autocars",)
    assert rule.concerns(taxi, stops_inside=True).free_texts == ()
    assert rule.concerns(Vehicle(), stops_inside=True).free_texts == ("autocars", "forains")


def test_each_criterion_has_a_stable_word() -> None:
    criteria = [
        Over(Size.HEIGHT, 350),
        AirClassIn(frozenset({AirClass.NONE, AirClass.CLASS_5})),
        CarriesHazmat(),
        UsedFor(Usage.TAXI),
        HasAccess(Access.LOCAL_ACCESS),
        IsRoadUser(RoadUser.BICYCLE),
        FreeText("forains"),
    ]
    words = ["height_cm>350", "air_class=5,none", "hazmat", "taxi", "localAccess", "bicycle", "forains"]
    assert [describe(c) for c in criteria] == words
