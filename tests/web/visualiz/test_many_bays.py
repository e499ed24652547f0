"""A town with more delivery bays than the map draws at once: the others are found by zooming in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask

from portal.territories.queries import TerritoryView
from portal.visualiz.layers import MOST_FEATURES
from tests.factories.law import bay_draft, make_law, make_territory
from tests.support.web import PageClient

BASE = "/carte/paris-3e"
WEST, EAST = "2.3500,48.8500,2.3700,48.8700", "2.3710,48.8610,2.3730,48.8630"


@pytest.fixture
def territory(app: Flask) -> TerritoryView:
    return make_territory()


def bays(client: PageClient, **arguments: str) -> dict[str, Any]:
    answer = client.raw.get(f"{BASE}/aires.json", query_string=arguments)
    assert answer.status_code == 200
    found: dict[str, Any] = json.loads(answer.get_data())
    return found


def test_every_bay_is_drawn_in_a_smaller_box_when_there_are_too_many(
    page_client: PageClient, territory: TerritoryView
) -> None:
    near = [bay_draft(lon=2.3501 + n % 100 / 10_000, lat=48.8601 + n // 100 / 10_000) for n in range(MOST_FEATURES)]
    make_law(territory, bays=[*near, bay_draft(lon=2.372, lat=48.862)])
    everywhere = bays(page_client)
    assert everywhere["truncated"] and len(everywhere["features"]) == MOST_FEATURES
    west, east = bays(page_client, boite=WEST), bays(page_client, boite=EAST)
    assert not west["truncated"] and len(west["features"]) == MOST_FEATURES
    [alone] = east["features"]
    assert not east["truncated"] and alone["geometry"]["coordinates"] == [2.372, 48.862]
    assert len(bays(page_client, boite="ici")["features"]) == MOST_FEATURES


def test_a_browser_that_has_one_box_is_sent_another(page_client: PageClient, territory: TerritoryView) -> None:
    first, second = (
        page_client.raw.get(f"{BASE}/aires.json", query_string={"boite": box}).headers["ETag"] for box in (WEST, EAST)
    )
    assert first != second


def test_the_map_asks_for_the_bays_around_its_view_whatever_the_day(
    page_client: PageClient, territory: TerritoryView
) -> None:
    page = page_client.get(BASE)
    [layer] = [one for one in json.loads(str(page.select_one("#carte")["data-layers"])) if one["kind"] == "bays"]  # type: ignore[index]
    assert layer["boxed"] and not layer["dayed"] and "jour=" not in layer["url"]
