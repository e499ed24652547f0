"""Journeys of a tour: asked for with a window, refused and its pass asked for, opened by a driver, compared."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from portal.territories.demo_town import Town
from tests.browser.conftest import PersonMaker
from tests.browser.errands import STADIUM_RED, START, event_errand
from tests.browser.pages.access import shown_map
from tests.browser.pages.tours import TourForm, TourPage
from tests.browser.people import PATIENCE_MS, PHONE, Device

FAR = "Chemin du Bois-Joli"


def _address(town: Town, street: str) -> str:
    found = next(address for address in town.addresses if address.street == street)
    return f"{found.number} {found.street}"


@pytest.mark.slow
def test_dispatcher_gets_a_tour_within_the_hours_of_its_stops_when_she_gives_them(
    person: PersonMaker, device: Device, town: Town
) -> None:
    florist = person("fleuriste", device)
    florist.open("/accueil")
    form = TourForm(florist)
    form.open()
    form.leave(event_errand(town), "06:00")
    form.type_stops([_address(town, START), _address(town, FAR)])
    form.serve_between(1, "le matin")
    florist.expects(422)
    form.send()
    expect(florist.page.locator("#stops-1-hours")).to_have_attribute("aria-invalid", "true")
    expect(florist.page.locator("#stops-0-address")).to_have_value(re.compile(START))
    form.serve_between(1, "06:30-08:00")
    form.send()

    tour = TourPage(florist)
    tour.wait_until_computed()
    main = florist.page.get_by_role("main")
    expect(main).to_contain_text("06:30")
    expect(main.locator(".j-stops > li")).to_have_count(2)
    expect(shown_map(main).locator(".j-pin")).to_have_count(2)
    assert florist.overflow_px() <= 0
    assert florist.barriers() == []


@pytest.mark.slow
def test_florist_asks_for_the_pass_when_her_tour_is_refused(person: PersonMaker, device: Device, town: Town) -> None:
    errand = event_errand(town)
    florist = person("fleuriste", device)
    florist.open("/accueil")
    form = TourForm(florist)
    form.open()
    form.describe_lorry("12")
    form.leave(errand, "13:00")
    form.type_stops([errand.start, errand.goal])
    form.send()
    TourPage(florist).wait_until_computed()
    page = florist.page
    refusal = page.get_by_role("alert").filter(has_text="Aucun itinéraire permis")
    expect(refusal).to_contain_text(STADIUM_RED)
    assert florist.barriers() == []
    assert florist.overflow_px() <= 0
    refusal.get_by_role("link", name="Demander ce laissez-passer").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nouvelle demande d’accès")
    expect(page.locator("#stops-1-address")).to_have_value(re.compile(re.escape(errand.goal)))
    expect(page.get_by_label("Premier jour")).to_have_value(f"{errand.starts_at:%Y-%m-%d}")


@pytest.mark.slow
def test_driver_follows_the_tour_until_the_link_is_withdrawn_when_it_was_sent(person: PersonMaker, town: Town) -> None:
    florist = person("fleuriste")
    florist.open("/accueil")
    form = TourForm(florist)
    form.open()
    form.leave(event_errand(town), "06:00")
    form.type_stops([_address(town, START), _address(town, FAR), _address(town, START)])
    form.send()
    tour = TourPage(florist)
    tour.wait_until_computed()
    address = florist.page.url

    florist.page.get_by_role("link", name="Comparer", exact=True).click()
    florist.page.get_by_label("Heure du départ").fill("21:00")
    florist.page.get_by_role("button", name="Calculer cette variante").click()
    # The table renews itself: nobody touches the page.
    rows = florist.page.locator("#comparaison tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("Permis", timeout=PATIENCE_MS)
    for seen in (PHONE, florist.device):
        florist.take(seen)
        assert florist.barriers() == []
        assert florist.overflow_px() <= 0

    florist.open(address)
    link = tour.share()
    florist.take(PHONE)
    assert florist.barriers() == []
    florist.open(link)
    assert florist.barriers() == []
    driver = person(None, PHONE, scripts=False)
    driver.open(link)
    page = driver.page
    expect(page.get_by_text("Étape 1 sur 2")).to_be_visible()
    page.get_by_role("link", name="Étape suivante").click()
    expect(page.get_by_text("Étape 2 sur 2")).to_be_visible()
    page.locator(".j-gps summary").click()
    expect(page.get_by_role("link", name="Waze")).to_have_attribute("href", re.compile(r"^https://waze\.com/ul\?ll="))
    assert driver.overflow_px() <= 0

    florist.open(address)
    florist.page.get_by_role("link", name="Partager au conducteur").click()
    florist.page.get_by_text("Retirer les liens donnés").click()
    florist.page.get_by_role("button", name="Retirer les liens", exact=True).click()
    driver.expects(410)
    driver.open(link)
    expect(page.get_by_role("heading", level=1)).to_have_text("Ce lien n’est plus valable")
