"""The health of the data: what is counted is what the law holds, and every line leads to a page that mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import shapely
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import update

from portal.db import unit_of_work
from portal.numeriz.feeds.register import NewFeed, add_feed
from portal.numeriz.health.measures import Fault, law_health
from portal.numeriz.health.sources import Freshness, source_healths
from portal.numeriz.models import Feed
from portal.numeriz.values import ImportKind
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.vehicles import FreeText, VehicleRule
from portal.territories.api import TerritoryView
from tests.factories.law import TESTER, make_law, measure_draft, order_draft
from tests.factories.territories import make_territory
from tests.support.imports import import_bytes
from tests.support.matching_town import draw, match_all
from tests.support.query_count import counted_queries
from tests.support.web import PageClient
from tests.web.numeriz.conftest import signed_in

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
STREET = [(x, y) for x, y in draw([(0, 0), (8, 0)]).coords]
NOWHERE = [(x, y) for x, y in draw([(0, 8), (8, 8)]).coords]


def faulty(town: TerritoryView) -> None:
    """One order of each fault, and one without any."""
    words = VehicleRule((FreeText("véhicules du cirque"),))
    undrawn = MeasureLocation(LocationKind.FREE_GEOMETRY, "Place du Cirque", shapely.LineString())
    area = MeasureLocation(LocationKind.AREA, "Le bourg", shapely.box(*draw([(-1, -0.4), (9, 0.4)]).bounds))
    make_law(
        town,
        orders=[
            order_draft(measure_draft(line=STREET), title="Sans défaut"),
            order_draft(measure_draft(line=NOWHERE), title="Dans un champ"),
            order_draft(measure_draft(line=STREET, vehicles=words), title="Cirque"),
            order_draft(measure_draft(line=STREET, direction=Direction.UNKNOWN), title="Sens perdu"),
            order_draft(
                measure_draft(MeasureType.SPEED_LIMIT, STREET, max_speed_kmh=30, direction=Direction.UNKNOWN),
                title="Vitesse dans un sens ou l’autre",
            ),
            order_draft(replace(measure_draft(), locations=(area,)), title="Zone, qui n’a pas de sens"),
            order_draft(replace(measure_draft(), locations=(undrawn,)), title="Jamais tracé"),
        ],
    )


def test_each_fault_is_counted_where_it_is_when_the_law_was_matched(town: TerritoryView) -> None:
    faulty(town)
    before = law_health(town)
    assert before.waiting == 7 and before.total(Fault.NO_EDGES) == 0, "not looked for yet is not lost"
    match_all(town)
    found = law_health(town)
    assert found.waiting == 0 and found.has_graph
    assert {fault: [line.title for line in found.listed(fault)] for fault in Fault} == {
        Fault.NOT_DRAWN: ["Jamais tracé"],
        Fault.NO_EDGES: ["Dans un champ"],
        Fault.FREE_TEXT: ["Cirque"],
        Fault.NO_DIRECTION: ["Sens perdu"],
    }
    assert found.measures == {"numeriz": 6}, "what is drawn nowhere is no law"
    assert found.listed(Fault.FREE_TEXT)[0].detail == "véhicules du cirque"


def test_nothing_is_said_of_streets_when_there_is_no_graph(
    app: Flask, page_client: PageClient, town: TerritoryView
) -> None:
    bare = make_territory("sans-graphe")
    make_law(bare, orders=[order_draft()])
    assert law_health(bare).total(Fault.NO_EDGES) == 0 and not law_health(bare).has_graph
    signed_in(page_client, bare)
    text = page_client.get(f"/territoires/{bare.slug}/numeriz/sante").get_text(" ")
    assert "n’est pas construit" in text


def a_feed(town: TerritoryView, name: str, every_s: int | None = 900, **state: object) -> None:
    url = f"https://dialog.beta.gouv.fr/{name}"
    new = NewFeed(ImportKind.EVENTS, name, url, "cifs", every_s)
    feed_id = add_feed(TESTER, town.id, new, hosts=frozenset({"dialog.beta.gouv.fr"}))
    with unit_of_work() as uow:
        uow.session.execute(update(Feed).where(Feed.id == feed_id).values({"failures": 0, **state}))


def test_sources_in_trouble_come_first_when_they_are_listed(town: TerritoryView) -> None:
    a_feed(town, "a-jour", checked_at=NOW - timedelta(minutes=20))
    a_feed(town, "en-echec", checked_at=NOW, error={"code": "feed-busy", "params": {"host": "h", "status": 503}})
    a_feed(town, "en-retard", checked_at=NOW - timedelta(hours=1))
    a_feed(town, "quotidien", 86_400, checked_at=NOW - timedelta(days=2))
    a_feed(town, "jamais")
    a_feed(town, "suspendu", active=False, error={"code": "feed-busy"})
    a_feed(town, "a-la-main", None, checked_at=NOW - timedelta(days=90))
    assert [(source.name, source.freshness) for source in source_healths(town.id, NOW)] == [
        ("en-echec", Freshness.FAILING),
        ("en-retard", Freshness.LATE),
        ("a-jour", Freshness.FRESH),
        ("a-la-main", Freshness.FRESH),
        ("jamais", Freshness.UNREAD),
        ("quotidien", Freshness.FRESH),
        ("suspendu", Freshness.PAUSED),
    ]


def test_the_page_says_why_a_file_was_not_imported_when_it_is_looked_at(
    look: Callable[[str], BeautifulSoup], town: TerritoryView
) -> None:
    rows = "ID,LONGITUDE,LATITUDE,TYPE\nB1,2.36,48.86,aire permanente\n,2.36,48.86,aire permanente\n"
    import_bytes(ImportKind.BAYS, town, [("aires.csv", rows.encode())])
    [source] = source_healths(town.id, NOW)
    assert (source.name, source.freshness, source.lost) == ("aires.csv", Freshness.IMPORTED, 1)
    text = look("/sante").get_text(" ", strip=True)
    assert "Aire sans identifiant" in text and "1 enregistrement écarté" in text


def test_every_line_leads_to_its_repair_when_it_is_followed(
    look: Callable[[str], BeautifulSoup], page_client: PageClient, town: TerritoryView
) -> None:
    faulty(town)
    match_all(town)
    a_feed(town, "en-echec", checked_at=NOW, error={"code": "feed-busy", "params": {"host": "h", "status": 503}})
    page = look("/sante")
    text = page.get_text(" ", strip=True)
    assert "demande de revenir plus tard (réponse 503)" in text
    todo = [str(link["href"]) for link in page.select("main :is(td, dd, details) a[href^='/']")]
    assert len(todo) > 8
    followed: set[str] = set()
    while todo:
        url = todo.pop().partition("#")[0]
        if url in followed or not url:
            continue
        followed.add(url)
        found = page_client.get(url)
        if "/sante/" in url:
            assert found.select("tbody tr"), url
            todo += [str(link["href"]) for link in found.select("main td a[href^='/']")]
    assert any("/arretes/" in url for url in followed) and any(url.endswith("/flux") for url in followed)


def test_a_list_is_cut_into_pages_when_it_is_long(look: Callable[[str], BeautifulSoup], town: TerritoryView) -> None:
    lost = [order_draft(measure_draft(direction=Direction.UNKNOWN), title=f"Arrêté {n:03}") for n in range(120)]
    make_law(town, orders=lost)
    first = look("/sante/sens-inconnu?source=numeriz")
    assert len(first.select("tbody tr")) == 50 and "120 mesures" in first.get_text(" ")
    last = look("/sante/sens-inconnu?source=numeriz&cursor=100")
    assert [row.th.get_text() for row in last.select("tbody tr") if row.th][-1] == "Arrêté 119"
    assert last.select_one("a[rel=prev]") and not last.select_one("a[rel=next]")
    for odd in ("?cursor=-1", "?cursor=99999999999", "?cursor=é", "?source=ailleurs"):
        look(f"/sante/sens-inconnu{odd}")


def test_a_fault_that_nobody_knows_is_not_found_when_it_is_asked_for(
    look: Callable[[str], BeautifulSoup], page_client: PageClient, town: TerritoryView
) -> None:
    page_client.get(f"/territoires/{town.slug}/numeriz/sante/autre", status=404)


def test_the_page_asks_as_few_questions_when_there_is_more_law(
    look: Callable[[str], BeautifulSoup], town: TerritoryView
) -> None:
    make_law(town, orders=[order_draft() for _ in range(3)])
    look("/sante")
    with counted_queries() as few:
        look("/sante")
    make_law(town, orders=[order_draft() for _ in range(60)])
    look("/sante")
    with counted_queries() as many:
        look("/sante")
    assert len(many) <= len(few)
