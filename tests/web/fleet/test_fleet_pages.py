"""The fleet's pages, as a florist and a wholesaler use them."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask

from portal.common.actor import CompanyRole
from portal.fleet import queries
from tests.factories.accounts import make_company, make_member, make_user
from tests.support.web import PageClient


@dataclass
class Florist:
    """A signed-in owner and the address of the company's vehicles."""

    client: PageClient
    company_id: UUID

    @property
    def url(self) -> str:
        return f"/entreprises/{self.company_id}/vehicules"


@pytest.fixture
def florist(app: Flask, page_client: PageClient) -> Florist:
    """A florist whose fleet is empty."""
    user, company = make_user(), make_company("Fleurs de Loire")
    make_member(user, company)
    page_client.sign_in(user.id)
    return Florist(page_client, company.id)


def test_florist_adds_two_vans_by_form(florist: Florist) -> None:
    empty = florist.client.get(florist.url)
    assert "Votre flotte est vide" in empty.get_text()
    form = florist.client.get(f"{florist.url}/nouveau")
    assert form.find("input", {"name": "plate"})
    for plate in ("ab 123 cd", "EF-456-GH"):
        there = florist.client.submit(
            f"{florist.url}/nouveau", {"plate": plate, "gross_weight_kg": "3,5 t", "height_cm": "2,60", "country": "FR"}
        )
        assert there == florist.url
    page = florist.client.get(florist.url)
    assert [cell.get_text(strip=True) for cell in page.select("tbody th")] == ["AB-123-CD", "EF-456-GH"]


def test_faults_stand_beside_their_fields_and_nothing_is_lost(florist: Florist) -> None:
    typed = {"plate": "??", "gross_weight_kg": "lourd", "height_cm": "2,60", "label": "Le bleu", "country": "FR"}
    page = florist.client.post(f"{florist.url}/nouveau", typed)
    assert page.title is not None
    assert page.title.get_text(strip=True).startswith("Erreur")
    for name in ("plate", "gross_weight_kg"):
        field = page.find("input", {"name": name})
        assert field is not None
        assert page.find(id=f"{field['id']}-error") is not None, name
    assert page.find("input", {"name": "label"})["value"] == "Le bleu"
    assert page.find("input", {"name": "plate"})["value"] == "??"
    assert queries.count_vehicles(florist.company_id).in_use == 0


def test_duplicate_plate_is_told_beside_the_plate(florist: Florist) -> None:
    good = {"plate": "AB-123-CD", "gross_weight_kg": "3500", "country": "FR"}
    florist.client.submit(f"{florist.url}/nouveau", good)
    page = florist.client.post(f"{florist.url}/nouveau", good)
    assert "déjà dans votre flotte" in page.find(id="plate-error").get_text()


def test_vehicle_is_edited_archived_and_restored(florist: Florist) -> None:
    florist.client.submit(f"{florist.url}/nouveau", {"plate": "AB-123-CD", "gross_weight_kg": "3500", "country": "FR"})
    vehicle = queries.list_vehicles(florist.company_id)[0]
    url = f"{florist.url}/{vehicle.id}"
    page = florist.client.get(url)
    values = {
        tag["name"]: tag.get("value", "") for tag in page.select("form input[name]") if tag["name"] != "csrf_token"
    }
    values.pop("hazmat")
    florist.client.submit(url, {**values, "height_cm": "3,1"})
    assert queries.get_vehicle(florist.company_id, vehicle.id).height_cm == 310
    late = florist.client.post(url, {**values, "height_cm": "2"})
    assert "entre-temps" in late.get_text()
    florist.client.submit(f"{url}/archiver")
    assert queries.count_vehicles(florist.company_id).in_use == 0
    assert "AB-123-CD" in florist.client.get(f"{florist.url}?archives=1").get_text()
    florist.client.submit(f"{url}/retablir")
    assert queries.count_vehicles(florist.company_id).in_use == 1


def test_wholesaler_uploads_checks_and_confirms(app: Flask, florist: Florist, run_jobs: Callable[[Flask], int]) -> None:
    content = "Immatriculation;PTAC;Hauteur\n" + "".join(f"AB-{n:03d}-CD;3500;2,6\n" for n in range(1, 31)) + ";1;1\n"
    check = florist.client.submit(f"{florist.url}/fichier", {"file": (io.BytesIO(content.encode()), "Flotte été.csv")})
    page = florist.client.get(check)
    assert "Enregistrer les 30 véhicules" in page.get_text()
    assert [row["id"] for row in page.select("ol > li")] == ["ligne-32"]
    rejects = florist.client.raw.get(f"{check}/rejets.csv")
    assert rejects.status_code == 200
    florist.client.submit(f"{check}/confirmer")
    assert "hx-get" in str(florist.client.get(check).select_one(".j-progress"))
    run_jobs(app)
    assert "30 véhicules ajoutés" in florist.client.get(check).get_text()
    assert queries.count_vehicles(florist.company_id).in_use == 30


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "vide.csv", "vide"),
        (bytes(range(256)) * 10, "image.csv", "pas un tableau lisible"),
        (b"x" * (20 * 2**20 + 10), "gros.csv", "dépasse 20"),
    ],
)
def test_unusable_file_gets_one_clear_sentence(florist: Florist, content: bytes, name: str, words: str) -> None:
    answer = florist.client.raw.post(f"{florist.url}/fichier", data={"file": (io.BytesIO(content), name)})
    text = answer.get_data(as_text=True)
    if answer.status_code == 303:
        text = florist.client.raw.get(answer.headers["Location"]).get_data(as_text=True)
    assert words in text.replace("\u00a0", " ")
    # The test client leaves its own temporary file of a large form open.
    answer.request.environ["wsgi.input"].close()


def test_missing_file_is_told_beside_the_field(florist: Florist) -> None:
    page = florist.client.post(f"{florist.url}/fichier", {})
    assert "Choisissez un fichier" in page.find(id="file-error").get_text()


@pytest.mark.parametrize("path", ["", "/nouveau", "/fichier", "/modele.csv"])
def test_stranger_gets_a_404_and_anonymous_the_sign_in_page(app: Flask, florist: Florist, path: str) -> None:
    other = make_user()
    florist.client.sign_out()
    assert florist.client.raw.get(florist.url + path).status_code == 303
    florist.client.sign_in(other.id)
    assert florist.client.raw.get(florist.url + path).status_code == 404


def test_driver_reads_but_does_not_write(app: Flask, florist: Florist) -> None:
    driver = make_user()
    with app.app_context():
        from portal.accounts.models import Company
        from portal.db import session

        company = session().get(Company, florist.company_id)
        assert company is not None
        make_member(driver, company, CompanyRole.DRIVER)
    florist.client.sign_out()
    florist.client.sign_in(driver.id)
    assert florist.client.raw.get(florist.url).status_code == 200
    assert florist.client.raw.get(f"{florist.url}/nouveau").status_code == 403
