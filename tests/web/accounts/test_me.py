"""A person's own account."""

from __future__ import annotations

import io
import zipfile

from portal.accounts.queries import get_account
from portal.common.actor import CompanyRole, StaffRole
from tests.factories.accounts import PASSWORD, make_member, make_staff, make_user, valid_siret
from tests.factories.territories import make_territory


def test_account_shows_companies_and_territories_with_roles(page_client, owner, company):
    make_territory("ville-a", "Ville A")
    make_staff(owner, "ville-a", StaffRole.CLERK)
    page_client.sign_in(owner.id)
    page = page_client.get("/mon-compte")
    assert page.select_one(f'main a[href="/entreprises/{company.id}"]').get_text(strip=True) == "Abeille Express"
    assert "Ville A (instructeur)" in page.get_text()


def test_name_and_language_are_saved(page_client, owner):
    page_client.sign_in(owner.id)
    page_client.submit("/mon-compte", {"full_name": " Anne  Roux-Petit ", "locale": "en"})
    found = get_account(owner.id)
    assert (found.full_name, found.locale) == ("Anne Roux-Petit", "en")
    assert page_client.get("/mon-compte").html["lang"] == "en"


def test_name_is_required_and_language_known(page_client, owner):
    page_client.sign_in(owner.id)
    page = page_client.post("/mon-compte", {"full_name": "", "locale": "xx"})
    assert {tag["id"] for tag in page.select(".j-field__error")} == {"full_name-error", "locale-error"}


def test_password_changes_and_this_session_stays(page_client, owner):
    page_client.sign_in(owner.id)
    data = {"current_password": PASSWORD, "password": "quatre ânes verts"}
    assert page_client.submit("/mon-compte/mot-de-passe", data) == "/mon-compte"
    page_client.get("/mon-compte")
    page_client.sign_out()
    assert page_client.submit("/connexion", {"email": owner.email, "password": "quatre ânes verts"}) == "/accueil"


def test_password_stays_when_the_present_one_is_wrong_or_the_next_one_weak(page_client, owner, company):
    page_client.sign_in(owner.id)
    for data, field in (
        ({"current_password": "faux", "password": "quatre ânes verts"}, "current_password"),
        ({"current_password": PASSWORD, "password": "abeilleexpress1"}, "password"),
        ({"current_password": PASSWORD, "password": ""}, "password"),
    ):
        page = page_client.post("/mon-compte/mot-de-passe", data)
        assert [tag["id"] for tag in page.select(".j-field__error")] == [f"{field}-error"]
        assert page.find(id="full_name")["value"] == "Anne Roux"


def test_driver_leaves_a_company_and_the_last_owner_does_not(page_client, owner, company):
    driver = make_user()
    make_member(driver, company, CompanyRole.DRIVER)
    page_client.sign_in(driver.id)
    assert page_client.submit(f"/entreprises/{company.id}/quitter") == "/mon-compte"
    page_client.get(f"/entreprises/{company.id}", status=404)
    page_client.sign_in(owner.id)
    page_client.submit(f"/entreprises/{company.id}/quitter")
    assert "seul propriétaire" in page_client.get("/mon-compte").get_text()
    page_client.get(f"/entreprises/{company.id}")


def test_second_company_is_registered_from_the_account(page_client, owner, company):
    page_client.sign_in(owner.id)
    data = {"name": "Midi Fleurs", "address": "1 quai Neuf", "postcode": "75003", "city": "Paris"}
    page_client.get("/entreprises/nouvelle")
    page_client.post("/entreprises/nouvelle", data | {"siret": company.siret})
    page_client.post("/entreprises/nouvelle", data | {"siret": "1"})
    where = page_client.submit("/entreprises/nouvelle", data | {"siret": valid_siret(8_000_000)})
    page = page_client.get(where)
    assert page.h1.get_text(strip=True) == "Midi Fleurs"
    assert page.select_one(f'main a[href="/entreprises/{company.id}"]').get_text(strip=True) == "Abeille Express"


def test_account_pages_ask_to_sign_in(page_client):
    for url in ("/mon-compte", "/accueil", "/entreprises/nouvelle"):
        answer = page_client.raw.get(url)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith("/connexion?suite=/")


def test_a_person_takes_her_data_and_erases_her_account(page_client, owner, company):
    make_member(make_user(), company, CompanyRole.OWNER)
    page_client.sign_in(owner.id)
    page = page_client.get("/mon-compte")
    for url in ("/mon-compte/donnees", "/mon-compte/effacer"):
        assert page.select_one(f'main a[href="{url}"]')
        asked = page_client.get(url)
        assert asked.select_one(f'form[action="{url}"] input[type="password"]')
        refused = page_client.post(url, {"password": "faux", "sure": "y"})
        assert [tag["id"] for tag in refused.select(".j-field__error")] == ["password-error"]
    answer = page_client.raw.post("/mon-compte/donnees", data={"password": PASSWORD}, buffered=True)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("application/zip", "no-store")
    assert "compte.json" in zipfile.ZipFile(io.BytesIO(answer.data)).namelist()
    unsure = page_client.post("/mon-compte/effacer", {"password": PASSWORD})
    assert [tag["id"] for tag in unsure.select(".j-field__error")] == ["sure-error"]
    assert page_client.submit("/mon-compte/effacer", {"password": PASSWORD, "sure": "y"}) == "/"
    assert "Votre compte est effacé." in page_client.get("/").get_text()
    assert page_client.raw.get("/mon-compte").status_code == 303
    page_client.post("/connexion", {"email": owner.email, "password": PASSWORD})
