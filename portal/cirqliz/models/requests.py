"""A company's request for access: its stops, its vehicles with the answer to each, and the perimeters concerned."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates
from sqlalchemy.orm.attributes import flag_modified

from portal.cirqliz.states import (
    NEXT_REQUEST_STATES,
    MessageSide,
    RefusalReason,
    RequestState,
    VehicleDecision,
)
from portal.db import Base
from portal.db.base import text_enum
from portal.regulations.perimeters import Colour, Motorised


class AccessRequest(Base):
    """One request. `company_name` is the name on the day, so that the queue needs no second look.

    claimed_*: the clerk who has it in hand. batch_id: the waiting batch that will decide it, null once it did or was
    taken back. renewed_from: the request it copies.
    route_id: the tour of its stops, null for a request that only names perimeters. It has no foreign key: the route
    belongs to a sibling context and may be purged before the request.
    """

    __tablename__ = "access_request"
    __table_args__ = (
        UniqueConstraint("company_id", "submission_key"),
        CheckConstraint("ends_at > starts_at", name="dates"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_at"),
        CheckConstraint("(claimed_at IS NULL) = (claimed_by_label IS NULL)", name="claimed"),
        CheckConstraint("state <> 'under_review' OR claimed_at IS NOT NULL", name="under_review"),
        Index("ix_access_request_desk", "territory_id", "state", "submitted_at", "id"),
        Index("ix_access_request_company_id_submitted_at", "company_id", "submitted_at", "id"),
        Index("ix_access_request_renewed_from", "renewed_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    company_name: Mapped[str] = mapped_column(String(160))
    number: Mapped[str] = mapped_column(String(24), unique=True)
    reason: Mapped[str] = mapped_column(Text)
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[RequestState] = mapped_column(text_enum(RequestState))
    tour_status: Mapped[str | None] = mapped_column(String(32))
    route_id: Mapped[UUID | None]
    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id"))
    submission_key: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    submitted_at: Mapped[datetime]
    computed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    claimed_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    claimed_by_label: Mapped[str | None] = mapped_column(String(255))
    claimed_at: Mapped[datetime | None]
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("decision_batch.id", ondelete="SET NULL"))
    renewed_from: Mapped[UUID | None] = mapped_column(ForeignKey("access_request.id", ondelete="SET NULL"))
    version: Mapped[int] = mapped_column()

    stops: Mapped[list[RequestStop]] = relationship(
        order_by="RequestStop.position", cascade="all, delete-orphan", lazy="selectin"
    )
    vehicles: Mapped[list[RequestVehicle]] = relationship(
        order_by="RequestVehicle.plate", cascade="all, delete-orphan", lazy="selectin"
    )
    perimeters: Mapped[list[RequestPerimeter]] = relationship(
        order_by="RequestPerimeter.name", cascade="all, delete-orphan", lazy="selectin"
    )

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 the form the mapper reads

    @validates("state")
    def _keep_to_the_life(self, _name: str, state: RequestState) -> RequestState:
        """Refuse a state that may not follow the present one: a decided or withdrawn request never lives again."""
        now: RequestState | None = self.state
        if now is not None and state is not now and state not in NEXT_REQUEST_STATES[now]:
            raise ValueError(f"a request cannot go from {now} to {state}")
        return state

    def count_change(self) -> None:
        """Let the version count a change of other rows that an answer rests on: whoever saw it before is told."""
        flag_modified(self, "state")


class RequestStop(Base):
    """A stop of the tour asked for, in order. WGS 84 degrees; minutes spent on the spot."""

    __tablename__ = "request_stop"
    __table_args__ = (
        UniqueConstraint("request_id", "position"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="place"),
        CheckConstraint("service_min BETWEEN 0 AND 480", name="service_min"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    position: Mapped[int]
    label: Mapped[str] = mapped_column(String(200))
    lon: Mapped[float]
    lat: Mapped[float]
    service_min: Mapped[int]


class RequestVehicle(Base):
    """A vehicle of the request as it was that day, and the answer to it. decided_by_label: who the journal names.

    driver_name is only asked where the territory says so (its pass bears it); driver_email: where the pass is sent.
    """

    __tablename__ = "request_vehicle"
    __table_args__ = (
        UniqueConstraint("request_id", "vehicle_id"),
        CheckConstraint("(decision = 'refused') = (reason_code IS NOT NULL)", name="refused_with_reason"),
        CheckConstraint("(decision = 'pending') = (decided_at IS NULL)", name="decided_at"),
        CheckConstraint("reason_code <> 'other' OR length(reason_text) > 0", name="other_explained"),
        Index("ix_request_vehicle_plate_key", "plate_key"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicle.id"))
    plate: Mapped[str] = mapped_column(String(12))
    plate_display: Mapped[str] = mapped_column(String(16))
    plate_key: Mapped[str] = mapped_column(String(12))
    driver_name: Mapped[str] = mapped_column(String(120), default="")
    driver_email: Mapped[str] = mapped_column(String(320), default="")
    decision: Mapped[VehicleDecision] = mapped_column(text_enum(VehicleDecision))
    reason_code: Mapped[RefusalReason | None] = mapped_column(text_enum(RefusalReason))
    reason_text: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    decided_by_label: Mapped[str | None] = mapped_column(String(255))
    decided_at: Mapped[datetime | None]


class RequestPerimeter(Base):
    """A perimeter the tour or the stops need, or that the company asked for by name (`asked`).

    Name, colour and rule as they were; the hours are read live.
    perimeter_id has no foreign key: an import may replace the perimeter, the request keeps what it said.
    """

    __tablename__ = "request_perimeter"
    __table_args__ = (UniqueConstraint("request_id", "perimeter_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    perimeter_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    event: Mapped[str] = mapped_column(String(255))
    colour: Mapped[Colour] = mapped_column(text_enum(Colour))
    motorised: Mapped[Motorised] = mapped_column(text_enum(Motorised))
    asked: Mapped[bool] = mapped_column(default=False)


class RequestDraft(Base):
    """A request somebody has begun: what the form holds, complete or not, until it is filed or thrown away."""

    __tablename__ = "request_draft"
    __table_args__ = (Index("ix_request_draft_company_id_updated_at", "company_id", "updated_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    form_key: Mapped[str] = mapped_column(String(64))
    typed: Mapped[dict[str, Any]]
    renewed_from: Mapped[UUID | None] = mapped_column(ForeignKey("access_request.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class RequestMessage(Base):
    """One message between the company and the desk; never changed once sent."""

    __tablename__ = "request_message"
    __table_args__ = (
        CheckConstraint("length(text) > 0", name="text"),
        Index("ix_request_message_request_id_at", "request_id", "at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    request_id: Mapped[UUID] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    side: Mapped[MessageSide] = mapped_column(text_enum(MessageSide))
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    author_label: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    asks: Mapped[bool] = mapped_column(default=False)
    at: Mapped[datetime]


class RequestDocument(Base):
    """A supporting document, checked and stored outside the web root; of a draft until it is filed with it."""

    __tablename__ = "request_document"
    __table_args__ = (
        CheckConstraint("(request_id IS NULL) <> (draft_id IS NULL)", name="one_owner"),
        CheckConstraint("size_bytes > 0", name="size_bytes"),
        Index("ix_request_document_request_id", "request_id"),
        Index("ix_request_document_draft_id", "draft_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    request_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    draft_id: Mapped[UUID | None] = mapped_column(ForeignKey("request_draft.id", ondelete="CASCADE"))
    file_name: Mapped[str] = mapped_column(String(160))
    file_key: Mapped[str] = mapped_column(String(80))
    media_type: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64))
    added_by: Mapped[str] = mapped_column(String(255))
    added_at: Mapped[datetime]
