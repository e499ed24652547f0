"""What an answer rests on, as one digest: the law around it at its hours, the passes held, the bays it names.

Two equal digests mean that what was answered still holds. Any regulation that is added, changed, removed or found on
other edges near the tour changes the digest, as does a pass given or revoked, or a named bay changed or out of use.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from portal.itineriz.planning.bays import Bay
from portal.itineriz.routing.overlay import law_to_drive
from portal.regulations.passes import PassRight
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot, Regulation

type Json = Mapping[str, Any]
type Box = tuple[float, float, float, float]

_BEFORE: Final = timedelta(hours=1)
_AFTER: Final = timedelta(hours=2)
_AFTER_REFUSAL: Final = timedelta(hours=24)
"""A refusal looks for another departure in the day that follows."""
_MARGIN_DEG, _MARGIN_SHARE = 0.004, 0.2
"""How far around the tour the law may bear on it: some 400 m, and a part of its extent for the ways around."""
_MOST_KEPT = 200_000


def basis_of(
    law: LawSnapshot,
    stops: Sequence[Json],
    depart_at: datetime,
    result: Json,
    passes: Iterable[PassRight],
    bays: Iterable[Bay],
) -> str:
    """The digest of what an answer rests on. stops, result: as the row holds them; passes: those held, any hour; bays:
    of those that the answer names, the ones in use."""
    hours = hours_of(depart_at, result)
    around = law_to_drive(law).in_box(_box(stops, result), hours)
    parts = sorted(_digest(regulation) for regulation in around)
    held = sorted(repr(_plain(right)) for right in passes if right.start < hours.end and right.end > hours.start)
    named = sorted(repr(_bay_values(bay, hours)) for bay in bays)
    return sha256("\n".join([*parts, *held, *named]).encode()).hexdigest()


def hours_of(depart_at: datetime, result: Json) -> Interval:
    """The span in which the law bears on an answer."""
    instants = [depart_at, *_instants(result)]
    after = _AFTER if result.get("status") == "ok" else _AFTER_REFUSAL
    return Interval(min(instants) - _BEFORE, max(instants) + after)


def ends_at(depart_at: datetime, result: Json) -> datetime:
    """When a tour is over, by its answer; its departure when nothing is driven."""
    return max([depart_at, *_instants(result)])


def _instants(result: Json) -> Iterator[datetime]:
    for stop in result.get("stops", ()):
        for name in ("arrive_at", "leave_at"):
            if stop.get(name):
                yield datetime.fromisoformat(stop[name])


def _box(stops: Sequence[Json], result: Json) -> Box:
    """Around the stops, the way, and the streets that the answer names."""
    points = [(stop["lon"], stop["lat"]) for stop in stops]
    points += [(row[0], row[1]) for row in result.get("timeline", ())]
    for named in (*result.get("avoided", ()), *result.get("blocking", ())):
        for line in (named.get("lines") or {}).get("coordinates", ()):
            points += [(point[0], point[1]) for point in line]
    (west, south), (east, north) = np.min(points, axis=0).tolist(), np.max(points, axis=0).tolist()
    margin = _MARGIN_DEG + _MARGIN_SHARE * max(east - west, north - south)
    return west - margin, south - margin, east + margin, north + margin


def _bay_values(bay: Bay, hours: Interval) -> Any:
    """What decides whether a bay may be used in these hours."""
    out = [(span.start, span.end) for span in bay.suspensions if span.start < hours.end and span.end > hours.start]
    sizes = bay.length_cm, bay.max_gross_weight_kg, bay.max_stay_min
    return _plain((bay.id, bay.lon, bay.lat, bay.regime, bay.layout, *sizes, bay.hours, out))


_kept: dict[int, tuple[Regulation, str]] = {}


def _digest(regulation: Regulation) -> str:
    """The digest of a regulation with the edges it was found on.

    Kept by object: what does not change stays the same object from one law to the next.
    """
    found = _kept.get(id(regulation))
    if found is None or found[0] is not regulation:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        text = json.dumps(_plain(regulation), ensure_ascii=True)
        found = _kept[id(regulation)] = (regulation, sha256(text.encode()).hexdigest())
    return found[1]


def _plain(value: Any) -> Any:
    """A value of the law as JSON that is the same in every process."""
    if isinstance(value, BaseGeometry):
        return sha256(shapely.to_wkb(value)).hexdigest()
    if isinstance(value, np.ndarray):
        return sha256(np.ascontiguousarray(value).tobytes()).hexdigest()
    if isinstance(value, Enum):
        return value.value
    if is_dataclass(value) and not isinstance(value, type):
        # Fields are named by their place: a class that gains one gives other digests, once.
        return [type(value).__name__, *(_plain(getattr(value, field.name)) for field in fields(value))]
    if isinstance(value, Mapping):
        return sorted([str(key), _plain(found)] for key, found in value.items())
    if isinstance(value, frozenset | set):
        return sorted(json.dumps(_plain(found)) for found in value)
    if isinstance(value, tuple | list):
        return [_plain(found) for found in value]
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
