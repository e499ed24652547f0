"""A request for access, from the form to what was asked of whom, and the pass that comes of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from playwright.sync_api import Locator, expect

from tests.browser.people import Person


@dataclass(frozen=True, slots=True)
class Errand:
    """What is asked: local start and end, the address to start from and the one to reach."""

    starts_at: datetime
    ends_at: datetime
    start: str
    goal: str
    reason: str = "Livraison de fleurs fraîches."


class RequestForm:
    """The form of a request."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def open(self) -> None:
        """Come to the form from the company's requests."""
        self.person.open(f"{self.person.company_path()}/demandes")
        self.page.get_by_role("link", name="Nouvelle demande").click()

    def choose_vehicles(self, *plates: str) -> None:
        for plate in plates:
            self.page.get_by_label(re.compile(re.escape(plate))).check()

    def choose_hours(self, errand: Errand) -> None:
        self.page.get_by_label("Premier jour").fill(f"{errand.starts_at:%Y-%m-%d}")
        self.page.get_by_label("Heure de début").fill(f"{errand.starts_at:%H:%M}")
        self.page.get_by_label("Dernier jour").fill(f"{errand.ends_at:%Y-%m-%d}")
        self.page.get_by_label("Heure de fin").fill(f"{errand.ends_at:%H:%M}")

    def stop(self, number: int) -> Locator:
        """Return the group of a stop: 0 is the start."""
        name = "Départ" if number == 0 else f"Étape {number}"
        return self.page.get_by_role("group", name=name, exact=True)

    def type_stop(self, number: int, address: str) -> None:
        """Type an address and take the first suggestion by keyboard alone."""
        field = self.stop(number).get_by_role("combobox")
        field.fill("")
        field.press_sequentially(address)
        options = self.stop(number).get_by_role("listbox")
        # The list may still be that of the first letters.
        expect(options.get_by_role("option").first).to_contain_text(address)
        field.press("ArrowDown")
        expect(options.get_by_role("option", selected=True)).to_have_count(1)
        field.press("Enter")
        expect(options).to_be_hidden()

    def add_stop(self) -> None:
        self.page.get_by_role("button", name="Ajouter une étape").click()

    def point_stop(self, number: int) -> None:
        """Choose a point of the map as a stop, north-west of the town's middle."""
        group = self.stop(number)
        group.get_by_text("Choisir sur la carte").click()
        canvas = shown_map(group).locator(".j-map__canvas")
        box = canvas.bounding_box()
        assert box
        canvas.click(position={"x": box["width"] * 0.4, "y": box["height"] * 0.3})

    def point_of(self, number: int) -> tuple[str, str]:
        """Return the point (lon, lat) the form holds for a stop, as text."""
        group = self.stop(number)
        return group.locator("[data-address-lon]").input_value(), group.locator("[data-address-lat]").input_value()

    def explain(self, reason: str) -> None:
        self.page.get_by_label("Pourquoi devez-vous entrer").fill(reason)

    def send(self) -> None:
        self.page.get_by_role("button", name="Déposer la demande").last.click()


class RequestPage:
    """A request as the company sees it."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    @property
    def number(self) -> str:
        found = re.search(r"[A-Z]+-\d{4}-\d+", self.page.get_by_role("heading", level=1).inner_text())
        assert found
        return found.group(0)

    def wait_until_computed(self) -> None:
        """Wait, touching nothing, until the page says that a clerk will answer."""
        expect(self.page.get_by_text("Votre demande est complète")).to_be_visible(timeout=60_000)

    def perimeters(self) -> Locator:
        return self.page.get_by_role("table", name="Périmètres concernés").locator("tbody tr")


def file_request(person: Person, plates: tuple[str, ...], errand: Errand) -> str:
    """File a request, wait until it is computed, return its number."""
    form = RequestForm(person)
    form.open()
    form.choose_vehicles(*plates)
    form.choose_hours(errand)
    form.type_stop(0, errand.start)
    form.type_stop(1, errand.goal)
    form.explain(errand.reason)
    form.send()
    page = RequestPage(person)
    page.wait_until_computed()
    return page.number


def shown_map(place: Locator) -> Locator:
    """Return the map in a place once it is drawn with all its layers; a panel that loads brings its own."""
    expect(place.locator('[hx-trigger="load"]')).to_have_count(0)
    found = place.locator("[data-map]").first
    found.scroll_into_view_if_needed()
    expect(found).to_have_attribute("data-ready", "")
    return found
