"""The page of feeds: who sees it, who changes it, and what it says of a source that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from flask import Flask

from portal.common.actor import StaffRole
from portal.numeriz.feeds import register as feeds
from portal.numeriz.feeds.presets import PRESETS
from portal.numeriz.feeds.register import FeedView
from portal.territories.queries import TerritoryView
from tests.factories.law import TESTER, make_territory
from tests.support.event_feeds import cifs_file
from tests.support.query_count import counted_queries
from tests.support.source_server import SourceServer, body, serve
from tests.support.web import PageClient
from tests.web.numeriz.conftest import signed_in

BASE = "/territoires/paris-3e/numeriz"
START = datetime(2026, 11, 1, 8, tzinfo=UTC)


@pytest.fixture
def supervisor(page_client: PageClient, territory: TerritoryView) -> PageClient:
    return signed_in(page_client, territory, StaffRole.SUPERVISOR)


@pytest.fixture
def source(app: Flask) -> Iterator[SourceServer]:
    before = app.extensions["settings"]
    with serve() as running:
        app.extensions["settings"] = replace(before, feed_hosts=frozenset({running.host}))
        yield running
    app.extensions["settings"] = before


def only(territory: TerritoryView) -> FeedView:
    [feed] = feeds.list_feeds(territory.id)
    return feed


def form(source: SourceServer, **changes: str) -> dict[str, str]:
    base = {
        "name": "Fermetures de la métropole",
        "url": source.url("/cifs.xml"),
        "kind": "events",
        "format": "cifs",
        "every": "900",
        "licence": "Licence Ouverte 2.0",
        "options": "",
    }
    return {**base, **changes}


def test_a_known_source_is_added_and_asked_for_when_a_supervisor_clicks(
    supervisor: PageClient, territory: TerritoryView
) -> None:
    page = supervisor.get(f"{BASE}/flux")
    assert page.select_one(".j-empty") and len(page.select("input[name=preset][value]")) >= len(PRESETS)
    supervisor.submit(f"{BASE}/flux", {"preset": PRESETS[0].name})
    feed = only(territory)
    assert (feed.name, feed.options, feed.running) == (PRESETS[0].label, {"scope": "temporary"}, True)
    page = supervisor.get(f"{BASE}/flux")
    assert "Lecture en cours" in page.get_text(" ")
    assert PRESETS[0].name not in [str(tag.get("value")) for tag in page.select("input[name=preset]")]


def test_another_address_is_read_and_shown_fresh_when_it_is_added(
    supervisor: PageClient,
    territory: TerritoryView,
    source: SourceServer,
    app: Flask,
    run_jobs: Callable[[Flask], int],
) -> None:
    source.replies["/cifs.xml"] = body(cifs_file("Rue A", "Rue B", starts=START))
    supervisor.submit(f"{BASE}/flux", form(source, options="schedule_clock = local"))
    assert run_jobs(app) >= 1
    text = supervisor.get(f"{BASE}/flux").get_text(" ")
    assert "À jour" in text and "toutes les 15 minutes" in text and "Dernier rapport" in text
    assert only(territory).options == {"schedule_clock": "local"}
    assert "Rue A" in supervisor.get(f"{BASE}/evenements?termines=1").get_text(" ")
    assert "Fermetures de la métropole" in supervisor.get(BASE).get_text(" ")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Donnez un nom au flux."),
        ({"url": "https://ailleurs.fr/x"}, "L’hôte ailleurs.fr n’est pas dans la liste"),
        ({"url": "http://exemple.fr/x"}, "doit commencer par https://"),
        ({"url": "<script>"}, "n’est pas celle d’une source"),
        ({"format": "paris"}, "ne se lit pas dans le format"),
        ({"options": "n'importe quoi"}, "n’est pas de la forme nom=valeur"),
        ({"every": "1"}, "Lecture"),
        ({"kind": "autre"}, "Contenu"),
    ],
)
def test_the_form_is_kept_with_its_fault_when_a_feed_is_refused(
    supervisor: PageClient, territory: TerritoryView, source: SourceServer, changes: dict[str, str], sentence: str
) -> None:
    page = supervisor.post(f"{BASE}/flux", form(source, **changes))
    errors = page.select_one("#erreurs")
    assert errors is not None and sentence in errors.get_text(" ")
    assert page.title is not None and page.title.get_text().strip().startswith("Erreur")
    assert page.select_one("#licence")["value"] == "Licence Ouverte 2.0"  # type: ignore[index]
    assert feeds.list_feeds(territory.id) == []


def test_the_failure_is_one_sentence_when_the_source_cannot_be_read(
    supervisor: PageClient,
    territory: TerritoryView,
    source: SourceServer,
    app: Flask,
    run_jobs: Callable[[Flask], int],
) -> None:
    supervisor.submit(f"{BASE}/flux", form(source))
    run_jobs(app)
    supervisor.submit(f"{BASE}/flux/{only(territory).id}/lire")
    run_jobs(app)
    text = supervisor.get(f"{BASE}/flux").get_text(" ")
    assert "Les 2 dernières lectures ont échoué" in text and "n’a rien à cette adresse (réponse 404)." in text
    assert "En échec" in supervisor.get(BASE).get_text(" ")


def test_a_feed_rests_resumes_and_goes_when_a_supervisor_says_so(
    supervisor: PageClient, territory: TerritoryView, source: SourceServer
) -> None:
    supervisor.submit(f"{BASE}/flux", form(source))
    url = f"{BASE}/flux/{only(territory).id}"
    supervisor.submit(f"{url}/suspendre")
    page = supervisor.get(f"{BASE}/flux")
    assert not only(territory).active and page.select_one(f'form[action="{url}/reprendre"]')
    supervisor.submit(f"{url}/reprendre")
    assert only(territory).active
    confirm = page.select_one(f'details form[action="{url}/supprimer"]')
    assert confirm is not None, "a removal is asked twice"
    supervisor.submit(f"{url}/supprimer")
    assert feeds.list_feeds(territory.id) == []


def test_a_clerk_sees_the_feeds_but_changes_none_when_they_are_listed(
    page_client: PageClient, territory: TerritoryView, source: SourceServer
) -> None:
    supervisor = signed_in(page_client, territory, StaffRole.SUPERVISOR)
    supervisor.submit(f"{BASE}/flux", form(source))
    url = f"{BASE}/flux/{only(territory).id}"
    clerk = signed_in(page_client, territory, StaffRole.CLERK)
    page = clerk.get(f"{BASE}/flux")
    assert "Fermetures de la métropole" in page.get_text(" ")
    assert page.select_one("main h1") and not page.select("main form")
    for act in ("", "/lire", "/suspendre", "/reprendre", "/supprimer"):
        clerk.post(f"{BASE}/flux" if not act else url + act, form(source), status=403)
    assert only(territory).active


def test_a_feed_is_not_found_when_it_belongs_to_another_territory(
    supervisor: PageClient, territory: TerritoryView, source: SourceServer
) -> None:
    supervisor.submit(f"{BASE}/flux", form(source))
    feed_id = only(territory).id
    other = make_territory("ailleurs", name="Ailleurs")
    elsewhere = signed_in(supervisor, other, StaffRole.SUPERVISOR)
    for act in ("lire", "suspendre", "reprendre", "supprimer"):
        elsewhere.post(f"/territoires/ailleurs/numeriz/flux/{feed_id}/{act}", status=404)
    assert only(territory).active


def test_the_page_of_feeds_costs_the_same_queries_when_there_are_more(
    supervisor: PageClient, territory: TerritoryView, app: Flask
) -> None:
    def queries() -> int:
        with counted_queries() as statements:
            supervisor.get(f"{BASE}/flux")
        return len(statements)

    hosts = app.extensions["settings"].feed_hosts
    feeds.add_feed(TESTER, territory.id, PRESETS[0].feed(), hosts=hosts)
    before = queries()
    for preset in PRESETS[1:]:
        feeds.add_feed(TESTER, territory.id, preset.feed(), hosts=hosts)
    assert queries() == before <= 10
