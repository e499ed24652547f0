"""The pages of routes, from the form to the answer, and who may see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
import shapely
from flask import Flask

from portal.common.actor import CompanyRole, StaffRole
from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, MadeUser, make_company, make_member, make_staff, make_user
from tests.factories.law import make_law, perimeter_draft
from tests.support.web import PageClient

FORM = {
    "territory": "paris-3e",
    "vehicle": "autre",
    "gross_weight": "12",
    "height": "3,5",
    "day": "2024-09-07",
    "hour": "09:00",
    "stops-0-address": "Départ",
    "stops-0-lon": "2.3560",
    "stops-0-lat": "48.8655",
    "stops-0-service_min": "0",
    "stops-1-address": "Arrivée",
    "stops-1-lon": "2.3780",
    "stops-1-lat": "48.8690",
    "stops-1-service_min": "10",
}


@dataclass
class Scene:
    """A company of one person, a territory with its graph, a browser."""

    app: Flask
    client: PageClient
    territory: TerritoryView
    company: MadeCompany
    person: MadeUser
    run_jobs: Callable[[Flask], int]

    @property
    def base(self) -> str:
        return f"/entreprises/{self.company.id}/itineraires"

    def ask(self, **changes: str) -> str:
        return self.client.submit(f"{self.base}/nouveau", FORM | changes)


@pytest.fixture
def scene(
    app: Flask,
    page_client: PageClient,
    routed_territory: Callable[[], TerritoryView],
    run_jobs: Callable[[Flask], int],
) -> Scene:
    territory, company, person = routed_territory(), make_company(), make_user()
    make_member(person, company, CompanyRole.DRIVER)
    page_client.sign_in(person.id)
    return Scene(app, page_client, territory, company, person, run_jobs)


def text_of(page) -> str:
    return " ".join(page.get_text(" ").split())


def route_id(url: str) -> UUID:
    return UUID(url.rsplit("/", 1)[1])


def test_the_route_is_shown_when_its_job_has_run(scene: Scene):
    assert "Pas encore d’itinéraire" in text_of(scene.client.get(scene.base))
    scene.client.get(f"{scene.base}/nouveau")
    url = scene.ask()
    waiting = scene.client.get(url)
    assert waiting.find(attrs={"hx-get": f"{url}/avancement"}) is not None
    assert scene.run_jobs(scene.app) == 1
    page = scene.client.get(url)
    assert "Feuille de route" in text_of(page) and "Conduisez" in text_of(page)
    assert page.find(attrs={"data-map": True}) is not None
    assert "Dimensions inconnues" in text_of(page)
    assert "Itinéraire trouvé" in text_of(scene.client.get(scene.base))
    for kind, count in (("route", 1), ("stops", 2), ("perimeters", 0)):
        found = scene.client.raw.get(f"/itineraires/{route_id(url)}/carte/{kind}.geojson").get_json()
        assert len(found["features"]) == count


def test_the_reasons_are_shown_when_no_route_is_lawful(scene: Scene):
    around = shapely.Point(2.3780, 48.8690).buffer(0.002)
    make_law(scene.territory, perimeters=[perimeter_draft(shape=around, colour=Colour.RED)])
    url = scene.ask(day="2024-09-08", hour="10:00")
    scene.run_jobs(scene.app)
    page = text_of(scene.client.get(url))
    assert "Aucun itinéraire permis" in page and "Rouge" in page
    assert "un laissez-passer est nécessaire" in page


def test_everything_typed_is_kept_when_something_is_wrong(scene: Scene):
    wrong = FORM | {
        "hour": "25h",
        "gross_weight": "lourd",
        "stops-1-lon": "",
        "stops-1-lat": "",
        "stops-1-address": "zzzz",
    }
    page = scene.client.post(f"{scene.base}/nouveau", wrong)
    words = text_of(page)
    assert "Indiquez une heure" in words and "pas valable" in words
    # The sentence depends on whether the territory has an address book; that there is one does not.
    assert page.find(id="stops-1-address-error") is not None
    assert page.find(id="stops-1-address")["value"] == "zzzz"
    assert page.find(id="gross_weight")["value"] == "lourd"
    assert page.find(id="hour")["value"] == "25h"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stops-1-lon": "5.37", "stops-1-lat": "43.29"}, "hors du territoire"),
        ({"height": "12"}, "pas valable"),
        ({"vehicle": "0"}, "Choisissez un véhicule"),
        ({"day": "2024-03-31", "hour": "02:30"}, "n’existe pas"),
        ({"stops-0-service_min": "-3"}, "nombre entier de minutes"),
    ],
)
def test_a_sentence_stands_beside_its_field_when_it_is_wrong(scene: Scene, changes: dict, words: str):
    page = scene.client.post(f"{scene.base}/nouveau", FORM | changes)
    assert any(words in error.get_text() for error in page.select(".j-field__error"))


def test_stops_are_added_and_removed_when_the_buttons_are_used_without_script(scene: Scene):
    more = scene.client.post(f"{scene.base}/nouveau", FORM | {"action": "ajouter"}, status=200)
    assert len(more.select("fieldset.j-fieldset")) == 3
    third = {"stops-2-address": "Milieu", "stops-2-lon": "2.36", "stops-2-lat": "48.86", "stops-2-service_min": "5"}
    kept = FORM | third
    fewer = scene.client.post(f"{scene.base}/nouveau", kept | {"action": "retirer-0"}, status=200)
    assert [field["value"] for field in fewer.select("[data-address-text]")] == ["Arrivée", "Milieu"]


def test_a_failed_route_says_why_and_can_be_asked_again_when_the_vehicle_is_too_large(scene: Scene):
    url = scene.ask(gross_weight="120")
    scene.run_jobs(scene.app)
    page = text_of(scene.client.get(url))
    assert "gvw_t au-delà de ce que l’itinéraire sait traiter" in page and "Relancer le calcul" in page
    assert scene.client.submit(f"{url}/relancer").endswith(url)
    assert "en attente" in text_of(scene.client.get(url))
    assert scene.run_jobs(scene.app) == 1
    assert "Relancer le calcul" in text_of(scene.client.get(url))


def test_a_waiting_route_is_given_up_when_the_button_is_used(scene: Scene):
    url = scene.ask()
    scene.client.submit(f"{url}/annuler")
    scene.run_jobs(scene.app)
    assert "abandonné" in text_of(scene.client.get(url))
    scene.client.post(f"{url}/annuler", status=409)


def test_the_job_has_one_effect_when_it_runs_twice(scene: Scene):
    url = scene.ask()
    (job_id,) = scene.app.extensions["pending_jobs"]
    scene.app.extensions["pending_jobs"].append(job_id)
    scene.run_jobs(scene.app)
    first = text_of(scene.client.get(url))
    assert "Feuille de route" in first


def test_the_panel_opens_when_the_reader_belongs_to_the_company_or_serves_the_territory(scene: Scene):
    url = scene.ask()
    scene.run_jobs(scene.app)
    panel = f"/itineraires/{route_id(url)}/panneau"
    assert "Feuille de route" in text_of(scene.client.get(panel))
    clerk, stranger, agent = make_user(), make_user(), make_user()
    make_staff(clerk, scene.territory, StaffRole.CLERK)
    make_staff(agent, scene.territory, StaffRole.CONTROL_AGENT)
    make_member(stranger, make_company())
    for person, status in ((clerk, 200), (stranger, 404), (agent, 404)):
        scene.client.sign_in(person.id)
        scene.client.get(panel, status=status)
        for kind in ("route", "stops"):
            assert scene.client.raw.get(f"/itineraires/{route_id(url)}/carte/{kind}.geojson").status_code == status
        scene.client.get(url, status=404)


def test_the_form_says_so_when_no_territory_is_ready(page_client: PageClient):
    company, person = make_company(), make_user()
    make_member(person, company)
    page_client.sign_in(person.id)
    base = f"/entreprises/{company.id}/itineraires"
    assert page_client.raw.get(f"{base}/nouveau").headers["Location"] == base
    assert "Aucun territoire n’est encore prêt" in text_of(page_client.get(base))
