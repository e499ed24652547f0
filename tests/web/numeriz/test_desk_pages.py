"""The clerk's pages of the law."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from flask import Flask

from portal.common.actor import StaffRole
from portal.numeriz.queries import list_perimeters, page_bays, page_orders
from portal.numeriz.values import Issue
from portal.regulations.measures import MeasureType
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_staff, make_user
from tests.factories.law import bay_draft, make_law, make_territory, measure_draft, order_draft, perimeter_draft
from tests.support.query_count import counted_queries
from tests.support.web import PageClient

BASE = "/territoires/paris-3e/numeriz"


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    found = make_territory()
    make_law(
        found,
        perimeters=[perimeter_draft(), perimeter_draft("Sans couleur", None, issues=[Issue("event-missing")])],
        orders=[order_draft(measure_draft(MeasureType.SPEED_LIMIT, max_speed_kmh=30)), order_draft(title="Un autre")],
        bays=[bay_draft()],
    )
    return found


@pytest.fixture
def clerk(page_client: PageClient, territory: TerritoryView) -> PageClient:
    user = make_user()
    make_staff(user, territory.slug, StaffRole.CLERK)
    page_client.sign_in(user.id)
    return page_client


def test_every_page_opens_when_the_territory_has_law(clerk: PageClient, territory: TerritoryView) -> None:
    perimeter, order = list_perimeters(territory.id)[0], page_orders(territory.id).items[0]
    for path in (
        "",
        "/perimetres",
        "/perimetres?couleur=red",
        "/perimetres?doutes=1",
        f"/perimetres/{perimeter.id}",
        "/arretes",
        f"/arretes/{order.id}",
        "/aires",
        "/importer",
    ):
        clerk.get(BASE + path)


def test_every_page_says_what_to_do_when_the_territory_is_empty(clerk: PageClient) -> None:
    make_territory("vide", name="Vide")
    user = make_user()
    make_staff(user, "vide", StaffRole.SUPERVISOR)
    clerk.sign_in(user.id)
    for path in ("", "/perimetres", "/arretes", "/aires"):
        assert clerk.get(f"/territoires/vide/numeriz{path}").select_one(".j-empty"), path


def test_a_measure_is_one_sentence_when_an_order_is_shown(clerk: PageClient, territory: TerritoryView) -> None:
    order = page_orders(territory.id).items[0]
    text = clerk.get(f"{BASE}/arretes/{order.id}").get_text(" ")
    assert "Vitesse limitée à 30\u00a0km/h\u00a0: Rue des Tanneurs, depuis le 1\u00a0janv.\u00a02024" in text
    assert "pour tous les véhicules." in text


@pytest.mark.parametrize("role", [StaffRole.CONTROL_AGENT, StaffRole.ADMINISTRATOR, None])
def test_the_desk_is_closed_when_the_person_is_no_clerk(
    page_client: PageClient, territory: TerritoryView, role: StaffRole | None
) -> None:
    user = make_user()
    if role is not None:
        make_staff(user, territory.slug, role)
    page_client.sign_in(user.id)
    page_client.get(BASE, status=404 if role is None else 403)


def test_an_object_is_not_found_when_it_belongs_to_another_territory(
    clerk: PageClient, territory: TerritoryView
) -> None:
    other = make_territory("ailleurs", name="Ailleurs")
    make_law(other, perimeters=[perimeter_draft()], orders=[order_draft()])
    clerk.get(f"{BASE}/perimetres/{list_perimeters(other.id)[0].id}", status=404)
    clerk.get(f"{BASE}/arretes/{page_orders(other.id).items[0].id}", status=404)


def send(clerk: PageClient, content: bytes, name: str = "zones.geojson", kind: str = "perimeters") -> str:
    data = {"kind": kind, "file": (io.BytesIO(content), name)}
    return clerk.submit(f"{BASE}/importer", data, content_type="multipart/form-data")


def geojson_file() -> bytes:
    ring = [[2.36, 48.86], [2.37, 48.86], [2.37, 48.865], [2.36, 48.86]]
    feature = {
        "type": "Feature",
        "properties": {"event": "Braderie", "colour": "bleu", "start": "2024-09-08T08:00", "end": "2024-09-08T20:00"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def test_a_file_becomes_law_and_a_report_when_its_job_has_run(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    report_url = send(clerk, geojson_file())
    assert clerk.get(report_url).select_one(".j-progress")
    clerk.get(report_url + "/avancement")
    assert run_jobs(app) == 1
    text = clerk.get(report_url).get_text(" ")
    assert "Importé" in text and "Périmètres ajoutés" in text
    assert "Braderie" in [perimeter.name for perimeter in list_perimeters(territory.id)]


def test_nothing_is_stored_and_the_report_says_why_when_the_file_is_broken(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    before = len(list_perimeters(territory.id))
    report_url = send(clerk, b'{"type": "FeatureCollection", "features": [')
    run_jobs(app)
    text = clerk.get(report_url).get_text(" ")
    assert "Le fichier n’a pas été importé" in text and "ligne 1" in text
    assert len(list_perimeters(territory.id)) == before


def test_bays_are_imported_when_their_csv_is_sent(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    content = b"ID,LONGITUDE,LATITUDE,LONGUEUR,TYPE\nX-1,2.36,48.86,900,aire permanente\n"
    send(clerk, content, "aires.csv", "bays")
    run_jobs(app)
    assert "X-1" in [bay.local_id for bay in page_bays(territory.id).items]


@pytest.mark.parametrize(("content", "sentence"), [(None, "Choisissez un fichier."), (b"", "Le fichier est vide.")])
def test_the_form_says_what_is_wrong_when_nothing_useful_is_sent(
    clerk: PageClient, content: bytes | None, sentence: str
) -> None:
    data: dict[str, object] = {"kind": "perimeters"}
    if content is not None:
        data["file"] = (io.BytesIO(content), "vide.geojson")
    page = clerk.post(f"{BASE}/importer", data, content_type="multipart/form-data")
    assert sentence in page.get_text(" ")
    assert page.title is not None and page.title.get_text().strip().startswith("Erreur")


def test_a_list_costs_the_same_queries_when_it_is_longer(clerk: PageClient, territory: TerritoryView) -> None:
    def queries_of(path: str) -> int:
        with counted_queries() as statements:
            clerk.get(BASE + path)
        return len(statements)

    paths = ("", "/perimetres", "/arretes", "/aires")
    before = {path: queries_of(path) for path in paths}
    make_law(
        territory,
        perimeters=[perimeter_draft(f"Fête {n}") for n in range(70)],
        orders=[order_draft(title=f"Arrêté {n}") for n in range(70)],
        bays=[bay_draft() for _ in range(70)],
    )
    assert {path: queries_of(path) for path in paths} == before
    assert max(before.values()) <= 12
    assert clerk.get(f"{BASE}/perimetres").select_one(".j-pager a[rel=next]")
