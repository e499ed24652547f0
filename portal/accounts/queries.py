"""Reading people and companies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from portal.accounts.models import BARRED_STATUSES, Account, Company, CompanyStatus, Invitation, Membership, StaffMember
from portal.accounts.places import territory_table
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.common.errors import NotFound
from portal.db import Page, paginate, session


@dataclass(frozen=True, slots=True)
class SessionAccount:
    """Who a session belongs to: the actor, the epoch its sessions must carry, the language of its mails."""

    actor: Actor
    session_epoch: int
    locale: str


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account, for its own page and for mails."""

    id: UUID
    email: str
    full_name: str
    locale: str


@dataclass(frozen=True, slots=True)
class CompanyView:
    """A company. siret: 14 digits; registry: what the registry said at registration, None when it was not asked."""

    id: UUID
    siret: str
    siren: str
    name: str
    naf_code: str | None
    address: str
    postcode: str
    city: str
    status: CompanyStatus
    verified_at: datetime | None
    registry: Mapping[str, Any] | None
    created_at: datetime
    version: int

    @property
    def is_verified(self) -> bool:
        """True once an agent has verified the company."""
        return self.status is CompanyStatus.VERIFIED


@dataclass(frozen=True, slots=True)
class MemberView:
    """A person in a company."""

    account_id: UUID
    full_name: str
    email: str
    role: CompanyRole
    since: datetime


@dataclass(frozen=True, slots=True)
class StaffView:
    """One role of a person in a territory."""

    account_id: UUID
    full_name: str
    email: str
    role: StaffRole
    since: datetime


@dataclass(frozen=True, slots=True)
class InvitationView:
    """An invitation not accepted yet. Exactly one of company and territory is given, with the role of that place."""

    id: UUID
    email: str
    invited_by: str
    expires_at: datetime
    company_id: UUID | None
    company_name: str | None
    company_role: CompanyRole | None
    territory: str | None
    territory_name: str | None
    staff_role: StaffRole | None

    @property
    def place_name(self) -> str:
        """Name of the company or territory that invites."""
        return self.company_name or self.territory_name or ""

    @property
    def role(self) -> CompanyRole | StaffRole:
        """The role offered."""
        role = self.company_role or self.staff_role
        assert role is not None
        return role


# Asked by every request of a person: written once, and rows of columns rather than objects to follow.
_WITH_COMPANIES: Final = (
    select(
        Account.full_name,
        Account.email,
        Account.is_platform_admin,
        Account.session_epoch,
        Account.locale,
        Membership.company_id,
        Membership.role,
    )
    .outerjoin(Membership, Membership.account_id == Account.id)
    .outerjoin(Company, Company.id == Membership.company_id)
    .where(Account.id == bindparam("account_id"), Account.disabled_at.is_(None))
    .order_by(Company.name, Company.id)
)
_STAFF_ROLES: Final = (
    select(territory_table.c.slug, StaffMember.role)
    .join(territory_table, territory_table.c.id == StaffMember.territory_id)
    .where(StaffMember.account_id == bindparam("account_id"))
    .order_by(territory_table.c.name)
)


def find_session_account(account_id: UUID) -> SessionAccount | None:
    """Return who may act under this account, None when it is gone or disabled. Two queries, whatever the roles."""
    rows = session().execute(_WITH_COMPANIES, {"account_id": account_id}).all()
    if not rows:
        return None
    staff: dict[str, set[StaffRole]] = {}
    for slug, role in session().execute(_STAFF_ROLES, {"account_id": account_id}):
        staff.setdefault(slug, set()).add(role)
    account = rows[0]
    actor = Actor(
        kind=ActorKind.USER,
        label=account.full_name,
        user_id=account_id,
        email=account.email,
        companies=MappingProxyType({row.company_id: row.role for row in rows if row.company_id is not None}),
        staff=MappingProxyType({slug: frozenset(roles) for slug, roles in staff.items()}),
        is_platform_admin=account.is_platform_admin,
    )
    return SessionAccount(actor, account.session_epoch, account.locale)


def get_account(account_id: UUID) -> AccountView:
    """Return an account; raises NotFound."""
    row = session().get(Account, account_id)
    if row is None:
        raise NotFound("account-not-found")
    return AccountView(row.id, row.email, row.full_name, row.locale)


def find_account_by_email(email: str) -> AccountView | None:
    """Return the account of an address (in the form of identifiers.email_key)."""
    row = session().scalar(select(Account).where(Account.email == email))
    return None if row is None else AccountView(row.id, row.email, row.full_name, row.locale)


def get_company(company_id: UUID) -> CompanyView:
    """Return a company; raises NotFound."""
    row = session().get(Company, company_id)
    if row is None:
        raise NotFound("company-not-found")
    return company_view(row)


def find_company_by_siret(siret: str) -> CompanyView | None:
    """Return the company of a SIRET (14 digits)."""
    row = session().scalar(select(Company).where(Company.siret == siret))
    return None if row is None else company_view(row)


def list_companies(ids: Collection[UUID]) -> Mapping[UUID, CompanyView]:
    """Return the companies of these ids, by id, in order of name; unknown ids are left out."""
    rows = session().scalars(select(Company).where(Company.id.in_(ids)).order_by(Company.name, Company.id))
    return {row.id: company_view(row) for row in rows}


