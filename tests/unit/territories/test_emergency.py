"""Hospitals and fire stations are read from the base map of a territory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import shapely

from portal.territories.build.basemap import build_basemap
from portal.territories.build.source import prepare_source
from portal.territories.emergency import emergency_places
from tests.support.extract import LAT, LON, Extract, village
from tests.support.tours import town


def plan() -> Extract:
    found = village()
    found.node(1, 1, {"amenity": "fire_station", "name": "Centre de secours"})
    found.node(3, 1, {"amenity": "hospital", "name": "Hôpital Nord"})
    found.node(1, 3, {"amenity": "police", "name": "Commissariat"})
    ring = [(2.5, 2.5), (3.5, 2.5), (3.5, 3.5), (2.5, 3.5), (2.5, 2.5)]
    found.way(ring, {"amenity": "hospital", "name": "Clinique Sud"})
    return found


@pytest.fixture(scope="module")
def basemap(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("emergency")
    info = prepare_source(plan().write(folder / "plan.osm"), folder / "source.osm.pbf")
    build_basemap(folder / "source.osm.pbf", folder / "basemap.pmtiles", info.bounds)
    return folder / "basemap.pmtiles"


def test_hospitals_and_fire_stations_are_found_when_the_base_map_shows_them(basemap: Path) -> None:
    places = emergency_places(replace(town(), basemap_path=basemap))
    assert places is not None
    assert {(place.kind, place.name) for place in places if place.name} == {
        ("fire_station", "Centre de secours"),
        ("hospital", "Hôpital Nord"),
        ("hospital", "Clinique Sud"),
    }
    station = next(place.shape for place in places if place.kind == "fire_station")
    assert station.distance(shapely.Point(LON + 0.001, LAT + 0.001)) < 0.0001
    grounds = [place.shape for place in places if place.kind == "hospital" and place.shape.area]
    assert shapely.union_all(grounds).contains(shapely.Point(LON + 0.003, LAT + 0.003))


def test_nothing_is_known_when_the_base_map_is_not_here(tmp_path: Path) -> None:
    assert emergency_places(town()) is None
    assert emergency_places(replace(town(), basemap_path=tmp_path / "none.pmtiles")) is None
