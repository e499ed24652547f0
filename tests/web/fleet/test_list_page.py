"""The list of a fleet: found, filtered, put in order, completed, changed together, exported, lent."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
import python_calamine
from bs4 import BeautifulSoup
from flask import Flask

from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.fleet.plates import PlateScheme
from portal.fleet.ports import HeldPass, NoPasses
from portal.fleet.queries import list_vehicles
from portal.web.locale import DEFAULT_ZONE
from tests.factories.accounts import make_company, make_member, make_user, valid_siret
from tests.factories.cirqliz import make_vehicle
from tests.support.query_count import counted_queries
from tests.support.web import PageClient

N1 = {"category": Category.N1, "gross_weight_kg": 3500}


@dataclass
class Fleet:
    """A manager, signed in, and the address of the company's vehicles."""

    client: PageClient
    company_id: UUID

    @property
    def url(self) -> str:
        return f"/entreprises/{self.company_id}/vehicules"

    def plates(self, query: str = "") -> list[str]:
        return plates(self.client.get(f"{self.url}{query}"))

    def send(self, path: str, **data: object) -> BeautifulSoup:
        return self.client.post(f"{self.url}/ensemble{path}", data, status=200)


def _today() -> date:
    """The day by the clock of the people who lend: after their midnight it is not yet the day of UTC."""
    return SYSTEM_CLOCK.now().astimezone(ZoneInfo(DEFAULT_ZONE)).date()


def plates(page: BeautifulSoup) -> list[str]:
    return [tag.get_text(strip=True) for tag in page.select("#vehicules .j-plate")]


@pytest.fixture
def fleet(app: Flask, page_client: PageClient) -> Fleet:
    """Four vehicles: an electric van, a lorry without height, a lorry of 4 m, an archived one."""
    user, company = make_user(), make_company("Fleurs")
    make_member(user, company, CompanyRole.MANAGER)
    complete = {"length_cm": 590, "width_cm": 200}
    make_vehicle(company.id, "AB-101-CD", label="Zoé", energy=Energy.ELECTRIC, air_class=AirClass.E, **complete, **N1)
    make_vehicle(company.id, "AB-102-CD", label="100 % frais", height_cm=None, gross_weight_kg=7500, **complete)
    make_vehicle(company.id, "AB-103-CD", label="GRAND ÉLÉVATEUR", height_cm=400, air_class=AirClass.NONE, **complete)
    make_vehicle(company.id, "AB-104-CD", archived_at=datetime(2025, 1, 1, tzinfo=UTC))
    page_client.sign_in(user.id)
    return Fleet(page_client, company.id)


CASES = (
    ("", "101 102 103"),
    ("?q=ab+1o2", "102"),
    ("?q=zo", "101"),
    ("?q=ZOÉ", "101"),
    ("?q=élév", "103"),
    ("?q=%25", "102"),
    ("?q=_", ""),
    ("?categorie=N1", "101"),
    ("?energie=electric", "101"),
    ("?critair=none", "103"),
    ("?manque=hauteur", "102"),
    ("?manque=tout", "102"),
    ("?manque=crit-air", ""),
    ("?archives=1", "104"),
    ("?categorie=N9&energie=x&manque=x&prets=x&tri=x", "101 102 103"),
    ("?prets=pretes", ""),
    ("?prets=empruntes", ""),
    ("?tri=hauteur", "102 101 103"),
    ("?tri=hauteur&sens=desc", "103 101 102"),
    ("?tri=ptac", "101 102 103"),
    ("?tri=crit-air&sens=desc", "103 102 101"),
    ("?tri=energie", "102 103 101"),
    ("?tri=categorie&sens=desc", "103 102 101"),
    ("?tri=nom", "102 103 101"),
)


def test_list_shows_what_is_asked_in_its_order(fleet: Fleet) -> None:
    shown = {query: [plate[3:6] for plate in fleet.plates(query)] for query, _expected in CASES}
    assert shown == {query: expected.split() for query, expected in CASES}


