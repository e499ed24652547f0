"""From OpenStreetMap tags to the kinds of the Protomaps basemap schema, version 4. Pure look-ups.

Each function returns None for what the map does not show. `min_zoom` is the first zoom of the data at which a feature
is worth its bytes; the browser shows data of zoom z on maps of zoom z + 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Tags = Mapping[str, str]

MIN_ZOOM = 5
MAX_ZOOM = 15


@dataclass(frozen=True, slots=True)
class Kind:
    """What a feature is on the map: its kind, a finer kind, its first zoom, further attributes."""

    kind: str
    kind_detail: str | int | None
    min_zoom: int
    more: Mapping[str, str | int | bool] = field(default_factory=dict)

    def properties(self, name: str | None) -> dict[str, str | int | bool]:
        """Return the attributes of the feature in the tile."""
        found: dict[str, str | int | bool] = {"kind": self.kind, "min_zoom": self.min_zoom, **self.more}
        if self.kind_detail is not None:
            found["kind_detail"] = self.kind_detail
        if name:
            found["name"] = name
        return found


_ROADS: Mapping[str, tuple[str, int]] = {
    "motorway": ("highway", 5),
    "motorway_link": ("highway", 9),
    "trunk": ("major_road", 6),
    "trunk_link": ("major_road", 9),
    "primary": ("major_road", 7),
    "primary_link": ("major_road", 10),
    "secondary": ("major_road", 9),
    "secondary_link": ("major_road", 11),
    "tertiary": ("major_road", 10),
    "tertiary_link": ("major_road", 12),
    "unclassified": ("minor_road", 12),
    "residential": ("minor_road", 12),
    "living_street": ("minor_road", 12),
    "road": ("minor_road", 12),
    "pedestrian": ("minor_road", 12),
    "busway": ("minor_road", 13),
    "service": ("minor_road", 13),
    "raceway": ("other", 13),
    "track": ("other", 13),
    "cycleway": ("path", 13),
    "footway": ("path", 14),
    "path": ("path", 13),
    "steps": ("path", 14),
    "bridleway": ("path", 14),
}
_RAILS: Mapping[str, int] = {
    "rail": 9,
    "light_rail": 11,
    "tram": 13,
    "narrow_gauge": 11,
    "funicular": 13,
    "monorail": 12,
}
_LANDUSE: Mapping[tuple[str, str], tuple[str, int]] = {
    ("leisure", "park"): ("park", 9),
    ("leisure", "garden"): ("park", 12),
    ("leisure", "nature_reserve"): ("nature_reserve", 8),
    ("leisure", "golf_course"): ("golf_course", 11),
    ("leisure", "playground"): ("playground", 13),
    ("leisure", "pitch"): ("grass", 13),
    ("leisure", "stadium"): ("playground", 12),
    ("boundary", "national_park"): ("national_park", 7),
    ("boundary", "protected_area"): ("protected_area", 8),
    ("landuse", "forest"): ("forest", 8),
    ("landuse", "cemetery"): ("cemetery", 12),
    ("landuse", "recreation_ground"): ("park", 12),
    ("landuse", "village_green"): ("village_green", 12),
    ("landuse", "allotments"): ("allotments", 12),
    ("landuse", "grass"): ("grass", 13),
    ("landuse", "meadow"): ("grassland", 10),
    ("landuse", "flowerbed"): ("grass", 14),
    ("landuse", "orchard"): ("scrub", 11),
    ("landuse", "vineyard"): ("scrub", 11),
    ("landuse", "industrial"): ("industrial", 10),
    ("landuse", "commercial"): ("industrial", 11),
    ("landuse", "retail"): ("industrial", 12),
    ("landuse", "port"): ("industrial", 11),
    ("landuse", "quarry"): ("industrial", 11),
    ("landuse", "railway"): ("industrial", 12),
    ("landuse", "military"): ("military", 10),
    ("natural", "wood"): ("wood", 9),
    ("natural", "scrub"): ("scrub", 10),
    ("natural", "grassland"): ("grassland", 10),
    ("natural", "heath"): ("grassland", 10),
    ("natural", "beach"): ("beach", 11),
    ("natural", "sand"): ("sand", 11),
    ("natural", "glacier"): ("glacier", 8),
    ("amenity", "hospital"): ("hospital", 12),
    ("amenity", "school"): ("school", 13),
    ("amenity", "university"): ("university", 12),
    ("amenity", "college"): ("college", 13),
    ("amenity", "grave_yard"): ("cemetery", 13),
    ("aeroway", "aerodrome"): ("aerodrome", 9),
    ("tourism", "zoo"): ("zoo", 12),
    ("man_made", "pier"): ("pier", 13),
    ("place", "square"): ("pedestrian", 13),
}
_PLACES: Mapping[str, tuple[str, int, int]] = {
    # place -> kind, first zoom, rank of population when none is given
    "city": ("locality", 5, 11),
    "town": ("locality", 8, 8),
    "village": ("locality", 10, 5),
    "hamlet": ("locality", 12, 2),
    "suburb": ("neighbourhood", 12, 4),
    "quarter": ("neighbourhood", 13, 3),
    "neighbourhood": ("neighbourhood", 14, 2),
}
_POIS: Mapping[tuple[str, str], tuple[str, int]] = {
    ("railway", "station"): ("station", 12),
    ("railway", "halt"): ("station", 13),
    ("amenity", "townhall"): ("townhall", 13),
    ("amenity", "hospital"): ("hospital", 13),
    ("amenity", "university"): ("university", 13),
    ("amenity", "marketplace"): ("marketplace", 14),
    ("amenity", "police"): ("police", 14),
    ("amenity", "fire_station"): ("fire_station", 14),
    ("amenity", "post_office"): ("post_office", 15),
    ("amenity", "school"): ("school", 14),
    ("amenity", "library"): ("library", 15),
    ("amenity", "theatre"): ("theatre", 15),
    ("tourism", "museum"): ("museum", 14),
    ("tourism", "attraction"): ("attraction", 14),
    ("leisure", "stadium"): ("stadium", 14),
    ("shop", "mall"): ("mall", 14),
}
_POPULATION_STEPS = (200, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 5_000_000)
_NO = frozenset(("no", "false", "0"))


def _said(tags: Tags, key: str) -> bool:
    value = tags.get(key)
    return value is not None and value not in _NO


def road_kind(tags: Tags) -> Kind | None:
    """Return the kind of a line of the layer `roads`: streets, paths, rails, piers, runways."""
    more: dict[str, str | int | bool] = {}
    highway, railway = tags.get("highway", ""), tags.get("railway", "")
    if _said(tags, "bridge"):
        more["is_bridge"] = True
    if _said(tags, "tunnel"):
        more["is_tunnel"] = True
    if highway in _ROADS:
        if tags.get("area") == "yes" or tags.get("access") == "no":
            return None
        kind, zoom = _ROADS[highway]
        if highway.endswith("_link"):
            more["is_link"] = True
        if tags.get("oneway") in {"yes", "-1", "1", "true"}:
            more["oneway"] = "yes"
        if kind in {"highway", "major_road"} and tags.get("ref"):
            more["ref"] = tags["ref"]
        if highway == "service" and tags.get("service"):
            more["service"] = tags["service"]
            zoom = 14
        return Kind(kind, highway, zoom, more)
    if railway in _RAILS:
        zoom = _RAILS[railway] if "service" not in tags else 13
        return Kind("rail", railway, zoom, more)
    if tags.get("man_made") == "pier":
        return Kind("path", "pier", 13)
    if tags.get("aeroway") in {"runway", "taxiway"}:
        return Kind("aeroway", tags["aeroway"], 10)
    return None


def landuse_kind(tags: Tags) -> Kind | None:
    """Return the kind of a polygon of the layer `landuse`."""
    if tags.get("highway") in {"pedestrian", "footway", "living_street"}:
        return Kind("pedestrian", tags["highway"], 13) if tags.get("area") == "yes" or "type" in tags else None
    for key in ("leisure", "amenity", "tourism", "aeroway", "man_made", "natural", "landuse", "boundary", "place"):
        found = _LANDUSE.get((key, tags.get(key, "")))
        if found:
            return Kind(found[0], tags[key], found[1])
    return None


def water_area_kind(tags: Tags) -> Kind | None:
    """Return the kind of a polygon of the layer `water`."""
    if tags.get("natural") == "water" or tags.get("waterway") in {"riverbank", "dock"}:
        detail = tags.get("water") or tags.get("waterway")
        river = detail in {"river", "riverbank", "canal"}
        return Kind("river" if river else "water", detail, 7 if river else 9)
    if tags.get("landuse") in {"reservoir", "basin"}:
        return Kind("water", tags["landuse"], 10)
    if tags.get("leisure") == "swimming_pool":
        return Kind("swimming_pool", None, 15)
    if tags.get("amenity") == "fountain":
        return Kind("fountain", None, 15)
    return None


def water_line_kind(tags: Tags) -> Kind | None:
    """Return the kind of a line of the layer `water`."""
    if _said(tags, "tunnel"):
        return None
    waterway = tags.get("waterway")
    if waterway in {"river", "canal"}:
        return Kind("river", waterway, 9)
    if waterway in {"stream", "ditch", "drain"}:
        return Kind("stream", waterway, 13)
    return None


def building_kind(tags: Tags) -> Kind | None:
    """Return the kind of a polygon of the layer `buildings`."""
    if not _said(tags, "building") or tags.get("location") == "underground":
        return None
    return Kind("building", None, 13)


def boundary_kind(tags: Tags) -> Kind | None:
    """Return the kind of a line of the layer `boundaries`; the finer kind is the level, 2 for a country."""
    level = tags.get("admin_level", "")
    if tags.get("boundary") != "administrative" or level not in {"2", "4", "6", "8"}:
        return None
    number = int(level)
    return Kind(
        {2: "country", 4: "region", 6: "county", 8: "locality"}[number], number, {2: 5, 4: 6, 6: 8, 8: 11}[number]
    )


def place_kind(tags: Tags) -> Kind | None:
    """Return the kind of a point of the layer `places`."""
    found = _PLACES.get(tags.get("place", ""))
    if found is None or not tags.get("name"):
        return None
    kind, zoom, rank = found
    more: dict[str, str | int | bool] = {}
    population = tags.get("population", "").replace(" ", "")
    if population.isascii() and population.isdigit():
        more["population"] = int(population)
        rank = sum(int(population) >= step for step in _POPULATION_STEPS)
    return Kind(kind, tags["place"], zoom, {**more, "population_rank": rank})


def poi_kind(tags: Tags) -> Kind | None:
    """Return the kind of a point of the layer `pois`: only what helps a driver find the way."""
    if not tags.get("name"):
        return None
    for key in ("railway", "amenity", "tourism", "leisure", "shop"):
        found = _POIS.get((key, tags.get(key, "")))
        if found:
            return Kind(found[0], tags[key], found[1])
    return None
