"""The outbox table."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class OutboxMail(Base):
    """A mail to send or sent. Rows sent are removed after 30 days by the sweep of the outbox."""

    __tablename__ = "outbox_mail"
    __table_args__ = (Index("ix_outbox_mail_created_at", "created_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(255))
    body: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
