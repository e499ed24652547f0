"""Finding an address in a territory's index, from what somebody types or from a point.

Both read the file built by `portal.territories.build.addresses`; nothing is kept between calls, so that any thread may
call them and a territory may be rebuilt meanwhile.
"""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path

from portal.common.errors import Unavailable
from portal.common.text import fold
from portal.territories.address_text import AddressQuery, HouseNumber, name_words, read_query

MAX_TEXT_LENGTH = 200
GOOD_SCORE = 0.6
"""From this score on, a hit is what was asked for; below, it is a suggestion."""

CELLS_PER_DEGREE = 400
"""A cell of the reverse search is about 280 m high and, in France, 180 m wide."""

_CANDIDATES = 80
_RESOLVED = 20
_ALIKE = 40
_MAX_WORDS = 10
_APPROXIMATE = 0.9
_NUMBER_UNKNOWN = 0.7
_TYPO = 0.85
_SHORTENED = 0.75
_STRAY_WORD = 0.2
_SHORTEST_TYPO = 4
_LEAST_LIKENESS = 0.74
_MAX_GAP = 60
_HOUSE_REACH_M = 60.0
_STREET_REACH_M = 250.0
_METRES_PER_DEGREE = 111_320.0


class HitKind(StrEnum):
    """What a hit stands for."""

    ADDRESS = "address"
    STREET = "street"
    PLACE = "place"


@dataclass(frozen=True, slots=True)
class AddressHit:
    """One answer. score: 0 to 1. approximate: the number is not in the index and its place was estimated."""

    label: str
    kind: HitKind
    lon: float
    lat: float
    score: float
    approximate: bool = False

    @property
    def context(self) -> str:
        """Nothing to add beside the label of a local answer."""
        return ""


@dataclass(frozen=True, slots=True)
class _Entry:
    id: int
    kind: str
    name: str
    words: str
    commune: str
    postcode: str
    weight: int
    lon: float
    lat: float

    def label(self, house_number: HouseNumber | None = None) -> str:
        """Return « 12 bis Rue de Bretagne, 75003 Paris »."""
        first = f"{house_number} {self.name}" if house_number else self.name
        town = f"{self.postcode} {self.commune}".strip()
        return f"{first}, {town}" if town and fold(town) != fold(self.name) else first


def search(index: Path, text: str, limit: int = 8, near: tuple[float, float] | None = None) -> list[AddressHit]:
    """Return the best hits for a text, best first; the last word may be unfinished.

    near: (lon, lat) that decides between equals. Raises Unavailable("addresses-missing") without an index.
    """
    query = read_query(text[:MAX_TEXT_LENGTH])
    if not query.words:
        return []
    with _open(index) as base:
        hits = _search(base, _readings(query))
    hits.sort(key=lambda hit: (-hit.score, hit.kind is HitKind.PLACE, _tie(hit, near), hit.label))
    return hits[:limit]


def _readings(query: AddressQuery) -> list[AddressQuery]:
    """Return the ways to understand the query, the likeliest first."""
    readings = [query]
    trailing = query.words[-1][0]
    if query.house_number is not None:
        # "8 mai 1945": the number belongs to the name.
        words = ((str(query.house_number.number),), *query.words)
        readings.append(AddressQuery(None, words, query.postcode))
    elif trailing.isdigit() and len(trailing) <= 4 and len(query.words) > 1:
        # "rue de Bretagne 12": the number comes last.
        readings.append(AddressQuery(HouseNumber(int(trailing)), query.words[:-1], query.postcode))
    return readings


def reverse(index: Path, lon: float, lat: float) -> AddressHit | None:
    """Return the house nearest to a point (within 60 m), else the street (within 250 m), else None."""
    with _open(index) as base:
        reach = [
            cell(lon + dx / CELLS_PER_DEGREE, lat + dy / CELLS_PER_DEGREE) for dx in (-1, 0, 1) for dy in (-1, 0, 1)
        ]
        marks = ",".join("?" * len(reach))
        rows = base.execute(
            f"SELECT entry_id, number, suffix, lon, lat FROM spot WHERE cell IN ({marks})",  # noqa: S608  marks only
            reach,
        ).fetchall()
        best: dict[bool, tuple[float, tuple[int, int | None, str, float, float]]] = {}
        for row in rows:
            distance = _distance_m((lon, lat), (row[3], row[4]))
            is_house = row[1] is not None
            if is_house not in best or distance < best[is_house][0]:
                best[is_house] = distance, row
        for is_house, limit_m in ((True, _HOUSE_REACH_M), (False, _STREET_REACH_M)):
            if is_house in best and best[is_house][0] <= limit_m:
                distance, (entry_id, number, suffix, at_lon, at_lat) = best[is_house]
                entry = _entries(base, [entry_id])[0]
                house = HouseNumber(number, suffix) if number is not None else None
                kind = HitKind.ADDRESS if is_house else HitKind.STREET
                return AddressHit(entry.label(house), kind, at_lon, at_lat, round(1 - distance / 500, 3))
    return None


