"""What of the law has anything to say to a vehicle: the rest need not be asked, edge after edge."""

from __future__ import annotations

from collections.abc import Mapping

from portal.regulations.measures import Origin
from portal.regulations.perimeters import Perimeter
from portal.regulations.sites import Hit


class Hearing:
    """The measures of one law that are mute to one vehicle: whatever the edge, the hour and the stops, `judge` says
    nothing of them, neither an obstacle nor a warning."""

    def __init__(self, number: Mapping[str, int], mute: bytes) -> None:
        """number: of each regulation, by id. mute: by number, 1 for a measure that says nothing to the vehicle."""
        self._number, self._mute = number, mute

    def of(self, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
        """The hits from which `judge` draws the same obstacles and warnings as from all of them.

        An order that is mute to a vehicle may still free it from a tag: beside a tag that speaks, all are kept.
        """
        kept = tuple(hit for hit in hits if self._may_speak(hit))
        return hits if any(_is_tag(hit) for hit in kept) else kept

    def _may_speak(self, hit: Hit) -> bool:
        # A perimeter says what it asks for even to those it lets in; a measure may have its id.
        return isinstance(hit.regulation, Perimeter) or not self._mute[self._number[hit.regulation.id]]


def _is_tag(hit: Hit) -> bool:
    return not isinstance(hit.regulation, Perimeter) and hit.regulation.origin is Origin.OSM
