"""A street as lines: found by its name in the index of addresses, cut by the crossings of the road graph."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from flask import Flask

from portal.regulations.perimeters import Colour
from portal.territories.api import TerritoryView
from portal.territories.build.addresses import build_addresses
from portal.territories.build.edges import build_edges
from portal.territories.build.graph import build_graph
from portal.visualiz.street import find_street
from tests.factories.law import make_law, make_territory, measure_draft, order_draft, perimeter_draft, square
from tests.support.extract import LAT, LON, village
from tests.support.web import PageClient

ACTIVE = {"jour": "2024-09-08", "profil": "vul"}


@pytest.fixture(scope="session")
def built_village(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the graph and the addresses of the village, and a street of the same name a kilometre away."""
    folder = tmp_path_factory.mktemp("street")
    plan = village()
    plan.way([(0, 14), (2, 14), (4, 14)], {"highway": "residential", "name": "Rue de Bretagne"})
    (folder / "graph").mkdir()
    pbf = plan.write(folder / "village.osm.pbf")
    build_graph(pbf, folder / "graph")
    build_edges(folder / "graph", pbf)
    build_addresses(pbf, folder / "addresses.sqlite")
    return folder


def make_town(slug: str, built: Path, *, graph: bool) -> TerritoryView:
    """A territory with the addresses of the village, and its graph; the folders of a slug are kept between tests."""
    found = make_territory(slug, bounds=(2.35, 48.85, 2.39, 48.88))
    assert found.graph_dir is not None and found.addresses_path is not None
    found.graph_dir.parent.mkdir(parents=True, exist_ok=True)
    if graph and not found.graph_dir.exists():
        found.graph_dir.symlink_to(built / "graph", target_is_directory=True)
    shutil.copy(built / "addresses.sqlite", found.addresses_path)
    return found


@pytest.fixture
def territory(app: Flask, built_village: Path) -> TerritoryView:
    return make_town("bourg", built_village, graph=True)


def test_a_street_is_one_line_per_piece_when_its_name_is_given(territory: TerritoryView) -> None:
    found = find_street(territory, "rue de bretagne")
    assert found is not None and found.label.startswith("Rue de Bretagne")
    middles = [line.centroid for line in found.lines]
    spots = [(round((point.x - LON) * 1000, 2), round((point.y - LAT) * 1000, 2)) for point in middles]
    assert spots == [(1.0, 0.0), (3.0, 0.0)], "not its homonym, and from west to east"
    assert found.places == found.lines


@pytest.mark.parametrize("text", ["", "4 rue de Bretagne", "rue de nulle part"])
def test_there_is_no_street_when_the_text_names_none(territory: TerritoryView, text: str) -> None:
    assert find_street(territory, text) is None


def test_a_street_is_one_point_when_there_is_no_graph(app: Flask, built_village: Path) -> None:
    found = find_street(make_town("bourg-sans-graphe", built_village, graph=False), "rue de bretagne")
    assert found is not None and found.places == (found.spot,)


def test_the_week_of_a_street_says_the_best_and_the_worst_of_its_pieces(
    page_client: PageClient, territory: TerritoryView
) -> None:
    # It covers the west of the street as far as 2.362: its first piece.
    make_law(territory, perimeters=[perimeter_draft(colour=Colour.RED, shape=square(2.358, 48.858))])
    for asked in ({"rue": "rue de Bretagne"}, {"adresse": "Rue de Bretagne"}):
        page = page_client.get("/carte/bourg/semaine", query_string={**ACTIVE, **asked})
        assert "en 2 tronçons" in page.get_text(" ")
        sunday = page.select(".j-week__days section")[6].get_text(" ")
        assert "07:30–16:00" in sunday and "Selon l’endroit" in sunday
        assert "de «\u00a0circulation permise\u00a0» à «\u00a0laissez-passer nécessaire\u00a0»" in sunday
        assert "16:00–24:00 Circulation permise" in " ".join(sunday.split())
    house = page_client.get("/carte/bourg/semaine", query_string={**ACTIVE, "adresse": "4 rue de Bretagne"})
    assert "tronçon" not in house.get_text(" ") and house.select("table")


def test_the_week_of_a_street_says_that_it_is_closed_when_one_end_of_a_piece_is(
    page_client: PageClient, territory: TerritoryView
) -> None:
    # The first 50 m of a piece of 150 m: not its middle.
    make_law(territory, orders=[order_draft(measure_draft(line=((LON, LAT), (LON + 0.0007, LAT))))])
    page = page_client.get("/carte/bourg/semaine", query_string={**ACTIVE, "rue": "rue de Bretagne"})
    monday = page.select(".j-week__days section")[0]
    assert "de «\u00a0circulation permise\u00a0» à «\u00a0circulation interdite\u00a0»" in monday.get_text(" ")
    why = monday.select_one("a")
    assert why is not None
    assert "Circulation interdite" in page_client.get(str(why["href"])).get_text(" ")


def test_the_week_of_a_street_says_so_when_it_is_one_point(
    page_client: PageClient, app: Flask, built_village: Path
) -> None:
    make_town("bourg-sans-rues", built_village, graph=False)
    page = page_client.get("/carte/bourg-sans-rues/semaine", query_string={**ACTIVE, "rue": "rue de Bretagne"})
    assert "regardée en un seul point" in page.get_text(" ")


def test_a_street_that_is_not_known_is_told_beside_its_field(page_client: PageClient, territory: TerritoryView) -> None:
    page = page_client.get("/carte/bourg/semaine", status=422, query_string={"rue": "rue de nulle part"})
    assert "Rue introuvable" in page.get_text(" ")


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("4 rue de Bretagne", "4 Rue de Bretagne, 75003 Bourg-l’Essai"),
        ("4 ter rue de Bretagne", "4 ter Rue de Bretagne, 75003 Bourg-l’Essai (position approchée)"),
    ],
)
def test_the_answer_is_headed_by_the_address_that_was_asked(
    page_client: PageClient, territory: TerritoryView, address: str, told: str
) -> None:
    page = page_client.get(f"/carte/{territory.slug}", query_string={**ACTIVE, "adresse": address})
    assert page.select_one("#ici h2").get_text(strip=True) == told  # type: ignore[union-attr]
