"""What clerks write here: orders before and after they are published, city events, bays out of use."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum
from portal.numeriz.models.law import TITLE_LENGTH
from portal.numeriz.values import OrderChange, PushState

NAME_LENGTH = 160
"""Of a person, as she is called on the day."""


class OrderWork(Base):
    """An order being written, or a model of orders to start from; never law.

    document: what was typed, in the words of the form, complete or not. order_id: the published order it will replace.
    revision: counts the saves, so that two clerks never overwrite each other. alarms: coded, as the impact page last
    found them for `judged` (`WorkView.digest`); an alarm asks for a second person: signed_* with the same digest.
    """

    __tablename__ = "order_work"
    __table_args__ = (Index("ix_order_work_territory_id_updated_at", "territory_id", "updated_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("traffic_order.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    is_model: Mapped[bool]
    document: Mapped[dict[str, Any]]
    revision: Mapped[int]
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    author_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    judged: Mapped[str] = mapped_column(String(64), default="")
    alarms: Mapped[list[Any]]
    sign_asked_at: Mapped[datetime | None]
    signed_digest: Mapped[str] = mapped_column(String(64), default="")
    signed_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    signed_by_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    signed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OrderVersion(Base):
    """What an order written here said from an instant on; rows are only added. document: written by `codec`.

    A version that waits for a second person gets her name later, and nothing else.
    """

    __tablename__ = "order_version"
    __table_args__ = (
        UniqueConstraint("order_id", "number"),
        CheckConstraint("number >= 1", name="number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("traffic_order.id", ondelete="CASCADE"))
    number: Mapped[int]
    change: Mapped[OrderChange] = mapped_column(text_enum(OrderChange))
    document: Mapped[dict[str, Any]]
    reason: Mapped[str] = mapped_column(Text, default="")
    actor_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    actor_name: Mapped[str] = mapped_column(String(NAME_LENGTH))
    signed_by_name: Mapped[str] = mapped_column(String(NAME_LENGTH), default="")
    at: Mapped[datetime]


class OrderPush(Base):
    """One version of an order on its way to DiaLog. answer: what was answered, without secrets."""

    __tablename__ = "order_push"
    __table_args__ = (UniqueConstraint("order_id", "version_number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("traffic_order.id", ondelete="CASCADE"))
    version_number: Mapped[int]
    state: Mapped[PushState] = mapped_column(text_enum(PushState))
    remote_id: Mapped[str] = mapped_column(String(80), default="")
    answer: Mapped[dict[str, Any]]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CityEvent(Base):
    """An event of the city, named by its perimeters. sessions: [[start, end], ...] of what takes place, ISO instants.

    before_min, after_min: how long before the first session of a day and after the last one its perimeters are active.
    policies: access policy by colour, written by `codec`; a colour that is missing has the usual one.
    """

    __tablename__ = "city_event"
    __table_args__ = (
        UniqueConstraint("territory_id", "name"),
        CheckConstraint("before_min BETWEEN 0 AND 1440 AND after_min BETWEEN 0 AND 1440", name="margins"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(255))
    sessions: Mapped[list[Any]]
    before_min: Mapped[int]
    after_min: Mapped[int]
    policies: Mapped[dict[str, Any]]
    revision: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class BaySuspension(Base):
    """A span during which a bay cannot be used, by an order or for a reason in words."""

    __tablename__ = "bay_suspension"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="order_of_bounds"),
        Index("ix_bay_suspension_bay_id_starts_at", "bay_id", "starts_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    bay_id: Mapped[UUID] = mapped_column(ForeignKey("delivery_bay.id", ondelete="CASCADE"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("traffic_order.id", ondelete="SET NULL"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime]
