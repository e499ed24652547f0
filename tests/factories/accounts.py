"""People and companies for tests, written straight to the tables."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from argon2 import PasswordHasher
from sqlalchemy import select

from portal.accounts.models import Account, Company, CompanyStatus, Membership, StaffMember
from portal.common.actor import CompanyRole, StaffRole
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.territories.models import Territory

PASSWORD = "trois vélos jaunes"
_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)
_SINCE = datetime(2024, 1, 1, tzinfo=UTC)
_numbers = itertools.count(1)


class _HasId(Protocol):
    @property
    def id(self) -> UUID: ...


@dataclass(frozen=True, slots=True)
class MadeUser:
    """A person of a test; the password is PASSWORD."""

    id: UUID
    email: str
    full_name: str


@dataclass(frozen=True, slots=True)
class MadeCompany:
    """A company of a test."""

    id: UUID
    siret: str
    name: str


def valid_siret(number: int) -> str:
    """Return a SIRET that passes its checksums, another one for each number (below 10,000,000)."""

    def closed(body: str) -> str:
        total = 0
        for place, sign in enumerate(reversed(body)):
            digit = int(sign) * (2 if place % 2 == 0 else 1)
            total += digit - 9 if digit > 9 else digit
        return body + str(-total % 10)

    return closed(closed(f"9{number:07d}") + "0001")


def make_user(
    email: str | None = None, full_name: str = "Camille Durand", *, platform_admin: bool = False, disabled: bool = False
) -> MadeUser:
    """Make an account with a confirmed e-mail."""
    number = next(_numbers)
    row = Account(
        id=new_id(),
        email=(email or f"personne{number}@exemple.fr").casefold(),
        full_name=full_name,
        password_hash=_HASH,
        locale="fr",
        confirmed_at=_SINCE,
        disabled_at=_SINCE if disabled else None,
        session_epoch=0,
        is_platform_admin=platform_admin,
        created_at=_SINCE,
    )
    with unit_of_work() as uow:
        uow.session.add(row)
    return MadeUser(row.id, row.email, row.full_name)


def make_company(
    name: str | None = None, *, siret: str | None = None, status: CompanyStatus = CompanyStatus.VERIFIED
) -> MadeCompany:
    """Make a company, verified unless told, with nobody in it."""
    number = next(_numbers)
    chosen = siret or valid_siret(number)
    row = Company(
        id=new_id(),
        siret=chosen,
        siren=chosen[:9],
        name=name or f"Transports {number}",
        naf_code="49.41B",
        address="12 rue des Lilas",
        postcode="75003",
        city="Paris",
        status=status,
        verified_at=_SINCE if status is CompanyStatus.VERIFIED else None,
        registry_snapshot=None,
        created_at=_SINCE,
    )
    with unit_of_work() as uow:
        uow.session.add(row)
    return MadeCompany(row.id, row.siret, row.name)


def make_member(user: _HasId, company: _HasId, role: CompanyRole = CompanyRole.OWNER) -> None:
    """Put a person in a company."""
    with unit_of_work() as uow:
        uow.session.add(
            Membership(id=new_id(), account_id=user.id, company_id=company.id, role=role, created_at=_SINCE)
        )


def make_staff(user: _HasId, territory: str | UUID | _HasId, role: StaffRole = StaffRole.CLERK) -> None:
    """Give a person a role in a territory (its slug, its id, or anything with an id)."""
    with unit_of_work() as uow:
        if isinstance(territory, str):
            territory_id = uow.session.scalars(select(Territory.id).where(Territory.slug == territory)).one()
        else:
            territory_id = territory if isinstance(territory, UUID) else territory.id
        uow.session.add(
            StaffMember(id=new_id(), account_id=user.id, territory_id=territory_id, role=role, created_at=_SINCE)
        )
