"""Every edge that vehicles may drive has a row in the table, whatever crosses it or lies upon it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from portal.territories.build import edges
from portal.territories.build.edges import PROBE_FRACTIONS, EdgeTable, build_edges, load_edges
from portal.territories.build.graph import build_graph
from tests.support.extract import Extract

STREET = {"highway": "residential", "name": "Rue Longue"}
LORRIES = {**STREET, "motorcar": "no", "hgv": "yes"}
MOTORWAY = {"highway": "motorway", "oneway": "yes", "bridge": "yes", "layer": "1", "ref": "A 99"}
BRIDGE = {"highway": "primary", "bridge": "yes", "layer": "1", "name": "Pont Haut"}
FOOTWAY = {"highway": "footway", "name": "Allée"}


def _graph(folder: Path, plan: Extract) -> tuple[Path, Path]:
    extract = plan.write(folder / "plan.osm")
    graph = folder / "graph"
    graph.mkdir()
    build_graph(extract, graph)
    return graph, extract


def _table(folder: Path, plan: Extract) -> EdgeTable:
    return build_edges(*_graph(folder, plan))


def _names(table: EdgeTable) -> list[str]:
    return sorted(name for row in range(len(table)) for name in table.names_of(row))


@pytest.mark.parametrize("street", [STREET, LORRIES], ids=["all", "lorries"])
@pytest.mark.parametrize("crossed", [PROBE_FRACTIONS[:1], PROBE_FRACTIONS[:4], PROBE_FRACTIONS], ids=len)
def test_street_keeps_both_directions_when_roads_cross_where_it_is_probed(
    tmp_path: Path, street: dict[str, str], crossed: tuple[float, ...]
) -> None:
    plan = Extract()
    plan.way([(0, 0), (10, 0)], street)
    for fraction in crossed:
        plan.way([(10 * fraction, -2), (10 * fraction, 2)], MOTORWAY)
    table = _table(tmp_path, plan)
    assert _names(table) == ["A 99"] * len(crossed) + ["Rue Longue"] * 2
    assert not table.missing


def test_crossed_street_is_closed_by_its_own_probe_when_another_point_is_free(tmp_path: Path) -> None:
    plan = Extract()
    plan.way([(0, 0), (10, 0)], STREET)
    plan.way([(5, -2), (5, 2)], MOTORWAY)
    table = _table(tmp_path, plan)
    assert len(table) == 3
    assert not np.isnan(table.probes).any()


def test_both_roads_are_listed_when_one_lies_upon_the_other_all_along(tmp_path: Path) -> None:
    plan = Extract()
    plan.way([(0, 0), (4, 0)], STREET)
    plan.way([(0, 0), (4, 0)], BRIDGE)
    table = _table(tmp_path, plan)
    assert _names(table) == ["Pont Haut"] * 2 + ["Rue Longue"] * 2
    # No point tells them apart: one of the two has no probe, and says so.
    hidden = [row for row in range(len(table)) if table.probe(row) is None]
    assert len({table.names_of(row) for row in hidden}) == 1
    assert len(hidden) == 2
    assert not table.missing


def test_edges_are_told_missing_when_the_engine_names_them_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Extract()
    corner = plan.node(0, 0)
    plan.way_of([corner, plan.node(4, 0)], STREET)
    plan.way_of([corner, plan.node(0, 4)], FOOTWAY)
    graph, extract = _graph(tmp_path, plan)
    found = build_edges(graph, extract)
    assert (len(found), found.missing) == (2, ())
    # No point at all is looked at, as if every point had another road upon it.
    monkeypatch.setattr(edges, "PROBE_FRACTIONS", ())
    build_edges(graph, extract)
    kept = load_edges(graph)
    assert (len(kept), sorted(kept.missing)) == (0, sorted(found.edge_ids.tolist()))
