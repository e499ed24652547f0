"""The job's row: written in the transaction of the thing it serves, and true whatever happens to the queue."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum


class JobState(StrEnum):
    """pending -> running -> done | failed; pending | running -> cancelled; a lost run goes back to pending."""

    PENDING = "pending"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """True when nothing more will happen by itself."""
        return self in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}


class Job(Base):
    """One piece of work. `claim` is the secret of the run that owns it; `lease_until` when it counts as lost.

    not_before: when a run that failed in passing is tried again, None for at once.
    """

    __tablename__ = "job"
    __table_args__ = (Index("ix_job_state_lease_until", "state", "lease_until"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(64))
    args: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(text_enum(JobState))
    priority: Mapped[bool]
    attempts: Mapped[int]
    claim: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    step: Mapped[str | None] = mapped_column(String(64))
    progress_done: Mapped[int]
    progress_total: Mapped[int]
    error_code: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    pushed_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
