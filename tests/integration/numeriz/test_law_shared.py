"""One law for all: nothing uncommitted leaks, nothing unchanged is read again, pages wait little, matches join."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import shapely
from flask import Flask
from sqlalchemy import update

from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.common.ids import new_id
from portal.db import db, session, unit_of_work
from portal.numeriz import codec
from portal.numeriz.law import memory as law_module
from portal.numeriz.law.memory import bump_law, law_for_display, law_snapshot
from portal.numeriz.models import EdgeMatch, LawState
from portal.numeriz.services import store_orders, store_perimeters
from portal.regulations.evaluate import State, verdict
from portal.regulations.holidays import HolidayRegion
from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import EdgeFacts
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.territories.models import Territory
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, at, make_law, make_territory, measure_draft, order_draft, perimeter_draft

VAN = Vehicle(gross_weight_kg=3500)
NOON = at("2024-09-08T08:00")
STREET = shapely.LineString([(2.370, 48.862), (2.372, 48.862)])


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    return make_territory()


def titles(law: LawSnapshot) -> set[str]:
    return {measure.order.title for measure in law.measures.values()}


def elsewhere[R](app: Flask, action: Callable[[], R]) -> R:
    """What an action returns in another thread, with a session of its own."""

    def run() -> R:
        with app.app_context():
            try:
                return action()
            finally:
                db.session.remove()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(run).result()


def test_what_did_not_change_is_the_same_object_when_another_order_does(database: Flask) -> None:
    territory = make_territory()
    make_law(
        territory,
        perimeters=[perimeter_draft()],
        orders=[order_draft(identifier="A", title="A"), order_draft(identifier="B", title="B")],
    )
    before = law_snapshot(territory.id)
    store_orders(TESTER, territory.id, [order_draft(identifier="B", title="B plus")])
    after = law_snapshot(territory.id)
    now = {**after.measures, **after.perimeters}
    kept = {key for key, regulation in {**before.measures, **before.perimeters}.items() if regulation is now.get(key)}
    assert titles(after) == {"A", "B plus"}
    assert kept == {*after.perimeters, *(m.id for m in after.measures.values() if m.order.title == "A")}


def test_an_unfinished_change_is_seen_by_nobody_else(app: Flask, territory: TerritoryView) -> None:
    make_law(territory, orders=[order_draft(identifier="A", title="Avant")])
    assert titles(law_snapshot(territory.id)) == {"Avant"}
    with pytest.raises(RuntimeError), unit_of_work():
        store_orders(TESTER, territory.id, [order_draft(identifier="A", title="Pendant")])
        assert titles(law_snapshot(territory.id)) == {"Pendant"}
        seen: list[set[str]] = [
            elsewhere(app, lambda: titles(law_snapshot(territory.id))),
            elsewhere(app, lambda: titles(law_for_display(territory))),
        ]
        assert seen == [{"Avant"}, {"Avant"}]
        raise RuntimeError
    assert titles(law_snapshot(territory.id)) == {"Avant"}
    store_orders(TESTER, territory.id, [order_draft(identifier="A", title="Après")])
    assert titles(law_snapshot(territory.id)) == {"Après"}


def test_the_law_changes_when_the_calendar_or_the_graph_does(territory: TerritoryView) -> None:
    make_law(territory, orders=[order_draft()])
    versions = {law_snapshot(territory.id).version}
    for values in ({"holidays": HolidayRegion.ALSACE_MOSELLE}, {"build_version": "next"}, {"timezone": "Asia/Tokyo"}):
        with unit_of_work() as uow:
            uow.session.execute(update(Territory).where(Territory.id == territory.id).values(**values))
        law = law_snapshot(territory.id)
        versions.add(law.version)
    assert len(versions) == 4
    assert law.calendar.region is HolidayRegion.ALSACE_MOSELLE
    assert law.zone.key == "Asia/Tokyo"
    assert all(len(version) <= 64 for version in versions)


@pytest.fixture
def slow_build(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Builds that wait for an event, once it is armed."""
    build, go = law_module._build, threading.Event()

    def waiting(state: law_module._State, kept: law_module._Kept) -> LawSnapshot:
        assert go.wait(30)
        return build(state, kept)

    go.set()
    monkeypatch.setattr(law_module, "_build", waiting)
    monkeypatch.setattr(law_module, "PATIENCE_S", 0.05)
    yield go
    go.set()


def changed_by_another_process(territory: TerritoryView, title: str) -> None:
    """A change this process knows nothing of, committed just now."""
    store_orders(TESTER, territory.id, [order_draft(identifier="A", title=title)])
    kept = law_module._cache.of(territory.id)
    kept.changes_here = kept.changes_held


def test_a_page_shows_the_law_of_just_before_while_the_newest_is_being_built(
    app: Flask, territory: TerritoryView, slow_build: threading.Event
) -> None:
    make_law(territory, orders=[order_draft(identifier="A", title="Avant")])
    before = law_snapshot(territory.id)
    slow_build.clear()
    changed_by_another_process(territory, "Après")
    changed_at = session().query(LawState.changed_at).filter_by(territory_id=territory.id).scalar()
    just_after = FixedClock(changed_at + timedelta(seconds=1))
    assert law_for_display(territory, just_after) is before
    slow_build.set()
    law_module._cache.of(territory.id).under_way.result(30)  # type: ignore[union-attr]
    assert titles(law_for_display(territory, just_after)) == {"Après"}


