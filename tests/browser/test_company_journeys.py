"""Journeys of a company: sign up, bring a fleet, ask for access."""

from __future__ import annotations

import random

import pytest
from playwright.sync_api import expect

from portal.runtime.demo.names import plate_of, siret_of
from portal.territories.demo_town import Town
from tests.browser.conftest import PersonMaker
from tests.browser.errands import STADIUM_RED, event_errand
from tests.browser.pages.access import RequestForm, RequestPage, shown_map
from tests.browser.pages.company import Fleet, NewCompany, SignUp, Team
from tests.browser.people import Device

DICE = random.SystemRandom()


def test_florist_signs_up_confirms_and_invites_when_she_comes_by_the_front_door(
    person: PersonMaker, device: Device
) -> None:
    number = DICE.randrange(300_000, 999_999)
    company = NewCompany(siret=siret_of(number), email=f"adele{number}@fleurs-du-bastion.fr")
    florist = person(None, device)
    sign_up = SignUp(florist)
    sign_up.begin()
    sign_up.fill(NewCompany(siret=company.siret[:-1] + str((int(company.siret[-1]) + 1) % 10), email=company.email))
    florist.expects(422)
    sign_up.send()
    page = florist.page
    expect(page.get_by_label("SIRET de l’entreprise")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Nom de l’entreprise")).to_have_value(company.name)

    sign_up.fill(company)
    sign_up.send()
    expect(page.get_by_role("heading", level=1)).to_have_text("Un courriel vous attend")
    sign_up.confirm_by_mail(company)
    if "/connexion" in page.url:
        florist.sign_in(company.email, company.password)
    expect(page.get_by_role("heading", level=1)).to_have_text(company.name)

    colleague = f"colin{number}@fleurs-du-bastion.fr"
    Team(florist).invite(colleague)
    expect(page.get_by_role("main")).to_contain_text(colleague)
    driver = person(None, device)
    Team(driver).accept(colleague, "Colin Aubertin", "encore-un-bouquet-de-roses")
    expect(driver.page.get_by_role("heading", level=1)).to_have_text(company.name)


def test_florist_adds_two_vans_when_she_types_them(person: PersonMaker, device: Device) -> None:
    florist = person("fleuriste", device)
    florist.open(f"{florist.company_path()}/vehicules")
    first, second = (plate_of(number) for number in DICE.sample(range(100_000, 199_999), 2))
    fleet = Fleet(florist)
    for plate in (first, second):
        fleet.add(plate)
        expect(florist.page.get_by_role("row", name=plate)).to_be_visible()
    fleet.page.get_by_role("link", name="Ajouter un véhicule").click()
    florist.expects(422)
    fleet.page.get_by_label("Immatriculation").fill(first.replace("-", "").lower())
    fleet.page.get_by_label("PTAC").fill("3500")
    fleet.page.get_by_role("button", name="Enregistrer").click()
    expect(fleet.page.get_by_label("Immatriculation")).to_have_attribute("aria-invalid", "true")
    expect(fleet.page.get_by_label("PTAC")).to_have_value("3500")


def test_wholesaler_mends_rows_cell_by_cell_when_the_file_has_faults(person: PersonMaker, device: Device) -> None:
    wholesaler = person("grossiste", device)
    wholesaler.open(f"{wholesaler.company_path()}/vehicules/fichier")
    plates = [plate_of(number) for number in DICE.sample(range(100_000, 199_999), 60)]
    lines = [f"{plate};{3500};2,{number % 9}0" for number, plate in enumerate(plates)]
    lines[1] = f"{plates[1]};douze;2,10"
    lines[4] = f"{plates[4]};3500;vingt"
    fleet = Fleet(wholesaler)
    page = wholesaler.page
    fleet.send_file("flotte.csv", "\n".join(["Plaque;PTAC;Hauteur", *lines]).encode("cp1252"))
    assert fleet.faults() == [(f"Ligne 3 {plates[1]}", ["PTAC"]), (f"Ligne 6 {plates[4]}", ["Hauteur"])]
    assert wholesaler.barriers() == []
    assert wholesaler.overflow_px() <= 0

    fleet.correct(3, "PTAC", "3,5 t")
    expect(page.get_by_role("button", name="Enregistrer les 59 véhicules")).to_be_visible()
    expect(page.get_by_role("heading", name="1 ligne à corriger")).to_be_visible()
    fleet.correct(6, "Hauteur", "2,10")
    expect(page.get_by_role("heading", name="Tout est corrigé")).to_be_visible()
    page.get_by_role("button", name="Enregistrer les 60 véhicules").click()
    # Progress, then the result: nobody touches the page.
    expect(page.get_by_text("C’est enregistré : 60 véhicules ajoutés")).to_be_visible()
    page.get_by_role("link", name="Voir la flotte").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Véhicules")


@pytest.mark.slow
def test_request_shows_map_route_and_demands_by_itself_when_it_is_filed(
    person: PersonMaker, device: Device, town: Town
) -> None:
    errand = event_errand(town)
    florist = person("fleuriste", device)
    form = RequestForm(florist)
    form.open()
    expect(florist.page.get_by_role("group", name="Quand")).not_to_contain_text("facultatif")
    form.choose_vehicles("GA-001-VA")
    form.choose_hours(errand)
    form.type_stop(0, errand.start)
    form.type_stop(1, errand.goal)
    form.add_stop()
    form.point_stop(2)
    assert all(form.point_of(number) != ("", "") for number in range(3))
    form.explain(errand.reason)
    form.send()

    found = RequestPage(florist)
    found.wait_until_computed()
    expect(found.perimeters().filter(has_text=STADIUM_RED)).to_contain_text("Rouge")
    shown = shown_map(florist.page.get_by_role("main"))
    expect(shown.locator(".j-pin")).to_have_count(3)
    expect(florist.page.get_by_role("main")).to_contain_text("Distance")
    expect(florist.page.get_by_role("table", name="Véhicules")).to_contain_text("GA-001-VA")
    assert florist.overflow_px() <= 0
