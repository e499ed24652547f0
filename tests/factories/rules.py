"""Rules and quotas of the small world of requests, made through the services."""

from __future__ import annotations

from uuid import UUID

from portal.cirqliz.rules.conditions import Condition, Kind
from portal.cirqliz.rules.policies import RuleValues
from portal.cirqliz.rules.services import add_rule
from portal.cirqliz.rules.settings import AccessValues, access_settings, change_access_settings
from portal.cirqliz.states import RuleOutcome
from portal.common.actor import StaffRole
from portal.numeriz.api import law_snapshot
from tests.factories.cirqliz import World

BLUE = Condition(Kind.COLOURS, ("blue",))
VERIFIED = Condition(Kind.COMPANY_VERIFIED)
N1_N2 = Condition(Kind.CATEGORIES, ("N1", "N2"))


def make_rule(
    world: World,
    *conditions: Condition,
    name: str = "Bleu, vérifiée, N1 ou N2",
    outcome: RuleOutcome = RuleOutcome.APPROVE,
) -> UUID:
    """The rule of the issue unless told: blue, a verified company, N1 or N2 vehicles."""
    values = RuleValues(name, conditions or (BLUE, VERIFIED, N1_N2), outcome)
    return add_rule(world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug, values)


def set_sample(world: World, percent: int) -> None:
    """Let this part of the automatic approvals go to a person first."""
    now = access_settings(world.territory.id)
    values = AccessValues(
        percent, now.appeal_days, now.undo_min, now.asks_driver_name, now.sync_hours, now.scan_retention_days
    )
    change_access_settings(world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug, values, now.version)


def perimeter_id(world: World, name: str) -> str:
    """The id of a perimeter of the world, in the law."""
    return next(one.id for one in law_snapshot(world.territory.id).perimeters.values() if one.name == name)
