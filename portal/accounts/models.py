"""People, companies, and what each person may do for a company or a territory."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.common.actor import CompanyRole, StaffRole
from portal.db import Base
from portal.db.base import text_enum

EMAIL_LENGTH = 320


class CompanyStatus(StrEnum):
    """Where a company stands with the portal: `pending` until an agent looked at it, `closed` in the registry."""

    PENDING = "pending"
    VERIFIED = "verified"
    REFUSED = "refused"
    CLOSED = "closed"

    @property
    def barred(self) -> bool:
        """True of a company that may ask for nothing, and whose passes and loans give no right."""
        return self in BARRED_STATUSES


BARRED_STATUSES = frozenset({CompanyStatus.REFUSED, CompanyStatus.CLOSED})


class Account(Base):
    """A person who proved to own an e-mail address. Raising `session_epoch` ends every open session of the account."""

    __tablename__ = "account"
    __table_args__ = (CheckConstraint("session_epoch >= 0", name="session_epoch"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH), unique=True)
    full_name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str] = mapped_column(String(5))
    confirmed_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    session_epoch: Mapped[int] = mapped_column(default=0)
    is_platform_admin: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Company(Base):
    """A company, known by the SIRET of one establishment. Two people may edit it: the row counts its versions."""

    __tablename__ = "company"
    __table_args__ = (
        CheckConstraint("length(siret) = 14", name="siret_length"),
        CheckConstraint("length(siren) = 9", name="siren_length"),
        Index("ix_company_siren", "siren"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    siret: Mapped[str] = mapped_column(String(14), unique=True)
    siren: Mapped[str] = mapped_column(String(9))
    name: Mapped[str] = mapped_column(String(160))
    naf_code: Mapped[str | None] = mapped_column(String(10))
    address: Mapped[str] = mapped_column(Text)
    postcode: Mapped[str] = mapped_column(String(5))
    city: Mapped[str] = mapped_column(String(100))
    status: Mapped[CompanyStatus] = mapped_column(text_enum(CompanyStatus))
    verified_at: Mapped[datetime | None]
    registry_snapshot: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 SQLAlchemy reads it as a plain class attribute


class Membership(Base):
    """What a person may do for a company; one role each."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("account_id", "company_id"), Index("ix_membership_company_id", "company_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    role: Mapped[CompanyRole] = mapped_column(text_enum(CompanyRole))
    created_at: Mapped[datetime]


class StaffMember(Base):
    """One role of a person in a territory; a person may hold several."""

    __tablename__ = "staff_role"
    __table_args__ = (
        UniqueConstraint("account_id", "territory_id", "role"),
        Index("ix_staff_role_territory_id", "territory_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    role: Mapped[StaffRole] = mapped_column(text_enum(StaffRole))
    created_at: Mapped[datetime]


class Registration(Base):
    """A sign-up whose e-mail address is not proven yet.

    Neither the account nor the company exists before the proof: an address typed wrong, or by somebody else, takes
    nobody's SIRET and tells nobody who is registered.
    """

    __tablename__ = "registration"
    __table_args__ = (Index("ix_registration_created_at", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    full_name: Mapped[str] = mapped_column(String(120))
    password_hash: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str] = mapped_column(String(5))
    company: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime]


class Invitation(Base):
    """A role offered by e-mail, in a company or in a territory. Only the digest of the link's secret is kept."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint("(company_id IS NULL) <> (territory_id IS NULL)", name="one_place"),
        CheckConstraint("(company_id IS NULL) = (company_role IS NULL)", name="company_role_given"),
        CheckConstraint("(territory_id IS NULL) = (staff_role IS NULL)", name="staff_role_given"),
        Index("ix_invitation_company_id", "company_id"),
        Index("ix_invitation_territory_id", "territory_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    email: Mapped[str] = mapped_column(String(EMAIL_LENGTH))
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    company_role: Mapped[CompanyRole | None] = mapped_column(text_enum(CompanyRole))
    territory_id: Mapped[UUID | None] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    staff_role: Mapped[StaffRole | None] = mapped_column(text_enum(StaffRole))
    invited_by: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
