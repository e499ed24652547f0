"""What a rule may say. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from portal.cirqliz.rules.conditions import RULED_COLOURS, RULED_POLICIES, Condition, Kind
from portal.cirqliz.states import RuleOutcome
from portal.common.errors import Invalid

MAX_NAME = 120
MOST_RULES = 50


@dataclass(frozen=True, slots=True)
class RuleValues:
    """A rule as a supervisor writes it."""

    name: str
    conditions: tuple[Condition, ...]
    outcome: RuleOutcome


def check_rule(values: RuleValues, names_taken: Collection[str]) -> None:
    """Raise Invalid with the field at fault: a rule has a name of its own and asks something.

    One that approves never names a colour or a policy that only a person may open.
    """
    if not values.name.strip():
        raise Invalid("rule-name-missing", field="name")
    if len(values.name) > MAX_NAME:
        raise Invalid("rule-name-too-long", field="name", most=MAX_NAME)
    if values.name.strip().casefold() in {name.casefold() for name in names_taken}:
        raise Invalid("rule-name-taken", field="name")
    if not values.conditions:
        raise Invalid("rule-without-conditions", field="outcome")
    if values.outcome is not RuleOutcome.APPROVE:
        return
    for condition in values.conditions:
        if condition.kind is Kind.COLOURS and not set(condition.values) <= RULED_COLOURS:
            raise Invalid("rule-approves-colour", field=Kind.COLOURS.value)
        if condition.kind is Kind.POLICIES and not set(condition.values) <= RULED_POLICIES:
            raise Invalid("rule-approves-policy", field=Kind.POLICIES.value)
