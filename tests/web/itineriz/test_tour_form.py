"""The form of a tour: windows, arrival, order, saved places, and a tour taken as a model. Without script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from portal.common.actor import CompanyRole
from portal.itineriz.pages import vehicles
from portal.itineriz.places.services import PlaceDraft, save_place
from portal.itineriz.queries import RouteView, get_route
from portal.itineriz.trip import Stop
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.cirqliz import make_vehicle
from tests.factories.tours import lawful_answer, make_tour
from tests.support.web import PageClient

FORM = {
    "territory": "paris-3e",
    "vehicle": "autre",
    "gross_weight": "12",
    "when": "partir",
    "day": "2026-09-07",
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
class Desk:
    """A company of one person before the form."""

    client: PageClient
    territory: TerritoryView
    company: MadeCompany

    @property
    def url(self) -> str:
        return f"/entreprises/{self.company.id}/itineraires/nouveau"

    def asked(self, **changes: str) -> RouteView:
        url = self.client.submit(self.url, FORM | changes)
        return get_route(self.company.id, UUID(url.rsplit("/", 1)[1]))


@pytest.fixture
def desk(app: Flask, page_client: PageClient, routed_territory: Callable[[], TerritoryView]) -> Desk:
    territory, company, person = routed_territory(), make_company(), make_user()
    make_member(person, company, CompanyRole.DRIVER)
    page_client.sign_in(person.id)
    return Desk(page_client, territory, company)


def test_every_wish_reaches_the_tour_when_the_form_is_filled(desk: Desk):
    route = desk.asked(
        **{
            "when": "arriver",
            "hour": "11h30",
            "free_order": "y",
            "return_to_start": "y",
            "label": "  Tournée   du lundi ",
            "stops-1-hours": "08:00-12:00, 14h-17h",
            "height": "3,5",
            "length": "8",
            "hazmat": "y",
            "air_class": "2",
        }
    )
    assert route.arrive_by == datetime(2026, 9, 7, 9, 30, tzinfo=UTC)
    assert route.free_order and route.return_to_start and route.label == "Tournée du lundi"
    assert route.stops[1]["windows"] == [
        ["2026-09-07T06:00:00+00:00", "2026-09-07T10:00:00+00:00"],
        ["2026-09-07T12:00:00+00:00", "2026-09-07T15:00:00+00:00"],
    ]
    assert route.vehicle == {"gvw_t": 12.0, "height_m": 3.5, "length_m": 8.0, "hazmat": True, "air_class": "2"}


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"stops-1-hours": "le matin"}, "stops-1-hours", "ne se lisent pas"),
        ({"stops-1-hours": "1-2, 3-4, 5-6, 7-8, 9-10"}, "stops-1-hours", "au plus"),
        ({"length": "mille"}, "length", "pas valable"),
        ({"gross_weight": "12", "combination_weight": "7"}, "combination_weight", "ensemble"),
    ],
)
def test_the_fault_stands_beside_its_field_and_nothing_is_lost(desk: Desk, changes: dict, field: str, words: str):
    page = desk.client.post(desk.url, FORM | changes)
    error = page.find(id=f"{field}-error")
    assert error is not None and words in error.get_text()
    for name, value in changes.items():
        assert page.find(attrs={"name": name})["value"] == value


def test_stops_trade_places_when_the_arrows_are_pressed_without_script(desk: Desk):
    def addresses(action: str) -> list[str]:
        page = desk.client.post(desk.url, FORM | {"action": action}, status=200)
        return [str(field["value"]) for field in page.select("[data-address-text]")]

    assert addresses("descendre-0") == addresses("monter-1") == ["Arrivée", "Départ"]
    for nothing in ("monter-0", "descendre-1", "monter-9", "retirer-0", "monter-", "autre"):
        assert addresses(nothing) == ["Départ", "Arrivée"]


def test_a_saved_place_fills_the_stop_when_it_is_chosen(desk: Desk):
    place = PlaceDraft(desk.territory.id, "Chez Léon", "12 Rue des Lilas", 2.3701, 48.8641, 15, (("08:00", "12:00"),))
    place_id = save_place(desk.company.id, place)
    page = desk.client.post(desk.url, FORM | {"action": "lieu-1", "stops-1-place": str(place_id)}, status=200)
    assert page.find(id="stops-1-address")["value"] == "Chez Léon"
    assert page.find(id="stops-1-hours")["value"] == "08:00-12:00"
    route = desk.asked(**{"stops-1-place": str(place_id), "stops-1-service_min": "0"})
    assert (route.stops[1]["label"], route.stops[1]["lon"], route.stops[1]["service_min"]) == ("Chez Léon", 2.3701, 15)
    assert len(route.stops[1]["windows"]) == 1


def test_the_form_opens_with_the_stops_when_a_tour_is_the_model(desk: Desk):
    at = datetime.now(UTC) + timedelta(days=1)
    model = make_tour(desk.territory, desk.company.id, at, lawful_answer(at), free_order=True, label="Lundi")
    page = desk.client.get(f"{desk.url}?modele={model.id}")
    assert page.find(id="stops-0-address")["value"] == "Dépôt, rue du Départ"
    assert page.find(id="gross_weight")["value"] == "3.5" and page.find(id="label")["value"] == "Lundi"
    assert page.find(id="free_order").has_attr("checked")
    foreign = make_tour(desk.territory, make_company().id, at, lawful_answer(at))
    for other in (foreign.id, "autre"):
        empty = desk.client.get(f"{desk.url}?modele={other}")
        assert [field["value"] for field in empty.select("[data-address-text]")] == ["", ""]


def test_a_vehicle_of_a_large_fleet_is_reached_by_its_plate_and_stays_when_the_list_ends_before_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(vehicles, "MOST_LISTED", 1)
    make_vehicle(desk.company.id, "AA-101-AA")
    assert desk.client.get(desk.url).find(id="plate") is None
    beyond = make_vehicle(desk.company.id, "ZZ-101-AA")
    page = desk.client.post(desk.url, FORM | {"vehicle": "", "plate": "AA-101"})
    assert page.find(id="plate-error") is not None
    route = desk.asked(vehicle="", plate="zz 101 aa")
    assert (route.vehicle_id, route.vehicle_label) == (beyond, "ZZ-101-AA")
    for page in (
        desk.client.get(f"{desk.url}?modele={route.id}"),
        desk.client.post(desk.url, FORM | {"vehicle": str(beyond), "action": "ajouter"}, status=200),
    ):
        assert [one["value"] for one in page.select("#vehicle option[selected]")] == [str(beyond)]


def test_an_address_typed_anew_is_looked_up_anew_when_no_script_forgot_its_point(desk: Desk):
    stale = {"stops-1-resolved": "2.3780,48.8690|Arrivée", "stops-1-address": "zzzz"}
    page = desk.client.post(desk.url, FORM | stale)
    assert page.find(id="stops-1-address-error") is not None


def test_every_stop_of_the_model_stays_when_it_has_more_than_the_form_adds(desk: Desk):
    at = datetime.now(UTC) + timedelta(days=1)
    stops = tuple(Stop(2.3560 + n / 2000, 48.8655, f"Arrêt {n}", 60) for n in range(31))
    model = make_tour(desk.territory, desk.company.id, at, lawful_answer(at, stops), stops=stops)
    page = desk.client.get(f"{desk.url}?modele={model.id}")
    form = page.find(id="tournee")
    assert len(form.select("[data-address-text]")) == 31 and "envoyez un fichier" in form.get_text()
    typed = {
        field["name"]: field.get("value", "") for field in form.select("input[name]") if field["type"] != "checkbox"
    }
    typed |= {"vehicle": "autre", "when": "partir", "action": ""}
    moved = desk.client.post(desk.url, typed | {"action": "monter-30"}, status=200)
    assert [moved.find(id=f"stops-{n}-address")["value"] for n in (29, 30)] == ["Arrêt 30", "Arrêt 29"]
    made = get_route(desk.company.id, UUID(desk.client.submit(desk.url, typed).rsplit("/", 1)[1]))
    assert [stop["label"] for stop in made.stops] == [stop.label for stop in stops]


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "1999-12-31", "2101-01-01"])
def test_a_day_is_refused_beside_its_field_when_nobody_drives_then(desk: Desk, day: str):
    page = desk.client.post(desk.url, FORM | {"day": day, "stops-1-hours": "22:00-02:00"})
    assert page.find(id="day-error") is not None and page.find(id="stops-1-address")["value"] == "Arrivée"


@pytest.mark.parametrize(
    ("when", "hour", "hours", "start"),
    [
        ("partir", "22:00", "00:30-02:00", "2024-09-07T22:30:00+00:00"),
        ("arriver", "02:00", "22:30-23:30", "2024-09-06T20:30:00+00:00"),
    ],
)
def test_hours_beyond_midnight_belong_to_the_tour(desk: Desk, when: str, hour: str, hours: str, start: str):
    route = desk.asked(when=when, day="2024-09-07", hour=hour, **{"stops-1-hours": hours})
    assert [window[0] for window in route.stops[1]["windows"]] == [start]
