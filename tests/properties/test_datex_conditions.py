"""Conditions of DATEX II in the standard reading, against an evaluator that knows nothing but boolean trees."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product

from hypothesis import given, seed, settings
from hypothesis import strategies as st
from lxml import etree

from portal.numeriz.imports.datex.standard import read_tree, rule_of
from portal.numeriz.values import Issue
from portal.regulations.vehicles import Answer, Usage, Vehicle
from tests.support.datex import NAMESPACES, any_of, size, vehicle, weight

# Around every limit that is written, so that "over" and "from" differ.
_TONNES = ("2", "3.5", "7.5", "12")
_METRES = ("2.5", "4")
_SAMPLES = [
    Vehicle(gross_weight_kg=kilograms, height_cm=centimetres, usages=frozenset(usages))
    for kilograms, centimetres, usages in product(
        [1999, 2000, 2001, 3499, 3500, 3501, 7499, 7500, 7501, 11_999, 12_000, 12_001, 40_000],
        [249, 250, 251, 400, 401],
        [(), (Usage.TAXI,)],
    )
]


@dataclass(frozen=True)
class Condition:
    """A condition as it is written, and what it says of a vehicle."""

    xml: str
    holds: Callable[[Vehicle], bool]


def _compares(value: int | None, operator: str, limit: float) -> bool:
    assert value is not None
    return {
        "lessThan": value < limit,
        "lessThanOrEqualTo": value <= limit,
        "greaterThan": value > limit,
        "greaterThanOrEqualTo": value >= limit,
    }[operator]


_OPERATORS = st.sampled_from(["lessThan", "lessThanOrEqualTo", "greaterThan", "greaterThanOrEqualTo"])


def _weighs(operator: str, tonnes: str) -> Condition:
    return Condition(
        weight(tonnes, operator), lambda v: _compares(v.gross_weight_kg, operator, round(float(tonnes) * 1000))
    )


def _is_high(operator: str, metres: str) -> Condition:
    return Condition(
        size("heightCharacteristic", "vehicleHeight", metres, operator),
        lambda v: _compares(v.height_cm, operator, round(float(metres) * 100)),
    )


_SIZES = st.builds(_weighs, _OPERATORS, st.sampled_from(_TONNES)) | st.builds(
    _is_high, _OPERATORS, st.sampled_from(_METRES)
)
_HEAVY = Condition(
    "<com:vehicleType>heavyGoodsVehicle</com:vehicleType>",
    lambda v: v.gross_weight_kg is not None and v.gross_weight_kg > 3500,
)
_BICYCLE = Condition("<com:vehicleType>bicycle</com:vehicleType>", lambda _v: False)
_ANY = Condition("<com:vehicleType>anyVehicle</com:vehicleType>", lambda _v: True)
_TAXI = Condition("<com:vehicleUsage>taxi</com:vehicleUsage>", lambda v: Usage.TAXI in v.usages)


def _simple(types: list[Condition], others: list[Condition], negate: bool) -> Condition:
    """One condition: any of its types, and everything else it says."""

    def holds(found: Vehicle) -> bool:
        of_type = not types or any(one.holds(found) for one in types)
        return (of_type and all(one.holds(found) for one in others)) != negate

    return Condition(vehicle("".join(one.xml for one in (*types, *others)), negate=negate), holds)


def _set(members: list[Condition], operator: str, negate: bool) -> Condition:
    def holds(found: Vehicle) -> bool:
        answers: Iterable[bool] = (member.holds(found) for member in members)
        return (all(answers) if operator == "and" else any(answers)) != negate

    return Condition(any_of(*(member.xml for member in members), operator=operator, negate=negate), holds)


_SIMPLE = st.tuples(
    st.lists(st.sampled_from([_HEAVY, _BICYCLE, _ANY]), max_size=2),
    st.lists(_SIZES | st.just(_TAXI), max_size=2),
    st.booleans(),
)
_LEAVES = _SIMPLE.filter(lambda said: bool(said[0] or said[1])).map(lambda said: _simple(*said))
_TREES = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        _set, st.lists(inner, min_size=1, max_size=3), st.sampled_from(["and", "or"]), st.booleans()
    ),
    max_leaves=6,
)


@seed(20260724)
@settings(max_examples=600, deadline=None, database=None)
@given(st.lists(_TREES, min_size=1, max_size=3))
def test_a_rule_says_what_its_tree_says_unless_it_is_reported(written: list[Condition]) -> None:
    whole = any_of(*(one.xml for one in written), operator="and", tag="condition")
    condition = etree.fromstring(f"<r {NAMESPACES}>{whole}</r>")[0]
    issues: list[Issue] = []
    rule = rule_of(read_tree(condition, issues), issues)
    assert {issue.code for issue in issues} <= {"conditions-combined"}
    for found in _SAMPLES:
        binds = rule.concerns(found, stops_inside=True).answer is Answer.YES
        meant = all(one.holds(found) for one in written)
        # What was not understood may free somebody; it never binds whom the tree frees.
        assert binds == meant or (issues and not binds), (whole, found, rule)
