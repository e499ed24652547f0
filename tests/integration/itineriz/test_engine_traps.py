"""The traps of the native engine, each shown on the engine itself and, where we stand before it, closed.

What may kill the process is shown in a process of its own.
"""

from __future__ import annotations

import copy
import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from valhalla import ValhallaError, get_config

from portal.common.errors import Unavailable
from portal.itineriz.routing.checking import LegContext, check_drive
from portal.itineriz.routing.costing import Costing, costing_for
from portal.itineriz.routing.drives import DrivenEdge
from portal.itineriz.routing.engine import Engine, _same_route
from portal.itineriz.routing.lawgrid import grid_of
from portal.itineriz.routing.network import End
from portal.itineriz.routing.search import Search
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.territories.build.errors import BuildError
from portal.territories.build.graph import PYVALHALLA_DIR, build_graph, open_config
from tests.support.paris import PARIS, TRUCK, local

WEST, EAST = (2.3560, 48.8620), (2.3780, 48.8690)
FITTING = costing_for(TRUCK, unknown_is_large=True)
BETWEEN = {"locations": [{"lon": lon, "lat": lat} for lon, lat in (WEST, EAST)]}


def ask(engine: Engine, **more: Any) -> dict[str, Any]:
    answer: dict[str, Any] = engine._actor.route({**BETWEEN, "costing": "truck", **more})
    return answer


def with_options(**options: object) -> dict[str, Any]:
    return {"costing_options": {"truck": options}}


def test_a_size_out_of_range_is_a_default_in_silence_when_nobody_looks_at_the_warning(paris: Engine):
    beyond = ask(paris, **with_options(height=99))
    assert "height" in str(beyond["trip"]["warnings"])
    assert beyond["trip"]["summary"]["time"] == ask(paris)["trip"]["summary"]["time"]
    with pytest.raises(Unavailable) as refused:
        paris.route(WEST, EAST, Costing("truck", (("height", 99.0),)))
    assert refused.value.code == "routing-engine-warned"


def test_a_size_written_as_text_is_ignored_without_a_warning(paris: Engine):
    answer = ask(paris, **with_options(height="huge"))
    assert "warnings" not in answer["trip"]
    values = [value for _, value in FITTING.options]
    assert all(isinstance(value, float | int) for value in values), "we only ever send numbers"


def test_an_edge_that_is_too_low_is_driven_by_the_engine_when_it_is_the_first_or_the_last(paris: Engine):
    low = next(row for row, limits in paris.table.restrictions.items() if limits[0]["type"] == "max_height")
    point = paris.table.shapes[low].interpolate(0.5, normalized=True)
    tall = Vehicle.from_public(
        {"gvw_t": 12, "height_m": 4.2, "width_m": 2.5, "length_m": 9, "axle_load_t": 8, "hazmat": False}
    )
    costing = costing_for(tall, unknown_is_large=True)
    law = LawSnapshot.build([], [], zone=PARIS, version="none")
    leg = LegContext(tall, (), local("2024-07-17 12:00"), frozenset(), frozenset())
    for start, end in ((WEST, (point.x, point.y)), ((point.x, point.y), EAST)):
        route = paris.route(start, end, costing)
        assert route is not None and low in {edge.row for edge in (route.edges[0], route.edges[-1])}
        assert check_drive(paris, law, route, leg).violations
        plain = paris.drive(start, end, costing)
        assert plain is not None
        found = Search(grid_of(paris, law), start, end, leg, costing, plain).run()
        assert found.drive is None or low not in {edge.row for edge in found.drive.edges}


def test_a_walk_of_a_single_point_is_no_route():
    """The engine walks along a route of a few metres to one point alone."""
    shape = np.array([[7.418329, 43.737598], [7.418331, 43.737598], [7.418171, 43.737579]])
    assert not _same_route(np.array([[7.418171, 43.737578]]), (DrivenEdge(551, 0, 0, 0.0, 0.0),), shape)


