"""The pages of alerts: asked for without an account, confirmed by a button, left by one request."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from portal.db import session
from portal.mail import list_outbox
from portal.territories.queries import TerritoryView
from portal.visualiz.alerts.models import AlertSubscription
from tests.factories.law import make_law, make_territory, order_draft
from tests.integration.visualiz.test_street import built_village, make_town
from tests.support.web import PageClient

__all__ = ["built_village"]

BASE = "/carte/bourg/alertes"
AROUND = {"quoi": "autour", "adresse": "Place du Marché", "lon": "2.371", "lat": "48.862", "rayon": "250"}
MAIL = {"courriel": "fleuriste@exemple.fr"}


@pytest.fixture
def territory(app: Flask, built_village: Path) -> TerritoryView:
    return make_town("bourg", built_village, graph=True)


def zone(*points: tuple[float, float]) -> str:
    return json.dumps({"type": "Polygon", "coordinates": [[*points, points[0]]]})


GOOD_ZONE = zone((2.360, 48.860), (2.365, 48.860), (2.365, 48.865))


def link_of_mail() -> str:
    (link,) = re.findall(r"http://localhost(/carte/\S+)", list_outbox()[0].body)
    return str(link)


@pytest.mark.parametrize(
    ("form", "label"),
    [
        ({"quoi": "rues", "rues": ["Rue de Bretagne, Bourg"]}, "Rue de Bretagne"),
        ({"quoi": "rues", "rue": "rue de bretagne"}, "Rue de Bretagne"),
        (AROUND, "250\u00a0m autour de "),
        ({"quoi": "zone", "zone": GOOD_ZONE}, "Zone dessinée, 0,1\u00a0km²"),
    ],
    ids=["street", "street-typed", "around", "zone"],
)
def test_an_alert_is_confirmed_and_left_when_its_mail_is_followed(
    page_client: PageClient, territory: TerritoryView, form: dict[str, str], label: str
) -> None:
    make_law(territory, orders=[order_draft()])
    asked = page_client.submit(BASE, {**form, **MAIL})
    assert "vérifiez l’adresse" in page_client.get(asked).get_text(" ")
    assert " ".join(label.split()) in list_outbox()[0].subject
    link = link_of_mail()
    page = page_client.get(link)
    assert label in page.get_text(" ") and "Confirmer l’alerte" in page.get_text(" ")
    assert session().scalar(select(AlertSubscription.confirmed_at)) is None, "opening the link confirms nothing"
    assert page_client.submit(f"{link}/confirmer") == link
    assert "L’alerte est active" in page_client.get(link).get_text(" ")
    assert "plus ces courriels" in page_client.post(f"{link}/quitter", status=200).get_text(" ")
    assert session().scalar(select(AlertSubscription.id)) is None
    assert "plus valable" in page_client.get(link, status=404).get_text(" ")
    page_client.post(f"{link}/quitter", status=200)


CROSSED = zone((2.360, 48.860), (2.365, 48.865), (2.365, 48.860), (2.360, 48.865))
CIRCLE = zone(*((2.36 + n / 1e6, 48.86 + (n % 2) / 1e6) for n in range(2500)))
FAR = zone((4.0, 45.0), (4.1, 45.0), (4.1, 45.1))
HUGE = zone((2.35, 48.85), (2.45, 48.85), (2.45, 48.95))


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"quoi": "rues"}, "Indiquez une rue"),
        ({"quoi": "rues", "rue": "rue qui n’existe pas"}, "rue qui n’existe pas"),
        ({"quoi": "rues", "rues": [f"Rue {n}" for n in range(12)]}, "10 rues au plus"),
        ({"quoi": "autour"}, "choisissez un point"),
        ({**AROUND, "lon": "", "lat": "", "adresse": "nulle part"}, "Adresse introuvable"),
        ({**AROUND, "lon": "9", "lat": "42"}, "hors du territoire"),
        ({**AROUND, "rayon": "99999"}, "choix valide"),
        ({"quoi": "zone"}, "Dessinez une zone"),
        ({"quoi": "zone", "zone": "un carré"}, "ne se lit pas"),
        ({"quoi": "zone", "zone": "[" * 5000}, "ne se lit pas"),
        (
            {"quoi": "zone", "zone": '{"type": "Polygon", "coordinates": [[[2, 1e400], [3, 4], [4, 5], [2, 1e400]]]}'},
            "ne se lit pas",
        ),
        ({"quoi": "zone", "zone": '{"type": "Point", "coordinates": [2.36, 48.86]}'}, "ne se lit pas"),
        ({"quoi": "zone", "zone": '{"type": "FeatureCollection", "features": [1]}'}, "ne se lit pas"),
        ({"quoi": "zone", "zone": GOOD_ZONE.replace("48.865", "9" * 400)}, "ne se lit pas"),
        ({"quoi": "zone", "zone": GOOD_ZONE.replace("Polygon", "Circle")}, "ne se lit pas"),
        ({"quoi": "zone", "zone": CROSSED}, "se croise"),
        ({"quoi": "zone", "zone": CIRCLE}, "trop de points"),
        ({"quoi": "zone", "zone": FAR}, "hors du territoire"),
        ({"quoi": "zone", "zone": HUGE}, "km²"),
        ({**AROUND, "courriel": "fleuriste"}, "incomplète"),
        ({**AROUND, "courriel": ""}, "Indiquez votre adresse"),
        ({**AROUND, "quoi": "tout"}, ""),
    ],
)
def test_the_form_says_what_is_wrong_and_keeps_what_was_typed_when_it_cannot_be_read(
    page_client: PageClient, territory: TerritoryView, form: dict[str, str], words: str
) -> None:
    page = page_client.post(BASE, {**MAIL, **form})
    errors = page.select_one(".j-errors")
    assert errors is not None and words in page.get_text(" ")
    for name in ("courriel", "rue", "adresse"):
        kept = page.select_one(f"[name={name}]")
        assert kept is not None and kept.get("value", "") == {**MAIL, **form}.get(name, "")
    assert list_outbox() == []


def test_streets_are_added_one_by_one_when_there_is_no_script(
    page_client: PageClient, territory: TerritoryView
) -> None:
    page = page_client.post(BASE, {"act": "add", "quoi": "rues", "rue": "rue de bretagne"}, status=200)
    (box,) = page.select("[name=rues]")
    assert "Rue de Bretagne" in str(box["value"]) and box.has_attr("checked")
    again = page_client.post(BASE, {"act": "add", "quoi": "rues", "rues": str(box["value"]), "rue": "oups"})
    assert len(again.select("[name=rues]")) == 1 and "Rue introuvable" in again.get_text(" ")


def test_the_form_is_filled_in_when_it_is_opened_from_the_map(
    page_client: PageClient, territory: TerritoryView
) -> None:
    page = page_client.get(f"{BASE}?lon=2.371&lat=48.862&adresse=Chez+Ana&jour=2026-11-23")
    checked = page.select_one("[name=quoi][checked]")
    assert checked is not None and checked["value"] == "autour"
    assert page.select_one("[name=adresse]")["value"] == "Chez Ana"  # type: ignore[index]
    page_client.get(f"{BASE}?lon=nan&lat=oups")
    link = page_client.get("/carte/bourg?lon=2.371&lat=48.862").find("a", string="Être prévenu par courriel")
    assert link is not None
    page_client.get(str(link["href"]))


def test_everybody_is_answered_alike_when_the_address_is_known_or_asked_too_often(
    page_client: PageClient, territory: TerritoryView
) -> None:
    answers = {page_client.submit(BASE, {**AROUND, **MAIL}) for _ in range(5)}
    assert answers == {f"{BASE}/demandee"}
    assert len(list_outbox()) == 3


@pytest.mark.parametrize(
    "form",
    [
        {**AROUND, "adresse": "Gagnez un lot sur http://piege.example"},
        {"quoi": "rues", "rue": "rue de bretagne piege.example"},
        {"quoi": "rues", "rues": ["Rue de Bretagne, http://piege.example", "rue de bretagne"]},
    ],
    ids=["around", "street", "ticked"],
)
def test_no_word_of_the_form_is_mailed_when_somebody_writes_to_a_stranger(
    page_client: PageClient, territory: TerritoryView, form: dict[str, str]
) -> None:
    page_client.raw.post(BASE, data={**form, **MAIL})
    for mail in list_outbox():
        assert "piege" not in mail.subject + mail.body
        assert mail.subject.count("Rue de Bretagne") < 2


def test_a_mail_program_leaves_with_one_request_when_it_has_no_session(
    app: Flask, page_client: PageClient, territory: TerritoryView
) -> None:
    page_client.submit(BASE, {**AROUND, **MAIL})
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        program = app.test_client()
        refused = program.post(f"{link_of_mail()}/confirmer")
        left = program.post(f"{link_of_mail()}/quitter", data={"List-Unsubscribe": "One-Click"})
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert (refused.status_code, left.status_code) == (400, 200)
    assert session().scalar(select(AlertSubscription.id)) is None


def test_a_link_of_another_territory_opens_nothing_when_it_is_tried_here(
    page_client: PageClient, territory: TerritoryView
) -> None:
    make_territory("lyon", name="Lyon")
    page_client.submit(BASE, {**AROUND, **MAIL})
    elsewhere = link_of_mail().replace("/bourg/", "/lyon/")
    page_client.get(elsewhere, status=404)
    page_client.post(f"{elsewhere}/quitter", status=200)
    assert session().scalar(select(AlertSubscription.id)) is not None
    assert page_client.raw.get(f"{elsewhere}/quitter").headers["Location"] == elsewhere
