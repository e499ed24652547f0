"""An agent in the street: a pass is read with the network off; the look reaches the portal once it is on."""

from __future__ import annotations

import base64
import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import cbor2
import pytest
from playwright.sync_api import expect

from portal.cirqliz.control.idset import code_ids
from portal.runtime.bench.chromium import find_chromium
from tests.browser.codes import codes_on_screen
from tests.browser.conftest import PersonMaker
from tests.browser.people import PHONE, TERRITORY, Person, mailbox
from tests.support.fake_camera import film_code

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Route

DASHBOARD = f"/territoires/{TERRITORY}/controle/tableau"
AgentMaker = Callable[[str], Person]
_SIGNATURE_BYTES = 64
_NO_NETWORK = ("net::ERR_INTERNET_DISCONNECTED", "net::ERR_FAILED")


@pytest.fixture
def agent_before(chromium: Browser, portal_url: str, tmp_path: Path) -> Iterator[AgentMaker]:
    """Make an agent whose phone's camera sees a code; what their pages complained of fails the test."""
    made: list[tuple[Browser, Person]] = []

    def make(code: str) -> Person:
        film = tmp_path / f"code{len(made)}.y4m"
        film_code(code, film)
        browser = chromium.browser_type.launch(
            executable_path=find_chromium(),
            args=[
                "--lang=fr-FR",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
                *(["--no-sandbox"] if os.geteuid() == 0 else []),
            ],
        )
        someone = Person(browser, portal_url, PHONE)
        made.append((browser, someone))
        someone.sign_in(mailbox("controle"))
        return someone

    yield make
    faults = [fault for _browser, someone in made for fault in someone.faults()]
    for browser, _someone in made:
        browser.close()
    # The browser itself reports each request that the missing network refused, to the page or to its worker.
    assert not [fault for fault in faults if not fault.endswith(_NO_NETWORK)], "\n".join(faults)


def _ready(agent: Person) -> None:
    agent.open(f"/controle?territoire={TERRITORY}")
    expect(agent.page.locator("html[data-ready]")).to_be_attached()


def _scan(agent: Person) -> Locator:
    agent.page.get_by_role("button", name="Scanner un code").click()
    verdict = agent.page.locator("#verdict .j-verdict")
    expect(verdict).to_be_visible()
    return verdict


def _call_taken_back(agent: Person, code: str) -> None:
    """Let the next list hold a living pass among those taken back, as one scan in a thousand million may find it."""
    token = code.rpartition("/")[2]
    sealed = base64.b32decode(token + "=" * (-len(token) % 8))
    coded = code_ids([cbor2.loads(sealed[:-_SIGNATURE_BYTES])[2]])
    wrong = {"size": coded.size, "coded": base64.b64encode(coded.coded).decode()}

    def alter(route: Route) -> None:
        answer = route.fetch(headers={**route.request.headers, "if-none-match": ""})
        route.fulfill(response=answer, json=answer.json() | {"revoked": wrong})

    agent.page.route("**/controle/donnees", alter)


