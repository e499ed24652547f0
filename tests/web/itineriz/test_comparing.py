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
from portal.itineriz.queries import RouteView, list_variants
from portal.itineriz.services import ComputedRoute, store_route
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.cirqliz import make_vehicle
from tests.factories.territories import make_territory
from tests.factories.tours import lawful_answer, make_tour, refused_answer
from tests.support.web import PageClient

TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
LOCAL = TOMORROW.astimezone(ZoneInfo("Europe/Paris"))
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
