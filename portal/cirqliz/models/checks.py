"""The looks of agents at passes, for a short time, and their counts, which name nobody."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.cirqliz.states import CheckMethod
from portal.db import Base
from portal.db.base import text_enum


class PassCheck(Base):
    """One look at a pass by an agent; erased after the retention of its territory. pass_id null: unknown or forged.

    id is drawn where the look takes place, so that a look sent twice is kept once. at: the instant of the look by the
    clock of the phone; received_at: when it reached the portal. offline: the verdict was the phone's own.
    """

    __tablename__ = "pass_check"
    __table_args__ = (
        Index("ix_pass_check_at", "at"),
        Index("ix_pass_check_pass_id_at", "pass_id", "at"),
        Index("ix_pass_check_territory_id_at", "territory_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    pass_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_pass.id", ondelete="CASCADE"))
    checker_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    method: Mapped[CheckMethod] = mapped_column(text_enum(CheckMethod))
    tone: Mapped[str] = mapped_column(String(8))
    result: Mapped[str] = mapped_column(String(32))
    place: Mapped[str] = mapped_column(String(120), default="")
    offline: Mapped[bool] = mapped_column(default=False)


class CheckCount(Base):
    """How many looks of one place, hour and result there were, once the looks themselves are erased. hour: 0 to 23."""

    __tablename__ = "check_count"
    __table_args__ = (
        UniqueConstraint("territory_id", "day", "hour", "place", "tone", "result"),
        CheckConstraint("hour BETWEEN 0 AND 23", name="hour"),
        CheckConstraint("looks > 0", name="looks"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    day: Mapped[date]
    hour: Mapped[int]
    place: Mapped[str] = mapped_column(String(120))
    tone: Mapped[str] = mapped_column(String(8))
    result: Mapped[str] = mapped_column(String(32))
    looks: Mapped[int]
