"""Finding where a written address is, and saying so when it is not sure: nothing is ever guessed.

A position is read, the name of a saved place is recognised, a text is searched in the addresses of the territory.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

from portal.common.text import fold
from portal.itineriz.places.queries import PlaceView
from portal.itineriz.places.sheet import SheetRow
from portal.territories.api import GOOD_SCORE, AddressHit, HitKind, TerritoryView, search_addresses

_ALTERNATIVES = 5
_NEARLY_AS_GOOD = 0.03
_SURE_SCORE = 0.95
_CLEAR_LEAD = 0.2
_LEAST_LIKENESS = 0.74
_LONGEST_SHORT_FORM = 4
_FAR_APART_M = 150.0
_METRES_PER_DEGREE = 111_195.0
_SEPARATORS = re.compile(r"\s*[;/|\s]\s*|,\s+")
_POSTCODE = re.compile(r"\b\d{5}\b")
_SMALL_WORDS = frozenset(
    ("a", "au", "aux", "cedex", "d", "de", "des", "du", "en", "et", "france", "l", "la", "le", "les", "s", "sur")
)
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
    DIFFERS = "address-differs"
    TOO_LONG = "row-too-long"
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
        self._places: Mapping[str, PlaceView] = {place.label: place for place in places}
        self._alike: dict[str, list[PlaceView]] = {}
        for place in self._places.values():
            self._alike.setdefault(fold(place.label), []).append(place)
        self._known: dict[str, Located] = {}

    def find_row(self, row: SheetRow) -> Located:
        """Where a row of a file is. Raises as `find`."""
        if not row.surplus:
            return self.find(row.address, name=row.text("label"), position=row.position)
        whole = self._searched(row.address) if row.address else Located(None)
        found = (whole.found,) if whole.found else whole.alternatives
        return Located(None, Doubt.TOO_LONG, found)

    def find(self, address: str, *, name: str = "", position: str = "") -> Located:
        """Where a row of a file is: its position, else its address, else the saved place its name is.

        Raises Unavailable when the addresses of the territory cannot be read.
        """
        if position:
            return self._at(position, address or name or position)
        saved = self._saved(address or name)
        if saved is not None:
            return saved
        if not address:
            # A name alone may still be a place of the map: a station, a market.
            return self._searched(name) if name else Located(None, Doubt.EMPTY)
        if _looks_like_position(address):
            return self._at(address, name or address)
        return self._searched(address)

    def _saved(self, text: str) -> Located | None:
        """The saved place of this very name, else the only one whose name reads alike."""
        exact = self._places.get(text)
        alike = [exact] if exact is not None else self._alike.get(fold(text), []) if fold(text) else []
        found = tuple(Candidate(place.label, place.lon, place.lat, 1.0) for place in alike)
        if len(found) > 1:
            return Located(None, Doubt.SEVERAL, found)
        return Located(found[0]) if found else None

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
            self._known[key] = judged(
                text, search_addresses(self._territory.slug, text, _ALTERNATIVES), self._territory.name
            )
        return self._known[key]


def judged(text: str, hits: Sequence[AddressHit], town: str) -> Located:
    """Whether the best of some hits, best first, is surely what was meant. town: the name of the territory."""
    candidates = tuple(Candidate(hit.label, hit.lon, hit.lat, hit.score) for hit in hits)
    if not hits:
        return Located(None, Doubt.NOT_FOUND)
    best = hits[0]
    if _NUMBER_FIRST.match(text) and best.kind is HitKind.STREET:
        return Located(None, Doubt.NUMBER_UNKNOWN, candidates)
    if best.score < GOOD_SCORE:
        return Located(None, Doubt.UNSURE, candidates)
    if _differs(text, best.label, town):
        return Located(None, Doubt.DIFFERS, candidates)
    lead = _NEARLY_AS_GOOD if best.score >= _SURE_SCORE else _CLEAR_LEAD
    if any(best.score - hit.score < lead and _apart_m(best, hit) > _FAR_APART_M for hit in hits[1:]):
        return Located(None, Doubt.SEVERAL, candidates)
    if best.kind is HitKind.STREET:
        return Located(None, Doubt.STREET_ONLY, candidates)
    return Located(candidates[0])


def _differs(text: str, label: str, town: str) -> bool:
    """Whether a text says what the address found does not: another postcode, another town, any other word."""
    written, known = _POSTCODE.findall(text), _POSTCODE.findall(label)
    if written and known and written[-1] not in known:
        return True
    said = fold(f"{label} {town}").split()
    left = []
    for word in _telling(fold(text)):
        if word in said:
            said.remove(word)
        else:
            left.append(word)
    for word in left:
        meant = next((one for one in said if _means(word, one)), None)
        if meant is None:
            return True
        said.remove(meant)
    return False


def _telling(text: str) -> list[str]:
    """The words that say where: no small ones, no postcode, no number before the street (the kind of hit tells)."""
    words = _NUMBER_FIRST.sub("", _POSTCODE.sub(" ", text), count=1).split()
    return [word for word in words if word not in _SMALL_WORDS]


def _means(word: str, whole: str) -> bool:
    """Whether a written word stands for one of the address: mistyped, or shortened (« bd », « st », « fbg »)."""
    if len(word) > _LONGEST_SHORT_FORM:
        return SequenceMatcher(None, word, whole, autojunk=False).ratio() >= _LEAST_LIKENESS
    letters = iter(whole)
    return word[:1] == whole[:1] and not word.isdigit() and all(sign in letters for sign in word)


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
