"""A stranger is told by mail of a new closure in their street; a town shows the map in a page of its own site."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import FilePayload, expect

from portal.common.ids import new_id
from portal.territories.demo_town import Town
from tests.browser.conftest import PersonMaker
from tests.browser.law_files import closure_file, quiet_street
from tests.browser.pages.keys import draw_points
from tests.browser.pages.public_map import PublicMap
from tests.browser.people import DESKTOP, PHONE, TERRITORY, Person, settled

_TOLD_WITHIN_S = 90
_WORKER_MS = 60_000


def follow_street(visitor: Person, street: str, email: str) -> None:
    """Ask for an alert from the map, by keyboard, and confirm it from the mail."""
    public_map = PublicMap(visitor)
    public_map.open()
    page = visitor.page
    page.get_by_role("link", name="Être prévenu par courriel").press("Enter")
    settled(page)
    field = page.get_by_role("combobox", name="Rue")
    field.press_sequentially(street)
    expect(page.get_by_role("option").first).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")
    page.get_by_role("button", name="Ajouter une autre rue").press("Enter")
    expect(page.get_by_role("checkbox")).to_be_checked()
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Adresse électronique").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Un courriel vous attend")
    assert visitor.overflow_px() <= 0 and visitor.barriers() == []
    visitor.mail(email, "Confirmez votre alerte").get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text(street)
    page.get_by_role("button", name="Confirmer l’alerte").click()
    expect(page.get_by_role("main")).to_contain_text("L’alerte est active")
    settled(page)
    assert visitor.overflow_px() <= 0 and visitor.barriers() == []


def test_a_closure_is_told_by_mail_when_somebody_follows_its_street(person: PersonMaker, town: Town) -> None:
    street, email = quiet_street(town).name, f"suit.{new_id().hex[-6:]}@exemple.fr"
    visitor = person(None, PHONE)
    follow_street(visitor, street, email)

    title = f"Rue fermée pour la brocante {new_id().hex[-6:]}"
    clerk = person("agent")
    clerk.open(f"/territoires/{TERRITORY}/numeriz/importer")
    file: FilePayload = {"name": "arretes.xml", "mimeType": "text/xml", "buffer": closure_file(town, title)}
    clerk.page.get_by_label("Fichier", exact=True).set_input_files(files=[file])
    clerk.page.get_by_role("button", name="Importer").click()
    expect(clerk.page.get_by_role("main")).to_contain_text("Arrêtés ajoutés", timeout=_WORKER_MS)

    page, until = visitor.page, time.monotonic() + _TOLD_WITHIN_S
    while not (told := visitor.mail(email, "Du nouveau")).count() and time.monotonic() < until:
        page.wait_for_timeout(500)
    expect(told).to_contain_text(title)
    told.get_by_role("link").last.click()
    page.get_by_role("button", name="Quitter l’alerte").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Vous avez quitté l’alerte")


def test_a_zone_is_followed_when_it_is_drawn_by_keyboard(person: PersonMaker) -> None:
    visitor, email = person(None, DESKTOP), f"zone.{new_id().hex[-6:]}@exemple.fr"
    page = visitor.open(f"/carte/{TERRITORY}/alertes")
    page.get_by_label("Une zone dessinée").check()
    draw_points(page.locator("#dessin"), "ArrowRight ArrowRight", "ArrowDown ArrowDown")
    assert visitor.overflow_px() <= 0 and visitor.barriers() == []
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_role("button", name="Recevoir cette alerte").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Un courriel vous attend")
    expect(visitor.mail(email, "Zone dessinée")).to_be_visible()


class _TownSite(BaseHTTPRequestHandler):
    """A site that knows nothing of the portal but the code that was pasted into its page."""

    code = ""

    def do_GET(self) -> None:
        body = f"<!doctype html><html lang=fr><title>Ma ville</title><h1>Livrer</h1>{self.code}".encode()
        page = self.path == "/"
        self.send_response(200 if page else 204)
        if page:
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if page:
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name is given by the library
        """Keep the output of the tests clean."""


@pytest.fixture
def town_site() -> Iterator[str]:
    """Address of a site of another origin, on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _TownSite)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_the_map_is_used_in_a_page_of_another_site_when_its_code_is_pasted(person: PersonMaker, town_site: str) -> None:
    webmaster = person(None, DESKTOP)
    page = webmaster.open(f"/carte/{TERRITORY}")
    settled(page)
    link = page.get_by_role("link", name="Intégrer cette carte à un site")
    link.click()
    page.get_by_label("Panneaux (OpenStreetMap)").uncheck()
    page.get_by_role("button", name="Actualiser le code").click()
    settled(page)
    assert webmaster.overflow_px() <= 0 and webmaster.barriers() == []
    _TownSite.code = page.locator("#code").inner_text()

    reader = person(None, PHONE)
    reader.page.goto(town_site)
    frame = reader.page.frame_locator("iframe")
    expect(frame.locator("[data-map][data-ready]")).to_be_visible()
    expect(frame.get_by_role("banner")).to_contain_text("Valmarin-sur-Orle")
    assert frame.locator(".j-letter").count() > 0
    legend = frame.locator(".j-legend")
    if legend.get_attribute("open") is None:
        legend.locator("summary").click()
    expect(frame.get_by_role("checkbox", name="Panneaux (OpenStreetMap)")).not_to_be_checked()
    expect(frame.get_by_role("checkbox", name="Arrêtés")).to_be_checked()
    assert reader.context.cookies() == [], "neither the town nor the portal keeps anything of a reader"
    assert reader.barriers() == []
    with reader.context.expect_page() as opened:
        frame.get_by_role("link", name="Ouvrir la carte complète").click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Carte de Valmarin-sur-Orle")
    assert opened.value.url.startswith(f"{reader.url}/carte/{TERRITORY}")
