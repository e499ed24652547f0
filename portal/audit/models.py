"""The journal's table."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.audit.tags import AuditTag
from portal.db import Base
from portal.db.base import text_enum


class AuditEntry(Base):
    """One line of the journal; never updated, never deleted: the database itself refuses it (triggers, migration 0004).

    territory_id and company_id have no foreign key: what they name may go, what was decided stays as it was written.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_territory_id_id", "territory_id", "id"),
        Index("ix_audit_entry_company_id_id", "company_id", "id"),
        Index("ix_audit_entry_subject_id", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    tag: Mapped[AuditTag] = mapped_column(text_enum(AuditTag, 64))
    actor_label: Mapped[str] = mapped_column(String(255))
    actor_id: Mapped[UUID | None]
    territory_id: Mapped[UUID | None]
    company_id: Mapped[UUID | None]
    subject_id: Mapped[UUID | None]
    data: Mapped[dict[str, Any]]


class AuditSeal(Base):
    """One link of the chain that shows when the journal was altered: written once, soon after its entry.

    digest = SHA-256 of the digest before and of the entry's canonical text. entry_id has no foreign key: a seal whose
    entry is gone is what tells that it was taken away.
    """

    __tablename__ = "audit_seal"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(unique=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    sealed_at: Mapped[datetime]
