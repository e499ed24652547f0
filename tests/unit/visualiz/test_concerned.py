"""Whom the map says a regulation concerns, against the core."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
import shapely
from flask import Flask

from portal.common.ids import new_id
from portal.regulations.evaluate import ReasonCode, State, judge
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, Motorised, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    Vehicle,
    VehicleRule,
)
from portal.visualiz.choices import Choice
from portal.visualiz.concerned import (
    Concern,
    Entry,
    concern_of,
    concern_words,
    concerned_document,
    day_concern_words,
    entry_of,
    held_spans,
    rule_digest,
)
from tests.support import law_cases
from tests.support.law_cases import PARIS

HEAVY = Over(Size.GROSS_WEIGHT, 3_500)
LORRY = Vehicle(gross_weight_kg=12_000)
NOON = datetime(2024, 9, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("rule", "concern"),
    [
        (VehicleRule(), Concern.CONCERNED),
        (VehicleRule((HEAVY,)), Concern.CONCERNED),
        (VehicleRule((Over(Size.GROSS_WEIGHT, 19_000),)), Concern.SPARED),
        (VehicleRule((Over(Size.HEIGHT, 320),)), Concern.UNKNOWN),
        (VehicleRule((AirClassIn(frozenset({AirClass.CLASS_5})),)), Concern.UNKNOWN),
        (VehicleRule((HEAVY,), (HasAccess(Access.LOCAL_ACCESS),)), Concern.SPARED),
        (VehicleRule((HEAVY,), (UsedFor(Usage.EMERGENCY),)), Concern.CONCERNED),
        (VehicleRule((FreeText("les jours de marché"),)), Concern.UNKNOWN),
    ],
)
def test_a_rule_fades_only_when_it_surely_spares_the_vehicle(rule: VehicleRule, concern: Concern) -> None:
    assert concern_of(rule, LORRY) is concern


def test_a_digest_is_the_same_when_the_conditions_are() -> None:
    text, usage = VehicleRule((FreeText("emergency"),)), VehicleRule((UsedFor(Usage.EMERGENCY),))
    classes = [VehicleRule((AirClassIn(frozenset(AirClass(name) for name in order)),)) for order in ("5432", "2345")]
    assert rule_digest(classes[0]) == rule_digest(classes[1])
    different = [text, usage, classes[0], VehicleRule(), VehicleRule((HEAVY,)), VehicleRule((), (HEAVY,))]
    assert len({rule_digest(rule) for rule in different}) == len(different)
    assert all(len(rule_digest(rule)) == 8 for rule in different)


def perimeter(colour: Colour, policy: AccessPolicy | None = None, *spans: Activation) -> Perimeter:
    held = spans or (Activation(NOON, NOON + timedelta(hours=6)),)
    return Perimeter(str(new_id()), "Fête", "Place", colour, shapely.box(2, 48, 2.1, 48.1), held, policy)


@pytest.mark.parametrize(
    ("made", "entry"),
    [
        (perimeter(Colour.WHITE), Entry.OPEN),
        (perimeter(Colour.BLUE), Entry.OPEN),
        (perimeter(Colour.RED), Entry.PASS_NEEDED),
        (perimeter(Colour.GREY), Entry.PASS_NEEDED),
        (perimeter(Colour.BLACK), Entry.CLOSED),
        (perimeter(Colour.RED, AccessPolicy(Motorised.PASS_REQUIRED, (HEAVY,))), Entry.OPEN),
        (perimeter(Colour.RED, AccessPolicy(Motorised.PASS_REQUIRED, (Over(Size.HEIGHT, 320),))), Entry.UNKNOWN),
    ],
)
def test_a_perimeter_asks_what_its_policy_says_when_no_pass_is_held(made: Perimeter, entry: Entry) -> None:
    law = LawSnapshot.build([made], [], zone=PARIS, version="1")
    assert entry_of(law, made, LORRY) is entry
    document = concerned_document(new_id(), law, Choice("pl12", "", LORRY))
    assert document["perimeters"] == {made.id: entry.value} and document["held"] == {}


def test_a_pass_opens_a_perimeter_only_while_it_holds_and_the_perimeter_is_active() -> None:
    endless = perimeter(Colour.RED, None, Activation(NOON, None))
    short = perimeter(Colour.RED)
    other = perimeter(Colour.GREY)
    law = LawSnapshot.build([endless, short, other], [], zone=PARIS, version="1")
    right = PassRight(NOON - timedelta(hours=2), NOON + timedelta(hours=8), frozenset({endless.id, short.id}))
    document = concerned_document(new_id(), law, Choice("v", "", LORRY, (right,), is_own=True))
    assert document["perimeters"] == {endless.id: "pass-held", short.id: "pass-held", other.id: "pass-needed"}
    assert document["held"] == {
        endless.id: [[NOON.isoformat(), (NOON + timedelta(hours=8)).isoformat()]],
        short.id: [[NOON.isoformat(), (NOON + timedelta(hours=6)).isoformat()]],
    }


def hours(*bounds: tuple[float, float]) -> tuple[Interval, ...]:
    """Hours after noon."""
    return tuple(Interval(NOON + timedelta(hours=start), NOON + timedelta(hours=end)) for start, end in bounds)


ACTIVE = hours((0, 6))
JUSTIFIED = AccessPolicy(Motorised.JUSTIFIED)


@pytest.mark.parametrize(
    ("colour", "policy", "held", "of_day"),
    [
        (Colour.RED, None, (), "Laissez-passer nécessaire"),
        (Colour.RED, None, hours((0, 6)), "Ouvert par votre laissez-passer"),
        (Colour.RED, None, hours((-3, 2), (2, 9)), "Ouvert par votre laissez-passer"),
        (
            Colour.RED,
            None,
            hours((-1, 3)),
            "Laissez-passer nécessaire\u00a0; ouvert 14:00–17:00 par votre laissez-passer",
        ),
        (
            Colour.RED,
            None,
            hours((1, 2), (5, 8)),
            "Laissez-passer nécessaire\u00a0; ouvert 15:00–16:00, 19:00–20:00 par votre laissez-passer",
        ),
        (Colour.RED, None, hours((-4, 0), (6, 8)), "Laissez-passer nécessaire"),
        (
            Colour.BLACK,
            None,
            hours((4, 6)),
            "Circulation interdite\u00a0; ouvert 18:00–20:00 par votre laissez-passer",
        ),
        (Colour.RED, JUSTIFIED, hours((1, 2)), "Circulation permise"),
    ],
)
def test_a_day_says_which_hours_a_pass_opens_when_it_does_not_open_all(
    app: Flask, colour: Colour, policy: AccessPolicy | None, held: tuple[Interval, ...], of_day: str
) -> None:
    made = perimeter(colour, policy)
    law = LawSnapshot.build([made], [], zone=PARIS, version="1")
    passes = tuple(PassRight(span.start, span.end, frozenset({made.id})) for span in held)
    with app.test_request_context():
        assert day_concern_words(law, made, ACTIVE, Choice("v", "", LORRY, passes)) == of_day


def test_an_hour_says_until_when_a_pass_opens_when_the_perimeter_lasts_longer(app: Flask) -> None:
    made = perimeter(Colour.RED)
    law = LawSnapshot.build([made], [], zone=PARIS, version="1")

    def told(after: float, end: float) -> str:
        right = PassRight(NOON + timedelta(hours=1), NOON + timedelta(hours=end), frozenset({made.id}))
        return concern_words(law, made, NOON + timedelta(hours=after), Choice("v", "", LORRY, (right,)))

    with app.test_request_context():
        assert told(0, 4) == told(4, 4) == "Laissez-passer nécessaire"
        until = "8\u00a0sept.\u00a02024\u00a0à\u00a018:00"
        assert told(1, 4) == told(3.9, 4) == f"Ouvert par votre laissez-passer jusqu’au {until}"
        assert told(3, 6) == told(3, 9) == "Ouvert par votre laissez-passer"


@pytest.mark.parametrize("seed", range(30))
def test_held_spans_are_when_the_core_says_held_when_laws_are_random(seed: int) -> None:
    dice = random.Random(seed)
    case = law_cases.any_law(dice)
    while not case["perimeters"]:
        case = law_cases.any_law(dice)
    law = law_cases.law_of(case)
    vehicle = law_cases.vehicle_of(law_cases.any_vehicle(dice))
    passes = law_cases.passes_of(law_cases.any_passes(dice, case["anchor"]))
    for found in law.perimeters.values():
        spans = held_spans(law, found, vehicle, passes)
        for _ in range(60):
            at = law_cases.any_instant(dice, case["anchor"])
            codes = {reason.code for reason in judge(law, [Hit(found, None, areal=True)], at, vehicle, passes).reasons}
            assert (ReasonCode.PASS_HELD in codes) == any(span.contains(at) for span in spans)
        if not passes:
            states = {
                reason.state
                for reason in judge(law, [Hit(found, None, True)], found.activations[0].start, vehicle).reasons
            }
            assert (entry_of(law, found, vehicle) is Entry.OPEN) == (states <= {State.ALLOWED})