@pytest.mark.parametrize("sort", ["hauteur", "crit-air", "nom"])
@pytest.mark.parametrize("way", ["", "&sens=desc"])
def test_pages_hold_each_vehicle_once_whatever_the_order(fleet: Fleet, sort: str, way: str) -> None:
    with unit_of_work():
        for number in range(130):
            height = None if number % 3 == 0 else 200 + number % 5
            air_class = list(AirClass)[number % 7] if number % 4 else None
            make_vehicle(fleet.company_id, f"CD-{number + 100}-EF", height_cm=height, air_class=air_class)
    seen: list[str] = []
    url: str | None = f"{fleet.url}?tri={sort}{way}"
    while url:
        page = fleet.client.get(url)
        seen += plates(page)
        found = page.select_one("a[rel=next]")
        url = str(found["href"]) if found else None
    back = page.select_one("a[rel=prev]")
    assert back is not None
    assert plates(fleet.client.get(str(back["href"]))) == seen[50:100]
    assert len(seen) == len(set(seen)) == 133


def test_page_asks_a_bounded_number_of_questions_whatever_the_size(fleet: Fleet) -> None:
    counts = []
    for rows in (0, 200):
        with unit_of_work() as uow:
            uow.session.add_all(_many(fleet.company_id, rows))
        with counted_queries() as asked:
            fleet.client.get(fleet.url)
        counts.append(len(asked))
    assert counts[0] == counts[1] <= 14, counts


def _many(company_id: UUID, rows: int) -> Iterator[Vehicle]:
    now = SYSTEM_CLOCK.now()
    for number in range(rows):
        plate = f"EF{number + 100}GH"
        yield Vehicle(
            id=new_id(),
            company_id=company_id,
            plate=plate,
            plate_key=plate,
            plate_scheme=PlateScheme.SIV,
            country="FR",
            category=Category.N1,
            created_at=now,
            updated_at=now,
            usages=[],
        )


def test_completeness_links_to_the_vehicles_that_lack_something(fleet: Fleet) -> None:
    page = fleet.client.get(fleet.url)
    meter = page.select_one(".j-completeness progress")
    assert meter is not None
    assert (meter["value"], meter["max"]) == ("2", "3")
    link = page.select_one(".j-completeness a")
    assert link is not None
    assert "1 véhicule sans hauteur" in link.get_text()
    assert plates(fleet.client.get(str(link["href"]))) == ["AB-102-CD"]


def _hidden(page: BeautifulSoup) -> dict[str, object]:
    """What the form of a step carries to the next one."""
    carried: dict[str, object] = {"ids": []}
    for tag in page.select("form:has(input[name=vu]) input[type=hidden]"):
        if tag["name"] == "ids":
            carried["ids"] = [*carried["ids"], tag["value"]]  # type: ignore[misc]
        else:
            carried[str(tag["name"])] = tag["value"]
    return carried


def test_several_vehicles_are_changed_after_a_preview_and_undone(fleet: Fleet) -> None:
    ids = [str(vehicle.id) for vehicle in list_vehicles(fleet.company_id)][1:]
    form = fleet.send("", ids=ids)
    assert "Modifier 2 véhicules" in form.get_text()
    preview = fleet.send("", ids=ids, etape="apercu", height_cm="3,20", label_prefix="Nord")
    text = preview.get_text(" ", strip=True).replace("\u00a0", " ")
    assert "1 véhicule : Hauteur, vide → 3,20 m" in text
    assert "2 véhicules : « Nord » devant leur nom" in text
    assert [vehicle.height_cm for vehicle in list_vehicles(fleet.company_id)] == [350, None, 400]
    there = fleet.client.submit(f"{fleet.url}/ensemble", {**_hidden(preview), "etape": "faire"})
    assert [vehicle.height_cm for vehicle in list_vehicles(fleet.company_id)] == [350, 320, 320]
    page = fleet.client.get(there)
    undo = page.select_one("form.j-undo")
    assert undo is not None
    fleet.client.submit(str(undo["action"]))
    assert [vehicle.height_cm for vehicle in list_vehicles(fleet.company_id)] == [350, None, 400]
    assert fleet.client.get(there).select_one("form.j-undo") is None


def test_all_that_the_filter_keeps_are_changed_and_a_stale_preview_is_shown_again(fleet: Fleet) -> None:
    preview = fleet.send("", portee="tous", manque="hauteur", etape="apercu", height_cm="3")
    carried = _hidden(preview)
    assert (carried["portee"], carried["ids"]) == ("tous", [])
    make_vehicle(fleet.company_id, "AB-105-CD", height_cm=None)
    again = fleet.send("", **{**carried, "etape": "faire"})
    assert "entre-temps" in again.get_text()
    fleet.client.submit(f"{fleet.url}/ensemble", {**_hidden(again), "etape": "faire"})
    assert [vehicle.height_cm for vehicle in list_vehicles(fleet.company_id)] == [350, 300, 400, 300]


