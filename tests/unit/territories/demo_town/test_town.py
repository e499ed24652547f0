"""What the invented town must hold, whatever the seed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import osmium
import pytest
from shapely.geometry import Polygon

from portal.territories.demo_town import Road, Town, generate, write_osm_pbf
from portal.territories.demo_town.connectivity import largest_component, strong_components
from portal.territories.demo_town.plan import ring_radii
from portal.territories.demo_town.plane import Plane


def _tags(road: Road) -> dict[str, str]:
    return dict(road.tags)


def _car_edges(town: Town) -> list[tuple[int, int]]:
    edges = []
    for road in town.roads:
        tags = _tags(road)
        if tags["highway"] in ("footway", "pedestrian"):
            continue
        pairs = list(zip(road.nodes, road.nodes[1:], strict=False))
        edges += pairs
        if tags.get("oneway") != "yes":
            edges += [(v, u) for u, v in pairs]
    return edges


@pytest.mark.parametrize(("seed", "size_km"), [(2, 2.0), (3, 3.0)])
def test_every_street_is_reached_by_car_when_the_pedestrian_core_is_left_out(seed: int, size_km: float) -> None:
    component = strong_components(_car_edges(generate(seed, size_km)))
    assert len(component) > 500
    assert len(set(component.values())) == 1


def test_pedestrian_streets_hang_on_the_streets_of_cars_when_drawn(town: Town) -> None:
    car_nodes = {node for edge in _car_edges(town) for node in edge}
    walks = [road.nodes for road in town.roads if _tags(road)["highway"] == "pedestrian"]
    pairs = [pair for nodes in walks for path in (nodes, nodes[::-1]) for pair in pairwise(path)]
    assert len(pairs) > 20
    component = strong_components(pairs)
    reached = {number for node, number in component.items() if node in car_nodes}
    assert reached == set(component.values())


def test_components_are_told_apart_when_one_edge_leads_one_way() -> None:
    component = strong_components([(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 4)])
    assert component[1] == component[2] == component[3] != component[4] == component[5]
    assert largest_component(component) == {1, 2, 3}


def test_bytes_are_equal_when_seed_and_size_are(town: Town, tmp_path: Path) -> None:
    write_osm_pbf(town, tmp_path / "a.osm.pbf")
    write_osm_pbf(generate(1, 3.0), tmp_path / "b.osm.pbf")
    assert (tmp_path / "a.osm.pbf").read_bytes() == (tmp_path / "b.osm.pbf").read_bytes()


def test_towns_differ_when_seeds_do(town: Town) -> None:
    other = generate(2, 3.0)
    assert other.nodes != town.nodes
    assert other.bounds == town.bounds


def test_every_class_of_road_is_there_when_the_town_is_drawn(town: Town) -> None:
    classes = Counter(_tags(road)["highway"] for road in town.roads)
    assert set(classes) == {
        "motorway", "motorway_link", "trunk", "primary", "secondary", "tertiary", "residential", "unclassified",
        "pedestrian", "footway",
    }  # fmt: skip
    assert sum(_tags(road).get("oneway") == "yes" for road in town.roads) > 40
    assert sum("bridge" in _tags(road) and "name" in _tags(road) for road in town.roads) >= 5


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("maxweight", "12"),
        ("maxheight", "3.2"),
        ("hgv:conditional", "no @ (Mo-Fr 07:00-19:00)"),
        ("bridge:name", "Viaduc de l’Orle"),
    ],
)
def test_limit_is_on_a_road_when_trucks_must_meet_it(town: Town, key: str, value: str) -> None:
    found = [road for road in town.roads if _tags(road).get(key) == value]
    assert found
    if key == "maxheight":
        assert all(_tags(road)["tunnel"] == "yes" for road in found)
    if key in ("maxweight", "bridge:name"):
        assert all(_tags(road)["bridge"] == "yes" for road in found)


def test_street_names_are_unique_when_the_town_is_named(town: Town) -> None:
    names = Counter(street.name for street in town.streets)
    assert names.most_common(1)[0][1] == 1
    assert len(names) > 400


def test_house_numbers_are_odd_on_one_side_when_houses_are_numbered(town: Town) -> None:
    lines = {street.name: [town.plane.to_plane(p) for p in street.line] for street in town.streets}
    wrong = 0
    checked = 0
    for address in town.addresses:
        if not address.number.isdigit():
            continue
        x, y = town.plane.to_plane((address.lon, address.lat))
        line = lines[address.street]
        a, b = min(
            pairwise(line),
            key=lambda side: math.dist(((side[0][0] + side[1][0]) / 2, (side[0][1] + side[1][1]) / 2), (x, y)),
        )
        left = (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]) > 0
        checked += 1
        wrong += left != (int(address.number) % 2 == 1)
    assert checked > 5000
    assert wrong < checked * 0.02  # the nearest side is misjudged at sharp bends only


def test_no_address_is_given_twice_when_houses_are_numbered(town: Town) -> None:
    given = Counter((address.number, address.street) for address in town.addresses)
    assert given.most_common(1)[0][1] == 1


def test_buildings_are_sound_and_leave_the_streets_free_when_raised(town: Town) -> None:
    outlines = [Polygon(area.rings[0]) for area in town.areas if any(k == "building" for k, _ in area.tags)]
    assert len(outlines) > 5000
    assert sum(not outline.is_valid for outline in outlines) <= len(outlines) * 0.003


def test_turn_restrictions_join_at_their_node_when_written(town: Town) -> None:
    assert len(town.restrictions) >= 4
    for turn in town.restrictions:
        for number in (turn.from_road, turn.to_road):
            nodes = town.roads[number].nodes
            assert turn.via_node in (nodes[0], nodes[-1])


def test_file_can_be_read_back_when_written(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "town.osm.pbf"
    write_osm_pbf(town, path)
    kinds: Counter[str] = Counter()
    objects: Iterable[Any] = osmium.FileProcessor(str(path)).with_areas()
    for item in objects:
        tags = item.tags
        if item.is_area():
            for key in ("building", "landuse", "natural", "leisure", "boundary"):
                kinds[key] += key in tags
            kinds["island"] += "water" in tags and item.num_rings()[1] == 1
        elif item.is_node():
            kinds["address"] += "addr:housenumber" in tags
            kinds["town"] += tags.get("place") == "town"
            kinds["suburb"] += tags.get("place") == "suburb"
        elif item.is_way():
            kinds["rail"] += tags.get("railway") == "rail"
            kinds["river"] += tags.get("waterway") == "river"
    assert kinds["address"] == len(town.addresses)
    assert kinds["island"] == kinds["town"] == kinds["river"] == kinds["boundary"] == 1
    assert kinds["rail"] >= 5
    assert kinds["suburb"] >= 12
    assert min(kinds[key] for key in ("building", "landuse", "natural", "leisure")) > 0


def test_ids_are_sorted_and_every_node_known_when_written(town: Town, tmp_path: Path) -> None:
    path = tmp_path / "town.osm.pbf"
    write_osm_pbf(town, path)
    nodes: set[int] = set()
    ways: list[int] = []
    objects: Iterable[Any] = osmium.FileProcessor(str(path))
    for item in objects:
        if item.is_node():
            assert item.id == len(nodes) + 1
            nodes.add(item.id)
        elif item.is_way():
            ways.append(item.id)
            assert all(node.ref in nodes for node in item.nodes)
    assert ways == sorted(set(ways))


@pytest.mark.parametrize(
    "key",
    ["market", "station", "stadium", "town_hall", "hospital", "industry", "old_bridge", "underpass", "weight_street"],
)
def test_place_lies_in_the_town_when_asked_for(town: Town, key: str) -> None:
    west, south, east, north = town.bounds
    place = town.places[key]
    assert place.label
    assert west < place.lon < east
    assert south < place.lat < north


@pytest.mark.parametrize(("seed", "size_km"), [(1, 1.0), (1, 31.0), (1, math.nan), (-1, 3.0)])
def test_value_error_when_the_town_cannot_be_drawn(seed: int, size_km: float) -> None:
    with pytest.raises(ValueError, match="must"):
        generate(seed, size_km)


@pytest.mark.parametrize(("old", "ring"), [(300, 1035), (234, 690), (1071, 8625)])
def test_rings_grow_outwards_when_the_city_does(old: float, ring: float) -> None:
    radii = ring_radii(old, ring)
    assert radii == sorted(radii)
    assert radii[-1] == ring
    assert all(b - a <= ring * 0.2 + 1500 for a, b in zip([old, *radii], radii, strict=False))


def test_position_comes_back_when_projected_both_ways() -> None:
    plane = Plane(2.05, 47.4)
    x, y = plane.to_plane(plane.to_lonlat((1234.5, -987.6)))
    assert (x, y) == pytest.approx((1234.5, -987.6), abs=0.02)
