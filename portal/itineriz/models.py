"""Routes asked for and their answers; saved places, days of stops from a file, address checks."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
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
    """A tour asked for. vehicle: the public object (tonnes, metres).

    stops: [{label, lon, lat, service_min, windows?: [[start, end], …]}] in the order given. depart_at: the departure
    asked for; with arrive_by, the departure found, and arrive_by itself until one is found. passes: [{start, end,
    perimeter_ids, colours, supposed?}] held (or supposed) at that time. result: the answer as
    the command line gives it. compared_with: the route this one varies. basis: digest of the law and the passes that
    the answer rests on; checked_at, checked_law: instant and version of the law when it was last compared with them.
    changes: what the last change of the law did to the answer. share_serial: raised to end the links given so far.
    """

    __tablename__ = "route"
    __table_args__ = (
        Index("ix_route_company_id_created_at", "company_id", "created_at"),
        Index("ix_route_territory_id_depart_at", "territory_id", "depart_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), index=True)
    company_id: Mapped[UUID | None] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    vehicle_id: Mapped[UUID | None] = mapped_column(ForeignKey("vehicle.id", ondelete="SET NULL"))
    vehicle_label: Mapped[str] = mapped_column(String(120), default="")
    vehicle: Mapped[dict[str, Any]]
    stops: Mapped[list[Any]]
    depart_at: Mapped[datetime]
    arrive_by: Mapped[datetime | None]
    free_order: Mapped[bool] = mapped_column(default=False)
    return_to_start: Mapped[bool] = mapped_column(default=False)
    label: Mapped[str] = mapped_column(String(120), default="")
    compared_with: Mapped[UUID | None] = mapped_column(ForeignKey("route.id", ondelete="SET NULL"), index=True)
    passes: Mapped[list[Any]]
    assume_passes: Mapped[bool] = mapped_column(default=False)
    status: Mapped[RouteStatus] = mapped_column(text_enum(RouteStatus))
    result: Mapped[dict[str, Any] | None]
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_params: Mapped[dict[str, Any] | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    law_version: Mapped[str | None] = mapped_column(String(64))
    graph_version: Mapped[str | None] = mapped_column(String(64))
    checked_at: Mapped[datetime | None]
    checked_law: Mapped[str | None] = mapped_column(String(64))
    basis: Mapped[str | None] = mapped_column(String(64))
    changes: Mapped[dict[str, Any] | None]
    share_serial: Mapped[int] = mapped_column(default=0)
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class SavedPlace(Base):
    """A place a company delivers to often, (lon, lat) WGS84. windows: ["HH:MM", "HH:MM"] pairs, local clock."""

    __tablename__ = "saved_place"
    __table_args__ = (UniqueConstraint("company_id", "territory_id", "label"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), index=True)
    label: Mapped[str] = mapped_column(String(120))
    address: Mapped[str] = mapped_column(String(200))
    lon: Mapped[float]
    lat: Mapped[float]
    service_min: Mapped[int] = mapped_column(default=0)
    windows: Mapped[list[Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class UploadState(StrEnum):
    """reading -> ready -> used; reading -> failed."""

    READING = "reading"
    READY = "ready"
    USED = "used"
    FAILED = "failed"


class StopsUpload(Base):
    """A day of stops from a spreadsheet, until it becomes a route.

    rows: [{number, label, address, lon, lat, score, found, doubt, service_min, windows}] in the order of the file;
    score 0..1, doubt: a code or None.
    """

    __tablename__ = "stops_upload"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"), index=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    file_key: Mapped[str | None] = mapped_column(String(200))
    state: Mapped[UploadState] = mapped_column(text_enum(UploadState))
    rows: Mapped[list[Any]]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    route_id: Mapped[UUID | None] = mapped_column(ForeignKey("route.id", ondelete="SET NULL"))
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_params: Mapped[dict[str, Any] | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]


class CheckStatus(StrEnum):
    """queued -> running -> done | failed; queued | running -> cancelled."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class AddressCheck(Base):
    """Addresses asked about for a vehicle over the week that begins on week_start (a local day).

    input_key, result_key: files of the store (JSON lines, one per address). counts: addresses by verdict.
    """

    __tablename__ = "address_check"
    __table_args__ = (Index("ix_address_check_company_id_created_at", "company_id", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), index=True)
    vehicle_id: Mapped[UUID | None] = mapped_column(ForeignKey("vehicle.id", ondelete="SET NULL"))
    vehicle_label: Mapped[str] = mapped_column(String(120), default="")
    vehicle: Mapped[dict[str, Any]]
    passes: Mapped[list[Any]]
    week_start: Mapped[date]
    status: Mapped[CheckStatus] = mapped_column(text_enum(CheckStatus))
    address_count: Mapped[int]
    counts: Mapped[dict[str, Any]]
    input_key: Mapped[str] = mapped_column(String(200))
    result_key: Mapped[str | None] = mapped_column(String(200))
    law_version: Mapped[str | None] = mapped_column(String(64))
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"))
    error_code: Mapped[str | None] = mapped_column(String(64))
    error_params: Mapped[dict[str, Any] | None]
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