@pytest.mark.parametrize(
    ("typed", "words"),
    [({"height_cm": "haut"}, "n’est pas un nombre"), ({}, "Remplissez au moins un champ")],
)
def test_fault_of_a_common_value_is_told_and_nothing_typed_is_lost(
    fleet: Fleet, typed: dict[str, str], words: str
) -> None:
    sent = {"portee": "tous", "etape": "apercu", "width_cm": "" if not typed else "2,1", **typed}
    page = fleet.client.post(f"{fleet.url}/ensemble", sent)
    assert words in page.get_text()
    assert page.select_one("input[name=width_cm]")["value"] == sent["width_cm"]  # type: ignore[index]


def test_whole_list_is_archived_when_asked_and_confirmed(fleet: Fleet) -> None:
    for number in range(60):
        make_vehicle(fleet.company_id, f"ZZ-{100 + number}-CD")
    button = fleet.client.get(f"{fleet.url}?q=ZZ").select_one("button[name=portee][formaction]")
    assert button is not None and button.get_text().replace("\u00a0", " ") == "Archiver les 60 véhicules de la liste"
    confirming = fleet.client.post(str(button["formaction"]), {"portee": button["value"], "q": "ZZ"}, status=200)
    fleet.client.submit(f"{fleet.url}/ensemble/archiver", {**_hidden(confirming), "etape": "faire"})
    assert {vehicle.plate_display for vehicle in list_vehicles(fleet.company_id) if "ZZ" in vehicle.plate} == set()
    assert len(list_vehicles(fleet.company_id)) > 0, "the rest of the fleet stays"


def test_list_says_what_to_do_when_it_is_too_long_to_be_changed_at_once(
    fleet: Fleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.fleet.views.MOST_VEHICLES", 1)
    page = fleet.client.get(fleet.url)
    assert page.select_one("button[name=portee]") is None
    assert "Au plus 1 véhicules se changent ensemble" in page.get_text()


def test_nothing_chosen_goes_back_to_the_list_with_a_sentence(fleet: Fleet) -> None:
    there = fleet.client.submit(f"{fleet.url}/ensemble", {"ids": ["x"], "q": "AB"})
    assert there.endswith("?q=AB")
    assert "Cochez au moins un véhicule" in fleet.client.get(there).get_text()


class _OnePass(NoPasses):
    """A pass of the first vehicle for its company, and one of a borrower."""

    def __init__(self, vehicle_id: UUID, company_id: UUID, other_id: UUID) -> None:
        self.of = (vehicle_id, company_id, other_id)

    def list_living(self, vehicle_ids: object) -> list[HeldPass]:
        vehicle_id, *companies = self.of
        now = SYSTEM_CLOCK.now()
        return [
            HeldPass(
                vehicle_id, one, f"LP-{place}", "Val", now, now + timedelta(days=1), "Valable", "success", True, "/"
            )
            for place, one in enumerate(companies)
        ]


def test_archiving_together_names_the_passes_that_end(app: Flask, fleet: Fleet) -> None:
    first = list_vehicles(fleet.company_id)[0].id
    kept = app.extensions["vehicle_passes"]
    app.extensions["vehicle_passes"] = _OnePass(first, fleet.company_id, make_company().id)
    try:
        page = fleet.send("/archiver", ids=[str(first)])
    finally:
        app.extensions["vehicle_passes"] = kept
    text = page.get_text(" ", strip=True)
    assert "LP-0, AB-101-CD" in text
    assert "LP-1" not in text, "the pass of a borrower is its own affair"
    assert "entreprise qui l’emprunte" in text
    fleet.client.submit(f"{fleet.url}/ensemble/archiver", {**_hidden(page), "etape": "faire"})
    assert fleet.plates() == ["AB-102-CD", "AB-103-CD"]


def test_export_honours_the_filter_and_runs_no_formula(fleet: Fleet) -> None:
    make_vehicle(fleet.company_id, "AB-105-CD", label="=HYPERLINK(1)", height_cm=None)
    sent = fleet.client.raw.get(f"{fleet.url}/export.csv?manque=hauteur")
    rows = list(csv.reader(io.StringIO(sent.get_data(as_text=True).removeprefix("\ufeff")), delimiter=";"))
    assert [row[0] for row in rows] == ["Immatriculation", "AB-102-CD", "AB-105-CD"]
    assert rows[2][2] == "'=HYPERLINK(1)"
    sent = fleet.client.raw.get(f"{fleet.url}/export.xlsx")
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(sent.get_data()))
    table = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in table] == ["Immatriculation", "AB-101-CD", "AB-102-CD", "AB-103-CD", "AB-105-CD"]
    assert table[3][rows[0].index("Hauteur (m)")] == 4.0


