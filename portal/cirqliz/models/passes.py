"""Passes, and the file that holds those of a whole fleet."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.cirqliz.states import NEXT_PASS_STATES, PassState, RevocationReason, SheetState, SuspensionReason
from portal.db import Base
from portal.db.base import text_enum
from portal.regulations.perimeters import Colour, Motorised


class AccessPass(Base):
    """The right of one vehicle, born of one approval. Its code is signed once; revoking never changes it.

    plate_display is what the agent compares; plate_key what a search compares. short_code: what a person types when
    no code can be scanned, null for passes older than it. swapped_from: the pass of a broken-down vehicle that this one
    replaces. changed_at: the last change of state, for those who keep a copy of the list.
    """

    __tablename__ = "access_pass"
    __table_args__ = (
        # One living pass for a vehicle and a request: one taken back may be followed by another.
        Index(
            "uq_access_pass_living",
            "request_id",
            "vehicle_id",
            unique=True,
            sqlite_where=text("state <> 'revoked'"),
            postgresql_where=text("state <> 'revoked'"),
        ),
        CheckConstraint("valid_to > valid_from", name="dates"),
        CheckConstraint(
            "(state = 'revoked') = (revoked_at IS NOT NULL) AND (state = 'revoked') = (revoke_reason IS NOT NULL)",
            name="revoked",
        ),
        CheckConstraint("(state = 'suspended') = (suspend_reason IS NOT NULL)", name="suspended"),
        Index("ix_access_pass_vehicle_id_state", "vehicle_id", "state"),
        Index("ix_access_pass_territory_id_state_valid_to", "territory_id", "state", "valid_to"),
        Index("ix_access_pass_territory_id_plate_key", "territory_id", "plate_key"),
        Index("ix_access_pass_company_id_valid_to", "company_id", "valid_to", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(24), unique=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    company_name: Mapped[str] = mapped_column(String(160))
    vehicle_id: Mapped[UUID] = mapped_column(ForeignKey("vehicle.id"))
    request_id: Mapped[UUID] = mapped_column(ForeignKey("access_request.id", ondelete="CASCADE"))
    plate: Mapped[str] = mapped_column(String(12))
    plate_display: Mapped[str] = mapped_column(String(16))
    plate_key: Mapped[str] = mapped_column(String(12))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime]
    state: Mapped[PassState] = mapped_column(text_enum(PassState))
    token_id: Mapped[bytes] = mapped_column(LargeBinary(8), unique=True)
    token: Mapped[str] = mapped_column(String(260))
    short_code: Mapped[str | None] = mapped_column(String(10), unique=True)
    driver_name: Mapped[str] = mapped_column(String(120), default="")
    swapped_from: Mapped[UUID | None] = mapped_column(ForeignKey("access_pass.id", ondelete="SET NULL"), unique=True)
    suspend_reason: Mapped[SuspensionReason | None] = mapped_column(text_enum(SuspensionReason))
    changed_at: Mapped[datetime]
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    revoke_reason: Mapped[RevocationReason | None] = mapped_column(text_enum(RevocationReason))
    revoke_text: Mapped[str] = mapped_column(Text, default="")

    perimeters: Mapped[list[PassPerimeter]] = relationship(
        order_by="PassPerimeter.name", cascade="all, delete-orphan", lazy="selectin"
    )

    @validates("state")
    def _keep_to_the_life(self, _name: str, state: PassState) -> PassState:
        """Refuse a state that may not follow the present one: a revoked pass never comes back."""
        now: PassState | None = self.state
        if now is not None and state is not now and state not in NEXT_PASS_STATES[now]:
            raise ValueError(f"a pass cannot go from {now} to {state}")
        return state


class PassPerimeter(Base):
    """A perimeter the pass opens."""

    __tablename__ = "pass_perimeter"
    __table_args__ = (UniqueConstraint("pass_id", "perimeter_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    pass_id: Mapped[UUID] = mapped_column(ForeignKey("access_pass.id", ondelete="CASCADE"))
    perimeter_id: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(255))
    event: Mapped[str] = mapped_column(String(255))
    colour: Mapped[Colour] = mapped_column(text_enum(Colour))
    motorised: Mapped[Motorised] = mapped_column(text_enum(Motorised))


class PassSheet(Base):
    """One file with the card of every usable pass of a company, sorted by plate, made by a job."""

    __tablename__ = "pass_sheet"
    __table_args__ = (
        CheckConstraint("(state = 'done') = (file_key IS NOT NULL)", name="file_key"),
        Index("ix_pass_sheet_company_id_created_at", "company_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    company_id: Mapped[UUID] = mapped_column(ForeignKey("company.id", ondelete="CASCADE"))
    created_by: Mapped[UUID | None] = mapped_column(ForeignKey("account.id", ondelete="SET NULL"))
    state: Mapped[SheetState] = mapped_column(text_enum(SheetState))
    wanted: Mapped[dict[str, Any]]
    passes: Mapped[int | None]
    file_key: Mapped[str | None] = mapped_column(String(80))
    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id"))
    created_at: Mapped[datetime]
