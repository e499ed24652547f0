"""The base map and the addresses, as browsers and programs ask for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.common.actor import system_actor
from portal.territories import api
from portal.territories.address_search import AddressHit, HitKind
from portal.territories.lookup import set_geocoder
from tests.factories.territories import make_territory
from tests.support.extract import LAT, LON
from tests.support.territories import lay_builds
from tests.support.web import PageClient


@pytest.fixture
def built(app: Flask, village_source: Path, village_builds: Path) -> Iterator[api.TerritoryView]:
    """A village with a real build."""
    lay_builds(app, village_builds, "bourg")
    actor = system_actor("test")
    yield api.add_territory(actor, api.AddTerritory("bourg", "Bourg-l’Essai", village_source)).territory
    api.remove_territory(actor, "bourg")


def test_base_map_is_sent_in_parts_when_a_range_is_asked(page_client: PageClient, built: api.TerritoryView) -> None:
    url = "/tuiles/bourg.pmtiles"
    with page_client.raw.get(url, headers={"Range": "bytes=0-6"}) as part:
        assert (part.status_code, part.data) == (206, b"PMTiles")
        assert built.basemap_path is not None
        assert part.headers["Content-Range"] == f"bytes 0-6/{built.basemap_path.stat().st_size}"
        assert "max-age=300" in part.headers["Cache-Control"]
        tag = part.headers["ETag"]
    with page_client.raw.get(url, headers={"If-None-Match": tag}) as unchanged:
        assert unchanged.status_code == 304
    with page_client.raw.get(url, headers={"Range": "bytes=99999999-"}) as beyond:
        assert beyond.status_code == 416


def test_base_map_may_be_kept_when_its_version_is_named(page_client: PageClient, built: api.TerritoryView) -> None:
    with page_client.raw.get(f"/tuiles/bourg.pmtiles?v={built.build_version}") as answer:
        assert {"public", "immutable", "max-age=31536000"} <= set(answer.headers["Cache-Control"].split(", "))
    with page_client.raw.get("/tuiles/bourg.pmtiles?v=old") as answer:
        assert "immutable" not in answer.headers["Cache-Control"]


@pytest.mark.parametrize(
    "url", ["/tuiles/nulle-part.pmtiles", "/tuiles/neuf.pmtiles", "/tuiles/absent.pmtiles", "/tuiles/..%2fx.pmtiles"]
)
def test_base_map_is_not_found_when_there_is_none(page_client: PageClient, url: str) -> None:
    make_territory("neuf", bounds=None)
    make_territory("absent")
    assert page_client.raw.get(url).status_code == 404


def test_addresses_are_options_when_a_page_asks(page_client: PageClient, built: api.TerritoryView) -> None:
    options = page_client.get("/territoires/bourg/adresses?q=12+rue+de+bre").find_all(attrs={"role": "option"})
    assert options[0]["data-label"] == "12 Rue de Bretagne, 75003 Bourg-l’Essai"
    assert float(options[0]["data-lon"]) == pytest.approx(LON + 0.002)


def test_addresses_are_json_when_a_program_asks(page_client: PageClient, built: api.TerritoryView) -> None:
    accept = {"Accept": "application/json"}
    found = page_client.raw.get("/territoires/bourg/adresses?q=mairie", headers=accept).get_json()["results"]
    assert (found[0]["label"], found[0]["kind"], found[0]["approximate"]) == ("Mairie, Bourg-l’Essai", "place", False)
    here = f"/territoires/bourg/adresses?lon={LON + 0.002}&lat={LAT + 0.0001}"
    named = page_client.raw.get(here, headers=accept).get_json()["results"]
    assert named[0]["label"] == "12 Rue de Bretagne, 75003 Bourg-l’Essai"


@pytest.mark.parametrize(
    ("query", "status"),
    [("q=", 200), ("q=%22*%27", 200), ("", 422), ("lon=x&lat=1", 422), ("lon=nan&lat=1", 422), ("lon=500&lat=1", 422)],
)
def test_addresses_answer_nothing_or_422_when_the_question_is_odd(
    page_client: PageClient, built: api.TerritoryView, query: str, status: int
) -> None:
    answer = page_client.raw.get(f"/territoires/bourg/adresses?{query}", headers={"Accept": "application/json"})
    assert answer.status_code == status
    if status == 200:
        assert answer.get_json() == {"results": []}


def test_addresses_are_not_found_when_the_territory_is_unknown(page_client: PageClient) -> None:
    page_client.get("/territoires/nulle-part/adresses?q=rue", 404)


class _Elsewhere:
    """A geocoder that knows one address and counts its questions."""

    def __init__(self) -> None:
        self.asked = 0

    def search(self, text: str, limit: int, box: tuple[float, float, float, float]) -> list[AddressHit]:
        """Answer the one address."""
        self.asked += 1
        return [AddressHit("1 Rue d’Ailleurs, 75003 Bourg-l’Essai", HitKind.ADDRESS, box[0], box[1], 0.9)]


def test_outside_geocoder_is_asked_only_when_the_index_knows_no_better(app: Flask, built: api.TerritoryView) -> None:
    outside = _Elsewhere()
    set_geocoder(app, outside)
    try:
        assert api.geocode("bourg", "12 rue de bretagne") is not None
        assert outside.asked == 0
        hit = api.geocode("bourg", "1 rue d'ailleurs")
        assert hit is not None
        assert (hit.label, outside.asked) == ("1 Rue d’Ailleurs, 75003 Bourg-l’Essai", 1)
    finally:
        set_geocoder(app, None)
