"""What the engine gives to a search: drives without law, its own routes, instructions; and what it refuses."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import shapely

from portal.common.errors import Invalid, Unavailable
from portal.itineriz.routing.costing import Costing, costing_for
from portal.itineriz.routing.engine import Engine
from portal.regulations.vehicles import Vehicle
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
        path, shape = drive.path(edge), paris.table.shapes[edge.row]
        assert shapely.hausdorff_distance(path, shape) < 0.01 or shape.buffer(2e-5).contains(path)


def test_a_route_is_the_drive_with_its_instructions_when_the_engine_prefers_the_same_way(paris: Engine):
    free = paris.plain_way(WEST, EAST, FITTING, 0)
    assert free is not None
    route, alone = (paris.route(WEST, EAST, FITTING, like) for like in (free, None))
    assert route is not None and alone is not None
    assert [edge.row for edge in route.edges] == [edge.row for edge in alone.edges] == free.way.rows.tolist()
    assert route.duration_s == pytest.approx(alone.duration_s, abs=0.1)
    assert route.manoeuvres[0].instruction.startswith("Conduisez")
    assert route.distance_m == pytest.approx(free.drive.distance_m, rel=0.01)


@pytest.mark.parametrize(("language", "first_word"), [("fr-FR", "Conduisez"), ("en-US", "Drive")])
def test_a_drive_is_put_into_words_when_a_language_is_asked(paris: Engine, language: str, first_word: str):
    drive = paris.drive(WEST, EAST, FITTING)
    assert drive is not None and drive.manoeuvres == ()
    told = paris.narrated(drive, FITTING, language)
    assert told.manoeuvres[0].instruction.startswith(first_word)
    assert sum(step.distance_m for step in told.manoeuvres) == pytest.approx(drive.distance_m, rel=0.02)


def test_the_streets_are_told_when_the_engine_cannot_walk_along_a_drive(paris: Engine):
    drive = paris.drive(WEST, EAST, FITTING)
    assert drive is not None
    steps = paris._streets_of(drive)
    assert sum(step.duration_s for step in steps) <= drive.duration_s + 0.1
    names = {name for edge in drive.edges for name in paris.table.names_of(edge.row)}
    assert steps and all(set(step.streets) <= names for step in steps)


def test_no_drive_is_returned_when_no_way_leads_there(paris: Engine):
    network = paris.network("truck")
    sources = {int(row) for row in network.turns[3]}
    into = {row for row in range(len(paris.table)) if network.turns[2][row] == network.turns[2][row + 1]}
    assert into - sources or into, "the extract has edges that nothing leads to"
    row = next(row for row in sorted(into) if network.graph.open[row] and paris.table.lengths_m[row] > 40)
    middle = paris.table.shapes[row].interpolate(0.5, normalized=True)
    found = paris.drive(WEST, (middle.x, middle.y), FITTING)
    assert found is None or found.edges[-1].row != row


@pytest.mark.parametrize("stop", [(3.0, 48.86), (2.36, 49.5)])
def test_a_stop_is_refused_when_no_street_is_near(paris: Engine, stop: tuple[float, float]):
    for ask in (paris.drive, paris.route):
        with pytest.raises(Invalid) as refused:
            ask(WEST, stop, FITTING)
        assert refused.value.code == "stop-far-from-road"


@pytest.mark.parametrize("option", ["height", "width", "length", "weight", "axle_load"])
def test_a_warning_is_an_error_when_the_engine_replaces_a_size(paris: Engine, option: str):
    options = dict(FITTING.options) | {option: 1000.0}
    with pytest.raises(Unavailable) as refused:
        paris.route(WEST, EAST, Costing("truck", tuple(options.items())))
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


def test_threads_do_not_disturb_each_other_when_they_share_an_engine(paris: Engine):
    ends = [(EAST[0], EAST[1] - 0.0002 * place) for place in range(8)]
    expected = [paris.drive(WEST, end, FITTING) for end in ends]
    routes = [paris.route(WEST, end, FITTING) for end in ends]
    wrong: list[int] = []

    def ask() -> None:
        for place, end in enumerate(ends):
            drive, route = paris._plain_way(WEST, end, FITTING), paris._route(WEST, end, FITTING)
            one, other = expected[place], routes[place]
            if not (drive and route and one and other) or (drive.drive.duration_s, route.duration_s) != (
                one.duration_s,
                other.duration_s,
            ):
                wrong.append(place)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
