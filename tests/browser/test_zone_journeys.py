"""Journey of a clerk who prepares an event by keyboard: two colours, dated by the programme, seen by all, undone."""

from __future__ import annotations

import json
import re
from datetime import date, time
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from portal.common.ids import new_id
from tests.browser.conftest import PersonMaker
from tests.browser.pages.keys import draw_points, paste, press, type_clock, type_day, type_over
from tests.browser.people import DESKTOP, PHONE, TERRITORY, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

DESK = f"/territoires/{TERRITORY}/numeriz/manifestations"


def _draw(page: Page, name: str, colour: str, outline: str = "") -> str:
    """Draw a zone, or paste its outline, without a pointer; return the outline."""
    press(page.get_by_role("link", name="Dessiner une zone").first)
    expect(page.get_by_role("heading", level=1)).to_have_text("Nouvelle zone")
    if outline:
        press(page.get_by_text("Contour en texte"))
        paste(page.locator("#shape"), outline)
    else:
        draw_points(page.locator("#carte"), *(f"Arrow{way} Arrow{way}" for way in ("Right", "Down", "Left")))
    expect(page.locator("#shape")).to_have_value(re.compile(r"\{\"type\":\"Polygon\""))
    outline = page.locator("#shape").input_value()
    type_over(page.get_by_label("Nom de la zone"), name)
    press(page.locator(f'[name="colour"][value="{colour}"]'), "Space")
    press(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_role("main")).to_contain_text("La zone est enregistrée")
    return outline


def test_an_event_of_two_colours_is_seen_by_everybody_when_a_clerk_has_made_it_with_the_keyboard(
    person: PersonMaker,
) -> None:
    name = f"Fête du port {new_id().hex[-6:]}"
    clerk = person("agent")
    page = clerk.open(f"{DESK}/nouvelle")
    type_over(page.get_by_label("Nom de la manifestation"), name)
    type_day(page.get_by_label("Jour, date 1"), date(2027, 7, 14))
    type_clock(page.get_by_label("De, date 1"), time(18))
    type_clock(page.get_by_label("À, date 1"), time(22, 30))
    press(page.get_by_role("button", name="Enregistrer"))
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
    drawn = json.loads(_draw(page, f"{name}, le port", "red"))
    ring = [[round(lon + 0.003, 6), lat] for lon, lat in drawn["coordinates"][0]]
    _draw(page, f"{name}, les quais", "blue", json.dumps({**drawn, "coordinates": [ring]}, separators=(",", ":")))

    press(page.get_by_role("link", name="Donner les dates"))
    press(page.get_by_role("button", name="Voir l’aperçu").last)
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
    press(page.get_by_role("button", name="Mettre en vigueur"))
    expect(page.get_by_role("main")).to_contain_text("Les dates sont en vigueur.")
    assert not clerk.barriers()

    visitor.page.reload()
    expect(visitor.page.get_by_role("main")).to_contain_text(f"{name}, le port")
    expect(visitor.page.get_by_role("main")).to_contain_text(f"{name}, les quais")
    press(page.get_by_role("button", name="Annuler la dernière modification"))
    expect(page.get_by_role("main")).to_contain_text("La dernière modification est annulée.")
    visitor.open(f"/carte/{TERRITORY}/liste?jour=2027-07-14&heure=20:00")
    expect(visitor.page.get_by_role("main")).not_to_contain_text(name)
