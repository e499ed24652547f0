"""The rules answer to a request as soon as its tour is known; a sample, and whatever they leave, goes to a person."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Any
from uuid import UUID

from flask import current_app

from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.decisions.deciding import decide_in, pending_of
from portal.cirqliz.models import AccessRequest, AutomaticDecision
from portal.cirqliz.requests.live import refresh_perimeters
from portal.cirqliz.rules.conditions import Proposal, Rule, answer
from portal.cirqliz.rules.facts import facts_of, rule_ids
from portal.cirqliz.rules.queries import AnswerRecord, list_rules, rules_named
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import RequestState, RuleOutcome, VehicleDecision
from portal.common.actor import Actor, system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import UnitOfWork
from portal.territories.api import get_territory_by_id


def decide_by_rules(uow: UnitOfWork, request: AccessRequest, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Ask the rules about a request that has just become ready, in the transaction that made it so.

    request: locked by the caller. Either it is approved as a clerk would, or it stays for a person. What was read and
    answered is kept, so that the answer can be given again.
    """
    if request.state is not RequestState.READY:
        return
    refresh_perimeters(request)
    rules = [view.rule for view in list_rules(request.territory_id)]
    facts = facts_of(request)
    proposal = answer(rules, facts)
    sampled = proposal.outcome is RuleOutcome.APPROVE and is_drawn(request)
    if proposal.outcome is RuleOutcome.APPROVE and not sampled:
        facts["obstacle"] = _approve(uow, request, proposal, clock)
        proposal = answer(rules, facts)
    keep_answer(uow, request, rules, facts, proposal, sampled=sampled, clock=clock)


def keep_answer(
    uow: UnitOfWork,
    request: AccessRequest,
    rules: Sequence[Rule],
    facts: Mapping[str, Any],
    proposal: Proposal,
    *,
    sampled: bool,
    clock: Clock,
) -> None:
    """Write what the rules answered, with the facts and the versions of the rules they were asked in."""
    uow.session.add(
        AutomaticDecision(
            id=new_id(),
            territory_id=request.territory_id,
            request_id=request.id,
            rule_id=None if proposal.rule is None else UUID(proposal.rule.id),
            facts={**facts, "obstacle": proposal.obstacle, "rules": [rule.id for rule in rules]},
            outcome=proposal.outcome,
            sampled=sampled,
            at=clock.now(),
        )
    )


def replay(territory_id: UUID, record: AnswerRecord) -> Proposal:
    """Give an answer again from what was kept alone: the facts, and the versions of the rules that read them."""
    return answer(rules_named(territory_id, rule_ids(record.facts)), record.facts)


def rule_actor(rule: Rule) -> Actor:
    """Return who decides when a rule does: the journal and the desk show its name and version."""
    return system_actor(f"rule:{rule.name} v{rule.number}")


def is_drawn(request: AccessRequest) -> bool:
    """Tell whether a request belongs to the sample a person looks at: always the same answer, and not to be guessed.

    The lot is drawn for a company, its vehicles and the day: filing the same thing again draws no other.
    """
    settings: Settings = current_app.extensions["settings"]
    percent = access_settings(request.territory_id).sample_percent
    vehicles = sorted(str(vehicle.vehicle_id) for vehicle in request.vehicles)
    day = request.starts_at.astimezone(UTC).date().isoformat()
    asked = ":".join(["sample", str(request.territory_id), str(request.company_id), day, *vehicles])
    drawn = hmac.digest(settings.secret_key.encode(), asked.encode(), hashlib.sha256)
    return int.from_bytes(drawn[:8]) * 100 < percent << 64


def _approve(uow: UnitOfWork, request: AccessRequest, proposal: Proposal, clock: Clock) -> str | None:
    """Approve every vehicle; return the code of what forbids it instead: then nothing has changed."""
    assert proposal.rule is not None
    place = get_territory_by_id(request.territory_id)
    try:
        decide_in(
            uow,
            rule_actor(proposal.rule),
            place,
            request,
            pending_of(request),
            Answer(VehicleDecision.APPROVED),
            clock,
            more={"rule": proposal.rule.name, "rule_number": proposal.rule.number, "rule_id": proposal.rule.id},
        )
    except (Invalid, Conflict) as error:
        return error.code
    return None
