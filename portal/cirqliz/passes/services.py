"""What people do to a pass: a clerk takes it back, a company gives it back."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import ColumnElement, select

from portal.cirqliz.models import AccessPass
from portal.cirqliz.passes.issuing import issue_passes
from portal.cirqliz.passes.keys import key_ring, training_ring
from portal.cirqliz.passes.life import (
    revoke_for_decision,
    revoke_for_vehicles,
    revoke_row,
    revoke_rows,
)
from portal.cirqliz.states import CLERK_REVOCATIONS, RevocationReason
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Denied, Invalid, NotFound
from portal.db import UnitOfWork, unit_of_work
from portal.territories.api import get_territory

__all__ = [
    "give_back_pass",
    "issue_passes",
    "key_ring",
    "load_pass",
    "require_manager",
    "revoke_for_decision",
    "revoke_for_vehicles",
    "revoke_pass",
    "training_ring",
]

MAX_TEXT = 1000


def revoke_pass(
    actor: Actor,
    territory: str,
    pass_id: UUID,
    reason: RevocationReason,
    text: str = "",
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Take a pass back: red at the next scan. Raises Denied, NotFound, Invalid, Conflict (already revoked)."""
    if actor.kind is not ActorKind.SYSTEM and not actor.serves(territory, StaffRole.CLERK):
        raise Denied("staff-role-needed", roles=[StaffRole.CLERK.value])
    if reason not in CLERK_REVOCATIONS:
        raise Invalid("revocation-without-reason", field="reason_code")
    if reason is RevocationReason.OTHER and not text.strip():
        raise Invalid("revocation-other-unexplained", field="reason_text")
    if len(text) > MAX_TEXT:
        raise Invalid("reason-too-long", field="reason_text", most=MAX_TEXT)
    place = get_territory(territory)
    with unit_of_work() as uow:
        found = load_pass(uow, AccessPass.territory_id == place.id, pass_id)
        revoke_rows(actor, [found], reason, text, clock=clock)


def give_back_pass(actor: Actor, company_id: UUID, pass_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Let the company give a pass back. Raises Denied, NotFound, Conflict (already revoked)."""
    require_manager(actor, company_id)
    with unit_of_work() as uow:
        found = load_pass(uow, AccessPass.company_id == company_id, pass_id)
        revoke_row(actor, found, RevocationReason.GIVEN_BACK, "", clock)


def require_manager(actor: Actor, company_id: UUID) -> None:
    """Raise Denied unless the actor manages the company."""
    if actor.kind is not ActorKind.SYSTEM and not actor.belongs_to(company_id, CompanyRole.MANAGER):
        raise Denied("company-role-needed", role=CompanyRole.MANAGER.value)


def load_pass(uow: UnitOfWork, scope: ColumnElement[bool], pass_id: UUID) -> AccessPass:
    """Lock and return a pass within a scope; raises NotFound."""
    found: AccessPass | None = uow.session.scalar(
        select(AccessPass)
        .where(AccessPass.id == pass_id, scope)
        .with_for_update(of=AccessPass)
        .execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound("pass-not-found")
    return found
