"""Perimeters, orders, bays and events; their match with the road graph; the version of the law."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum
from portal.numeriz.values import (
    BayLayout,
    BayRegime,
    Category,
    EventKind,
    EventState,
    OrderStatus,
    Probability,
    Subject,
)
from portal.regulations.measures import MeasureType

IDENTIFIER_LENGTH = 60
TITLE_LENGTH = 255
SOURCE_LENGTH = 32
SOURCE_ID_LENGTH = 255
NO_GEOMETRY = "none"
UNKNOWN_COLOUR = "unknown"


class Matched:
    """What is doubtful about a row, and what was last found of its places on the road graph.

    issues: coded doubts of its source, replaced with it. matched_as: the version of the graph and what the row said
    then, as `matching` writes it; another one means that the row waits. match_issues: coded doubts of the match.
    """

    issues: Mapped[list[Any]]
    issue_count: Mapped[int]
    matched_as: Mapped[str] = mapped_column(String(160), default="")
    match_issues: Mapped[list[Any]] = mapped_column(default=list)
    match_issue_count: Mapped[int] = mapped_column(default=0)

    @property
    def doubts(self) -> list[Any]:
        """All issues, those of the source first."""
        return [*self.issues, *self.match_issues]

    @hybrid_property
    def doubt_count(self) -> int:
        """How many of them a clerk should look into; usable in a query."""
        return self.issue_count + self.match_issue_count


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


class PerimeterRow(Matched, Base):
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


class TrafficOrder(Matched, Base):
    """A legal act of one authority. content_digest: of everything it says, to see a change at the next import.

    ends_at: the instant after which none of its measures applies; null: open-ended.
    """

    __tablename__ = "traffic_order"
    __table_args__ = (
        UniqueConstraint("territory_id", "source", "source_id"),
        Index("ix_traffic_order_territory_id_title_id", "territory_id", "title", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(SOURCE_LENGTH))
    source_id: Mapped[str] = mapped_column(String(SOURCE_ID_LENGTH))
    identifier: Mapped[str] = mapped_column(String(IDENTIFIER_LENGTH))
    title: Mapped[str] = mapped_column(String(TITLE_LENGTH))
    authority_name: Mapped[str] = mapped_column(String(160))
    category: Mapped[Category] = mapped_column(text_enum(Category))
    subject: Mapped[Subject | None] = mapped_column(text_enum(Subject))
    status: Mapped[OrderStatus] = mapped_column(text_enum(OrderStatus))
    ends_at: Mapped[datetime | None]
    url: Mapped[str] = mapped_column(Text)
    provenance: Mapped[dict[str, Any]]
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
    """A place kept for deliveries. Unknown sizes stay null. photo_key: of the file storage."""

    __tablename__ = "delivery_bay"
    __table_args__ = (
        UniqueConstraint("territory_id", "source", "local_id"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="position"),
        CheckConstraint("length_cm IS NULL OR length_cm > 0", name="length"),
        CheckConstraint("width_cm IS NULL OR width_cm > 0", name="width"),
        Index("ix_delivery_bay_territory_id_address_id", "territory_id", "address", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(SOURCE_LENGTH))
    local_id: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(160))
    lon: Mapped[float]
    lat: Mapped[float]
    outline_wkb: Mapped[bytes | None] = mapped_column(LargeBinary)
    address: Mapped[str] = mapped_column(String(255))
    insee_code: Mapped[str] = mapped_column(String(5))
    regime: Mapped[BayRegime] = mapped_column(text_enum(BayRegime))
    layout: Mapped[BayLayout] = mapped_column(text_enum(BayLayout))
    length_cm: Mapped[int | None]
    width_cm: Mapped[int | None]
    places: Mapped[int | None]
    hours: Mapped[list[Any]]
    max_stay_min: Mapped[int | None]
    max_gross_weight_kg: Mapped[int | None]
    details: Mapped[dict[str, Any]]
    active: Mapped[bool]
    photo_key: Mapped[str | None] = mapped_column(String(80))
    provenance: Mapped[dict[str, Any]]
    issues: Mapped[list[Any]]
    issue_count: Mapped[int]
    content_digest: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RoadEvent(Matched, Base):
    """What happens on a road now or soon, without a legal act. document: periods and vehicles, written by `codec`.

    starts_at, ends_at: bounds of all periods. Only a higher version of the same record replaces it.
    """

    __tablename__ = "road_event"
    __table_args__ = (
        UniqueConstraint("territory_id", "source", "source_id"),
        CheckConstraint("max_speed_kmh IS NULL OR max_speed_kmh BETWEEN 1 AND 130", name="speed"),
        CheckConstraint("direction IN ('both', 'forward', 'backward', 'unknown')", name="direction"),
        Index("ix_road_event_territory_id_starts_at_id", "territory_id", "starts_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(SOURCE_LENGTH))
    source_id: Mapped[str] = mapped_column(String(SOURCE_ID_LENGTH))
    version: Mapped[int]
    kind: Mapped[EventKind] = mapped_column(text_enum(EventKind))
    state: Mapped[EventState] = mapped_column(text_enum(EventState))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    wkb: Mapped[bytes] = mapped_column(LargeBinary)
    label: Mapped[str] = mapped_column(Text)
    road: Mapped[str] = mapped_column(String(60))
    direction: Mapped[str] = mapped_column(String(16))
    max_speed_kmh: Mapped[int | None]
    severity: Mapped[str] = mapped_column(String(32))
    probability: Mapped[Probability] = mapped_column(text_enum(Probability))
    url: Mapped[str] = mapped_column(Text)
    document: Mapped[dict[str, Any]]
    provenance: Mapped[dict[str, Any]]
    content_digest: Mapped[str] = mapped_column(String(64))
    updated_at: Mapped[datetime]


class EdgeMatch(Base):
    """Where a place lies on one version of the road graph. location_digest: of the place alone, whoever speaks of it.

    matched_share: part of the length found on the graph, 0 to 1. edges: packed by `codec`, those of a share too small
    to be trusted too; null bounds: none. issues: coded doubts for the clerk. missing, path: of `Match`, as WKB.
    """

    __tablename__ = "edge_match"
    __table_args__ = (
        UniqueConstraint("territory_id", "graph_version", "location_digest"),
        CheckConstraint("matched_share BETWEEN 0 AND 1 AND confidence BETWEEN 0 AND 1", name="shares"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    graph_version: Mapped[str] = mapped_column(String(64))
    location_digest: Mapped[str] = mapped_column(String(64))
    matched_share: Mapped[float]
    confidence: Mapped[float]
    edge_count: Mapped[int]
    edges: Mapped[bytes] = mapped_column(LargeBinary)
    missing: Mapped[bytes | None] = mapped_column(LargeBinary)
    path: Mapped[bytes | None] = mapped_column(LargeBinary)
    issues: Mapped[list[Any]]
    min_lon: Mapped[float | None]
    min_lat: Mapped[float | None]
    max_lon: Mapped[float | None]
    max_lat: Mapped[float | None]
    matched_at: Mapped[datetime]


class LawState(Base):
    """Counts the versions of a territory's law; changed in the transaction of each change, read by each cache."""

    __tablename__ = "law_state"

    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"), primary_key=True)
    version: Mapped[int]
    changed_at: Mapped[datetime]
