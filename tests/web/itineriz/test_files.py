"""Who gets the files of a tour, what is said when there is none, and the passes the road book shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from flask import Flask

from portal.cirqliz.api import revoke_pass
from portal.cirqliz.passes.queries import PassView, list_passes_of_request
from portal.cirqliz.states import RevocationReason
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.itineriz.queries import RouteView, get_route
from portal.itineriz.services import CreateRoute, create_route
from portal.itineriz.sharing import share_route, withdraw_links
from portal.itineriz.trip import Stop
from portal.territories.api import TerritoryView
from tests.factories.accounts import make_company, make_member, make_user
from tests.factories.cirqliz import World, make_world
from tests.factories.tours import lawful_answer, make_tour, refused_answer
from tests.support.web import PageClient

TYPES = {
    "gpx": "application/gpx+xml",
    "kml": "application/vnd.google-earth.kml+xml",
    "geojson": "application/geo+json",
    "csv": "text/csv",
    "pdf": "application/pdf",
}


@pytest.fixture
def world(app: Flask, run_jobs: Callable[[Flask], int]) -> Iterator[World]:
    """A town with perimeters and passes; the planner is put back afterwards."""
    planner = app.extensions["tour_planner"]
    yield make_world(app, run_jobs)
    app.extensions["tour_planner"] = planner


def url(route: RouteView, kind: str) -> str:
    return f"/entreprises/{route.company_id}/itineraires/{route.id}/fichiers/{kind}"


def tour(world: World, depart_at: datetime | None = None, **asked: Any) -> RouteView:
    at = depart_at or world.day + timedelta(hours=8)
    return make_tour(world.territory, world.company.id, at, lawful_answer(at), **asked)


def codes(content: bytes) -> set[str]:
    """What a scanner reads on all pages."""
    document = pypdfium2.PdfDocument(BytesIO(content))
    found = set()
    for page in document:
        found |= {code.text for code in zxingcpp.read_barcodes(page.render(scale=100 / 72).to_numpy())}
        page.close()
    document.close()
    return found


@pytest.mark.parametrize("kind", TYPES)
def test_each_file_is_sent_to_the_company_and_to_nobody_else(world: World, page_client: PageClient, kind: str):
    route = tour(world)
    page_client.sign_in(world.driver.id)
    answer = page_client.raw.get(url(route, kind))
    assert (answer.status_code, answer.mimetype) == (200, TYPES[kind])
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("inline" if kind == "pdf" else "attachment") and f'.{kind}"' in disposition
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = page_client.raw.get(url(route, kind), headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    stranger = make_user()
    make_member(stranger, make_company())
    page_client.sign_in(stranger.id)
    assert page_client.raw.get(url(route, kind)).status_code == 404


def test_an_unknown_kind_of_file_is_not_found(world: World, page_client: PageClient):
    page_client.sign_in(world.driver.id)
    assert page_client.raw.get(url(tour(world), "exe")).status_code == 404


@pytest.mark.parametrize("kind", ["gpx", "pdf"])
def test_a_sentence_says_why_when_there_is_no_lawful_tour(world: World, page_client: PageClient, kind: str):
    page_client.sign_in(world.driver.id)
    at = world.day + timedelta(hours=8)
    refused = make_tour(world.territory, world.company.id, at, refused_answer(at))
    waiting = make_tour(world.territory, world.company.id, at, None)
    for route, words in ((refused, "n’est pas permise"), (waiting, "en cours de calcul")):
        page = page_client.get(url(route, kind), status=409)
        assert words in page.get_text() and page.find("a", href=url(route, kind).rpartition("/fichiers")[0])


def test_the_book_shows_the_passes_in_force_during_the_tour(world: World, page_client: PageClient):
    vehicle_id = world.vehicle("AB-123-CD")
    request = world.ready(vehicles=[vehicle_id])
    world.approve(request)
    (found,) = list_passes_of_request(request.id)
    page_client.sign_in(world.driver.id)

    def shown(depart_at: datetime, vehicle: Any = vehicle_id) -> set[str]:
        return codes(page_client.raw.get(url(tour(world, depart_at, vehicle_id=vehicle), "pdf")).data)

    during = found.valid_from + timedelta(minutes=5)
    assert shown(during) == {found.code_url}
    assert shown(found.valid_to + timedelta(hours=1)) == set()
    assert shown(during, world.vehicle()) == set()
    assert shown(during, None) == set()
    _revoke(world, found)
    assert shown(during) == set()


def _revoke(world: World, found: PassView) -> None:
    actor = world.staff_actor()
    revoke_pass(actor, world.territory.slug, found.id, RevocationReason.MISUSE, "Essai")


def test_a_link_gives_the_files_until_it_ends(world: World, page_client: PageClient):
    route = tour(world)
    token = share_route(world.company_actor(), world.company.id, route.id, 3)
    for kind, mimetype in TYPES.items():
        answer = page_client.raw.get(f"/t/{token}/fichiers/{kind}")
        assert (answer.status_code, answer.mimetype) == (200, mimetype)
        assert "noindex" in answer.headers["X-Robots-Tag"]
    withdraw_links(world.company_actor(), world.company.id, route.id)
    assert page_client.raw.get(f"/t/{token}/fichiers/gpx").status_code == 404
    assert page_client.raw.get("/t/faux/fichiers/gpx").status_code == 404


def test_the_files_are_in_the_language_of_the_reader(world: World, page_client: PageClient):
    page_client.sign_in(world.driver.id)
    route = tour(world)
    french, english = (page_client.raw.get(url(route, "gpx") + f"?lang={code}").text for code in ("fr", "en"))
    assert "Conduisez vers l'est" in french and "Drive east" in english


def test_a_computed_tour_becomes_every_file(
    app: Flask,
    page_client: PageClient,
    routed_territory: Callable[[], TerritoryView],
    run_jobs: Callable[[Flask], int],
):
    territory, company, person = routed_territory(), make_company(), make_user()
    make_member(person, company)
    actor = Actor(ActorKind.USER, "Camille", person.id, companies={company.id: CompanyRole.OWNER})
    stops = (Stop(2.3560, 48.8655, "Départ"), Stop(2.3780, 48.8690, "Arrivée", 600))
    asked = CreateRoute(territory.id, company.id, stops, datetime(2024, 9, 7, 7, tzinfo=UTC), {"gvw_t": 12})
    route_id = create_route(actor, asked)
    run_jobs(app)
    route = get_route(company.id, route_id)
    assert route.result is not None and route.result["status"] == "ok"
    page_client.sign_in(person.id)
    made = {kind: page_client.raw.get(url(route, kind)).data for kind in TYPES}
    positions = re.findall(rb'<trkpt lat="([0-9.]+)" lon="([0-9.]+)">', made["gpx"])
    assert [[float(lon), float(lat)] for lat, lon in positions][-1] == route.result["timeline"][-1][:2]
    drawn = json.loads(made["geojson"])["features"]
    legs = [feature for feature in drawn if feature["properties"]["kind"] == "leg"]
    whole = [feature for feature in drawn if feature["properties"]["kind"] == "route"]
    assert len(legs) == 1 and legs[0]["geometry"]["coordinates"][0] == whole[0]["geometry"]["coordinates"][0]
    document = pypdfium2.PdfDocument(BytesIO(made["pdf"]))
    words = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    assert route.result["legs"][0]["instructions"][0]["streets"][0] in words
    assert "Arrivée" in made["csv"].decode("utf-8-sig") and b"<kml" in made["kml"]
