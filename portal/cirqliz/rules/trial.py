"""Trying rules before they count: on one request, on facts typed by hand, on the last requests of the territory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.cirqliz.models import AccessRequest
from portal.cirqliz.rules.conditions import Judged, Proposal, Rule, answer, judge
from portal.cirqliz.rules.facts import facts_of
from portal.cirqliz.rules.queries import last_answers
from portal.cirqliz.states import DECIDED_STATES, RequestState, RuleOutcome, VehicleDecision
from portal.db import session

LAST_REQUESTS = 200
# States in which the tour of a request is known, and with it its perimeters.
_KNOWN = DECIDED_STATES | {RequestState.READY, RequestState.UNDER_REVIEW, RequestState.INFORMATION_ASKED}
# A decision whose author is a rule, as `engine.rule_actor` names it.
RULE_LABEL = "system:rule:"


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule on some facts: what each of its conditions found, and whether all hold."""

    rule: Rule
    conditions: tuple[Judged, ...]
    applies: bool


@dataclass(frozen=True, slots=True)
class Explained:
    """What the rules answer to some facts, rule by rule in the order they are asked."""

    proposal: Proposal
    tried: tuple[Tried, ...]


@dataclass(frozen=True, slots=True)
class PastRequest:
    """A past request that a draft rule would have approved although a person refused a vehicle of it."""

    id: UUID
    number: str
    company_name: str


@dataclass(frozen=True, slots=True)
class Trial:
    """What a rule would have answered to the last requests. blocked: it would have approved but for an obstacle."""

    looked_at: int
    approved: int
    kept_for_person: int
    blocked: int
    refused: tuple[PastRequest, ...]


def explain(rules: Sequence[Rule], facts: Mapping[str, Any]) -> Explained:
    """Return which rule answers, and why each condition of each rule holds or not."""
    tried = []
    for rule in rules:
        judged = tuple(judge(condition, facts, rule.outcome) for condition in rule.conditions)
        tried.append(Tried(rule, judged, bool(judged) and all(one.holds for one in judged)))
    return Explained(answer(rules, facts), tuple(tried))


def facts_of_past(territory_id: UUID, number: str) -> Mapping[str, Any] | None:
    """Return the facts of a request by its number: those its rules read, or those of now; None when there is none."""
    request = session().scalar(
        select(AccessRequest).where(
            AccessRequest.territory_id == territory_id, AccessRequest.number == number.strip().upper()
        )
    )
    if request is None:
        return None
    kept = last_answers([request.id]).get(request.id)
    return facts_of(request) if kept is None else kept.facts


def try_on_last(territory_id: UUID, rules: Sequence[Rule], draft: Rule, limit: int = LAST_REQUESTS) -> Trial:
    """Ask the rules, of which the draft is one, about the last requests, and count what the draft answers.

    The facts are those kept with each request; of requests filed before there were rules, those of now.
    """
    requests = (
        session()
        .scalars(
            select(AccessRequest)
            .where(AccessRequest.territory_id == territory_id, AccessRequest.state.in_(_KNOWN))
            .order_by(AccessRequest.submitted_at.desc(), AccessRequest.id.desc())
            .limit(limit)
        )
        .all()
    )
    kept = last_answers([request.id for request in requests])
    approved = held = blocked = 0
    refused = []
    for request in requests:
        facts = kept[request.id].facts if request.id in kept else facts_of(request)
        proposal = answer(rules, facts)
        if proposal.rule is not draft:
            continue
        if proposal.outcome is RuleOutcome.APPROVE:
            approved += 1
            if _refused_by_person(request):
                refused.append(PastRequest(request.id, request.number, request.company_name))
        elif proposal.obstacle is not None:
            blocked += 1
        else:
            held += 1
    return Trial(len(requests), approved, held, blocked, tuple(refused))


def _refused_by_person(request: AccessRequest) -> bool:
    return any(
        vehicle.decision is VehicleDecision.REFUSED and not (vehicle.decided_by_label or "").startswith(RULE_LABEL)
        for vehicle in request.vehicles
    )
