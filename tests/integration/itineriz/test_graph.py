"""Building tiles and the table of edges: what works, and a clear error for what cannot."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from portal.itineriz.routing.engine import Engine
from portal.territories.build.edges import EdgeFlag, load_edges
from portal.territories.build.graph import BuildError, build_graph, read_graph_info
from tests.support.paris import EXTRACT


def test_every_edge_has_a_checked_probe_when_built_from_the_real_extract(paris: Engine):
    table = paris.table
    assert len(table) == 1210
    assert not np.isnan(table.probes).any()
    assert table.version == read_graph_info(paris.graph_dir).version


def test_opposing_edges_run_the_other_way_when_a_street_has_two_directions(paris: Engine):
    table = paris.table
    two_way = [row for row in range(len(table)) if table.opposing[row] >= 0]
    assert two_way
    for row in two_way:
        assert (table.shape_coords(row) == table.shape_coords(int(table.opposing[row]))[::-1]).all()
    assert all(table.has(row, EdgeFlag.ONE_WAY) == (table.opposing[row] < 0) for row in range(len(table)))


def test_limits_of_streets_are_kept_when_the_extract_has_some(paris: Engine):
    values = {
        limit["value"] for limits in paris.table.restrictions.values() for limit in limits if "max" in limit["type"]
    }
    assert {3.3, 3.9} <= values


def test_the_graph_still_opens_when_its_folder_was_moved(paris_graph: Path, tmp_path: Path):
    moved = Path(shutil.copytree(paris_graph, tmp_path / "elsewhere"))
    assert len(load_edges(moved)) == len(load_edges(paris_graph))
    assert Engine(moved).table.version == load_edges(paris_graph).version


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.osm.pbf", b""),
        ("noise.osm.pbf", b"not a protocol buffer" * 50),
        ("nothing.osm", b'<osm version="0.6"></osm>'),
        # The builder aborts on compressed XML: it must never be started on it.
        ("compressed.osm.gz", b"\x1f\x8b\x08"),
    ],
)
def test_the_build_is_refused_when_the_extract_cannot_be_read(tmp_path: Path, name: str, content: bytes):
    extract = tmp_path / name
    extract.write_bytes(content)
    with pytest.raises(BuildError) as refused:
        build_graph(extract, tmp_path / "graph")
    assert refused.value.code == "extract-unreadable"
    assert refused.value.params["reason"]


def test_the_build_stops_when_it_takes_too_long(tmp_path: Path, shared_data: Path):
    with pytest.raises(BuildError) as refused:
        build_graph(shared_data / EXTRACT, tmp_path / "graph", timeout_s=0.01)
    assert refused.value.code == "graph-build-timeout"
