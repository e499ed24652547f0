"""Where the law comes from and where it goes: feeds, what was read of them, reports, published files."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum
from portal.numeriz.models.law import SOURCE_ID_LENGTH, SOURCE_LENGTH
from portal.numeriz.values import (
    ImportKind,
    ImportState,
)


class Feed(Base):
    """A source read again and again, for one territory. every_s null: only when asked.

    etag, last_modified: of the last answer, so that an unchanged one costs nothing. failures: in a row. position: where
    a source that comes in numbered pieces was left (`number`, `whole_at`), and how it was read (`read_as`).
    """

    __tablename__ = "feed"
    __table_args__ = (
        UniqueConstraint("territory_id", "kind", "url"),
        CheckConstraint("every_s IS NULL OR every_s >= 60", name="every"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    kind: Mapped[ImportKind] = mapped_column(text_enum(ImportKind))
    name: Mapped[str] = mapped_column(String(160))
    format: Mapped[str] = mapped_column(String(32))
    url: Mapped[str] = mapped_column(String(2000))
    options: Mapped[dict[str, Any]]
    licence: Mapped[str] = mapped_column(String(160))
    every_s: Mapped[int | None]
    active: Mapped[bool]
    etag: Mapped[str] = mapped_column(String(255))
    last_modified: Mapped[str] = mapped_column(String(64))
    position: Mapped[dict[str, Any]]
    next_at: Mapped[datetime | None]
    checked_at: Mapped[datetime | None]
    changed_at: Mapped[datetime | None]
    failures: Mapped[int]
    error: Mapped[dict[str, Any]]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class SourceRecordRow(Base):
    """What was last read of one record of a source, kept or not: an unchanged record is not read again.

    digest: of its text and of what decides how it is read. issues: what to tell of it each time. scope: the part of
    the source it stands in, for sources whose absence means withdrawal.
    """

    __tablename__ = "source_record"
    __table_args__ = (UniqueConstraint("territory_id", "kind", "source", "record_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    kind: Mapped[ImportKind] = mapped_column(text_enum(ImportKind))
    source: Mapped[str] = mapped_column(String(SOURCE_LENGTH))
    record_id: Mapped[str] = mapped_column(String(SOURCE_ID_LENGTH))
    scope: Mapped[str] = mapped_column(String(32))
    digest: Mapped[str] = mapped_column(String(64))
    kept: Mapped[bool]
    issues: Mapped[list[Any]]


class Publication(Base):
    """One open-data file as last produced. scope: a territory's slug, or "portail" for all of them."""

    __tablename__ = "publication"
    __table_args__ = (UniqueConstraint("scope", "channel"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID | None] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    scope: Mapped[str] = mapped_column(String(40))
    channel: Mapped[str] = mapped_column(String(32))
    law_version: Mapped[str] = mapped_column(Text)
    file_key: Mapped[str] = mapped_column(String(80))
    etag: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    record_count: Mapped[int]
    produced_at: Mapped[datetime]


class ImportReport(Base):
    """What one import did and what it doubts. items: at most some hundreds of coded issues; issue_counts: all of them.

    A file sent on a page has a job and waits; one imported by a command is applied at once; one fetched has a feed.
    options: how the file is to be read (column mapping, scope), by name.
    """

    __tablename__ = "import_report"
    __table_args__ = (Index("ix_import_report_territory_id_created_at_id", "territory_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    kind: Mapped[ImportKind] = mapped_column(text_enum(ImportKind))
    state: Mapped[ImportState] = mapped_column(text_enum(ImportState))
    file_name: Mapped[str] = mapped_column(String(255))
    file_key: Mapped[str | None] = mapped_column(String(80))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    feed_id: Mapped[UUID | None] = mapped_column(ForeignKey("feed.id", ondelete="SET NULL"))
    format: Mapped[str] = mapped_column(String(32))
    options: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    issue_counts: Mapped[dict[str, Any]]
    items: Mapped[list[Any]]
    error: Mapped[dict[str, Any]]
    actor_label: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
