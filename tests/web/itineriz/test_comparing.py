"""Variants of a tour, made and shown side by side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from bs4 import BeautifulSoup
from flask import Flask

from portal.common.actor import CompanyRole
from portal.itineriz.models import RouteStatus
from portal.itineriz.pages import vehicles
from portal.itineriz.queries import RouteView, list_variants
from portal.itineriz.services import ComputedRoute, store_route
from portal.itineriz.trip import Stop
from portal.itineriz.trip_values import stop_of
from portal.regulations.schedules import Interval
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.cirqliz import make_vehicle
from tests.factories.territories import make_territory
from tests.factories.tours import lawful_answer, make_tour, refused_answer
from tests.support.web import PageClient

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
LOCAL = TOMORROW.astimezone(ZoneInfo("Europe/Paris"))
HOUR = timedelta(hours=1)
SAME = {"vehicle": "meme", "day": f"{LOCAL:%Y-%m-%d}", "hour": f"{LOCAL:%H:%M}"}


@dataclass
class Office:
    """A company of one person with a refused tour."""

    client: PageClient
    company: MadeCompany
    territory: TerritoryView
    route: RouteView

    @property
    def url(self) -> str:
        return f"/entreprises/{self.company.id}/itineraires/{self.route.id}/comparer"

    def variants(self) -> list[RouteView]:
        return list_variants(self.company.id, self.route.id)


@pytest.fixture
def office(app: Flask, page_client: PageClient) -> Office:
    territory, company, person = make_territory(), make_company(), make_user()
    make_member(person, company, CompanyRole.DRIVER)
    page_client.sign_in(person.id)
    options = {"free_order": True, "return_to_start": True, "label": "Lundi"}
    route = make_tour(territory, company.id, TOMORROW, refused_answer(TOMORROW), **options)
    return Office(page_client, company, territory, route)


def text_of(page: BeautifulSoup) -> str:
    return " ".join(page.get_text(" ").split())


def test_a_variant_keeps_everything_else_when_one_thing_changes(office: Office):
    vehicle_id = make_vehicle(office.company.id)
    later = f"{LOCAL + timedelta(hours=2):%H:%M}"
    for change in (
        {"vehicle": str(vehicle_id)},
        {"hour": later},
        {"perimeters": "perimetre-rouge"},
        {"colours": "grey"},
    ):
        assert office.client.submit(office.url, SAME | change).endswith("comparer#comparaison")
    by_vehicle, by_hour, by_perimeter, by_colour = office.variants()
    for made in office.variants():
        assert made.stops == office.route.stops and made.free_order and made.return_to_start and made.label == "Lundi"
    assert by_vehicle.vehicle_id == vehicle_id and by_vehicle.depart_at == TOMORROW
    assert by_hour.depart_at == TOMORROW + timedelta(hours=2) and by_hour.vehicle == office.route.vehicle
    assert [(item["perimeter_ids"], item["supposed"]) for item in by_perimeter.passes] == [(["perimetre-rouge"], True)]
    assert [(item["colours"], item["supposed"]) for item in by_colour.passes] == [(["grey"], True)]


@pytest.mark.parametrize("days", [1, -1])
def test_the_windows_go_along_when_the_variant_leaves_on_another_day(office: Office, days: int):
    # By way of a day that is not over, when the variant goes back.
    base = TOMORROW + timedelta(days=2)
    windows = (
        Interval(base, base + timedelta(hours=4)),
        Interval(base + timedelta(hours=6), base + timedelta(hours=8)),
    )
    stops = (Stop(2.3560, 48.8655), Stop(2.3650, 48.8640, windows=windows), Stop(2.3780, 48.8690))
    route = make_tour(office.territory, office.company.id, base, lawful_answer(base), stops=stops)
    local = (base + timedelta(days=days)).astimezone(LOCAL.tzinfo)
    moved = {"day": f"{local:%Y-%m-%d}", "hour": f"{LOCAL:%H:%M}"}
    url = f"/entreprises/{office.company.id}/itineraires/{route.id}/comparer"
    office.client.submit(url, SAME | moved)
    (made,) = list_variants(office.company.id, route.id)
    served = [stop_of(values) for values in made.stops]
    shift = [one.start.astimezone(LOCAL.tzinfo).replace(tzinfo=None) for one in served[1].windows]
    asked = [one.start.astimezone(LOCAL.tzinfo).replace(tzinfo=None) + timedelta(days=days) for one in windows]
    assert shift == asked and not served[0].windows and not served[2].windows


def test_the_windows_stay_when_the_variant_leaves_at_another_hour_of_the_day(office: Office):
    windows = (Interval(TOMORROW, TOMORROW + timedelta(hours=4)),)
    stops = (Stop(2.3560, 48.8655), Stop(2.3650, 48.8640, windows=windows))
    route = make_tour(office.territory, office.company.id, TOMORROW, lawful_answer(TOMORROW), stops=stops)
    url = f"/entreprises/{office.company.id}/itineraires/{route.id}/comparer"
    office.client.submit(url, SAME | {"hour": f"{LOCAL + timedelta(hours=1):%H:%M}"})
    (made,) = list_variants(office.company.id, route.id)
    assert made.stops == route.stops


def test_the_table_asks_again_by_itself_until_every_variant_is_computed(office: Office):
    office.client.submit(office.url, SAME | {"colours": "red"})
    waiting = office.client.get(office.url).select_one("#comparaison")
    assert waiting is not None and waiting["hx-get"] == f"{office.url}/tableau"
    (made,) = office.variants()
    store_route(made.id, ComputedRoute(RouteStatus.DONE, lawful_answer(TOMORROW), "1", "essai-1"))
    table = office.client.get(f"{office.url}/tableau").select_one("#comparaison")
    assert table is not None and not table.has_attr("hx-get")
    rows = [text_of(row) for row in table.select("tbody tr")]
    assert "Aucun itinéraire permis" in rows[0] and "il en manque" in rows[0]
    assert "supposé : tout périmètre rouge" in rows[1] and "2,4 km" in rows[1]


def test_the_best_figure_is_marked_when_there_is_a_choice(office: Office):
    answers = [lawful_answer(TOMORROW), lawful_answer(TOMORROW)]
    answers[1] |= {"distance_m": 900, "duration_s": answers[0]["duration_s"] + 600}
    base = make_tour(office.territory, office.company.id, TOMORROW, answers[0])
    make_tour(office.territory, office.company.id, TOMORROW, answers[1], compared_with=base.id)
    page = office.client.get(f"/entreprises/{office.company.id}/itineraires/{base.id}/comparer")
    best = [
        [cell["data-label"] for cell in row.select("td") if "le mieux" in cell.get_text()]
        for row in page.select("tbody tr")
    ]
    assert best == [["Durée"], ["Distance"]]


def test_the_page_of_the_first_tour_opens_when_a_variant_is_compared(office: Office):
    office.client.submit(office.url, SAME | {"colours": "red"})
    (made,) = office.variants()
    page = office.client.get(f"/entreprises/{office.company.id}/itineraires/{made.id}/comparer")
    form = page.select_one('form[method="post"][action$="/comparer"]')
    assert form is not None and str(form["action"]) == office.url
    office.client.submit(f"/entreprises/{office.company.id}/itineraires/{made.id}/comparer", SAME | {"colours": "grey"})
    assert len(office.variants()) == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "Changez au moins"),
        ({"day": "demain"}, "Indiquez un jour"),
        ({"hour": "25:00"}, "Indiquez une heure"),
        ({"vehicle": "00000000-0000-0000-0000-000000000000"}, "Choisissez un véhicule"),
        ({"perimeters": "autre-chose"}, "Changez au moins"),
        ({"colours": "vert"}, "Changez au moins"),
    ],
)
def test_the_variant_is_refused_when_nothing_it_says_changes_the_tour(office: Office, change: dict, words: str):
    page = office.client.post(office.url, SAME | change)
    assert words in text_of(page)
    assert office.variants() == []


def test_a_vehicle_of_another_company_is_refused_when_it_is_named(office: Office):
    foreign = make_vehicle(make_company().id)
    office.client.post(office.url, SAME | {"vehicle": str(foreign)})
    assert office.variants() == []


def test_a_vehicle_beyond_the_list_is_reached_by_its_plate(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vehicles, "MOST_LISTED", 1)
    assert office.client.get(office.url).find(id="plate") is None
    make_vehicle(office.company.id, "AA-101-AA")
    beyond, other = make_vehicle(office.company.id, "BB-101-AA"), make_vehicle(office.company.id, "ZZ-101-AA")
    assert office.client.get(office.url).find(id="plate") is not None
    office.client.submit(office.url, SAME | {"plate": "bb 1o1 aa"})
    office.client.submit(office.url, SAME | {"vehicle": str(other)})
    assert [made.vehicle_id for made in office.variants()] == [beyond, other]


@pytest.mark.parametrize(
    ("typed", "words", "listed"),
    [
        ("ZZ-999-ZZ", "Aucun véhicule de votre flotte n’a cette plaque.", ["meme", "AA", "BB"]),
        ("101", "Choisissez dans la liste", ["", "meme", "AA", "BB"]),
        ("bb", "Choisissez dans la liste", ["", "meme", "BB"]),
    ],
)
def test_part_of_a_plate_lists_what_answers_it_and_chooses_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, typed: str, words: str, listed: list[str]
):
    monkeypatch.setattr(vehicles, "MOST_LISTED", 2)
    for letters in ("AA", "BB", "CC"):
        make_vehicle(office.company.id, f"{letters}-101-AA")
    page = office.client.post(office.url, SAME | {"plate": typed, "vehicle": "meme"})
    assert words in text_of(page)
    assert office.variants() == []
    options = page.select("#vehicle option")
    known = {"": "", "meme": "meme"}
    assert [known.get(str(one["value"]), one.get_text()[:2]) for one in options] == listed


def test_the_tour_whose_vehicle_is_beyond_the_list_stays_with_it(office: Office, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vehicles, "MOST_LISTED", 1)
    make_vehicle(office.company.id, "AA-101-AA")
    beyond = make_vehicle(office.company.id, "ZZ-101-AA")
    office.client.submit(office.url, SAME | {"vehicle": str(beyond)})
    (made,) = office.variants()
    assert made.vehicle_id == beyond
