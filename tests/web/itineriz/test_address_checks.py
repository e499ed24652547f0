"""The check of addresses: asked for, looked at, filtered, corrected, taken home; by whom."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.common.actor import CompanyRole
from portal.db import session
from portal.itineriz.addresses import services
from portal.itineriz.addresses.finding import Candidate
from portal.itineriz.models import AddressCheck, CheckStatus
from portal.itineriz.pages import vehicles
from portal.jobs.models import Job, JobState
from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.cirqliz import make_vehicle
from tests.factories.law import make_law, perimeter_draft, square
from tests.support.located import located_territory, paris_addresses, paris_graph, routed_territory
from tests.support.web import PageClient

__all__ = ["located_territory", "paris_addresses", "paris_graph", "routed_territory"]

INSIDE, OUTSIDE = "2.3600, 48.8650", "2.3760, 48.8690"
ASKED = {"vehicle": "autre", "gross_weight": "3,5", "height": "2,5", "week": "2024-09-02"}
LIST = f"{INSIDE}\n{OUTSIDE}\n98 rue Oberkampf\nrue de Bretagne\nrue Inconnue du Tout\n"
# Thursday 5 September 2024, 09:00 to 12:00 in Paris.
ACTIVE = [("2024-09-05T09:00:00+02:00", "2024-09-05T12:00:00+02:00")]


@dataclass
class Scene:
    app: Flask
    client: PageClient
    territory: TerritoryView
    company: MadeCompany
    run_jobs: Callable[[Flask], int]

    @property
    def base(self) -> str:
        return f"/entreprises/{self.company.id}/verifications-adresses"

    def ask(self, addresses: str = LIST, *, run: bool = True, **changes: str) -> str:
        where = self.client.submit(f"{self.base}/nouvelle", ASKED | {"addresses": addresses} | changes)
        if run:
            self.run_jobs(self.app)
        return where

    def counts(self) -> dict[str, int]:
        session().rollback()
        return dict(session().scalars(select(AddressCheck)).one().counts)


@pytest.fixture
def scene(
    app: Flask,
    page_client: PageClient,
    located_territory: Callable[[], TerritoryView],
    run_jobs: Callable[[Flask], int],
) -> Scene:
    territory, company, person = located_territory(), make_company(), make_user()
    make_member(person, company, CompanyRole.DRIVER)
    make_law(territory, perimeters=[perimeter_draft("Course du canal", Colour.RED, square(2.360, 48.865), ACTIVE)])
    page_client.sign_in(person.id)
    return Scene(app, page_client, territory, company, run_jobs)


def text_of(page: Any) -> str:
    return " ".join(page.get_text(" ").split())


def test_a_vehicle_of_a_large_fleet_is_reached_by_its_plate(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vehicles, "MOST_LISTED", 1)
    make_vehicle(scene.company.id, "AA-101-AA")
    beyond = make_vehicle(scene.company.id, "ZZ-101-AA")
    assert scene.client.get(f"{scene.base}/nouvelle").find(id="plate")
    scene.ask(run=False, vehicle="", plate="ZZ-101-AA")
    assert session().scalars(select(AddressCheck.vehicle_id)).one() == beyond


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), delimiter=";"))


def test_each_address_has_its_hours_and_what_it_needs(scene: Scene):
    assert "Pas encore de vérification" in text_of(scene.client.get(scene.base))
    where = scene.ask(run=False)
    assert scene.client.get(where).select("progress")
    scene.run_jobs(scene.app)
    page = scene.client.get(where)
    assert scene.counts() == {"hours": 1, "open": 2, "unlocated": 2}
    shown = text_of(page)
    assert "00:00-09:00, 12:00-24:00" in shown
    assert "Course du canal (laissez-passer)" in shown
    assert "pas si un chemin permis y mène" in shown
    numbers = [int(row.get_text()) for row in page.select("tbody th")]
    assert numbers == [4, 5, 1, 2, 3], "what nobody can be sure of comes first"
    assert scene.client.get(scene.base).select("tbody tr")


def test_the_week_of_an_address_is_told_hour_by_hour_and_exactly(scene: Scene):
    where = scene.ask()
    page = scene.client.get(f"{where}/lignes/1")
    grid = [
        [cell.get_text(strip=True) for cell in row.select("td")] for row in page.select("table")[0].select("tr")[1:]
    ]
    assert [row.count("L") for row in grid] == [0, 0, 0, 3, 0, 0, 0]
    assert grid[3][8:13] == ["O", "L", "L", "L", "O"]
    exact = text_of(page.select("table")[1])
    assert "5 sept. 2024 à 09:00" in exact.replace("\u00a0", " ")
    assert "un laissez-passer est nécessaire" in exact
    scene.client.get(f"{where}/lignes/999", 404)


def test_an_address_leads_to_its_request_and_to_a_tour_that_know_it(scene: Scene):
    vehicle_id = make_vehicle(scene.company.id)
    manager = make_user()
    make_member(manager, scene.company, CompanyRole.MANAGER)
    day = datetime.now(UTC).date() + timedelta(days=3)
    hours = [(f"{day}T09:00:00+02:00", f"{day}T12:00:00+02:00")]
    make_law(scene.territory, perimeters=[perimeter_draft("Course du pont", Colour.RED, square(2.360, 48.865), hours)])
    where = scene.ask(vehicle=str(vehicle_id), week=f"{day}")
    address = f"{where}/lignes/1"
    assert scene.client.get(address).find("a", string="Demander ce laissez-passer") is None, "a driver may not ask"
    scene.client.sign_in(manager.id)
    assert scene.client.get(f"{where}/lignes/2").find("a", string="Demander ce laissez-passer") is None
    page = scene.client.get(address)
    link = page.find("a", string="Demander ce laissez-passer")
    assert link is not None
    form = scene.client.get(str(link["href"]))
    label = form.select("[data-address-text]")[1]["value"]
    assert label and form.select("[data-address-text]")[0].get("value", "") == ""
    assert form.find(id="starts_on")["value"] == f"{day}"
    assert len(form.select('input[name="perimeters"][checked]')) == 1
    assert [box["value"] for box in form.select('input[name="vehicles"][checked]')] == [str(vehicle_id)]
    tour = scene.client.get(str(page.find("a", string=re.compile("Calculer un itinéraire"))["href"]))
    assert tour.select_one('select[name="vehicle"] option[selected]')["value"] == str(vehicle_id)
    assert tour.find(attrs={"name": "stops-1-address"})["value"] == label
    assert tour.find(attrs={"name": "stops-1-lon"})["value"].startswith("2.36")
    assert not tour.find(attrs={"name": "stops-0-address"}).get("value")


def test_no_request_is_offered_when_the_week_of_the_check_is_over(scene: Scene):
    manager = make_user()
    make_member(manager, scene.company, CompanyRole.MANAGER)
    scene.client.sign_in(manager.id)
    where = scene.ask()
    assert scene.client.get(f"{where}/lignes/1").find("a", string="Demander ce laissez-passer") is None
    link = scene.client.get(where).find("a", string=re.compile("Calculer un itinéraire"))
    tour = scene.client.get(str(link["href"]))
    assert tour.find(attrs={"name": "gross_weight"})["value"] == "3.5"


def test_the_list_is_searched_and_filtered_and_the_map_with_it(scene: Scene):
    where = scene.ask()

    def numbers(query: str) -> list[int]:
        return [int(row.get_text()) for row in scene.client.get(f"{where}?{query}").select("tbody th")]

    assert numbers("verdict=hours") == [1]
    assert numbers("q=oberkampf") == [3]
    assert numbers("q=oberkampf&verdict=hours") == []
    assert len(numbers("verdict=nothing&page=99")) == 5
    points = scene.client.raw.get(f"{where}/points.geojson").get_json()["features"]
    assert [(one["properties"]["verdict"], one["properties"]["letter"]) for one in points] == [
        ("hours", "H"),
        ("open", "O"),
        ("open", "O"),
    ]
    few = scene.client.raw.get(f"{where}/points.geojson?verdict=hours").get_json()["features"]
    assert len(few) == 1


def test_the_files_say_what_the_page_says(scene: Scene):
    where = scene.ask()
    week = rows_of(scene.client.raw.get(f"{where}/semaine.csv").get_data(as_text=True))[:5]
    assert [row["Verdict"][:6] for row in week] == ["Ouvert", "Ouvert", "Ouvert", "Adress", "Adress"]
    assert week[0]["jeu. 5"] == "00:00-09:00, 12:00-24:00"
    assert (week[0]["ven. 6"], week[0]["Laissez-passer"]) == ("ouvert", "Course du canal (laissez-passer)")
    assert "sans numéro" in week[3]["Remarque"]
    detail = rows_of(scene.client.raw.get(f"{where}/detail.csv").get_data(as_text=True))[:-1]
    spans = [(row["Du"], row["Au"], row["État"]) for row in detail if row["Ligne"] == "1"]
    assert spans == [
        ("2024-09-02 00:00", "2024-09-05 09:00", "Permis"),
        ("2024-09-05 09:00", "2024-09-05 12:00", "Laissez-passer nécessaire"),
        ("2024-09-05 12:00", "2024-09-09 00:00", "Permis"),
    ]


def test_a_doubtful_address_is_corrected_alone(scene: Scene):
    where = scene.ask()
    unsure = f"{where}/lignes/4"
    assert scene.client.get(unsure).find("input", {"name": "choix"})
    assert scene.client.submit(unsure, {"choix": "0"}) == unsure
    assert scene.counts() == {"hours": 1, "open": 3, "unlocated": 1}
    lost = f"{where}/lignes/5"
    again = scene.client.post(lost, {"address": "toujours rien"})
    assert "pas été trouvée" in again.find(id="address-error").get_text()
    again = scene.client.post(lost, {"address": "loin", "lon": "5.0", "lat": "45.0"})
    assert "hors du territoire" in again.find(id="address-error").get_text()
    scene.client.submit(lost, {"address": "ici", "lon": "2.3600", "lat": "48.8650"})
    assert scene.counts() == {"hours": 2, "open": 3}
    assert "Course du canal" in text_of(scene.client.get(lost))


def test_a_file_without_titles_is_a_list_of_addresses(scene: Scene):
    sent = {"file": (io.BytesIO("98 rue Oberkampf;75011 Paris\n".encode("cp1252")), "liste.csv")}
    where = scene.client.submit(f"{scene.base}/nouvelle", ASKED | sent, content_type="multipart/form-data")
    scene.run_jobs(scene.app)
    assert scene.counts() == {"open": 1}
    assert "98 rue Oberkampf, 75011 Paris" in text_of(scene.client.get(f"{where}/lignes/1"))


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"addresses": " "}, "addresses", "Collez des adresses"),
        ({"addresses": "x\n" * 10_001}, "addresses", "plus de 10000"),
        ({"week": "lundi"}, "week", "Indiquez un jour"),
        ({"vehicle": "non"}, "vehicle", "Choisissez un véhicule"),
        ({"height": "99"}, "height", "valable"),
    ],
    ids=["nothing", "too many", "no day", "no vehicle", "too high"],
)
def test_a_fault_stands_beside_its_field_and_nothing_typed_is_lost(
    scene: Scene, changes: dict[str, str], field: str, sentence: str
):
    page = scene.client.post(f"{scene.base}/nouvelle", ASKED | {"addresses": LIST} | changes)
    assert sentence in page.find(id=f"{field}-error").get_text()
    if "addresses" not in changes:
        assert page.find(id="addresses").get_text().split() == LIST.split()


def test_a_list_that_cannot_be_read_says_so(scene: Scene):
    sent = {"file": (io.BytesIO(b"PK\x03\x04 broken"), "liste.xlsx")}
    where = scene.client.submit(f"{scene.base}/nouvelle", ASKED | sent, content_type="multipart/form-data")
    scene.run_jobs(scene.app)
    assert "tableau lisible" in text_of(scene.client.get(where))


def test_a_check_is_given_up_run_again_and_removed(scene: Scene):
    where = scene.ask(run=False)
    scene.client.submit(f"{where}/annuler")
    scene.run_jobs(scene.app)
    assert "abandonnée" in text_of(scene.client.get(where))
    scene.client.post(f"{where}/annuler", status=409)
    scene.client.get(f"{where}/lignes/1", 404)
    scene.client.submit(f"{where}/supprimer")
    scene.client.get(where, 404)


def test_a_check_that_failed_is_asked_again(scene: Scene):
    where = scene.ask(run=False)
    job = session().scalars(select(Job)).one()
    job.state = "failed"
    session().commit()
    scene.app.extensions["pending_jobs"].clear()
    assert "Relancer" in text_of(scene.client.get(where))
    scene.client.submit(f"{where}/relancer")
    scene.run_jobs(scene.app)
    assert session().scalars(select(AddressCheck)).one().status is CheckStatus.DONE


def test_a_check_of_another_company_is_not_found(scene: Scene):
    where = scene.ask().replace(str(scene.company.id), "{}")
    other, person = make_company(), make_user()
    make_member(person, other, CompanyRole.OWNER)
    scene.client.sign_in(person.id)
    for tail in ("", "/lignes/1", "/points.geojson", "/semaine.csv", "/detail.csv", "/avancement"):
        scene.client.get(where.format(other.id) + tail, 404)


@pytest.mark.parametrize("day", ["9999-12-28", "0001-01-01"])
def test_a_week_is_refused_beside_its_field_when_nobody_drives_then(scene: Scene, day: str):
    page = scene.client.post(f"{scene.base}/nouvelle", ASKED | {"addresses": LIST, "week": day})
    assert page.find(id="week-error") is not None
    assert session().scalars(select(AddressCheck)).all() == []


@pytest.mark.parametrize(
    ("job_state", "status", "said"),
    [("failed", "queued", "Échec"), ("done", "failed", "Échec"), ("cancelled", "cancelled", "Abandonnée")],
)
def test_a_check_that_ended_without_answer_is_told_and_removed(scene: Scene, job_state: str, status: str, said: str):
    where = scene.ask(run=False)
    assert scene.client.get(where).select("#suppression") == []
    session().scalars(select(Job)).one().state = JobState(job_state)
    session().scalars(select(AddressCheck)).one().status = CheckStatus(status)
    session().commit()
    assert said in text_of(scene.client.get(scene.base))
    form = scene.client.get(where).select_one("#suppression form")
    assert form is not None and form["action"] == f"{where}/supprimer"
    scene.client.submit(f"{where}/supprimer")
    scene.client.get(where, 404)


def test_a_correction_that_meets_another_one_has_its_own_answer(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    """Two people at once: the second reading of the file begins from what the other one left."""
    where = scene.ask()
    check = session().scalars(select(AddressCheck)).one()
    company, ident = check.company_id, check.id
    real, waiting = services._swap, [Candidate("dehors", 2.3760, 48.8690, 1.0)]

    def swap(*given: Any) -> bool:
        if waiting:
            services.correct_address(company, ident, 4, waiting.pop())
        return real(*given)

    monkeypatch.setattr(services, "_swap", swap)
    services.correct_address(company, ident, 5, Candidate("dedans", 2.3600, 48.8650, 1.0))
    session().rollback()
    results = services.get_results(services.get_check(company, ident))
    verdicts = {n: (results.address(n)["verdict"], results.answer(results.address(n))["verdict"]) for n in (1, 4, 5)}
    assert verdicts == {1: ("hours", "hours"), 4: ("open", "open"), 5: ("hours", "hours")}
    assert "Course du canal" in text_of(scene.client.get(f"{where}/lignes/5"))
