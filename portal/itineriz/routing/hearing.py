"""What of the law has anything to say to a vehicle: the rest need not be asked, edge after edge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache
from typing import Final

from portal.regulations.evaluate import Verdict
from portal.regulations.measures import Origin
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.sites import Hit

_HOURS_KEPT: Final = 32


class Course(Enum):
    """What a regulation does during an interval: it sleeps, it is active all along, or it begins or ends."""

    ASLEEP = "asleep"
    STEADY = "steady"
    CHANGING = "changing"


@dataclass(frozen=True, slots=True)
class Known:
    """What was found of some hours, for all the drives within them. courses: by identity of the regulation. verdicts:
    where everything is steady in these hours, by all that `judge` looks at but the hour."""

    courses: dict[int, Course] = field(default_factory=dict)
    verdicts: dict[tuple[object, ...], Verdict] = field(default_factory=dict)


class Hearing:
    """The measures of one law that are mute to one vehicle: whatever the edge, the hour and the stops, `judge` says
    nothing of them, neither an obstacle nor a warning."""

    def __init__(self, number: Mapping[str, int], mute: bytes) -> None:
        """number: of each regulation, by id. mute: by number, 1 for a measure that says nothing to the vehicle."""
        self._number, self._mute = number, mute
        self.known = lru_cache(maxsize=_HOURS_KEPT)(self._nothing_known)

    def of(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """The hits from which `judge` draws the same obstacles and warnings as from all of them.

        An order that is mute to a vehicle may still free it from a tag: beside a tag that speaks, all are kept.
        """
        kept = tuple(hit for hit in hits if self._may_speak(hit))
        return hits if any(_is_tag(hit) for hit in kept) else kept

    def _nothing_known(self, hours: Interval, passes: tuple[PassRight, ...]) -> Known:
        """What is known of some hours to who holds some passes: nothing at first. `known` keeps it."""
        return Known()

    def _may_speak(self, hit: Hit) -> bool:
        # A perimeter says what it asks for even to those it lets in; a measure may have its id.
        return isinstance(hit.regulation, Perimeter) or not self._mute[self._number[hit.regulation.id]]


def _is_tag(hit: Hit) -> bool:
    return not isinstance(hit.regulation, Perimeter) and hit.regulation.origin is Origin.OSM
