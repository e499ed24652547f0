"""Feeds against a real server on the loopback and a real database: freshness, failures, numbered files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select, update

from portal.audit import AuditTag
from portal.audit.journal import list_entries
from portal.common.clock import FixedClock
from portal.common.errors import Invalid, NotFound
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.jobs import JobState, enqueue, get_job
from portal.jobs.models import Job
from portal.numeriz.event_lists import EventLine, page_events
from portal.numeriz.feeds import register as feeds
from portal.numeriz.feeds.presets import PRESETS
from portal.numeriz.feeds.reading import FeedReading, read_feed, settle
from portal.numeriz.feeds.register import FEED_JOB, FeedView, NewFeed
from portal.numeriz.imports.formats import formats_of
from portal.numeriz.models import Feed, ImportReport
from portal.numeriz.values import EventState, ImportKind
from portal.territories.models import Territory
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, make_territory
from tests.support.datex import order, publication
from tests.support.event_feeds import cifs_file, situations_file
from tests.support.events import INCIDENT, incidents
from tests.support.imports import import_bytes
from tests.support.races import overtaken
from tests.support.source_server import SourceServer, body, in_turn, serve

START = datetime(2026, 11, 1, 8, tzinfo=UTC)
NOW = START + timedelta(hours=2)


@pytest.fixture
def source() -> Iterator[SourceServer]:
    with serve() as running:
        yield running


@pytest.fixture
def listed(app: Flask, source: SourceServer) -> Iterator[Flask]:
    """The application with the server among the hosts of feeds."""
    before = app.extensions["settings"]
    app.extensions["settings"] = replace(before, feed_hosts=frozenset({source.host}))
    yield app
    app.extensions["settings"] = before


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    return make_territory()


def closures(source: SourceServer, **changes: object) -> NewFeed:
    base = NewFeed(ImportKind.EVENTS, "Fermetures", source.url("/cifs.xml"), "cifs", 900)
    return replace(base, **changes)  # type: ignore[arg-type]


def add(territory: TerritoryView, new: NewFeed, source: SourceServer, at: datetime = NOW) -> UUID:
    return feeds.add_feed(TESTER, territory.id, new, hosts=frozenset({source.host}), clock=FixedClock(at))


def read(territory: TerritoryView, feed_id: UUID, at: datetime = NOW) -> FeedReading:
    reading = read_feed(feeds.get_feed(territory.id, feed_id), clock=FixedClock(at))
    with unit_of_work() as uow:
        settle(uow, feed_id, reading)
    return reading


def live(territory: TerritoryView, at: datetime = NOW) -> dict[str, EventLine]:
    return {line.label: line for line in page_events(territory.id, at).items}


def test_a_feed_brings_its_events_when_it_is_read(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    source.replies["/cifs.xml"] = body(cifs_file("Rue A", "Rue B", starts=START), ETag='"1"')
    feed_id = add(territory, closures(source), source)
    assert feeds.get_feed(territory.id, feed_id).next_at == NOW
    reading = read(territory, feed_id)
    assert reading.outcome is not None and reading.outcome.changed and not reading.error
    assert len(live(territory)) == 2
    feed = feeds.get_feed(territory.id, feed_id)
    assert (feed.checked_at, feed.changed_at, feed.next_at) == (NOW, NOW, NOW + timedelta(minutes=15))
    [report] = session().scalars(select(ImportReport)).all()
    assert (report.feed_id, report.file_name, report.format) == (feed_id, "cifs.xml", "cifs")


def test_nothing_is_written_but_the_hour_when_the_source_has_nothing_new(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    content = cifs_file("Rue A", starts=START)
    source.replies["/cifs.xml"] = body(content, ETag='"1"')
    feed_id = add(territory, closures(source), source)
    read(territory, feed_id)
    later = NOW + timedelta(minutes=15)
    assert read(territory, feed_id, later).outcome is None, "304: not even imported"
    assert source.asked[-1][1]["if-none-match"] == '"1"'
    source.replies["/cifs.xml"] = body(content)
    assert not read(territory, feed_id, later).outcome.changed  # type: ignore[union-attr]
    feed = feeds.get_feed(territory.id, feed_id)
    assert (feed.checked_at, feed.changed_at) == (later, NOW)
    assert session().query(ImportReport).count() == 1


def test_an_event_is_over_when_the_feed_no_longer_holds_it(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    source.replies["/cifs.xml"] = body(cifs_file("Rue A", "Rue B", "Rue C", starts=START))
    feed_id = add(territory, closures(source), source)
    read(territory, feed_id)
    source.replies["/cifs.xml"] = body(cifs_file("Rue A", "Rue B", starts=START))
    read(territory, feed_id)
    assert len(live(territory)) == 2
    assert [line.state for line in page_events(territory.id, NOW, ended=True).items].count(EventState.ENDED) == 1


def closed(name: str, place: int, reference: str) -> dict[str, object]:
    return {
        **INCIDENT,
        "id": name,
        "street": f"Rue {name}",
        "description": "",
        "polyline": f"48.86{place} 2.360 48.86{place} 2.364",
        "endtime": "",
        "source": {"reference": reference},
    }


MIXED = [closed("A", 1, "navigation.exemple"), *(closed(name, n, "ville.exemple") for n, name in enumerate("BCD", 2))]


def test_a_feed_stays_one_source_when_its_first_incident_ends(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    feed_id = add(territory, closures(source), source)
    for held in (MIXED, MIXED[1:]):
        source.replies["/cifs.xml"] = body(incidents(*held).encode())
        read(territory, feed_id)
        assert set(live(territory)) == {f"Rue {item['id']}" for item in held}
    assert len(page_events(territory.id, NOW, ended=True).items) == 4, "none is stored twice"
    # A file sent by hand speaks for itself alone, whoever it names.
    sent = [closed("E", 6, "ville.exemple")]
    for held in (sent, []):
        import_bytes(ImportKind.EVENTS, territory, [("sent.xml", incidents(*held).encode())])
        assert set(live(territory)) == {"Rue B", "Rue C", "Rue D", "Rue E"}


def test_an_emptied_feed_ends_its_events_when_it_says_so_twice_even_unchanged(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    source.replies["/cifs.xml"] = body(incidents(*MIXED).encode(), ETag='"1"')
    feed_id = add(territory, closures(source), source)
    read(territory, feed_id)
    source.replies["/cifs.xml"] = body(b"<incidents></incidents>", ETag='"2"')
    read(territory, feed_id)
    assert len(live(territory)) == 4
    read(territory, feed_id)
    assert source.asked[-1][1].get("if-none-match") is None and not live(territory)
    assert read(territory, feed_id).outcome is None, "and now it is left in peace"


def test_an_unchanged_file_is_read_again_when_the_territory_has_grown(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    far = closed("F", 1, "ville.exemple") | {"polyline": "48.861 2.960 48.861 2.964"}
    source.replies["/cifs.xml"] = body(incidents(*MIXED, far).encode(), ETag='"1"')
    feed_id = add(territory, closures(source), source)
    read(territory, feed_id)
    assert len(live(territory)) == 4 and read(territory, feed_id).outcome is None
    with unit_of_work() as uow:
        uow.session.get_one(Territory, territory.id).max_lon = 3.0
    assert read(territory, feed_id).outcome is not None
    assert set(live(territory)) == {*(f"Rue {name}" for name in "ABCD"), "Rue F"}
    assert read(territory, feed_id).outcome is None


def test_a_feed_is_read_whole_when_orders_wait_for_it(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    for scope, name, end in (("temporary", "t", "2027-01-01T00:00:00Z"), ("permanent", "p", None)):
        found = [order(order_id=f"{name}{place}", end=end) for place in range(4)]
        source.replies[f"/{scope}.xml"] = body(publication(*found).encode(), ETag='"1"')
    temporary, permanent = (
        add(
            territory,
            NewFeed(ImportKind.ORDERS, scope, source.url(f"/{scope}.xml"), "dialog", 900, {"scope": scope}),
            source,
        )
        for scope in ("temporary", "permanent")
    )
    read(territory, permanent)
    read(territory, temporary)
    held = [order(order_id=f"t{place}", end="2027-01-01T00:00:00Z") for place in range(1, 4)]
    source.replies["/temporary.xml"] = body(publication(*held).encode(), ETag='"2"')
    outcome = read(territory, temporary).outcome
    assert outcome is not None and outcome.counts["orders_awaited"] == 1
    assert feeds.get_feed(territory.id, permanent).next_at == NOW
    outcome = read(territory, permanent).outcome
    assert outcome is not None and outcome.counts["orders_withdrawn"] == 1
    assert read(territory, permanent).outcome is None


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (body(b"", 404), "feed-missing"),
        (body(b"", 503, Retry_After="7200"), "feed-busy"),
        (body(b"<html>Maintenance</html>"), "not-json"),
        (body(b"", 302, Location="https://ailleurs.fr/"), "feed-host"),
    ],
)
def test_a_failure_is_told_and_asked_less_and_less_when_it_lasts(
    listed: Flask, territory: TerritoryView, source: SourceServer, reply: object, code: str
) -> None:
    source.replies["/cifs.xml"] = reply  # type: ignore[assignment]
    feed_id = add(territory, closures(source), source)
    waits = []
    for _ in range(7):
        read(territory, feed_id)
        feed = feeds.get_feed(territory.id, feed_id)
        assert feed.error["code"] == code and feed.checked_at is None and feed.next_at is not None
        waits.append((feed.next_at - NOW).total_seconds() / 60)
    asked = 120 if code == "feed-busy" else 0
    assert waits == [max(asked, minutes) for minutes in (15, 30, 60, 120, 240, 360, 360)]
    source.replies["/cifs.xml"] = body(cifs_file("Rue A", starts=START))
    read(territory, feed_id)
    feed = feeds.get_feed(territory.id, feed_id)
    assert (feed.failures, feed.error, feed.next_at) == (0, {}, NOW + timedelta(minutes=15))


def test_what_was_read_stays_and_comes_again_when_the_file_breaks_off(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    streets = [f"Rue {number}" for number in range(9)]
    whole = cifs_file(*streets, starts=START)
    source.replies["/cifs.xml"] = in_turn(body(whole[:-300], ETag='"1"'), body(whole, ETag='"1"'))
    feed_id = add(territory, closures(source), source)
    read(territory, feed_id)
    feed = feeds.get_feed(territory.id, feed_id)
    assert feed.error and 0 < len(live(territory)) < 9
    read(territory, feed_id)
    assert "if-none-match" not in source.asked[-1][1], "an unfinished file is asked again whole"
    assert len(live(territory)) == 9 and not feeds.get_feed(territory.id, feed_id).error


def numbered(source: SourceServer) -> NewFeed:
    return NewFeed(
        ImportKind.EVENTS, "Réseau national", source.url("/rrn/content.xml"), "bison-fute", 300, {"increments": "1"}
    )


def test_numbered_files_are_read_between_two_whole_ones_when_the_source_writes_them(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    source.replies["/rrn/content.xml"] = body(
        situations_file([("a", 1, "Panne"), ("b", 1, "Arbre")], starts=START, number=40, whole=True), ETag='"40"'
    )
    source.replies["/rrn/41.xml"] = body(situations_file([("c", 1, "Chute")], starts=START))
    feed_id = add(territory, numbered(source), source)
    read(territory, feed_id)
    assert [path for path, _ in source.asked] == ["/rrn/content.xml", "/rrn/41.xml", "/rrn/42.xml"]
    assert set(live(territory)) == {"Panne", "Arbre", "Chute"}, "what only an increment tells has not ended"

    source.asked.clear()
    source.replies["/rrn/42.xml"] = body(situations_file([("a", 2, "Panne, voie rétrécie")], starts=START))
    source.replies["/rrn/43.xml"] = body(situations_file([("a", 3, "Panne, dépanneuse")], starts=START))
    read(territory, feed_id, NOW + timedelta(minutes=5))
    assert [path for path, _ in source.asked] == ["/rrn/42.xml", "/rrn/43.xml", "/rrn/44.xml"]
    assert set(live(territory)) == {"Panne, dépanneuse", "Arbre", "Chute"}

    source.asked.clear()
    read(territory, feed_id, NOW + timedelta(minutes=10))
    assert [path for path, _ in source.asked] == ["/rrn/44.xml"]

    source.replies["/rrn/content.xml"] = body(
        situations_file([("a", 3, "Panne, dépanneuse"), ("c", 1, "Chute")], starts=START, number=43, whole=True)
    )
    read(territory, feed_id, NOW + timedelta(minutes=60))
    assert set(live(territory)) == {"Panne, dépanneuse", "Chute"}, "absent from the whole file: over"


def test_a_numbered_source_is_refused_when_its_whole_file_has_no_number(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    source.replies["/rrn/content.xml"] = body(situations_file([], starts=START, whole=True))
    feed_id = add(territory, numbered(source), source)
    read(territory, feed_id)
    assert feeds.get_feed(territory.id, feed_id).error["code"] == "feed-number-missing"


def test_the_number_is_not_passed_when_an_increment_cannot_be_had(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    source.replies["/rrn/content.xml"] = body(situations_file([], starts=START, number=40, whole=True))
    feed_id = add(territory, numbered(source), source)
    read(territory, feed_id)
    source.replies["/rrn/41.xml"] = body(situations_file([("a", 1, "Panne")], starts=START))
    source.replies["/rrn/42.xml"] = body(b"", 403)
    read(territory, feed_id, NOW + timedelta(minutes=5))
    assert feeds.get_feed(territory.id, feed_id).error["code"] == "feed-status" and not live(territory)
    source.replies["/rrn/42.xml"] = body(b"", 404)
    read(territory, feed_id, NOW + timedelta(minutes=10))
    assert set(live(territory)) == {"Panne"}


def job_of(feed: FeedView) -> JobState | None:
    return None if feed.job_id is None else get_job(feed.job_id).state


def test_a_due_feed_is_read_once_when_its_time_has_come(
    listed: Flask, territory: TerritoryView, source: SourceServer, run_jobs: Callable[[Flask], int]
) -> None:
    source.replies["/cifs.xml"] = body(cifs_file("Rue A", starts=START))
    feed_id = add(territory, closures(source), source)
    add(territory, closures(source, name="À la main", url=source.url("/main.xml"), every_s=None), source)
    assert feeds.feeds_due(NOW - timedelta(seconds=1)) == 0
    assert feeds.feeds_due(NOW) == 1
    assert feeds.feeds_due(NOW + timedelta(hours=1)) == 0, "its job has not ended"
    assert feeds.get_feed(territory.id, feed_id).running
    assert feeds.ask_reading(territory.id, feed_id) == feeds.get_feed(territory.id, feed_id).job_id
    assert run_jobs(listed) == 1
    feed = feeds.get_feed(territory.id, feed_id)
    assert not feed.running and feed.job_id is None and feed.checked_at is not None and not feed.failures
    assert len(source.asked) == 1


def test_a_feed_rests_longer_when_its_job_was_lost(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    feed_id = add(territory, closures(source), source)
    assert feeds.feeds_due(NOW) == 1
    job_id = feeds.get_feed(territory.id, feed_id).job_id
    with unit_of_work() as uow:
        uow.session.execute(
            update(Job).where(Job.id == job_id).values(state=JobState.FAILED, error_code="lost-too-often")
        )
    later = NOW + timedelta(minutes=15)
    assert feeds.feeds_due(later) == 0
    feed = feeds.get_feed(territory.id, feed_id)
    assert (feed.failures, feed.error["code"], feed.next_at) == (1, "lost-too-often", later + timedelta(minutes=15))
    assert feeds.feeds_due(later + timedelta(minutes=15)) == 1


def test_a_suspended_feed_rests_when_it_would_be_due(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    feed_id = add(territory, closures(source), source)
    feeds.set_feed_active(TESTER, territory.id, feed_id, active=False)
    assert feeds.feeds_due(NOW + timedelta(days=9)) == 0
    feeds.set_feed_active(TESTER, territory.id, feed_id, active=True, clock=FixedClock(NOW))
    assert feeds.feeds_due(NOW) == 1
    tags = [entry.tag for entry in list_entries(territory_id=territory.id).items]
    assert tags.count(AuditTag.FEED_CHANGED) == 2 and tags.count(AuditTag.FEED_ADDED) == 1


def test_its_job_ends_quietly_when_a_feed_was_removed(
    listed: Flask, territory: TerritoryView, source: SourceServer, run_jobs: Callable[[Flask], int]
) -> None:
    feed_id = add(territory, closures(source), source)
    feeds.feeds_due(NOW)
    feeds.remove_feed(TESTER, territory.id, feed_id)
    assert run_jobs(listed) == 1
    assert session().scalars(select(Job.state)).all() == [JobState.DONE] and not source.asked
    assert session().query(Feed).count() == 0


def test_old_reports_of_a_feed_are_forgotten_when_there_are_many(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    feed_id = add(territory, closures(source), source)
    values = {
        "territory_id": territory.id,
        "kind": ImportKind.EVENTS,
        "state": "applied",
        "file_name": "x",
        "format": "cifs",
        "options": {},
        "counts": {},
        "issue_counts": {},
        "items": [],
        "error": {},
        "actor_label": "system:feed",
        "feed_id": feed_id,
    }
    with unit_of_work() as uow:
        uow.session.add_all(
            ImportReport(id=new_id(), created_at=START - timedelta(minutes=n), **values) for n in range(230)
        )
    source.replies["/cifs.xml"] = body(cifs_file("Rue A", starts=START))
    read(territory, feed_id)
    kept = session().scalars(select(ImportReport.created_at)).all()
    assert len(kept) == 200 and max(kept) == NOW and min(kept) == START - timedelta(minutes=198)


@pytest.mark.parametrize(
    ("changes", "code", "field"),
    [
        ({"name": "  "}, "feed-name-missing", "name"),
        ({"name": "x" * 161}, "feed-name-too-long", "name"),
        ({"url": "https://ailleurs.fr/x"}, "feed-host", "url"),
        ({"url": "https://127.0.0.1/" + "x" * 2000}, "feed-url", "url"),
        ({"format": "paris"}, "feed-format", "format"),
        ({"every_s": 59}, "feed-every", "every"),
        ({"every_s": 99_999_999}, "feed-every", "every"),
        ({"name": "Encore"}, "feed-known", "url"),
    ],
)
def test_a_feed_is_refused_when_it_could_not_be_read(
    listed: Flask, territory: TerritoryView, source: SourceServer, changes: dict[str, object], code: str, field: str
) -> None:
    add(territory, closures(source), source)
    with pytest.raises(Invalid) as refused:
        add(territory, closures(source, **changes), source)
    assert (refused.value.code, refused.value.field) == (code, field)


def test_a_feed_is_not_found_when_it_belongs_to_another_territory(
    listed: Flask, territory: TerritoryView, source: SourceServer
) -> None:
    feed_id = add(territory, closures(source), source)
    other = make_territory("ailleurs", name="Ailleurs")
    for act in (
        lambda: feeds.get_feed(other.id, feed_id),
        lambda: feeds.ask_reading(other.id, feed_id),
        lambda: feeds.remove_feed(TESTER, other.id, feed_id),
        lambda: feeds.set_feed_active(TESTER, other.id, feed_id, active=False),
    ):
        with pytest.raises(NotFound, match="feed-not-found"):
            act()
    assert feeds.list_feeds(other.id) == []


def test_every_known_source_can_be_added_when_nothing_was_configured(app: Flask, territory: TerritoryView) -> None:
    hosts = app.extensions["settings"].feed_hosts
    for preset in PRESETS:
        assert preset.format in formats_of(preset.kind)
        feeds.add_feed(TESTER, territory.id, preset.feed(), hosts=hosts)
    assert len(feeds.list_feeds(territory.id)) == len(PRESETS)


def test_feeds_are_asked_for_on_every_database_when_they_are_due(database: Flask) -> None:
    territory = make_territory()
    for preset in PRESETS[2:]:
        feeds.add_feed(
            TESTER, territory.id, preset.feed(), hosts=database.extensions["settings"].feed_hosts, clock=FixedClock(NOW)
        )
    assert feeds.feeds_due(NOW) == len(PRESETS[2:]) and feeds.feeds_due(NOW) == 0
    assert set(map(job_of, feeds.list_feeds(territory.id))) == {JobState.PENDING}
    with unit_of_work():
        enqueue(FEED_JOB, {"feed_id": str(new_id())})


def test_one_of_two_adds_a_feed_when_both_do_at_the_same_instant(database: Flask) -> None:
    territory = make_territory()
    hosts = database.extensions["settings"].feed_hosts

    def add_one() -> UUID:
        return feeds.add_feed(TESTER, territory.id, PRESETS[0].feed(), hosts=hosts)

    _first, second = overtaken(database, add_one, add_one)
    assert isinstance(second, Invalid) and second.code == "feed-known"
    assert len(feeds.list_feeds(territory.id)) == 1


def test_a_feed_is_read_by_its_job_on_every_database_when_it_is_due(
    database: Flask, source: SourceServer, run_jobs: Callable[[Flask], int]
) -> None:
    territory = make_territory()
    before = database.extensions["settings"]
    database.extensions["settings"] = replace(before, feed_hosts=frozenset({source.host}))
    try:
        source.replies["/cifs.xml"] = body(cifs_file("Rue A", "Rue B", starts=START))
        feed_id = add(territory, closures(source), source)
        assert feeds.feeds_due(NOW) == 1 and run_jobs(database) >= 1
        assert feeds.ask_reading(territory.id, feed_id) and run_jobs(database) >= 1
    finally:
        database.extensions["settings"] = before
    feed = feeds.get_feed(territory.id, feed_id)
    assert feed.checked_at is not None and feed.changed_at is not None and not feed.error
    assert len(page_events(territory.id, NOW, ended=True).items) == 2
    assert session().query(ImportReport).count() == 1
