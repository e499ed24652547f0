"""Roles offered by e-mail: opening an invitation, and accepting it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import func, select

from portal.accounts.hashing import hasher
from portal.accounts.mails import write_mail
from portal.accounts.messages import ROLE_NAMES
from portal.accounts.models import Invitation, Membership, StaffMember
from portal.accounts.passwords import check_password
from portal.accounts.queries import InvitationView, find_account_by_email, find_invitation
from portal.accounts.services.registration import add_account
from portal.accounts.services.twins import refusing_twins
from portal.accounts.tokens import digest
from portal.audit.journal import record
from portal.audit.tags import AuditTag
from portal.common.actor import Actor, CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id, new_secret
from portal.db import UnitOfWork, unit_of_work
from portal.mail import public_link

ACCEPT_WITHIN = timedelta(days=7)
MAX_OPEN = 100


@dataclass(frozen=True, slots=True)
class Offer:
    """A role in a company or in a territory, offered to an address. One of company_id and territory_id is given."""

    email: str
    place_name: str
    company_id: UUID | None = None
    company_role: CompanyRole | None = None
    territory_id: UUID | None = None
    staff_role: StaffRole | None = None


def open_invitation(uow: UnitOfWork, actor: Actor, offer: Offer, *, clock: Clock) -> str:
    """Write or renew an invitation and mail its link; return the link.

    An open invitation of the same address to the same place is renewed: the older link stops working. Raises
    Invalid("too-many-invitations") when a place has too many open at once.
    """
    now = clock.now()
    scope = (
        Invitation.company_id == offer.company_id,
        Invitation.territory_id == offer.territory_id,
        Invitation.accepted_at.is_(None),
        Invitation.expires_at > now,
    )
    same = (Invitation.email == offer.email, Invitation.staff_role == offer.staff_role)
    row = uow.session.scalar(select(Invitation).where(*scope, *same).limit(1))
    if row is None:
        waiting = uow.session.scalar(select(func.count()).select_from(Invitation).where(*scope)) or 0
        if waiting >= MAX_OPEN:
            raise Invalid("too-many-invitations", "email", at_most=MAX_OPEN)
        row = Invitation(id=new_id(), company_id=offer.company_id, territory_id=offer.territory_id, email=offer.email)
        uow.session.add(row)
    secret = new_secret()
    row.token_digest, row.created_at, row.expires_at = digest(secret), now, now + ACCEPT_WITHIN
    row.company_role, row.staff_role, row.invited_by = offer.company_role, offer.staff_role, actor.label
    link = public_link("accounts.invitation", token=secret)
    reader = find_account_by_email(offer.email)
    role = offer.company_role or offer.staff_role
    assert role is not None
    write_mail(
        offer.email,
        "invitation",
        reader.locale if reader else "fr",
        invited_by=actor.label,
        place_name=offer.place_name,
        role_name=ROLE_NAMES[role],
        link=link,
    )
    return link


def get_open_invitation(token: str, *, clock: Clock = SYSTEM_CLOCK) -> InvitationView:
    """Return the invitation of a link; raises NotFound("link-unknown") or Invalid("link-expired")."""
    found = find_invitation(digest(token))
    if found is None:
        raise NotFound("link-unknown")
    if clock.now() >= found.expires_at:
        raise Invalid("link-expired")
    return found


def accept(actor: Actor, token: str, *, clock: Clock = SYSTEM_CLOCK) -> InvitationView:
    """Take the role offered to the actor's own address; raises Denied("invitation-for-another") to anybody else."""
    with refusing_twins(Conflict("already-member")), unit_of_work() as uow:
        found = get_open_invitation(token, clock=clock)
        if actor.email != found.email:
            raise Denied("invitation-for-another")
        _join(uow, actor, found, clock)
    return found


def accept_as_new(
    token: str, full_name: str, password: str, locale: str, *, clock: Clock = SYSTEM_CLOCK
) -> tuple[UUID, InvitationView]:
    """Make the account of the invited address and take the role; return the account's id.

    The link proves the address. Raises NotFound, Invalid (expired link, weak password), Conflict("account-exists").
    """
    with refusing_twins(Conflict("account-exists")), unit_of_work() as uow:
        found = get_open_invitation(token, clock=clock)
        if find_account_by_email(found.email) is not None:
            raise Conflict("account-exists")
        check_password(password, (found.email, full_name, found.place_name))
        actor = add_account(uow, found.email, full_name, hasher().hash(password), locale, clock=clock)
        _join(uow, actor, found, clock)
    assert actor.user_id is not None
    return actor.user_id, found


def _join(uow: UnitOfWork, actor: Actor, found: InvitationView, clock: Clock) -> None:
    """Write the role and close the invitation. Who holds a role in the company already keeps it."""
    assert actor.user_id is not None
    row = uow.session.get_one(Invitation, found.id, with_for_update=True, populate_existing=True)
    if row.accepted_at is not None:
        raise NotFound("link-unknown")
    row.accepted_at = clock.now()
    if row.company_id is not None and row.company_role is not None:
        held = select(Membership).filter_by(account_id=actor.user_id, company_id=row.company_id)
        if uow.session.scalar(held) is None:
            uow.session.add(
                Membership(
                    id=new_id(),
                    account_id=actor.user_id,
                    company_id=row.company_id,
                    role=row.company_role,
                    created_at=clock.now(),
                )
            )
            record(
                actor,
                AuditTag.MEMBER_JOINED,
                subject_id=actor.user_id,
                company_id=row.company_id,
                data={"role": row.company_role.value},
                clock=clock,
            )
    elif row.territory_id is not None and row.staff_role is not None:
        give_staff_role(uow, actor, actor.user_id, row.territory_id, row.staff_role, clock=clock)


def give_staff_role(
    uow: UnitOfWork, actor: Actor, account_id: UUID, territory_id: UUID, role: StaffRole, *, clock: Clock
) -> bool:
    """Write a staff role with its journal entry; return False when the person holds it already."""
    held = select(StaffMember).filter_by(account_id=account_id, territory_id=territory_id, role=role)
    if uow.session.scalar(held) is not None:
        return False
    uow.session.add(
        StaffMember(id=new_id(), account_id=account_id, territory_id=territory_id, role=role, created_at=clock.now())
    )
    record(
        actor,
        AuditTag.STAFF_ADDED,
        subject_id=account_id,
        territory_id=territory_id,
        data={"role": role.value},
        clock=clock,
    )
    return True
