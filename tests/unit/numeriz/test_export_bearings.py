"""Which way a street runs beside a point."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from portal.numeriz.exports.bearings import no_bearing, street_bearings
from portal.regulations.holidays import HolidayRegion
from portal.territories.api import Accent, TerritoryView
from portal.territories.build.edges import EdgeTable, _save
from tests.support.editions import named

# A street to the east that bends to the north-east, and one to the north, thirty metres and more away.
EAST = [(2.3600, 48.8600), (2.3610, 48.8600), (2.3620, 48.8600 + 0.001 * np.cos(np.radians(48.86)))]
NORTH = [(2.3600, 48.8610), (2.3600, 48.8620)]


def edge_table(*lines: list[tuple[float, float]]) -> EdgeTable:
    count = len(lines)
    nothing = np.zeros(count, dtype=np.int64)
    return EdgeTable(
        version="test",
        edge_ids=np.arange(count),
        way_ids=nothing,
        coords=np.array([point for line in lines for point in line], dtype=np.float64).reshape(-1, 2),
        offsets=np.cumsum([0, *(len(line) for line in lines)]),
        lengths_m=np.ones(count),
        flags=nothing,
        road_classes=nothing,
        layers=nothing,
        opposing=nothing - 1,
        probes=np.full((count, 3), np.nan),
        name_rows=nothing,
        names=((),),
    )


def territory(graph_dir: Path | None) -> TerritoryView:
    found = TerritoryView(
        id=named("ville"),
        slug="ville",
        name="Ville",
        timezone="Europe/Paris",
        holidays=HolidayRegion.METROPOLE,
        bounds=None,
        centre=None,
        accent=next(iter(Accent)),
        build_version=None,
        graph_dir=None,
        basemap_path=None,
        addresses_path=None,
        restrictions_path=None,
        contact_email="",
        law_notice="",
        is_demo=False,
        version=1,
    )
    return replace(found, graph_dir=graph_dir)


@pytest.mark.parametrize(
    ("lon", "lat", "bearing"),
    [
        (2.3605, 48.86005, 90.0),
        (2.3605, 48.85995, 90.0),
        (2.3616, 48.8604, 45.0),
        (2.36005, 48.8615, 0.0),
        (2.3605, 48.8615, None),
        (2.40, 48.90, None),
    ],
)
def test_the_bearing_is_that_of_the_nearest_piece_of_street(
    tmp_path: Path, lon: float, lat: float, bearing: float | None
) -> None:
    _save(edge_table(EAST, NORTH), tmp_path / "edges.npz")
    found = street_bearings(territory(tmp_path))(lon, lat)
    assert found == (None if bearing is None else pytest.approx(bearing, abs=0.1))


def test_no_bearing_is_known_when_there_is_no_graph(tmp_path: Path) -> None:
    assert street_bearings(territory(None)) is no_bearing
    assert street_bearings(territory(tmp_path)) is no_bearing
    _save(edge_table(), tmp_path / "edges.npz")
    assert street_bearings(territory(tmp_path))(2.36, 48.86) is None
