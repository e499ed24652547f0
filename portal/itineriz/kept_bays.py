"""The delivery bays of a territory, read once per version: a process that computes routes asks for them each time."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from portal.itineriz.planning.bays import BayMap
from portal.numeriz.api import list_bays
from portal.regulations.snapshot import LawSnapshot

_MOST_KEPT: Final = 8
_kept: dict[UUID, tuple[str, BayMap]] = {}


def bays_of(territory_id: UUID, law: LawSnapshot) -> BayMap:
    """The bays in use of a territory. law: its present law, whose version also counts the changes of its bays.

    Two threads may read them at the same time; either result serves.
    """
    found = _kept.get(territory_id)
    if found is not None and found[0] == law.version:
        return found[1]
    bays = BayMap(list_bays(territory_id), law.calendar)
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[territory_id] = law.version, bays
    return bays
