"""Reads of rules and of what they answered; the first argument is the scope."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.cirqliz.models import AutomaticDecision, DecisionRule
from portal.cirqliz.rules.conditions import Condition, Kind, Rule
from portal.cirqliz.states import RuleOutcome
from portal.common.errors import NotFound
from portal.db import session


@dataclass(frozen=True, slots=True)
class RuleView:
    """One version of a rule. retired_at: when another version or nothing took its place."""

    id: UUID
    family_id: UUID
    number: int
    name: str
    position: int
    conditions: tuple[Condition, ...]
    outcome: RuleOutcome
    created_by: str
    created_at: datetime
    retired_at: datetime | None

    @property
    def rule(self) -> Rule:
        """The rule as it answers."""
        return Rule(str(self.id), self.name, self.number, self.conditions, self.outcome)


@dataclass(frozen=True, slots=True)
class RuleProposal:
    """What the rules answered last to a request. obstacle: the code of why an approval was left to a person."""

    rule_name: str | None
    rule_number: int | None
    outcome: RuleOutcome
    sampled: bool
    obstacle: str | None
    at: datetime


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """An answer of the rules with what it rests on. rule: the version that answered, None when none applied."""

    id: UUID
    request_id: UUID
    rule: RuleView | None
    facts: Mapping[str, Any]
    outcome: RuleOutcome
    sampled: bool
    at: datetime


def list_rules(territory_id: UUID) -> Sequence[RuleView]:
    """Return the rules in force, in the order they are asked."""
    rows = session().scalars(
        select(DecisionRule)
        .where(DecisionRule.territory_id == territory_id, DecisionRule.retired_at.is_(None))
        .order_by(DecisionRule.position, DecisionRule.id)
        .execution_options(populate_existing=True)
    )
    return [rule_view(row) for row in rows]


def count_rules(territory_id: UUID, perimeter_ids: Sequence[UUID]) -> Mapping[UUID, int]:
    """Return how many rules in force name each of these perimeters; none of one that no rule names."""
    counts: Counter[UUID] = Counter()
    by_text = {str(perimeter_id): perimeter_id for perimeter_id in perimeter_ids}
    for rule in list_rules(territory_id):
        named = {text for one in rule.conditions if one.kind is Kind.PERIMETERS for text in one.values}
        counts.update(by_text[text] for text in named & by_text.keys())
    return counts


def list_retired_rules(territory_id: UUID) -> Sequence[RuleView]:
    """Return the last version of each rule that was withdrawn, the latest first."""
    alive = select(DecisionRule.family_id).where(
        DecisionRule.territory_id == territory_id, DecisionRule.retired_at.is_(None)
    )
    last = (
        select(DecisionRule.family_id, func.max(DecisionRule.number).label("number"))
        .where(DecisionRule.territory_id == territory_id, DecisionRule.family_id.not_in(alive))
        .group_by(DecisionRule.family_id)
        .subquery()
    )
    rows = session().scalars(
        select(DecisionRule)
        .join(last, (last.c.family_id == DecisionRule.family_id) & (last.c.number == DecisionRule.number))
        .order_by(DecisionRule.retired_at.desc(), DecisionRule.id)
    )
    return [rule_view(row) for row in rows]


def get_rule(territory_id: UUID, rule_id: UUID) -> RuleView:
    """Return one version of a rule of the territory; raises NotFound."""
    row = session().scalar(
        select(DecisionRule).where(DecisionRule.id == rule_id, DecisionRule.territory_id == territory_id)
    )
    if row is None:
        raise NotFound("rule-not-found")
    return rule_view(row)


def list_versions(territory_id: UUID, family_id: UUID) -> Sequence[RuleView]:
    """Return every version of a rule, newest first."""
    rows = session().scalars(
        select(DecisionRule)
        .where(DecisionRule.territory_id == territory_id, DecisionRule.family_id == family_id)
        .order_by(DecisionRule.number.desc())
    )
    return [rule_view(row) for row in rows]


def count_answers(territory_id: UUID, since: datetime) -> Mapping[UUID, int]:
    """Count the requests each version of a rule has answered to since an instant."""
    rows = session().execute(
        select(AutomaticDecision.rule_id, func.count())
        .where(
            AutomaticDecision.territory_id == territory_id,
            AutomaticDecision.at >= since,
            AutomaticDecision.rule_id.is_not(None),
        )
        .group_by(AutomaticDecision.rule_id)
    )
    return {rule_id: count for rule_id, count in rows if rule_id is not None}


def rule_proposal(request_id: UUID) -> RuleProposal | None:
    """Return what the rules answered last to a request, None when they were never asked."""
    row = last_answers([request_id]).get(request_id)
    if row is None:
        return None
    rule = None if row.rule_id is None else session().get(DecisionRule, row.rule_id)
    name, number = (None, None) if rule is None else (rule.name, rule.number)
    return RuleProposal(name, number, row.outcome, row.sampled, row.facts.get("obstacle"), row.at)


def list_answers(request_id: UUID) -> Sequence[AnswerRecord]:
    """Return all the answers of the rules to a request, newest first; the caller has reached it within its scope."""
    rows: Iterable[tuple[AutomaticDecision, DecisionRule | None]] = session().execute(
        select(AutomaticDecision, DecisionRule)
        .outerjoin(DecisionRule, DecisionRule.id == AutomaticDecision.rule_id)
        .where(AutomaticDecision.request_id == request_id)
        .order_by(AutomaticDecision.at.desc(), AutomaticDecision.id.desc())
    )
    return [
        AnswerRecord(
            id=row.id,
            request_id=row.request_id,
            rule=None if rule is None else rule_view(rule),
            facts=row.facts,
            outcome=row.outcome,
            sampled=row.sampled,
            at=row.at,
        )
        for row, rule in rows
    ]


def rules_named(territory_id: UUID, ids: Iterable[UUID]) -> Sequence[Rule]:
    """Return these versions of rules, in the order given, in force or not."""
    wanted = list(ids)
    rows = session().scalars(
        select(DecisionRule).where(DecisionRule.territory_id == territory_id, DecisionRule.id.in_(wanted))
    )
    found = {row.id: rule_view(row).rule for row in rows}
    return [found[id_] for id_ in wanted if id_ in found]


def last_answers(request_ids: Iterable[UUID]) -> Mapping[UUID, AutomaticDecision]:
    """Return the newest row of each request that has one."""
    return {request_id: rows[-1] for request_id, rows in all_answers(request_ids).items()}


def all_answers(request_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[AutomaticDecision]]:
    """Return the rows of each request that has one, oldest first."""
    rows = session().scalars(
        select(AutomaticDecision)
        .where(AutomaticDecision.request_id.in_(list(request_ids)))
        .order_by(AutomaticDecision.at, AutomaticDecision.id)
        .execution_options(populate_existing=True)
    )
    found: dict[UUID, list[AutomaticDecision]] = {}
    for row in rows:
        found.setdefault(row.request_id, []).append(row)
    return found


def rule_view(row: DecisionRule) -> RuleView:
    """Return what may be shown of a rule's row."""
    return RuleView(
        row.id,
        row.family_id,
        row.number,
        row.name,
        row.position,
        tuple(Condition.from_json(value) for value in row.conditions),
        row.outcome,
        row.created_by_label,
        row.created_at,
        row.retired_at,
    )
