"""What each condition holds for, how rules answer in order, and what they may never approve."""

from __future__ import annotations

from typing import Any

import pytest

from portal.cirqliz.rules.conditions import Condition, Kind, Rule, answer, judge, obstacle_of
from portal.cirqliz.states import RuleOutcome

APPROVE, HUMAN = RuleOutcome.APPROVE, RuleOutcome.HUMAN


def vehicle(**more: Any) -> dict[str, Any]:
    known = {"category": "N1", "energy": "diesel", "air_class": "2", "hazmat": False, "elsewhere": 0}
    return {"plate": "AA-111-AA", **known, **more}


def perimeter(**more: Any) -> dict[str, Any]:
    return {"id": "p1", "name": "Abords", "colour": "blue", "motorised": "justified", **more}


def facts(**more: Any) -> dict[str, Any]:
    """A request that any sensible rule approves: a verified florist's van in a blue perimeter for half a day."""
    return {
        "company": {"status": "verified", "naf": "47.76Z"},
        "vehicles": [vehicle()],
        "perimeters": [perimeter()],
        "documents": 0,
        "window_s": 43_200,
        "ahead_s": 3 * 86_400,
        "tour": "ok",
        "obstacle": None,
        **more,
    }


def rule(*conditions: Condition, outcome: RuleOutcome = APPROVE, name: str = "Règle") -> Rule:
    return Rule(name, name, 1, conditions, outcome)


@pytest.mark.parametrize(
    ("condition", "given", "holds"),
    [
        (Condition(Kind.COLOURS, ("blue",)), {}, True),
        (Condition(Kind.COLOURS, ("blue",)), {"perimeters": [perimeter(), perimeter(colour="red")]}, False),
        (Condition(Kind.COLOURS, ("blue",)), {"perimeters": []}, False),
        (Condition(Kind.COLOURS, ("blue",)), {"perimeters": [perimeter(colour=None)]}, False),
        (Condition(Kind.POLICIES, ("justified", "free")), {}, True),
        (Condition(Kind.POLICIES, ("free",)), {}, False),
        (Condition(Kind.PERIMETERS, ("p1", "p2")), {}, True),
        (Condition(Kind.PERIMETERS, ("p2",)), {}, False),
        (Condition(Kind.COMPANY_VERIFIED), {}, True),
        (Condition(Kind.COMPANY_VERIFIED), {"company": {"status": "pending", "naf": None}}, False),
        (Condition(Kind.NAF, ("47.7",)), {}, True),
        (Condition(Kind.NAF, ("4776",)), {}, True),
        (Condition(Kind.NAF, ("46",)), {}, False),
        (Condition(Kind.NAF, ("47",)), {"company": {"status": "verified", "naf": None}}, False),
        (Condition(Kind.CATEGORIES, ("N1", "N2")), {}, True),
        (Condition(Kind.CATEGORIES, ("N1",)), {"vehicles": [vehicle(), vehicle(category="N2")]}, False),
        (Condition(Kind.CATEGORIES, ("N1",)), {"vehicles": [vehicle(), vehicle(category=None)]}, False),
        (Condition(Kind.AIR_CLASSES, ("1", "2")), {}, True),
        (Condition(Kind.AIR_CLASSES, ("1", "2")), {"vehicles": [vehicle(air_class=None)]}, False),
        (Condition(Kind.ENERGIES, ("electric",)), {}, False),
        (Condition(Kind.NO_HAZMAT), {}, True),
        (Condition(Kind.NO_HAZMAT), {"vehicles": [vehicle(hazmat=True)]}, False),
        (Condition(Kind.NO_HAZMAT), {"vehicles": [vehicle(hazmat=None)]}, False),
        (Condition(Kind.PLATES_ONCE), {}, True),
        (Condition(Kind.PLATES_ONCE), {"vehicles": [vehicle(elsewhere=1)]}, False),
        (Condition(Kind.MOST_VEHICLES, number=1), {}, True),
        (Condition(Kind.MOST_VEHICLES, number=1), {"vehicles": [vehicle(), vehicle()]}, False),
        (Condition(Kind.MOST_DAYS, number=1), {"window_s": 86_400}, True),
        (Condition(Kind.MOST_DAYS, number=1), {"window_s": 86_401}, False),
        (Condition(Kind.AHEAD_AT_LEAST, number=3), {}, True),
        (Condition(Kind.AHEAD_AT_LEAST, number=3), {"ahead_s": 3 * 86_400 - 1}, False),
        (Condition(Kind.AHEAD_AT_MOST, number=3), {}, True),
        (Condition(Kind.AHEAD_AT_MOST, number=2), {}, False),
        (Condition(Kind.DOCUMENTS), {"documents": 2}, True),
        (Condition(Kind.DOCUMENTS), {}, False),
    ],
)
def test_condition_holds_only_for_what_is_known_to_fit(
    condition: Condition, given: dict[str, Any], holds: bool
) -> None:
    assert judge(condition, facts(**given), APPROVE).holds is holds


