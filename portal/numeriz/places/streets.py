"""Streets by name: which one is meant, and the part of it between house numbers or crossings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher, get_close_matches
from typing import Any, Final

import numpy as np

from portal.common.errors import Unavailable
from portal.common.text import fold
from portal.numeriz.places.axis import StreetAxis, clusters
from portal.numeriz.places.roads import Piece, Roads, is_numbered, name_key
from portal.numeriz.places.values import problem
from portal.numeriz.values import Issue
from portal.territories.api import (
    HitKind,
    HouseNumber,
    StreetHouses,
    TerritoryView,
    list_street_houses,
    read_house_number,
    search_addresses,
)

type Houses = Mapping[HouseNumber, tuple[float, float]]
"""Where each house stands, (lon, lat)."""

MOST_STREETS: Final = 30
"""Streets of one place: more is an area."""

_MOST_NAMED: Final = 5
_MOST_HITS: Final = 12
_LEAST_SCORE: Final = 0.3
_FAR_HOUSE_M: Final = 80.0
_ONE_CROSSING_M: Final = 90.0
_LEAST_PIECE_M: Final = 2.0


@dataclass(frozen=True, slots=True)
class StreetPart:
    """A street or a part of it. label: in French, as it is stored with the law and published: « Rue A, de … à … ».

    doubts: what the clerk has to look at.
    """

    label: str
    pieces: tuple[Piece, ...]
    axis: StreetAxis
    doubts: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class _End:
    """An end of a part: its places along the street (several at the crossing of an avenue) and what it is called."""

    label: str
    first_m: float
    last_m: float
    is_number: bool = False

    def said(self, before_number: str, before_street: str) -> str:
        """The end with its preposition."""
        return f"{before_number if self.is_number else before_street} {self.label}"


class NotFoundHere(Exception):
    """A part of the spec stands for nothing; problem says why."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(issue.code)
        self.problem = issue


def find_streets(
    territory: TerritoryView, roads: Roads, wanted: Sequence[Mapping[str, Any]]
) -> tuple[list[StreetPart], list[Issue]]:
    """The parts that were found of some streets {"name", "commune", "from", "to"}, and what was not understood."""
    parts, problems = [], []
    for number, one in enumerate(wanted):
        where = f"streets.{number}"
        try:
            parts.append(_find_street(territory, roads, one, where))
        except NotFoundHere as lost:
            problems.append(lost.problem)
    return parts, problems


def _find_street(territory: TerritoryView, roads: Roads, wanted: Mapping[str, Any], where: str) -> StreetPart:
    typed = text_of(wanted.get("name"))
    if not typed:
        raise NotFoundHere(problem("street-missing", f"{where}.name"))
    name, _comma, town = typed.partition(",")
    commune = text_of(wanted.get("commune")) or town.strip()
    key = name_key(name)
    houses = [] if is_numbered(name) else _houses(territory, name)
    if not roads.has_name(key):
        code = "street-without-traffic" if houses else "street-unknown"
        raise NotFoundHere(problem(code, f"{where}.name", name=name[:80], near=near_names(territory, roads, name)))
    streets, numbers = clusters(roads, roads.rows_named(key)), _numbers(wanted)
    doubts: list[Issue] = []
    if not commune and len(streets) > 1 and (only := _only_one_with(houses, numbers)) is not None:
        commune = only.commune
        doubts.append(problem("street-of-one-commune", f"{where}.name", commune=commune, number=str(numbers[0])))
    streets, houses = _of_commune(roads, key, streets, houses, commune, where)
    known: Houses = {number: at for street in houses for number, at in street.houses.items()}
    # Between a house and a crossing the part may run from one place to the other.
    kept, known = (streets, known) if _names_crossing(wanted) else _at_numbers(roads, streets, known, numbers)
    if len(kept) < len(streets):
        doubts.append(problem("street-at-one-place", f"{where}.name", number=str(numbers[0])))
    axis = StreetAxis(roads, [row for rows in kept for row in rows])
    if _descends(axis, known):
        axis.turn()
    start = _end(roads, axis, known, wanted.get("from"), f"{where}.from", territory)
    end = _end(roads, axis, known, wanted.get("to"), f"{where}.to", territory)
    return replace(_part(roads, axis, key, start, end, where), doubts=tuple(doubts))


def _numbers(wanted: Mapping[str, Any]) -> list[HouseNumber]:
    """The house numbers that the ends of a part name, as far as they can be read."""
    read = (read_house_number(text_of(end.get("number"))) for end in _ends(wanted))
    return [number for number in read if number is not None]


def _names_crossing(wanted: Mapping[str, Any]) -> bool:
    """Tell whether an end of a part is a street that crosses."""
    return any(text_of(end.get("crossing")) and not text_of(end.get("number")) for end in _ends(wanted))


