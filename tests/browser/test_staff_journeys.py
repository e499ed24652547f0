"""Journeys of those who decide and check: the clerk's queue, the pass, the agent beside the vehicle."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from portal.territories.demo_town import Town
from tests.browser.codes import codes_of_pdf, codes_on_screen
from tests.browser.conftest import PersonMaker
from tests.browser.errands import errand_now
from tests.browser.pages.access import file_request, shown_map
from tests.browser.pages.desk import Answer, Control, Desk
from tests.browser.people import PHONE, Device, Person, mailbox, settled

VANS = ("GA-001-VA", "GA-002-VA")
INSUFFICIENT = "Le motif ne justifie pas l’accès"


def test_clerk_answers_per_vehicle_and_second_clerk_is_told_when_both_decide(
    person: PersonMaker, device: Device, town: Town
) -> None:
    number = file_request(person("fleuriste", device), VANS, errand_now(town))
    clerk, supervisor = person("agent", device), person("superviseur", device)
    desk = Desk(clerk)
    desk.open()
    desk.filter_by(number)
    expect(desk.rows()).to_have_count(1)
    desk.open_request(number)
    expect(shown_map(clerk.page.get_by_role("main")).locator(".j-letter")).not_to_have_count(0)
    expect(clerk.page.get_by_role("table", name="Périmètres concernés")).to_contain_text("Rouge")
    Desk(supervisor).find(number)

    answer = Answer(clerk)
    answer.only(VANS[0])
    answer.approve()
    expect(answer.of(VANS[0])).to_contain_text("Approuvé")

    late = Answer(supervisor)
    supervisor.expects(409)
    late.refuse(INSUFFICIENT, "Trop tard.")
    expect(supervisor.page.locator(".j-banner--danger")).to_contain_text("Sophie Lenormand")
    expect(answer.of(VANS[0])).to_contain_text("Approuvé")

    answer.refuse(INSUFFICIENT, "Précisez le service de l’hôpital.")
    expect(answer.of(VANS[1])).to_contain_text("Refusé")
    expect(answer.of(VANS[1])).to_contain_text("Précisez le service de l’hôpital.")
    mail = clerk.mail(mailbox("fleuriste"), number)
    expect(mail).to_contain_text("Précisez le service de l’hôpital.")


def test_clerk_refuses_several_at_once_and_takes_it_back(person: PersonMaker, device: Device) -> None:
    clerk = person("agent", device)
    desk = Desk(clerk)
    desk.open()
    clerk.page.get_by_label("Couleur").select_option(label="Rouge")
    clerk.page.get_by_role("button", name="Filtrer").click()
    clerk.page.wait_for_url("**couleur=red**")
    boxes = clerk.page.get_by_role("checkbox", name=re.compile("Choisir la demande"))
    numbers = [str(box.get_attribute("aria-label")).split()[-1] for box in boxes.all()[:2]]
    assert len(numbers) == 2
    desk.refuse_many(numbers, INSUFFICIENT, "Dossier incomplet.")
    expect(clerk.page.get_by_role("status").first).to_contain_text("2")
    batch = clerk.page.url
    assert clerk.barriers() == [] and clerk.overflow_px() <= 0
    for number in numbers:
        desk.open()
        desk.filter_by(number)
        expect(desk.rows().first).to_contain_text("réponse prête")
    clerk.page.goto(batch)
    desk.take_back()
    desk.open()
    desk.filter_by(numbers[0])
    expect(desk.rows().first).not_to_contain_text("réponse prête")
    settled(clerk.page)
    assert clerk.overflow_px() <= 0


def test_clerk_goes_through_the_queue_with_the_keyboard(person: PersonMaker, device: Device) -> None:
    clerk = person("agent", device)
    desk = Desk(clerk)
    desk.open()
    boxes = clerk.page.get_by_role("checkbox", name=re.compile("Choisir la demande"))
    desk.press("jjxkxr")
    expect(boxes.nth(0)).to_be_checked()
    expect(boxes.nth(1)).to_be_checked()
    expect(clerk.page.get_by_label("Refuser")).to_be_checked()
    expect(clerk.page.get_by_label("Motif du refus")).to_be_focused()
    search = clerk.page.get_by_label("Numéro ou plaque")
    search.fill("")
    search.press_sequentially("ajx?")
    expect(search).to_have_value("ajx?")
    clerk.page.get_by_role("heading", level=1).click()
    desk.press("?")
    expect(clerk.page.locator("#raccourcis")).to_have_attribute("open", "")
    expect(boxes.nth(0)).to_be_checked()
    desk.press("jo")
    expect(clerk.page.get_by_role("heading", level=1)).to_contain_text("Demande")
    clerk.page.wait_for_load_state()
    first = clerk.page.url
    desk.press("j")
    expect(clerk.page).not_to_have_url(first)


def _issue_pass(person: PersonMaker, device: Device, town: Town) -> tuple[Person, Person, str]:
    """Give the florist a pass for her first van, valid now; return (florist, clerk on the request's page, number)."""
    florist, clerk = person("fleuriste", device), person("agent", device)
    number = file_request(florist, VANS[:1], errand_now(town))
    Desk(clerk).find(number)
    answer = Answer(clerk)
    answer.approve()
    expect(answer.of(VANS[0])).to_contain_text("Approuvé")
    return florist, clerk, number


@pytest.mark.slow
def test_pass_is_green_then_red_when_the_clerk_revokes_it(person: PersonMaker, device: Device, town: Town) -> None:
    florist, clerk, _number = _issue_pass(person, device, town)
    florist.page.reload()
    florist.page.get_by_role("link", name=re.compile(VANS[0])).click()
    expect(florist.page.get_by_role("heading", level=1)).to_have_text(VANS[0])
    scanned = codes_on_screen(florist.page)
    assert len(scanned) == 1 and scanned[0].lower().startswith(f"{florist.url}/v/")
    assert florist.overflow_px() <= 0

    link = florist.page.get_by_role("link", name="Carte PDF")
    card = florist.context.request.get(str(link.get_attribute("href")))
    assert card.ok and card.headers["content-type"] == "application/pdf"
    assert codes_of_pdf(card.body()) == scanned
    florist.page.get_by_role("link", name=re.compile("Panne")).click()
    expect(florist.page.get_by_role("heading", level=1)).to_contain_text(VANS[0])
    assert florist.barriers() == [] and florist.overflow_px() <= 0

    agent = person("controle", PHONE)
    control = Control(agent)
    control.scan(scanned[0])
    assert control.tone() == "green"
    expect(agent.page.locator(".j-verdict")).to_contain_text(VANS[0])
    control.look_up(VANS[0].replace("-", " ").lower())
    assert control.tone() == "green"

    Answer(clerk).revoke(VANS[0], "Usage abusif constaté")
    control.scan(scanned[0])
    assert control.tone() == "red"
    passer_by = Control(person(None, device))
    passer_by.scan(scanned[0])
    assert passer_by.tone() == "red"
    expect(passer_by.page.locator("main")).not_to_contain_text("Fleurs de l’Orle")


def test_pass_is_orange_when_it_is_not_yet_valid(person: PersonMaker, device: Device) -> None:
    florist = person("fleuriste", device)
    florist.open(f"{florist.company_path()}/laissez-passer")
    row = florist.page.get_by_role("row").filter(has_text="Pas encore valable").first
    row.get_by_role("link", name=re.compile("Montrer")).click()
    (scanned,) = codes_on_screen(florist.page)
    control = Control(person("controle", PHONE))
    control.scan(scanned)
    assert control.tone() == "orange"


def test_control_answers_red_when_the_code_or_the_plate_is_unknown(person: PersonMaker) -> None:
    control = Control(person("controle", PHONE))
    control.person.expects(404)
    control.scan("/v/ceci-n-est-pas-un-code")
    assert control.tone() == "red"
    control.look_up("ZZ-999-ZZ")
    assert control.tone() == "red"
