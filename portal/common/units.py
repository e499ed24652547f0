"""The border between what people type (tonnes, metres) and what the code keeps (whole kilograms, whole centimetres)."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from portal.common.errors import Invalid

# Nobody types more digits; "1e999999999" would be written out in full and fill the memory, and so would its inverse.
_MOST_DIGITS = 15
_SPACES = str.maketrans("", "", " \u00a0\u202f\t")


def decimal_number(text: str) -> Decimal:
    """Read a number written with a decimal comma or point, spaces between thousands allowed.

    Raises Invalid("not-a-number") for anything else, infinities included.
    """
    try:
        number = Decimal(text.translate(_SPACES).replace(",", "."))
    except InvalidOperation as error:
        raise Invalid("not-a-number", value=text) from error
    if number.is_zero():
        return Decimal(0)
    if not number.is_finite() or abs(number.adjusted()) > _MOST_DIGITS:
        raise Invalid("not-a-number", value=text)
    return number


def _whole(value: Decimal | float, factor: int) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        raise Invalid("not-a-number", value=str(value))
    return int((Decimal(str(value)) * factor).to_integral_value(ROUND_HALF_UP))


def tonnes_to_kg(tonnes: Decimal | float) -> int:
    """Convert tonnes to whole kilograms."""
    return _whole(tonnes, 1000)


def metres_to_cm(metres: Decimal | float) -> int:
    """Convert metres to whole centimetres."""
    return _whole(metres, 100)


def kg_to_tonnes(kilograms: int) -> float:
    """Convert kilograms to tonnes."""
    return kilograms / 1000


def cm_to_metres(centimetres: int) -> float:
    """Convert centimetres to metres."""
    return centimetres / 100
