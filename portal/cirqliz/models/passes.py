"""Passes, and the checks made of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from portal.cirqliz.states import CheckMethod, PassState, RevocationReason
from portal.db import Base
from portal.db.base import text_enum
from portal.regulations.perimeters import Colour, Motorised


class AccessPass(Base):
    """The right of one vehicle, born of one approval. Its code is signed once; revoking never changes it.

    plate_display is what the agent compares; plate_key what a search compares.
    """

    __tablename__ = "access_pass"
    __table_args__ = (
        UniqueConstraint("request_id", "vehicle_id"),
        CheckConstraint("valid_to > valid_from", name="dates"),
        CheckConstraint(
            "(state = 'revoked') = (revoked_at IS NOT NULL) AND (state = 'revoked') = (revoke_reason IS NOT NULL)",
            name="revoked",
        ),
        Index("ix_access_pass_vehicle_id_state", "vehicle_id", "state"),
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
    token: Mapped[str] = mapped_column(String(170))
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
        """Refuse to bring a revoked pass back."""
        now: PassState | None = self.state
        if now is PassState.REVOKED and state is not PassState.REVOKED:
            raise ValueError("a revoked pass stays revoked")
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


class PassCheck(Base):
    """One look at a pass by an agent; erased after the retention of the settings. pass_id null: unknown or forged."""

    __tablename__ = "pass_check"
    __table_args__ = (
        Index("ix_pass_check_at", "at"),
        Index("ix_pass_check_pass_id_at", "pass_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    pass_id: Mapped[UUID | None] = mapped_column(ForeignKey("access_pass.id", ondelete="CASCADE"))
    checker_id: Mapped[UUID] = mapped_column(ForeignKey("account.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    method: Mapped[CheckMethod] = mapped_column(text_enum(CheckMethod))
    tone: Mapped[str] = mapped_column(String(8))
    result: Mapped[str] = mapped_column(String(32))
