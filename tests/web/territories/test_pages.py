"""The settings, the journal and the list of territories."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.audit import AuditTag, list_entries
from portal.common.actor import StaffRole
from portal.regulations.holidays import HolidayRegion
from portal.territories.api import BuildFacts, TerritoryView, get_territory
from portal.territories.queries import BUILD_NAME
from tests.factories.accounts import make_staff, make_user
from tests.factories.territories import make_territory
from tests.support.web import PageClient

URL = "/territoires/bourg/administration"


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    """A territory whose build is not on this machine."""
    return make_territory("bourg", "Bourg-l’Essai")


@pytest.fixture
def administrator(page_client: PageClient, territory: TerritoryView) -> PageClient:
    """A client signed in as the territory's administrator."""
    user = make_user()
    make_staff(user, territory, StaffRole.ADMINISTRATOR)
    page_client.sign_in(user.id)
    return page_client


def _fields(page: BeautifulSoup) -> dict[str, str]:
    form = page.find("textarea", attrs={"name": "law_notice"}).find_parent("form")
    sent = {tag["name"]: tag.get("value", "") for tag in form.find_all("input") if tag.get("type") != "radio"}
    sent |= {tag["name"]: tag["value"] for tag in form.find_all("input", type="radio", checked=True)}
    sent |= {tag["name"]: tag.get_text() for tag in form.find_all("textarea")}
    sent |= {tag["name"]: tag.find("option", selected=True)["value"] for tag in form.find_all("select")}
    return sent


def test_settings_are_saved_and_journalled_when_valid(administrator: PageClient) -> None:
    page = administrator.get(URL)
    sent = _fields(page) | {"name": " Ville de Bourg ", "accent": "prune", "law_notice": "Arrêtés affichés en mairie."}
    assert administrator.submit(URL, sent) == URL
    saved = get_territory("bourg")
    assert (saved.name, saved.accent.value, saved.law_notice) == (
        "Ville de Bourg",
        "prune",
        "Arrêtés affichés en mairie.",
    )
    (entry,) = list_entries(territory_id=saved.id).items
    assert entry.tag is AuditTag.TERRITORY_UPDATED
    assert entry.data["accent"] == ["bleu", "prune"]
    assert set(entry.data) == {"name", "accent", "law_notice"}
    after = administrator.get(URL)
    assert after.html["data-accent"] == "prune"
    assert "enregistrés" in after.get_text()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": ""}, "Indiquez le nom du territoire."),
        ({"contact_email": "ville"}, "Cette adresse est incomplète."),
        ({"accent": "fuchsia"}, None),
        ({"law_notice": "n" * 2001}, "2\u00a0000 caractères au plus."),
    ],
)
def test_form_keeps_what_was_typed_and_says_why_when_refused(
    administrator: PageClient, change: dict[str, str], sentence: str | None
) -> None:
    sent = _fields(administrator.get(URL)) | {"law_notice": "Tapé."} | change
    page = administrator.post(URL, sent)
    assert page.title.get_text(strip=True).startswith("Erreur")
    assert page.find("textarea").get_text().strip() == sent["law_notice"]
    if sentence:
        assert sentence in page.get_text()
    assert get_territory("bourg").name == "Bourg-l’Essai"


def test_second_of_two_administrators_is_told_when_both_save(administrator: PageClient) -> None:
    sent = _fields(administrator.get(URL))
    administrator.submit(URL, sent | {"name": "Premier"})
    page = administrator.post(URL, sent | {"name": "Second"}, status=409)
    assert "Quelqu’un d’autre vient de modifier" in page.get_text()
    assert page.find("input", attrs={"name": "name"})["value"] == "Second"
    administrator.submit(URL, _fields(page))
    assert get_territory("bourg").name == "Second"


def test_page_says_so_when_the_build_is_not_on_this_machine(administrator: PageClient) -> None:
    assert "n’est pas sur cette machine" in administrator.get(URL).get_text()


