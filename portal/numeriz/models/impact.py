"""What a draft order would do, as it was last found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class OrderImpact(Base):
    """The effects of one draft. digest: of the document they were found for. result: written by `impact.found`."""

    __tablename__ = "order_impact"

    work_id: Mapped[UUID] = mapped_column(ForeignKey("order_work.id", ondelete="CASCADE"), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    result: Mapped[dict[str, Any]]
    law_version: Mapped[str] = mapped_column(String(64))
    found_at: Mapped[datetime]
