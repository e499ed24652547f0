"""What a territory decides once for all: its rules, its quotas, its settings of access; and what the rules decided."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.cirqliz.states import RuleOutcome
from portal.db import Base
from portal.db.base import text_enum


class DecisionRule(Base):
    """One version of a rule; changing a rule retires this row and writes the next version of its family.

    conditions: JSON values, read by `rules.conditions`; the first rule in order whose conditions all hold answers.
    """

    __tablename__ = "decision_rule"
    __table_args__ = (
        UniqueConstraint("family_id", "number"),
        CheckConstraint("number > 0", name="number"),
        Index("ix_decision_rule_territory_id_retired_at", "territory_id", "retired_at", "position"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    family_id: Mapped[UUID]
    number: Mapped[int]
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    position: Mapped[int]
    conditions: Mapped[list[Any]]
    outcome: Mapped[RuleOutcome] = mapped_column(text_enum(RuleOutcome))
    created_by_label: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


class AutomaticDecision(Base):
    """What the rules answered to a request, with the facts they read: enough to answer again. rule_id null: no rule."""

    __tablename__ = "automatic_decision"
    __table_args__ = (
        Index("ix_automatic_decision_request_id_at", "request_id", "at"),
        Index("ix_automatic_decision_territory_id_at", "territory_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    rule_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision_rule.id", ondelete="CASCADE"))
    facts: Mapped[dict[str, Any]]
    outcome: Mapped[RuleOutcome] = mapped_column(text_enum(RuleOutcome))
    sampled: Mapped[bool]
    at: Mapped[datetime]


class PerimeterQuota(Base):
    """How many vehicles may hold a pass for a perimeter at one hour. Minutes of the local day, end excluded."""

    __tablename__ = "perimeter_quota"
    __table_args__ = (
        UniqueConstraint("territory_id", "perimeter_id", "from_min"),
        CheckConstraint("most >= 0", name="most"),
        CheckConstraint("0 <= from_min AND from_min < to_min AND to_min <= 1440", name="hours"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    perimeter_id: Mapped[str] = mapped_column(String(64))
    from_min: Mapped[int]
    to_min: Mapped[int]
    most: Mapped[int]
    created_at: Mapped[datetime]


class AccessSettings(Base):
    """How a territory handles access; a territory without a row has the defaults of `rules.settings`."""

    __tablename__ = "access_settings"
    __table_args__ = (
        CheckConstraint("sample_percent BETWEEN 0 AND 100", name="sample_percent"),
        CheckConstraint("appeal_days BETWEEN 0 AND 365", name="appeal_days"),
        CheckConstraint("undo_min BETWEEN 0 AND 60", name="undo_min"),
        CheckConstraint("sync_hours BETWEEN 1 AND 168", name="sync_hours"),
        CheckConstraint("scan_retention_days BETWEEN 1 AND 365", name="scan_retention_days"),
    )

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), primary_key=True)
    sample_percent: Mapped[int]
    appeal_days: Mapped[int]
    undo_min: Mapped[int]
    asks_driver_name: Mapped[bool]
    sync_hours: Mapped[int]
    scan_retention_days: Mapped[int]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 the form the mapper reads