@pytest.mark.parametrize("seconds", [2, 3600, -1])
def test_a_page_waits_when_the_change_is_old_or_the_clock_wrong(
    app: Flask, territory: TerritoryView, slow_build: threading.Event, seconds: int
) -> None:
    make_law(territory, orders=[order_draft(identifier="A", title="Avant")])
    law_snapshot(territory.id)
    changed_by_another_process(territory, "Après")
    changed_at = session().query(LawState.changed_at).filter_by(territory_id=territory.id).scalar()
    assert titles(law_for_display(territory, FixedClock(changed_at + timedelta(seconds=seconds)))) == {"Après"}


def test_a_process_never_shows_less_than_what_it_committed(
    territory: TerritoryView, slow_build: threading.Event
) -> None:
    make_law(territory, orders=[order_draft(identifier="A", title="Avant")])
    law_snapshot(territory.id)
    store_orders(TESTER, territory.id, [order_draft(identifier="A", title="Après")])
    assert titles(law_for_display(territory)) == {"Après"}
    assert law_module._cache.of(territory.id).under_way is None, "it built the law itself"


@pytest.fixture
def graph(territory: TerritoryView) -> str:
    """A folder that says it holds a graph."""
    assert territory.graph_dir is not None
    folder: Path = territory.graph_dir
    folder.mkdir(parents=True, exist_ok=True)
    info = {"version": "tiles-1", "tile_count": 1, "node_count": 1, "directed_edge_count": 1}
    (folder / "graph.json").write_text(json.dumps(info), encoding="utf-8")
    return "tiles-1"


def store_match(territory: TerritoryView, graph: str, digest: str, share: float, *edge_ids: int) -> None:
    rows = EdgeMatches.of(graph, [(edge_id, True, 0.0, 1.0, 1.0) for edge_id in edge_ids]).rows
    with unit_of_work() as uow:
        values = {
            "id": new_id(),
            "territory_id": territory.id,
            "graph_version": graph,
            "location_digest": digest,
            "matched_share": share,
            "confidence": share,
            "edge_count": len(rows),
            "edges": codec.edges_to_bytes(rows),
            "issues": [],
            "matched_at": SYSTEM_CLOCK.now(),
        }
        known = {column.name for column in EdgeMatch.__table__.columns}
        bounds = {"min_lon": 2.36, "min_lat": 48.86, "max_lon": 2.38, "max_lat": 48.87}
        uow.session.add(EdgeMatch(**values, **{name: value for name, value in bounds.items() if name in known}))
        bump_law(uow, territory.id)


def test_matches_are_joined_to_what_they_belong_to_when_they_are_found(territory: TerritoryView, graph: str) -> None:
    draft = measure_draft()
    make_law(
        territory,
        orders=[order_draft(draft, title="A"), order_draft(measure_draft(line=[(2.36, 48.86), (2.361, 48.86)]))],
    )
    store_perimeters(TESTER, territory.id, [perimeter_draft()])
    place = draft.locations[0]
    edge = EdgeFacts("residential", edge_id="7", graph_version=graph)
    other = EdgeFacts("residential", edge_id="8", graph_version=graph)

    def states() -> list[State]:
        return [verdict(law_snapshot(territory.id), STREET, NOON, VAN, edge=facts).state for facts in (edge, other)]

    assert states() == [State.FORBIDDEN, State.FORBIDDEN]  # by the shape
    before = law_snapshot(territory.id)
    store_match(territory, graph, codec.location_digest(place), 1.0, 7)
    assert states() == [State.FORBIDDEN, State.ALLOWED]
    after = law_snapshot(territory.id)
    kept = [measure_id for measure_id, measure in after.measures.items() if measure is before.measures[measure_id]]
    assert len(kept) == 1, "the other order is the same object"
    [perimeter] = after.perimeters.values()
    store_match(territory, graph, codec.perimeter_digest(perimeter.shape, perimeter.named_roads), 1.0, 9)
    [matched] = law_snapshot(territory.id).perimeters.values()
    assert matched.matches is not None
    assert matched.matches.rows["edge_id"].tolist() == [9]


def test_a_weak_match_makes_edges_doubtful_when_it_is_below_what_is_trusted(
    territory: TerritoryView, graph: str
) -> None:
    draft = measure_draft()
    make_law(territory, orders=[order_draft(draft)])
    store_match(territory, graph, codec.location_digest(draft.locations[0]), 0.79)
    edge = EdgeFacts("residential", edge_id="7", graph_version=graph)
    answer = verdict(law_snapshot(territory.id), STREET, NOON, VAN, edge=edge)
    assert (answer.state, [warning.code.value for warning in answer.warnings]) == (State.ALLOWED, ["match-doubtful"])
    assert verdict(law_snapshot(territory.id), STREET, NOON, VAN).state is State.FORBIDDEN
