"""The table of territories."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base
from portal.db.base import text_enum
from portal.regulations.holidays import HolidayRegion

SLUG_PATTERN = r"[a-z0-9]+(?:-[a-z0-9]+)*"
ALL_TERRITORIES = "portail"
"""What stands for every territory at once where an address names one: no territory may bear it."""
DEFAULT_TIMEZONE = "Europe/Paris"


class Accent(StrEnum):
    """The one accent colour of a territory's pages; the values are those of the style sheet."""

    BLUE = "bleu"
    GREEN = "vert"
    PLUM = "prune"
    EARTH = "terre"
    SLATE = "ardoise"


class Territory(Base):
    """A city or region served by the portal. Box and centre in degrees WGS84, null until the first build."""

    __tablename__ = "territory"
    __table_args__ = (
        UniqueConstraint("slug"),
        CheckConstraint("slug = lower(slug) AND length(slug) BETWEEN 2 AND 40", name="slug"),
        CheckConstraint("slug NOT LIKE '% %' AND slug NOT LIKE '-%' AND slug NOT LIKE '%-'", name="slug_kebab"),
        CheckConstraint(
            "(build_version IS NULL) = (min_lon IS NULL) AND (min_lon IS NULL) = (min_lat IS NULL)"
            " AND (min_lon IS NULL) = (max_lon IS NULL) AND (min_lon IS NULL) = (max_lat IS NULL)"
            " AND (min_lon IS NULL) = (centre_lon IS NULL) AND (min_lon IS NULL) = (centre_lat IS NULL)",
            name="built_together",
        ),
        CheckConstraint("min_lon IS NULL OR (min_lon < max_lon AND min_lat < max_lat)", name="bounds"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64), default=DEFAULT_TIMEZONE)
    holidays: Mapped[HolidayRegion] = mapped_column(text_enum(HolidayRegion), default=HolidayRegion.METROPOLE)
    accent: Mapped[Accent] = mapped_column(text_enum(Accent), default=Accent.BLUE)
    min_lon: Mapped[float | None]
    min_lat: Mapped[float | None]
    max_lon: Mapped[float | None]
    max_lat: Mapped[float | None]
    centre_lon: Mapped[float | None]
    centre_lat: Mapped[float | None]
    build_version: Mapped[str | None] = mapped_column(String(64))
    contact_email: Mapped[str] = mapped_column(String(254), default="")
    law_notice: Mapped[str] = mapped_column(Text, default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column()

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 the form the mapper reads
