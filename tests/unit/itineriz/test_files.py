"""The files of a tour, read back by readers that know nothing of us."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from lxml import etree

from portal.common.errors import Conflict
from portal.itineriz.documents.files import FileKind, ProducedFile, make_file
from portal.itineriz.models import RouteStatus
from tests.support.tours import DEPART, tour, town

GPX = "{http://www.topografix.com/GPX/1/1}"
KML = "{http://www.opengis.net/kml/2.2}"

HOSTILE = [
    '<b>&amp; "l\'un" & l’autre</b>',
    "🚚 Fleurs 👩‍👩‍👧",
    "שלום עולם \u202eتسليم",
    "Très " * 40 + "long",
    "a\u0001b\u0008\ufffe\tc\nd",
    '=HYPERLINK("http://exemple")',
    "]]><script>",
    "../../etc/passwd",
]

# The order of the children of each element, as the schema of GPX 1.1 lists them; what we never write is left out.
GPX_CHILDREN = {
    "gpx": ["metadata", "wpt", "rte", "trk"],
    "metadata": ["name", "desc", "author", "copyright", "link", "time", "keywords", "bounds"],
    "copyright": ["year", "license"],
    "bounds": [],
    "wpt": ["ele", "time", "name", "cmt", "desc", "src", "link", "sym", "type"],
    "rte": ["name", "cmt", "desc", "src", "link", "number", "type", "rtept"],
    "trk": ["name", "cmt", "desc", "src", "link", "number", "type", "trkseg"],
    "trkseg": ["trkpt"],
}
GPX_CHILDREN |= {"rtept": GPX_CHILDREN["wpt"], "trkpt": GPX_CHILDREN["wpt"]}
GPX_MANY = {"wpt", "rte", "trk", "rtept", "trkseg", "trkpt", "link"}
# The same for KML 2.2.
KML_CHILDREN = {
    "kml": ["Document"],
    "Document": ["name", "description", "Style", "Folder"],
    "Folder": ["name", "description", "Placemark"],
    "Placemark": ["name", "description", "TimeStamp", "TimeSpan", "styleUrl", "Point", "LineString", "MultiGeometry"],
    "LineString": ["extrude", "tessellate", "altitudeMode", "coordinates"],
    "TimeSpan": ["begin", "end"],
    "LineStyle": ["color", "colorMode", "width"],
}


@pytest.fixture(autouse=True)
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def made(kind: str, language: str = "fr", **more: Any) -> ProducedFile:
    return make_file(tour(**more), FileKind(kind), place=town(), language=language)


def check_gpx(content: bytes) -> etree._Element:
    """Read a GPX file as strictly as its schema; return its root."""
    root = etree.fromstring(content)
    assert root.tag == f"{GPX}gpx" and root.get("version") == "1.1" and root.get("creator")
    for element in root.iter():
        assert element.tag.startswith(GPX)
        name = element.tag.removeprefix(GPX)
        order = GPX_CHILDREN.get(name)
        children = [child.tag.removeprefix(GPX) for child in element]
        if order is None:
            assert not children, name
            continue
        places = [order.index(child) for child in children]
        assert places == sorted(places), (name, children)
        assert all(children.count(child) == 1 for child in children if child not in GPX_MANY)
        if name in {"wpt", "rtept", "trkpt"}:
            assert set(element.attrib) == {"lat", "lon"}
            assert -90 <= float(element.get("lat")) <= 90 and -180 <= float(element.get("lon")) < 180
    for at in root.iter(f"{GPX}time"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", at.text or "")
    for bounds in root.iter(f"{GPX}bounds"):
        assert float(bounds.get("minlat")) <= float(bounds.get("maxlat"))
        assert float(bounds.get("minlon")) <= float(bounds.get("maxlon"))
    for rights in root.iter(f"{GPX}copyright"):
        assert rights.get("author")
    return root


@pytest.mark.parametrize("old", [False, True])
def test_gpx_has_stops_route_and_timed_track_when_the_tour_is_lawful(old: bool) -> None:
    root = check_gpx(made("gpx", old=old).content)
    assert [name.text for name in root.findall(f"{GPX}wpt/{GPX}name")] == ["D. Dépôt", "1. Fleurs", "2. Marché"]
    types = [kind.text for kind in root.findall(f"{GPX}rte/{GPX}rtept/{GPX}type")]
    assert types == ["stop", "manoeuvre", "manoeuvre", "stop", "manoeuvre", "manoeuvre", "stop"]
    segments = root.findall(f"{GPX}trk/{GPX}trkseg")
    assert [len(segment) for segment in segments] == [3, 3]
    times = [datetime.fromisoformat(at.text or "") for at in root.findall(f".//{GPX}trkpt/{GPX}time")]
    assert times[0] == DEPART and times == sorted(times)
    assert "font foi" in (root.findtext(f"{GPX}metadata/{GPX}desc") or "")


def test_kml_has_a_folder_for_ways_stops_and_closed_streets() -> None:
    root = etree.fromstring(made("kml").content)
    assert root.tag == f"{KML}kml"
    folders = {folder.findtext(f"{KML}name"): folder for folder in root.iter(f"{KML}Folder")}
    assert list(folders) == ["Itinéraire", "Arrêts", "Rues évitées"]
    counts = {name: len(folder.findall(f"{KML}Placemark")) for name, folder in folders.items()}
    assert counts == {"Itinéraire": 2, "Arrêts": 3, "Rues évitées": 1}
    for coordinates in root.iter(f"{KML}coordinates"):
        for position in (coordinates.text or "").split():
            lon, lat = map(float, position.split(","))
            assert 2.3 < lon < 2.4 and 48.8 < lat < 48.9
    for element in root.iter():
        order = KML_CHILDREN.get(element.tag.removeprefix(KML))
        if order is not None:
            places = [order.index(child.tag.removeprefix(KML)) for child in element]
            assert places == sorted(places), element.tag
    styles = {style.get("id") for style in root.iter(f"{KML}Style")}
    assert {(url.text or "").removeprefix("#") for url in root.iter(f"{KML}styleUrl")} == styles


def test_kml_has_no_folder_of_closed_streets_when_none_is_known() -> None:
    root = etree.fromstring(made("kml", old=True).content)
    assert [f.findtext(f"{KML}name") for f in root.iter(f"{KML}Folder")] == ["Itinéraire", "Arrêts"]


@pytest.mark.parametrize(("old", "bays", "lines"), [(False, 4, 1), (True, 0, 0)])
def test_geojson_tells_its_features_apart_by_kind(old: bool, bays: int, lines: int) -> None:
    found = json.loads(made("geojson", old=old).content)
    assert found["type"] == "FeatureCollection" and "font foi" in found["notice"]
    kinds: dict[str, list[dict[str, Any]]] = {}
    for feature in found["features"]:
        assert set(feature) == {"type", "geometry", "properties"} and feature["type"] == "Feature"
        kinds.setdefault(feature["properties"]["kind"], []).append(feature)
    expected = {"route": 1, "leg": 2, "stop": 3, "bay": bays, "avoided": 1}
    assert {kind: len(features) for kind, features in kinds.items()} == {k: n for k, n in expected.items() if n}
    assert sum(closed["geometry"] is not None for closed in kinds["avoided"]) == lines
    joined = [position for leg in kinds["leg"] for position in leg["geometry"]["coordinates"]]
    assert kinds["route"][0]["geometry"]["coordinates"][0] == joined[0]
    assert joined[2] == joined[3]  # a leg begins where the one before ended


def test_csv_has_one_line_per_stop_in_the_order_served() -> None:
    content = made("csv").content
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [(row["N°"], row["Arrêt"], row["Arrivée"]) for row in rows] == [
        ("D", "Dépôt", "2026-09-08 09:00"),
        ("1", "Fleurs", "2026-09-08 09:02"),
        ("2", "Marché", "2026-09-08 09:09"),
    ]
    assert rows[1]["Créneaux"] == "2026-09-08 09:00 – 2026-09-08 11:00"
    assert (rows[1]["Aire de livraison"], rows[1]["Mètres à pied"]) == ("3 rue du Quai", "22")
    assert (rows[1]["Longitude"], rows[1]["Latitude"]) == ("2.364", "48.862")


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_names_come_back_whole_when_they_are_hostile(name: str) -> None:
    labels = ("Dépôt", name, "Fin")
    root = check_gpx(made("gpx", labels=labels, label=name).content)
    readable = "".join(sign for sign in name if sign.isprintable() or sign in "\t\n\u200d").replace("\u202e", "")
    told = root.findall(f"{GPX}wpt/{GPX}name")[1].text or ""
    assert told.removeprefix("1. ").replace("\u200d", "") == readable.replace("\u200d", "")
    etree.fromstring(made("kml", labels=labels, label=name).content)
    features = json.loads(made("geojson", labels=labels, label=name).content)["features"]
    assert name in {feature["properties"].get("title") for feature in features}
    text = made("csv", labels=labels, label=name).content.decode("utf-8-sig")
    cell = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))[2][1]
    assert cell[0] not in "=+-@\t\r" and len(list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))) == 4


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.parametrize("kind", list(FileKind))
def test_file_names_are_safe_when_the_tour_has_any_name(kind: FileKind, name: str) -> None:
    file_name = made(kind, label=name).name
    assert re.fullmatch(r"[a-z0-9-]{1,90}\.[a-z]{3,7}", file_name) and file_name.endswith(f"-2026-09-08.{kind}")


@pytest.mark.parametrize("kind", list(FileKind))
@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"status": RouteStatus.QUEUED, "result": None}, "route-not-answered"),
        ({"status": RouteStatus.FAILED, "result": None}, "route-not-answered"),
        ({"status": RouteStatus.NO_LAWFUL_ROUTE, "result": {"status": "no_lawful_route"}}, "route-not-lawful"),
    ],
)
def test_no_file_is_made_when_there_is_no_lawful_tour(kind: str, more: dict[str, Any], code: str) -> None:
    with pytest.raises(Conflict) as refused:
        made(kind, **more)
    assert refused.value.code == code


def test_manoeuvres_are_in_english_when_english_is_asked() -> None:
    found = json.loads(made("geojson", "en").content)
    leg = next(feature for feature in found["features"] if feature["properties"]["kind"] == "leg")
    assert leg["properties"]["instructions"][0] == "Drive east on Rue Basse."