def test_the_builder_aborts_on_compressed_xml_and_we_refuse_it_before(tmp_path: Path, paris: Engine):
    packed = tmp_path / "plan.osm.gz"
    packed.write_bytes(gzip.compress(b'<?xml version="1.0"?><osm version="0.6"></osm>'))
    with open_config(paris.graph_dir) as config:
        settings = json.loads(config.read_text(encoding="utf-8"))
    settings["mjolnir"]["tile_dir"] = str(tmp_path / "tiles")
    (tmp_path / "tiles").mkdir()
    (tmp_path / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    program = PYVALHALLA_DIR / "bin" / "valhalla_build_tiles"
    done = subprocess.run(
        [str(program), "-c", str(tmp_path / "config.json"), str(packed)], capture_output=True, check=False, timeout=60
    )
    assert done.returncode < 0, "killed by a signal"
    with pytest.raises(BuildError) as refused:
        build_graph(packed, tmp_path / "graph")
    assert refused.value.code == "extract-unreadable"


def test_no_path_is_an_answer_and_not_a_failure_when_the_code_is_442(paris: Engine):
    free = paris.drive(WEST, EAST, FITTING)
    assert free is not None
    table, last = paris.table, free.edges[-1].row
    nodes = {tuple(table.shape_coords(last)[end]) for end in (0, -1)}
    around = [row for row in range(len(table)) if tuple(table.shape_coords(row)[-1]) in nodes]
    probes = [probe.as_location() for row in (*around, last) if (probe := table.probe(row))]
    with pytest.raises(ValhallaError) as refused:
        ask(paris, exclude_locations=probes, **with_options(**dict(FITTING.options)))
    assert refused.value.code == 442
    closed = np.zeros(len(table), dtype=bool)
    closed[[*around, last]] = True
    ends = [
        [End(p.row, p.at) for p in paris.places(point, FITTING, leaving=leaving) if not closed[p.row]]
        for point, leaving in ((WEST, True), (EAST, False))
    ]
    assert paris.network("truck").way(ends[0], ends[1], closed=closed) is None


def test_two_configurations_share_their_parts_when_they_are_not_copied(tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.mkdir()
    second.mkdir()
    one = get_config(tile_extract="", tile_dir=first)
    kept = copy.deepcopy(one)
    other = get_config(tile_extract="", tile_dir=second)
    assert one["mjolnir"] is other["mjolnir"]
    assert (one["mjolnir"]["tile_dir"], kept["mjolnir"]["tile_dir"]) == (str(second), str(first))


def test_an_hour_changes_nothing_in_the_engine_when_it_is_sent(paris: Engine):
    plain = ask(paris)["trip"]["summary"]
    at_night = ask(paris, date_time={"type": 1, "value": "2026-06-10T03:00"})["trip"]["summary"]
    assert plain["time"] == pytest.approx(at_night["time"], rel=0.2)
    assert "arrive" not in json.dumps(at_night), "no arrival time: we count it ourselves"


_SHARING = """
import sys, threading
from valhalla import Actor
actors = [Actor(sys.argv[1])] * 4 if sys.argv[2] == "shared" else [Actor(sys.argv[1]) for _ in range(4)]
request = {"locations": [{"lon": 2.356, "lat": 48.862}, {"lon": 2.378, "lat": 48.869}], "costing": "truck"}
times = []
def ask(actor):
    for _ in range(int(sys.argv[3])):
        times.append(actor.route(request)["trip"]["summary"]["time"])
threads = [threading.Thread(target=ask, args=[actor]) for actor in actors]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(set(times)) == 1
"""


@pytest.mark.parametrize(("sharing", "turns", "survives"), [("shared", 300, False), ("of its own", 20, True)])
def test_a_process_only_survives_when_each_thread_has_an_actor_of_its_own(
    paris: Engine, sharing: str, turns: int, survives: bool
):
    with open_config(paris.graph_dir) as config:
        done = subprocess.run(
            [sys.executable, "-c", _SHARING, str(config), sharing, str(turns)],
            capture_output=True,
            check=False,
            timeout=120,
        )
    assert (done.returncode == 0) == survives, done.stderr[-300:]
