"""The clerk's pages of the law."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree
from sqlalchemy import select, update

from portal.common.actor import StaffRole
from portal.db import unit_of_work
from portal.files import file_store
from portal.jobs import JobState, get_job
from portal.jobs.models import Job
from portal.numeriz.bays.queries import page_bays
from portal.numeriz.models import ImportReport
from portal.numeriz.queries import list_perimeters, page_orders
from portal.numeriz.reports import page_reports
from portal.numeriz.services import store_perimeters
from portal.numeriz.values import ImportSource, Issue, OrderStatus
from portal.regulations.measures import MeasureType
from portal.regulations.perimeters import Colour
from portal.territories.queries import TerritoryView
from tests.factories.accounts import make_staff, make_user
from tests.factories.law import TESTER, bay_draft, make_law, make_territory, measure_draft, order_draft, perimeter_draft
from tests.support.event_feeds import cifs_file
from tests.support.query_count import counted_queries
from tests.support.web import PageClient
from tests.web.numeriz.conftest import signed_in

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


def test_order_is_found_by_its_title_or_its_identifier(clerk: PageClient, territory: TerritoryView) -> None:
    first, second = page_orders(territory.id).items

    def listed(query: str) -> list[str]:
        return [link.get_text() for link in clerk.get(f"{BASE}/arretes?{query}").select("tbody th a")]

    assert listed("q=TANNEURS") == [first.title]
    assert listed(f"q={second.identifier.lower()}") == [second.title]
    assert listed("q=un+autre&statut=draft") == []
    assert "Aucun arrêté ne répond" in clerk.get(f"{BASE}/arretes?q=_%25").get_text()


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
        "/evenements",
        "/evenements?nature=closure&termines=1&doutes=1",
        "/flux",
        "/importer",
        "/importer?contenu=bays",
    ):
        clerk.get(BASE + path)


def test_every_page_says_what_to_do_when_the_territory_is_empty(clerk: PageClient) -> None:
    make_territory("vide", name="Vide")
    user = make_user()
    make_staff(user, "vide", StaffRole.SUPERVISOR)
    clerk.sign_in(user.id)
    for path in ("", "/perimetres", "/arretes", "/aires", "/evenements", "/flux"):
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


def send(clerk: PageClient, content: bytes, name: str = "zones.geojson", kind: str = "perimeters", **more: str) -> str:
    data = {"kind": kind, "format": "auto", "file": (io.BytesIO(content), name), **more}
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


def test_the_share_is_told_when_a_large_file_is_being_read(
    clerk: PageClient, territory: TerritoryView, app: Flask
) -> None:
    report_url = send(clerk, geojson_file())
    with unit_of_work() as uow:
        values = {"state": JobState.RUNNING, "progress_done": 40_000_000, "progress_total": 98_000_000}
        uow.session.execute(update(Job).where(Job.id == app.extensions["pending_jobs"][0]).values(**values))
    text = clerk.get(report_url + "/avancement").get_text(" ")
    assert "40\u00a0%" in text and "000" not in text


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
    data: dict[str, object] = {"kind": "perimeters", "format": "auto"}
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

    paths = ("", "/perimetres", "/arretes", "/aires", "/evenements")
    before = {path: queries_of(path) for path in paths}
    make_law(
        territory,
        perimeters=[perimeter_draft(f"Fête {n}") for n in range(70)],
        orders=[order_draft(title=f"Arrêté {n}") for n in range(70)],
        bays=[bay_draft() for _ in range(70)],
    )
    assert {path: queries_of(path) for path in paths} == before
    assert max(before.values()) <= 13
    assert clerk.get(f"{BASE}/perimetres").select_one(".j-pager a[rel=next]")


def test_orders_are_imported_when_their_file_is_sent(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int], shared_data: Path
) -> None:
    wide = make_territory("france", bounds=(-5.0, 41.0, 10.0, 51.5), name="France")
    signed_in(clerk, wide)
    content = (shared_data / "dialog" / "get-regulations-expected-result.xml").read_bytes()
    data = {"kind": "orders", "format": "auto", "file": (io.BytesIO(content), "regulations.xml")}
    url = clerk.submit("/territoires/france/numeriz/importer", data, content_type="multipart/form-data")
    run_jobs(app)
    text = clerk.get(url).get_text(" ")
    assert "Ce qui est enregistré" in text and "DATEX II de DiaLog" in text
    assert len(page_orders(wide.id).items) == 6
    listed = clerk.get("/territoires/france/numeriz/arretes?source=dialog")
    assert len(listed.select("tbody tr")) == 6 and "DiaLog" in listed.get_text(" ")
    assert "DiaLog" in clerk.get("/territoires/france/numeriz").get_text(" ")


@pytest.mark.parametrize(("complete", "published"), [(False, 2), (True, 1)])
def test_an_excerpt_withdraws_nothing_unless_told_complete(
    complete: bool,
    published: int,
    clerk: PageClient,
    territory: TerritoryView,
    app: Flask,
    run_jobs: Callable[[Flask], int],
    shared_data: Path,
) -> None:
    wide = make_territory("france", bounds=(-5.0, 41.0, 10.0, 51.5), name="France")
    signed_in(clerk, wide)
    whole = (shared_data / "dialog" / "dialog-regulations-2026-07-24.xml").read_bytes()
    document = etree.fromstring(whole)
    first = next(document.iter("{*}trafficRegulationOrder"))
    parent = first.getparent()
    assert parent is not None
    parent.remove(first)
    for content in (whole, etree.tostring(document)):
        data = {"kind": "orders", "format": "dialog", "file": (io.BytesIO(content), "regulations.xml")}
        if complete:
            data["complete"] = "1"
        clerk.submit("/territoires/france/numeriz/importer", data, content_type="multipart/form-data")
        run_jobs(app)
    assert len(page_orders(wide.id, status=OrderStatus.PUBLISHED).items) == published


def test_orders_are_filtered_by_source_when_there_are_several(clerk: PageClient, territory: TerritoryView) -> None:
    make_law(territory, orders=[replace(order_draft(title="Venu d’ailleurs"), source="dialog", source_id="1")])
    assert len(clerk.get(f"{BASE}/arretes").select("tbody tr")) == 3
    page = clerk.get(f"{BASE}/arretes?source=dialog")
    assert [row.th.get_text() for row in page.select("tbody tr") if row.th] == ["Venu d’ailleurs"]
    assert page.select_one("#source option[value=dialog][selected]")
    assert len(clerk.get(f"{BASE}/arretes?source=inconnue").select("tbody tr")) == 3


def test_events_are_listed_when_their_file_is_sent(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    now = datetime.now(UTC)
    url = send(clerk, cifs_file("Rue A", "Rue B", starts=now - timedelta(hours=1)), "fermetures.xml", "events")
    run_jobs(app)
    assert "CIFS" in clerk.get(url).get_text(" ")
    page = clerk.get(f"{BASE}/evenements")
    assert len(page.select("tbody tr")) == 2
    assert "Fermeture" in page.get_text(" ") and "En cours" in page.get_text(" ")
    assert not clerk.get(f"{BASE}/evenements?nature=accident").select("tbody tr")


def test_the_report_says_what_landed_when_the_file_breaks_off(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    whole = cifs_file(*[f"Rue {n}" for n in range(9)], starts=datetime.now(UTC) - timedelta(hours=1))
    url = send(clerk, whole[:-300], "fermetures.xml", "events")
    run_jobs(app)
    text = clerk.get(url).get_text(" ")
    assert "La lecture s’est interrompue" in text and "Importé en partie" in text
    assert "Ce qui avait été lu est enregistré" in text
    assert 0 < len(clerk.get(f"{BASE}/evenements").select("tbody tr")) < 9


def test_columns_are_read_as_named_when_the_form_names_them(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    document = json.loads(geojson_file())
    document["features"][0]["properties"] = {
        "manif": "Vide-grenier",
        "teinte": "rouge",
        "du": "2024-09-08T08:00",
        "au": "2024-09-08T20:00",
    }
    columns = {"column_event": "manif", "column_colour": "teinte", "column_start": "du", "column_end": "au"}
    send(clerk, json.dumps(document).encode(), format="geojson", **columns)
    run_jobs(app)
    [found] = [item for item in list_perimeters(territory.id) if item.event == "Vide-grenier"]
    assert found.colour is Colour.RED and len(found.activations) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": "cifs"}, "Ce contenu ne se lit pas dans le format"),
        ({"options": "sans signe"}, "n’est pas de la forme nom=valeur"),
        ({"kind": "autre"}, "Contenu"),
        ({"format": "autre"}, "Format"),
    ],
)
def test_the_form_is_shown_again_when_its_settings_cannot_be(
    clerk: PageClient, changes: dict[str, str], sentence: str
) -> None:
    data = {"kind": "perimeters", "format": "auto", "file": (io.BytesIO(geojson_file()), "z.geojson"), **changes}
    page = clerk.post(f"{BASE}/importer", data, content_type="multipart/form-data")
    errors = page.select_one("#erreurs")
    assert errors is not None and sentence in errors.get_text(" ")


def doubtful_report(territory: TerritoryView) -> str:
    issues = [
        Issue("activations-not-in-source", {"name": '=HYPERLINK("http://x")', "count": 1}),
        *(Issue("unknown-value", {"column": "TYPE", "value": f"v{n}"}, n + 1) for n in range(3)),
    ]
    source = ImportSource("zones.geojson", "geojson", issues=issues)
    outcome = store_perimeters(TESTER, territory.id, [perimeter_draft("Autre")], source=source)
    return f"{BASE}/imports/{outcome.report_id}"


def test_doubts_are_grouped_with_their_places_when_a_report_is_read(
    clerk: PageClient, territory: TerritoryView
) -> None:
    page = clerk.get(doubtful_report(territory))
    groups = [" ".join(group.get_text(" ").split()) for group in page.select("details:not(.j-tabs__menu) summary")]
    assert len(groups) == 2 and groups[1].startswith("3 remarques, par exemple")
    places = [cell.get_text(strip=True) for cell in page.select("details:nth-of-type(2) tbody th")]
    assert places == ["1", "2", "3"]


def test_a_mere_note_is_no_doubt_when_imports_are_listed(clerk: PageClient, territory: TerritoryView) -> None:
    issues = [Issue("outside-territory", where=n) for n in range(9)] + [Issue("unknown-value", {"value": "x"}, 10)]
    source = ImportSource("bruit.geojson", "geojson", issues=issues)
    store_perimeters(TESTER, territory.id, [perimeter_draft("Autre")], source=source)
    rows = [row for row in clerk.get(BASE).select("tbody tr") if "bruit.geojson" in row.get_text()]
    assert [cell.get_text(strip=True) for row in rows for cell in row.select("td.j-numeric")] == ["1"]


def test_a_report_is_handed_out_when_it_is_downloaded(clerk: PageClient, territory: TerritoryView) -> None:
    url = doubtful_report(territory)
    answer = clerk.raw.get(f"{url}/rapport.csv")
    assert answer.mimetype == "text/csv" and "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff")), delimiter=";"))
    assert rows[0] == ["Enregistrement", "Code", "Doute"] and len(rows) == 5
    assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
    assert rows[1][2].startswith("'=HYPERLINK")
    document = clerk.raw.get(f"{url}/rapport.json").get_json()
    assert document["issue_counts"] == {"activations-not-in-source": 1, "unknown-value": 3}
    assert document["issues"][1]["where"] == 1 and "TYPE" in document["issues"][1]["sentence"]
    other = make_territory("ailleurs", name="Ailleurs")
    make_law(other, perimeters=[perimeter_draft()])
    for name in ("csv", "json"):
        clerk.get(f"{BASE}/imports/{page_reports(other.id).items[0].id}/rapport.{name}", status=404)


def test_a_bay_shows_its_limits_when_it_has_some(clerk: PageClient, territory: TerritoryView) -> None:
    bay = replace(bay_draft("L-1"), max_gross_weight_kg=7500, max_stay_min=30, places=2, source="paris")
    make_law(territory, bays=[bay])
    text = clerk.get(f"{BASE}/aires").get_text(" ")
    assert "7,5\u00a0t de PTAC au plus" in text and "30\u00a0min" in text and "Ville de Paris" in text


def test_a_report_keeps_its_words_when_its_job_was_killed_at_the_end(
    clerk: PageClient, territory: TerritoryView, app: Flask, run_jobs: Callable[[Flask], int]
) -> None:
    url = send(clerk, geojson_file())
    job_id = app.extensions["pending_jobs"][0]
    run_jobs(app)
    before = " ".join(clerk.get(url).get_text(" ").split())
    with unit_of_work() as uow:
        uow.session.execute(update(Job).where(Job.id == job_id).values(state=JobState.PENDING, claim=None))
        report = uow.session.scalars(select(ImportReport).where(ImportReport.job_id == job_id)).one()
        report.file_key = file_store().put("law-imports", geojson_file())
    app.extensions["pending_jobs"].append(job_id)
    run_jobs(app)
    assert " ".join(clerk.get(url).get_text(" ").split()) == before, "the second run must not call it unchanged"
    assert get_job(job_id).state is JobState.DONE
