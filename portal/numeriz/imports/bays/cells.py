"""The cells of a bay as values: sizes in whole centimetres, what is unknown stays so, what is odd is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Final

from portal.common.text import fold
from portal.common.units import metres_to_cm, tonnes_to_kg
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.tables import Row, is_missing, number_of
from portal.numeriz.values import Issue
from portal.regulations.schedules import TimeSlot

# Beyond these a figure is in another unit or wrong: the national schema allows the same (100..10000, 100..1000 cm).
LENGTHS_CM: Final = range(100, 10_001)
WIDTHS_CM: Final = range(50, 1_001)
_MOST_KG: Final = 60_000


class Cells:
    """One line read for a bay, with the doubts found on the way."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.issues: list[Issue] = []

    def doubt(self, code: str, column: str = "") -> None:
        """Tell that the value of a column (or the line) is odd."""
        shown = {"column": column, "value": clean_text(self.row.raw(column), 40)} if column else {}
        self.issues.append(Issue(code, shown, self.row.line))

    def text(self, column: str, most: int = 255) -> str:
        """Clean text; empty when missing."""
        return self.row.text(column, most)

    def choice[T](self, column: str, known: Mapping[str, T], unknown: T) -> T:
        """The value of a closed list, whatever its case; one that is not in the list is told."""
        found = known.get(fold(self.row.raw(column)))
        if found is None and self.text(column):
            self.doubt("unknown-value", column)
        return unknown if found is None else found

    def size_cm(self, column: str, unit_cm: int, believable: range) -> int | None:
        """A size in centimetres, of which one unit of the file is so many. 0 and missing are unknown."""
        number = self.row.number(column)
        if number == 0 or is_missing(self.row.raw(column)):
            return None
        size = None if number is None else metres_to_cm(number * unit_cm / 100)
        if size is None or size not in believable:
            self.doubt("unbelievable-size", column)
            return None
        return size

    def whole(self, column: str) -> int | None:
        """A whole number from 1 to 9,999. 0 and missing are unknown."""
        number = self.row.number(column)
        if number == 0 or is_missing(self.row.raw(column)):
            return None
        if number is None or number != number.to_integral_value() or not 0 < number < 10_000:
            self.doubt("unknown-value", column)
            return None
        return int(number)

    def weight_kg(self, column: str) -> int | None:
        """Tonnes as whole kilograms. 0 and missing are unknown."""
        number = self.row.number(column)
        if number == 0 or is_missing(self.row.raw(column)):
            return None
        weight = None if number is None else tonnes_to_kg(number)
        if weight is None or not 0 < weight <= _MOST_KG:
            self.doubt("unbelievable-size", column)
            return None
        return weight

    def details(self, columns: tuple[str, ...]) -> dict[str, str]:
        """What the source says in these columns, where it says something."""
        found = {column: self.text(column) for column in columns}
        return {column: text for column, text in found.items() if text}


def position_of(lon: str, lat: str) -> tuple[float, float] | None:
    """Longitude and latitude in degrees; None when they are no place of the world, or the placeholder of a form."""
    x, y = number_of(lon), number_of(lat)
    if x is None or y is None or not (-180 <= x <= 180 and -90 <= y <= 90):
        return None
    return None if x == y and x in (0, 1) else (float(x), float(y))


def slot_of(start: str, end: str) -> TimeSlot:
    """The slot of two clock times HH:MM; 24:00 is midnight. Raises ValueError."""
    return TimeSlot(_clock(start), _clock(end))


def _clock(text: str) -> time:
    hours, minutes = text.strip().split(":")[:2]
    return time(int(hours) % 24 if int(hours) == 24 else int(hours), int(minutes))
