"""The town as the routing engine sees it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import valhalla
from shapely.geometry import LineString, Point

from portal.territories.build.graph import build_graph, open_config
from portal.territories.demo_town import Town, write_osm_pbf

Route = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def route(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Route]:
    """Return a function that routes a truck between two (lon, lat)."""
    folder = tmp_path_factory.mktemp("graph")
    write_osm_pbf(town, folder / "town.osm.pbf")
    info = build_graph(folder / "town.osm.pbf", folder / "built")
    assert 2800 < info.directed_edge_count < 6000
    with open_config(folder / "built") as config:
        actor = valhalla.Actor(str(config))

        def run(start: tuple[float, float], end: tuple[float, float], **truck: float) -> dict[str, Any]:
            request = {
                "locations": [{"lon": lon, "lat": lat} for lon, lat in (start, end)],
                "costing": "truck",
                "costing_options": {"truck": truck},
                "format": "osrm",
                "overview": "full",
                "shape_format": "geojson",
            }
            found: dict[str, Any] = json.loads(actor.route(json.dumps(request)))["routes"][0]
            return found

        yield run


def _nearest_m(town: Town, found: dict[str, Any], key: str) -> float:
    """Return how near a route passes to a place."""
    place = town.places[key]
    line = LineString([town.plane.to_plane((lon, lat)) for lon, lat in found["geometry"]["coordinates"]])
    return line.distance(Point(town.plane.to_plane((place.lon, place.lat))))


def _either_side(town: Town, key: str) -> tuple[tuple[float, float], tuple[float, float]]:
    place = town.places[key]
    return (place.lon, place.lat + 0.0011), (place.lon, place.lat - 0.0011)


@pytest.mark.parametrize(
    ("key", "small", "big"),
    [
        ("underpass", {"height": 3.0, "weight": 5}, {"height": 4.1, "weight": 5}),
        ("old_bridge", {"height": 3.0, "weight": 11}, {"height": 3.0, "weight": 20}),
    ],
)
def test_truck_goes_round_when_it_is_over_the_limit(
    town: Town, route: Route, key: str, small: dict[str, float], big: dict[str, float]
) -> None:
    straight = route(*_either_side(town, key), **small)
    detour = route(*_either_side(town, key), **big)
    assert _nearest_m(town, straight, key) < 5
    assert _nearest_m(town, detour, key) > 25
    assert detour["distance"] > 1.3 * straight["distance"]


@pytest.mark.parametrize(
    ("start", "end"),
    [("market", "station"), ("industry", "hospital"), ("hospital", "stadium"), ("station", "town_hall")],
)
def test_truck_arrives_when_it_crosses_the_town(town: Town, route: Route, start: str, end: str) -> None:
    places = [(town.places[key].lon, town.places[key].lat) for key in (start, end)]
    found = route(places[0], places[1], height=3.5, weight=12)
    assert 300 < found["distance"] < 6000


def test_motorway_is_used_when_it_is_the_way_across(town: Town, route: Route) -> None:
    motorway = [road for road in town.roads if dict(road.tags)["highway"] == "motorway"]
    ends = [town.nodes[road.nodes[0]] for road in motorway]
    south, north = min(ends, key=lambda p: p[1]), max(ends, key=lambda p: p[1])
    found = route(south, north, height=4.0, weight=40)
    assert found["distance"] == pytest.approx(2740, rel=0.08)
