"""What a dispatcher does with a tour: ask, read the answer, share, compare."""

from __future__ import annotations

from collections.abc import Sequence

from playwright.sync_api import expect

from tests.browser.pages.access import Errand
from tests.browser.people import PATIENCE_MS, Person


class TourForm:
    """The form of a tour."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def open(self) -> None:
        """Come to the form from the list."""
        self.person.follow("Itinéraires")
        self.page.get_by_role("main").get_by_role("link", name="Calculer un itinéraire").click()

    def describe_lorry(self, weight_t: str) -> None:
        """Take a vehicle that is not in the fleet: it holds no pass."""
        self.page.get_by_label("Véhicule", exact=True).select_option("autre")
        self.page.get_by_text("Décrire un autre véhicule").click()
        self.page.get_by_label("PTAC (tonnes)").fill(weight_t)

    def leave(self, errand: Errand, hour: str) -> None:
        """Choose the day of an errand and an hour."""
        self.page.get_by_label("Jour", exact=True).fill(f"{errand.starts_at:%Y-%m-%d}")
        self.page.get_by_label("Heure", exact=True).fill(hour)

    def type_stops(self, addresses: Sequence[str]) -> None:
        """Type the addresses, adding stops as needed."""
        for number, address in enumerate(addresses):
            if number > 1:
                self.page.get_by_role("button", name="Ajouter un arrêt").click()
            field = self.page.locator(f"#stops-{number}-address")
            field.fill(address)
            # The suggestions would lie over the next field.
            field.press("Tab")

    def serve_between(self, number: int, hours: str) -> None:
        """Give a stop its hours."""
        self.page.locator(f"#stops-{number}-hours").fill(hours)

    def send(self) -> None:
        """Ask for the tour."""
        self.page.get_by_role("button", name="Calculer l’itinéraire").last.click()


class TourPage:
    """A tour of the company."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def wait_until_computed(self) -> None:
        """Wait for the answer: nobody touches the page."""
        expect(self.page.get_by_role("heading", name="Carte", exact=True)).to_be_visible(timeout=PATIENCE_MS)

    def share(self) -> str:
        """Make a link for the driver; return it."""
        self.page.get_by_role("link", name="Partager au conducteur").click()
        self.page.get_by_role("button", name="Créer le lien").click()
        link = self.page.locator("#lien")
        expect(link).to_be_visible()
        return str(link.get_attribute("href"))
