"""Where the law lies on the road graph, as a clerk sees it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import shapely
from bs4 import BeautifulSoup
from flask import Flask
from shapely.geometry import shape

from portal.numeriz.matching import display as match_display
from portal.numeriz.queries import list_perimeters, page_orders
from portal.regulations.measures import Direction, MeasureType
from portal.territories.api import TerritoryView
from tests.factories.law import make_law, measure_draft, order_draft, perimeter_draft
from tests.factories.territories import make_territory
from tests.support.matching_town import Point, draw, match_all
from tests.support.web import PageClient
from tests.web.numeriz.conftest import signed_in


def a_measure(points: list[Point], kind: MeasureType = MeasureType.NO_ENTRY, **more: Any) -> Any:
    return measure_draft(kind, [(x, y) for x, y in draw(points).coords], direction=Direction.UNKNOWN, **more)


def layers(page: BeautifulSoup) -> dict[str, Any]:
    (drawn,) = page.select("[data-layers]")
    return {layer["kind"]: layer["data"] for layer in json.loads(str(drawn["data-layers"]))}


def test_each_measure_says_its_match_when_an_order_is_shown(
    look: Callable[[str], BeautifulSoup], town: TerritoryView
) -> None:
    make_law(
        town,
        orders=[order_draft(a_measure([(0, 0), (8, 0)]), a_measure([(4, 0), (4, 1.5)]), a_measure([(1, 2), (7, 2)]))],
    )
    path = f"/arretes/{page_orders(town.id).items[0].id}"
    assert look(path).get_text().count("Pas encore recherché sur le réseau routier.") == 3
    match_all(town)
    page = look(path)
    whole, against, nothing = (item.get_text(" ", strip=True) for item in page.select("main ul > li:has(> p)"))
    assert "Retrouvé à 100\u00a0% sur le réseau routier\u00a0: 4 tronçons." in whole
    assert "Tracé à contresens d’un sens unique sur 167\u00a0m" in against
    assert "Retrouvé à 0\u00a0%" in nothing and "sans effet sur les itinéraires" in nothing
    assert [line.issue_count for line in page_orders(town.id, doubtful=True).items] == [2]
    street, back = (shape(feature["geometry"]) for feature in layers(page)["edges"]["features"])
    assert shapely.hausdorff_distance(street, draw([(0, 0), (8, 0)])) < 1e-5, "each street is drawn once"
    assert len(street.geoms) == 2
    assert shapely.hausdorff_distance(back, draw([(4, 0), (4, 1.5)])) < 1e-5


def test_only_the_matched_part_is_drawn_when_a_line_ends_on_an_edge(
    look: Callable[[str], BeautifulSoup], town: TerritoryView
) -> None:
    make_law(town, orders=[order_draft(a_measure([(5, 0), (7, 0)]))])
    match_all(town)
    (feature,) = layers(look(f"/arretes/{page_orders(town.id).items[0].id}"))["edges"]["features"]
    assert shapely.hausdorff_distance(shape(feature["geometry"]), draw([(5, 0), (7, 0)])) < 3e-5


def test_the_streets_inside_are_counted_when_a_perimeter_is_shown(
    look: Callable[[str], BeautifulSoup], town: TerritoryView, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = shapely.Polygon(draw([(1, -3.5), (7, -3.5), (7, 1), (1, 1)]))
    make_law(town, perimeters=[perimeter_draft(shape=zone)])
    match_all(town)
    path = f"/perimetres/{list_perimeters(town.id)[0].id}"
    page = look(path)
    text = page.get_text(" ", strip=True)
    assert "Rues concernées sur le réseau routier\u00a0: 9 tronçons." in text
    assert "d’autoroute ou de voie rapide (A 99)" in text
    assert "Seule une partie des rues est dessinée." not in text
    monkeypatch.setattr(match_display, "MOST_DRAWN", 1)
    page = look(path)
    assert "Seule une partie des rues est dessinée." in page.get_text(" ", strip=True)
    assert len(layers(page)["edges"]["features"][0]["geometry"]["coordinates"]) == 1


def test_nothing_is_said_when_the_territory_has_no_graph(page_client: PageClient, app: Flask) -> None:
    territory = make_territory("sans-graphe")
    make_law(territory, orders=[order_draft()])
    signed_in(page_client, territory)
    page = page_client.get(f"/territoires/sans-graphe/numeriz/arretes/{page_orders(territory.id).items[0].id}")
    assert "réseau routier" not in page.get_text()
    assert set(layers(page)) == {"orders"}
