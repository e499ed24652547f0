"""The pages on which a clerk writes an order, as one uses them."""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser.pages.access import shown_map
from tests.browser.pages.keys import choose, press, type_clock, type_day, type_over
from tests.browser.people import TERRITORY, Person, settled

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

DESK = f"/territoires/{TERRITORY}/numeriz"
# A place is looked up and an effect is measured by a machine that many tests share.
LOOKED_UP_MS = 60_000


class OrderPages:
    """The form of an order step by step, its last reading, and what it has become."""

    def __init__(self, clerk: Person, *, looked_at: bool = False, by_keyboard: bool = False) -> None:
        """looked_at: each step is searched for barriers when one first comes to it. by_keyboard: nothing is clicked."""
        self.clerk, self.looked_at, self.by_keyboard = clerk, looked_at, by_keyboard
        self.page: Page = clerk.page
        self._seen: set[str] = set()

    def do(self, control: Locator) -> None:
        """Press a button, or follow a link."""
        if self.by_keyboard:
            press(control)
        else:
            control.click()

    def write(self, field: Locator, text: str) -> None:
        """Write a text in the place of what a field holds."""
        if self.by_keyboard:
            type_over(field, text)
        else:
            field.fill(text)

    def start(self) -> None:
        """Begin a new order."""
        self.clerk.open(f"{DESK}/redaction")
        self.do(self.page.get_by_role("button", name="Écrire un arrêté").first)
        self.at("Qui prend l’arrêté")

    def at(self, question: str) -> None:
        """Wait for the step that asks this."""
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(question)
        if question not in self._seen:
            self._look()
            self._seen.add(question)

    def _look(self) -> None:
        if self.looked_at:
            assert self.clerk.barriers() == [] and self.clerk.overflow_px() <= 0

    def go_on(self) -> None:
        """Press the button that leads to the next step."""
        settled(self.page)
        self.do(
            self.page.locator("#etape").get_by_role("button", name=re.compile("^(Continuer|Relire l’arrêté)$")).last
        )

    def say_who(self, title: str, identifier: str) -> None:
        """Fill in the first step."""
        self.write(self.page.get_by_label("Titre"), title)
        self.write(self.page.get_by_label("Numéro de l’arrêté"), identifier)
        self.write(self.page.get_by_label("Autorité qui signe l’arrêté"), "Ville de Valmarin-sur-Orle")
        if self.by_keyboard:
            choose(self.page.locator("#subject"), "roadworks")
        else:
            self.page.locator("#subject").select_option("roadworks")

    def wait_until_saved(self) -> None:
        """Wait until the page has saved itself."""
        with self.page.expect_response(lambda answer: answer.request.method == "POST"):
            pass
        expect(self.page.locator("#enregistre")).to_contain_text("Enregistré le")

    def add_place(self, kind: str) -> None:
        """Begin a place of the measure: by a street, by a line, by a polygon."""
        choice = self.page.locator(f'input[name="kind"][value="{kind}"]')
        if not choice.is_checked():
            choice.check()
        self.do(self.page.get_by_role("button", name="Ajouter ce lieu"))
        self.at("Où est le lieu")

    def add_street(self, name: str) -> None:
        """Add a street by its name, and keep what was found."""
        self.add_place("street")
        self.write(self.page.get_by_label("Nom de la rue"), name)
        if self.by_keyboard:
            self.page.keyboard.press("Enter")
        else:
            self.page.get_by_role("button", name="Chercher et montrer").click()
        expect(self.page.locator("#lieu")).to_contain_text("retenu", timeout=LOOKED_UP_MS)
        self.keep_place()

    def keep_place(self) -> None:
        """Keep the place that is shown."""
        settled(self.page)
        self.do(self.page.get_by_role("button", name="Valider ce lieu"))
        self.at("Où la mesure")

    def say_when(self, first: date, last: date) -> None:
        """Fill in whole days, the last one until the evening."""
        for end, day, clock in (("start", first, time(0)), ("end", last, time(22))):
            day_field = self.page.locator(f"#periods-0-{end}_day")
            clock_field = self.page.locator(f"#periods-0-{end}_time")
            if self.by_keyboard:
                type_day(day_field, day)
                type_clock(clock_field, clock)
            else:
                day_field.fill(day.isoformat())
                clock_field.fill(f"{clock:%H:%M}")

    def study_and_publish(self) -> None:
        """See what the order would do, then publish it."""
        settled(self.page)
        self.do(self.page.get_by_role("link", name="Étudier les effets").first)
        self.do(self.page.get_by_role("button", name=re.compile("^Étudier")).first)
        expect(self.page.get_by_role("main")).to_contain_text("Rues concernées", timeout=LOOKED_UP_MS)
        self.do(self.page.get_by_role("link", name="Relire et publier").first)
        self.at("Relire et publier")
        self._look()
        shown_map(self.page.get_by_role("main"))
        self.do(self.page.get_by_role("button", name=re.compile("^Publier")))
        expect(self.page.get_by_role("main")).to_contain_text("Publié")
