"""Who wants to be told of what, and what was told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class AlertSubscription(Base):
    """An address and an area. token_digest: SHA-256 of the secret in its links, which confirms and which leaves.

    wkb: polygon or lines, (lon, lat) WGS84. confirmed_at null: nothing is sent but the question. told: digests of what
    was told already, newest last; law_version: the last version of the law looked at.
    """

    __tablename__ = "alert_subscription"
    __table_args__ = (Index("ix_alert_subscription_territory_id_law_version", "territory_id", "law_version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    territory_id: Mapped[UUID] = mapped_column(ForeignKey("territory.id", ondelete="CASCADE"))
    email: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(2))
    label: Mapped[str] = mapped_column(String(255))
    wkb: Mapped[bytes] = mapped_column(LargeBinary)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    told: Mapped[list[Any]]
    law_version: Mapped[str] = mapped_column(String(255))
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    last_sent_at: Mapped[datetime | None]
