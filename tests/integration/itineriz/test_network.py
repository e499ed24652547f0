"""The network searched without the engine: the same routes at the same costs, and the law obeyed to the second."""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import osmium
import pytest
from valhalla import ValhallaError

from portal.itineriz.routing.costing import Costing
from portal.itineriz.routing.engine import Engine, open_engine
from portal.itineriz.routing.leglaw import LegLaw, LegQuestion, PartLaw
from portal.itineriz.routing.network import End, Network, Way
from portal.itineriz.routing.timetable import SpansByNumber
from portal.regulations.vehicles import Vehicle
from portal.territories.build.edges import SIZELESS, build_edges
from portal.territories.build.graph import build_graph

COSTINGS = {mode: Costing(mode, tuple(options.items())) for mode, options in SIZELESS.items()}
DEPART_S = 1_000_000.0


def points(engine: Engine, count: int, seed: int = 5) -> list[tuple[float, float]]:
    dice = random.Random(seed)
    coords = engine.table.coords
    found = []
    for _ in range(count):
        lon, lat = coords[dice.randrange(len(coords))]
        found.append((float(lon) + dice.uniform(-3e-4, 3e-4), float(lat) + dice.uniform(-3e-4, 3e-4)))
    return found


def ends_of(engine: Engine, point: tuple[float, float], mode: str, *, leaving: bool) -> list[End]:
    return [End(p.row, p.at, p.extra_cost) for p in engine.places(point, COSTINGS[mode], leaving=leaving)]


@pytest.mark.parametrize("mode", ["auto", "truck"])
def test_the_engine_finds_the_same_way_when_there_is_no_law(paris: Engine, mode: str):
    asked = points(paris, 160)
    same = 0
    for start, end in itertools.batched(asked, 2):
        found = paris.plain_way(start, end, COSTINGS[mode], 0)
        request = {"locations": [{"lon": lon, "lat": lat} for lon, lat in (start, end)]}
        try:
            summary = paris._actor.route({**request, **COSTINGS[mode].as_request()})["trip"]["summary"]
        except ValhallaError:
            same += found is None
            continue
        same += found is not None and abs(found.way.duration_s - summary["time"]) < 0.15
    assert same >= 0.95 * len(asked) / 2


def dijkstra(network: Network, starts: list[End], ends: list[End], law: LegLaw | None = None) -> float:
    """The least cost by the plainest search there is: no bound, no compiled code, the spans asked one by one.

    Streets for those who stop in them are all open: compare with a network that has none.
    """
    graph = network.graph
    goals = {end.row: end for end in ends}
    queue = [
        ((1 - s.at) * graph.edge_cost[s.row] + s.extra_cost, (1 - s.at) * graph.edge_s[s.row], s.row) for s in starts
    ]
    best = min(
        (
            (e.at - s.at) * graph.edge_cost[s.row] + s.extra_cost + e.extra_cost
            for s in starts
            for e in ends
            if s.row == e.row and s.at <= e.at
        ),
        default=np.inf,
    )
    heapq.heapify(queue)
    done: set[int] = set()
    while queue:
        cost, at_s, state = heapq.heappop(queue)
        if state in done or cost >= best:
            continue
        done.add(state)
        row = int(graph.state_row[state])
        arcs = range(graph.arc_ptr[state], graph.arc_ptr[state + 1])
        for back in (False, True):
            went_on = False
            for arc in (arc for arc in arcs if bool(graph.arc_back[arc]) == back):
                reached = int(graph.arc_to[arc])
                following = int(graph.state_row[reached])
                turned, turned_s = cost + graph.arc_cost[arc], at_s + graph.arc_s[arc]
                if following in goals:
                    end = goals[following]
                    best = min(best, turned + end.at * graph.edge_cost[following] + end.extra_cost)
                    went_on = True
                until_s = turned_s + graph.edge_s[following]
                if law is not None and is_closed(law, following, DEPART_S + at_s, DEPART_S + until_s):
                    continue
                went_on = True
                heapq.heappush(queue, (turned + graph.edge_cost[following], until_s, reached))
            if went_on:
                break
        assert row >= 0
    return float(best)