@pytest.mark.parametrize(("missing", "told"), [(None, None), (0, "0"), (3, "3")])
def test_page_tells_the_sections_left_out_when_a_build_counted_them(
    administrator: PageClient, territory: TerritoryView, missing: int | None, told: str | None
) -> None:
    facts = BuildFacts("v1", datetime(2026, 1, 5, tzinfo=UTC), "bourg.osm.pbf", 1, 10, 5, 2, 1, 0, 0, missing)
    assert territory.graph_dir is not None
    kept = territory.graph_dir.parent / BUILD_NAME
    kept.parent.mkdir(parents=True)
    kept.write_text(facts.as_json(), encoding="utf-8")
    try:
        label = administrator.get(URL).find("dt", string=lambda text: "introuvables" in (text or ""))
    finally:
        shutil.rmtree(kept.parent)
    assert (label.find_next("dd").get_text(strip=True) if label else None) == told


def test_page_says_so_when_the_territory_was_never_built(page_client: PageClient) -> None:
    user = make_user()
    make_staff(user, make_territory("neuf", bounds=None), StaffRole.ADMINISTRATOR)
    page_client.sign_in(user.id)
    assert "n’a encore ni carte ni adresses" in page_client.get("/territoires/neuf/administration").get_text()


@pytest.mark.parametrize("role", [StaffRole.CLERK, StaffRole.SUPERVISOR, StaffRole.CONTROL_AGENT])
def test_settings_are_closed_when_not_administrator(
    page_client: PageClient, territory: TerritoryView, role: StaffRole
) -> None:
    user = make_user()
    make_staff(user, territory, role)
    page_client.sign_in(user.id)
    page_client.get(URL, 403)
    page_client.post(URL, {"name": "x"}, 403)


def test_settings_do_not_exist_for_the_staff_of_elsewhere(page_client: PageClient, territory: TerritoryView) -> None:
    user = make_user()
    make_staff(user, make_territory("ailleurs"), StaffRole.ADMINISTRATOR)
    page_client.sign_in(user.id)
    page_client.get(URL, 404)
    page_client.get("/territoires/bourg/journal", 404)


def test_journal_shows_decisions_newest_first(administrator: PageClient) -> None:
    empty = administrator.get("/territoires/bourg/journal")
    assert "Journal vide" in empty.get_text()
    for name in ("Un", "Deux"):
        administrator.submit(URL, _fields(administrator.get(URL)) | {"name": name})
    rows = administrator.get("/territoires/bourg/journal").find("tbody").find_all("tr")
    assert len(rows) == 2
    assert "Réglages du territoire modifiés" in rows[0].get_text()


def test_list_of_territories_is_for_who_runs_the_portal(page_client: PageClient, territory: TerritoryView) -> None:
    page_client.sign_in(make_user().id)
    page_client.get("/territoires", 404)
    page_client.sign_in(make_user(platform_admin=True).id)
    make_territory("neuf", "Neuf", bounds=None)
    text = page_client.get("/territoires").get_text()
    assert "Bourg-l’Essai" in text
    assert "construction absente" in text
    assert "à construire" in text


def test_public_holidays_are_those_of_the_territory_when_they_are_chosen(administrator: PageClient) -> None:
    page = administrator.get(URL)
    chosen = page.select_one("select[name=holidays] option[selected]")
    assert chosen is not None and chosen.get_text() == "France métropolitaine"
    assert administrator.submit(URL, _fields(page) | {"holidays": "alsace-moselle"}) == URL
    saved = get_territory("bourg")
    assert saved.holidays is HolidayRegion.ALSACE_MOSELLE
    (entry,) = list_entries(territory_id=saved.id).items
    assert entry.data == {"holidays": ["metropole", "alsace-moselle"]}
    refused = administrator.raw.post(URL, data=_fields(administrator.get(URL)) | {"holidays": "lune"})
    assert refused.status_code == 422
    assert get_territory("bourg").holidays is HolidayRegion.ALSACE_MOSELLE
