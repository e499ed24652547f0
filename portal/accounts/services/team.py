"""The people of a company: inviting, changing roles, removing."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import delete, select

from portal.accounts.models import Company, Invitation, Membership
from portal.accounts.policies import refuses_owner_loss, refuses_role
from portal.accounts.queries import get_company, list_invitations, list_members
from portal.accounts.services.invitations import Offer, open_invitation
from portal.audit.journal import record
from portal.audit.tags import AuditTag
from portal.common.actor import Actor, CompanyRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.db import UnitOfWork, unit_of_work


def invite_colleague(
    actor: Actor, company_id: UUID, email: str, role: CompanyRole, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Offer a role in the company to an address. Raises Denied, Invalid("already-member", "email")."""
    with unit_of_work() as uow:
        company = get_company(company_id)
        _refuse(actor, company_id, role)
        if any(member.email == email for member in list_members(company_id)):
            raise Invalid("already-member", "email")
        for waiting in list_invitations(clock.now(), company_id=company_id):
            # Renewing replaces the role offered: only who could withdraw that offer may.
            if waiting.email == email and waiting.company_role is not None:
                _refuse(actor, company_id, waiting.company_role)
        offer = Offer(email, company.name, company_id=company_id, company_role=role)
        open_invitation(uow, actor, offer, clock=clock)
        data = {"email": email, "role": role.value}
        record(actor, AuditTag.MEMBER_INVITED, company_id=company_id, data=data, clock=clock)


def cancel_invitation(actor: Actor, company_id: UUID, invitation_id: UUID) -> None:
    """Withdraw an invitation of the company: its link stops working. Raises NotFound, Denied."""
    with unit_of_work() as uow:
        row = uow.session.scalar(
            select(Invitation).filter_by(id=invitation_id, company_id=company_id, accepted_at=None)
        )
        if row is None or row.company_role is None:
            raise NotFound("invitation-not-found")
        _refuse(actor, company_id, row.company_role)
        uow.session.delete(row)


def change_role(
    actor: Actor, company_id: UUID, account_id: UUID, role: CompanyRole, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Give a colleague another role. Raises NotFound, Denied, Conflict("last-owner")."""
    with unit_of_work() as uow:
        row, roles = _lock_members(uow, company_id, account_id)
        _refuse(actor, company_id, row.role)
        _refuse(actor, company_id, role)
        _keep_an_owner(roles, account_id, to=role)
        before, row.role = row.role, role
        if before is not role:
            data = {"role": [before.value, role.value]}
            record(actor, AuditTag.MEMBER_CHANGED, subject_id=account_id, company_id=company_id, data=data, clock=clock)


def remove_member(actor: Actor, company_id: UUID, account_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a person out of the company; anybody may leave. Raises NotFound, Denied, Conflict("last-owner")."""
    with unit_of_work() as uow:
        row, roles = _lock_members(uow, company_id, account_id)
        if account_id != actor.user_id:
            _refuse(actor, company_id, row.role)
        _keep_an_owner(roles, account_id, to=None)
        uow.session.execute(delete(Membership).where(Membership.id == row.id))
        data = {"role": row.role.value}
        record(actor, AuditTag.MEMBER_REMOVED, subject_id=account_id, company_id=company_id, data=data, clock=clock)


def _refuse(actor: Actor, company_id: UUID, role: CompanyRole) -> None:
    refusal = refuses_role(actor, company_id, role)
    if refusal:
        raise Denied(refusal)


def _keep_an_owner(roles: Mapping[UUID, CompanyRole], account_id: UUID, to: CompanyRole | None) -> None:
    refusal = refuses_owner_loss(roles, account_id, to)
    if refusal:
        raise Conflict(refusal)


def _lock_members(uow: UnitOfWork, company_id: UUID, account_id: UUID) -> tuple[Membership, dict[UUID, CompanyRole]]:
    """Return the membership and everybody's role.

    The company's row is locked: two owners cannot remove each other at once.
    """
    uow.session.execute(select(Company.id).where(Company.id == company_id).with_for_update())
    rows = {row.account_id: row for row in uow.session.scalars(select(Membership).filter_by(company_id=company_id))}
    if account_id not in rows:
        raise NotFound("member-not-found")
    return rows[account_id], {member: row.role for member, row in rows.items()}