def is_closed(law: LegLaw, row: int, start: float, end: float) -> bool:
    for reg in law.pair_reg[law.pair_ptr[row] : law.pair_ptr[row + 1]]:
        for begin, until in law.spans.of(int(reg)).tolist():
            if law.reg_state[reg] and begin < end and start < until:
                return True
    return False


def without_destinations(network: Network, engine: Engine) -> Network:
    """The same network with every street for those who stop in it open to all."""
    from portal.territories.api import ensure_driving

    driving = ensure_driving(engine.graph_dir, engine.table)
    graph = driving.modes[network.mode]
    opened = replace(graph, destination_only=np.zeros_like(graph.destination_only))
    return Network(engine.table, replace(driving, modes={network.mode: opened}), network.mode)


def a_law(network: Network, dice: random.Random, share: float, spans: list[tuple[float, float]]) -> LegLaw:
    """Regulations on rows of their own, each active over some of the spans."""
    count = len(network.table)
    rows = np.array(sorted(dice.sample(range(count), int(share * count))), dtype=np.int64)
    ptr = np.zeros(count + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=count), out=ptr[1:])
    chosen = np.array([dice.choice(spans) for _ in rows]).reshape(-1, 2)
    return LegLaw(
        question=LegQuestion(Vehicle()),
        pair_ptr=ptr,
        pair_reg=np.arange(len(rows), dtype=np.int32),
        reg_state=np.ones(len(rows), dtype=np.uint8),
        reg_penalty_s=np.full(len(rows), 60.0),
        spans=SpansByNumber(np.arange(len(rows) + 1), chosen[:, 0].copy(), chosen[:, 1].copy()),
        zone_regs=(),
        zone_start=np.zeros(0, dtype=np.uint8),
        zone_end=np.zeros(0, dtype=np.uint8),
        row_closed=np.zeros(count, dtype=bool),
        valid_from=0.0,
        valid_until=2e9,
    )


def obeys(network: Network, way: Way, law: LegLaw) -> bool:
    return not any(
        is_closed(law, int(row), DEPART_S + begin, DEPART_S + end)
        for row, begin, end in list(zip(way.rows, way.begin_s, way.end_s, strict=True))[1:-1]
    )


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3], ids=["no law", "a tenth closed", "three tenths closed"])
def test_no_cheaper_way_exists_when_every_way_is_tried(paris: Engine, share: float):
    network = without_destinations(paris.network("truck"), paris)
    dice = random.Random(2)
    refused = 0
    for start, end in itertools.batched(points(paris, 120, seed=9), 2):
        law = a_law(network, dice, share, [(DEPART_S - 60, DEPART_S + 1e5)])
        starts, ends = (ends_of(paris, p, "truck", leaving=leaving) for p, leaving in ((start, True), (end, False)))
        way = network.way(starts, ends, law=law, depart_s=DEPART_S)
        expected = dijkstra(network, starts, ends, law)
        refused += way is None
        assert (np.inf if way is None else way.cost) == pytest.approx(expected, abs=0.01)
        assert way is None or obeys(network, way, law)
    assert share == 0.0 or refused > 0


