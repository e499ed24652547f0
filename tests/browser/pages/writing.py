"""The pages on which a clerk writes an order, as one uses them."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.pages.access import shown_map
from tests.browser.people import TERRITORY, Person, settled

if TYPE_CHECKING:
    from playwright.sync_api import Page

DESK = f"/territoires/{TERRITORY}/numeriz"
# A place is looked up and an effect is measured by a machine that many tests share.
LOOKED_UP_MS = 60_000


class OrderPages:
    """The form of an order step by step, its last reading, and what it has become."""

    def __init__(self, clerk: Person, *, looked_at: bool = False) -> None:
        """looked_at: each step is searched for barriers too."""
        self.clerk, self.looked_at = clerk, looked_at
        self.page: Page = clerk.page

    def start(self) -> None:
        """Begin a new order."""
        self.clerk.open(f"{DESK}/redaction")
        self.page.get_by_role("button", name="Écrire un arrêté").first.click()
        self.at("Qui prend l’arrêté")

    def at(self, question: str) -> None:
        """Wait for the step that asks this."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(question)
        if self.looked_at:
            assert self.clerk.barriers() == [] and self.clerk.overflow_px() <= 0

    def go_on(self) -> None:
        """Press the button that leads to the next step."""
        self._settle()
        self.page.locator("#etape").get_by_role("button", name=re.compile("^(Continuer|Relire l’arrêté)$")).last.click()

    def say_who(self, title: str, identifier: str) -> None:
        """Fill in the first step."""
        self.page.get_by_label("Titre").fill(title)
        self.page.get_by_label("Numéro de l’arrêté").fill(identifier)
        self.page.get_by_label("Autorité qui signe l’arrêté").fill("Ville de Valmarin-sur-Orle")
        self.page.locator("#subject").select_option("roadworks")

    def wait_until_saved(self) -> None:
        """Wait until the page has saved itself."""
        with self.page.expect_response(lambda answer: answer.request.method == "POST"):
            pass
        expect(self.page.locator("#enregistre")).to_contain_text("Enregistré le")

    def add_street(self, name: str) -> None:
        """Add a street by its name, and keep what was found."""
        self.page.get_by_role("button", name="Ajouter ce lieu").click()
        self.at("Où est le lieu")
        self.page.get_by_label("Nom de la rue").fill(name)
        self.page.get_by_role("button", name="Chercher et montrer").click()
        expect(self.page.locator("#lieu")).to_contain_text("retenu", timeout=LOOKED_UP_MS)
        self._settle()
        self.page.get_by_role("button", name="Valider ce lieu").click()
        self.at("Où la mesure")

    def say_when(self, first: date, last: date) -> None:
        """Fill in whole days, the last one until the evening."""
        self.page.locator("#periods-0-start_day").fill(first.isoformat())
        self.page.locator("#periods-0-start_time").fill("00:00")
        self.page.locator("#periods-0-end_day").fill(last.isoformat())
        self.page.locator("#periods-0-end_time").fill("22:00")

    def study_and_publish(self) -> None:
        """See what the order would do, then publish it."""
        self._settle()
        self.page.get_by_role("link", name="Étudier les effets").first.click()
        self.page.get_by_role("button", name=re.compile("^Étudier")).first.click()
        expect(self.page.get_by_role("main")).to_contain_text("Rues concernées", timeout=LOOKED_UP_MS)
        self.page.get_by_role("link", name="Relire et publier").first.click()
        self.at("Relire et publier")
        self._settle()
        self.page.get_by_role("button", name=re.compile("^Publier")).click()
        expect(self.page.get_by_role("main")).to_contain_text("Publié")

    def _settle(self) -> None:
        """Wait until the map of the page has all its tiles: one that is left while it loads complains."""
        settled(self.page)
        if self.page.locator("main [data-map]").count():
            shown_map(self.page.get_by_role("main"))
            self.page.wait_for_load_state("networkidle")
        expect(self.page.locator(".leaflet-tile:not(.leaflet-tile-loaded)")).to_have_count(0)
