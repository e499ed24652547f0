"""Journeys over where an order applies: edges taken out on the map, a line and a zone drawn, and law once published."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from portal.common.ids import new_id
from portal.territories.demo_town import Town
from tests.browser.conftest import PersonMaker
from tests.browser.errands import far_day
from tests.browser.pages.keys import draw_points
from tests.browser.pages.public_map import PublicMap
from tests.browser.pages.writing import LOOKED_UP_MS, OrderPages
from tests.browser.people import DESKTOP, PHONE, Person, settled

DRAWING = "#carte-lieu"
MAP = f"{DRAWING} .j-map__canvas"
TRACE = "#lieu-trace"
# Straight, and long enough for its ends to lie apart on a map of the whole town.
AVENUE = "Avenue de la Concorde"


def _shown(clerk: Person) -> None:
    """Wait until the map of a place can be drawn on."""
    clerk.page.locator(DRAWING).scroll_into_view_if_needed()
    settled(clerk.page)


def _drawn(clerk: Person) -> Any:
    text = clerk.page.locator(TRACE).input_value()
    return json.loads(text)["coordinates"] if text else []


def _buttons(clerk: Person) -> Locator:
    return clerk.page.locator(f"{DRAWING} .j-draw")


def _click_along(clerk: Person, line: list[tuple[float, float]]) -> None:
    """Click the points (lon, lat) of a line where they lie on the map."""
    spots = clerk.page.evaluate(
        """async (line) => {
          const { drawMap } = await import("/static/js/map.js");
          const { map } = await drawMap(document.querySelector("#carte-lieu"));
          return line.map(([lon, lat]) => map.latLngToContainerPoint([lat, lon]));
        }""",
        line,
    )
    for spot in spots:
        clerk.page.locator(MAP).click(position=spot)


def test_edge_is_taken_out_by_its_box_and_stays_out(person: PersonMaker) -> None:
    clerk = person("agent", DESKTOP)
    pages = OrderPages(clerk)
    pages.start()
    clerk.page.goto(f"{clerk.page.url.partition('?')[0]}/mesures/1/ou")
    pages.add_place("street")
    _shown(clerk)
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


def _draw_line(clerk: Person, town: Town) -> None:
    """Draw a line by keyboard, think again, and click the ends of an avenue."""
    draw_points(clerk.page.locator(DRAWING), "ArrowRight", "ArrowDown")
    assert len(_drawn(clerk)) == 3
    clerk.page.keyboard.press("Backspace")
    (west, north), (east, same) = _drawn(clerk)
    assert east > west and abs(same - north) < 1e-5
    expect(_buttons(clerk)).to_contain_text("2 points")
    _buttons(clerk).get_by_role("button", name="Effacer").click()
    assert _drawn(clerk) == []
    _buttons(clerk).get_by_role("button", name="Annuler").click()
    assert len(_drawn(clerk)) == 2
    _buttons(clerk).get_by_role("button", name="Effacer").click()
    avenue = next(street.line for street in town.streets if street.name == AVENUE)
    ends = [avenue[0], avenue[-1]]
    _click_along(clerk, ends)
    assert [pytest.approx(point, abs=1e-4) for point in ends] == _drawn(clerk)
    expect(clerk.page.locator("#lieu")).to_contain_text("retenu", timeout=LOOKED_UP_MS)


def _draw_zone(clerk: Person) -> None:
    """Draw a zone by hand and leave its first street free."""
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


def test_line_and_zone_are_on_the_map_when_the_order_drawn_on_two_screens_is_published(
    person: PersonMaker, town: Town
) -> None:
    title, day = f"Zone 30 {new_id().hex[-6:]}", far_day()
    desk = person("agent", DESKTOP)
    pages = OrderPages(desk)
    pages.start()
    pages.say_who(title, new_id().hex[-12:])
    pages.go_on()
    pages.at("Que règle la mesure")
    desk.page.get_by_role("radio", name="Vitesse limitée").check()
    desk.page.locator("#max_speed_kmh").fill("30")
    pages.go_on()
    pages.at("Où la mesure")
    where = desk.page.url
    pages.add_place("line")
    _shown(desk)
    _draw_line(desk, town)
    pages.keep_place()

    phone = person("agent", PHONE)
    phone.open(where)
    pages = OrderPages(phone)
    pages.add_place("polygon")
    _shown(phone)
    _draw_zone(phone)
    pages.at("Où est le lieu")
    assert phone.overflow_px() <= 0 and phone.faults() == [] and phone.barriers() == []
    pages.keep_place()
    pages.go_on()
    pages.at("Quand la mesure")
    pages.say_when(day, day)
    pages.go_on()
    pages.at("Pour qui")
    pages.go_on()
    pages.at("Relire et publier")
    pages.study_and_publish()

    public_map = PublicMap(person(None, DESKTOP))
    public_map.open_at(f"jour={day}&heure=12:00")
    told = "view.overlays.flatMap(({ items }) => items).flatMap(({ on, properties }) => on ? properties.lines : [])"
    assert sum(title in line for line in public_map.view(told)) == 2
