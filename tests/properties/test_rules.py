"""Rules: same facts, same answer; more conditions never approve more; what is not known approves nothing."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from portal.cirqliz.rules.conditions import LISTS, NUMBERS, Condition, Kind, Rule, answer
from portal.cirqliz.states import RuleOutcome
from portal.fleet.models import AirClass, Category, Energy
from portal.regulations.perimeters import Colour, Motorised

_VALUES = {
    Kind.COLOURS: [one.value for one in Colour],
    Kind.POLICIES: [one.value for one in Motorised],
    Kind.PERIMETERS: ["p1", "p2", "p3"],
    Kind.NAF: ["46", "47.7", "49.41A"],
    Kind.CATEGORIES: [one.value for one in Category],
    Kind.AIR_CLASSES: [one.value for one in AirClass],
    Kind.ENERGIES: [one.value for one in Energy],
}


def _condition(kind: Kind) -> st.SearchStrategy[Condition]:
    if kind in LISTS:
        values = st.lists(st.sampled_from(_VALUES[kind]), min_size=1, max_size=4, unique=True)
        return values.map(lambda found: Condition(kind, tuple(found)))
    if kind in NUMBERS:
        return st.integers(0, 10).map(lambda number: Condition(kind, number=number))
    return st.just(Condition(kind))


conditions = st.sampled_from(list(Kind)).flatmap(_condition)


def _maybe(values: list[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.sampled_from(values)


vehicles = st.fixed_dictionaries(
    {
        "plate": st.just("AA-111-AA"),
        "category": _maybe(_VALUES[Kind.CATEGORIES]),
        "energy": _maybe(_VALUES[Kind.ENERGIES]),
        "air_class": _maybe(_VALUES[Kind.AIR_CLASSES]),
        "hazmat": _maybe([True, False]),
        "elsewhere": _maybe([0, 1]),
    }
)
perimeters = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["p1", "p2", "p3"]),
        "name": st.just("Abords"),
        "colour": _maybe(_VALUES[Kind.COLOURS]) | st.just("blue"),
        "motorised": _maybe(_VALUES[Kind.POLICIES]) | st.just("justified"),
    }
)


def _facts(perimeter: st.SearchStrategy[Any], **fixed: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    status = fixed.pop("status", st.sampled_from(["verified", "pending"]))
    company = st.fixed_dictionaries({"status": status, "naf": _maybe(["47.76Z", "49.41A"])})
    return st.fixed_dictionaries(
        {
            "company": company,
            "vehicles": st.lists(vehicles, min_size=1, max_size=2),
            "perimeters": st.lists(perimeter, min_size=1, max_size=2),
            "documents": st.integers(0, 2),
            "window_s": _maybe([3_600, 86_400, 400_000]),
            "ahead_s": _maybe([0, 86_400, 900_000]),
            "tour": st.sampled_from([None, "ok", "no_lawful_route"]),
            "obstacle": st.none() | st.just("quota-reached"),
            **fixed,
        }
    )


# Half of them meet nothing that leaves an approval to a person: else few of the answers would approve at all.
_plain = perimeters.map(lambda one: {**one, "colour": "blue", "motorised": "justified"})
facts = _facts(perimeters) | _facts(_plain, status=st.just("verified"), tour=st.just("ok"), obstacle=st.none())


@st.composite
def rule_lists(draw: st.DrawFn) -> list[Rule]:
    asked = st.lists(conditions, min_size=1, max_size=2)
    outcomes = st.sampled_from([RuleOutcome.APPROVE, RuleOutcome.APPROVE, RuleOutcome.HUMAN])
    found = draw(st.lists(st.tuples(asked, outcomes), min_size=1, max_size=3))
    return [Rule(str(place), f"r{place}", 1, tuple(some), outcome) for place, (some, outcome) in enumerate(found)]


def _approves(rules: list[Rule], known: dict[str, Any]) -> bool:
    return answer(rules, known).outcome is RuleOutcome.APPROVE


@settings(max_examples=150, deadline=None)
@given(rule_lists(), facts)
def test_answer_is_the_same_when_rules_and_facts_come_back_from_storage(
    rules: list[Rule], known: dict[str, Any]
) -> None:
    stored = [
        Rule(
            one.id,
            one.name,
            one.number,
            tuple(Condition.from_json(json.loads(json.dumps(c.as_json()))) for c in one.conditions),
            one.outcome,
        )
        for one in rules
    ]
    assert answer(stored, json.loads(json.dumps(known))) == answer(rules, known)


@settings(max_examples=250, deadline=None)
@given(rule_lists(), conditions, st.integers(0, 4), facts)
def test_one_more_condition_never_approves_more(
    rules: list[Rule], more: Condition, place: int, known: dict[str, Any]
) -> None:
    chosen = [at for at, rule in enumerate(rules) if rule.outcome is RuleOutcome.APPROVE and rule.conditions]
    if not chosen:
        return
    at = chosen[place % len(chosen)]
    before = rules[at]
    stricter = Rule(before.id, before.name, 2, (*before.conditions, more), before.outcome)
    if _approves([*rules[:at], stricter, *rules[at + 1 :]], known):
        assert _approves(rules, known)


_BLANKS = [
    ("vehicles", "category"),
    ("vehicles", "energy"),
    ("vehicles", "air_class"),
    ("vehicles", "hazmat"),
    ("vehicles", "elsewhere"),
    ("perimeters", "colour"),
    ("perimeters", "motorised"),
    (None, "window_s"),
    (None, "ahead_s"),
    ("company", "naf"),
    ("company", "status"),
]


@settings(max_examples=250, deadline=None)
@given(rule_lists(), facts, st.sampled_from(_BLANKS))
def test_forgetting_a_fact_never_approves(
    rules: list[Rule], known: dict[str, Any], blank: tuple[str | None, str]
) -> None:
    group, name = blank
    less = json.loads(json.dumps(known))
    if group is None:
        less[name] = None
    elif group == "company":
        less["company"][name] = None
    else:
        for thing in less[group]:
            thing[name] = None
    if _approves(rules, less):
        assert _approves(rules, known)


@settings(max_examples=100, deadline=None)
@given(rule_lists())
def test_nothing_is_approved_when_nothing_is_known(rules: list[Rule]) -> None:
    assert not _approves(rules, {})
