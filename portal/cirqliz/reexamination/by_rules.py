"""What rules approved and would not approve again: since a vehicle changed, or for another one in its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from portal.cirqliz.models import AccessRequest
from portal.cirqliz.reexamination.queries import open_reexamination_of
from portal.cirqliz.rules.conditions import Rule, answer
from portal.cirqliz.rules.facts import facts_of_vehicles, vehicle_facts
from portal.cirqliz.rules.queries import last_answers, list_answers, list_rules
from portal.cirqliz.rules.trial import RULE_LABEL
from portal.cirqliz.states import RuleOutcome, VehicleDecision
from portal.fleet.api import VehicleView


def decided_by_rule(request: AccessRequest) -> bool:
    """Tell whether a rule approved some vehicle of a request."""
    return any(
        vehicle.decision is VehicleDecision.APPROVED and _is_rule(vehicle.decided_by_label)
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


def unruled_stand_ins(request: AccessRequest, answered_id: UUID, vehicles: Sequence[VehicleView]) -> set[UUID]:
    """Return those of these vehicles that the rules of now would leave to a person in the place of an approved one.

    None of them when a person answered for that one. All else of the request is read as it was when the rules approved
    it last: other changes have looks of their own.
    """
    if not _is_rule(_answered_by(request, answered_id)):
        return set()
    # Kept in the transaction that approved: there is one.
    before = next(one.facts for one in list_answers(request.id) if one.outcome is RuleOutcome.APPROVE)
    plate = next(line.plate_display for line in request.vehicles if line.vehicle_id == answered_id)
    rules = [view.rule for view in list_rules(request.territory_id)]
    found = set()
    for vehicle, facts in zip(vehicles, facts_of_vehicles(request.company_id, vehicles), strict=True):
        lines = [facts if one["plate"] == plate else one for one in before["vehicles"]]
        if answer(rules, {**before, "vehicles": lines}).outcome is RuleOutcome.HUMAN:
            found.add(vehicle.id)
    return found


def _answered_by(request: AccessRequest, vehicle_id: UUID) -> str | None:
    """Who approved a vehicle whose pass lives: its answer, or that of before while it is looked at again."""
    line = next(line for line in request.vehicles if line.vehicle_id == vehicle_id)
    if line.decision is not VehicleDecision.PENDING:
        return line.decided_by_label
    again = open_reexamination_of(request.id)
    return next((one.decided_by for one in again.before if one.vehicle_id == vehicle_id), None) if again else None


def _is_rule(label: str | None) -> bool:
    return (label or "").startswith(RULE_LABEL)