def cell(lon: float, lat: float) -> int:
    """Return the number of the cell of a point, for the reverse search."""
    return int((lon + 180) * CELLS_PER_DEGREE) * 1_000_000 + int((lat + 90) * CELLS_PER_DEGREE)


@contextmanager
def _open(index: Path) -> Iterator[sqlite3.Connection]:
    if not index.is_file():
        raise Unavailable("addresses-missing")
    # A finished index never changes: immutable spares every lock.
    with closing(sqlite3.connect(f"{index.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        yield base


_Words = Sequence[tuple[str, ...]]


def _search(base: sqlite3.Connection, readings: Sequence[AddressQuery]) -> list[AddressHit]:
    """Return the hits of the first attempt that finds any: all words, then one wrong letter, then fewer words."""
    for attempt in (_as_typed, _corrected, _shortened):
        for query in readings:
            factor, words, entries = attempt(base, query.words[:_MAX_WORDS])
            if entries:
                scored = [(_likeness(entry, words, query.postcode) * factor, entry) for entry in entries]
                # House numbers are read for the likeliest streets only: "12 rue" fits every street of a city.
                scored.sort(key=lambda pair: (-pair[0], -pair[1].weight))
                return [_hit(base, entry, query, score) for score, entry in scored[:_RESOLVED]]
    return []


_Found = tuple[float, _Words, list[_Entry]]


def _as_typed(base: sqlite3.Connection, words: _Words) -> _Found:
    return 1.0, words, _matching(base, words)


def _corrected(base: sqlite3.Connection, words: _Words) -> _Found:
    """Search with each unknown word replaced by the most alike word of the index."""
    heard = []
    for position, forms in enumerate(words):
        is_last = position == len(words) - 1
        known = any(_is_known(base, form, prefix=is_last and form == forms[0]) for form in forms)
        alike = None if known or len(forms[0]) < _SHORTEST_TYPO else _most_alike(base, forms[0])
        heard.append(forms if alike is None else (alike,))
    return _TYPO, heard, _matching(base, heard) if heard != list(words) else []


def _shortened(base: sqlite3.Connection, words: _Words) -> _Found:
    """Search without the last words, one to three of them: a commune the extract does not name."""
    for kept in range(len(words) - 1, max(1, len(words) - 4), -1):
        entries = _matching(base, words[:kept], whole=True)
        if entries:
            return _SHORTENED, words[:kept], entries
    return _SHORTENED, words, []


def _matching(base: sqlite3.Connection, words: _Words, *, whole: bool = False) -> list[_Entry]:
    """Return the entries that hold every word, the last one possibly unfinished unless `whole`."""
    clauses = []
    for position, forms in enumerate(words):
        star = "*" if position == len(words) - 1 and not whole else ""
        # An abbreviation written out is whole: only what was typed may go on.
        clauses.append("(" + " OR ".join(f'"{form}"{star if n == 0 else ""}' for n, form in enumerate(forms)) + ")")
    rows = base.execute(
        "SELECT rowid FROM entry_words WHERE entry_words MATCH ? ORDER BY bm25(entry_words, 4.0, 1.0) LIMIT ?",
        (" AND ".join(clauses), _CANDIDATES),
    ).fetchall()
    return _entries(base, [row[0] for row in rows])


def _entries(base: sqlite3.Connection, ids: Sequence[int]) -> list[_Entry]:
    marks = ",".join("?" * len(ids))
    rows = base.execute(f"SELECT * FROM entry WHERE id IN ({marks})", ids)  # noqa: S608  marks only
    return [_Entry(*row) for row in rows]


def _is_known(base: sqlite3.Connection, word: str, *, prefix: bool) -> bool:
    query = f'"{word}"*' if prefix else f'"{word}"'
    return base.execute("SELECT 1 FROM entry_words WHERE entry_words MATCH ? LIMIT 1", (query,)).fetchone() is not None


def _most_alike(base: sqlite3.Connection, word: str) -> str | None:
    """Return the word of the index that differs least from a mistyped one; None when none comes near."""
    parts = " OR ".join(f'"{word[at : at + 3]}"' for at in range(len(word) - 2))
    rows = base.execute(
        "SELECT rowid FROM entry_trigrams WHERE entry_trigrams MATCH ? ORDER BY rank LIMIT ?", (parts, _ALIKE)
    ).fetchall()
    best, likeness = None, _LEAST_LIKENESS
    for entry in _entries(base, [row[0] for row in rows]):
        for candidate in entry.words.split():
            if candidate[0] not in word[:2] and word[0] not in candidate[:2]:
                continue
            ratio = SequenceMatcher(None, word, candidate, autojunk=False).ratio()
            if ratio > likeness:
                best, likeness = candidate, ratio
    return best


def _likeness(entry: _Entry, words: _Words, postcode: str | None) -> float:
    """Return how much of the entry's name was typed, 0 to 1; words of the commune neither add nor take away."""
    own = entry.words.split()
    town = set(name_words(entry.commune))
    heard, in_order, last = 0.0, True, -1
    for position, forms in enumerate(words):
        is_last = position == len(words) - 1
        place = next((n for n, word in enumerate(own) if word in forms), None)
        if place is None and is_last:
            place = next((n for n, word in enumerate(own) if word.startswith(forms[0])), None)
            if place is not None:
                heard += len(forms[0]) / len(own[place])
        elif place is not None:
            heard += 1
        if place is None:
            heard -= 0 if any(word.startswith(forms[0]) for word in town) else _STRAY_WORD
            continue
        in_order = in_order and place > last
        last = place
    share = max(0.0, min(1.0, heard / len(own)))
    score = 0.4 + 0.6 * share - (0 if in_order else 0.05)
    if postcode and entry.postcode and postcode != entry.postcode:
        score -= 0.15
    return score


def _hit(base: sqlite3.Connection, entry: _Entry, query: AddressQuery, likeness: float) -> AddressHit:
    busy = min(entry.weight, 200) / 200 * 0.004
    score = min(1.0, likeness + busy)
    asked = query.house_number
    plain = AddressHit(entry.label(), HitKind(entry.kind), entry.lon, entry.lat, round(score, 3))
    if asked is None:
        return plain
    if entry.kind != HitKind.STREET:
        return replace(plain, score=round(score * _NUMBER_UNKNOWN * _NUMBER_UNKNOWN, 3))
    place = _house(base, entry.id, asked)
    if place is None:
        return replace(plain, score=round(score * _NUMBER_UNKNOWN, 3), approximate=True)
    lon, lat, exact = place
    score = round(score if exact else score * _APPROXIMATE, 3)
    return AddressHit(entry.label(asked), HitKind.ADDRESS, lon, lat, score, approximate=not exact)


def _house(base: sqlite3.Connection, entry_id: int, asked: HouseNumber) -> tuple[float, float, bool] | None:
    """Return where a number is (lon, lat) and whether the index says so; None when it says nothing near it.

    An absent number is put between its neighbours of the same side, in proportion; "12 bis" stands at 12.
    """
    rows: list[tuple[int, str, float, float]] = base.execute(
        "SELECT number, suffix, lon, lat FROM number WHERE entry_id = ? ORDER BY number, suffix", (entry_id,)
    ).fetchall()
    for number, suffix, lon, lat in rows:
        if (number, suffix) == (asked.number, asked.suffix):
            return lon, lat, True
    for number, _suffix, lon, lat in rows:
        if number == asked.number:
            return lon, lat, False
    for side in ([row for row in rows if row[0] % 2 == asked.number % 2], rows):
        below = max((row for row in side if row[0] < asked.number), default=None)
        above = min((row for row in side if row[0] > asked.number), default=None)
        if below and above and above[0] - below[0] <= _MAX_GAP:
            share = (asked.number - below[0]) / (above[0] - below[0])
            return below[2] + share * (above[2] - below[2]), below[3] + share * (above[3] - below[3]), False
        for neighbour in (below, above):
            if neighbour and abs(neighbour[0] - asked.number) <= 6:
                return neighbour[2], neighbour[3], False
    return None


def _tie(hit: AddressHit, near: tuple[float, float] | None) -> float:
    return _distance_m(near, (hit.lon, hit.lat)) if near else 0.0


def _distance_m(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Return the distance on the ground in metres, right within a city."""
    width = math.cos(math.radians(one[1]))
    return math.hypot((one[0] - other[0]) * width, one[1] - other[1]) * _METRES_PER_DEGREE