def _ends(wanted: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [end for end in (wanted.get("from"), wanted.get("to")) if isinstance(end, Mapping)]


def _houses(territory: TerritoryView, name: str) -> Sequence[StreetHouses]:
    try:
        return list_street_houses(territory, name)
    except Unavailable:
        # The street is on the graph whether or not its numbers are known; who gives a number is told that they are not.
        return []


def _part(roads: Roads, axis: StreetAxis, key: str, start: _End | None, end: _End | None, where: str) -> StreetPart:
    name = roads.display_name(key)
    if start is None and end is None:
        return StreetPart(name, tuple(axis.whole()), axis)
    # Of two crossed carriageways the street ends at the nearer one.
    first_m = 0.0 if start is None else start.first_m
    last_m = axis.length_m if end is None else end.last_m
    backwards = False
    if start is not None and end is not None and start.first_m + start.last_m > end.first_m + end.last_m:
        backwards = True
        first_m, last_m = end.last_m, start.first_m
    elif start is not None and end is not None:
        first_m, last_m = start.last_m, end.first_m
    if last_m - first_m < _LEAST_PIECE_M:
        raise NotFoundHere(problem("street-part-empty", f"{where}.to", name=name))
    pieces = axis.cut(first_m, last_m)
    if backwards:
        pieces = [Piece(piece.row, piece.first, piece.last, not piece.backwards) for piece in pieces]
    if not pieces:
        raise NotFoundHere(problem("street-part-empty", f"{where}.to", name=name))
    return StreetPart(f"{name}, {_ends_words(start, end)}", tuple(pieces), axis)


def _ends_words(start: _End | None, end: _End | None) -> str:
    """« du n° 3 au n° 12 », « de Rue A à Rue B », « à partir de … », « jusqu’à … »."""
    if start is not None and end is not None:
        return f"{start.said('du', 'de')} {end.said('au', 'à')}"
    if start is not None:
        return f"à partir {start.said('du', 'de')}"
    return "" if end is None else end.said("jusqu’au", "jusqu’à")


def _only_one_with(houses: Sequence[StreetHouses], numbers: Sequence[HouseNumber]) -> StreetHouses | None:
    """The one street of several communes that has all of some house numbers; None without any, or when several do."""
    found = [street for street in houses if numbers and all(number in street.houses for number in numbers)]
    return found[0] if len(houses) > 1 and len(found) == 1 else None


def _of_commune(
    roads: Roads, key: str, streets: list[list[int]], houses: Sequence[StreetHouses], commune: str, where: str
) -> tuple[list[list[int]], list[StreetHouses]]:
    """What is meant of the streets of a name; one that several communes have needs the commune."""
    if len(houses) < 2 or len(streets) < 2:
        return streets, list(houses)
    owners = [_nearest(roads, rows, houses) for rows in streets]
    chosen = [street for street in houses if commune and fold(street.commune) == fold(commune)]
    if not chosen:
        communes = ", ".join(sorted({street.commune for street in houses}))
        raise NotFoundHere(problem("street-of-several-communes", f"{where}.commune", communes=communes))
    kept = [rows for rows, owner in zip(streets, owners, strict=True) if owner in chosen]
    if not kept:
        raise NotFoundHere(problem("street-without-traffic", f"{where}.name", name=roads.display_name(key), near=""))
    return kept, chosen


def _at_numbers(
    roads: Roads,
    streets: list[list[int]],
    known: Houses,
    numbers: Sequence[HouseNumber],
) -> tuple[list[list[int]], Houses]:
    """Of a street that lies at several places the one where some numbers are, with all its numbers.

    All of the street when they are not at one place, or unknown.
    """
    if len(streets) < 2 or not numbers or any(number not in known for number in numbers):
        return streets, known
    axes = [StreetAxis(roads, rows) for rows in streets]
    nearest = {
        number: int(np.argmin([axis.spot(lon, lat).apart_m for axis in axes])) for number, (lon, lat) in known.items()
    }
    place = nearest[numbers[0]]
    if any(nearest[number] != place for number in numbers):
        return streets, known
    return [streets[place]], {number: at for number, at in known.items() if nearest[number] == place}


def _nearest(roads: Roads, rows: Sequence[int], streets: Sequence[StreetHouses]) -> StreetHouses:
    axis = StreetAxis(roads, rows)
    return min(streets, key=lambda street: axis.spot(street.lon, street.lat).apart_m)


def _descends(axis: StreetAxis, houses: Houses) -> bool:
    """Tell whether the numbers fall along the axis; a street without numbers is measured from the west or the north."""
    if len(houses) >= 2:
        spots = [axis.spot(*at) for at in houses.values()]
        places = np.array([axis.place_of(spot.row, spot.fraction) for spot in spots])
        numbers = np.array([house.number for house in houses], dtype=np.float64)
        slope = float(np.sum((places - places.mean()) * (numbers - numbers.mean())))
        if slope:
            return slope < 0
    first, last = axis.end_points()
    across = abs(last[0] - first[0]) > abs(last[1] - first[1])
    return last[0] < first[0] if across else last[1] > first[1]


def _end(
    roads: Roads,
    axis: StreetAxis,
    houses: Houses,
    wanted: object,
    where: str,
    territory: TerritoryView,
) -> _End | None:
    if not isinstance(wanted, Mapping):
        return None
    number, crossing = text_of(wanted.get("number")), text_of(wanted.get("crossing"))
    if number:
        return _number(axis, houses, number, where)
    if crossing:
        return _crossing(roads, axis, crossing, where, territory)
    return None


def _number(axis: StreetAxis, houses: Houses, typed: str, where: str) -> _End:
    if not houses:
        raise NotFoundHere(problem("street-without-numbers", where))
    house = read_house_number(typed)
    if house is None:
        raise NotFoundHere(problem("number-unreadable", where, number=typed[:20]))
    at = houses.get(house)
    spot = None if at is None else axis.spot(*at)
    if spot is None:
        near = ", ".join(map(str, sorted(sorted(houses, key=lambda known: _apart(known, house))[:4])))
        raise NotFoundHere(problem("number-unknown", where, number=str(house), near=near))
    if spot.apart_m > _FAR_HOUSE_M:
        raise NotFoundHere(problem("number-far", where, number=str(house), metres=round(spot.apart_m)))
    place = axis.place_of(spot.row, spot.fraction)
    return _End(f"n°\u00a0{house}", place, place, is_number=True)


def _apart(one: HouseNumber, other: HouseNumber) -> tuple[int, bool, HouseNumber]:
    return abs(one.number - other.number), one.number % 2 != other.number % 2, one


def _crossing(roads: Roads, axis: StreetAxis, typed: str, where: str, territory: TerritoryView) -> _End:
    key = name_key(typed.partition(",")[0])
    crossings = dict(_crossings(roads, axis))
    if key not in crossings:
        near = _by_likeness(key, {other: roads.display_name(other) for other in crossings})
        code = "crossing-unknown" if roads.has_name(key) else "crossing-street-unknown"
        names = ", ".join(near) or near_names(territory, roads, typed)
        raise NotFoundHere(problem(code, where, name=typed[:80], near=names))
    places = crossings[key]
    if max(places) - min(places) > _ONE_CROSSING_M:
        raise NotFoundHere(problem("crossing-several", where, name=roads.display_name(key)))
    return _End(roads.display_name(key), min(places), max(places))


def _crossings(roads: Roads, axis: StreetAxis) -> Iterator[tuple[str, list[float]]]:
    """The streets that meet a street, by key, each with the places of the junctions along it."""
    own = set(axis.rows)
    found: dict[str, set[float]] = {}
    for node in axis.nodes:
        for row in roads.at_node(node):
            if row not in own:
                for key in {name_key(name) for name in roads.table.names_of(row)} - {""}:
                    found.setdefault(key, set()).update(axis.places_of_node(node))
    # A street bears its own number too.
    mine = set.intersection(*({name_key(name) for name in roads.table.names_of(row)} for row in own))
    for key, places in found.items():
        if key not in mine:
            yield key, sorted(places)


def crossing_names(roads: Roads, name: str) -> list[str]:
    """The names of the streets that cross a street, from one end of it to the other; none of an unknown street."""
    key = name_key(name.partition(",")[0])
    if not roads.has_name(key):
        return []
    axis = StreetAxis(roads, roads.rows_named(key))
    if _descends(axis, {}):
        axis.turn()
    places = sorted((places[0], roads.display_name(other)) for other, places in _crossings(roads, axis))
    return [shown for _place, shown in places]


def near_names(territory: TerritoryView, roads: Roads, typed: str) -> str:
    """Streets with traffic whose name comes near to what was typed, separated by commas; "" when none does."""
    found = dict.fromkeys(name for name, _commune in suggest(territory, roads, typed))
    return ", ".join(list(found)[:_MOST_NAMED])


def suggest(territory: TerritoryView, roads: Roads, typed: str) -> list[tuple[str, str]]:
    """Streets with traffic that somebody may mean who types this, each with its commune and postcode, best first."""
    try:
        hits = search_addresses(territory.slug, typed, _MOST_HITS)
    except Unavailable:
        # Without the index of addresses the names of the graph are all there is.
        return [(roads.keys[key], "") for key in get_close_matches(name_key(typed), roads.keys, _MOST_NAMED, 0.6)]
    found = []
    for hit in hits:
        name, _comma, town = hit.label.partition(",")
        if hit.kind is not HitKind.PLACE and hit.score >= _LEAST_SCORE and roads.has_name(name_key(name)):
            found.append((name, town.strip()))
    return found


def _by_likeness(key: str, names: Mapping[str, str]) -> list[str]:
    ranked = sorted(names, key=lambda other: (-SequenceMatcher(None, key, other, autojunk=False).ratio(), other))
    return [names[other] for other in ranked[:_MOST_NAMED]]


def text_of(value: object) -> str:
    """A text as it was typed, trimmed; "" for anything else."""
    return value.strip()[:200] if isinstance(value, str) else ""
