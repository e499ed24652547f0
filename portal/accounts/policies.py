"""Who may change what in a company's team, in a territory's staff, and on a company. Pure: a coded reason, or None."""

from __future__ import annotations

from collections.abc import Mapping, Set
from uuid import UUID

from portal.accounts.models import CompanyStatus
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole


def refuses_role(actor: Actor, company_id: UUID, role: CompanyRole) -> str | None:
    """Tell why the actor may not give this role in the company, or change or remove somebody who holds it.

    Owners decide on everyone, managers on managers and drivers.
    """
    held = actor.companies.get(company_id)
    if held is None or not held.includes(CompanyRole.MANAGER):
        return "team-role-needed"
    return None if held.includes(role) else "team-role-above"


def refuses_owner_loss(roles: Mapping[UUID, CompanyRole], account_id: UUID, to: CompanyRole | None) -> str | None:
    """Tell why a member may not become `to` (None: leave): somebody must answer for the company."""
    owners = [member for member, role in roles.items() if role is CompanyRole.OWNER]
    return "last-owner" if owners == [account_id] and to is not CompanyRole.OWNER else None


def refuses_administrator_loss(administrators: Set[UUID], account_id: UUID, role: StaffRole) -> str | None:
    """Tell why a staff role may not be removed: a territory keeps an administrator."""
    alone = role is StaffRole.ADMINISTRATOR and administrators == {account_id}
    return "last-administrator" if alone else None


def refuses_company_decision(actor: Actor, now: CompanyStatus, to: CompanyStatus) -> str | None:
    """Tell why the actor may not declare a company verified or refused."""
    deciding = (StaffRole.CLERK, StaffRole.ADMINISTRATOR)
    is_staff = any(actor.serves(territory, *deciding) for territory in actor.staff)
    if not (is_staff or actor.is_platform_admin or actor.kind is ActorKind.SYSTEM):
        return "company-decision-staff-only"
    if now is CompanyStatus.CLOSED:
        return "company-closed"
    return "company-already-decided" if now is to else None


def refuses_closing(actor: Actor, now: CompanyStatus) -> str | None:
    """Tell why the actor may not declare a company closed."""
    if not _supervises(actor):
        return "company-closing-supervisor-only"
    return "company-closed-already" if now is CompanyStatus.CLOSED else None


def refuses_reopening(actor: Actor, now: CompanyStatus) -> str | None:
    """Tell why the actor may not declare that a closed company goes on."""
    if not _supervises(actor):
        return "company-closing-supervisor-only"
    return None if now is CompanyStatus.CLOSED else "company-not-closed"


def _supervises(actor: Actor) -> bool:
    roles = (StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR)
    known = any(actor.serves(territory, *roles) for territory in actor.staff)
    return known or actor.is_platform_admin or actor.kind is ActorKind.SYSTEM
