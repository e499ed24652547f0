"""The traps of the routing engine, each shown and each closed."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
import shapely

from portal.common.errors import Invalid, Unavailable
from portal.itineriz.routing.costing import Costing, costing_for
from portal.itineriz.routing.engine import Engine
from portal.regulations.vehicles import Vehicle
from portal.territories.build.edges import Probe
from tests.support.paris import TRUCK

WEST, EAST = (2.3560, 48.8620), (2.3780, 48.8690)
FITTING = costing_for(TRUCK, unknown_is_large=True)


def test_times_and_vertices_agree_when_a_drive_is_found(paris: Engine):
    drive = paris.drive(WEST, EAST, FITTING)
    assert drive is not None
    assert len(drive.coords) == len(drive.times_s)
    assert (np.diff(drive.times_s) >= 0).all()
    assert drive.times_s[-1] == pytest.approx(drive.duration_s)
    assert drive.edges[0].first == 0 and drive.edges[-1].last == len(drive.coords) - 1
    for edge in drive.edges:
        path, shape = paris_path(drive, edge), paris.table.shapes[edge.row]
        assert shapely.hausdorff_distance(path, shape) < 0.01 or shape.buffer(2e-5).contains(path)
    assert drive.manoeuvres[0].instruction.startswith("Conduisez")


def paris_path(drive, edge):
    return drive.path(edge)


def test_exactly_one_direction_is_closed_when_its_probe_is_excluded(paris: Engine):
    drive = paris.drive(WEST, EAST, FITTING)
    assert drive is not None
    middle = drive.edges[len(drive.edges) // 2].row
    probe = paris.table.probe(middle)
    assert probe is not None
    around = paris.drive(WEST, EAST, FITTING, [probe])
    assert around is not None
    assert middle not in {edge.row for edge in around.edges}
    assert around.duration_s > drive.duration_s


def test_no_drive_is_returned_when_the_engine_says_442(paris: Engine):
    end_row = paris.drive(WEST, EAST, FITTING).edges[-1].row  # type: ignore[union-attr]
    node = tuple(paris.table.shape_coords(end_row)[0])
    ways_in = [
        row
        for row in range(len(paris.table))
        if tuple(paris.table.shape_coords(row)[-1]) == node or row in (end_row, int(paris.table.opposing[end_row]))
    ]
    far_end = tuple(paris.table.shape_coords(end_row)[-1])
    ways_in += [row for row in range(len(paris.table)) if tuple(paris.table.shape_coords(row)[-1]) == far_end]
    probes = [probe for row in set(ways_in) if (probe := paris.table.probe(row))]
    assert paris.drive(WEST, EAST, FITTING, probes) is None


@pytest.mark.parametrize("option", ["height", "width", "length", "weight", "axle_load"])
def test_a_warning_is_an_error_when_the_engine_replaces_a_size(paris: Engine, option: str):
    options = dict(FITTING.options) | {option: 1000.0}
    with pytest.raises(Unavailable) as refused:
        paris.drive(WEST, EAST, Costing("truck", tuple(options.items())))
    assert refused.value.code == "routing-engine-warned"


@pytest.mark.parametrize(
    ("size", "value"), [("length_m", 55), ("gvw_t", 120), ("axle_load_t", 45)], ids=["length", "weight", "axle"]
)
def test_a_size_is_refused_before_the_engine_when_it_is_out_of_its_range(size: str, value: float):
    vehicle = Vehicle.from_public({"gvw_t": 60, size: value})
    with pytest.raises(Invalid) as refused:
        costing_for(vehicle, unknown_is_large=False)
    assert (refused.value.code, refused.value.field) == ("vehicle-too-large", size)


def test_a_size_is_never_defaulted_when_it_is_unknown():
    large, small = (dict(costing_for(Vehicle(), unknown_is_large=flag).options) for flag in (True, False))
    assert large["height"] == 10.0 and large["weight"] == 100.0
    assert set(small.values()) == {0.0}


@pytest.mark.parametrize("stop", [(3.0, 48.86), (2.36, 49.5)])
def test_a_stop_is_refused_when_no_street_is_near(paris: Engine, stop: tuple[float, float]):
    with pytest.raises(Invalid) as refused:
        paris.drive(WEST, stop, FITTING)
    assert refused.value.code == "stop-far-from-road"


def test_a_barrier_is_moved_when_the_trip_starts_behind_it(paris: Engine):
    row = next(r for r in range(len(paris.table)) if paris.table.lengths_m[r] > 100 and paris.table.opposing[r] < 0)
    shape = paris.table.shapes[row]
    start = shape.interpolate(0.7, normalized=True)
    beyond = paris.probe_at(row, (0.85,), FITTING)
    usual = paris.table.probe(row)
    assert beyond is not None and usual is not None
    here, there = (start.x, start.y), EAST
    assert paris.drive(here, there, FITTING, [usual]) is not None, "the engine starts behind a barrier"
    blocked = paris.drive(here, there, FITTING, [beyond])
    assert blocked is None or blocked.edges[0].row != row


def test_threads_do_not_disturb_each_other_when_they_share_an_engine(paris: Engine):
    expected = paris.drive(WEST, EAST, FITTING)
    assert expected is not None
    found: list[float] = []

    def ask() -> None:
        for _ in range(20):
            drive = paris.drive(WEST, EAST, FITTING)
            found.append(drive.duration_s if drive else -1)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected.duration_s] * 80


def test_a_probe_off_the_street_closes_nothing_when_it_is_more_than_a_metre_away(paris: Engine):
    drive = paris.drive(WEST, EAST, FITTING)
    assert drive is not None
    probe = paris.table.probe(drive.edges[5].row)
    assert isinstance(probe, Probe)
    aside = replace(probe, lon=probe.lon + 0.0001, lat=probe.lat + 0.0001)
    again = paris.drive(WEST, EAST, FITTING, [aside])
    assert again is not None and again.duration_s == drive.duration_s
