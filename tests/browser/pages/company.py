"""What a company does: sign up, invite, add vehicles by form or by file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Locator, expect

from tests.browser.people import Person


@dataclass(frozen=True, slots=True)
class NewCompany:
    """What is typed at the sign-up."""

    siret: str
    email: str
    password: str = "un-beau-bouquet-de-pivoines"
    name: str = "Fleurs du Bastion"
    full_name: str = "Adèle Morvan"


class SignUp:
    """From the front door to the confirmed account."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def begin(self) -> None:
        """Come in by the front door."""
        self.person.open("/")
        self.page.get_by_role("main").get_by_role("link", name="Créer un compte d’entreprise").click()

    def fill(self, company: NewCompany) -> None:
        """Type everything."""
        labels = {
            "SIRET de l’entreprise": company.siret,
            "Nom de l’entreprise": company.name,
            "Numéro et rue": "4 Passage Saint-Vrain",
            "Code postal": "00120",
            "Commune": "Valmarin-sur-Orle",
            "Prénom et nom": company.full_name,
            "Adresse électronique": company.email,
            "Mot de passe": company.password,
        }
        for label, value in labels.items():
            self.page.get_by_label(label).fill(value)

    def send(self) -> None:
        """Press the button of the form."""
        self.page.get_by_role("button", name="Créer mon compte").last.click()

    def confirm_by_mail(self, company: NewCompany) -> None:
        """Open the link of the mail and prove who asked."""
        link_in(self.person.mail(company.email, "")).click()
        self.page.get_by_label("Mot de passe").fill(company.password)
        self.page.get_by_role("button", name="Confirmer").click()


class Team:
    """The people of a company."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def invite(self, email: str) -> None:
        """Invite a colleague as a driver, from the company's own pages."""
        self.person.follow("Équipe")
        self.page.get_by_role("main").get_by_label("Adresse électronique").fill(email)
        self.page.get_by_role("button", name="Envoyer l’invitation").click()

    def accept(self, email: str, full_name: str, password: str) -> None:
        """Open the invitation's link and make an account."""
        link_in(self.person.mail(email, "")).click()
        self.page.get_by_label("Prénom et nom").fill(full_name)
        self.page.get_by_label("Mot de passe").fill(password)
        self.page.get_by_role("button", name="Créer mon compte et accepter").click()


class Fleet:
    """The vehicles of a company."""

    def __init__(self, person: Person) -> None:
        self.person, self.page = person, person.page

    def add(self, plate: str, *, weight_kg: int = 3500, height_m: str = "2,30") -> None:
        """Add a van by the form."""
        self.page.get_by_role("link", name="Ajouter un véhicule").click()
        self.page.get_by_label("Immatriculation").fill(plate)
        self.page.get_by_label("PTAC").fill(str(weight_kg))
        self.page.get_by_label("Hauteur").fill(height_m)
        self.page.get_by_role("button", name="Enregistrer").click()

    def send_file(self, name: str, content: bytes) -> None:
        """Send a spreadsheet and wait until it is read."""
        self.page.get_by_label("Fichier de votre flotte").set_input_files(
            {"name": name, "mimeType": "text/csv", "buffer": content}
        )
        self.page.get_by_role("button", name="Vérifier le fichier").click()
        expect(self.page.get_by_text("Lignes lues")).to_be_visible()

    def row(self, number: int) -> Locator:
        """Return a row of the file to correct, by its number in the spreadsheet."""
        return self.page.locator(f"#ligne-{number}")

    def faults(self) -> list[tuple[str, list[str]]]:
        """Return (row with its plate, columns at fault) of each row shown."""
        return [
            (
                row.get_by_role("heading").inner_text().split("À corriger")[0].strip(),
                row.locator(".j-field--error > label").all_inner_texts(),
            )
            for row in self.page.locator('[id^="ligne-"]').all()
        ]

    def correct(self, number: int, column: str, text: str) -> None:
        """Type over one cell and leave it: the row is judged again by itself."""
        field = self.row(number).get_by_label(column)
        field.fill(text)
        field.blur()
        expect(self.row(number)).to_contain_text("Bonne")


def link_in(mail: Locator) -> Locator:
    """Return the link of a mail that leads to the portal."""
    expect(mail).to_be_visible()
    return mail.locator("a", has_text=re.compile(r"/(inscription|invitation)/")).first
