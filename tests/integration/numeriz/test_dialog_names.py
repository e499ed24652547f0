"""Asking the national base page after page over a socket, and naming the places of stored orders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
import shapely
from flask import Flask

from portal.common.clock import FixedClock
from portal.common.errors import Invalid, PortalError, Unavailable
from portal.db import session
from portal.numeriz.feeds.dialog_search import DialogSearch, name_places
from portal.numeriz.feeds.fetching import FetchRules
from portal.numeriz.importing import run_import
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.law.memory import law_version
from portal.numeriz.models import TrafficOrder
from portal.numeriz.queries import get_order
from portal.numeriz.services import store_orders
from portal.numeriz.values import Category, ImportKind, MeasureDraft, OrderDraft
from portal.regulations.measures import LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import Period
from tests.factories.law import TESTER, at, make_territory
from tests.support.dialog_answers import STREET, item, measure, page, street
from tests.support.source_server import SourceServer, body, in_turn, serve

LINE = shapely.LineString(STREET)
ORGANISATION = "e0d93630-acf7-4722-81e8-ff7d5fa64b66"


@pytest.fixture
def source() -> Iterator[SourceServer]:
    with serve() as running:
        yield running


def path_of(number: int, **filters: str) -> str:
    said = "".join(f"&{name}={value}" for name, value in filters.items())
    return f"/api/regulations/search?status=all{said}&page={number}&pageSize=100"


class Asking:
    """A search of the test's server that never sleeps, and notes how long it was asked to."""

    def __init__(self, source: SourceServer, *, total_s: float = 20.0, most_bytes: int = 100_000) -> None:
        self.slept: list[float] = []
        rules = FetchRules(frozenset({source.host}), most_bytes, timeout_s=0.3, total_s=total_s)
        self.search = DialogSearch(source.url(""), rules, self.slept.append)

    def identifiers(self, **filters: str) -> list[str]:
        return [found["identifier"] for found in self.search.orders(filters)]


def test_every_page_is_asked_for_when_there_are_several(source: SourceServer) -> None:
    for number in (1, 2, 3):
        found = page(item(identifier=f"{number}a"), item(identifier=f"{number}b"), number=number, last=3)
        source.replies[path_of(number, inseeCode="75103")] = body(found)
    assert Asking(source).identifiers(inseeCode="75103") == ["1a", "1b", "2a", "2b", "3a", "3b"]
    asked = [dict(parse_qsl(urlsplit(path).query)) for path, _ in source.asked]
    assert [found["page"] for found in asked] == ["1", "2", "3"]


def test_nothing_is_found_when_there_is_no_order(source: SourceServer) -> None:
    source.replies[path_of(1)] = body(page(last=0))
    assert Asking(source).identifiers() == []


def test_a_busy_base_is_asked_again_when_it_says_when(source: SourceServer) -> None:
    busy = body(b"", 429, Retry_After="7")
    source.replies[path_of(1)] = in_turn(busy, body(b"", 503), body(page(item())))
    asking = Asking(source)
    assert (len(asking.identifiers()), asking.slept) == (1, [7.0, 2.0])


@pytest.mark.parametrize(
    ("replies", "code"),
    [
        ([body(b"", 429), body(b"", 429), body(b"", 429)], "feed-busy"),
        ([body(b"", 429, Retry_After="3600")], "feed-busy"),
        ([body(b"{}", 400)], "feed-status"),
        ([body(b"<html>", 200)], "not-json"),
        ([body(b'{"regulations": {}}')], "not-regulations"),
        ([body(b'{"regulations": []}')], "not-regulations"),
        ([body(page(item(), number=2, last=3))], "not-regulations"),
        ([body(page(item(), last=1_000_000))], "not-regulations"),
        ([body(b'{"metadata": {"page": 1, "lastPage": NaN}, "regulations": []}')], "not-finite"),
        ([body(b" " * 200_000)], "feed-too-large"),
    ],
    ids=["busy", "long wait", "refused", "page", "object", "no metadata", "other page", "no end", "nan", "large"],
)
def test_the_search_ends_when_the_base_does_not_answer_it(
    source: SourceServer, replies: list[object], code: str
) -> None:
    source.replies[path_of(1)] = in_turn(*replies)  # type: ignore[arg-type]
    with pytest.raises(PortalError) as raised:
        Asking(source).identifiers()
    assert raised.value.code == code
    assert len(source.asked) <= 3


def test_the_search_gives_up_when_an_answer_does_not_come(source: SourceServer) -> None:
    source.replies[path_of(1)] = lambda request: request.rfile.read(1) and None
    with pytest.raises(Unavailable, match="feed-timeout"):
        Asking(source, total_s=1.0).identifiers()


def test_the_search_gives_up_when_all_pages_together_take_too_long(source: SourceServer) -> None:
    source.replies[path_of(1)] = body(page(item(), last=2))
    search = Asking(source, total_s=0.4)
    pages = search.search.pages({})
    assert len(next(pages)) == 1
    source.replies[path_of(2)] = body(b"", 503)
    with pytest.raises(Unavailable):
        next(pages)


