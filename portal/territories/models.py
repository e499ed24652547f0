"""The territory: the tenant of orders, perimeters, bays, requests and passes."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum


class Accent(StrEnum):
    """The one accent colour of a territory's pages; each is defined, light and dark, in the style sheet."""

    BLUE = "blue"
    GREEN = "green"
    TEAL = "teal"
    PURPLE = "purple"
    RED = "red"
    BROWN = "brown"


class Territory(Base):
    """A territory and the build it serves. Bounds are WGS 84 degrees; null until the first build."""

    __tablename__ = "territory"
    __table_args__ = (
        CheckConstraint("slug = lower(slug) AND length(slug) BETWEEN 2 AND 40", name="slug"),
        CheckConstraint("(build_version IS NULL) = (min_lon IS NULL)", name="bounds_with_build"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64), default="Europe/Paris")
    accent: Mapped[Accent] = mapped_column(text_enum(Accent), default=Accent.BLUE)
    min_lon: Mapped[float | None]
    min_lat: Mapped[float | None]
    max_lon: Mapped[float | None]
    max_lat: Mapped[float | None]
    build_version: Mapped[str | None] = mapped_column(String(40))
    contact_email: Mapped[str] = mapped_column(String(320), default="")
    law_notice: Mapped[str] = mapped_column(Text, default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
