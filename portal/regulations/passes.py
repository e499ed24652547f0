"""The right a pass gives, stripped of who holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from portal.regulations.perimeters import Colour, Perimeter
from portal.regulations.schedules import Interval, merge, set_bounds_in_utc


@dataclass(frozen=True, slots=True)
class PassRight:
    """A pass in force: perimeters named one by one and/or whole colours, from `start` to `end` (excluded), in UTC.

    Raises ValueError when a bound is naive or the end is not after the start.
    """

    start: datetime
    end: datetime
    perimeter_ids: frozenset[str] = frozenset()
    colours: frozenset[Colour] = frozenset()

    def __post_init__(self) -> None:
        set_bounds_in_utc(self, self.start, self.end)
        if self.end == self.start:
            raise ValueError("a pass must end after its start")

    def names(self, perimeter: Perimeter) -> bool:
        """Tell whether the pass bears on this perimeter, whatever the hour."""
        return perimeter.id in self.perimeter_ids or perimeter.colour in self.colours


def covers(passes: Iterable[PassRight], perimeter: Perimeter, during: Interval) -> bool:
    """Tell whether the passes, taken together, cover the perimeter during the whole interval without a gap."""
    held = merge(Interval(right.start, right.end) for right in passes if right.names(perimeter))
    if during.is_instant:
        return any(span.contains(during.start) for span in held)
    return any(span.start <= during.start and during.end <= span.end for span in held)
