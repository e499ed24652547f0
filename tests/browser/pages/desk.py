"""The clerk's queue and answers, and the agent's control."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from playwright.sync_api import Locator, expect

from tests.browser.people import TERRITORY, Person


class Desk:
    """The queue of requests."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def open(self) -> None:
        self.person.open(f"/territoires/{TERRITORY}/guichet")

    def filter_by(self, number: str) -> None:
        self.page.get_by_label("Numéro ou plaque").fill(number)
        self.page.get_by_role("button", name="Filtrer").click()

    def rows(self) -> Locator:
        return self.page.get_by_role("table", name="Demandes").locator("tbody tr")

    def open_request(self, number: str) -> None:
        self.page.get_by_role("link", name=number).click()

    def find(self, number: str) -> None:
        """Open a request from the queue."""
        self.open()
        self.filter_by(number)
        self.open_request(number)

    def refuse_many(self, numbers: list[str], reason: str, message: str) -> None:
        """Tick requests of the queue, look at what a refusal of all would do, and confirm it."""
        for number in numbers:
            self.page.get_by_role("checkbox", name=re.compile(number)).check()
        self.page.get_by_text("Répondre à toutes les demandes cochées").click()
        self.page.get_by_label("Refuser").check()
        self.page.get_by_label("Motif du refus").select_option(label=reason)
        self.page.get_by_label("Message à l’entreprise").fill(message)
        self.page.get_by_role("button", name="Voir ce que cela donnerait").click()
        self.page.get_by_role("button", name=re.compile("Enregistrer la réponse pour")).click()

    def press(self, keys: str) -> None:
        """Press keys one after the other, the focus wherever it is."""
        for key in keys:
            self.page.keyboard.press(key)

    def take_back(self) -> None:
        """Take back the batch whose page is shown."""
        self.page.locator("summary", has_text="Annuler jusqu’à").click()
        self.page.get_by_role("button", name="Annuler la décision groupée").click()


class Answer:
    """The answer on the page of one request."""

    def __init__(self, person: Person) -> None:
        self.page = person.page
        self.form = self.page.locator("#decision-zone form")

    def only(self, plate: str) -> None:
        """Tick one vehicle alone."""
        for box in self.form.get_by_role("checkbox").all():
            box.set_checked(box.get_attribute("aria-label") == plate)
        self.form.get_by_label(plate).check()

    def approve(self) -> None:
        self.form.get_by_label("Approuver").check()
        self.send()

    def refuse(self, reason: str, message: str) -> None:
        self.form.get_by_label("Refuser").check()
        self.form.get_by_label("Motif du refus").select_option(label=reason)
        self.form.get_by_label("Message à l’entreprise").fill(message)
        self.send()

    def send(self) -> None:
        self.form.get_by_role("button", name="Enregistrer la réponse").click()

    def of(self, plate: str) -> Locator:
        """Return the line of the answers table for a vehicle."""
        return self.page.get_by_role("table", name="Véhicules").get_by_role("row", name=re.compile(plate))

    def revoke(self, plate: str, reason: str) -> None:
        """Take back the pass of a vehicle."""
        row = self.page.get_by_role("table", name="Laissez-passer délivrés").get_by_role("row", name=re.compile(plate))
        row.locator("summary", has_text="Révoquer").click()
        row.get_by_label("Motif de la révocation").select_option(label=reason)
        row.get_by_role("button", name="Révoquer le laissez-passer").click()
        expect(row).to_contain_text("Révoqué")


class Control:
    """What an agent does beside a vehicle."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def scan(self, code: str) -> None:
        """Open what the code says, on this portal: passes of the seed carry the address it was prepared for."""
        self.person.open(urlsplit(code).path)

    def look_up(self, plate: str) -> None:
        self.person.open(f"/territoires/{TERRITORY}/controle")
        self.page.get_by_label("Plaque ou numéro").fill(plate)
        self.page.get_by_role("button", name="Vérifier").click()

    def tone(self) -> str:
        """Return the colour of the answer: green, orange or red."""
        verdict = self.page.locator(".j-verdict").first
        expect(verdict).to_be_visible()
        found = re.search(r"j-verdict--(\w+)", verdict.get_attribute("class") or "")
        assert found
        return found.group(1)
