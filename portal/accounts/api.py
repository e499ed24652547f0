"""What the other contexts may ask of people and companies."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from portal.accounts.closings import on_company_closed, on_company_reopened
from portal.accounts.commands import CompanyDetails
from portal.accounts.current import current_company_id, current_territory
from portal.accounts.dealings import declare_dealing
from portal.accounts.hashing import hasher
from portal.accounts.identifiers import email_address, siret_groups, siret_number
from portal.accounts.messages import STATUS_NAMES
from portal.accounts.models import Company, CompanyStatus, Membership
from portal.accounts.queries import (
    AccountView,
    CompanyView,
    closed_companies,
    company_recipients,
    find_account_by_email,
    find_company_by_siret,
    find_session_account,
    get_account,
    get_company,
    list_companies,
    list_companies_by_status,
    list_members,
    list_staff,
    staff_recipients,
)
from portal.accounts.services.companies import close_company, refuse_company, reopen_company, verify_company
from portal.accounts.services.invitations import give_staff_role
from portal.accounts.services.registration import add_account
from portal.accounts.services.staff import end_sessions
from portal.accounts.traces import Person, Traces, declare_traces
from portal.common.actor import CompanyRole, StaffRole, system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.territories.api import get_territory

__all__ = [
    "STATUS_NAMES",
    "AccountView",
    "CompanyDetails",
    "CompanyStatus",
    "CompanyView",
    "Person",
    "Traces",
    "close_company",
    "closed_companies",
    "company_recipients",
    "current_company_id",
    "current_territory",
    "declare_dealing",
    "declare_traces",
    "email_address",
    "end_sessions",
    "find_account_by_email",
    "find_company_by_siret",
    "find_session_account",
    "get_account",
    "get_company",
    "list_companies",
    "list_companies_by_status",
    "list_members",
    "list_staff",
    "on_company_closed",
    "on_company_reopened",
    "refuse_company",
    "reopen_company",
    "seed_account",
    "seed_company",
    "seed_member",
    "seed_staff",
    "siret_groups",
    "siret_number",
    "staff_recipients",
    "verify_company",
]


def seed_account(email: str, full_name: str, password: str, *, locale: str = "fr", clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Make an account with a confirmed address unless it exists; return its id. For demonstration data."""
    with unit_of_work() as uow:
        known = find_account_by_email(email_address(email))
        if known is not None:
            return known.id
        actor = add_account(uow, email_address(email), full_name, hasher().hash(password), locale, clock=clock)
        assert actor.user_id is not None
        return actor.user_id


def seed_company(
    siret: str,
    details: CompanyDetails,
    *,
    status: CompanyStatus = CompanyStatus.VERIFIED,
    clock: Clock = SYSTEM_CLOCK,
) -> UUID:
    """Make a company unless its SIRET is known; return its id. Raises Invalid on a wrong SIRET."""
    with unit_of_work() as uow:
        number = siret_number(siret)
        known = find_company_by_siret(number)
        if known is not None:
            return known.id
        row = Company(
            id=new_id(),
            siret=number,
            siren=number[:9],
            name=details.name,
            naf_code=details.naf_code,
            address=details.address,
            postcode=details.postcode,
            city=details.city,
            status=status,
            verified_at=clock.now() if status is CompanyStatus.VERIFIED else None,
            created_at=clock.now(),
        )
        uow.session.add(row)
        return row.id


def seed_member(
    account_id: UUID, company_id: UUID, role: CompanyRole = CompanyRole.OWNER, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Put a person in a company unless they are in it."""
    with unit_of_work() as uow:
        held = select(Membership).filter_by(account_id=account_id, company_id=company_id)
        if uow.session.scalar(held) is None:
            uow.session.add(
                Membership(id=new_id(), account_id=account_id, company_id=company_id, role=role, created_at=clock.now())
            )


def seed_staff(account_id: UUID, territory: str, role: StaffRole, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Give a person a role in a territory (slug) unless they hold it."""
    with unit_of_work() as uow:
        place = get_territory(territory)
        give_staff_role(uow, system_actor("seed"), account_id, place.id, role, clock=clock)
