"""The public map, for whoever passes by."""

from __future__ import annotations

from datetime import date

from playwright.sync_api import Locator

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
