"""Journeys over where an order applies: edges taken out on the map, a line by keyboard, a zone by hand."""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import Locator, expect

from tests.browser.conftest import PersonMaker
from tests.browser.pages.writing import LOOKED_UP_MS, OrderPages
from tests.browser.people import DESKTOP, PHONE, Person, settled

MAP = "#carte-lieu .j-map__canvas"
TRACE = "#lieu-trace"


def _place(clerk: Person, kind: str) -> OrderPages:
    """Open the page of a new place of a new order."""
    pages = OrderPages(clerk)
    pages.start()
    clerk.page.goto(f"{clerk.page.url.partition('?')[0]}/mesures/1/ou")
    clerk.page.locator(f'input[name="kind"][value="{kind}"]').check()
    clerk.page.get_by_role("button", name="Ajouter ce lieu").click()
    pages.at("Où est le lieu")
    clerk.page.locator("#carte-lieu").scroll_into_view_if_needed()
    settled(clerk.page)
    return pages


def _drawn(clerk: Person) -> Any:
    text = clerk.page.locator(TRACE).input_value()
    return json.loads(text)["coordinates"] if text else []


def _buttons(clerk: Person) -> Locator:
    return clerk.page.locator("#carte-lieu .j-draw")


def test_edge_is_taken_out_by_its_box_and_stays_out(person: PersonMaker) -> None:
    clerk = person("agent", DESKTOP)
    _place(clerk, "street")
    clerk.page.get_by_label("Nom de la rue").fill("Boulevard des Libertés")
    clerk.page.get_by_label("À partir de").focus()
    found = clerk.page.locator(".j-where__found")
    expect(found).to_contain_text("tronçons retenus", timeout=LOOKED_UP_MS)
    before = found.inner_text()
    clerk.page.get_by_text("Retoucher tronçon par tronçon").click()
    box = clerk.page.locator('input[name="edge"]').first
    box.focus()
    clerk.page.keyboard.press("Space")
    expect(found).not_to_have_text(before)
    expect(box).not_to_be_checked()
    expect(box).to_be_focused()
    clerk.page.get_by_role("button", name="Chercher et montrer").click()
    expect(clerk.page.locator('input[name="edge"]').first).not_to_be_checked()
    settled(clerk.page)
    assert clerk.faults() == []


def test_line_is_drawn_and_undone_by_keyboard(person: PersonMaker) -> None:
    clerk = person("agent", DESKTOP)
    _place(clerk, "line")
    canvas = clerk.page.locator(MAP)
    canvas.focus()
    for key in ("Enter", "ArrowRight", "Enter", "ArrowDown", "Enter"):
        clerk.page.keyboard.press(key)
        clerk.page.wait_for_timeout(400)
    assert len(_drawn(clerk)) == 3
    clerk.page.keyboard.press("Backspace")
    (west, north), (east, same) = _drawn(clerk)
    assert east > west and abs(same - north) < 1e-5
    expect(_buttons(clerk)).to_contain_text("2 points")
    _buttons(clerk).get_by_role("button", name="Effacer").click()
    assert _drawn(clerk) == []
    _buttons(clerk).get_by_role("button", name="Annuler").click()
    assert len(_drawn(clerk)) == 2


def test_zone_is_drawn_by_hand_and_a_street_of_it_left_free(person: PersonMaker) -> None:
    clerk = person("agent", PHONE)
    pages = _place(clerk, "polygon")
    box = clerk.page.locator(MAP).bounding_box()
    assert box
    for x, y in ((0.4, 0.4), (0.6, 0.4), (0.6, 0.55), (0.4, 0.55)):
        clerk.page.locator(MAP).click(position={"x": box["width"] * x, "y": box["height"] * y})
    expect(clerk.page.locator('input[name="street-in"]').first).to_be_checked(timeout=LOOKED_UP_MS)
    assert len(_drawn(clerk)[0]) == 5
    name = clerk.page.locator('input[name="street-in"]').first.get_attribute("value")
    clerk.page.locator('input[name="street-in"]').first.uncheck()
    clerk.page.get_by_role("button", name="Chercher et montrer").click()
    expect(clerk.page.get_by_role("main")).to_contain_text(f"Zone, sauf {name}", timeout=LOOKED_UP_MS)
    settled(clerk.page)
    pages.at("Où est le lieu")
    assert clerk.overflow_px() <= 0 and clerk.faults() == [] and clerk.barriers() == []
