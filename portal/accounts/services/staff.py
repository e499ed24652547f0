"""The staff of a territory: inviting, adding from the command line, removing."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import delete, select

from portal.accounts.models import Account, Invitation, StaffMember
from portal.accounts.places import territory_table
from portal.accounts.policies import refuses_administrator_loss
from portal.accounts.queries import find_account_by_email, list_staff
from portal.accounts.services.invitations import Offer, give_staff_role, open_invitation
from portal.audit.journal import record
from portal.audit.tags import AuditTag
from portal.common.actor import Actor, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.db import unit_of_work
from portal.territories.api import get_territory


def invite_staff(actor: Actor, territory: str, email: str, role: StaffRole, *, clock: Clock = SYSTEM_CLOCK) -> str:
    """Offer a role in a territory (slug) to an address; return the link. Raises Invalid("already-staff", "email")."""
    with unit_of_work() as uow:
        place = get_territory(territory)
        if any(one.email == email and one.role is role for _, one in list_staff(place.id)):
            raise Invalid("already-staff", "email")
        offer = Offer(email, place.name, territory_id=place.id, staff_role=role)
        record(actor, AuditTag.STAFF_INVITED, territory_id=place.id, data={"role": role.value}, clock=clock)
        return open_invitation(uow, actor, offer, clock=clock)


def add_staff(actor: Actor, territory: str, email: str, role: StaffRole, *, clock: Clock = SYSTEM_CLOCK) -> str | None:
    """Give a role at once to an address that has an account, else invite it; return the link of the invitation."""
    with unit_of_work() as uow:
        account = find_account_by_email(email)
        if account is None:
            return invite_staff(actor, territory, email, role, clock=clock)
        give_staff_role(uow, actor, account.id, get_territory(territory).id, role, clock=clock)
        return None


def remove_staff(
    actor: Actor, territory: str, account_id: UUID, role: StaffRole, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Take a role back. Raises NotFound when the person does not hold it, Conflict("last-administrator")."""
    with unit_of_work() as uow:
        place = get_territory(territory)
        # Two administrators must not remove each other at once: one waits here for the other.
        uow.session.execute(select(territory_table.c.id).where(territory_table.c.id == place.id).with_for_update())
        held = select(StaffMember).filter_by(account_id=account_id, territory_id=place.id, role=role)
        row = uow.session.scalar(held)
        if row is None:
            raise NotFound("staff-not-found")
        administrators = set(
            uow.session.scalars(
                select(StaffMember.account_id).filter_by(territory_id=place.id, role=StaffRole.ADMINISTRATOR)
            )
        )
        refusal = refuses_administrator_loss(administrators, account_id, role)
        if refusal:
            raise Conflict(refusal)
        uow.session.execute(delete(StaffMember).where(StaffMember.id == row.id))
        data = {"role": role.value}
        record(actor, AuditTag.STAFF_REMOVED, subject_id=account_id, territory_id=place.id, data=data, clock=clock)


def cancel_staff_invitation(actor: Actor, territory: str, invitation_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Withdraw an invitation of the territory: its link stops working. Raises NotFound."""
    with unit_of_work() as uow:
        place = get_territory(territory)
        row = uow.session.scalar(
            select(Invitation).filter_by(id=invitation_id, territory_id=place.id, accepted_at=None)
        )
        if row is None:
            raise NotFound("invitation-not-found")
        data = {"role": row.staff_role.value} if row.staff_role else {}
        record(actor, AuditTag.STAFF_INVITATION_CANCELLED, territory_id=place.id, data=data, clock=clock)
        uow.session.delete(row)


def end_sessions(actor: Actor, territory: str, account_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """End every open session of an agent of the territory, whose phone is lost. Raises Denied, NotFound."""
    if not actor.serves(territory, StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR):
        raise Denied("staff-role-needed", roles=[StaffRole.SUPERVISOR.value, StaffRole.ADMINISTRATOR.value])
    with unit_of_work() as uow:
        place = get_territory(territory)
        held = select(StaffMember.id).filter_by(account_id=account_id, territory_id=place.id).limit(1)
        row = uow.session.get(Account, account_id, with_for_update=True, populate_existing=True)
        if row is None or uow.session.scalar(held) is None:
            raise NotFound("staff-not-found")
        row.session_epoch += 1
        record(actor, AuditTag.STAFF_SESSIONS_ENDED, subject_id=account_id, territory_id=place.id, clock=clock)


def set_platform_admin(email: str, admin: bool) -> None:
    """Make an account an administrator of the platform, or no longer; raises NotFound("account-not-found")."""
    with unit_of_work() as uow:
        row = uow.session.scalar(select(Account).where(Account.email == email))
        if row is None:
            raise NotFound("account-not-found", email=email)
        row.is_platform_admin = admin
