"""Perimeters, traffic orders, delivery bays, the version of the law, and the reports of imports."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum
from portal.numeriz.values import (
    BayLayout,
    BayRegime,
    Category,
    ImportKind,
    ImportState,
    OrderStatus,
    Subject,
)
from portal.regulations.measures import MeasureType

IDENTIFIER_LENGTH = 60
TITLE_LENGTH = 255
NO_GEOMETRY = "none"
UNKNOWN_COLOUR = "unknown"


class PerimeterShape(Base):
    """An area, stored once however many perimeters use it. digest: of what the source drew, before any repair."""

    __tablename__ = "perimeter_shape"
    __table_args__ = (UniqueConstraint("territory_id", "digest"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    digest: Mapped[str] = mapped_column(String(64))
    wkb: Mapped[bytes] = mapped_column(LargeBinary)
    min_lon: Mapped[float]
    min_lat: Mapped[float]
    max_lon: Mapped[float]
    max_lat: Mapped[float]


class PerimeterRow(Base):
    """One area of one event in one colour. Without a shape or with an unknown colour it is kept and has no effect."""

    __tablename__ = "perimeter"
    __table_args__ = (
        UniqueConstraint("territory_id", "event", "colour", "geometry_digest"),
        CheckConstraint("colour IN ('white', 'blue', 'red', 'grey', 'black', 'unknown')", name="colour"),
        Index("ix_perimeter_territory_id_name_id", "territory_id", "name", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    shape_id: Mapped[UUID | None] = mapped_column(ForeignKey("perimeter_shape.id"))
    event: Mapped[str] = mapped_column(String(255))
    name: Mapped[str] = mapped_column(String(255))
    colour: Mapped[str] = mapped_column(String(16))
    geometry_digest: Mapped[str] = mapped_column(String(64))
    policy: Mapped[dict[str, Any]]
    named_roads: Mapped[list[Any]]
    provenance: Mapped[dict[str, Any]]
    issues: Mapped[list[Any]]
    issue_count: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ActivationRow(Base):
    """One span during which a perimeter is active; no end: permanent."""

    __tablename__ = "activation"
    __table_args__ = (
        UniqueConstraint("perimeter_id", "start_at", "end_at"),
        CheckConstraint("end_at IS NULL OR end_at >= start_at", name="order_of_bounds"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    perimeter_id: Mapped[UUID] = mapped_column(ForeignKey("perimeter.id", ondelete="CASCADE"))
    start_at: Mapped[datetime]
    end_at: Mapped[datetime | None]


class TrafficOrder(Base):
    """A legal act of one authority. content_digest: of everything it says, to see a change at the next import."""

    __tablename__ = "traffic_order"
    __table_args__ = (
        UniqueConstraint("territory_id", "authority_name", "identifier"),
        Index("ix_traffic_order_territory_id_title_id", "territory_id", "title", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    identifier: Mapped[str] = mapped_column(String(IDENTIFIER_LENGTH))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    authority_name: Mapped[str] = mapped_column(String(160))
    category: Mapped[Category] = mapped_column(text_enum(Category))
    subject: Mapped[Subject | None] = mapped_column(text_enum(Subject))
    status: Mapped[OrderStatus] = mapped_column(text_enum(OrderStatus))
    url: Mapped[str] = mapped_column(Text)
    provenance: Mapped[dict[str, Any]]
    issues: Mapped[list[Any]]
    issue_count: Mapped[int]
    content_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class MeasureRow(Base):
    """One measure of an order. document: its places, periods and vehicles, written by `codec`."""

    __tablename__ = "measure"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("max_speed_kmh IS NULL OR max_speed_kmh BETWEEN 1 AND 130", name="speed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("traffic_order.id", ondelete="CASCADE"))
    position: Mapped[int]
    type: Mapped[MeasureType] = mapped_column(text_enum(MeasureType))
    max_speed_kmh: Mapped[int | None]
    document: Mapped[dict[str, Any]]
    min_lon: Mapped[float | None]
    min_lat: Mapped[float | None]
    max_lon: Mapped[float | None]
    max_lat: Mapped[float | None]


class DeliveryBay(Base):
    """A place kept for deliveries. Unknown sizes stay null."""

    __tablename__ = "delivery_bay"
    __table_args__ = (
        UniqueConstraint("territory_id", "local_id"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="position"),
        CheckConstraint("length_cm IS NULL OR length_cm > 0", name="length"),
        CheckConstraint("width_cm IS NULL OR width_cm > 0", name="width"),
        Index("ix_delivery_bay_territory_id_address_id", "territory_id", "address", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    local_id: Mapped[str] = mapped_column(String(80))
    lon: Mapped[float]
    lat: Mapped[float]
    address: Mapped[str] = mapped_column(String(255))
    regime: Mapped[BayRegime] = mapped_column(text_enum(BayRegime))
    layout: Mapped[BayLayout] = mapped_column(text_enum(BayLayout))
    length_cm: Mapped[int | None]
    width_cm: Mapped[int | None]
    places: Mapped[int | None]
    hours: Mapped[list[Any]]
    max_stay_min: Mapped[int | None]
    active: Mapped[bool]
    provenance: Mapped[dict[str, Any]]
    issues: Mapped[list[Any]]
    issue_count: Mapped[int]
    content_digest: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]


class LawState(Base):
    """Counts the versions of a territory's law; changed in the transaction of each change, read by each cache."""

    __tablename__ = "law_state"

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    changed_at: Mapped[datetime]


class ImportReport(Base):
    """What one import did and what it doubts. items: at most some hundreds of coded issues; issue_counts: all of them.

    A file sent on a page has a job and waits; one imported by a command is applied at once.
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
    format: Mapped[str] = mapped_column(String(32))
    counts: Mapped[dict[str, Any]]
    issue_counts: Mapped[dict[str, Any]]
    items: Mapped[list[Any]]
    error: Mapped[dict[str, Any]]
    actor_label: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
