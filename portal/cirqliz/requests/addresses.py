"""From what a person typed to a place: the point chosen in the page, else the address book of the territory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portal.common.errors import Invalid
from portal.territories.api import GOOD_SCORE, AddressHit, search_addresses

CANDIDATES = 5
SURE_SCORE = 0.95
CLEAR_LEAD = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """A point with its name. WGS 84 degrees."""

    label: str
    lon: float
    lat: float


def read_point(lon: str, lat: str) -> tuple[float, float] | None:
    """Return the degrees of two hidden inputs, None when they hold no point."""
    try:
        point = float(lon), float(lat)
    except ValueError:
        return None
    usable = all(math.isfinite(value) for value in point) and abs(point[0]) <= 180 and abs(point[1]) <= 90
    return point if usable else None


def find_place(territory: str, text: str) -> Place:
    """Return the place an address means in a territory.

    Raises Invalid: address-missing, address-unknown, or address-ambiguous when some answers come near (`candidates`).
    """
    if not text.strip():
        raise Invalid("address-missing")
    hits = search_addresses(territory, text, CANDIDATES)
    if not hits:
        raise Invalid("address-unknown")
    places = [Place(hit.label, hit.lon, hit.lat) for hit in hits]
    if _is_plain(hits):
        return places[0]
    raise Invalid("address-ambiguous", candidates=places)


def _is_plain(hits: Sequence[AddressHit]) -> bool:
    """Tell whether the first answer is the one meant: a tour to the wrong street is worse than one more question."""
    score = hits[0].score
    rival = hits[1].score if len(hits) > 1 else 0.0
    return score >= SURE_SCORE or (score >= GOOD_SCORE and score - rival >= CLEAR_LEAD)
