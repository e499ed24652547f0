"""A plate that changes while passes are living: told before, counted after."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from portal.cirqliz.passes.queries import get_pass, list_passes_of_request
from portal.cirqliz.states import PassState
from tests.factories.cirqliz import World
from tests.support.web import PageClient


@pytest.fixture
def client(world: World, page_client: PageClient) -> PageClient:
    """The owner of the company, signed in."""
    page_client.sign_in(world.owner.id)
    return page_client


def hidden(page: BeautifulSoup) -> dict[str, str]:
    """What the confirmation sends."""
    form = page.select_one("main form")
    return {str(each["name"]): str(each["value"]) for each in form.select("input[type=hidden]")}


def test_new_plate_names_the_passes_it_ends_before_it_ends_them(world: World, client: PageClient) -> None:
    vehicle = world.vehicle("AA-111-AA")
    found = world.ready(vehicles=[vehicle])
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    url = f"/entreprises/{world.company.id}/vehicules/{vehicle}"
    shown = client.get(url)
    names = ("plate", "country", "gross_weight_kg", "version")
    typed = {name: str(shown.find("input", {"name": name})["value"]) for name in names}
    typed |= {"plate": "BB-222-BB", "label": "Le bleu"}

    asked = client.post(url, typed, status=200)
    assert one.number in asked.get_text()
    assert get_pass(world.company.id, one.id).state is PassState.ACTIVE

    back = client.post(url, {**hidden(asked), "etape": "choix"}, status=200)
    assert back.find("input", {"name": "label"})["value"] == "Le bleu"
    stale = client.post(url, {**hidden(asked), "vu": "autre chose", "etape": "faire"}, status=200)
    assert one.number in stale.get_text()
    assert get_pass(world.company.id, one.id).state is PassState.ACTIVE

    list_url = client.submit(url, {**hidden(asked), "etape": "faire"})
    assert "1 laissez-passer a pris fin." in client.get(list_url).get_text()
    assert get_pass(world.company.id, one.id).state is PassState.REVOKED


@pytest.mark.parametrize(("passes", "plate"), [(True, "AA-111-AA"), (False, "BB-222-BB")])
def test_nothing_is_asked_when_no_pass_ends(world: World, client: PageClient, *, passes: bool, plate: str) -> None:
    vehicle = world.vehicle("AA-111-AA")
    if passes:
        world.approve(world.ready(vehicles=[vehicle]))
    url = f"/entreprises/{world.company.id}/vehicules/{vehicle}"
    version = str(client.get(url).find("input", {"name": "version"})["value"])
    typed = {"plate": plate, "country": "FR", "gross_weight_kg": "3400", "version": version}
    list_url = client.submit(url, typed)
    assert "pris fin" not in client.get(list_url).get_text()
