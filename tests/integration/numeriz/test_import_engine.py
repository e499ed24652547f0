"""The engine of imports on generated feeds: what lands, what is withdrawn, what a report says, what a kill leaves."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.common.clock import FixedClock
from portal.common.errors import Invalid
from portal.db import session, unit_of_work
from portal.db.base import db
from portal.numeriz.feeds.register import NewFeed, add_feed
from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.law.memory import law_snapshot, law_version
from portal.numeriz.models import Feed, ImportReport, LawState, MeasureRow, SourceRecordRow, TrafficOrder
from portal.numeriz.storing.absence import awaits_reading
from portal.numeriz.values import ImportKind, ImportOutcome, ImportState, OrderStatus
from portal.runtime.bench.feed_file import write_feed
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, make_territory
from tests.support.datex import any_of, order, publication, regulation, when, where

NOW = FixedClock(datetime(2026, 3, 1, tzinfo=UTC))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "feed.xml"


def _run(territory: TerritoryView, path: Path, **more: Any) -> ImportOutcome:
    more.setdefault("clock", NOW)
    return run_import(TESTER, territory, ImportKind.ORDERS, [SourceFile(path.name, path)], **more)


def _told(outcome: ImportOutcome, *names: str) -> dict[str, int]:
    return {name: outcome.counts[name] for name in names if name in outcome.counts}


def _statuses() -> Mapping[str, OrderStatus]:
    rows = session().execute(select(TrafficOrder.source_id, TrafficOrder.status))
    return {source_id: status for source_id, status in rows}  # noqa: C416 rows are no pairs to the type checker


@pytest.mark.usefixtures("database")
def test_an_unchanged_feed_changes_nothing_and_reads_nothing(path: Path) -> None:
    territory = make_territory(bounds=None)
    write_feed(path, 20)
    first = _run(territory, path)
    assert _told(first, "records", "orders_added", "orders_changed") == {"records": 20, "orders_added": 20}
    assert first.state is ImportState.APPLIED
    version = law_version(territory.id)
    again = _run(territory, path)
    assert _told(again, "records", "records_unchanged", "orders_added") == {"records": 20, "records_unchanged": 20}
    assert (again.state, again.changed, law_version(territory.id)) == (ImportState.UNCHANGED, False, version)
    # What was doubtful is told again though nothing was read.
    assert again.issue_counts == first.issue_counts
    assert again.issue_counts["slot-clock-uncertain"] > 0


@pytest.mark.usefixtures("database")
def test_a_changed_order_alone_is_stored_and_a_vanished_one_withdrawn(path: Path) -> None:
    territory = make_territory(bounds=None)
    write_feed(path, 20)
    _run(territory, path)
    write_feed(path, 20, without=frozenset({3}), retitled=frozenset({5}))
    second = _run(territory, path)
    assert _told(second, "records", "records_unchanged", "orders_changed", "orders_withdrawn") == {
        "records": 19,
        "records_unchanged": 18,
        "orders_changed": 1,
        "orders_withdrawn": 1,
    }
    assert sorted(_statuses().values()).count(OrderStatus.WITHDRAWN) == 1
    before = len({measure.order.id for measure in law_snapshot(territory.id).measures.values()})
    write_feed(path, 20)
    third = _run(territory, path)
    # It is back, and the other has its first title again.
    assert _told(third, "orders_changed", "orders_withdrawn", "orders_added") == {"orders_changed": 2}
    assert set(_statuses().values()) == {OrderStatus.PUBLISHED}
    assert len({measure.order.id for measure in law_snapshot(territory.id).measures.values()}) == before + 1


@pytest.mark.usefixtures("app")
def test_nothing_is_withdrawn_when_more_than_half_would_vanish(path: Path) -> None:
    territory = make_territory(bounds=None)
    write_feed(path, 20)
    _run(territory, path)
    version = law_version(territory.id)
    write_feed(path, 20, without=frozenset(range(11)))
    outcome = _run(territory, path)
    assert outcome.issue_counts["most-vanished"] == 1
    assert outcome.state is ImportState.APPLIED
    assert set(_statuses().values()) == {OrderStatus.PUBLISHED}
    assert law_version(territory.id) == version
    # They are still known: the same feed says it again, and the whole feed has nothing to add.
    assert _run(territory, path).issue_counts["most-vanished"] == 1
    write_feed(path, 20)
    assert _run(territory, path).state is ImportState.UNCHANGED


@pytest.mark.usefixtures("app")
def test_the_only_order_of_a_town_is_withdrawn_when_the_rest_of_the_feed_goes_on(path: Path) -> None:
    territory = make_territory()
    far = regulation(any_of(where({"type": "LineString", "coordinates": [[4.8, 45.7], [4.81, 45.71]]})))
    elsewhere = [order(far, order_id=f"far-{place}") for place in range(20)]
    path.write_text(publication(order(order_id="here"), *elsewhere), encoding="utf-8")
    _run(territory, path)
    path.write_text(publication(*elsewhere), encoding="utf-8")
    outcome = _run(territory, path)
    assert "most-vanished" not in outcome.issue_counts
    assert _statuses() == {"here": OrderStatus.WITHDRAWN}


@pytest.mark.usefixtures("app")
def test_most_orders_may_leave_when_they_are_over(path: Path) -> None:
    territory = make_territory(bounds=None)
    over = [
        order(
            regulation(any_of(when("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")), any_of(where())),
            order_id=f"over-{place}",
            end="2026-02-01T00:00:00Z",
        )
        for place in range(4)
    ]
    kept = [order(order_id=f"kept-{place}", end="2027-01-01T00:00:00Z") for place in range(2)]
    path.write_text(publication(*over, *kept), encoding="utf-8")
    _run(territory, path)
    path.write_text(publication(*kept[:1]), encoding="utf-8")
    outcome = _run(territory, path)
    assert ("most-vanished" in outcome.issue_counts, outcome.counts["orders_withdrawn"]) == (False, 1)


def _reads(territory: TerritoryView, scope: str, *, active: bool = True) -> UUID:
    host = "dialog.beta.gouv.fr"
    new = NewFeed(ImportKind.ORDERS, scope, f"https://{host}/{scope}.xml", "dialog", 86_400, {"scope": scope})
    feed_id = add_feed(TESTER, territory.id, new, hosts=frozenset({host}), clock=NOW)
    with unit_of_work() as uow:
        row = uow.session.get_one(Feed, feed_id)
        row.active, row.next_at = active, NOW.now() + timedelta(days=1)
    return feed_id


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("becomes_permanent", [True, False])
def test_an_order_that_left_one_feed_is_kept_until_the_other_was_read(path: Path, becomes_permanent: bool) -> None:
    territory = make_territory(bounds=None)
    feed_id = _reads(territory, "permanent")
    temporary = [order(order_id=f"t{place}", end="2027-01-01T00:00:00Z") for place in range(4)]
    permanent = [order(order_id=f"p{place}") for place in range(4)]

    def read(scope: str, *orders: str) -> ImportOutcome:
        path.write_text(publication(*orders), encoding="utf-8")
        return _run(territory, path, options={"scope": scope})

    read("permanent", *permanent)
    read("temporary", *temporary)
    path.write_text(publication(*temporary[1:]), encoding="utf-8")
    tried = _run(territory, path, options={"scope": "temporary"}, dry_run=True)
    left = read("temporary", *temporary[1:])
    assert _told(left, "orders_awaited", "orders_withdrawn") == {"orders_awaited": 1} and not left.changed
    assert tried.counts == left.counts
    assert _statuses()["t0"] is OrderStatus.PUBLISHED
    assert session().get_one(Feed, feed_id).next_at == NOW.now(), "the other feed is due at once"
    assert awaits_reading(territory.id, ImportKind.ORDERS, {"scope": "permanent"})
    assert "orders_awaited" not in read("temporary", *temporary[1:]).counts
    read("permanent", *permanent, *([order(order_id="t0")] if becomes_permanent else []))
    assert (_statuses()["t0"] is OrderStatus.PUBLISHED) is becomes_permanent
    assert not awaits_reading(territory.id, ImportKind.ORDERS, {"scope": "permanent"})


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("scope", ["temporary", "permanent"])
def test_an_order_is_withdrawn_at_once_when_no_feed_reads_the_other_scope(path: Path, scope: str) -> None:
    territory = make_territory(bounds=None)
    _reads(territory, scope, active=scope == "temporary")
    temporary = [order(order_id=f"t{place}", end="2027-01-01T00:00:00Z") for place in range(4)]
    for held in (temporary, temporary[1:]):
        path.write_text(publication(*held), encoding="utf-8")
        _run(territory, path, options={"scope": "temporary"})
    assert _statuses()["t0"] is OrderStatus.WITHDRAWN


@pytest.mark.usefixtures("app")
def test_an_order_that_is_over_expires_and_is_not_withdrawn(path: Path) -> None:
    territory = make_territory(bounds=None)
    over = order(
        regulation(any_of(when("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z")), any_of(where())),
        order_id="over",
        end="2026-02-01T00:00:00Z",
    )
    kept = [order(order_id=f"kept-{place}", end="2027-01-01T00:00:00Z") for place in range(2)]
    path.write_text(publication(over, *kept), encoding="utf-8")
    _run(territory, path)
    path.write_text(publication(*kept), encoding="utf-8")
    outcome = _run(territory, path)
    assert ("orders_withdrawn" in outcome.counts, outcome.issue_counts) == (False, {"direction-never-written": 1})
    assert _statuses()["over"] is OrderStatus.PUBLISHED


@pytest.mark.usefixtures("app")
def test_a_feed_of_one_scope_leaves_the_other_alone(path: Path) -> None:
    territory = make_territory(bounds=None)
    permanent = [order(order_id=f"p{place}") for place in range(4)]
    temporary = [order(order_id=f"t{place}", end="2027-01-01T00:00:00Z") for place in range(4)]
    path.write_text(publication(*permanent, *temporary), encoding="utf-8")
    _run(territory, path)
    path.write_text(publication(*temporary[1:]), encoding="utf-8")
    _run(territory, path, options={"scope": "temporary"})
    assert [name for name, status in _statuses().items() if status is OrderStatus.WITHDRAWN] == ["t0"]


@pytest.mark.usefixtures("database")
def test_a_broken_file_keeps_what_came_before_and_withdraws_nothing(path: Path) -> None:
    territory = make_territory(bounds=None)
    write_feed(path, 20)
    _run(territory, path)
    write_feed(path, 20, retitled=frozenset({0}))
    text = path.read_text(encoding="utf-8")
    path.write_text(text[: len(text) // 2], encoding="utf-8")
    outcome = _run(territory, path)
    assert (outcome.state, outcome.error["code"], outcome.counts["orders_changed"]) == (
        ImportState.PARTIAL,
        "not-xml",
        1,
    )
    assert set(_statuses().values()) == {OrderStatus.PUBLISHED}
    report = session().get_one(ImportReport, outcome.report_id)
    assert (report.state, report.error["code"]) == (ImportState.PARTIAL, "not-xml")
    assert dict(report.counts) == dict(outcome.counts)


@pytest.mark.usefixtures("app")
def test_a_file_that_breaks_before_its_first_order_is_refused(path: Path) -> None:
    territory = make_territory()
    path.write_text(publication(order())[:900], encoding="utf-8")
    with pytest.raises(Invalid, match="not-xml"):
        _run(territory, path)
    assert session().scalar(select(func.count()).select_from(ImportReport)) == 0


@pytest.mark.usefixtures("database")
def test_a_record_that_cannot_be_kept_is_skipped_with_its_place(path: Path) -> None:
    territory = make_territory()
    orders = [order(order_id="a"), order(order_id="b", title=" "), order(order_id="c"), order(order_id="a")]
    path.write_text(publication(*orders), encoding="utf-8")
    outcome = _run(territory, path)
    assert _told(outcome, "records", "orders_added", "records_skipped") == {
        "records": 4,
        "orders_added": 2,
        "records_skipped": 1,
    }
    placed = {(issue.code, issue.where) for issue in outcome.issues if issue.where}
    assert placed == {("title-missing", 2), ("duplicate-record", 4)}
    # A record that was never kept is tried again each time.
    assert _run(territory, path).issue_counts["title-missing"] == 1


@pytest.mark.usefixtures("database")
def test_orders_elsewhere_are_counted_and_remembered_without_being_kept(path: Path) -> None:
    territory = make_territory()
    write_feed(path, 30, centre=(5.0, 45.0))
    first = _run(territory, path)
    assert (first.counts["records_not_kept"], first.issue_counts["outside-not-kept"], first.changed) == (30, 30, False)
    assert session().scalar(select(func.count()).select_from(TrafficOrder)) == 0
    again = _run(territory, path)
    assert (again.counts["records_unchanged"], again.issue_counts["outside-not-kept"]) == (30, 30)


@pytest.mark.usefixtures("app")
def test_an_order_that_moves_out_of_the_territory_is_withdrawn(path: Path) -> None:
    territory = make_territory()
    stays = [order(order_id=f"s{place}") for place in range(2)]
    path.write_text(publication(*stays, order(order_id="m")), encoding="utf-8")
    _run(territory, path)
    far = regulation(any_of(where({"type": "LineString", "coordinates": [[4.8, 45.7], [4.81, 45.71]]})))
    path.write_text(publication(*stays, order(far, order_id="m")), encoding="utf-8")
    outcome = _run(territory, path)
    assert _told(outcome, "orders_withdrawn", "records_not_kept") == {"orders_withdrawn": 1, "records_not_kept": 1}
    assert _statuses()["m"] is OrderStatus.WITHDRAWN


@pytest.mark.usefixtures("database")
def test_a_dry_run_tells_the_same_and_stores_nothing(path: Path) -> None:
    territory = make_territory(bounds=None)
    write_feed(path, 20)
    tried = _run(territory, path, dry_run=True)
    assert (session().scalar(select(func.count()).select_from(SourceRecordRow)), tried.report_id) == (0, None)
    assert _run(territory, path).counts == tried.counts
    write_feed(path, 20, without=frozenset({1}), retitled=frozenset({2}))
    version = law_version(territory.id)
    tried = _run(territory, path, dry_run=True)
    assert law_version(territory.id) == version
    assert _run(territory, path).counts == tried.counts


@pytest.mark.usefixtures("app")
def test_progress_goes_up_to_the_size_of_the_file(path: Path) -> None:
    territory = make_territory(bounds=None)
    size = write_feed(path, 60)
    steps: list[tuple[int, int]] = []
    _run(territory, path, progress=lambda done, total: steps.append((done, total)))
    assert len(steps) > 3
    assert steps == sorted(set(steps))
    assert (steps[-1][0] > size // 2, {total for _, total in steps}) == (True, {size})


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("name", "content", "code"),
    [("a.xml", "<a/>", "unknown-layout"), ("a.xml", " ", "file-empty"), ("a.csv", "a;b\n1;2\n", "unknown-layout")],
)
def test_a_file_of_no_known_format_is_refused(path: Path, name: str, content: str, code: str) -> None:
    path.write_text(content, encoding="utf-8")
    with pytest.raises(Invalid, match=code):
        run_import(TESTER, make_territory(), ImportKind.ORDERS, [SourceFile(name, path)])


def _whole(territory: TerritoryView) -> dict[str, tuple[str, int]]:
    """Each stored order with its title and its number of measures."""
    rows = session().execute(
        select(TrafficOrder.source_id, TrafficOrder.title, func.count(MeasureRow.id))
        .outerjoin(MeasureRow, MeasureRow.order_id == TrafficOrder.id)
        .where(TrafficOrder.territory_id == territory.id)
        .group_by(TrafficOrder.source_id, TrafficOrder.title)
    )
    return {source_id: (title, count) for source_id, title, count in rows}


def test_a_killed_import_leaves_whole_orders_and_the_next_one_goes_on(database: Flask, tmp_path: Path) -> None:
    feed = tmp_path / "feed.xml"
    write_feed(feed, 90)
    reference, killed = make_territory("entier", bounds=None), make_territory("tue", bounds=None)
    _run(reference, feed)
    expected = _whole(reference)
    settings = database.extensions["settings"]
    draws = random.Random(7)
    seen = 0
    for _ in range(2):
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.support.feed_import"),
                *(settings.database_url, str(tmp_path / "var"), "tue", str(feed)),
            ],
            stdout=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"started\n"
        time.sleep(draws.uniform(0.1, 0.4))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        db.session.rollback()
        landed = _whole(killed)
        assert landed.items() <= expected.items()  # whole orders, none half there
        assert len(landed) >= seen
        seen = len(landed)
        kept = session().scalars(select(SourceRecordRow.record_id).where(SourceRecordRow.territory_id == killed.id))
        assert set(kept) == set(landed)
        # Each order was counted in its own transaction.
        counted = session().scalar(select(LawState.version).where(LawState.territory_id == killed.id)) or 0
        assert counted == len(landed)
        snapshot = law_snapshot(killed.id)
        stored = sum(count for _title, count in landed.values())
        assert len(snapshot.measures) == stored
        assert snapshot.version.startswith(law_version(killed.id))
    outcome = _run(killed, feed)
    assert outcome.counts.get("orders_added", 0) == 90 - seen
    assert _whole(killed) == expected
