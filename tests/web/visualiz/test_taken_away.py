"""What is on the screen, taken away: files, list and sheet say the same as the map for the same URL."""

from __future__ import annotations

import csv
import io
import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pypdfium2
import pytest
from bs4 import BeautifulSoup
from flask import Flask
from lxml import etree
from shapely.geometry import box, shape

from portal.regulations.measures import MeasureType
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Period, TimeSlot
from portal.regulations.vehicles import HEAVY_GOODS, VehicleRule
from portal.territories.queries import TerritoryView
from portal.visualiz import onscreen
from tests.factories.law import (
    at,
    bay_draft,
    make_law,
    make_territory,
    measure_draft,
    order_draft,
    perimeter_draft,
    square,
)
from tests.support.web import PageClient

BASE = "/carte/paris-3e"
MOMENT = {"jour": "2024-09-08", "heure": "09:00"}
NEAR = "2.3690,48.8610,2.3735,48.8630"
KML, GPX = "{http://www.opengis.net/kml/2.2}", "{http://www.topografix.com/GPX/1/1}"
EVENING = TimeSlot(at("2024-01-01T20:00").time(), at("2024-01-01T22:30").time())


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    found = make_territory()
    make_law(
        found,
        perimeters=[
            perimeter_draft(),
            perimeter_draft("Stade", Colour.BLUE, square(2.366, 48.860), [("2024-09-07T05:30", "2024-09-09T14:00")]),
            perimeter_draft("Demain", Colour.GREY, square(2.362, 48.862), [("2024-09-09T05:30", "2024-09-09T14:00")]),
        ],
        orders=[
            order_draft(
                measure_draft(vehicles=VehicleRule((HEAVY_GOODS,)), label="=1+1"),
                measure_draft(
                    MeasureType.SPEED_LIMIT, ((2.355, 48.866), (2.357, 48.866)), max_speed_kmh=20, label="Quai"
                ),
                measure_draft(
                    line=((2.375, 48.866), (2.377, 48.866)),
                    periods=[Period(at("2024-01-01"), slots=(EVENING,))],
                    label="Soir",
                ),
            ),
        ],
        bays=[bay_draft(), bay_draft(lon=2.371, lat=48.862)],
    )
    return found


def taken(client: PageClient, kind: str, **arguments: str) -> bytes:
    answer = client.raw.get(f"{BASE}/export.{kind}", query_string={**MOMENT, **arguments})
    assert answer.status_code == 200 and answer.headers["Content-Disposition"].startswith("attachment; filename=")
    return answer.get_data()


def test_a_file_is_named_after_its_place_and_moment(page_client: PageClient, territory: TerritoryView) -> None:
    answer = page_client.raw.get(f"{BASE}/export.kml", query_string=MOMENT)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="paris-3e-2024-09-08-09h00.kml"'


