"""The address index of a territory: streets, house numbers and named places of the extract, in one SQLite file.

Tables: entry (a street or a place), entry_words and entry_trigrams (full text), number (house numbers of a street),
spot (points for the reverse search, by cell), fact (counts). `portal.territories.address_search` reads it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import osmium
import shapely
from shapely import LineString, MultiLineString, Point, STRtree
from shapely.geometry.base import BaseGeometry

from portal.common.text import fold
from portal.territories.address_search import cell
from portal.territories.address_text import HouseNumber, name_words, read_house_numbers

SCHEMA = """
CREATE TABLE entry (
    id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, words TEXT NOT NULL, commune TEXT NOT NULL,
    postcode TEXT NOT NULL, weight INTEGER NOT NULL, lon REAL NOT NULL, lat REAL NOT NULL
);
CREATE VIRTUAL TABLE entry_words USING fts5(words, commune, content='', prefix='1 2 3', detail='full');
CREATE VIRTUAL TABLE entry_trigrams USING fts5(words, content='', tokenize='trigram');
CREATE TABLE number (
    entry_id INTEGER NOT NULL, number INTEGER NOT NULL, suffix TEXT NOT NULL, lon REAL NOT NULL, lat REAL NOT NULL,
    PRIMARY KEY (entry_id, number, suffix)
) WITHOUT ROWID;
CREATE TABLE spot (cell INTEGER NOT NULL, entry_id INTEGER NOT NULL, number INTEGER, suffix TEXT NOT NULL,
    lon REAL NOT NULL, lat REAL NOT NULL);
