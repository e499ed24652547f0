"""Journeys of whoever passes by: the map without an account, another language, no script, no mouse."""

from __future__ import annotations

from playwright.sync_api import expect

from portal.runtime.demo.names import PASSWORD
from portal.territories.demo_town import Town
from tests.browser.codes import codes_on_screen
from tests.browser.conftest import PersonMaker
from tests.browser.errands import STADIUM_RED, event_errand
from tests.browser.pages.access import RequestForm, RequestPage
from tests.browser.pages.desk import Control
from tests.browser.pages.public_map import PublicMap
from tests.browser.people import DESKTOP, TERRITORY, Device, mailbox


def test_map_follows_day_and_hour_and_tells_details_when_nobody_is_signed_in(
    person: PersonMaker, device: Device, town: Town
) -> None:
    visitor = person(None, device)
    public_map = PublicMap(visitor)
    public_map.open()
    assert visitor.overflow_px() <= 0
    quiet = public_map.letters()
    day = event_errand(town).starts_at.date()
    public_map.choose(day, "03:00")
    assert public_map.letters() == quiet
    public_map.choose(day, "13:00")
    busy = public_map.letters()
    assert {"B", "R"} <= set(busy) and len(busy) > len(quiet)
    expect(visitor.page.locator(".j-legend")).to_contain_text("Aires de livraison")

    public_map.click_letter("B")
    expect(visitor.page.locator(".j-popup")).to_contain_text("circulation régulée")
    # The answer of the point comes meanwhile; the page stays where the bubble can be followed.
    before = visitor.page.evaluate("scrollY")
    public_map.wait_for_answer()
    assert visitor.page.evaluate("scrollY") == before
    visitor.page.locator(".j-popup").get_by_role("link", name="En savoir plus").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_contain_text("circulation régulée")

    visitor.open(f"/carte/{TERRITORY}?jour={day.isoformat()}&heure=13:00")
    public_map.open_list()
    expect(visitor.page.get_by_role("main")).to_contain_text("Stade de l’Orle, circulation régulée")


def test_pages_speak_english_when_the_language_is_switched(person: PersonMaker, device: Device) -> None:
    visitor = person(None, device)
    visitor.open("/connexion")
    visitor.follow("English")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Sign in")
    visitor.open("/inscription")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "en")
    visitor.follow("Français")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "fr")


def test_person_signs_in_when_they_have_a_keyboard_alone(person: PersonMaker) -> None:
    typist = person(None, DESKTOP)
    page = typist.open("/connexion")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Aller au contenu")
    page.keyboard.press("Enter")
    for text in (mailbox("fleuriste"), PASSWORD):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Se connecter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fleurs de l’Orle")


def test_request_and_check_work_when_scripts_are_off(person: PersonMaker, device: Device, town: Town) -> None:
    florist = person(None, device, scripts=False)
    florist.sign_in(mailbox("fleuriste"))
    errand = event_errand(town)
    form = RequestForm(florist)
    form.open()
    form.choose_vehicles("GA-002-VA")
    form.choose_hours(errand)
    for number, address in enumerate((errand.start, errand.goal)):
        form.stop(number).get_by_role("textbox", name="Adresse").fill(address)
    form.explain(errand.reason)
    form.send()
    found = RequestPage(florist)
    assert found.number
    for _look in range(60):
        if florist.page.get_by_text("Votre demande est complète").is_visible():
            break
        florist.page.wait_for_timeout(500)
        florist.page.reload()
    expect(found.perimeters().filter(has_text=STADIUM_RED)).to_contain_text("Rouge")

    florist.open(f"{florist.company_path()}/laissez-passer")
    florist.page.get_by_role("link", name="Montrer").first.click()
    control = Control(person(None, device, scripts=False))
    control.scan(codes_on_screen(florist.page)[0])
    assert control.tone() in {"green", "orange"}
