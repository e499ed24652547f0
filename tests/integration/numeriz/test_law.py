"""The law in memory: built once per version, shared by threads, never older than what is committed."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from uuid import UUID

import pytest
from flask import Flask
from shapely.geometry import LineString, Point

from portal.audit import AuditTag, list_entries
from portal.common.errors import Invalid, NotFound
from portal.common.ids import new_id
from portal.db import db, unit_of_work
from portal.numeriz.bays.queries import list_bays
from portal.numeriz.law import memory as law_module
from portal.numeriz.law.memory import NO_LAW, bump_law, law_snapshot, law_version
from portal.numeriz.overview import get_overview
from portal.numeriz.queries import get_order, get_perimeters, list_perimeters, page_orders
from portal.numeriz.services import store_bays, store_orders, store_perimeters
from portal.numeriz.values import OrderStatus
from portal.regulations.evaluate import State, verdict
from portal.regulations.measures import MeasureType
from portal.regulations.perimeters import Colour
from portal.regulations.vehicles import Vehicle
from tests.factories.law import (
    TESTER,
    at,
    bay_draft,
    make_law,
    make_territory,
    measure_draft,
    order_draft,
    perimeter_draft,
    square,
)

VAN = Vehicle(gross_weight_kg=3500)


def test_the_version_changes_with_the_law_when_something_is_stored(database: Flask) -> None:
    territory = make_territory()
    versions = [law_version(territory.id)]
    for store, drafts in (
        (store_perimeters, [perimeter_draft()]),
        (store_orders, [order_draft(identifier="A")]),
        (store_bays, [bay_draft("B", 2.36, 48.86)]),
    ):
        assert store(TESTER, territory.id, drafts).changed  # type: ignore[operator]
        versions.append(law_version(territory.id))
    assert versions[0] == NO_LAW
    assert len(set(versions)) == 4
    assert not store_orders(TESTER, territory.id, [order_draft(identifier="A")]).changed
    assert law_version(territory.id) == versions[-1]


def test_the_law_answers_when_it_is_stored(database: Flask) -> None:
    territory = make_territory()
    make_law(territory, perimeters=[perimeter_draft()], orders=[order_draft()])
    law = law_snapshot(territory.id)
    assert verdict(law, Point(2.362, 48.862), at("2024-09-08T08:00"), VAN).state is State.PASS_REQUIRED
    assert verdict(law, LineString([(2.370, 48.862), (2.372, 48.862)]), at("2024-09-08T08:00"), VAN).state is (
        State.FORBIDDEN
    )
    assert law is law_snapshot(territory.id)


def test_what_cannot_be_applied_is_kept_without_effect_when_it_is_stored(database: Flask) -> None:
    territory = make_territory()
    nowhere = perimeter_draft("Sans couleur", None)
    sleeping = perimeter_draft("Sans date", Colour.RED, square(2.355, 48.866), spans=[])
    unreadable = order_draft(measure_draft(MeasureType.SPEED_LIMIT), title="Sans vitesse")
    draft = order_draft(title="Projet", status=OrderStatus.DRAFT)
    timeless = order_draft(measure_draft(periods=[]), title="Sans période")
    make_law(territory, perimeters=[nowhere, sleeping], orders=[unreadable, draft, timeless])
    law = law_snapshot(territory.id)
    assert not law.perimeters and not law.measures
    assert get_overview(territory.id).perimeters == 2 and get_overview(territory.id).orders == 3
    doubtful = page_orders(territory.id, doubtful=True).items
    assert [line.title for line in doubtful] == ["Sans vitesse"]


def test_an_order_keeps_its_ids_when_its_content_changes(database: Flask) -> None:
    territory = make_territory()
    make_law(territory, orders=[order_draft(identifier="A", title="Avant")])
    before = get_order(territory.id, page_orders(territory.id).items[0].id)
    outcome = store_orders(TESTER, territory.id, [order_draft(identifier="A", title="Après")])
    after = get_order(territory.id, before.id)
    assert outcome.counts == {"orders_changed": 1}
    assert (before.title, after.title) == ("Avant", "Après")
    assert [measure_id for measure_id, _ in before.measures] == [measure_id for measure_id, _ in after.measures]


def test_nothing_is_stored_when_one_order_of_many_is_wrong(app: Flask) -> None:
    territory = make_territory()
    bad = [order_draft(), order_draft(identifier="x" * 61), order_draft(measure_draft(max_speed_kmh=300))]
    for wrong in bad[1:]:
        with pytest.raises(Invalid):
            store_orders(TESTER, territory.id, [bad[0], wrong])
    assert not page_orders(territory.id).items and law_version(territory.id) == NO_LAW


def test_perimeters_of_another_territory_stay_away_when_ids_are_given(app: Flask) -> None:
    here, there = make_territory(), make_territory("lyon", name="Lyon")
    make_law(here, perimeters=[perimeter_draft()])
    make_law(there, perimeters=[perimeter_draft()])
    ids = [perimeter.id for perimeter in (*list_perimeters(here.id), *list_perimeters(there.id))]
    assert [perimeter.id for perimeter in get_perimeters(here.id, ids)] == ids[:1]
    assert not get_perimeters(here.id, [])


def test_the_journal_tells_who_when_something_is_imported(app: Flask) -> None:
    territory = make_territory()
    make_law(territory, bays=[bay_draft()])
    [entry] = list_entries(territory_id=territory.id).items
    assert entry.tag is AuditTag.BAYS_IMPORTED and entry.actor_label == "system:test"
    assert entry.data["counts"] == {"bays_added": 1}
    assert len(list_bays(territory.id)) == 1


def test_the_law_is_not_taken_from_memory_when_a_change_was_undone(app: Flask) -> None:
    territory = make_territory()
    make_law(territory, perimeters=[perimeter_draft("Première")])

    def seen() -> set[str]:
        return {perimeter.name for perimeter in law_snapshot(territory.id).perimeters.values()}

    with pytest.raises(RuntimeError), unit_of_work():
        store_perimeters(TESTER, territory.id, [perimeter_draft("Défaite")])
        assert seen() == {"Première", "Défaite"}, "inside the transaction its own change is seen"
        raise RuntimeError
    assert seen() == {"Première"}
    make_law(territory, perimeters=[perimeter_draft("Refaite")])
    assert seen() == {"Première", "Refaite"}


def test_the_law_is_built_once_when_many_threads_ask_for_it(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    territory = make_territory()
    make_law(territory, perimeters=[perimeter_draft()])
    builds: list[UUID] = []
    build = law_module._build

    def counted(state: law_module._State, kept: law_module._Kept) -> object:
        builds.append(state.territory.id)
        return build(state, kept)

    monkeypatch.setattr(law_module, "_build", counted)
    start, found = threading.Barrier(6), []

    def ask() -> None:
        with app.app_context():
            start.wait()
            found.append(law_snapshot(territory.id))
            db.session.remove()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert builds == [territory.id]
    assert len({id(snapshot) for snapshot in found}) == 1 and len(found) == 6


def test_a_version_is_never_given_twice_when_two_changes_follow(database: Flask) -> None:
    territory = make_territory()
    seen = set()
    for _ in range(3):
        with unit_of_work() as uow:
            bump_law(uow, territory.id)
        seen.add(law_version(territory.id))
    assert len(seen) == 3


def test_the_law_holds_each_thing_once_when_two_people_import_it_at_once(database: Flask) -> None:
    territory = make_territory()
    perimeters = [perimeter_draft(f"Fête {n}", shape=square(2.355 + n / 10_000, 48.865)) for n in range(20)]
    start, outcomes = threading.Barrier(2), []

    def store() -> None:
        with database.app_context():
            start.wait()
            outcomes.append(store_perimeters(TESTER, territory.id, perimeters).changed)
            db.session.remove()

    threads = [threading.Thread(target=store) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False, True]
    assert len(list_perimeters(territory.id)) == 20


def test_an_unknown_territory_has_no_law_when_it_is_asked(app: Flask) -> None:
    assert law_version(new_id()) == NO_LAW
    with pytest.raises(NotFound):
        law_snapshot(new_id())


def test_instants_come_back_in_utc_when_they_are_read(database: Flask) -> None:
    territory = make_territory()
    make_law(territory, perimeters=[perimeter_draft(spans=[("2024-09-08T05:30+02:00", None)])])
    [perimeter] = list_perimeters(territory.id)
    assert perimeter.activations[0].start == datetime(2024, 9, 8, 3, 30, tzinfo=UTC)
    assert perimeter.activations[0].end is None
    assert not store_perimeters(
        TESTER, territory.id, [perimeter_draft(spans=[("2024-09-08T05:30+02:00", None)])]
    ).changed