def test_pass_is_judged_without_network_and_the_look_is_sent_once_when_it_is_back(
    person: PersonMaker, agent_before: AgentMaker
) -> None:
    florist = person("fleuriste", PHONE)
    florist.open(f"{florist.company_path()}/laissez-passer")
    row = florist.page.get_by_role("row").filter(has_text="Pas encore valable").first
    row.get_by_role("link", name=re.compile("Montrer")).click()
    expect(florist.page.locator(".j-qr svg")).to_be_visible()
    (code,) = codes_on_screen(florist.page)
    plate = florist.page.locator("h1 .j-plate").inner_text()

    agent = agent_before(code)
    page = agent.page
    _ready(agent)
    assert agent.barriers() == [] and agent.overflow_px() <= 0
    place = f"Pont {secrets.token_hex(3)}"
    page.get_by_label("Lieu du contrôle").fill(place)
    page.get_by_label("Lieu du contrôle").blur()

    agent.context.set_offline(True)
    page.reload()
    expect(page.locator("#liste")).to_contain_text("Liste du")
    verdict = _scan(agent)
    assert verdict.get_attribute("data-result") == "not_yet"
    expect(verdict).to_contain_text("Pas encore valable")
    expect(verdict).to_contain_text(plate)
    expect(page.locator(".j-control__perimeters li").first).to_contain_text("pas actif maintenant")
    expect(page.locator("#envois")).to_contain_text("1")
    assert agent.barriers() == []
    page.get_by_label("Code, plaque ou numéro").fill(plate)
    page.get_by_role("button", name="Vérifier").click()
    expect(page.locator("#avis")).to_contain_text("demande le réseau")

    agent.context.set_offline(False)
    page.get_by_role("button", name="Mettre la liste à jour").click()
    expect(page.locator("#envois[data-waiting='0']")).to_be_visible()
    page.get_by_role("button", name="Mettre la liste à jour").click()
    expect(page.locator("#envois[data-waiting='0']")).to_be_visible()

    idle = page.locator("#actualiser[aria-busy='false']")
    expect(idle).to_be_visible()
    _call_taken_back(agent, code)
    idle.click()
    expect(idle).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path.rpartition("/")[2]))
    page.get_by_role("button", name="Scanner un code").click()
    expect(page.locator("#verdict .j-verdict[data-result='not_yet']")).to_contain_text("Le portail corrige")
    expect(page.get_by_role("link", name="Reçu signé de ce contrôle")).to_be_visible()
    assert asked == ["confirmation", "passages"], "a scan takes no list"
    assert agent.barriers() == []
    chief = person("superviseur")
    chief.open(DASHBOARD)
    row = chief.page.get_by_role("row").filter(has_text=place)
    expect(row).to_have_count(1)
    assert [cell.inner_text() for cell in row.get_by_role("cell").all()][1:] == ["0", "2", "0"]


@pytest.mark.parametrize(
    ("lesson", "exercising", "result", "word"),
    [
        ("valid", True, "valid", "Valable"),
        ("forged", True, "forged", "Non valable"),
        ("valid", False, "exercise", "Non valable"),
    ],
)
def test_exercise_is_marked_and_leaves_no_look_when_it_is_scanned(
    person: PersonMaker, agent_before: AgentMaker, lesson: str, exercising: bool, result: str, word: str
) -> None:
    teacher = person("controle", PHONE)
    teacher.open("/controle/exercice")
    teacher.page.locator(f'[data-lesson="{lesson}"]').scroll_into_view_if_needed()
    (code,) = codes_on_screen(teacher.page)
    agent = agent_before(code)
    _ready(agent)
    if exercising:
        agent.page.get_by_role("button", name="Mode exercice").click()
        expect(agent.page.locator("#exercices")).to_be_visible()
    verdict = _scan(agent)
    assert verdict.get_attribute("data-result") == result
    expect(verdict).to_contain_text(word)
    expect(agent.page.locator(".j-control__perimeters li")).to_have_count(1 if result == "valid" else 0)
    expect(agent.page.locator("#exercices")).to_be_visible(visible=exercising)
    expect(agent.page.locator("#envois")).to_contain_text("Tous les contrôles sont envoyés")


_FORGET_READER = """async () => {
  for (const name of await caches.keys()) {
    const cache = await caches.open(name);
    for (const asked of await cache.keys()) if (asked.url.includes("/zxing/")) await cache.delete(asked);
  }
}"""


def test_scan_says_that_the_reader_is_missing_when_it_never_came(agent_before: AgentMaker) -> None:
    agent = agent_before("HTTPS://EXEMPLE.FR/V/AAAA")
    _ready(agent)
    agent.page.evaluate(_FORGET_READER)
    agent.context.set_offline(True)
    agent.page.reload()
    agent.page.get_by_role("button", name="Scanner un code").click()
    expect(agent.page.locator("#avis")).to_contain_text("Le lecteur de codes n’est pas encore sur ce téléphone")
    agent.context.set_offline(False)
    verdict = _scan(agent)
    assert verdict.get_attribute("data-result") == "forged"
