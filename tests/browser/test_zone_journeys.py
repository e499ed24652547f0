"""Journey of a clerk who prepares an event: two colours drawn, dated by the programme, seen by everybody, undone."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from portal.common.ids import new_id
from tests.browser.conftest import PersonMaker
from tests.browser.people import DESKTOP, PHONE, TERRITORY, Person, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

DESK = f"/territoires/{TERRITORY}/numeriz/manifestations"


def _draw_by_keyboard(page: Page, moves: tuple[str, ...]) -> None:
    """Put a point at the cross, then one after each move of the map."""
    canvas = page.locator("#carte .j-map__canvas")
    page.locator("#carte").scroll_into_view_if_needed()  # a map is built when it comes into view
    page.locator("#carte[data-ready]").wait_for()
    canvas.focus()
    canvas.press("Enter")
    for move in moves:
        for _ in range(2):
            canvas.press(f"Arrow{move}")
            page.wait_for_timeout(350)  # the map glides
        canvas.press("Enter")


def _draw(clerk: Person, event: str, name: str, colour: str, outline: str = "") -> str:
    """Draw a zone, or paste its outline; return the outline."""
    page = clerk.open(f"{event}/zones/nouvelle")
    if outline:
        page.get_by_text("Contour en texte").click()
        page.locator("#shape").fill(outline)
    else:
        _draw_by_keyboard(page, ("Right", "Down", "Left"))
    expect(page.locator("#shape")).to_have_value(re.compile(r"\{\"type\":\"Polygon\""))
    outline = page.locator("#shape").input_value()
    page.get_by_label("Nom de la zone").fill(name)
    page.locator(f'[name="colour"][value="{colour}"]').check()
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("main")).to_contain_text("La zone est enregistrée")
    return outline


def test_an_event_of_two_colours_is_seen_by_everybody_when_a_clerk_has_drawn_and_dated_it(
    person: PersonMaker,
) -> None:
    name = f"Fête du port {new_id().hex[-6:]}"
    clerk = person("agent")
    page = clerk.open(f"{DESK}/nouvelle")
    page.get_by_label("Nom de la manifestation").fill(name)
    page.get_by_label("Jour, date 1").fill("2027-07-14")
    page.get_by_label("De, date 1").fill("18:00")
    page.get_by_label("À, date 1").fill("22:30")
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    event = page.url
    drawn = json.loads(_draw(clerk, event, f"{name}, le port", "red"))
    ring = [[round(lon + 0.003, 6), lat] for lon, lat in drawn["coordinates"][0]]
    _draw(
        clerk, event, f"{name}, les quais", "blue", json.dumps({**drawn, "coordinates": [ring]}, separators=(",", ":"))
    )

    page.get_by_role("link", name="Donner les dates").click()
    page.get_by_role("button", name="Voir l’aperçu").last.click()
    seen = page.locator("#apercu")
    expect(seen).to_contain_text("15:30")
    settled(page)
    expect(seen.locator("[data-map]")).to_have_attribute("data-ready", "")
    assert not clerk.barriers()
    clerk.take(PHONE)
    assert clerk.overflow_px() <= 0
    clerk.take(DESKTOP)
    visitor = person(None)
    visitor.open(f"/carte/{TERRITORY}/liste?jour=2027-07-14&heure=20:00")
    expect(visitor.page.get_by_role("main")).not_to_contain_text(name)
    page.get_by_role("button", name="Mettre en vigueur").click()
    expect(page.get_by_role("main")).to_contain_text("Les dates sont en vigueur.")
    assert not clerk.barriers()

    visitor.page.reload()
    expect(visitor.page.get_by_role("main")).to_contain_text(f"{name}, le port")
    expect(visitor.page.get_by_role("main")).to_contain_text(f"{name}, les quais")
    page.get_by_role("button", name="Annuler la dernière modification").click()
    expect(page.get_by_role("main")).to_contain_text("La dernière modification est annulée.")
    visitor.open(f"/carte/{TERRITORY}/liste?jour=2027-07-14&heure=20:00")
    expect(visitor.page.get_by_role("main")).not_to_contain_text(name)
