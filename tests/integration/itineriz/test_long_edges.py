"""A road without a bend for kilometres, or a ferry, is built, driven, put into words and found like any other."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from portal.itineriz.routing.costing import costing_for
from portal.itineriz.routing.drives import Drive
from portal.itineriz.routing.engine import Engine, open_engine
from portal.territories.build.driving import MODES, build_driving
from portal.territories.build.edges import build_edges
from portal.territories.build.errors import BuildError
from portal.territories.build.graph import build_graph
from portal.territories.tracing import RoadGraph
from tests.support.extract import LAT, LON, Extract
from tests.support.paris import TRUCK

ROAD = {"highway": "secondary", "name": "Route Droite"}
FERRY = {"route": "ferry", "motorcar": "yes", "hgv": "yes", "name": "Bac", "duration": "02:00"}
STREET = {"highway": "residential", "name": "Rue du Bout"}
COSTING = costing_for(TRUCK, unknown_is_large=False)
START, END_STEPS = (LON - 0.002, LAT), 2


def _graph(folder: Path, length_steps: int, long_edge: dict[str, str]) -> Path:
    """Two streets of two steps, joined by one edge of length_steps without any point between."""
    plan = Extract()
    corners = [plan.node(x, 0) for x in (-END_STEPS, 0, length_steps, length_steps + END_STEPS)]
    for (first, second), tags in zip(pairwise(corners), (STREET, long_edge, STREET), strict=True):
        plan.way_of([first, second], tags)
    return _built(folder, plan)


def _built(folder: Path, plan: Extract) -> Path:
    extract = plan.write(folder / "plan.osm")
    graph = folder / "graph"
    graph.mkdir()
    build_graph(extract, graph)
    driving = build_driving(graph, build_edges(graph, extract))
    for mode in MODES:
        assert driving.modes[mode].open.all()
        assert driving.modes[mode].unknown == 0
    return graph


def _drive(engine: Engine, length_steps: int) -> Drive:
    found = engine.drive(START, (LON + (length_steps + END_STEPS) / 1000, LAT), COSTING)
    assert found is not None
    return found


@pytest.mark.parametrize("long_edge", [ROAD, FERRY], ids=["road", "ferry"])
@pytest.mark.parametrize("length_steps", [41, 550], ids=["3 km", "40 km"])
def test_way_has_its_length_and_words_when_an_edge_is_long_and_straight(
    tmp_path: Path, length_steps: int, long_edge: dict[str, str]
) -> None:
    engine = open_engine(_graph(tmp_path, length_steps, long_edge))
    drive = _drive(engine, length_steps)
    length_m = (length_steps + 2 * END_STEPS) * 111.195 * np.cos(np.radians(LAT))
    assert drive.distance_m == pytest.approx(length_m, rel=2e-3)
    own = engine.route(START, (LON + (length_steps + END_STEPS) / 1000, LAT), COSTING)
    assert own is not None
    assert [edge.row for edge in own.edges] == [edge.row for edge in drive.edges]
    assert own.duration_s == pytest.approx(drive.duration_s, rel=2e-3)
    # The words of the engine itself, not the names of the streets that stand in for them.
    told = engine.narrated(drive, COSTING).manoeuvres
    assert [(step.instruction, step.streets) for step in told] == [
        (step.instruction, step.streets) for step in own.manoeuvres
    ]


def test_words_are_found_when_the_whole_way_is_on_a_long_edge(tmp_path: Path) -> None:
    engine = open_engine(_graph(tmp_path, 550, ROAD))
    start, end = (LON + 0.02, LAT), (LON + 0.5, LAT)
    drive = engine.drive(start, end, COSTING)
    assert drive is not None
    assert len(drive.edges) == 1
    told = engine.narrated(drive, COSTING).manoeuvres
    assert len(told) == 2
    assert told[0].streets == ("Route Droite",)


def test_long_edge_is_proposed_when_a_line_of_two_points_is_drawn_along_it(tmp_path: Path) -> None:
    roads = RoadGraph.open(_graph(tmp_path, 550, ROAD))
    rows = roads.proposed_rows(np.array([[LON, LAT], [LON + 0.55, LAT]]))
    assert {roads.table.names_of(row) for row in rows} >= {("Route Droite",)}


@pytest.mark.parametrize("length_steps", [41, 550], ids=["3 km", "40 km"])
def test_graph_is_built_when_every_edge_is_long_and_straight(tmp_path: Path, length_steps: int) -> None:
    plan = Extract()
    plan.way([(0, 0), (length_steps, 0)], ROAD)
    _built(tmp_path, plan)


def test_building_says_why_it_failed_when_an_edge_is_longer_than_the_engine_walks(tmp_path: Path) -> None:
    plan = Extract()
    plan.way([(0, 0), (0, 4000)], ROAD)
    with pytest.raises(BuildError, match="graph-build-failed") as refused:
        _built(tmp_path, plan)
    assert "breakage distance" in str(refused.value.params["reason"])