@pytest.mark.parametrize(
    ("condition", "given", "holds"),
    [
        (Condition(Kind.COLOURS, ("red",)), {"perimeters": [perimeter(), perimeter(colour="red")]}, True),
        (Condition(Kind.COLOURS, ("red",)), {}, False),
        (Condition(Kind.CATEGORIES, ("N3",)), {"vehicles": [vehicle(), vehicle(category=None)]}, True),
        (Condition(Kind.CATEGORIES, ("N3",)), {}, False),
        (Condition(Kind.NAF, ("49",)), {"company": {"status": "verified", "naf": None}}, True),
    ],
)
def test_request_is_kept_for_a_person_when_one_thing_fits_or_is_unknown(
    condition: Condition, given: dict[str, Any], holds: bool
) -> None:
    assert judge(condition, facts(**given), HUMAN).holds is holds


def test_first_rule_that_applies_answers_when_several_do() -> None:
    blue = rule(Condition(Kind.COLOURS, ("blue",)), name="bleu")
    vans = rule(Condition(Kind.CATEGORIES, ("N1",)), outcome=HUMAN, name="fourgons")
    assert answer([vans, blue], facts()).rule is vans
    first = answer([blue, vans], facts())
    assert (first.rule, first.outcome) == (blue, APPROVE)
    lorry = facts(vehicles=[vehicle(category="N3")])
    assert answer([vans, blue], lorry).rule is blue


def test_person_decides_when_no_rule_applies_or_a_rule_asks_nothing() -> None:
    assert answer([], facts()).outcome is HUMAN
    nothing = answer([rule()], facts())
    assert (nothing.rule, nothing.outcome) == (None, HUMAN)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({}, None),
        ({"obstacle": "quota-reached"}, "quota-reached"),
        ({"company": {"status": "closed", "naf": "47.76Z"}}, "company-not-verified"),
        ({"tour": "no_lawful_route"}, "tour-not-lawful"),
        ({"tour": None}, None),
        ({"perimeters": []}, "colour-needs-person"),
        ({"perimeters": [perimeter(), perimeter(colour="red")]}, "colour-needs-person"),
        ({"perimeters": [perimeter(colour="grey")]}, "colour-needs-person"),
        ({"perimeters": [perimeter(colour=None)]}, "colour-needs-person"),
        ({"perimeters": [perimeter(motorised="accredited")]}, "policy-needs-person"),
        ({"perimeters": [perimeter(motorised="closed")]}, "policy-needs-person"),
        ({"perimeters": [perimeter(motorised="passRequired")]}, None),
    ],
)
def test_obstacle_leaves_an_approval_to_a_person(given: dict[str, Any], code: str | None) -> None:
    everything = rule(Condition(Kind.MOST_VEHICLES, number=500))
    assert obstacle_of(facts(**given)) == code
    proposal = answer([everything], facts(**given))
    assert proposal.rule is everything
    assert (proposal.outcome, proposal.obstacle) == (APPROVE if code is None else HUMAN, code)


@pytest.mark.parametrize(
    ("kind", "values", "number"),
    [
        (Kind.COLOURS, (), None),
        (Kind.COMPANY_VERIFIED, ("x",), None),
        (Kind.MOST_DAYS, (), None),
        (Kind.MOST_DAYS, (), -1),
        (Kind.NO_HAZMAT, (), 3),
    ],
)
def test_condition_is_refused_when_it_lacks_what_it_compares(
    kind: Kind, values: tuple[str, ...], number: int | None
) -> None:
    with pytest.raises(ValueError, match=kind.value):
        Condition(kind, values, number)


@pytest.mark.parametrize("kind", Kind)
def test_condition_is_the_same_when_stored_and_read_back(kind: Kind) -> None:
    from portal.cirqliz.rules.conditions import LISTS, NUMBERS

    one = Condition(kind, ("a", "b") if kind in LISTS else (), 2 if kind in NUMBERS else None)
    assert Condition.from_json(one.as_json()) == one