def test_vehicle_is_lent_accepted_shown_to_both_and_taken_back(app: Flask, fleet: Fleet) -> None:
    borrower, manager = make_company("Emprunteur"), make_user()
    make_member(manager, borrower, CompanyRole.MANAGER)
    lender_client, vehicle = fleet.client, list_vehicles(fleet.company_id)[0]
    today = _today()
    days = {"first_day": today.isoformat(), "last_day": f"{today + timedelta(days=2):%d/%m/%Y}"}
    wrong = lender_client.post(f"{fleet.url}/{vehicle.id}/preter", {"siret": "123", **days})
    assert "14 chiffres" in wrong.find(id="siret-error").get_text()  # type: ignore[union-attr]
    lender_client.submit(f"{fleet.url}/{vehicle.id}/preter", {"siret": borrower.siret, **days})

    client = PageClient(app.test_client())
    client.sign_in(manager.id)
    theirs = f"/entreprises/{borrower.id}/vehicules"
    assert "attend votre réponse" in client.get(theirs).get_text()
    accept = client.get(f"{theirs}/prets").select_one("form[action$=accepter]")
    assert accept is not None
    client.submit(str(accept["action"]))
    page = client.get(theirs)
    assert plates(page) == ["AB-101-CD"]
    assert "Emprunté" in page.get_text()
    assert page.select("input[name=ids]") == []
    assert client.raw.get(f"{theirs}/{vehicle.id}").status_code == 404
    assert client.raw.get(f"{theirs}/export.csv").get_data(as_text=True).count("\n") == 1
    assert plates(client.get(f"{theirs}?prets=empruntes")) == ["AB-101-CD"]

    assert fleet.plates("?prets=pretes") == ["AB-101-CD"]
    assert "Prêté" in lender_client.get(f"{fleet.url}?prets=pretes").get_text()
    assert "Emprunteur" in lender_client.get(f"{fleet.url}/{vehicle.id}").get_text()
    end = lender_client.get(f"{fleet.url}/prets").select_one("form[action$=terminer]")
    assert end is not None
    lender_client.submit(str(end["action"]))
    assert plates(client.get(theirs)) == []


def test_offers_look_the_same_whether_the_siret_is_registered(fleet: Fleet) -> None:
    registered, unknown = make_company().siret, valid_siret(5_432_109)
    first, second, _third = list_vehicles(fleet.company_id)
    today = _today().isoformat()
    for vehicle, siret in ((first, registered), (second, unknown)):
        data = {"siret": siret, "first_day": today, "last_day": today}
        fleet.client.submit(f"{fleet.url}/{vehicle.id}/preter", data)
    rows = fleet.client.get(f"{fleet.url}/prets").select("tbody tr")
    shown = set()
    for row in rows:
        cells = [cell.get_text(" ", strip=True) for cell in row.select("td")]
        shown.add(tuple(cells[1:4]))
        assert cells[0].startswith("SIRET")
    assert len(rows) == 2
    assert len(shown) == 1


def test_history_and_way_back_stand_on_the_page_of_an_archived_vehicle(fleet: Fleet) -> None:
    vehicle = list_vehicles(fleet.company_id)[0]
    url = f"{fleet.url}/{vehicle.id}"
    assert "Rien n’est encore écrit" in fleet.client.get(url).get_text()
    fleet.client.submit(f"{url}/archiver")
    page = fleet.client.get(url)
    assert "Archivé" in page.select_one(".j-history").get_text()  # type: ignore[union-attr]
    assert page.select_one("input[name=plate]") is None
    fleet.client.submit(f"{url}/retablir")
    assert [line.get_text().split()[0] for line in fleet.client.get(url).select(".j-history strong")] == [
        "Rétabli",
        "Archivé",
    ]
