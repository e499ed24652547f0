"""Writes of rules: each change is a new version, the old ones stay readable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.models import DecisionRule
from portal.cirqliz.rules.policies import MOST_RULES, RuleValues, check_rule
from portal.cirqliz.rules.settings import require_supervisor
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, unit_of_work
from portal.territories.api import get_territory


def add_rule(actor: Actor, territory: str, values: RuleValues, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Write a new rule, asked after those there are; return its id. Raises Denied, Invalid (field and code)."""
    require_supervisor(actor, territory)
    place = get_territory(territory)
    with unit_of_work() as uow:
        present = _in_force(uow, place.id)
        if len(present) >= MOST_RULES:
            raise Invalid("too-many-rules", field="name", most=MOST_RULES)
        check_rule(values, [row.name for row in present])
        position = max((row.position for row in present), default=0) + 1
        row = _row(place.id, new_id(), 1, position, values, actor, clock)
        uow.session.add(row)
        _journal(actor, AuditTag.RULE_ADDED, row, {"after": _json(values)}, clock)
        return row.id


def change_rule(
    actor: Actor, territory: str, rule_id: UUID, values: RuleValues, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Write the next version of a rule, in the same place; return its id, that of the present one if nothing differs.

    Raises Denied, NotFound, Invalid, Conflict (somebody changed or withdrew it first).
    """
    require_supervisor(actor, territory)
    place = get_territory(territory)
    with unit_of_work() as uow:
        present = _in_force(uow, place.id)
        before = _load(uow, place.id, rule_id)
        check_rule(values, [row.name for row in present if row.id != rule_id])
        if _json(values) == _json_of(before):
            return before.id
        before.retired_at = clock.now()
        row = _row(place.id, before.family_id, before.number + 1, before.position, values, actor, clock)
        uow.session.add(row)
        _journal(actor, AuditTag.RULE_CHANGED, row, {"before": _json_of(before), "after": _json(values)}, clock)
        return row.id


def move_rule(actor: Actor, territory: str, rule_id: UUID, *, up: bool, clock: Clock = SYSTEM_CLOCK) -> None:
    """Exchange a rule with the one asked before it (or after it); the first stays first.

    Raises Denied, NotFound, Conflict.
    """
    require_supervisor(actor, territory)
    place = get_territory(territory)
    with unit_of_work() as uow:
        _load(uow, place.id, rule_id)
        present = _in_force(uow, place.id)
        at = next(place_ for place_, row in enumerate(present) if row.id == rule_id)
        to = at - 1 if up else at + 1
        if not 0 <= to < len(present):
            return
        moved = present[at]
        order = [row for row in present if row is not moved]
        order.insert(to, moved)
        # Numbered anew, so that two rules added at one instant do not keep one place.
        for position, row in enumerate(order, start=1):
            row.position = position
        changes = {"position": [at + 1, to + 1]}
        _journal(actor, AuditTag.RULE_CHANGED, moved, {"changes": changes}, clock)


def retire_rule(actor: Actor, territory: str, rule_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Withdraw a rule; what it decided stays readable. Raises Denied, NotFound, Conflict (it was withdrawn already)."""
    require_supervisor(actor, territory)
    place = get_territory(territory)
    with unit_of_work() as uow:
        row = _load(uow, place.id, rule_id)
        row.retired_at = clock.now()
        _journal(actor, AuditTag.RULE_RETIRED, row, {"before": _json_of(row)}, clock)


def _in_force(uow: UnitOfWork, territory_id: UUID) -> Sequence[DecisionRule]:
    return uow.session.scalars(
        select(DecisionRule)
        .where(DecisionRule.territory_id == territory_id, DecisionRule.retired_at.is_(None))
        .order_by(DecisionRule.position, DecisionRule.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _load(uow: UnitOfWork, territory_id: UUID, rule_id: UUID) -> DecisionRule:
    row = uow.session.scalar(
        select(DecisionRule)
        .where(DecisionRule.id == rule_id, DecisionRule.territory_id == territory_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("rule-not-found")
    if row.retired_at is not None:
        raise Conflict("rule-changed", name=row.name)
    return row


def _row(
    territory_id: UUID, family_id: UUID, number: int, position: int, values: RuleValues, actor: Actor, clock: Clock
) -> DecisionRule:
    return DecisionRule(
        id=new_id(),
        family_id=family_id,
        number=number,
        territory_id=territory_id,
        name=values.name.strip(),
        position=position,
        conditions=[condition.as_json() for condition in values.conditions],
        outcome=values.outcome,
        created_by_label=actor.label,
        created_at=clock.now(),
    )


def _json(values: RuleValues) -> dict[str, Any]:
    conditions = [condition.as_json() for condition in values.conditions]
    return {"name": values.name.strip(), "conditions": conditions, "outcome": values.outcome.value}


def _json_of(row: DecisionRule) -> dict[str, Any]:
    return {"name": row.name, "conditions": row.conditions, "outcome": row.outcome.value}


def _journal(actor: Actor, tag: AuditTag, row: DecisionRule, more: dict[str, Any], clock: Clock) -> None:
    audit.record(
        actor,
        tag,
        subject_id=row.family_id,
        territory_id=row.territory_id,
        data={"name": row.name, "number": row.number, **more},
        clock=clock,
    )
