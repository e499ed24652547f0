"""The map in a frame of another site, and the page that writes its code."""

from __future__ import annotations

import json
from html import unescape
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.territories.queries import TerritoryView
from tests.factories.law import make_law, make_territory, perimeter_draft
from tests.support.web import PageClient

BASE = "/carte/paris-3e"
STATE = "calques=orders,bays&jour=2024-09-08&heure=09:00&vue=15/48.86/2.36"


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    found = make_territory()
    make_law(found, perimeters=[perimeter_draft()])
    return found


def layers_of(page: BeautifulSoup) -> dict[str, Any]:
    section = page.select_one("[data-map]")
    assert section is not None
    return {layer["kind"]: layer for layer in json.loads(unescape(str(section["data-layers"])))}


def test_any_site_may_show_the_widget_and_no_other_page_when_it_is_framed(
    page_client: PageClient, territory: TerritoryView
) -> None:
    policy = page_client.raw.get(f"{BASE}/widget").headers["Content-Security-Policy"]
    assert "frame-ancestors *" in policy and "script-src 'self'" in policy and "form-action 'none'" in policy
    for path in ("", "/liste", "/integrer", "/alertes", "/semaine"):
        assert "frame-ancestors 'none'" in page_client.raw.get(BASE + path).headers["Content-Security-Policy"]


@pytest.mark.parametrize("query", ["", STATE, "langue=en", "lang=en", "jour=hier&heure=99:99&vue=oups&calques=rien"])
def test_the_widget_leaves_no_cookie_and_holds_no_form_whatever_is_asked(
    app: Flask, territory: TerritoryView, query: str
) -> None:
    client = app.test_client()
    answer = client.get(f"{BASE}/widget?{query}")
    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    page = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    assert not page.find_all(["form", "input", "button"])
    assert page.html is not None and page.html["lang"] == ("en" if query == "langue=en" else "fr")
    for layer in layers_of(page).values():
        assert "Set-Cookie" not in client.get(layer["url"]).headers
    base = page.find("base")
    assert base is not None and base.get("target") == "_blank" and not base.has_attr("href")


def test_the_widget_shows_what_its_address_says_when_it_names_layers_and_a_moment(
    page_client: PageClient, territory: TerritoryView
) -> None:
    page = page_client.get(f"{BASE}/widget?{STATE}")
    assert {kind for kind, layer in layers_of(page).items() if not layer["hidden"]} == {"orders", "bays"}
    section, body = page.select_one("[data-map]"), page.body
    assert section is not None and body is not None
    assert section["data-view"] == "15/48.86/2.36" and section["data-day"] == "2024-09-08"
    assert str(section["data-instant"]).startswith("2024-09-08T07:00")
    assert not body.has_attr("data-live")
    assert "dimanche 8 septembre 2024 à 09:00" in page.get_text(" ")
    full = page.find("a", string="Ouvrir la carte complète")
    assert full is not None
    whole = page_client.get(str(full["href"])).select_one("[data-map]")
    assert whole is not None and whole["data-view"] == section["data-view"]
    assert whole["data-instant"] == section["data-instant"]


def test_the_widget_follows_the_clock_when_its_address_names_no_moment(
    page_client: PageClient, territory: TerritoryView
) -> None:
    page = page_client.get(f"{BASE}/widget")
    assert page.body is not None and page.body.has_attr("data-live")
    full = page.find("a", string="Ouvrir la carte complète")
    assert full is not None and "jour=" not in str(full["href"])
    assert all(not layer["hidden"] for layer in layers_of(page).values())


def test_the_whole_map_speaks_the_language_of_the_frame_when_it_was_chosen(
    page_client: PageClient, territory: TerritoryView
) -> None:
    full = page_client.get(f"{BASE}/widget?langue=en").find("a", rel="noopener")
    assert full is not None
    opened = page_client.get(str(full["href"]))
    assert opened.html is not None and opened.html["lang"] == "en"


def test_the_code_opens_the_frame_that_was_described_when_it_is_pasted(
    page_client: PageClient, territory: TerritoryView
) -> None:
    page = page_client.get(
        f"{BASE}/integrer?calques=orders&calques=bays&quand=choisi&jour=2024-09-08&heure=09:00&hauteur=600&langue=en&vue=15/48.86/2.36"
    )
    code = page.select_one("#code")
    assert code is not None
    frame = BeautifulSoup(code.get_text(), "html.parser").iframe
    assert frame is not None and frame["height"] == "600" and frame["title"] == "Carte des livraisons, Paris 3e"
    url = str(frame["src"])
    assert url.startswith("http://localhost/carte/paris-3e/widget?")
    shown = page_client.get(url.removeprefix("http://localhost"))
    assert {kind for kind, layer in layers_of(shown).items() if not layer["hidden"]} == {"orders", "bays"}
    section = shown.select_one("[data-map]")
    assert section is not None and section["data-view"] == "15/48.86/2.36" and section["data-day"] == "2024-09-08"
    assert shown.html is not None and shown.html["lang"] == "en"
    preview = page.select_one("iframe")
    assert preview is not None and url.endswith(str(preview["src"]))


def test_the_page_takes_over_the_state_of_the_map_when_it_is_opened_from_there(
    page_client: PageClient, territory: TerritoryView
) -> None:
    code = page_client.get(f"{BASE}/integrer?{STATE}&profil=vul").select_one("#code")
    assert code is not None
    for part in ("calques=orders,bays", "jour=2024-09-08", "vue=15"):
        assert part in code.get_text(), part
    plain = page_client.get(f"{BASE}/integrer").select_one("#code")
    assert plain is not None and '/widget"' in plain.get_text(), "now, everything, the whole town"


@pytest.mark.parametrize("query", ["hauteur=10", "hauteur=beaucoup", "jour=1200-01-01", "heure=25:00"])
def test_the_page_says_what_is_wrong_when_a_frame_cannot_be_made(
    page_client: PageClient, territory: TerritoryView, query: str
) -> None:
    page = page_client.get(f"{BASE}/integrer?quand=choisi&{query}", status=422)
    assert page.select_one(".j-errors") and page.select_one("#code")


def test_nothing_of_the_address_runs_in_the_page_when_it_is_hostile(
    page_client: PageClient, territory: TerritoryView
) -> None:
    odd = '"><script>alert(1)</script>'
    for path in ("widget", "integrer"):
        for name in ("vue", "calques", "jour", "heure", "langue", "hauteur"):
            answer = page_client.raw.get(f"{BASE}/{path}", query_string={name: odd})
            assert answer.status_code in {200, 422} and "<script>alert" not in answer.get_data(as_text=True)
