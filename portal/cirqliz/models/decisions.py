"""What the desk keeps beside a request: decisions on many at once, re-examinations, a clerk's own views."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.cirqliz.states import BatchState, ReexaminationCause, RefusalReason, VehicleDecision
from portal.db import Base
from portal.db.base import text_enum


class DecisionBatch(Base):
    """One answer to many requests. It counts at apply_at, whole and in one transaction; until then it can be undone.

    While it waits nothing has happened: no pass, no mail; the requests are only held for it.
    """

    __tablename__ = "decision_batch"
    __table_args__ = (
        UniqueConstraint("territory_id", "form_key"),
        CheckConstraint("(decision = 'refused') = (reason_code IS NOT NULL)", name="refused_with_reason"),
        CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended_at"),
        Index("ix_decision_batch_state_apply_at", "state", "apply_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    form_key: Mapped[str] = mapped_column(String(64))
    state: Mapped[BatchState] = mapped_column(text_enum(BatchState))
    decision: Mapped[VehicleDecision] = mapped_column(text_enum(VehicleDecision))
    reason_code: Mapped[RefusalReason | None] = mapped_column(text_enum(RefusalReason))
    reason_text: Mapped[str] = mapped_column(Text, default="")
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_by_label: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    apply_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))

    items: Mapped[list[BatchItem]] = relationship(
        order_by="BatchItem.position", cascade="all, delete-orphan", lazy="selectin"
    )


class BatchItem(Base):
    """A request of a batch. outcome: null while it waits, `decided`, or the code of why it was left out.

    version: that of the request once it was held; another one at the batch's hour means that it changed meanwhile.
    """

    __tablename__ = "batch_item"
    __table_args__ = (UniqueConstraint("batch_id", "request_id"), Index("ix_batch_item_request_id", "request_id"))

    id: Mapped[UUID] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("decision_batch.id", ondelete="CASCADE"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    position: Mapped[int]
    version: Mapped[int]
    outcome: Mapped[str | None] = mapped_column(String(64))


class Reexamination(Base):
    """Why a decided request came back to the queue, and when it was closed again. One is open at a time."""

    __tablename__ = "reexamination"
    __table_args__ = (
        CheckConstraint("cause <> 'appeal' OR length(text) > 0", name="appeal_explained"),
        Index("ix_reexamination_request_id_opened_at", "request_id", "opened_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    cause: Mapped[ReexaminationCause] = mapped_column(text_enum(ReexaminationCause))
    text: Mapped[str] = mapped_column(Text, default="")
    before: Mapped[dict[str, Any]]
    opened_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    opened_by_label: Mapped[str] = mapped_column(String(255))
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class SavedView(Base):
    """Filters of the desk that a clerk keeps under a name; query: the query string's names and values."""

    __tablename__ = "saved_view"
    __table_args__ = (UniqueConstraint("account_id", "territory_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(60))
    query: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
