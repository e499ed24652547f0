"""A request begun from a tour, from the public map: what its form opens with, and what comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from portal.cirqliz.models import AccessRequest
from portal.cirqliz.ports import RouteStop, TourStops
from portal.cirqliz.requests.starting import RequestDraft, begin_url, draft_url
from portal.cirqliz.states import RequestState
from portal.common.ids import new_id
from portal.db import session
from portal.numeriz.api import law_snapshot
from tests.factories.accounts import make_company, make_user
from tests.factories.cirqliz import INSIDE_RED, OUTSIDE, World
from tests.support.web import PageClient
from tests.web.cirqliz.test_company_pages import new_url, value


@pytest.fixture
def client(world: World, page_client: PageClient) -> PageClient:
    """The owner, signed in, who has a vehicle."""
    world.vehicle()
    page_client.sign_in(world.owner.id)
    return page_client


def red_id(world: World) -> str:
    """The perimeter of INSIDE_RED."""
    red = (one for one in law_snapshot(world.territory.id).perimeters.values() if one.colour.value == "red")
    return next(one.id for one in red)


def begun_url(world: World, tour: TourStops, **more: Any) -> str:
    """The address of a form begun from a tour of the company that lacks a pass of the red perimeter."""
    route_id = new_id()
    world.planner.tours[world.company.id, route_id] = tour
    with world.app.test_request_context():
        draft = RequestDraft(
            company_id=world.company.id,
            vehicle_id=world.vehicle(),
            starts_at=world.day + timedelta(hours=7),
            ends_at=world.day + timedelta(hours=11),
            perimeter_ids=(red_id(world),),
            **({"route_id": route_id} | more),
        )
        url = draft_url(world.company_actor(), world.territory, draft)
    assert url is not None
    return url


def long_tour(count: int, refused: int) -> TourStops:
    """A tour of stops with long labels, of which one stop alone is refused: that in the red perimeter."""
    label = "rue de l’Échelle-Saint-Éloi " + "é" * 150
    stops = [RouteStop(f"{number} {label}", 2.354, 48.8585, 5) for number in range(count)]
    stops[refused] = INSIDE_RED
    return TourStops(tuple(stops), frozenset({refused}))


def addresses(form: BeautifulSoup) -> list[str]:
    """The addresses of the stops shown."""
    return [str(field.get("value", "")) for field in form.select("[data-address-text]")]


def ticked(form: BeautifulSoup) -> list[str]:
    """The perimeters ticked."""
    return [str(box["value"]) for box in form.select('input[name="perimeters"][checked]')]


def sent(form: BeautifulSoup) -> dict[str, Any]:
    """What a browser sends of the form as it is."""
    values: dict[str, Any] = {"action": "submit", "reason": "Livrer des fleurs"}
    for field in form.select("#demande input[name]"):
        unticked = field.get("type") in {"checkbox", "radio"} and not field.has_attr("checked")
        if not unticked and field.get("type") != "file":
            values.setdefault(str(field["name"]), str(field.get("value", "")))
    return values


def test_the_stop_that_needs_the_pass_is_asked_for_when_the_tour_has_two_hundred(
    world: World, client: PageClient
) -> None:
    url = begun_url(world, long_tour(200, refused=120))
    assert len(f"GET {url} HTTP/1.1") < 600
    form = client.get(url)
    shown = addresses(form)
    assert len(shown) == 30 and shown[-1] == INSIDE_RED.label and shown[0].startswith("0 rue")
    assert "30 étapes sur 200" in form.get_text()
    assert ticked(form) == [red_id(world)]
    assert form.find("button", attrs={"value": "add-stop"}) is None
    assert "30 étapes au plus" in form.get_text()
    client.submit(new_url(world), sent(form))
    world.run_jobs(world.app)
    session().rollback()
    made = session().scalars(select(AccessRequest)).one()
    assert made.state is RequestState.READY
    assert [one.perimeter_id for one in made.perimeters] == [red_id(world)]


def test_a_short_tour_is_taken_over_whole_and_in_its_order(world: World, client: PageClient) -> None:
    form = client.get(begun_url(world, TourStops((OUTSIDE, INSIDE_RED), frozenset({1}))))
    assert addresses(form) == [OUTSIDE.label, INSIDE_RED.label]
    assert value(form, "stops-1-service_min") == str(INSIDE_RED.service_min)
    assert "étapes sur" not in form.get_text()
    assert form.find("button", attrs={"value": "add-stop"}) is not None


@pytest.mark.parametrize("model", ["", "²", "7d1f9f0e-0000-4000-8000-000000000000"])
def test_the_form_opens_empty_when_the_tour_is_unreadable_or_gone(world: World, client: PageClient, model: str) -> None:
    assert addresses(client.get(f"{new_url(world)}?modele={model}")) == ["", ""]


def test_the_form_opens_empty_when_the_tour_is_another_company_s(world: World, client: PageClient) -> None:
    foreign = new_id()
    world.planner.tours[make_company().id, foreign] = long_tour(3, refused=1)
    assert addresses(client.get(f"{new_url(world)}?modele={foreign}")) == ["", ""]


def test_a_lone_place_is_where_one_goes(world: World, client: PageClient) -> None:
    url = begun_url(world, TourStops((), frozenset()), route_id=None, stops=(INSIDE_RED,))
    assert addresses(client.get(url)) == ["", INSIDE_RED.label]


def test_the_link_of_the_map_leads_to_the_form_with_the_perimeter_ticked(world: World, client: PageClient) -> None:
    page = client.get(f"/carte/{world.territory.slug}/perimetres/{red_id(world)}")
    link = page.find("a", string="Demander un laissez-passer")
    assert link is not None
    where = client.raw.get(str(link["href"])).headers["Location"]
    assert urlsplit(where).path == new_url(world)
    assert ticked(client.get(where)) == [red_id(world)]


def test_whoever_has_no_company_is_told_when_they_follow_the_link_of_the_map(world: World, client: PageClient) -> None:
    with world.app.test_request_context():
        url = begin_url(world.territory, red_id(world))
    client.sign_out()
    assert "/connexion" in client.raw.get(url).headers["Location"]
    client.sign_in(make_user().id)
    answer = client.raw.get(url)
    assert answer.status_code == 303
    assert "se demande pour une entreprise" in client.get(answer.headers["Location"]).get_text()


def test_a_request_leads_to_the_page_of_its_tour_when_there_is_a_lawful_one(world: World, client: PageClient) -> None:
    client.submit(new_url(world), sent(client.get(begun_url(world, TourStops((OUTSIDE, INSIDE_RED), frozenset())))))
    made = session().scalars(select(AccessRequest)).one()
    page_url = f"/entreprises/{world.company.id}/demandes/{made.id}"
    tour_url = f"/entreprises/{world.company.id}/itineraires/{made.route_id}"
    assert client.get(page_url).find("a", href=tour_url) is None, "it is being computed"
    world.run_jobs(world.app)
    client.sign_in(world.driver.id)
    assert client.get(page_url).find("a", href=tour_url) is not None


def test_the_answer_of_the_map_leads_to_a_request_when_it_asks_for_a_pass(world: World, client: PageClient) -> None:
    def offers(lon: float, lat: float) -> bool:
        when = f"jour={world.day:%Y-%m-%d}&heure=11:00"
        page = client.get(f"/carte/{world.territory.slug}?lon={lon}&lat={lat}&{when}")
        return page.find("a", string="Demander un laissez-passer") is not None

    assert offers(INSIDE_RED.lon, INSIDE_RED.lat)
    assert not offers(OUTSIDE.lon, OUTSIDE.lat)
