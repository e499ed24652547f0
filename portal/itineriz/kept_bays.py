"""The delivery bays of a territory, read once per version: a process that computes routes asks for them each time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from portal.itineriz.planning.bays import BayMap
from portal.numeriz.api import BayView, list_bays
from portal.regulations.snapshot import LawSnapshot

_MOST_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class _Kept:
    version: str
    map: BayMap
    by_id: Mapping[str, BayView]


_kept: dict[UUID, _Kept] = {}


def bays_of(territory_id: UUID, law: LawSnapshot) -> BayMap:
    """The bays in use of a territory. law: its present law, whose version also counts the changes of its bays."""
    return _read(territory_id, law).map


def named_bays(territory_id: UUID, law: LawSnapshot, result: Mapping[str, Any]) -> Sequence[BayView]:
    """The bays that an answer names and that are still in use, as they stand now. law: as for `bays_of`."""
    names = {bay["id"] for stop in result.get("stops", ()) for bay in stop.get("bays", ())}
    if not names:
        return ()
    known = _read(territory_id, law).by_id
    return [known[name] for name in sorted(names) if name in known]


def _read(territory_id: UUID, law: LawSnapshot) -> _Kept:
    """Two threads may read them at the same time; either result serves."""
    found = _kept.get(territory_id)
    if found is not None and found.version == law.version:
        return found
    bays = list_bays(territory_id)
    read = _Kept(law.version, BayMap(bays, law.calendar), {str(bay.id): bay for bay in bays})
    if len(_kept) >= _MOST_KEPT:
        _kept.clear()
    _kept[territory_id] = read
    return read
