"""Numbers that people can say on the phone."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.db import Base


class NumberSeries(Base):
    """The last number given in a series (`VAL-2026`); taken inside the transaction of what it numbers."""

    __tablename__ = "number_series"
    __table_args__ = (CheckConstraint("last > 0", name="last"),)

    series: Mapped[str] = mapped_column(String(24), primary_key=True)
    last: Mapped[int]
