"""The law matched to a graph by its job: what is stored, shared, told to the clerk, and done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import shapely
from flask import Flask
from sqlalchemy import func, select, update

from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.jobs import ClaimLost, JobState, RunningJob, latest_job
from portal.jobs.models import Job
from portal.numeriz.law.memory import law_snapshot, law_version
from portal.numeriz.matching import tasks as match_tasks
from portal.numeriz.matching.places import count_waiting, list_waiting
from portal.numeriz.matching.tasks import MATCH_JOB, ensure_matching, match_waiting
from portal.numeriz.models import EdgeMatch, PerimeterRow, RoadEvent, TrafficOrder
from portal.numeriz.overview import get_overview
from portal.numeriz.queries import page_orders, page_perimeters
from portal.numeriz.services import store_orders, store_perimeters
from portal.numeriz.storing.events import merge_events
from portal.numeriz.storing.tally import Tally
from portal.numeriz.values import EventDraft, EventKind, EventState, OrderDraft, OrderStatus
from portal.regulations.evaluate import State, verdict
from portal.regulations.measures import Direction, EdgeFacts, MeasureType, Origin
from portal.regulations.schedules import Period
from portal.regulations.vehicles import Vehicle
from portal.territories.api import RoadGraph, TerritoryView, get_graph_version
from portal.territories.models import Territory
from portal.visualiz.layers import measure_features
from portal.visualiz.moments import moment_at
from tests.factories.law import TESTER, at, make_law, measure_draft, order_draft, perimeter_draft
from tests.factories.territories import make_territory
from tests.support.matching_town import Point, build_town, draw, match_all, put_graph

STREET: list[Point] = [(0, 0), (8, 0)]
LORRY = Vehicle(gross_weight_kg=12_000)


@pytest.fixture(scope="module")
def town_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def newer_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_town(tmp_path_factory.mktemp("newer"), more=True)


@pytest.fixture
def town(database: Flask, town_graph: Path) -> TerritoryView:
    territory = make_territory(f"bourg-{uuid4().hex[:8]}", build_version=f"essai-{uuid4().hex[:8]}")
    put_graph(territory, town_graph)
    return territory


def along(points: list[Point], *, kind: MeasureType = MeasureType.NO_ENTRY, **more: object) -> OrderDraft:
    coords = [(x, y) for x, y in draw(points).coords]
    return order_draft(measure_draft(kind, coords, **more), identifier=str(more.get("label", "A")))  # type: ignore[arg-type]


def version_of(territory: TerritoryView) -> str:
    version = get_graph_version(territory)
    assert version is not None
    return version


def stored(territory: TerritoryView) -> int:
    return (
        session().scalar(select(func.count()).select_from(EdgeMatch).where(EdgeMatch.territory_id == territory.id)) or 0
    )


def codes(territory: TerritoryView, model: type[TrafficOrder | PerimeterRow | RoadEvent] = TrafficOrder) -> list[str]:
    session().expire_all()
    rows = session().scalars(select(model).where(model.territory_id == territory.id))
    return [issue["code"] for row in rows for issue in row.match_issues]


def test_the_law_takes_the_edges_when_the_job_has_run(
    town: TerritoryView, database: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    make_law(town, orders=[along(STREET)])
    before = law_version(town.id)
    assert ensure_matching(town) is not None
    assert ensure_matching(town) is None, "a job is under way"
    run_jobs(database)
    assert count_waiting(town.id, version_of(town)) == 0
    assert ensure_matching(town) is None, "nothing waits"
    assert law_version(town.id) != before
    (measure,) = law_snapshot(town.id).measures.values()
    matches = measure.locations[0].matches
    assert matches is not None and matches.trusted and len(matches.rows) == 4


def test_nothing_is_asked_when_the_territory_has_no_graph(database: Flask) -> None:
    territory = make_territory()
    make_law(territory, orders=[along(STREET)])
    assert ensure_matching(territory) is None


def test_a_place_is_matched_once_when_two_orders_speak_of_it(town: TerritoryView) -> None:
    make_law(
        town, orders=[along(STREET, label="Rue Longue"), along(STREET, label="la même", direction=Direction.FORWARD)]
    )
    assert match_all(town) == 2
    assert stored(town) == 1
    make_law(town, orders=[along(STREET, label="une autre fois")])
    version = law_version(town.id)
    assert match_all(town) == 1
    assert stored(town) == 1
    assert law_version(town.id) == version, "no place was matched anew: the law is the same"


@pytest.mark.parametrize(
    ("points", "more", "told"),
    [
        pytest.param([(4, 0), (8, 0), (8, 1.3)], {}, ["weakly-matched"], id="too little found"),
        pytest.param([(1, 2), (7, 2)], {}, ["unmatched"], id="nothing near"),
        pytest.param([(1, 2), (7, 2)], {"kind": MeasureType.NO_PARKING}, [], id="no effect on routes"),
        pytest.param([(4, 0), (4, 1.5)], {"direction": Direction.UNKNOWN}, ["against-one-way"], id="against a one-way"),
        pytest.param([(4, 0), (4, 1.5)], {"direction": Direction.BOTH}, [], id="against, both directions meant"),
        pytest.param([(4, 1.5), (4, 0)], {"direction": Direction.UNKNOWN}, [], id="with the one-way"),
        pytest.param(
            [(4, 0), (4, 1.5)],
            {"kind": MeasureType.SPEED_LIMIT, "max_speed_kmh": 30, "direction": Direction.UNKNOWN},
            [],
            id="a speed limit has no direction to doubt",
        ),
    ],
)
def test_the_clerk_is_told_when_a_match_is_doubtful(
    town: TerritoryView, points: list[Point], more: dict[str, object], told: list[str]
) -> None:
    make_law(town, orders=[along(points, **more)])  # type: ignore[arg-type]
    match_all(town)
    assert codes(town) == told
    assert get_overview(town.id).doubtful == len(told)
    assert len(page_orders(town.id, doubtful=True).items) == len(told)


@pytest.mark.parametrize("points", [[(4, 0), (8, 0), (8, 1.3)], [(4, 0), (4, 1.5)]])
def test_an_edge_stays_open_with_a_warning_when_its_match_is_doubtful(town: TerritoryView, points: list[Point]) -> None:
    make_law(town, orders=[along(points, direction=Direction.UNKNOWN)])
    match_all(town)
    assert town.graph_dir is not None
    table = RoadGraph.open(town.graph_dir).table
    law = law_snapshot(town.id)
    line = draw(points)
    answers = [
        verdict(
            law,
            table.shapes[row],
            at("2024-06-01T12:00"),
            LORRY,
            edge=EdgeFacts(
                "residential",
                one_way=bool(table.opposing[row] < 0),
                edge_id=str(table.edge_ids[row]),
                graph_version=table.version,
            ),
        )
        for row in range(len(table))
        if line.buffer(1e-6).covers(shapely.line_interpolate_point(table.shapes[row], 0.5, normalized=True))
    ]
    assert answers
    assert {answer.state for answer in answers} == {State.ALLOWED}
    assert all(answer.warnings for answer in answers)


def test_a_motorway_in_a_perimeter_is_told_when_it_is_left_out(town: TerritoryView) -> None:
    zone = shapely.Polygon(draw([(1, -3.5), (7, -3.5), (7, 1), (1, 1)]))
    make_law(town, perimeters=[perimeter_draft(shape=zone)])
    match_all(town)
    assert codes(town, PerimeterRow) == ["motorway-inside"]
    assert [line.name for line in page_perimeters(town.id, doubtful=True).items] == ["Course du canal"]
    again = store_perimeters(TESTER, town.id, [perimeter_draft(shape=zone)])
    assert not again.changed, "what was found on the graph is no part of what the source says"
    assert codes(town, PerimeterRow) == ["motorway-inside"]


def closure(shape: shapely.Geometry, road: str = "A 99", **more: object) -> EventDraft:
    return EventDraft(
        "essai",
        str(more.pop("source_id", "1")),
        EventKind.CLOSURE,
        EventState.ACTIVE,
        shape,
        (Period(at("2024-01-01")),),
        road=road,
        **more,  # type: ignore[arg-type]
    )


def store_event(territory: TerritoryView, draft: EventDraft) -> None:
    with unit_of_work() as uow:
        merge_events(uow, territory.id, [draft], Tally(Counter(), []), SYSTEM_CLOCK.now())


@pytest.mark.parametrize(("road", "told", "edges"), [("A99", [], 1), ("A 98", ["path-uncertain"], 0)])
def test_the_road_of_an_event_is_found_when_two_points_are_given(
    town: TerritoryView, road: str, told: list[str], edges: int
) -> None:
    store_event(town, closure(shapely.MultiPoint(draw([(1, -3), (7, -3)]).coords), road))
    assert match_all(town) == 1
    assert codes(town, RoadEvent) == told
    assert session().scalar(select(EdgeMatch.edge_count)) == edges


def test_the_road_is_closed_by_an_event_of_two_points_when_it_is_matched(town: TerritoryView) -> None:
    store_event(town, closure(shapely.MultiPoint(draw([(1, -3), (7, -3)]).coords), "A99"))
    assert town.graph_dir is not None
    table = RoadGraph.open(town.graph_dir).table

    def state(points: list[Point]) -> tuple[State, int]:
        row = next(
            row for row in range(len(table)) if shapely.hausdorff_distance(table.shapes[row], draw(points)) < 1e-4
        )
        facts = EdgeFacts("motorway", one_way=True, edge_id=str(table.edge_ids[row]), graph_version=table.version)
        found = verdict(law_snapshot(town.id), table.shapes[row], at("2024-06-01T12:00"), LORRY, edge=facts)
        return found.state, len(found.warnings)

    assert state([(0, -3), (8, -3)]) == (State.ALLOWED, 1), "before the match, being near an event warns"
    match_all(town)
    assert state([(0, -3), (8, -3)]) == (State.FORBIDDEN, 0)
    assert state([(8, -2.85), (0, -2.85)])[0] is State.ALLOWED


def test_the_way_between_two_points_is_closed_to_whoever_asks_without_an_edge(town: TerritoryView) -> None:
    store_event(town, closure(shapely.MultiPoint(draw([(1, -3), (7, -3)]).coords), "A99"))
    match_all(town)
    law, noon = law_snapshot(town.id), at("2024-06-01T12:00")
    middle, part = shapely.Point(draw([(4, -3), (5, -3)]).coords[0]), draw([(4, -3), (5, -3)])
    assert {verdict(law, place, noon, LORRY).state for place in (middle, part)} == {State.FORBIDDEN}
    assert verdict(law, draw([(4, -1), (5, -1)]), noon, LORRY).state is State.ALLOWED
    assert law.in_box(middle.buffer(0.0005).bounds)
    (feature,) = measure_features(law, town.slug, moment_at(noon, law.zone), Origin.EVENT)
    assert feature["geometry"]["type"] == "LineString"
    make_law(town, orders=[along(STREET)])
    assert law_snapshot(town.id).measures.keys() > law.measures.keys()
    (event,) = law.measures
    assert law_snapshot(town.id).measures[event] is law.measures[event]


def test_a_piece_that_was_not_found_warns_when_the_others_are_closed(town: TerritoryView) -> None:
    pieces = shapely.MultiLineString([draw(STREET), draw([(4.5, 3), (4.77, 3)])])
    order = along(STREET, direction=Direction.BOTH)
    (measure,) = order.measures
    place = replace(measure.locations[0], shape=pieces)
    make_law(town, orders=[replace(order, measures=(replace(measure, locations=(place,)),))])
    match_all(town)
    assert codes(town) == ["partly-matched"]
    assert get_overview(town.id).doubtful == 1
    assert town.graph_dir is not None
    table = RoadGraph.open(town.graph_dir).table

    def answer(line: shapely.LineString) -> tuple[State, list[str]]:
        middle = line.interpolate(0.5, normalized=True)
        row = next(row for row in range(len(table)) if table.shapes[row].dwithin(middle, 1e-6))
        facts = EdgeFacts("residential", edge_id=str(table.edge_ids[row]), graph_version=table.version)
        found = verdict(law_snapshot(town.id), table.shapes[row], at("2024-06-01T12:00"), LORRY, edge=facts)
        return found.state, [warning.code.value for warning in found.warnings]

    assert answer(draw([(0, 0), (2, 0)])) == (State.FORBIDDEN, [])
    assert answer(draw([(4.5, 3), (4.77, 3)])) == (State.ALLOWED, ["match-doubtful"])


def test_a_single_point_is_left_to_the_law_when_an_event_has_no_more(town: TerritoryView) -> None:
    store_event(town, closure(shapely.Point(draw([(1, -3), (7, -3)]).coords[0])))
    assert match_all(town) == 1
    assert (stored(town), codes(town, RoadEvent)) == (0, [])
    assert count_waiting(town.id, version_of(town)) == 0


def test_everything_is_matched_again_when_the_graph_changes(
    town: TerritoryView, newer_graph: Path, database: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    make_law(town, orders=[along(STREET)], perimeters=[perimeter_draft(shape=draw(STREET).buffer(0.001))])
    match_all(town)
    assert stored(town) == 2
    rebuilt = f"neuf-{uuid4().hex[:8]}"
    with unit_of_work() as uow:
        uow.session.execute(update(Territory).where(Territory.id == town.id).values(build_version=rebuilt))
    assert town.graph_dir is not None
    newer = replace(town, build_version=rebuilt, graph_dir=town.graph_dir.parent.parent / rebuilt / "graph")
    put_graph(newer, newer_graph)
    assert version_of(newer) != version_of(town)
    assert count_waiting(town.id, version_of(newer)) == 2
    assert ensure_matching(newer) is not None
    run_jobs(database)
    versions = session().scalars(select(EdgeMatch.graph_version).where(EdgeMatch.territory_id == town.id)).all()
    assert versions == [version_of(newer)] * 2
    (measure,) = law_snapshot(town.id).measures.values()
    assert measure.locations[0].matches is not None
    assert measure.locations[0].matches.graph_version == version_of(newer)


def test_a_run_goes_on_where_another_was_lost(
    town: TerritoryView, database: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafts = [along([(0, 0), (1 + k, 0)], label=f"n° {k}") for k in range(7)]
    make_law(town, orders=drafts)
    monkeypatch.setattr(match_tasks, "_AT_ONCE", 3)
    lost = RunningJob(database, new_id(), new_id(), 30)
    assert town.graph_dir is not None
    with pytest.raises(ClaimLost):
        match_waiting(town.id, version_of(town), RoadGraph.open(town.graph_dir), lost)
    assert stored(town) == 3
    assert count_waiting(town.id, version_of(town)) == 4
    assert match_all(town) == 4
    assert stored(town) == 7


def test_the_doubts_wait_for_the_next_run_when_the_order_changed_meanwhile(town: TerritoryView) -> None:
    make_law(town, orders=[along([(1, 2), (7, 2)], label="A")])
    version = version_of(town)
    waiting = list_waiting(town.id, version, 10)
    make_law(town, orders=[along(STREET, label="A")])
    assert town.graph_dir is not None
    match_tasks._match_some(town.id, version, RoadGraph.open(town.graph_dir), waiting)
    assert codes(town) == []
    assert count_waiting(town.id, version) == 1
    match_all(town)
    assert (codes(town), count_waiting(town.id, version)) == ([], 0)


def test_doubts_are_replaced_when_the_order_is_mended(town: TerritoryView) -> None:
    make_law(town, orders=[along([(1, 2), (7, 2)], label="A")])
    match_all(town)
    assert codes(town) == ["unmatched"]
    make_law(town, orders=[along(STREET, label="A")])
    match_all(town)
    assert codes(town) == []


def test_only_what_is_law_is_matched(town: TerritoryView) -> None:
    drafts = [replace(along(STREET, label=state.value), status=state) for state in OrderStatus]
    store_orders(TESTER, town.id, drafts)
    assert match_all(town) == 1


def test_another_job_waits_an_hour_when_the_last_one_failed(town: TerritoryView) -> None:
    make_law(town, orders=[along(STREET)])
    job_id = ensure_matching(town)
    failed_at = datetime(2026, 1, 1, tzinfo=UTC)
    with unit_of_work() as uow:
        uow.session.execute(update(Job).where(Job.id == job_id).values(state=JobState.FAILED, ended_at=failed_at))
    assert ensure_matching(town, FixedClock(failed_at + timedelta(minutes=59))) is None
    assert ensure_matching(town, FixedClock(failed_at + timedelta(minutes=61))) is not None
    latest = latest_job(MATCH_JOB, {"territory_id": str(town.id)})
    assert latest is not None and latest.id != job_id