def test_no_other_host_is_asked_when_the_operator_did_not_list_it() -> None:
    search = DialogSearch("https://ailleurs.exemple", FetchRules(frozenset({"dialog.beta.gouv.fr"}), 1000))
    with pytest.raises(Invalid, match="feed-host"):
        next(search.pages({}))


def feed_order(identifier: str = "F2026/001#bis") -> OrderDraft:
    location = MeasureLocation(LocationKind.NAMED_STREET, "Rue des Tanneurs", LINE)
    return OrderDraft(
        identifier=identifier,
        title="Travaux",
        authority_name="Ville de Paris",
        category=Category.PERMANENT,
        measures=(MeasureDraft(MeasureType.NO_ENTRY, (location,), (Period(at("2026-01-01")),)),),
        source="dialog",
        source_id=f"uuid of {identifier}",
        provenance={"organisation": ORGANISATION},
    )


def test_places_of_the_feed_are_named_when_the_search_knows_them(database: Flask) -> None:
    territory = make_territory()
    store_orders(TESTER, territory.id, [feed_order(), feed_order("F2026/002")])
    elsewhere = item(organization={"uuid": "another", "name": "Autre ville"})
    answers = [item(), item(identifier="F2026/999"), elsewhere]
    clock = FixedClock(at("2026-09-01"))
    counts = name_places(TESTER, territory.id, iter(answers), clock=clock)
    assert counts == {"orders_named": 1, "orders_unchanged": 0, "orders_unknown": 2}
    rows = {row.identifier: row for row in session().query(TrafficOrder)}
    named = get_order(territory.id, rows["F2026/001#bis"].id)
    assert named.measures[0][1].locations[0].label == "Rue des Tanneurs (12 – 24), Paris"
    assert named.provenance["places"] == [["0654b639-0000-7507-8000-000000000001"]]
    other = get_order(territory.id, rows["F2026/002"].id)
    assert other.measures[0][1].locations[0].label == "Rue des Tanneurs"
    version = law_version(territory.id)
    again = name_places(TESTER, territory.id, iter(answers), clock=clock)
    assert again == {"orders_named": 0, "orders_unchanged": 1, "orders_unknown": 2}
    assert law_version(territory.id) == version


def test_what_was_named_stays_when_the_search_breaks_off(app: Flask) -> None:
    territory = make_territory()
    numbers = [f"N{number:03}" for number in range(201)]
    store_orders(TESTER, territory.id, [feed_order(number) for number in numbers[:1]])

    def answers() -> Iterator[dict[str, object]]:
        for number in numbers:
            yield item(identifier=number)
        raise Unavailable("feed-timeout", host="dialog.beta.gouv.fr")

    with pytest.raises(Unavailable):
        name_places(TESTER, territory.id, answers())
    (row,) = session().query(TrafficOrder)
    view = get_order(territory.id, row.id)
    assert view.measures[0][1].locations[0].label == "Rue des Tanneurs (12 – 24), Paris"


def test_the_command_names_places_when_the_base_answers(app: Flask, source: SourceServer) -> None:
    territory = make_territory()
    store_orders(TESTER, territory.id, [feed_order()])
    source.replies[path_of(1, inseeCode="75103")] = body(page(item()))
    source.replies[path_of(1, inseeCode="75104")] = body(page(last=0))
    asked = ["orders", "name-places", "--territory", territory.slug, "--insee-code", "75103", "--insee-code", "75104"]
    settings = app.extensions["settings"]
    app.extensions["settings"] = replace(settings, feed_hosts=frozenset({source.host}))
    try:
        done = app.test_cli_runner().invoke(args=[*asked, "--url", source.url(""), "--json"])
        refused = app.test_cli_runner().invoke(args=asked)
    finally:
        app.extensions["settings"] = settings
    assert json.loads(done.output)["counts"] == {"orders_named": 1, "orders_unchanged": 0, "orders_unknown": 0}
    assert refused.exit_code == 2 and "dialog.beta.gouv.fr" in refused.output


def test_a_page_of_the_search_is_imported_when_it_is_a_file(app: Flask, tmp_path: Path) -> None:
    territory = make_territory()
    path = tmp_path / "page.json"
    path.write_bytes(page(item(), item(identifier="B", measures=[measure(locations=[street(geometry=None)])])))
    files = [SourceFile(path.name, path)]
    outcome = run_import(TESTER, territory, ImportKind.ORDERS, files, clock=FixedClock(at("2026-09-01")))
    assert (outcome.counts["orders_added"], outcome.changed) == (2, True)
    again = run_import(TESTER, territory, ImportKind.ORDERS, files, clock=FixedClock(at("2026-09-01")))
    assert (again.counts["records_unchanged"], again.changed) == (2, False)
    (first,) = session().query(TrafficOrder).filter_by(identifier="F2026/001#bis")
    assert (first.source, first.source_id) == ("dialog-json", f"F2026/001#bis#{ORGANISATION}")
