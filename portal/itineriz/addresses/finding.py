"""Finding where a written address is, and saying so when it is not sure: nothing is ever guessed.

A position is read, the name of a saved place is recognised, a text is searched in the addresses of the territory.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.common.text import fold
from portal.itineriz.places.queries import PlaceView
from portal.territories.api import GOOD_SCORE, AddressHit, HitKind, TerritoryView, search_addresses

_ALTERNATIVES = 5
_NEARLY_AS_GOOD = 0.03
_FAR_APART_M = 150.0
_METRES_PER_DEGREE = 111_195.0
_SEPARATORS = re.compile(r"\s*[;/|\s]\s*|,\s+")
_NUMBER_FIRST = re.compile(r"\s*\d{1,4}\s*(?:bis|ter|quater|[a-d])?\b", re.IGNORECASE)


class Doubt(StrEnum):
    """Why nobody can be sure where an address is."""

    EMPTY = "address-missing"
    UNREADABLE = "position-unreadable"
    OUTSIDE = "outside-territory"
    NOT_FOUND = "address-not-found"
    UNSURE = "address-unsure"
    SEVERAL = "address-several"
    NUMBER_UNKNOWN = "number-unknown"
    STREET_ONLY = "street-only"
    FAR = "far-from-street"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A place an address may stand for, (lon, lat) WGS84. score: 0 to 1."""

    label: str
    lon: float
    lat: float
    score: float

    def to_json(self) -> dict[str, Any]:
        """The candidate as JSON values."""
        return {"label": self.label, "lon": self.lon, "lat": self.lat, "score": self.score}


@dataclass(frozen=True, slots=True)
class Located:
    """Where an address is: `found` when it is sure, else the doubt and what it may be, the likeliest first."""

    found: Candidate | None
    doubt: Doubt | None = None
    alternatives: tuple[Candidate, ...] = ()


class Finder:
    """Finds addresses of one territory for one company. Texts that come again are not searched again."""

    def __init__(self, territory: TerritoryView, places: Iterable[PlaceView] = ()) -> None:
        self._territory = territory
        self._places: Mapping[str, PlaceView] = {fold(place.label): place for place in places}
        self._known: dict[str, Located] = {}

    def find(self, address: str, *, name: str = "", position: str = "") -> Located:
        """Where a row of a file is: its position, else its address, else the saved place its name is.

        Raises Unavailable when the addresses of the territory cannot be read.
        """
        if position:
            return self._at(position, address or name or position)
        saved = self._places.get(fold(address or name)) if address or name else None
        if saved is not None:
            return Located(Candidate(saved.label, saved.lon, saved.lat, 1.0))
        if not address:
            # A name alone may still be a place of the map: a station, a market.
            return self._searched(name) if name else Located(None, Doubt.EMPTY)
        if _looks_like_position(address):
            return self._at(address, name or address)
        return self._searched(address)

    def _at(self, text: str, label: str) -> Located:
        numbers = _numbers(text)
        if numbers is None:
            return Located(None, Doubt.UNREADABLE)
        for lon, lat in (numbers, numbers[::-1]):
            # A town's longitudes are no latitudes of its own: the order writes itself.
            if self._holds(lon, lat):
                return Located(Candidate(label, lon, lat, 1.0))
        return Located(None, Doubt.OUTSIDE)

    def _holds(self, lon: float, lat: float) -> bool:
        if self._territory.bounds is None:
            return False
        west, south, east, north = self._territory.bounds
        return west <= lon <= east and south <= lat <= north

    def _searched(self, text: str) -> Located:
        key = fold(text)
        if key not in self._known:
            self._known[key] = _judged(text, search_addresses(self._territory.slug, text, _ALTERNATIVES))
        return self._known[key]


def _judged(text: str, hits: Sequence[AddressHit]) -> Located:
    """Whether the best hit is surely what was meant."""
    candidates = tuple(Candidate(hit.label, hit.lon, hit.lat, hit.score) for hit in hits)
    if not hits:
        return Located(None, Doubt.NOT_FOUND)
    best = hits[0]
    if _NUMBER_FIRST.match(text) and best.kind is HitKind.STREET:
        return Located(None, Doubt.NUMBER_UNKNOWN, candidates)
    if best.score < GOOD_SCORE:
        return Located(None, Doubt.UNSURE, candidates)
    rivals = [
        hit for hit in hits[1:] if hit.score >= best.score - _NEARLY_AS_GOOD and _apart_m(best, hit) > _FAR_APART_M
    ]
    if rivals:
        return Located(None, Doubt.SEVERAL, candidates)
    if best.kind is HitKind.STREET:
        return Located(None, Doubt.STREET_ONLY, candidates)
    return Located(candidates[0])


def _apart_m(one: AddressHit, other: AddressHit) -> float:
    width = math.cos(math.radians(one.lat))
    return math.hypot((one.lon - other.lon) * width, one.lat - other.lat) * _METRES_PER_DEGREE


def _looks_like_position(text: str) -> bool:
    return not any(sign.isalpha() for sign in text) and "." in text and _numbers(text) is not None


def _numbers(text: str) -> tuple[float, float] | None:
    """Two numbers: « 2.362, 48.864 », « 2,362 ; 48,864 », « 48.864 2.362 »."""
    bare = text.strip().strip("()[]")
    parts = [part for part in _SEPARATORS.split(bare) if part]
    if len(parts) == 1:
        parts = bare.split(",")
    if len(parts) != 2:
        return None
    try:
        one, other = (float(part.replace(",", ".").strip()) for part in parts)
    except ValueError:
        return None
    return (one, other) if math.isfinite(one) and math.isfinite(other) else None
