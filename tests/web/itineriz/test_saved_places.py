"""The pages of saved places: keep one, change it, take it away; by whom."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from flask import Flask

from portal.common.actor import CompanyRole
from portal.itineriz.places.queries import PlaceView, list_places
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.territories import make_territory
from tests.support.web import PageClient

BAKERY = {
    "label": "Boulangerie Martin",
    "address": "12 rue de Bretagne",
    "lon": "2.3620",
    "lat": "48.8640",
    "service_min": "15",
    "hours": "8h-12h, 14h30 à 18h",
}


@dataclass
class Scene:
    client: PageClient
    territory: TerritoryView
    company: MadeCompany

    @property
    def base(self) -> str:
        return f"/entreprises/{self.company.id}/adresses-enregistrees"

    @property
    def places(self) -> list[PlaceView]:
        return list(list_places(self.company.id, self.territory.id))


@pytest.fixture
def scene(app: Flask, page_client: PageClient) -> Scene:
    territory, company, person = make_territory("ici"), make_company(), make_user()
    make_member(person, company, CompanyRole.DRIVER)
    page_client.sign_in(person.id)
    return Scene(page_client, territory, company)


def test_a_place_is_kept_changed_and_taken_away(scene: Scene):
    assert "Aucun lieu enregistré" in scene.client.get(scene.base).get_text()
    assert scene.client.submit(f"{scene.base}/nouvelle", BAKERY) == scene.base
    (kept,) = scene.places
    assert (kept.label, kept.service_min, kept.lon) == ("Boulangerie Martin", 15, 2.362)
    assert kept.windows == (("08:00", "12:00"), ("14:30", "18:00"))
    shown = scene.client.get(scene.base)
    assert "08:00-12:00, 14:30-18:00" in shown.get_text()
    page = scene.client.get(f"{scene.base}/{kept.id}")
    assert page.find(id="hours")["value"] == "08:00-12:00, 14:30-18:00"
    scene.client.submit(f"{scene.base}/{kept.id}", BAKERY | {"label": "Boulangerie Dupont", "hours": ""})
    (changed,) = scene.places
    assert (changed.id, changed.label, changed.windows) == (kept.id, "Boulangerie Dupont", ())
    scene.client.submit(f"{scene.base}/{kept.id}/retirer")
    assert scene.places == []


def test_a_name_is_refused_beside_its_field_when_it_is_taken(scene: Scene):
    scene.client.submit(f"{scene.base}/nouvelle", BAKERY)
    again = scene.client.post(f"{scene.base}/nouvelle", BAKERY)
    assert "porte déjà ce nom" in again.find(id="label-error").get_text()
    assert again.find(id="address")["value"] == BAKERY["address"], "nothing typed is lost"
    scene.client.submit(f"{scene.base}/nouvelle", BAKERY | {"label": "Dépôt"})
    depot = next(place for place in scene.places if place.label == "Dépôt")
    scene.client.post(f"{scene.base}/{depot.id}", BAKERY)
    assert len({place.label for place in scene.places}) == 2


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"label": "  "}, "label", "Donnez un nom"),
        ({"label": "x" * 121}, "label", "trop long"),
        ({"address": "", "lon": "", "lat": ""}, "address", "Indiquez une adresse"),
        ({"lon": "", "lat": ""}, "address", "ne répond pas"),
        ({"lon": "5.0"}, "address", "hors du territoire"),
        ({"lon": "48.8640", "lat": "2.3620"}, "address", "inversée"),
        ({"service_min": "-5"}, "service_min", "nombre entier"),
        ({"hours": "le matin"}, "hours", "08:00-12:00"),
        ({"hours": "8h-9h,9h-10h,10h-11h,11h-12h,13h-14h"}, "hours", "au plus"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_a_fault_stands_beside_its_field(scene: Scene, changes: dict[str, str], field: str, sentence: str):
    page = scene.client.post(f"{scene.base}/nouvelle", BAKERY | changes)
    assert sentence in page.find(id=f"{field}-error").get_text()
    assert scene.places == []


def test_an_address_typed_anew_is_looked_up_anew_without_script(scene: Scene):
    scene.client.submit(f"{scene.base}/nouvelle", BAKERY)
    page = scene.client.get(f"{scene.base}/{scene.places[0].id}")
    kept = {name: page.find(attrs={"name": name})["value"] for name in ("lon", "lat", "resolved")}
    again = scene.client.post(f"{scene.base}/{scene.places[0].id}", BAKERY | kept | {"address": "3 rue du Puits"})
    assert "ne répond pas" in again.find(id="address-error").get_text(), "this town has no index: it was asked"
    scene.client.submit(f"{scene.base}/{scene.places[0].id}", BAKERY | kept | {"address": BAKERY["address"]})


def test_search_finds_a_part_of_the_name_or_of_the_address(scene: Scene):
    for name, address in (("Dépôt", "1 quai de la Gare"), ("Fleurs 50%", "2 rue des Lilas")):
        scene.client.submit(f"{scene.base}/nouvelle", BAKERY | {"label": name, "address": address})
    found = {
        text: [row.get_text(strip=True) for row in scene.client.get(f"{scene.base}?q={text}").select("tbody th")]
        for text in ("quai", "Fleurs", "%25", "rien")
    }
    assert found == {"quai": ["Dépôt"], "Fleurs": ["Fleurs 50%"], "%25": ["Fleurs 50%"], "rien": []}


def test_a_place_of_another_company_is_not_found(scene: Scene):
    scene.client.submit(f"{scene.base}/nouvelle", BAKERY)
    other, person = make_company(), make_user()
    make_member(person, other, CompanyRole.OWNER)
    scene.client.sign_in(person.id)
    base = f"/entreprises/{other.id}/adresses-enregistrees/{scene.places[0].id}"
    scene.client.get(base, 404)
    scene.client.post(base, BAKERY, 404)
    scene.client.post(f"{base}/retirer", status=404)
    assert len(scene.places) == 1
