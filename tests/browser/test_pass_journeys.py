"""A driver's pass on a phone: opened once, it stays readable without a network and says that it is a copy."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.codes import codes_on_screen
from tests.browser.conftest import PersonMaker
from tests.browser.people import PHONE, Person


def shown_pass(someone: Person) -> Page:
    """The page of the first pass of the company that may be shown."""
    page = someone.open(f"{someone.company_path()}/laissez-passer")
    page.get_by_role("link", name=re.compile("Montrer")).first.click()
    expect(page.locator(".j-qr")).to_be_visible()
    return page


def test_pass_stays_on_the_phone_when_the_network_goes(person: PersonMaker) -> None:
    driver = person("fleuriste", PHONE)
    page = shown_pass(driver)
    expect(page.get_by_text("Cette page reste visible sans réseau")).to_be_visible()
    scanned = codes_on_screen(page)
    assert len(scanned) == 1
    copy = page.get_by_text("Sans réseau : cette page date du")
    expect(copy).to_be_hidden()
    driver.context.set_offline(True)
    page.reload()
    expect(copy).to_be_visible()
    page.evaluate("scrollTo(0, 0)")
    assert codes_on_screen(page) == scanned
    driver.context.set_offline(False)
    page.reload()
    expect(copy).to_be_hidden()


def test_pass_is_forgotten_when_its_reader_signs_out(person: PersonMaker) -> None:
    driver = person("fleuriste", PHONE)
    page = shown_pass(driver)
    expect(page.get_by_text("Cette page reste visible sans réseau")).to_be_visible()
    path = page.evaluate("location.pathname")
    held = "(path) => caches.open('pass-pages-1').then((kept) => kept.match(path)).then((found) => Boolean(found))"
    assert page.evaluate(held, path)
    driver.context.clear_cookies()
    page.goto(path)
    expect(page).to_have_url(re.compile("/connexion"))
    assert not page.evaluate(held, path)


def test_only_pages_of_links_stay_kept_when_their_reader_presses_sign_out(person: PersonMaker) -> None:
    reader = person("fleuriste")
    page = shown_pass(reader)
    expect(page.get_by_text("Cette page reste visible sans réseau")).to_be_visible()
    page.evaluate("""async () => {
      const links = await caches.open("pass-pages-1");
      await links.put("/p/lien", new Response("chauffeur"));
      const control = await caches.open("control-essai");
      await control.put("/controle", new Response("agent"));
      await control.put("/static/essai.js", new Response("script"));
    }""")
    reader.open(f"{reader.company_path()}/laissez-passer")
    page.get_by_role("button", name="Se déconnecter").click()
    expect(page).to_have_url(re.compile("/connexion"))
    left = page.evaluate("""async () => {
      const kept = await Promise.all((await caches.keys()).map(async (name) => (await caches.open(name)).keys()));
      return kept.flat().map(({ url }) => new URL(url).pathname);
    }""")
    assert {path for path in left if not path.startswith("/static/")} == {"/p/lien"}
    assert "/static/essai.js" in left


def test_pass_fills_the_screen_and_lets_go(person: PersonMaker) -> None:
    page = shown_pass(person("fleuriste", PHONE))
    page.get_by_role("button", name="Afficher en plein écran").click()
    leave = page.get_by_role("button", name="Quitter le plein écran")
    expect(leave).to_be_visible()
    leave.click()
    expect(leave).to_be_hidden()
