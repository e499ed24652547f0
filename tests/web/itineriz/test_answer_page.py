"""What the page of a tour says of its answer, with every key the planner writes and with those of older releases."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.common.actor import CompanyRole
from portal.db import unit_of_work
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.queries import RouteView, get_route
from portal.jobs import JobState, enqueue
from portal.jobs.models import Job
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.cirqliz import make_vehicle
from tests.factories.law import bay_draft, make_law
from tests.factories.territories import make_territory
from tests.factories.tours import ZONE, lawful_answer, make_tour, refused_answer
from tests.support.query_count import counted_queries
from tests.support.web import PageClient

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)


@dataclass
class Office:
    """A company of one person who looks at its tours."""

    app: Flask
    client: PageClient
    territory: TerritoryView
    company: MadeCompany
    person_id: UUID

    def url(self, route: RouteView, tail: str = "") -> str:
        return f"/entreprises/{self.company.id}/itineraires/{route.id}{tail}"

    def lawful(self, **asked: object) -> RouteView:
        return make_tour(self.territory, self.company.id, TOMORROW, lawful_answer(TOMORROW), **asked)

    def refused(self, **asked: object) -> RouteView:
        return make_tour(self.territory, self.company.id, TOMORROW, refused_answer(TOMORROW), **asked)


@pytest.fixture
def office(app: Flask, page_client: PageClient) -> Office:
    territory, company, person = make_territory(), make_company(), make_user()
    make_member(person, company, CompanyRole.MANAGER)
    page_client.sign_in(person.id)
    return Office(app, page_client, territory, company, person.id)


def text_of(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").split())


def test_everything_the_answer_holds_is_on_the_page_when_the_tour_is_lawful(office: Office):
    page = office.client.get(office.url(office.lawful(label="Tournée du lundi")))
    words = text_of(page)
    assert page.h1 is not None and page.h1.get_text(strip=True) == "Tournée du lundi"
    for said in (
        "3,2 kg",
        "1,2 l",
        "11 min gagnées",
        "14 Rue des Lilas",
        "à 40 m à vol d’oiseau",
        "La longueur de l’aire est inconnue",
        "et gagnez 35 min",
        "Attendez à l’arrêt n° 1 et gagnez 10 min",
        "Arrêté « Travaux rue Amelot »",
        "Exceptions : desserte locale",
        "Détour : 4,5 min, 820 m",
        "Dimensions inconnues : hauteur",
        "« 12 Rue des Lilas » est à 60 m de la rue",
        "Chez <b>Zoé</b> & fils",
    ):
        assert said in words, said
    assert "phrase" not in words  # the stored sentences of another language are not shown
    assert page.find("a", href="https://arretes.exemple/2026-17") is not None
    assert [sign.get_text() for sign in page.select(".j-stops__sign")] == ["D", "1", "2"]


def test_a_wait_is_told_apart_from_the_detour_when_a_regulation_costs_both(office: Office):
    answer = lawful_answer(TOMORROW)
    answer["avoided"][0] |= {"minutes": 64.5, "wait_min": 60.0}
    words = text_of(office.client.get(office.url(make_tour(office.territory, office.company.id, TOMORROW, answer))))
    assert "Détour : 4,5 min, 820 m" in words and "Attente : 60 min" in words


def test_sentences_are_in_english_when_the_reader_asks_for_it(office: Office):
    page = office.client.get(office.url(office.lawful()), headers={"Accept-Language": "en"})
    assert "Drive east on Rue du Départ." in text_of(page)
    assert page.select(".j-steps [lang]") == []


def test_a_gps_gets_the_place_where_the_vehicle_stands_when_its_link_is_pressed(office: Office):
    page = office.client.get(office.url(office.lawful()))
    links = list(page.select(".j-gps a"))
    assert [str(link["href"]).partition(":")[0] for link in links[:4]] == ["geo", "https", "https", "https"]
    assert all("48.864000" in str(link["href"]) and "2.370100" in str(link["href"]) for link in links[:4])
    assert all("noreferrer" in link["rel"] for link in links)
    assert "ne connaît ni les arrêtés" in text_of(page)


def test_what_blocks_comes_with_its_hour_and_a_way_to_ask_when_the_tour_is_refused(office: Office):
    page = office.client.get(office.url(office.refused()))
    words = text_of(page)
    assert words.index("Arrêt n° 1 : 12 Rue des Lilas") < words.index("Vers Chez <b>Zoé</b> & fils")
    assert "peut être servi :" in words and "Ouvert à partir du" in words
    assert "Périmètre rouge « Marathon »" in words
    assert any("Partir le" in button.get_text() for button in page.select("form button"))


def test_the_request_for_the_pass_opens_with_the_tour_when_the_button_is_followed(office: Office):
    vehicle_id = make_vehicle(office.company.id)
    page = office.client.get(office.url(office.refused(vehicle_id=vehicle_id)))
    link = page.find("a", string="Demander ce laissez-passer")
    assert link is not None
    form = office.client.get(str(link["href"]))
    assert [field["value"] for field in form.select("[data-address-text]")][-1] == "Chez <b>Zoé</b> & fils"
    assert form.find(id="starts_on")["value"] == f"{TOMORROW:%Y-%m-%d}"
    ticked = form.select('input[name="vehicles"][checked]')
    assert [box["value"] for box in ticked] == [str(vehicle_id)]
    assert form.find(attrs={"name": "stops-1-service_min"})["value"] == "10"


def test_the_request_reaches_the_hours_of_a_perimeter_that_begins_long_after_the_departure(office: Office):
    answer = refused_answer(TOMORROW)
    answer["needed_passes"][0]["starts_at"] = (TOMORROW + timedelta(hours=9)).isoformat()
    vehicle_id = make_vehicle(office.company.id)
    route = make_tour(office.territory, office.company.id, TOMORROW, answer, vehicle_id=vehicle_id)
    link = office.client.get(office.url(route)).find("a", string="Demander ce laissez-passer")
    form = office.client.get(str(link["href"]))
    ends_at = (TOMORROW + timedelta(hours=10)).astimezone(ZONE)
    assert (form.find(id="ends_on")["value"], form.find(id="ends_time")["value"]) == (
        f"{ends_at:%Y-%m-%d}",
        f"{ends_at:%H:%M}",
    )


def test_a_driver_sees_no_request_to_make_when_only_managers_may_ask(office: Office):
    driver = make_user()
    make_member(driver, office.company, CompanyRole.DRIVER)
    route = office.refused()
    office.client.sign_in(driver.id)
    assert "Demander ce laissez-passer" not in text_of(office.client.get(office.url(route)))


def test_another_departure_is_computed_when_its_button_is_pressed(office: Office):
    route = office.lawful()
    page = office.client.get(office.url(route))
    proposal = page.select_one(".j-proposal form")
    assert proposal is not None
    asked = {field["name"]: field["value"] for field in proposal.select("input")}
    url = office.client.submit(str(proposal["action"]), asked)
    made = office.client.get(url)
    assert "09:40" in text_of(made) or f"{TOMORROW + timedelta(minutes=40):%M}" in text_of(made)
    assert made.find("a", href=office.url(route, "/comparer")) is not None


@pytest.mark.parametrize(
    "text",
    [
        "demain",
        "2026-13-01T00:00",
        "2026-10-01T09:00",
        "1999-12-31T09:00:00+00:00",
        "0001-01-01T00:00:00+00:00",
        "9999-12-31T23:59:59+00:00",
    ],
)
def test_another_departure_is_refused_when_it_is_no_instant(office: Office, text: str):
    office.client.post(office.url(office.lawful(), "/partir-a"), {"depart_at": text}, status=422)


def test_the_old_answer_is_still_shown_when_it_lacks_the_newer_keys(office: Office):
    answer = lawful_answer(TOMORROW)
    for key in ("depart_at", "arrive_at", "proposals", "impossible_stops", "emissions", "order"):
        del answer[key]
    for stop in answer["stops"]:
        for key in ("number", "wait_s", "service_s", "windows", "at", "bays"):
            del stop[key]
    answer["avoided"][0]["code"] = "code-d-une-autre-version"
    for leg in answer["legs"]:
        del leg["geometry"]
        for step in leg["instructions"]:
            del step["text_en"]
    route = make_tour(office.territory, office.company.id, TOMORROW, answer)
    words = text_of(office.client.get(office.url(route)))
    assert "phrase d’une version ancienne" in words and "Feuille de route" in words
    assert "10 min sur place" in words


def test_the_layers_hold_what_the_answer_says_when_the_map_asks(office: Office):
    route = office.lawful()

    def features(kind: str, of: RouteView = route) -> list[dict]:
        return office.client.raw.get(f"/itineraires/{of.id}/carte/{kind}.geojson").get_json()["features"]

    signs = [feature["properties"].get("letter") or feature["properties"]["number"] for feature in features("stops")]
    assert signs == ["D", 1, 2]
    (street,) = features("avoided")
    assert street["geometry"]["type"] == "MultiLineString"
    assert street["properties"]["href"] == "https://arretes.exemple/2026-17"
    assert {feature["properties"]["regime"] for feature in features("bays")} == {"permanent"}
    assert features("perimeters") == []
    refused = office.refused()
    assert [feature["properties"].get("letter") for feature in features("stops", refused)][-1] == "×"
    assert len(features("avoided", refused)) == 1


def test_the_page_tells_what_changed_when_the_law_made_the_tour_anew(office: Office):
    route = office.lawful()
    before = {"status": "done", "arrive_at": (TOMORROW + timedelta(minutes=20)).isoformat()}
    with unit_of_work() as uow:
        row = uow.session.get_one(Route, route.id)
        row.changes = {
            "at": TOMORROW.isoformat(),
            "law_version": "2",
            "reasons": [lawful_answer(TOMORROW)["avoided"][0]],
            "gone": [refused_answer(TOMORROW)["blocking"][0]],
            "before": before,
            "after": before | {"arrive_at": (TOMORROW + timedelta(minutes=50)).isoformat()},
        }
    page = office.client.get(office.url(route))
    banner = next(found for found in page.select(".j-banner--warning") if "recalculée" in found.get_text())
    assert (
        "Travaux rue Amelot" in banner.get_text()
        and "N’a plus d’effet" in banner.get_text()
        and "au lieu de" in banner.get_text()
    )
    assert "Recalculé" in text_of(office.client.get(office.url(route).rsplit("/", 1)[0]))


def test_the_page_says_so_when_the_law_is_newer_than_the_answer(office: Office):
    route = office.lawful()
    assert "a changé depuis ce calcul" in text_of(office.client.get(office.url(route)))
    past = make_tour(office.territory, office.company.id, TOMORROW - timedelta(days=9), lawful_answer(TOMORROW))
    make_law(office.territory, bays=[bay_draft()])
    assert "a changé depuis ce calcul" not in text_of(office.client.get(office.url(past)))


def test_a_tour_is_removed_when_it_was_not_made_for_a_request(office: Office):
    route = office.lawful()
    page = office.client.get(office.url(route))
    assert page.select_one("#supprimer form") is not None
    assert office.client.submit(office.url(route, "/supprimer")).endswith("/itineraires")
    office.client.get(office.url(route), status=404)
    kept = office.lawful(assume_passes=True)
    assert office.client.get(office.url(kept)).select_one("#supprimer") is None
    office.client.post(office.url(kept, "/supprimer"), status=409)


def test_the_tour_of_a_request_is_not_given_up_when_it_is_computed(office: Office):
    waiting = make_tour(office.territory, office.company.id, TOMORROW, None, assume_passes=True)
    page = office.client.get(office.url(waiting))
    assert page.find("form", action=office.url(waiting, "/annuler")) is None
    office.client.post(office.url(waiting, "/annuler"), status=409)
    assert get_route(office.company.id, waiting.id).status is RouteStatus.QUEUED
    mine = make_tour(office.territory, office.company.id, TOMORROW, None)
    assert office.client.get(office.url(mine)).find("form", action=office.url(mine, "/annuler")) is not None


def test_nothing_is_promised_when_the_tour_of_a_request_is_not_looked_at_again(office: Office):
    kept = office.lawful(assume_passes=True)
    words = text_of(office.client.get(office.url(kept)))
    assert "sera recalculée" not in words and "est recalculée" not in words
    assert "sera recalculée" in text_of(office.client.get(office.url(office.lawful())))


def test_the_hours_of_a_bay_are_in_the_language_of_the_reader_when_they_are_stored_as_hours(office: Office):
    answer = lawful_answer(TOMORROW)
    start, end = (f"{TOMORROW.astimezone(ZONE):%Y-%m-%d}T{clock}:00+00:00" for clock in ("06:00", "09:30"))
    told, old = answer["stops"][1]["bays"]
    told |= {"always": False, "slots": [[start, end]], "hours": "phrase ancienne"}
    old["hours"] = "Phrase d’une version ancienne."
    route = make_tour(office.territory, office.company.id, TOMORROW, answer)
    english = {"Accept-Language": "en"}
    first, second = (
        office.client.get(office.url(route), headers=english).select(".j-stops li")[1].select(".j-bay__facts")
    )
    hours = " to ".join(f"{datetime.fromisoformat(at).astimezone(ZONE):%H:%M}" for at in (start, end))
    assert f"Kept for deliveries that day: {hours}." in text_of(first)
    assert first.select("[lang]") == [] and "version ancienne" in second.select_one("[lang=fr]").get_text()
    layer = office.client.raw.get(f"/itineraires/{route.id}/carte/bays.geojson", headers=english).get_json()
    lines = str([bay["properties"]["lines"] for bay in layer["features"]])
    assert hours in lines and "phrase ancienne" not in lines


def test_the_list_says_how_a_tour_ended_when_its_job_died(office: Office):
    def asked(state: JobState) -> None:
        route = make_tour(office.territory, office.company.id, TOMORROW, None, label=f"Tournée {state}")
        with unit_of_work() as uow:
            job_id = enqueue("itineriz.compute_route", {"route_id": str(route.id)})
            uow.session.get_one(Route, route.id).job_id = job_id
        with unit_of_work() as uow:
            uow.session.get_one(Job, job_id).state = state

    def queries() -> int:
        with counted_queries() as statements:
            office.client.get(office.url(waiting).rsplit("/", 1)[0])
        return len(statements)

    waiting = make_tour(office.territory, office.company.id, TOMORROW, None, label="Sans travail")
    for state in (JobState.FAILED, JobState.CANCELLED, JobState.PENDING):
        asked(state)
    few = queries()
    rows = office.client.get(office.url(waiting).rsplit("/", 1)[0]).select("tbody tr")
    words = {str(row.find("th").get_text()).strip(): text_of(row) for row in rows}
    assert "Échec" in words["Tournée failed"] and "Abandonné" in words["Tournée cancelled"]
    assert "En attente" in words["Tournée pending"] and "En attente" in words["Sans travail"]
    for _again in range(5):
        asked(JobState.FAILED)
    assert queries() == few
