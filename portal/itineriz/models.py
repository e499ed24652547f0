"""Routes asked for and their answers."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum


class RouteStatus(StrEnum):
    """queued -> running -> done | no_lawful_route | failed; queued | running -> cancelled; failed -> queued."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    NO_LAWFUL_ROUTE = "no_lawful_route"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def answered(self) -> bool:
        """True when there is a result to show."""
        return self in {RouteStatus.DONE, RouteStatus.NO_LAWFUL_ROUTE}

    @property
    def waiting(self) -> bool:
        """True as long as something will still happen by itself."""
        return self in {RouteStatus.QUEUED, RouteStatus.RUNNING}


class Route(Base):
    """A tour asked for. vehicle: the public object (tonnes, metres). stops: [{label, lon, lat, service_min}].

    passes: [{start, end, perimeter_ids, colours}] held at that time. result: the answer as the command line gives it.
    """

    __tablename__ = "route"
    __table_args__ = (Index("ix_route_company_id_created_at", "company_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), index=True)
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    vehicle_id: Mapped[UUID | None] = mapped_column(ForeignKey("vehicle.id", ondelete="SET NULL"))
    vehicle_label: Mapped[str] = mapped_column(String(120), default="")
    vehicle: Mapped[dict[str, Any]]
    stops: Mapped[list[Any]]
    depart_at: Mapped[datetime]
    passes: Mapped[list[Any]]
    assume_passes: Mapped[bool] = mapped_column(default=False)
    status: Mapped[RouteStatus] = mapped_column(text_enum(RouteStatus))
    result: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_params: Mapped[dict[str, Any] | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    law_version: Mapped[str | None] = mapped_column(String(64))
    graph_version: Mapped[str | None] = mapped_column(String(64))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
