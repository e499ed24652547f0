"""The public map, for whoever passes by."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, expect

from tests.browser.pages.access import shown_map
from tests.browser.people import TERRITORY, Person


class PublicMap:
    """The map of the territory and the list that says the same."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def open(self) -> Locator:
        """Come by the front door; return the map once drawn."""
        self.person.open("/")
        self.page.get_by_role("main").get_by_role("link", name="Valmarin-sur-Orle").first.click()
        return shown_map(self.page.get_by_role("main"))

    def choose(self, day: date, hour: str) -> Locator:
        """Set day and hour; return the map once drawn for them."""
        field = self.page.get_by_label("Jour", exact=True)
        field.fill(day.isoformat())
        field.blur()
        self.page.wait_for_url(lambda url: day.isoformat() in url)
        hours = self.page.get_by_label("Heure", exact=True)
        hours.fill(hour)
        hours.blur()
        self.page.wait_for_url(lambda url: f"heure={hour}" in url)
        return shown_map(self.page.get_by_role("main"))

    def letters(self) -> list[str]:
        """Return the letters written on the perimeters now shown."""
        return sorted(self.page.locator(".j-map .j-letter").all_inner_texts())

    def click_letter(self, letter: str) -> None:
        """Click a perimeter where its letter stands."""
        sign = self.page.locator(".j-map .j-letter", has_text=letter).first
        sign.scroll_into_view_if_needed()
        box = sign.bounding_box()
        assert box
        self.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    def open_list(self) -> None:
        self.page.get_by_role("link", name="Voir le même contenu en liste").first.click()
        self.page.wait_for_url(f"**/carte/{TERRITORY}/liste*")

    def open_at(self, query: str = "") -> Locator:
        """Open the map by an address with its state; return it once drawn."""
        self.person.open(f"/carte/{TERRITORY}?{query}" if query else f"/carte/{TERRITORY}")
        return shown_map(self.page.get_by_role("main"))

    def state(self) -> dict[str, str]:
        """Return what the address of the page says now."""
        return {name: values[0] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def wait_for(self, **state: str) -> None:
        """Wait until the address says these."""
        self.page.wait_for_url(
            lambda url: state.items() <= {(n, v[0]) for n, v in parse_qs(urlsplit(url).query).items()}
        )

    def view(self, expression: str) -> Any:
        """Return what an expression over `view`, the map as its script knows it, gives."""
        return self.page.evaluate(
            """async () => {
              const { drawMap } = await import("/static/js/map.js");
              const view = await drawMap(document.querySelector("#carte"));
              return EXPRESSION;
            }""".replace("EXPRESSION", expression)
        )

    def titles(self, kind: str) -> list[str]:
        """Return the titles of what a layer shows at this instant."""
        found: list[str] = self.view(
            f"view.overlays.find(({{ kind }}) => kind === {kind!r}).items"
            ".filter(({ on }) => on).map(({ properties }) => properties.title)"
        )
        return found

    def find_address(self, address: str) -> None:
        """Type an address and take the first suggestion, by keyboard; wait for the answer."""
        field = self.page.get_by_role("combobox", name="Adresse")
        field.fill("")
        field.press_sequentially(address)
        expect(self.page.get_by_role("option").first).to_be_visible()
        field.press("ArrowDown")
        field.press("Enter")
        self.wait_for_answer()

    def wait_for_answer(self) -> None:
        """Wait until the answer beside the map is that of what is asked."""
        expect(self.page.locator("#ici .j-verdict")).to_be_visible()
        expect(self.page.locator("#ici")).not_to_have_attribute("aria-busy", "true")

    def verdict(self) -> str:
        self.wait_for_answer()
        return self.page.locator("#ici .j-verdict__word").inner_text()
