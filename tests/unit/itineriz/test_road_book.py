"""The road book, read back: its words, its codes, its structure for those who do not see it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from flask_babel import force_locale
from lxml import etree

from portal.itineriz.documents.files import FileKind, make_file, tour_of
from portal.itineriz.documents.frame import frame_around
from portal.itineriz.documents.labels import spread
from portal.itineriz.documents.roadbook import make_road_book
from portal.itineriz.documents.sketch import draw_approach, draw_overview
from portal.itineriz.documents.streets import Streets, load_streets
from portal.itineriz.ports import PassCode
from portal.web.qr import draw_qr
from tests.support.routed import paris_graph
from tests.support.tours import DEPART, tour, town

__all__ = ["paris_graph"]

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(autouse=True)
def request_context(app: Flask) -> Iterator[None]:
    with app.test_request_context():
        yield


def code(number: int, plate: str = "AB-123-CD", perimeters: int = 2) -> PassCode:
    zones = tuple(("red" if n == 0 else "blue", f"Zone {n} <b>#x</b>") for n in range(perimeters))
    return PassCode(
        f"LP-{number}",
        plate,
        zones,
        DEPART,
        DEPART + timedelta(hours=8),
        draw_qr(f"HTTPS://VAL.EXEMPLE/V/{number:060}"),
    )


def book(language: str = "fr", passes: tuple[PassCode, ...] = (), graph: Path | None = None, **more: Any) -> bytes:
    with force_locale(language):
        return make_road_book(tour_of(tour(**more), town(graph)), passes)


def texts(content: bytes) -> list[str]:
    """The text of each page, as a reader without eyes for the layout gets it."""
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    found = []
    for page in document:
        text = page.get_textpage()
        found.append(" ".join(text.get_text_range().split()))
        text.close()
        page.close()
    document.close()
    return found


def picture(content: bytes, number: int) -> np.ndarray:
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    page = document[number]
    pixels = page.render(scale=100 / 72).to_numpy().copy()
    page.close()
    document.close()
    return pixels


def test_book_tells_the_whole_tour_in_words() -> None:
    words = " ".join(texts(book()))
    for told in (
        "Feuille de route",
        "AB-123-CD",
        "12 t",
        "matières dangereuses",
        "D Dépôt",
        "1 Fleurs 09:02 09:07",
        "3 rue du Quai (20 m)",
        "3 rue du Quai, à 20 m. Réservée aux livraisons à toute heure. 30 min au plus.",
        "Place du Port, à 50 m",
        "Tournez à gauche dans Rue Haute.",
        "Travaux rue Basse",
        "Détour : 4,5 min, +820 m",
        "charge par essieu",
        "règles connues le 8 sept. 2026 à 08:50",
        "font foi",
        "OpenStreetMap",
        "Page 1 sur",
    ):
        assert told in words, told


def test_book_tells_a_wait_apart_from_the_detour() -> None:
    result = tour().result
    assert result is not None
    (closed,) = result["avoided"]
    waited = {**result, "avoided": [closed | {"minutes": 64.5, "wait_min": 60.0}]}
    words = " ".join(texts(book(result=waited)))
    assert "Attente : 60 min." in words and "Détour : 4,5 min, +820 m" in words


def test_book_is_in_english_when_english_is_asked() -> None:
    content = book("en")
    assert "Turn left onto Rue Haute." in " ".join(texts(content))
    assert b"/Lang(en)" in content


def test_book_is_tagged_titled_and_in_french() -> None:
    content = book()
    assert b"/Lang(fr)" in content and b"/MarkInfo" in content and b"/DisplayDocTitle true" in content
    document = pypdfium2.PdfDocument(io.BytesIO(content))
    assert document.get_metadata_value("Title") == "Feuille de route – Dépôt → Marché"
    outline = [entry.get_title() for entry in document.get_toc()]
    document.close()
    assert outline == ["Feuille de route", "Carte de la tournée", "Arrêts", "Ce que l’itinéraire évite",
                       "D’un arrêt à l’autre", "Fleurs", "Marché"]  # fmt: skip


def test_codes_of_all_passes_are_read_by_a_scanner() -> None:
    passes = tuple(code(number) for number in range(4))
    content = book(passes=passes)
    pages = texts(content)
    shown = [number for number, text in enumerate(pages) if "LP-" in text]
    found = {read.text for number in shown for read in zxingcpp.read_barcodes(picture(content, number))}
    assert found == {f"HTTPS://VAL.EXEMPLE/V/{number:060}" for number in range(4)}
    assert all(pages[number].count("AB-123-CD") == pages[number].count("LP-") for number in shown)
    assert "Zone 0 <b>#x</b>" in pages[shown[0]]


def test_a_pass_of_many_perimeters_says_how_many_are_not_shown() -> None:
    assert "… et 34 autres" in " ".join(texts(book(passes=(code(1, perimeters=40),))))


@pytest.mark.parametrize(
    "name",
    ["<b>&amp; \"l'un\"</b> & l’autre", "🚚 Fleurs 👩‍👩‍👧", "שלום \u202eعالم", "Très " * 40, "日本 a\u0001\td",
     "#strong[x] $1$ `a` \\ //", "a\u0327\u0300" * 30],
    ids=["markup", "emoji", "rtl", "long", "han", "typst", "combining"],
)  # fmt: skip
def test_book_is_made_when_a_name_is_hostile(name: str) -> None:
    pages = texts(book(labels=("Dépôt", name, "Fin"), label=name, vehicle_label=name[:120]))
    assert "Feuille de route" in pages[0]
    if "#strong" in name or "<b>" in name:
        assert name in pages[0]


def test_book_is_made_when_the_answer_is_of_an_older_release() -> None:
    words = " ".join(texts(book(old=True)))
    assert "Tournez à gauche dans Rue Haute." in words and "Aire de livraison" in words


def test_the_same_tour_gives_the_same_bytes_and_another_answer_another_book() -> None:
    route, place = tour(), town()
    one = make_road_book(tour_of(route, place), ())
    assert make_road_book(tour_of(route, place), ()) == one
    assert make_road_book(tour_of(route, place), (code(1),)) != one


def test_make_file_names_the_book_and_its_type() -> None:
    made = make_file(tour(label="Lundi"), FileKind.PDF, place=town(), language="fr")
    assert (made.name, made.mimetype) == ("feuille-de-route-lundi-2026-09-08.pdf", "application/pdf")
    assert made.content.startswith(b"%PDF-")


@pytest.fixture(scope="module")
def streets(paris_graph: Path) -> Streets:
    return load_streets(paris_graph)


def paths(drawing: str) -> list[etree._Element]:
    return etree.fromstring(drawing).findall(f".//{SVG}path")


def test_maps_show_streets_way_closed_streets_and_stops_when_there_is_a_graph(streets: Streets) -> None:
    told = tour_of(tour(), town())
    for drawing in (draw_overview(streets, told), draw_approach(streets, told, told.ways[0])):
        root = etree.fromstring(drawing)
        colours = {path.get("stroke") for path in root.iter(f"{SVG}path")}
        assert {"#0b4a8f", "#b00d18"} <= colours
        assert len(paths(drawing)) > len(paths(draw_overview(None, told))) or "rotate" in drawing
        written = {text.text for text in root.iter(f"{SVG}text")}
        assert {"1", "N"} <= written and any("m" in (word or "") for word in written)
    names = {text.text for text in etree.fromstring(draw_approach(streets, told, told.ways[0])).iter(f"{SVG}text")}
    known = {name for row in range(len(streets.table)) for name in streets.table.names_of(row)}
    assert names & known


def test_no_number_of_a_map_is_beyond_its_sheet_by_far(streets: Streets) -> None:
    told = tour_of(tour(), town())
    drawing = draw_approach(streets, told, told.ways[1])
    root = etree.fromstring(drawing)
    for circle in root.iter(f"{SVG}circle"):
        assert 0 <= float(circle.get("cx")) <= float(root.get("width"))
        assert 0 <= float(circle.get("cy")) <= float(root.get("height"))
    assert not re.search(r"nan|inf", drawing)


@pytest.mark.parametrize("labels", [("A", "B"), tuple("ABCDEFGHIJ") * 6], ids=["2", "60"])
def test_signs_of_stops_never_cover_each_other(labels: tuple[str, ...]) -> None:
    told = tour_of(tour(labels), town())
    frame = frame_around([stop.at for stop in told.stops], 500, 300, 600)
    shown = [spot for spot in spread(frame.place([stop.at for stop in told.stops]), 6.5, frame) if spot is not None]
    apart = [np.hypot(*(a - b)) for i, a in enumerate(shown) for b in shown[:i]]
    assert min(apart) >= 13 and len(shown) >= len(labels) / 2


def test_all_stops_at_one_place_are_drawn_without_fault() -> None:
    route = tour(("A", "B"))
    for stop in route.result["stops"]:
        stop["lon"], stop["lat"], stop["at"] = 2.36, 48.86, [2.36, 48.86]
    assert make_road_book(tour_of(route, town()), ()).startswith(b"%PDF-")


def test_a_night_tour_tells_the_day_beside_the_hour_when_it_is_not_that_of_the_departure() -> None:
    route = tour()
    for stop in route.result["stops"][1:]:
        stop["arrive_at"], stop["leave_at"] = "2026-09-09T00:10:00+02:00", "2026-09-09T00:15:00+02:00"
    words = " ".join(texts(make_road_book(tour_of(route, town()), ())))
    assert "1 Fleurs 9 sept. 00:10" in words and "Départ 09:00 de Dépôt" in words
