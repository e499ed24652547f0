"""The pages of writing beside the form: drafts and models, the last reading, publishing, withdrawing, versions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from bs4 import Tag

from portal.common.actor import system_actor
from portal.db import unit_of_work
from portal.numeriz.queries import get_order, page_orders
from portal.numeriz.values import OrderChange, OrderStatus
from portal.numeriz.writing import (
    current_order,
    get_work,
    page_works,
    publish_work,
    save_work,
    start_work,
    store_version,
    versions_of,
)
from portal.territories.queries import TerritoryView
from tests.factories.law import make_law, order_draft
from tests.support.query_count import counted_queries
from tests.support.web import PageClient
from tests.support.written import judge, written, written_measure, written_period, written_place

BASE = "/territoires/paris-3e/numeriz"
OTHER = system_actor("autre")


def one(page: Tag, selector: str) -> Tag:
    """The one element of a selector."""
    found = page.select(selector)
    assert len(found) == 1, f"{len(found)} of {selector}"
    return found[0]


def begun(territory: TerritoryView, document: dict[str, Any] | None = None) -> UUID:
    return start_work(OTHER, territory.id, document=document or written())


def published(territory: TerritoryView) -> UUID:
    work_id = begun(territory)
    judge(territory.id, work_id)
    return publish_work(OTHER, territory.id, work_id, 1)


def test_an_order_is_written_published_amended_and_withdrawn_when_a_clerk_follows_the_pages(
    clerk: PageClient, territory: TerritoryView
) -> None:
    assert clerk.submit(f"{BASE}/redaction").startswith(f"{BASE}/redaction/")
    (work,) = page_works(territory.id).items
    save_work(OTHER, territory.id, work.id, 1, written())
    page = clerk.get(f"{BASE}/redaction/{work.id}/relire")
    assert "Circulation interdite\u00a0: Rue des Tanneurs" in page.get_text(" ")
    assert page.select_one(f"form[action$='/{work.id}/publier']") is None
    judge(territory.id, work.id)
    ready = clerk.get(f"{BASE}/redaction/{work.id}/relire")
    revision = {"revision": one(ready, f"form[action$='/{work.id}/publier'] [name=revision]")["value"]}
    shown = clerk.submit(f"{BASE}/redaction/{work.id}/publier", revision)
    (line,) = page_orders(territory.id).items
    assert shown == f"{BASE}/arretes/{line.id}"
    assert "L’arrêté est publié." in clerk.get(shown).get_text(" ")
    # The same form again: the browser of somebody in a hurry.
    assert clerk.submit(f"{BASE}/redaction/{work.id}/publier", revision) == shown

    form = clerk.submit(f"{BASE}/arretes/{line.id}/modifier")
    assert clerk.submit(f"{BASE}/arretes/{line.id}/modifier") == form
    assert "Une modification est en cours" in clerk.get(shown).text
    (amended,) = page_works(territory.id).items
    save_work(OTHER, territory.id, amended.id, 1, written(title="Travaux prolongés"))
    assert "prolongés" in one(clerk.get(f"{BASE}/redaction/{amended.id}/relire"), ".j-differences ins").text
    judge(territory.id, amended.id)
    clerk.submit(f"{BASE}/redaction/{amended.id}/publier", {"revision": "2"})
    assert get_order(territory.id, line.id).title == "Travaux prolongés"

    clerk.get(f"{BASE}/arretes/{line.id}/retirer")
    again = clerk.post(f"{BASE}/arretes/{line.id}/retirer", {"reason": " "})
    assert "Dites pourquoi" in one(again, "#reason-error").text
    again = clerk.post(f"{BASE}/arretes/{line.id}/retirer", {"reason": "x" * 501})
    assert one(again, "#reason").text.strip() == "x" * 501
    clerk.submit(f"{BASE}/arretes/{line.id}/retirer", {"reason": "Chantier annulé"})
    assert get_order(territory.id, line.id).status is OrderStatus.WITHDRAWN
    told = clerk.get(f"{BASE}/arretes/{line.id}/versions").get_text(" ")
    assert "Version 3" in told and "Chantier annulé" in told
    public = clerk.raw.get(f"/carte/{territory.slug}/arretes/{line.id}")
    assert public.status_code == 404


@pytest.mark.parametrize(
    ("document", "alarms", "revision", "sentence"),
    [
        (written(title=""), [], "1", "L’arrêté n’est pas complet."),
        (written(), None, "1", "Étudiez d’abord les effets"),
        (written(), [{"code": "cut-off", "params": {"streets": 2, "metres": 300}}], "1", "une deuxième personne"),
        (written(), [], "7", "a changé le brouillon"),
        (written(), [], "", "a changé le brouillon"),
    ],
)
def test_the_reason_is_told_and_the_draft_kept_when_publishing_is_refused(
    clerk: PageClient,
    territory: TerritoryView,
    document: dict[str, Any],
    alarms: list[Any] | None,
    revision: str,
    sentence: str,
) -> None:
    work_id = begun(territory, document)
    if alarms is not None:
        judge(territory.id, work_id, alarms)
    url = f"{BASE}/redaction/{work_id}"
    assert clerk.submit(f"{url}/publier", {"revision": revision}) == f"{url}/relire"
    assert get_work(territory.id, work_id).document == document
    flashes = clerk.raw.get(f"{url}/relire").get_data(as_text=True)
    assert sentence in flashes
    assert not page_orders(territory.id).items


def test_each_fault_leads_to_its_step_when_an_order_is_not_complete(
    clerk: PageClient, territory: TerritoryView
) -> None:
    work_id = begun(territory, written(written_measure(periods=[written_period(end="2027-02-01T08:00")]), title=""))
    links = clerk.get(f"{BASE}/redaction/{work_id}/relire").select("#a-completer a")
    assert [link.text for link in links] == ["Donnez un titre à l’arrêté.", "La fin doit venir après le début."]
    for link in links:
        clerk.get(str(link["href"]))


def test_the_last_reading_opens_when_nothing_is_typed_or_nothing_can_be_read(
    clerk: PageClient, territory: TerritoryView
) -> None:
    clerk.submit(f"{BASE}/redaction")
    (empty,) = page_works(territory.id).items
    broken = begun(territory, {"measures": [3, {"type": "?", "places": "x", "periods": {"a": 1}, "vehicles": 7}]})
    for work_id in (empty.id, broken):
        assert clerk.get(f"{BASE}/redaction/{work_id}/relire").select("#a-completer li")


def test_drafts_models_and_the_bin_are_listed_when_there_are_some(clerk: PageClient, territory: TerritoryView) -> None:
    assert "Aucun brouillon" in clerk.get(f"{BASE}/redaction").text
    work_id = begun(territory)
    clerk.submit(f"{BASE}/redaction/{work_id}/modele", {"title": "Chantier de rue"})
    (model,) = page_works(territory.id, models=True).items
    clerk.submit(f"{BASE}/redaction/{work_id}/modele", {"title": " "})
    assert len(page_works(territory.id, models=True).items) == 1
    clerk.submit(f"{BASE}/redaction", {"work": str(model.id)})
    clerk.submit(f"{BASE}/redaction/{work_id}/dupliquer")
    page = clerk.get(f"{BASE}/redaction").get_text(" ")
    assert page.count("Travaux rue des Tanneurs") >= 3 and "Chantier de rue" in page
    clerk.submit(f"{BASE}/redaction/{work_id}/supprimer")
    assert "Corbeille" in clerk.get(f"{BASE}/redaction").text
    clerk.get(f"{BASE}/redaction/{work_id}/relire", status=404)
    clerk.submit(f"{BASE}/redaction/{work_id}/reprendre")
    assert len(page_works(territory.id).items) == 3
    assert "ne se publie pas" in clerk.get(f"{BASE}/redaction/{model.id}/relire").text


def test_the_list_costs_the_same_when_there_are_many_drafts(clerk: PageClient, territory: TerritoryView) -> None:
    begun(territory)
    clerk.get(f"{BASE}/redaction")
    with counted_queries() as one:
        clerk.get(f"{BASE}/redaction")
    for _ in range(10):
        begun(territory)
    with counted_queries() as many:
        clerk.get(f"{BASE}/redaction")
    assert len(many) == len(one)


def test_every_draft_is_reached_when_there_are_more_than_a_page(clerk: PageClient, territory: TerritoryView) -> None:
    for number in range(51):
        start_work(OTHER, territory.id, document={**written(), "title": f"Projet {number:02}"})
    url, seen = f"{BASE}/redaction", []
    for _ in range(2):
        page = clerk.get(url)
        seen += [link.get_text() for link in page.select("th a") if "Projet" in link.get_text()]
        url = str(following["href"]) if (following := page.select_one("a[rel=next]")) else ""
    assert not url
    assert sorted(seen) == [f"Projet {number:02}" for number in range(51)]


def test_an_order_of_another_source_can_only_be_copied_when_a_clerk_opens_it(
    clerk: PageClient, territory: TerritoryView
) -> None:
    make_law(territory, orders=[replace(order_draft(), source="dialog")])
    (line,) = page_orders(territory.id).items
    page = clerk.get(f"{BASE}/arretes/{line.id}")
    assert page.select_one("form[action$='/modifier']") is None
    assert clerk.submit(f"{BASE}/arretes/{line.id}/modifier") == f"{BASE}/arretes/{line.id}"
    clerk.submit(f"{BASE}/arretes/{line.id}/retirer", {"reason": "Non"})
    assert get_order(territory.id, line.id).status is OrderStatus.PUBLISHED
    clerk.submit(f"{BASE}/arretes/{line.id}/dupliquer")
    (work,) = page_works(territory.id).items
    assert "vient déjà d’une autre source (DiaLog)" in clerk.get(f"{BASE}/redaction/{work.id}/relire").get_text(" ")


def test_an_amendment_says_so_when_another_version_came_first(clerk: PageClient, territory: TerritoryView) -> None:
    order_id = published(territory)
    clerk.submit(f"{BASE}/arretes/{order_id}/modifier")
    (work,) = page_works(territory.id).items
    with unit_of_work() as uow:
        order = current_order(territory.id, order_id)
        store_version(uow, territory.id, order_id, OrderChange.LIFTED, order, OTHER, "Rue libre")
    page = clerk.get(f"{BASE}/redaction/{work.id}/relire").get_text(" ")
    assert "La version 2 a été enregistrée" in page and "levé ou activé sur-le-champ" in page
    clerk.submit(f"{BASE}/redaction/{work.id}/reprendre-la-version")
    judge(territory.id, work.id)
    clerk.submit(f"{BASE}/redaction/{work.id}/publier", {"revision": "2"})
    assert versions_of(order_id)[0].change is OrderChange.AMENDED


def test_what_changed_is_told_in_sentences_when_versions_are_compared(
    clerk: PageClient, territory: TerritoryView
) -> None:
    order_id = published(territory)
    moved = written(
        written_measure(places=[written_place(line=((2.3700, 48.8620), (2.3730, 48.8623)))]),
        written_measure(type="noParking"),
        title="Travaux, suite",
        identifier="2027-T-12 bis",
    )
    clerk.submit(f"{BASE}/arretes/{order_id}/modifier")
    (work,) = page_works(territory.id).items
    save_work(OTHER, territory.id, work.id, 1, moved)
    judge(territory.id, work.id)
    clerk.submit(f"{BASE}/redaction/{work.id}/publier", {"revision": "2"})
    page = clerk.get(f"{BASE}/arretes/{order_id}/versions")
    told = {one(item, "dt").text: one(item, "dd") for item in page.select(".j-differences > div")}
    assert list(told) == ["Identifiant", "Titre", "Tracé modifié", "Mesure ajoutée"]
    assert "Stationnement interdit" in one(told["Mesure ajoutée"], "ins").text
    assert (
        one(told["Titre"], "del").text == "retiré  rue des Tanneurs"
        and one(told["Titre"], "ins").text == "ajouté , suite"
    )


def test_the_last_reading_warns_when_every_period_has_passed(clerk: PageClient, territory: TerritoryView) -> None:
    passed = written(written_measure(periods=[written_period("2025-03-01T08:00", "2025-03-02T08:00")]))
    assert "sont passées" in clerk.get(f"{BASE}/redaction/{begun(territory, passed)}/relire").text
    assert "sont passées" not in clerk.get(f"{BASE}/redaction/{begun(territory)}/relire").text


@pytest.mark.parametrize(("source", "sentence"), [("numeriz", "Une seule version"), ("dialog", "Pas d’histoire ici")])
def test_the_page_of_versions_says_so_when_an_order_has_none(
    clerk: PageClient, territory: TerritoryView, source: str, sentence: str
) -> None:
    make_law(territory, orders=[replace(order_draft(), source=source)])
    (line,) = page_orders(territory.id).items
    assert sentence in clerk.get(f"{BASE}/arretes/{line.id}/versions").text


def test_the_public_page_says_since_when_when_an_order_has_versions(
    clerk: PageClient, territory: TerritoryView
) -> None:
    order_id = published(territory)
    clerk.sign_out()
    page = clerk.get(f"/carte/{territory.slug}/arretes/{order_id}").get_text(" ")
    assert "Version 1, en vigueur depuis le" in page
