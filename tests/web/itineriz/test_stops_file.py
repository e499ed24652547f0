"""A day of stops from a spreadsheet: sent, read, settled, made a tour; what is hostile, lost or asked twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import openpyxl
import pytest
from flask import Flask
from sqlalchemy import func, select

from portal.common.actor import CompanyRole
from portal.db import session
from portal.itineriz.models import Route, StopsUpload
from portal.itineriz.pages import vehicles
from portal.itineriz.places.services import PlaceDraft, save_place
from portal.territories.api import TerritoryView
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.cirqliz import make_vehicle
from tests.support.located import located_territory, paris_addresses, paris_graph, routed_territory
from tests.support.web import PageClient

__all__ = ["located_territory", "paris_addresses", "paris_graph", "routed_territory"]

GOOD = "Nom;Adresse;Minutes;De;À\nDépôt;2.3560, 48.8655;;;\nA;98 rue Oberkampf, 75011 Paris;15;8h;12h\n"
TOUR = {
    "vehicle": "autre",
    "gross_weight": "3,5",
    "height": "2,5",
    "when": "partir",
    "day": "2024-09-07",
    "hour": "07:30",
}


@dataclass
class Scene:
    app: Flask
    client: PageClient
    territory: TerritoryView
    company: MadeCompany
    run_jobs: Callable[[Flask], int]

    @property
    def base(self) -> str:
        return f"/entreprises/{self.company.id}/itineraires/fichier"

    def send(self, content: bytes | str, name: str = "tournée.csv", *, read: bool = True) -> str:
        data = content.encode() if isinstance(content, str) else content
        where = self.client.submit(self.base, {"file": (io.BytesIO(data), name)}, content_type="multipart/form-data")
        if read:
            self.run_jobs(self.app)
        return where

    def rows(self) -> list[dict[str, Any]]:
        session().rollback()
        return list(session().scalars(select(StopsUpload)).one().rows)


@pytest.fixture
def scene(
    app: Flask,
    page_client: PageClient,
    located_territory: Callable[[], TerritoryView],
    run_jobs: Callable[[Flask], int],
) -> Scene:
    territory, company, person = located_territory(), make_company(), make_user()
    make_member(person, company, CompanyRole.DRIVER)
    page_client.sign_in(person.id)
    return Scene(app, page_client, territory, company, run_jobs)


def text_of(page: Any) -> str:
    return " ".join(page.get_text(" ").split())


def test_a_file_becomes_a_tour_when_every_row_is_located(scene: Scene):
    where = scene.send(GOOD, read=False)
    assert scene.client.get(where).select("progress")
    scene.run_jobs(scene.app)
    page = scene.client.get(where)
    assert page.find(id="vehicle"), "nothing to settle: the tour can be asked for"
    route = scene.client.submit(where, TOUR | {"free_order": "y", "return_to_start": "y", "label": "Samedi"})
    made = session().scalars(select(Route)).one()
    assert route.endswith(str(made.id))
    assert (made.label, made.free_order, made.return_to_start) == ("Samedi", True, True)
    assert [stop["label"] for stop in made.stops] == ["Dépôt", "A"]
    assert made.stops[1]["service_min"] == 15
    assert made.stops[1]["windows"] == [["2024-09-07T06:00:00+00:00", "2024-09-07T10:00:00+00:00"]]
    assert scene.client.submit(where, TOUR) == route, "asked twice, the same tour comes back"
    assert session().scalar(select(func.count()).select_from(Route)) == 1
    assert scene.client.raw.get(where).headers["Location"] == route


def test_a_vehicle_of_a_large_fleet_is_reached_by_its_plate(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vehicles, "MOST_LISTED", 1)
    make_vehicle(scene.company.id, "AA-101-AA")
    beyond = make_vehicle(scene.company.id, "ZZ-101-AA")
    where = scene.send(GOOD)
    assert scene.client.get(where).find(id="plate")
    assert "n’a cette plaque" in text_of(scene.client.post(where, TOUR | {"vehicle": "", "plate": "ZZ-102-AA"}))
    scene.client.submit(where, TOUR | {"vehicle": "", "plate": "ZZ-101-AA"})
    assert session().scalars(select(Route.vehicle_id)).one() == beyond


def test_doubtful_rows_come_first_and_are_settled_by_a_choice(scene: Scene):
    where = scene.send("Adresse\n98 rue Oberkampf\nrue de Bretagne\nrue Inconnue du Tout\n")
    page = scene.client.get(where)
    assert page.find(id="vehicle") is None, "no tour before the rows are settled"
    legends = [legend.get_text(" ", strip=True) for legend in page.select("fieldset legend")]
    assert [legend[:7] for legend in legends] == ["Ligne 3", "Ligne 4"]
    refused = scene.client.post(where, TOUR)
    assert "Réglez d’abord" in text_of(refused)
    scene.client.submit(f"{where}/choix", {"choix-3": "0", "choix-4": "7", "choix-99": "0"})
    settled = {row["number"]: row["doubt"] for row in scene.rows()}
    assert settled == {2: None, 3: None, 4: "address-not-found"}
    scene.client.submit(f"{where}/lignes/4/retirer")
    assert scene.client.get(where).find(id="vehicle")


def test_a_row_is_corrected_by_hand_and_nothing_of_it_is_lost(scene: Scene):
    where = scene.send("Nom;Adresse;Durée;Heures\nDépôt;2.3560, 48.8655;;\nA;rue de Nulle Part;un moment;le matin\n")
    row = f"{where}/lignes/3"
    page = scene.client.get(row)
    assert (page.find(id="service_min")["value"], page.find(id="hours")["value"]) == ("un moment", "le matin")
    typed = {"label": "A", "address": "98 rue Oberkampf", "service_min": "un quart d’heure", "hours": "8h-12h"}
    again = scene.client.post(row, typed)
    assert again.find(id="hours")["value"] == "8h-12h"
    assert "nombre entier" in again.find(id="service_min-error").get_text()
    scene.client.submit(row, typed | {"service_min": "15"})
    settled = scene.rows()[1]
    assert (settled["doubt"], settled["faults"], settled["service_min"]) == (None, [], 15)
    assert "Oberkampf" in settled["found"]
    scene.client.post(f"{where}/lignes/99", typed, 404)


def test_a_saved_place_is_known_by_its_name(scene: Scene):
    save_place(scene.company.id, PlaceDraft(scene.territory.id, "Boulangerie Éric", "ici", 2.36, 48.865))
    scene.send("Client\nboulangerie eric\n")
    (row,) = scene.rows()
    assert (row["lon"], row["lat"], row["doubt"]) == (2.36, 48.865, None)


@pytest.mark.parametrize("position", ["2.36, 48.865", "48.865, 2.36", "2,36 ; 48,865", "(48.865 2.36)"])
def test_a_position_is_read_whatever_its_order_and_signs(scene: Scene, position: str):
    scene.send(f'"Position"\t"Nom"\n"{position}"\t"A"\n')
    (row,) = scene.rows()
    assert (row["lon"], row["lat"]) == (2.36, 48.865)


@pytest.mark.parametrize(("position", "doubt"), [("5.1, 45.2", "outside-territory"), ("là-bas", "position-unreadable")])
def test_a_position_is_doubtful_when_it_is_elsewhere_or_unreadable(scene: Scene, position: str, doubt: str):
    scene.send(f"Nom;Position\nA;{position}\n")
    assert scene.rows()[0]["doubt"] == doubt


def test_a_workbook_with_columns_apart_is_read(scene: Scene):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Tournée du lundi"])
    sheet.append(["Commune", "N°", "Rue", "CP", "Couleur", "Temps de service", "Ouverture"])
    sheet.append(["Paris", 98, "rue Oberkampf", 75011, "bleu", 20, "08:30"])
    out = io.BytesIO()
    book.save(out)
    scene.send(out.getvalue(), "tournée.xlsx")
    (row,) = scene.rows()
    assert "98 Rue Oberkampf" in row["found"]
    assert (row["number"], row["service_min"], row["windows"]) == (3, 20, [["08:30", "00:00"]])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"couleur;taille\nbleu;grand\n", "titres"),
        (b"Adresse;Adresse\na;b\n", "la même chose"),
        (b"Adresse\n", "aucune adresse"),
        (b"Adresse\n" + b"12 rue de Bretagne\n" * 201, "plus de 200"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "tableau lisible"),
        (b"PK\x03\x04" + b"x" * 500, "tableau lisible"),
        ("Adresse\n" + ";a" * 300, "colonnes"),
    ],
    ids=["no title", "title twice", "no row", "too many", "picture", "broken workbook", "too wide"],
)
def test_a_file_is_refused_with_a_sentence_when_it_is_no_day_of_stops(
    scene: Scene, content: bytes | str, sentence: str
):
    where = scene.send(content)
    assert sentence in text_of(scene.client.get(where))


def test_an_empty_or_missing_file_is_refused_at_once(scene: Scene):
    empty = {"file": (io.BytesIO(b"  "), "vide.csv")}
    page = scene.client.post(scene.base, empty, content_type="multipart/form-data")
    assert "vide" in page.find(id="file-error").get_text()
    page = scene.client.post(scene.base, {}, content_type="multipart/form-data")
    assert "Choisissez un fichier" in page.find(id="file-error").get_text()


def test_the_sample_file_is_read_as_it_is(scene: Scene):
    sample = scene.client.raw.get(f"{scene.base}/modele.csv").data
    scene.send(sample, "modele.csv")
    (row,) = scene.rows()
    assert (row["label"], row["faults"]) == ("Boulangerie Martin", [])
    assert row["windows"] == [["08:00", "12:00"]]


def test_a_row_that_is_hostile_is_shown_as_text(scene: Scene):
    where = scene.send("Nom;Adresse\n<script>alert(1)</script>;=cmd|' /C calc'!A0\n")
    scene.client.get(where)
    scene.client.get(f"{where}/lignes/2")


def test_an_abandoned_file_is_forgotten(scene: Scene):
    where = scene.send(GOOD)
    scene.client.submit(f"{where}/abandonner")
    scene.client.get(where, 404)
    assert session().scalar(select(func.count()).select_from(StopsUpload)) == 0


def test_a_window_after_midnight_is_met_by_a_tour_of_the_evening(scene: Scene):
    content = "Nom;Position;Heures\nDépôt;2.3560, 48.8655;\nNuit;2.3600, 48.8650;00:30-02:00\n"
    where = scene.send(content)
    scene.client.submit(where, TOUR | {"hour": "22:00"})
    made = session().scalars(select(Route)).one()
    assert made.stops[1]["windows"] == [["2024-09-07T22:30:00+00:00", "2024-09-08T00:00:00+00:00"]]


def test_a_file_with_two_columns_of_names_is_read_with_a_note(scene: Scene):
    where = scene.send("Client;Nom;Adresse\nMartin;Paul;98 rue Oberkampf\n")
    assert [row["label"] for row in scene.rows()] == ["Martin"]
    assert "plusieurs colonnes de noms" in text_of(scene.client.get(where))


def test_a_row_cut_by_a_comma_is_shown_whole_to_be_settled(scene: Scene):
    where = scene.send("Nom,Adresse\nA,98 rue Oberkampf, 75011 Paris\n")
    assert [(row["address"], row["doubt"]) for row in scene.rows()] == [
        ("98 rue Oberkampf, 75011 Paris", "row-too-long")
    ]
    assert "plus de cases" in text_of(scene.client.get(where))
    scene.client.submit(f"{where}/choix", {"choix-2": "0"})
    assert [row["doubt"] for row in scene.rows()] == [None]


def test_a_quote_that_swallows_rows_is_told_with_its_line(scene: Scene):
    where = scene.send('Adresse;Nom\n98 rue Oberkampf;"Chez Max\n96 rue Oberkampf;B\n')
    assert "Ligne 2" in text_of(scene.client.get(where)) and "guillemet" in text_of(scene.client.get(where))