def test_an_edge_is_driven_when_its_closure_begins_after_or_is_over(paris: Engine):
    network = paris.network("truck")
    start, end = (2.3560, 48.8620), (2.3780, 48.8690)
    starts, ends = (ends_of(paris, p, "truck", leaving=leaving) for p, leaving in ((start, True), (end, False)))
    free = network.way(starts, ends)
    assert free is not None
    place = len(free.rows) // 2
    row, begin, until = int(free.rows[place]), DEPART_S + free.begin_s[place], DEPART_S + free.end_s[place]
    law = a_law(network, random.Random(1), 0.0, [])
    for span, stays in (
        ((begin - 50, begin), True),
        ((until, until + 50), True),
        ((begin - 50, begin + 0.01), False),
        ((until - 0.01, until + 50), False),
    ):
        ptr = (np.arange(len(network.table) + 1) > row).astype(np.int64)
        spans = SpansByNumber(np.array([0, 1]), np.array([span[0]]), np.array([span[1]]))
        on_row = replace(
            law,
            pair_ptr=ptr,
            pair_reg=np.zeros(1, dtype=np.int32),
            reg_state=np.ones(1, dtype=np.uint8),
            reg_penalty_s=np.ones(1),
            spans=spans,
        )
        way = network.way(starts, ends, law=on_row, depart_s=DEPART_S)
        assert way is not None
        assert way.same_as(free) == stays, span


@pytest.mark.parametrize(
    ("at_start", "at_end", "found"),
    [(False, False, False), (True, False, True), (False, True, True), (True, True, True)],
    ids=["crossing", "leaving", "reaching", "both"],
)
def test_a_zone_is_left_or_entered_when_a_stop_is_inside(paris: Engine, at_start: bool, at_end: bool, found: bool):
    """The whole way lies in one zone: it is open as part of a stay, and closed to whoever only crosses."""
    network = paris.network("truck")
    start, end = (2.3560, 48.8620), (2.3780, 48.8690)
    starts, ends = (ends_of(paris, p, "truck", leaving=leaving) for p, leaving in ((start, True), (end, False)))
    inside = PartLaw(np.empty((0, 2)), 1)
    count = len(network.table)
    law = replace(
        a_law(network, random.Random(1), 0.0, []),
        pair_ptr=np.arange(count + 1, dtype=np.int64),
        pair_reg=np.zeros(count, dtype=np.int32),
        reg_state=np.full(1, 2 if at_start or at_end else 1, dtype=np.uint8),
        reg_penalty_s=np.ones(1),
        spans=SpansByNumber(np.array([0, 1]), np.array([0.0]), np.array([2e9])),
        zone_regs=(0,) if at_start or at_end else (),
        zone_start=np.array([at_start] if at_start or at_end else [], dtype=np.uint8),
        zone_end=np.array([at_end] if at_start or at_end else [], dtype=np.uint8),
    )
    one, other = ([replace(e, part=inside) for e in some] for some in (starts, ends))
    way = network.way(one, other, law=law, depart_s=DEPART_S)
    assert (way is not None) == found
    free = network.way(starts, ends)
    assert free is not None
    assert way is None or way.same_as(free)


def test_one_search_reaches_all_targets_when_many_are_asked(paris: Engine):
    network = paris.network("truck")
    asked = points(paris, 25, seed=3)
    starts = ends_of(paris, asked[0], "truck", leaving=True)
    targets = [ends_of(paris, point, "truck", leaving=False) for point in asked[1:]]
    seconds, costs = network.many(starts, targets)
    for target, cost, duration_s in zip(targets, costs, seconds, strict=True):
        way = network.way(starts, target)
        assert cost == pytest.approx(np.inf if way is None else way.cost, abs=0.01) or (way is not None and way.relaxed)
        assert np.isinf(duration_s) == np.isinf(cost)


def test_a_soft_search_names_a_way_when_the_law_closes_all(paris: Engine):
    network = paris.network("truck")
    start, end = (2.3560, 48.8620), (2.3780, 48.8690)
    starts, ends = (ends_of(paris, p, "truck", leaving=leaving) for p, leaving in ((start, True), (end, False)))
    law = a_law(network, random.Random(1), 1.0, [(0.0, 2e9)])
    assert network.way(starts, ends, law=law, depart_s=DEPART_S) is None
    assert network.way(starts, ends, law=law, depart_s=DEPART_S, soft=True) is not None


