"""What every page owes everybody: no barrier found by axe-core, no line wider than the screen, no dead end."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PersonMaker
from tests.browser.people import DESKTOP, PHONE, TERRITORY, Device, Person, settled

DESK = f"/territoires/{TERRITORY}"

# C stands for the company's own path; `page > part` follows the first link of the page that ends so, ID any identifier.
PAGES: dict[str | None, tuple[str, ...]] = {
    None: (
        "/",
        "/connexion",
        "/inscription",
        "/mot-de-passe-oublie",
        f"/carte/{TERRITORY}",
        f"/carte/{TERRITORY}/liste",
        f"/carte/{TERRITORY}/liste > /perimetres/ID",
        f"/carte/{TERRITORY}/liste?genre=evenements",
        f"/carte/{TERRITORY}/liste?genre=panneaux",
        f"/carte/{TERRITORY}/liste?genre=arretes&profil=pl19",
        f"/carte/{TERRITORY}/semaine",
        f"/carte/{TERRITORY}/semaine?rue=Rue+de+la+République",
        f"/carte/{TERRITORY}/alertes",
        f"/carte/{TERRITORY}/alertes?adresse=1+Rue+de+la+République",
        f"/carte/{TERRITORY}/alertes/demandee",
        f"/carte/{TERRITORY}/alertes/lien-perdu",
        f"/carte/{TERRITORY}/integrer",
        f"/carte/{TERRITORY}/widget",
        f"/carte/{TERRITORY}/ici?adresse=1+Rue+de+la+République&profil=pl12",
        "/donnees",
        f"/donnees/{TERRITORY}",
        "/v/illisible",
        "/dev/outbox",
        "/page-qui-n-existe-pas",
    ),
    "fleuriste": (
        "C",
        "C/fiche",
        "C/equipe",
        "C/vehicules",
        "C/vehicules > /vehicules/ID",
        "C/vehicules > /vehicules/ID > /preter",
        "C/vehicules/nouveau",
        "C/vehicules/fichier",
        "C/vehicules/prets",
        "C/demandes",
        "C/demandes/nouvelle",
        "C/demandes > /demandes/ID",
        "C/laissez-passer",
        "C/laissez-passer > /laissez-passer/ID",
        "C/laissez-passer > /laissez-passer/ID > /conducteur",
        "C/journal",
        "C/itineraires",
        "C/itineraires/nouveau",
        "C/itineraires > /itineraires/ID",
        "/mon-compte",
        "/entreprises/nouvelle",
    ),
    "agent": (
        f"{DESK}/guichet",
        f"{DESK}/guichet > /guichet/ID",
        f"{DESK}/numeriz",
        f"{DESK}/numeriz/arretes",
        f"{DESK}/numeriz/arretes > /arretes/ID",
        f"{DESK}/numeriz/arretes > /arretes/ID > /arretes/ID/versions",
        f"{DESK}/numeriz/arretes > /arretes/ID > /arretes/ID/retirer",
        f"{DESK}/numeriz/redaction",
        f"{DESK}/numeriz/perimetres",
        f"{DESK}/numeriz/perimetres > /perimetres/ID",
        f"{DESK}/numeriz/aires",
        f"{DESK}/numeriz/evenements",
        f"{DESK}/numeriz/flux",
        f"{DESK}/numeriz/sante",
        f"{DESK}/numeriz/sante/texte-libre",
        f"{DESK}/numeriz/importer",
    ),
    "superviseur": (
        f"{DESK}/numeriz/flux",
        f"{DESK}/controle/tableau",
        f"{DESK}/guichet > /guichet/ID > /entreprises/ID",
        f"{DESK}/journal",
        f"{DESK}/quotas",
        f"{DESK}/reglages",
        f"{DESK}/regles",
        f"{DESK}/regles > /regles/ID",
        f"{DESK}/regles > /regles/ID > /modification",
        f"{DESK}/regles/essai",
        f"{DESK}/regles/nouvelle",
    ),
    "controle": (f"{DESK}/controle", "/controle", "/controle/exercice"),
    "administrateur": (f"{DESK}/administration", f"{DESK}/agents", f"{DESK}/journal"),
}

_ID = "[0-9a-f]{8}-[0-9a-f-]{27}"


def _open(visitor: Person, entry: str, company: str, links: dict[str, list[str]]) -> None:
    """Open a page of the table; where it names links, follow them. links: those of each entry that was opened."""
    start, _, part = entry.rpartition(" > ")
    if start and start not in links:
        _open(visitor, start, company, links)
    if start:
        end = re.compile(part.replace("ID", _ID) + "$")
        path = next((href for href in links[start] if end.search(href.partition("?")[0])), "")
        assert path, f"{entry}: no link to {part} on the page of {start}"
    else:
        path = re.sub(r"^C", company, part)
    visitor.open(path)
    settled(visitor.page)
    hrefs = "links => links.map((link) => link.getAttribute('href'))"
    links[entry] = visitor.page.locator("main a[href]").evaluate_all(hrefs)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES, ids=lambda name: name or "nobody")
def test_page_has_no_barrier_and_fits_both_screens_when_it_is_opened(person: PersonMaker, name: str | None) -> None:
    visitor = person(name)
    visitor.expects(404)
    company = visitor.company_path() if name == "fleuriste" else ""
    found: list[str] = []
    links: dict[str, list[str]] = {}
    for entry in PAGES[name]:
        _open(visitor, entry, company, links)
        for device in (PHONE, DESKTOP):
            visitor.take(device)
            found += visitor.barriers()
            if visitor.overflow_px() > 0:
                found.append(f"{entry}: {visitor.overflow_px()} px wider than the screen of {device.width} px")
        if visitor.page.locator("main a, main button, nav a").count() == 0 and "/v/" not in entry:
            found.append(f"{entry}: a dead end")
    assert not found, "\n".join(found)


def test_administrator_invites_a_clerk_and_keeps_the_settings_when_he_is_on_his_pages(
    person: PersonMaker, device: Device
) -> None:
    administrator = person("administrateur", device)
    page = administrator.open(f"{DESK}/administration")
    for notice in ("Ville inventée.", ""):
        page.get_by_label("Avertissement légal").fill(notice)
        page.get_by_role("button", name="Enregistrer").click()
        expect(page.get_by_role("status").locator(".j-banner")).to_be_visible()
        expect(page.get_by_label("Avertissement légal")).to_have_value(notice)

    administrator.follow("Agents")
    expect(page.get_by_role("table", name="Agents et rôles")).to_contain_text("Sophie Lenormand")
    email = f"nouvelle.{device.name}@{TERRITORY}-demo.fr"
    page.get_by_label("Adresse électronique").fill(email)
    page.get_by_label("Rôle", exact=True).select_option(index=0)
    page.get_by_role("button", name="Envoyer l’invitation").click()
    expect(page.get_by_role("main")).to_contain_text(email)
    expect(administrator.mail(email, "")).to_contain_text("Valmarin-sur-Orle")