def features(client: PageClient, **arguments: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(taken(client, "geojson", **arguments))["features"]
    return found


def ids(client: PageClient, **arguments: str) -> set[str]:
    return {str(feature["id"]) for feature in features(client, **arguments)}


def test_a_file_holds_what_is_in_force_when_the_whole_territory_is_taken(
    page_client: PageClient, territory: TerritoryView
) -> None:
    titles = [f["properties"]["title"] for f in features(page_client)]
    assert "Stade" in titles and "Course du canal" in titles and "Demain" not in titles
    assert not any("Soir" in title for title in titles) and len(titles) == 6
    evening = [f["properties"]["title"] for f in features(page_client, heure="22:15")]
    assert any("Soir" in title for title in evening)


def test_a_file_holds_what_the_view_shows_when_layers_and_box_are_given(
    page_client: PageClient, territory: TerritoryView
) -> None:
    frame = box(2.3690, 48.8610, 2.3735, 48.8630)
    found = features(page_client, boite=NEAR)
    assert {f["properties"]["layer"] for f in found} == {"perimeters", "orders", "bays"}
    assert all(shape(f["geometry"]).intersects(frame) for f in found)
    outside = [f for f in features(page_client) if f["id"] not in {one["id"] for one in found}]
    assert outside and not any(shape(f["geometry"]).intersects(frame) for f in outside)
    assert {f["properties"]["layer"] for f in features(page_client, calques="orders,bays")} == {"orders", "bays"}
    assert not features(page_client, calques="rien")


def test_the_four_kinds_hold_the_same_things_when_the_same_is_asked(
    page_client: PageClient, territory: TerritoryView
) -> None:
    wanted = {f["properties"]["title"] for f in features(page_client)}
    kml = etree.fromstring(taken(page_client, "kml"))
    assert {mark.findtext(f"{KML}name") for mark in kml.iter(f"{KML}Placemark")} == wanted
    gpx = etree.fromstring(taken(page_client, "gpx"))
    assert {point.findtext(f"{GPX}name") for point in gpx.iter(f"{GPX}wpt")} == wanted
    order = ["name", "desc", "link", "type"]
    for point in gpx.iter(f"{GPX}wpt"):
        names = [etree.QName(child).localname for child in point]
        assert names == [name for name in order if name in names]
    rows = list(csv.DictReader(io.StringIO(taken(page_client, "csv").decode("utf-8-sig")), delimiter=";"))
    assert {row["Titre"].removeprefix("'") for row in rows if row["Identifiant"]} == wanted
    assert "font foi" in rows[-1]["Titre"]


def test_no_cell_runs_when_a_street_is_named_as_a_formula(page_client: PageClient, territory: TerritoryView) -> None:
    rows = list(csv.reader(io.StringIO(taken(page_client, "csv").decode("utf-8-sig")), delimiter=";"))
    assert any("=1+1" in cell for row in rows for cell in row)
    assert not [cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@")]


def test_a_file_says_what_it_is_worth_and_where_the_whole_is(page_client: PageClient, territory: TerritoryView) -> None:
    found = json.loads(taken(page_client, "geojson", profil="pl12", lon="2.371", lat="48.862"))
    assert "font foi" in found["notice"] and found["truncated"] is False
    assert urlsplit(found["feeds"]).path == "/donnees/paris-3e"
    page = urlsplit(found["page"])
    assert dict(parse_qsl(page.query)).items() >= {**MOMENT, "profil": "pl12", "lon": "2.371000"}.items()
    page_client.get(f"{page.path}?{page.query}")
    vehicle = {f["properties"]["title"]: f["properties"]["vehicle"] for f in found["features"]}
    assert vehicle["Circulation interdite, =1+1"] == "Concerne ce véhicule"
    assert vehicle["Course du canal"] == "Laissez-passer nécessaire"
    light = {f["properties"]["title"]: f["properties"]["vehicle"] for f in features(page_client, profil="vul")}
    assert light["Circulation interdite, =1+1"] == "Ne concerne pas ce véhicule"


def test_a_file_says_that_there_is_more_when_the_map_draws_no_more(
    page_client: PageClient, territory: TerritoryView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(onscreen, "MOST_FEATURES", 1)
    found = json.loads(taken(page_client, "geojson"))
    assert found["truncated"] is True and len(found["features"]) == 3
    for kind in ("geojson", "kml", "gpx", "csv"):
        assert "Tout ne tient pas dans ce fichier" in taken(page_client, kind).decode()


def test_another_kind_is_not_found_when_it_is_asked(page_client: PageClient, territory: TerritoryView) -> None:
    page_client.get(f"{BASE}/export.exe", status=404)
    page_client.get(f"{BASE}/fiche.pdf?format=a0", status=404)


def test_the_list_holds_what_the_file_holds_when_the_url_is_the_same(
    page_client: PageClient, territory: TerritoryView
) -> None:
    for arguments in (
        {},
        {"boite": NEAR},
        {"calques": "orders"},
        {"profil": "pl12", "boite": NEAR, "calques": "perimeters,bays"},
    ):
        kinds = page_client.get(f"{BASE}/liste", query_string={**MOMENT, **arguments}).select("#genre option")
        listed: list[str] = []
        for kind in kinds:
            page = page_client.get(f"{BASE}/liste", query_string={**MOMENT, **arguments, "genre": str(kind["value"])})
            listed += [entry_title(entry) for entry in page.select(".j-list > li")]
        assert sorted(listed) == sorted(f["properties"]["title"] for f in features(page_client, **arguments))


def entry_title(entry: Any) -> str:
    return str((entry.select_one("a") or entry.select_one("strong")).get_text())


def test_the_list_says_whom_an_entry_concerns_when_a_vehicle_is_chosen(
    page_client: PageClient, territory: TerritoryView
) -> None:
    def told(profile: str) -> str:
        return page_client.get(
            f"{BASE}/liste", query_string={**MOMENT, "genre": "arretes", "profil": profile}
        ).get_text(" ")

    assert "Concerne ce véhicule." in told("pl12") and "Ne concerne pas ce véhicule." not in told("pl12")
    assert "Ne concerne pas ce véhicule." in told("vul")


def test_the_list_leads_back_to_its_view_when_it_was_opened_from_one(
    page_client: PageClient, territory: TerritoryView
) -> None:
    page = page_client.get(
        f"{BASE}/liste", query_string={**MOMENT, "boite": NEAR, "calques": "orders", "vue": "15/48.8/2.3"}
    )
    back = next(str(a["href"]) for a in page.select("main a") if a.get_text() == "Voir sur la carte")
    assert dict(parse_qsl(urlsplit(back).query)).items() >= {"calques": "orders", "vue": "15/48.8/2.3"}.items()
    hidden = {str(field["name"]): str(field["value"]) for field in page.select("main input[type=hidden]")}
    assert hidden.items() >= {"boite": NEAR, "calques": "orders"}.items()
    for link in page.select("a[href*='export.'], a[href*='fiche.pdf']"):
        assert page_client.raw.get(str(link["href"])).status_code == 200


def sheet_text(client: PageClient, **arguments: str) -> tuple[str, list[tuple[float, float]]]:
    answer = client.raw.get(f"{BASE}/fiche.pdf", query_string={**MOMENT, **arguments})
    assert answer.status_code == 200 and answer.mimetype == "application/pdf"
    document = pypdfium2.PdfDocument(answer.get_data())
    text = " ".join(page.get_textpage().get_text_bounded() for page in document)
    return " ".join(text.replace("\xa0", " ").split()), [page.get_size() for page in document]


def test_the_sheet_has_the_perimeters_of_the_day_with_their_hours(
    page_client: PageClient, territory: TerritoryView
) -> None:
    text, sizes = sheet_text(page_client, profil="pl12", lon="2.362", lat="48.862")
    assert "dimanche 8 septembre 2024" in text and "Camion de 12 t" in text
    assert "Course du canal" in text and "07:30–16:00" in text and "R1" in text
    assert "Stade" in text and "Toute la journée" in text and "B1" in text
    assert "Demain" not in text
    assert "Soir" in text and "20:00–22:30" in text, "the measures of the day, not of the hour alone"
    assert "Laissez-passer nécessaire à 09:00" in text
    assert "font foi" in text
    assert {tuple(round(side) for side in size) for size in sizes} == {(595, 842)}


def test_the_sheet_shows_a_part_on_large_paper_when_it_is_asked(
    page_client: PageClient, territory: TerritoryView
) -> None:
    text, sizes = sheet_text(page_client, format="a3", boite=NEAR, calques="perimeters")
    assert "Stade" in text and "Course du canal" not in text and "=1+1" not in text
    assert {tuple(round(side) for side in size) for size in sizes} == {(842, 1191)}


def test_the_sheet_says_so_when_nothing_applies(page_client: PageClient, app: Flask) -> None:
    make_territory()
    text, _sizes = sheet_text(page_client)
    assert "Aucun périmètre n’est actif" in text and "Aucun arrêté ni évènement" in text


def test_there_is_no_sheet_when_a_territory_has_no_place_yet(page_client: PageClient, app: Flask) -> None:
    make_territory("vide", bounds=None)
    page_client.get("/carte/vide/fiche.pdf", status=404)


def test_the_week_says_its_hours_when_a_point_is_given(page_client: PageClient, territory: TerritoryView) -> None:
    asked = {**MOMENT, "lon": "2.362", "lat": "48.861", "profil": "vul"}
    page = page_client.get(f"{BASE}/semaine", query_string=asked)
    assert "Semaine" in str(page.h1) and [row.select("td") for row in page.select("tbody tr")]
    cells = [row.select("td") for row in page.select("tbody tr")]
    assert len(cells) == 24 and all(len(row) == 7 for row in cells)
    letters = "".join(row[6].select("span")[0].get_text(strip=True)[-1] for row in cells)
    assert letters == "O" * 7 + "L" * 9 + "O" * 8
    assert cells[7][6].select("span")[0].get_text(strip=True) == "OL"
    assert "de « circulation permise » à « laissez-passer nécessaire »" in cells[7][6].get_text(" ").replace(
        "\xa0", " "
    )
    assert [cell for row in cells for cell in row if cell.get("aria-current") == "time"] == [cells[9][6]]
    sunday = page.select(".j-week__days section")[6]
    assert [item.get_text() for item in sunday.select(".j-week__hours")] == [
        "00:00–07:30",
        "07:30–16:00",
        "16:00–24:00",
    ]
    why = sunday.select_one("a")
    assert why is not None
    assert "Course du canal" in page_client.get(str(why["href"])).get_text(" ")
    before = page_client.get(str(page.select(".j-week__pager a")[0]["href"]))
    assert "26\u00a0août\u00a02024" in before.get_text(" "), "the week before, of the same place"


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({}, 200, "Choisissez une adresse ou une rue"),
        ({"rue": "rue de Bretagne"}, 422, "ne répond pas"),
        ({"adresse": "rue de Bretagne"}, 422, "ne répond pas"),
        ({"lon": "nan", "lat": "48"}, 422, "en degrés"),
    ],
)
def test_the_week_says_what_is_missing_when_no_place_is_found(
    page_client: PageClient, territory: TerritoryView, asked: dict[str, str], status: int, words: str
) -> None:
    page: BeautifulSoup = page_client.get(f"{BASE}/semaine", status=status, query_string=asked)
    assert words in page.get_text(" "), page.main
    assert not page.select("table")
