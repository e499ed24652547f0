"""A closure lifted on a phone: another open map follows within seconds, and again when it is resumed by keyboard."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from portal.territories.demo_town import Town
from tests.browser.conftest import PersonMaker
from tests.browser.errands import demo_day
from tests.browser.pages.keys import press
from tests.browser.people import DESKTOP, PHONE, TERRITORY, settled

_SWITCHES = f"/territoires/{TERRITORY}/numeriz/fermetures"
_FOLLOWS_WITHIN_MS = 10_000
_PLACE = "Travaux sur le réseau d’eau"


def _act(page: Page, title: str, first: str, then: str, act: Callable[[Locator], None]) -> None:
    """Find the order, press the button and confirm."""
    card = page.get_by_role("article").filter(has_text=title)
    act(card.get_by_text(first, exact=True).first)
    act(card.get_by_role("button", name=then, exact=True))
    settled(page)


def test_another_open_map_follows_when_a_closure_is_lifted_on_a_phone(person: PersonMaker, town: Town) -> None:
    order = next(found for found in town.law(demo_day()).orders if found.title.startswith(_PLACE))
    street = order.measures[0].locations[0].shape
    middle = street.interpolate(0.5, normalized=True)
    visitor, clerk = person(None, DESKTOP), person("agent", PHONE)
    visitor.open(f"/carte/{TERRITORY}?lon={middle.x:.6f}&lat={middle.y:.6f}&profil=vul")
    answer = visitor.page.locator("#ici")
    expect(answer).to_contain_text(order.title)

    page = clerk.open(_SWITCHES)
    assert clerk.overflow_px() <= 0
    assert clerk.barriers() == []
    _act(page, order.title, "Lever maintenant", "Lever", lambda control: control.click())
    try:
        expect(page.get_by_role("main")).to_contain_text("Levé par")
        expect(answer).not_to_contain_text(order.title, timeout=_FOLLOWS_WITHIN_MS)
    finally:
        clerk.open(_SWITCHES)
        _act(page, order.title, "Revenir à l’arrêté écrit", "Revenir à l’arrêté écrit", press)
    expect(answer).to_contain_text(order.title, timeout=_FOLLOWS_WITHIN_MS)
