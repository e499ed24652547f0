"""From what a person typed to a place: the point chosen in the page, else the address book of the territory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from portal.common.errors import Invalid
from portal.territories.api import AddressHit, geocode, search_addresses

CANDIDATES = 5


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
    hit = geocode(territory, text)
    if hit is not None:
        return Place(hit.label, hit.lon, hit.lat)
    near = search_addresses(territory, text, CANDIDATES)
    if near:
        raise Invalid("address-ambiguous", candidates=_places(near))
    raise Invalid("address-unknown")


def _places(hits: Sequence[AddressHit]) -> list[Place]:
    return [Place(hit.label, hit.lon, hit.lat) for hit in hits]