def closed_companies(among: Collection[UUID] | None = None) -> Select[UUID]:
    """Return the statement that selects the companies closed to any right, all or among these; for `IN`.

    Those declared closed, and those that were not accepted.
    """
    closed = select(Company.id).where(Company.status.in_(BARRED_STATUSES))
    return closed if among is None else closed.where(Company.id.in_(among))


def list_companies_by_status(status: CompanyStatus, cursor: str | None = None) -> Page[CompanyView]:
    """Return a page of the companies in a status, the longest waiting first."""
    statement = select(Company).where(Company.status == status)
    return paginate(statement, [Company.created_at, Company.id], cursor).map(company_view)


def list_members(company_id: UUID) -> Sequence[MemberView]:
    """Return the people of a company, owners first, then by name."""
    rows = session().execute(
        select(Account.id, Account.full_name, Account.email, Membership.role, Membership.created_at)
        .join(Membership, Membership.account_id == Account.id)
        .where(Membership.company_id == company_id)
    )
    order = list(CompanyRole)
    return sorted((MemberView(*row) for row in rows), key=lambda one: (order.index(one.role), one.full_name, one.email))


def company_recipients(company_id: UUID, at_least: CompanyRole = CompanyRole.MANAGER) -> list[str]:
    """Return the addresses to write to for a company: its people with at least this role, in order."""
    roles = [role for role in CompanyRole if role.includes(at_least)]
    return list(
        session().scalars(
            select(Account.email)
            .join(Membership, Membership.account_id == Account.id)
            .where(Membership.company_id == company_id, Membership.role.in_(roles), Account.disabled_at.is_(None))
            .order_by(Account.email)
        )
    )


def staff_recipients(territory: str, role: StaffRole) -> list[str]:
    """Return the addresses of a territory's staff with this role, in order. territory: slug."""
    return list(
        session().scalars(
            select(Account.email)
            .join(StaffMember, StaffMember.account_id == Account.id)
            .join(territory_table, territory_table.c.id == StaffMember.territory_id)
            .where(territory_table.c.slug == territory, StaffMember.role == role, Account.disabled_at.is_(None))
            .order_by(Account.email)
        )
    )


def list_staff(territory_id: UUID | None = None) -> Sequence[tuple[str, StaffView]]:
    """Return staff roles with the slug of their territory, of one territory or of all, by territory, name and role."""
    statement = (
        select(
            territory_table.c.slug,
            Account.id,
            Account.full_name,
            Account.email,
            StaffMember.role,
            StaffMember.created_at,
        )
        .join(StaffMember, StaffMember.account_id == Account.id)
        .join(territory_table, territory_table.c.id == StaffMember.territory_id)
        .order_by(territory_table.c.slug, Account.full_name, Account.email, StaffMember.role)
    )
    if territory_id is not None:
        statement = statement.where(StaffMember.territory_id == territory_id)
    return [(row[0], StaffView(*row[1:])) for row in session().execute(statement)]


def list_invitations(
    at: datetime, *, company_id: UUID | None = None, territory_id: UUID | None = None
) -> Sequence[InvitationView]:
    """Return the invitations of a company, or of a territory, still open at an instant, newest first."""
    statement = _invitations().where(
        Invitation.company_id == company_id,
        Invitation.territory_id == territory_id,
        Invitation.accepted_at.is_(None),
        Invitation.expires_at > at,
    )
    return [_invitation_view(row) for row in session().execute(statement.order_by(Invitation.created_at.desc()))]


def find_invitation(token_digest: str) -> InvitationView | None:
    """Return the invitation of a link, accepted ones left out; the caller looks at `expires_at`."""
    statement = _invitations().where(Invitation.token_digest == token_digest, Invitation.accepted_at.is_(None))
    row = session().execute(statement).one_or_none()
    return None if row is None else _invitation_view(row)


def _invitations() -> Select[Any]:
    known = territory_table.c
    return (
        select(Invitation, Company.name, known.slug, known.name)
        .outerjoin(Company, Company.id == Invitation.company_id)
        .outerjoin(territory_table, known.id == Invitation.territory_id)
    )


def _invitation_view(row: Any) -> InvitationView:
    invitation, company_name, slug, territory_name = row
    return InvitationView(
        id=invitation.id,
        email=invitation.email,
        invited_by=invitation.invited_by,
        expires_at=invitation.expires_at,
        company_id=invitation.company_id,
        company_name=company_name,
        company_role=invitation.company_role,
        territory=slug,
        territory_name=territory_name,
        staff_role=invitation.staff_role,
    )


def company_view(row: Company) -> CompanyView:
    """Return what may be read of a company's row."""
    return CompanyView(
        id=row.id,
        siret=row.siret,
        siren=row.siren,
        name=row.name,
        naf_code=row.naf_code,
        address=row.address,
        postcode=row.postcode,
        city=row.city,
        status=row.status,
        verified_at=row.verified_at,
        registry=row.registry_snapshot,
        created_at=row.created_at,
        version=row.version,
    )
