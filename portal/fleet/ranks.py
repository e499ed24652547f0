"""By what a list of vehicles can be put in order: values that are never null, the unknown ones first.

Each rank is the same in Python and in SQL: the cursor of a page is made from the one and compared with the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, String, case, func, type_coerce
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped

UNKNOWN = -1
_AIR_CLASSES = ("E", "1", "2", "3", "4", "5", "none")


class VehicleRanks:
    """The ranks of a vehicle; its model holds the columns."""

    if TYPE_CHECKING:
        gross_weight_kg: Mapped[int | None]
        height_cm: Mapped[int | None]
        length_cm: Mapped[int | None]
        energy: Mapped[Any]
        air_class: Mapped[Any]

    @hybrid_property
    def gross_weight_rank(self) -> int:
        """The gross weight in kilograms."""
        return UNKNOWN if self.gross_weight_kg is None else self.gross_weight_kg

    @gross_weight_rank.inplace.expression
    @classmethod
    def _gross_weight_rank(cls) -> ColumnElement[int]:
        return func.coalesce(cls.gross_weight_kg, UNKNOWN)

    @hybrid_property
    def height_rank(self) -> int:
        """The height in centimetres."""
        return UNKNOWN if self.height_cm is None else self.height_cm

    @height_rank.inplace.expression
    @classmethod
    def _height_rank(cls) -> ColumnElement[int]:
        return func.coalesce(cls.height_cm, UNKNOWN)

    @hybrid_property
    def length_rank(self) -> int:
        """The length in centimetres."""
        return UNKNOWN if self.length_cm is None else self.length_cm

    @length_rank.inplace.expression
    @classmethod
    def _length_rank(cls) -> ColumnElement[int]:
        return func.coalesce(cls.length_cm, UNKNOWN)

    @hybrid_property
    def energy_rank(self) -> str:
        """The code of the energy."""
        return "" if self.energy is None else str(self.energy.value)

    @energy_rank.inplace.expression
    @classmethod
    def _energy_rank(cls) -> ColumnElement[str]:
        return func.coalesce(type_coerce(cls.energy, String), "")

    @hybrid_property
    def air_class_rank(self) -> int:
        """From the cleanest class to none at all."""
        return UNKNOWN if self.air_class is None else _AIR_CLASSES.index(self.air_class.value)

    @air_class_rank.inplace.expression
    @classmethod
    def _air_class_rank(cls) -> ColumnElement[int]:
        places = {name: place for place, name in enumerate(_AIR_CLASSES)}
        return case(places, value=type_coerce(cls.air_class, String), else_=UNKNOWN)
