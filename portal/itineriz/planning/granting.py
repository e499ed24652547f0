"""Which passes would open the way: granted one after the other until the tour is lawful."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import groupby
from typing import Final

from portal.itineriz.planning.obstacles import opens
from portal.itineriz.planning.tour import Round, Tour
from portal.itineriz.routing.checking import ids_at
from portal.regulations.passes import PassRight
from portal.regulations.snapshot import LawSnapshot

_GRANTS: Final = 12
_LASTING: Final = timedelta(days=7)


def open_with_passes(
    law: LawSnapshot, round_: Round, refused: Tour, drive: Callable[[tuple[PassRight, ...]], Tour]
) -> tuple[Tour, tuple[PassRight, ...]]:
    """Grant pass after pass until the tour is lawful: those of the stops, then the mildest. The last tour, and they.

    drive: the same tour with these passes beside those held.
    """
    granted: dict[str, PassRight] = {}
    tour = refused
    for _ in range(_GRANTS):
        ids = _asked(law, round_, tour, set(granted))
        if not ids:
            break
        for perimeter_id in ids:
            # Long enough for any tour: what is asked in the end is bounded by the activations and by the request.
            granted[perimeter_id] = PassRight(
                round_.depart_at - _LASTING, round_.depart_at + _LASTING, frozenset({perimeter_id})
            )
        tour = drive(tuple(granted.values()))
        if tour.complete:
            break
    return tour, tuple(granted.values())


def _asked(law: LawSnapshot, round_: Round, tour: Tour, known: set[str]) -> list[str]:
    """What to grant next, for each leg that is refused."""
    found: dict[str, None] = {}
    for place, obstacles in groupby(tour.obstacles, key=lambda obstacle: obstacle.stop):
        asked = [
            o.reason.id for o in obstacles if o.reason is not None and opens(o.reason) and o.reason.id not in known
        ]
        ends = [round_.calls[number].stop.point for number in {max(place - 1, 0), place}]
        at_stops = frozenset[str]().union(*(ids_at(law, point) for point in ends))
        # Strictest first they come: to drive on past the stops one asks for the mildest, never for an accreditation
        # where a justified crossing is enough.
        found |= dict.fromkeys([i for i in asked if i in at_stops] or asked[-1:])
    return list(found)