CREATE TABLE fact (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
"""
_SPOT_STEP_DEGREES = 0.0003
_PLACE_TAGS: Mapping[str, frozenset[str] | None] = {
    # None: every value; otherwise the values worth finding by name.
    "amenity": None,
    "railway": frozenset(("station", "halt", "tram_stop")),
    "public_transport": frozenset(("station",)),
    "tourism": frozenset(("museum", "hotel", "attraction", "theme_park", "zoo")),
    "leisure": frozenset(("park", "stadium", "sports_centre", "garden", "marina")),
    "shop": frozenset(("mall", "supermarket", "department_store", "wholesale")),
    "place": frozenset(("square", "quarter", "suburb", "neighbourhood", "village", "town", "city", "hamlet")),
    "landuse": frozenset(("industrial", "commercial", "retail")),
    "historic": frozenset(("monument", "castle")),
    "building": frozenset(("train_station", "hospital", "warehouse")),
}
_SETTLEMENTS = frozenset(("city", "town", "village"))
_COMMUNE_REACH_DEGREES = 0.08


@dataclass(frozen=True, slots=True)
class AddressInfo:
    """What was indexed."""

    street_count: int
    address_count: int
    place_count: int


@dataclass(slots=True)
class _Street:
    name: str
    commune: str
    lines: list[LineString] = field(default_factory=list)
    numbers: dict[HouseNumber, tuple[float, float]] = field(default_factory=dict)
    postcodes: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Address:
    street: str
    numbers: tuple[HouseNumber, ...]
    city: str
    postcode: str
    point: tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Place:
    name: str
    tag: str
    point: tuple[float, float]


@dataclass(slots=True)
class _Harvest:
    """Everything of the extract that has an address or a name, before communes are known."""

    ways: list[tuple[str, str, LineString]] = field(default_factory=list)
    addresses: list[_Address] = field(default_factory=list)
    places: list[_Place] = field(default_factory=list)
    communes: list[tuple[str, BaseGeometry]] = field(default_factory=list)
    settlements: list[tuple[str, Point]] = field(default_factory=list)


def build_addresses(pbf: Path, out: Path) -> AddressInfo:
    """Build the index `out` (which must not exist) from an extract whose objects come in order."""
    harvest = _harvest(pbf)
    communes = _Communes(harvest)
    streets: dict[tuple[str, str], _Street] = {}

    def street_of(name: str, commune: str) -> _Street:
        key = " ".join(name_words(name)), fold(commune)
        return streets.setdefault(key, _Street(name, commune))

    for name, city, line in harvest.ways:
        street_of(name, city or communes.at(line.interpolate(0.5, normalized=True))).lines.append(line)
    for address in harvest.addresses:
        street = street_of(address.street, address.city or communes.at(Point(address.point)))
        if address.postcode:
            street.postcodes[address.postcode] += 1
        for number in address.numbers:
            street.numbers.setdefault(number, address.point)
    # A square is often drawn as a street and again as a place: one entry is enough.
    places = [place for place in _distinct(harvest.places) if not _is_street(place, streets, communes)]
    return _write(out, list(streets.values()), places, communes)


def _is_street(place: _Place, streets: Mapping[tuple[str, str], _Street], communes: _Communes) -> bool:
    return (" ".join(name_words(place.name)), fold(communes.at(Point(place.point)))) in streets


def _harvest(pbf: Path) -> _Harvest:
    found = _Harvest()
    street_of_member = _associated_streets(pbf)
    objects: Iterable[Any] = osmium.FileProcessor(str(pbf)).with_areas().with_filter(osmium.filter.EmptyTagFilter())
    for item in objects:
        if item.is_relation():
            continue
        tags = {tag.k: tag.v for tag in item.tags}
        if item.is_way() and "highway" in tags and "name" in tags and tags.get("area") != "yes":
            points = [(node.lon, node.lat) for node in item.nodes if node.location.valid()]
            if len(points) > 1:
                found.ways.append((tags["name"], tags.get("addr:city", ""), LineString(points)))
            continue
        wanted = "addr:housenumber" in tags or _place_tag(tags) or "place" in tags or "boundary" in tags
        shape = _shape(item) if wanted else None
        if shape is None:
            continue
        middle = shape if isinstance(shape, Point) else shape.representative_point()
        point = (middle.x, middle.y)
        if tags.get("boundary") == "administrative" and tags.get("admin_level") == "8" and "name" in tags:
            found.communes.append((tags["name"], shape))
        if tags.get("place") in _SETTLEMENTS and "name" in tags:
            found.settlements.append((tags["name"], middle))
        street = tags.get("addr:street") or tags.get("addr:place") or street_of_member.get(_member_key(item))
        numbers = tuple(read_house_numbers(tags.get("addr:housenumber", "")))
        if street and numbers:
            city, postcode = tags.get("addr:city", ""), tags.get("addr:postcode", "")
            found.addresses.append(_Address(street, numbers, city, postcode, point))
        place_tag = _place_tag(tags)
        if place_tag and "name" in tags:
            found.places.append(_Place(tags["name"], place_tag, point))
    return found


def _place_tag(tags: Mapping[str, str]) -> str | None:
    for key, values in _PLACE_TAGS.items():
        value = tags.get(key)
        if value is not None and (values is None or value in values):
            return value
    return None


def _member_key(item: Any) -> tuple[str, int]:
    if item.is_area():
        return ("w" if item.from_way() else "r"), item.orig_id()
    return item.type_str(), item.id


def _associated_streets(pbf: Path) -> dict[tuple[str, int], str]:
    """Return the street of each house that only a relation `associatedStreet` ties to it."""
    found: dict[tuple[str, int], str] = {}
    relations: Iterable[Any] = osmium.FileProcessor(str(pbf), osmium.osm.RELATION)
    for relation in relations:
        name = relation.tags.get("name") or relation.tags.get("addr:street")
        if name and relation.tags.get("type") in {"associatedStreet", "street"}:
            for member in relation.members:
                if member.role in {"house", "address"}:
                    found[member.type, member.ref] = name
    return found


def _shape(item: Any) -> BaseGeometry | None:
    """Return the point of a node, the polygon of an area; None for open ways and what the extract cut."""
    try:
        if item.is_node():
            return Point(item.lon, item.lat)
        if item.is_area():
            return shapely.from_wkb(_wkb.create_multipolygon(item))
    except (osmium.InvalidLocationError, RuntimeError):
        # libosmium says RuntimeError for an area whose rings do not close: without a shape there is nothing to find.
        return None
    return None


_wkb = osmium.geom.WKBFactory()


class _Communes:
    """Names the commune of a point: its boundary, else the nearest town, else the city most addresses name."""

    def __init__(self, harvest: _Harvest) -> None:
        self._names = [name for name, _shape in harvest.communes]
        self._tree = STRtree([shape for _name, shape in harvest.communes])
        self._settlements = harvest.settlements
        self._towns = STRtree([point for _name, point in harvest.settlements])
        cities = Counter(address.city for address in harvest.addresses if address.city)
        self._usual = cities.most_common(1)[0][0] if cities else ""

    def at(self, point: Point) -> str:
        """Return the name of the commune, "" when the extract does not say."""
        inside = self._tree.query(point, predicate="intersects")
        if len(inside):
            return self._names[int(inside[0])]
        if self._settlements:
            index = self._towns.nearest(point)
            name, town = self._settlements[int(index)]
            if town.distance(point) <= _COMMUNE_REACH_DEGREES:
                return name
        return self._usual


def _distinct(places: list[_Place]) -> list[_Place]:
    """Drop what is drawn twice: a node and the building around it, the entrances of one station."""
    seen: dict[tuple[str, int, int], _Place] = {}
    for place in places:
        lon, lat = place.point
        seen.setdefault((fold(place.name), round(lon * 300), round(lat * 300)), place)
    return list(seen.values())


def _write(out: Path, streets: list[_Street], places: list[_Place], communes: _Communes) -> AddressInfo:
    with closing(sqlite3.connect(out)) as base:
        base.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + SCHEMA)
        with base:
            entry_id = 0
            for entry_id, street in enumerate(streets, start=1):
                _write_street(base, entry_id, street)
            for place_id, place in enumerate(places, start=entry_id + 1):
                commune = communes.at(Point(place.point))
                _write_entry(base, place_id, "place", place.name, commune, "", 0, place.point)
            address_count = sum(len(street.numbers) for street in streets)
            info = AddressInfo(len(streets), address_count, len(places))
            facts = {"streets": info.street_count, "addresses": info.address_count, "places": info.place_count}
            base.executemany("INSERT INTO fact VALUES (?, ?)", facts.items())
            base.execute("CREATE INDEX spot_cell ON spot (cell)")
            for table in ("entry_words", "entry_trigrams"):
                base.execute(f"INSERT INTO {table}({table}) VALUES ('optimize')")  # noqa: S608  names of our own
        base.execute("ANALYZE")
        base.execute("VACUUM")
    return info


def _write_street(base: sqlite3.Connection, entry_id: int, street: _Street) -> None:
    postcode = street.postcodes.most_common(1)[0][0] if street.postcodes else ""
    middle = _middle(street)
    _write_entry(base, entry_id, "street", street.name, street.commune, postcode, len(street.numbers), middle)
    for house, (lon, lat) in street.numbers.items():
        base.execute("INSERT INTO number VALUES (?, ?, ?, ?, ?)", (entry_id, house.number, house.suffix, lon, lat))
        _write_spot(base, entry_id, house, (lon, lat))
    for point in {point for line in street.lines for point in _along(line)}:
        _write_spot(base, entry_id, None, point)


def _write_entry(
    base: sqlite3.Connection,
    entry_id: int,
    kind: str,
    name: str,
    commune: str,
    postcode: str,
    weight: int,
    point: tuple[float, float],
) -> None:
    words = " ".join(name_words(name))
    base.execute(
        "INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (entry_id, kind, name, words, commune, postcode, weight, *point),
    )
    base.execute("INSERT INTO entry_words(rowid, words, commune) VALUES (?, ?, ?)", (entry_id, words, fold(commune)))
    base.execute("INSERT INTO entry_trigrams(rowid, words) VALUES (?, ?)", (entry_id, words))


def _write_spot(base: sqlite3.Connection, entry_id: int, house: HouseNumber | None, point: tuple[float, float]) -> None:
    number, suffix = (house.number, house.suffix) if house else (None, "")
    base.execute("INSERT INTO spot VALUES (?, ?, ?, ?, ?, ?)", (cell(*point), entry_id, number, suffix, *point))


def _middle(street: _Street) -> tuple[float, float]:
    """Return the point of the street nearest to the middle of its pieces, or the mean of its houses."""
    if not street.lines:
        houses = list(street.numbers.values())
        return sum(lon for lon, _ in houses) / len(houses), sum(lat for _, lat in houses) / len(houses)
    lines = MultiLineString(street.lines)
    nearest = lines.interpolate(lines.project(lines.centroid))
    return nearest.x, nearest.y


def _along(line: LineString) -> Iterator[tuple[float, float]]:
    """Give points about 25 m apart on the line, both ends included."""
    steps = max(1, int(line.length / _SPOT_STEP_DEGREES))
    for step in range(steps + 1):
        point = line.interpolate(step / steps, normalized=True)
        yield round(point.x, 6), round(point.y, 6)
