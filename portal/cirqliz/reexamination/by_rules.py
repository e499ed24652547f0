"""What rules approved and would not approve again since a vehicle changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from portal.cirqliz.models import AccessRequest
from portal.cirqliz.rules.conditions import Rule, answer
from portal.cirqliz.rules.facts import vehicle_facts
from portal.cirqliz.rules.queries import last_answers, list_rules
from portal.cirqliz.rules.trial import RULE_LABEL
from portal.cirqliz.states import RuleOutcome, VehicleDecision


def decided_by_rule(request: AccessRequest) -> bool:
    """Tell whether a rule approved some vehicle of a request."""
    return any(
        vehicle.decision is VehicleDecision.APPROVED and (vehicle.decided_by_label or "").startswith(RULE_LABEL)
        for vehicle in request.vehicles
    )


def find_approved_otherwise(requests: Iterable[AccessRequest]) -> set[UUID]:
    """Return the requests that a rule approved and that the rules of now would leave to a person, for their vehicles.

    Only the vehicles are read anew: other changes have looks of their own.
    """
    ruled = [request for request in requests if decided_by_rule(request)]
    kept = last_answers([request.id for request in ruled])
    rules: dict[UUID, Sequence[Rule]] = {}
    found = set()
    for request in ruled:
        if request.territory_id not in rules:
            rules[request.territory_id] = [view.rule for view in list_rules(request.territory_id)]
        asked, before = rules[request.territory_id], kept[request.id].facts
        now = {**before, "vehicles": vehicle_facts(request)}
        if answer(asked, before).outcome is RuleOutcome.APPROVE and answer(asked, now).outcome is RuleOutcome.HUMAN:
            found.add(request.id)
    return found
