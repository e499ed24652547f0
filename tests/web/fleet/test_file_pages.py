"""The pages of a fleet file, as a person goes through them without script, and one correction with it."""

from __future__ import annotations

import io
from collections.abc import Callable
from uuid import UUID

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import update

from portal.db import unit_of_work
from portal.fleet import queries
from portal.fleet.checking import check_file
from portal.fleet.messages import fault_sentence
from portal.fleet.models import FleetImport
from tests.factories.accounts import make_company, make_member, make_user
from tests.support.web import PageClient

RunJobs = Callable[[Flask], int]


@pytest.fixture
def company_id(app: Flask, page_client: PageClient) -> UUID:
    """A florist whose fleet is empty, her owner signed in."""
    user, company = make_user(), make_company("Fleurs de Loire")
    make_member(user, company)
    page_client.sign_in(user.id)
    return company.id


def _send(client: PageClient, company_id: UUID, text: str) -> str:
    url = f"/entreprises/{company_id}/vehicules/fichier"
    return client.submit(url, {"file": (io.BytesIO(text.encode()), "Flotte.csv")})


def _fields(form: BeautifulSoup) -> dict[str, str]:
    return {tag["name"]: tag.get("value", "") for tag in form.select("input[name]") if tag["name"] != "csrf_token"}


def test_columns_are_confirmed_then_rows_corrected_stored_and_undone(
    app: Flask, page_client: PageClient, company_id: UUID, run_jobs: RunJobs
) -> None:
    check = _send(page_client, company_id, "Camion;Tonnage admis\nAB-123-CD;3500\nEF-456-GH;lourd\nTotal;3500\n")
    columns = f"{check}/colonnes"
    assert page_client.raw.get(check).headers["Location"] == columns
    page = page_client.get(columns)
    assert "confirmez que c’est la bonne" in page.get_text()
    assert page.select_one('select[name="c0"] option[selected]')["value"] == "plate"
    told = page_client.post(columns, {"c0": "plate", "c1": "gross_weight_kg", "u1": "cm"})
    assert "cette unité ne convient pas" in told.get_text()
    assert page_client.submit(columns, {"c0": "plate", "c1": "gross_weight_kg"}) == check
    page = page_client.get(check)
    assert "1 ligne n’est pas un véhicule" in page.get_text()
    (row,) = page.select("ol > li")
    fixed = page_client.submit(f"{check}/lignes/3", {**_fields(row), "gross_weight_kg": "19 t"})
    assert fixed == f"{check}?page=1#ligne-3"
    page = page_client.get(check)
    assert "Tout est corrigé" in page.get_text()
    page_client.submit(f"{check}/confirmer")
    run_jobs(app)
    assert [view.gross_weight_kg for view in queries.list_vehicles(company_id)] == [3500, 19000]
    undo = page_client.get(check).find("a", string="Annuler cet enregistrement")["href"]
    assert "quitteront la flotte" in page_client.get(undo).get_text()
    page_client.submit(undo)
    assert "Annulation en cours" in page_client.get(check).get_text()
    run_jobs(app)
    assert "Ce fichier est annulé" in page_client.get(check).get_text().replace("\u00a0", " ")
    assert queries.count_vehicles(company_id).in_use == 0
    assert "Annulé" in page_client.get(f"/entreprises/{company_id}/vehicules/fichier").get_text()


def test_file_whose_storing_failed_offers_to_store_it_again_or_to_leave_it(
    app: Flask, page_client: PageClient, company_id: UUID, run_jobs: RunJobs
) -> None:
    check = _send(page_client, company_id, "Plaque;PTAC\nAB-123-CD;3500\n")
    with unit_of_work() as uow:
        uow.session.execute(update(FleetImport).values(file_digest="0" * 64))
    page_client.submit(f"{check}/confirmer")
    run_jobs(app)
    page = page_client.get(check)
    assert page.select_one("#enregistrer form button").get_text() == "Enregistrer 1 véhicule"
    question = page.select_one("#enregistrer details#abandon")
    assert "vos corrections seront oubliés" in question.p.get_text(), "one press does not throw the file away"
    assert question.form["action"] == f"{check}/abandonner"
    page_client.submit(f"{check}/abandonner")
    assert "a été abandonné" in page_client.get(check).get_text()


def test_one_cell_is_judged_again_and_the_totals_with_it_when_script_sends_it(
    page_client: PageClient, company_id: UUID
) -> None:
    check = _send(page_client, company_id, "Plaque;PTAC\nAB-123-CD;lourd\n;3500\n")
    page = page_client.get(check)
    row = page.select_one("#ligne-2")
    token = page.select_one('meta[name="csrf-token"], input[name="csrf_token"]')
    data = {**_fields(row), "gross_weight_kg": "3500", "csrf_token": token["value"]}
    headers = {"HX-Request": "true"}
    answer = page_client.raw.post(f"{check}/lignes/2", data=data, headers=headers)
    assert answer.status_code == 200
    parts = BeautifulSoup(answer.get_data(as_text=True), "html.parser")
    assert "Bonne" in parts.select_one("#ligne-2").get_text()
    assert [each.get_text() for each in parts.select("#bilan[hx-swap-oob] dd")] == ["2", "1", "1"]
    assert "(0 ligne)" in parts.select_one("#motifs").get_text().replace("\u00a0", " ")
    assert parts.select_one("#lignes[hx-swap-oob]").get_text() == "1 ligne à corriger"
    assert parts.select_one("#enregistrer[hx-swap-oob] button").get_text() == "Enregistrer 1 véhicule"
    again = page_client.raw.post(f"{check}/lignes/2", data=data, headers=headers)
    assert again.status_code == 200, "the button, pressed after the cell was sent, changes nothing"
    late = page_client.raw.post(f"{check}/lignes/2", data={**data, "gross_weight_kg": "12"}, headers=headers)
    assert late.status_code == 409
    assert "entre-temps" in late.get_data(as_text=True)


def test_rows_are_filtered_by_kind_of_fault(page_client: PageClient, company_id: UUID) -> None:
    check = _send(page_client, company_id, "Plaque;PTAC\nAB-123-CD;lourd\n;3500\n")
    page = page_client.get(check)
    link = next(a for a in page.select("#motifs a") if "immatriculation" in a.get_text())
    shown = page_client.get(link["href"].partition("#")[0])
    assert [row["id"] for row in shown.select("ol > li")] == ["ligne-3"]
    assert len(page_client.get(f"{check}?motif=plate:nothing&page=99").select("ol > li")) == 2


@pytest.mark.parametrize(
    ("title", "value", "bounds"),
    [
        ("Hauteur (cm)", "3000", "de 80 à 500 cm"),
        ("Hauteur (mm)", "300", "de 800 à 5 000 mm"),
        ("Hauteur (m)", "0,5", "de 0,8 à 5 m"),
        ("Hauteur", "26", "de 0,8 à 5 m"),
        ("Hauteur", "60", "de 80 à 500 cm"),
        ("PTAC (t)", "70", "de 0,3 à 60 t"),
        ("PTAC", "70000", "de 300 à 60 000 kg"),
    ],
)
def test_bounds_are_told_in_the_unit_of_the_column(app: Flask, title: str, value: str, bounds: str) -> None:
    report = check_file(f"Plaque;Catégorie;{title}\nAB-123-CD;N2;{value}\n".encode(), max_rows=10, max_columns=10)
    (fault,) = report.shown[0]["faults"]
    with app.test_request_context():
        sentence = fault_sentence(fault["column"], fault["code"], fault["value"], fault["params"])
    assert bounds in sentence.replace("\u202f", " ")