PLAN = {1: (0, 0), 2: (2, 0), 3: (4, 0), 4: (6, 0), 5: (2, 2), 6: (4, 2), 7: (4, -2), 8: (2, -2), 9: (0, 2), 10: (6, 2)}


@pytest.fixture(scope="module")
def turns(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """A small town with a turn that is forbidden, and a way over two junctions that is forbidden to lorries."""
    folder = tmp_path_factory.mktemp("turns")
    pbf = folder / "turns.osm.pbf"
    ways = {
        1: [1, 2], 2: [2, 3], 3: [3, 4], 4: [2, 5], 5: [5, 6], 6: [6, 3], 7: [3, 7], 8: [7, 8], 9: [8, 2],
        10: [9, 5], 11: [1, 9], 12: [6, 10], 13: [10, 4],
    }  # fmt: skip
    with osmium.SimpleWriter(str(pbf)) as writer:
        for node, (x, y) in PLAN.items():
            writer.add_node(osmium.osm.mutable.Node(id=node, location=(2.0 + x * 1e-3, 47.0 + y * 1e-3)))
        for way, nodes in ways.items():
            tags = {"highway": "residential", "name": f"Rue {way}"}
            writer.add_way(osmium.osm.mutable.Way(id=way, nodes=nodes, tags=tags))
        for number, (key, members) in enumerate(
            (
                ("restriction", [("w", 1, "from"), ("n", 2, "via"), ("w", 4, "to")]),
                ("restriction:hgv", [("w", 1, "from"), ("w", 2, "via"), ("w", 6, "to")]),
            )
        ):
            tags = {"type": "restriction", key: "no_left_turn"}
            writer.add_relation(osmium.osm.mutable.Relation(id=number + 1, members=members, tags=tags))
    graph = folder / "graph"
    graph.mkdir()
    build_graph(pbf, graph)
    build_edges(graph, pbf)
    return open_engine(graph)


@pytest.mark.parametrize("mode", ["auto", "truck"])
def test_forbidden_turns_are_not_driven_when_the_engine_does_not_either(turns: Engine, mode: str):
    middle = {}
    for row in range(len(turns.table)):
        point = turns.table.shapes[row].interpolate(0.5, normalized=True)
        middle[turns.table.names_of(row)[0]] = (point.x, point.y)
    driven, alike, asked = set(), 0, 0
    for start, end in itertools.permutations(sorted(middle), 2):
        found = turns.plain_way(middle[start], middle[end], COSTINGS[mode], 0)
        request = {"locations": [{"lon": p[0], "lat": p[1]} for p in (middle[start], middle[end])]}
        summary = turns._actor.route({**request, **COSTINGS[mode].as_request()})["trip"]["summary"]
        assert found is not None
        # Near a restriction over several edges the engine misses some lawful ways; it never finds a cheaper one.
        assert found.way.cost <= summary["cost"] + 0.1, (start, end)
        alike, asked = alike + (abs(found.way.duration_s - summary["time"]) < 0.15), asked + 1
        names = [turns.table.names_of(int(row))[0] for row in found.way.rows]
        driven |= set(itertools.pairwise(names)) | set(zip(names, names[1:], names[2:], strict=False))
    assert alike >= 0.9 * asked
    assert ("Rue 1", "Rue 4") not in driven
    assert (("Rue 1", "Rue 2", "Rue 6") in driven) == (mode == "auto")
    states = len(turns.network("truck").graph.state_row) - len(turns.table)
    assert states > 0, "the restriction over two junctions has a state of its own"


def test_a_graph_of_an_earlier_version_is_timed_when_it_is_opened(turns: Engine, tmp_path: Path):
    import shutil

    older = tmp_path / "older"
    shutil.copytree(turns.graph_dir, older)
    (older / "driving.npz").unlink(missing_ok=True)
    engine = open_engine(older)
    assert engine.network("auto").graph.unknown == 0
    assert (older / "driving.npz").is_file()
