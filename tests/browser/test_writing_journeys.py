"""Journeys of a clerk who writes the law: an order by its street, published, seen by everybody, amended, withdrawn."""

from __future__ import annotations

from datetime import date, timedelta

from playwright.sync_api import expect

from portal.common.ids import new_id
from tests.browser.conftest import PersonMaker
from tests.browser.errands import far_day
from tests.browser.pages.keys import press, type_over
from tests.browser.pages.public_map import PublicMap
from tests.browser.pages.writing import OrderPages
from tests.browser.people import DESKTOP, PHONE, Person

# No alarm rises there, so that nobody else has to sign.
STREET = "Rue de la Victoire"


def _said_there(visitor: Person, day: date) -> str:
    """What everybody is told of the street at noon."""
    PublicMap(visitor).open_at(f"jour={day}&heure=12:00&adresse={STREET}&profil=pl12")
    answer = visitor.page.locator("#ici")
    expect(answer).to_contain_text(STREET)
    return answer.inner_text()


def test_order_is_written_published_seen_amended_and_withdrawn_with_the_keyboard(person: PersonMaker) -> None:
    clerk, visitor = person("agent", DESKTOP), person(None, PHONE)
    pages, day = OrderPages(clerk, looked_at=True, by_keyboard=True), far_day()
    page, keyboard = clerk.page, clerk.page.keyboard
    title = f"Grue {STREET.lower()}"
    pages.start()
    pages.say_who(title, new_id().hex[-12:])
    pages.wait_until_saved()
    page.reload()
    expect(page.get_by_label("Titre")).to_have_value(title)
    press(page.get_by_label("Titre"))
    pages.at("Que règle la mesure")
    press(page.get_by_role("radio", name="Circulation interdite"), "ArrowDown")
    keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Vitesse limitée")).to_be_checked()
    keyboard.press("Tab")
    keyboard.type("30")
    keyboard.press("Enter")
    pages.at("Où la mesure")
    pages.add_street(STREET)
    expect(page.locator("#apercu")).to_contain_text("Vitesse limitée à 30")
    press(page.get_by_role("link", name="Quoi"))
    pages.at("Que règle la mesure")
    press(page.get_by_role("radio", name="Vitesse limitée"), "ArrowUp")
    keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="Circulation interdite")).to_be_checked()
    pages.go_on()
    pages.at("Où la mesure")
    pages.go_on()
    pages.at("Quand la mesure")
    pages.say_when(day, day - timedelta(days=1))
    pages.go_on()
    clerk.expects(422)
    expect(page.locator("#periods-0-end_day-error")).to_contain_text("La fin doit venir après le début")
    pages.say_when(day, day)
    expect(page.locator("#heures")).to_contain_text("00:00–22:00")
    expect(page.locator(".j-field__error")).to_have_count(0)
    pages.go_on()
    pages.at("Pour qui")
    press(page.get_by_role("radio", name="à tous les véhicules"), "ArrowDown")
    expect(page.get_by_label("à certains véhicules seulement")).to_be_checked()
    type_over(page.locator("#bound-gross_weight_kg"), "7,5")
    keyboard.press("Tab")
    expect(page.locator("#apercu")).to_contain_text("véhicules de plus de 7,5 t de PTAC")
    pages.go_on()
    pages.at("Relire et publier")
    assert title not in _said_there(visitor, day)
    pages.study_and_publish()
    order = page.url
    assert title in _said_there(visitor, day)

    press(page.get_by_role("button", name="Modifier", exact=True))
    pages.at("Qui prend")
    press(page.get_by_role("link", name="Pour qui"))
    pages.at("Pour qui")
    type_over(page.locator("#bound-gross_weight_kg"), "19")
    pages.go_on()
    pages.at("Relire et publier")
    pages.study_and_publish()
    assert title not in _said_there(visitor, day)

    page.goto(order)
    press(page.get_by_role("link", name="Retirer", exact=True))
    type_over(page.get_by_label("Motif").or_(page.locator("#reason")).first, "La grue est repartie.")
    press(page.get_by_role("button", name="Retirer l’arrêté"))
    expect(page.get_by_role("main")).to_contain_text("Retiré")


def test_both_texts_are_shown_when_two_clerks_write_the_same_step(person: PersonMaker) -> None:
    first, second = person("agent", DESKTOP), person("superviseur", DESKTOP)
    pages = OrderPages(first)
    pages.start()
    second.open(first.page.url)
    second.page.get_by_label("Titre").fill("Titre de la superviseure")
    OrderPages(second).wait_until_saved()
    first.expects(409)
    first.page.get_by_label("Titre").fill("Titre de la greffière")
    clash = first.page.locator("#autre-version")
    expect(clash).to_contain_text("Titre de la superviseure")
    expect(clash).to_contain_text("Titre de la greffière")
    clash.get_by_role("button", name="Garder ma version").click()
    first.page.wait_for_load_state()
    expect(first.page.locator("#autre-version")).to_be_empty()
    second.page.reload()
    expect(second.page.get_by_label("Titre")).to_have_value("Titre de la greffière")
