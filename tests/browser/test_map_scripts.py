"""What the scripts of the public map do as time goes by, in Chromium, before a town whose pages come from the test."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import expect

from portal.cirqliz.api import active_pass_rights
from tests.factories.cirqliz import RunJobs, World, make_world
from tests.support.web import PageClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

HERE = "http://localhost"
CHANGES, ANSWER = "/carte/val-essai/changements.json", "/carte/val-essai/ici"
_NEAREST = """async ([perDay, most, at, direction]) => {
  const { Changes } = await import("/static/js/map/changes.js");
  const found = [...Array(200 * perDay).keys()].map((n) => Date.UTC(2026, 4, 1) + n * 86400000 / perDay);
  window.fetch = async (url) => {
    const [first, last] = ["du", "au"].map((name) => Date.parse(`${url.searchParams.get(name)}T00:00:00Z`));
    const asked = found.filter((change) => change >= first && change < last + 86400000);
    const changes = asked.slice(0, most).map((change) => new Date(change).toISOString());
    return { ok: true, json: async () => ({ changes, truncated: asked.length > most, perimeters: [] }) };
  };
  return new Changes("/changements.json", "UTC", () => ["orders"]).nearest(at, direction);
}"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A page with a clock of its own."""
    context = chromium.new_context(locale="fr-FR", timezone_id="Europe/Paris", base_url=HERE)
    yield context.new_page()
    context.close()


@pytest.fixture
def world(app: Flask, run_jobs: RunJobs) -> World:
    return make_world(app, run_jobs)


@pytest.fixture
def vehicle_id(world: World) -> UUID:
    """A vehicle with a pass that ends two hours before its perimeter sleeps."""
    found = world.vehicle("AB-123-CD")
    world.approve(world.ready(vehicles=[found]))
    return found


@pytest.fixture
def asked(page: Page, app: Flask, world: World) -> list[str]:
    """Let the portal of the test answer the page, for the owner of the vehicle; return the paths it asks for."""
    client, paths = PageClient(app.test_client()), list[str]()
    client.sign_in(world.owner.id)

    def answer(route: Route) -> None:
        paths.append(urlsplit(route.request.url).path)
        _answer(route, client.raw)

    page.route(f"{HERE}/**", answer)
    return paths


def _answer(route: Route, client: FlaskClient) -> None:
    with client.get(route.request.url.removeprefix(HERE)) as found:
        route.fulfill(status=found.status_code, content_type=found.content_type, body=found.get_data())


def open_map(page: Page, world: World, vehicle_id: UUID, before_end: timedelta) -> None:
    """Open the map of now at a place that the pass opens, shortly before it ends, and ask."""
    [right] = active_pass_rights(vehicle_id, world.day)
    page.clock.install(time=right.end - before_end)
    page.goto(f"/carte/val-essai?vehicule={vehicle_id}&lon=2.362&lat=48.862")
    page.wait_for_selector("#carte[data-ready]")
    page.get_by_role("button", name="Afficher").click()
    expect(page.locator("#ici .j-answer li").first).to_contain_text("laissez-passer")
    expect(page.locator("#ici .j-verdict__word")).to_have_text("Circulation permise")


def test_open_map_asks_again_when_the_pass_of_its_vehicle_ends(
    page: Page, asked: list[str], world: World, vehicle_id: UUID
) -> None:
    open_map(page, world, vehicle_id, timedelta(minutes=5))
    before = asked.count(ANSWER)
    page.clock.run_for(timedelta(minutes=3).total_seconds() * 1000)
    assert asked.count(ANSWER) == before, "nothing has changed yet"
    page.clock.run_for(timedelta(minutes=3).total_seconds() * 1000)
    expect(page.locator("#ici .j-verdict__word")).to_have_text("Laissez-passer nécessaire")


def test_open_map_asks_each_minute_when_the_changes_are_not_known(
    page: Page, asked: list[str], world: World, vehicle_id: UUID
) -> None:
    page.route(f"{HERE}{CHANGES}**", lambda route: route.fulfill(status=503))
    open_map(page, world, vehicle_id, timedelta(hours=1))
    before = asked.count(ANSWER)
    page.clock.run_for(timedelta(minutes=2).total_seconds() * 1000)
    expect(page.locator("#ici")).not_to_have_attribute("aria-busy", "true")
    assert asked.count(ANSWER) > before


@pytest.mark.parametrize(("per_day", "most"), [(1, 5000), (24, 100), (24, 10_000), (1, 10)])
@pytest.mark.parametrize("direction", [-1, 1])
def test_jump_goes_to_the_nearest_change_when_the_list_is_cut(
    page: Page, asked: list[str], per_day: int, most: int, direction: int
) -> None:
    page.goto("/carte/val-essai/liste")
    half, at = 86_400_000 // per_day // 2, page.evaluate("Date.UTC(2026, 6, 1)")
    found = page.evaluate(_NEAREST, [per_day, most, at + half, direction])
    assert found == at + (2 * half if direction > 0 else 0)
