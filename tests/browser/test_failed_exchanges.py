"""What pages do when a part of them cannot be fetched, in Chromium: nothing typed goes, and a sentence says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from playwright.sync_api import expect

from portal.common.actor import StaffRole
from tests.factories.accounts import make_staff
from tests.factories.cirqliz import RunJobs, World, make_world
from tests.factories.papers import png_paper
from tests.factories.territories import make_territory
from tests.support.web import PageClient

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

HERE = "http://localhost"
KEPT_BY_THE_BROWSER = {"host", "cookie", "content-length"}
Opens = Callable[..., "Page"]


@pytest.fixture
def world(app: Flask, run_jobs: RunJobs) -> World:
    return make_world(app, run_jobs)


@pytest.fixture
def opens(chromium: Browser, app: Flask) -> Iterator[Opens]:
    """Open a page of the portal of the test as somebody; script: run before those of the page."""
    contexts: list[BrowserContext] = []

    def open_page(path: str, user_id: Any, script: str = "") -> Page:
        client = PageClient(app.test_client())
        client.sign_in(user_id)

        def answer(route: Route) -> None:
            asked = route.request
            headers = [item for item in asked.headers.items() if item[0] not in KEPT_BY_THE_BROWSER]
            address = urlsplit(asked.url)
            path = f"{address.path}?{address.query}"
            body = asked.post_data_buffer or b""
            with client.raw.open(path, method=asked.method, headers=headers, data=body) as found:
                told = {name: value for name, value in found.headers.items() if name.lower() != "set-cookie"}
                route.fulfill(status=found.status_code, headers=told, body=found.get_data())

        context = chromium.new_context(locale="fr-FR", base_url=HERE, service_workers="block")
        contexts.append(context)
        context.add_init_script(script)
        page = context.new_page()
        page.route(f"{HERE}/**", answer)
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()


def request_form(opens: Opens, world: World) -> Page:
    """The form of a request, with a vehicle to choose."""
    world.vehicle("AB-123-CD")
    page = opens(f"/entreprises/{world.company.id}/demandes/nouvelle", world.owner.id)
    page.locator("#reason").fill("Livrer des fleurs")
    return page


def paper(name: str, weight: int = 0) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": png_paper() + bytes(weight)}


def test_papers_stay_when_they_cannot_be_sent_and_the_sentence_goes_once_they_are(opens: Opens, world: World) -> None:
    page = request_form(opens, world)
    told, field = page.locator("#echec"), page.locator("#justificatifs input[type=file]")
    papers = f"{HERE}/**/brouillons?partie=justificatifs"
    page.route(papers, lambda route: route.fulfill(status=502, body="<h1>Bad gateway</h1>"))
    field.set_input_files([paper("facade.png")])
    expect(told).to_contain_text("Cela n’a pas pu se faire")
    expect(field).to_be_visible()
    page.unroute(papers)
    page.route(papers, lambda route: route.abort())
    field.set_input_files([paper("facade.png")])
    expect(told).to_contain_text("Le serveur n’a pas répondu")
    expect(field).to_be_visible()
    page.unroute(papers)
    field.set_input_files([paper("facade.png")])
    expect(page.locator(".j-papers")).to_contain_text("facade.png")
    expect(told).to_be_hidden()


def test_files_too_heavy_together_are_not_sent(opens: Opens, world: World) -> None:
    page = request_form(opens, world)
    told, field = page.locator("#echec"), page.locator("#justificatifs input[type=file]")
    expect(page.locator("#justificatifs")).to_contain_text("20 Mo au plus en un seul envoi")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "justificatifs" in request.url else None)
    field.set_input_files([paper(f"photo{n}.png", 4_800_000) for n in range(5)])
    expect(told).to_contain_text("Plus de 20 Mo ne partent pas en une fois")
    assert asked == [] and field.evaluate("(input) => input.files.length") == 0
    field.set_input_files([paper("facade.png")])
    expect(page.locator(".j-papers")).to_contain_text("facade.png")
    expect(told).to_be_hidden()


def test_draft_that_could_not_be_kept_is_told(opens: Opens, world: World) -> None:
    page = request_form(opens, world)
    expect(page.get_by_text("Brouillon enregistré à")).to_be_visible()
    page.route(f"{HERE}/**/brouillons", lambda route: route.abort())
    page.locator("#reason").fill("Livrer encore des fleurs")
    expect(page.locator("#echec")).to_contain_text("n’est peut-être pas enregistré")


def test_error_page_of_the_portal_is_told_in_its_own_words(opens: Opens, world: World) -> None:
    page = request_form(opens, world)
    page.route(
        f"{HERE}/**/brouillons",
        lambda route: route.fulfill(
            status=429, body='<p data-failure="Trop de demandes en peu de temps">Attendez une minute.</p>'
        ),
    )
    page.locator("#reason").fill("Livrer encore des fleurs")
    expect(page.locator("#echec")).to_have_text("Trop de demandes en peu de temps. Attendez une minute.")
    expect(page.locator("#demande")).to_be_visible()


@pytest.fixture
def agent(world: World) -> Any:
    """An agent of two territories."""
    other = make_territory(slug="autre-essai", name="Autre essai")
    user = world.clerk
    for territory in (world.territory, other):
        make_staff(user, territory, StaffRole.CONTROL_AGENT)
    return user


_NO_ED25519 = """
const generate = SubtleCrypto.prototype.generateKey;
SubtleCrypto.prototype.generateKey = async function (algorithm, ...rest) {
  if (algorithm === "Ed25519") throw new DOMException("unknown", "NotSupportedError");
  return generate.call(this, algorithm, ...rest);
};
"""


def test_plate_is_looked_up_where_the_agent_says_when_the_phone_cannot_check_signatures(
    opens: Opens, agent: Any
) -> None:
    page = opens("/controle", agent.id, _NO_ED25519)
    expect(page.locator("#avis")).to_contain_text("ne sait pas vérifier")
    for act in ("Scanner un code", "Mettre la liste à jour", "Mode exercice"):
        expect(page.get_by_role("button", name=act)).to_be_hidden()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path) if request.method == "POST" else None)
    for slug in ("val-essai", "autre-essai"):
        page.get_by_label("Territoire").select_option(slug)
        page.locator("#recherche input[type=text]").fill("AB-123-CD")
        page.get_by_role("button", name="Vérifier").click()
        expect(page.locator("#recherche .j-verdict")).to_be_visible()
        assert asked[-1].startswith(f"/territoires/{slug}/"), "judged and recorded in another territory"


def test_search_stays_when_the_portal_fails(opens: Opens, agent: Any) -> None:
    page = opens("/controle", agent.id, _NO_ED25519)
    expect(page.locator("html[data-ready]")).to_be_attached()
    page.route(f"{HERE}/territoires/**", lambda route: route.fulfill(status=500, body="<h1>Erreur</h1>"))
    page.locator("#recherche input[type=text]").fill("AB-123-CD")
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator("#avis")).to_contain_text("n’a pas pu faire cette recherche")
    expect(page.locator("#recherche input[type=text]")).to_have_value("AB-123-CD")
