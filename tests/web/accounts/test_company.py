"""A company's pages and its team."""

from __future__ import annotations

import pytest

from portal.accounts.models import CompanyStatus
from portal.accounts.queries import get_company, list_invitations, list_members
from portal.common.actor import CompanyRole
from portal.common.clock import SYSTEM_CLOCK
from portal.common.ids import new_id
from portal.mail import list_outbox
from tests.factories.accounts import PASSWORD, make_company, make_member, make_user

PAGES = ("", "/fiche", "/equipe")


def _member(company, role, email=None):
    user = make_user(email)
    make_member(user, company, role)
    return user


def test_company_page_leads_to_what_each_application_offers(page_client, app, owner, company):
    page_client.sign_in(owner.id)
    page = page_client.get(f"/entreprises/{company.id}")
    links = {str(link["href"]) for link in page.select("main .j-doors a")}
    assert f"/entreprises/{company.id}/equipe" in links
    assert f"/entreprises/{company.id}/vehicules" in links
    assert company.siret in page.get_text().replace("\u00a0", "")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (CompanyStatus.PENDING, "en attente de vérification"),
        (CompanyStatus.REFUSED, "Inscription non acceptée"),
        (CompanyStatus.CLOSED, "Établissement fermé"),
    ],
)
def test_company_page_says_where_it_stands(page_client, owner, status, words):
    made = make_company(status=status)
    make_member(owner, made)
    page_client.sign_in(owner.id)
    assert words in page_client.get(f"/entreprises/{made.id}").get_text()


@pytest.mark.parametrize("page", PAGES)
def test_stranger_finds_no_company(page_client, company, page):
    page_client.sign_in(_member(make_company(), CompanyRole.OWNER).id)
    page_client.get(f"/entreprises/{company.id}{page}", status=404)
    page_client.get(f"/entreprises/{new_id()}{page}", status=404)


@pytest.mark.parametrize(("page", "status"), [("", 200), ("/fiche", 403), ("/equipe", 403)])
def test_driver_reads_the_company_and_changes_nothing(page_client, company, page, status):
    page_client.sign_in(_member(company, CompanyRole.DRIVER).id)
    page_client.get(f"/entreprises/{company.id}{page}", status=status)


def test_driver_may_not_act_on_the_team(page_client, company, owner):
    page_client.sign_in(_member(company, CompanyRole.DRIVER).id)
    base = f"/entreprises/{company.id}/equipe"
    for url in (
        base,
        f"{base}/{owner.id}/role",
        f"{base}/{owner.id}/retirer",
        f"{base}/invitations/{owner.id}/annuler",
    ):
        page_client.post(url, {"role": "driver", "email": "x@x.fr"}, status=403)


def test_sheet_is_saved_with_the_naf_code_in_its_form(page_client, owner, company):
    page_client.sign_in(owner.id)
    url = f"/entreprises/{company.id}/fiche"
    page = page_client.get(url)
    data = {field["name"]: field["value"] for field in page.select("main form input[name]") if field.get("value")}
    assert page_client.submit(url, data | {"naf_code": "4941a"}) == f"/entreprises/{company.id}"
    assert get_company(company.id).naf_code == "49.41A"
    again = page_client.post(url, data | {"city": "Lyon"}, status=409)
    assert "entre-temps" in again.select_one(".j-errors").get_text()
    assert again.find(id="city")["value"] == "Lyon"
    fresh = again.find(attrs={"name": "version"})["value"]
    assert page_client.submit(url, data | {"city": "Lyon", "version": fresh}) == f"/entreprises/{company.id}"
    assert get_company(company.id).city == "Lyon"


@pytest.mark.parametrize(
    ("field", "value"), [("naf_code", "49"), ("postcode", "7500A"), ("name", ""), ("name", "x" * 161)]
)
def test_sheet_keeps_what_was_typed_when_it_is_wrong(page_client, owner, company, field, value):
    page_client.sign_in(owner.id)
    data = {"name": "A", "address": "B", "postcode": "75003", "city": "Paris", "version": "1"}
    page = page_client.post(f"/entreprises/{company.id}/fiche", data | {field: value})
    assert [tag["id"] for tag in page.select(".j-field__error")] == [f"{field}-error"]


def test_colleague_without_an_account_joins_from_the_mail(page_client, owner, company, mailed_link):
    page_client.sign_in(owner.id)
    team = f"/entreprises/{company.id}/equipe"
    page_client.get(team)
    assert page_client.submit(team, {"email": "Bruno@Abeille.example", "role": "manager"}) == team
    page = page_client.get(team)
    assert "bruno@abeille.example" in page.find("section", attrs={"aria-labelledby": "invitations"}).get_text()
    page_client.sign_out()
    link = mailed_link("/invitation/")
    page = page_client.get(link)
    assert page.h1.get_text(strip=True) == "Rejoindre Abeille Express"
    page_client.post(link, {"full_name": "", "password": "court"})
    where = page_client.submit(link, {"full_name": "Bruno Petit", "password": "quatre ânes verts"})
    assert where == f"/entreprises/{company.id}"
    page_client.get(where)
    assert {one.email: one.role for one in list_members(company.id)}["bruno@abeille.example"] is CompanyRole.MANAGER
    page_client.get(link, status=410)


def test_colleague_with_an_account_signs_in_then_accepts(page_client, owner, company, mailed_link):
    bruno = make_user("bruno@abeille.example")
    page_client.sign_in(owner.id)
    page_client.submit(f"/entreprises/{company.id}/equipe", {"email": bruno.email, "role": "driver"})
    page_client.sign_out()
    link = mailed_link("/invitation/")
    page = page_client.get(link)
    sign_in = page.select_one("main a.j-button")["href"]
    page_client.get(sign_in)
    data = {"email": bruno.email, "password": PASSWORD, "suite": link}
    assert page_client.submit("/connexion", data) == link
    assert page_client.get(link).select_one(f'main form[action="{link}"]') is not None
    assert page_client.submit(link) == f"/entreprises/{company.id}"


def test_invitation_is_refused_to_another_address(page_client, owner, company, mailed_link):
    page_client.sign_in(owner.id)
    page_client.submit(f"/entreprises/{company.id}/equipe", {"email": "bruno@abeille.example", "role": "driver"})
    page_client.sign_out()
    page_client.sign_in(make_user("claire@abeille.example").id)
    link = mailed_link("/invitation/")
    page = page_client.get(link, status=403)
    assert "autre adresse" in page.get_text()
    assert "bruno@abeille.example" not in page.get_text()
    page_client.post(link, status=403)
    assert len(list_members(company.id)) == 1


def test_invitation_that_is_unknown_says_so(page_client):
    page_client.get("/invitation/inconnue", status=410)
    page_client.post("/invitation/inconnue", status=410)


def test_invitation_is_withdrawn_from_the_team_page(page_client, owner, company, mailed_link):
    page_client.sign_in(owner.id)
    team = f"/entreprises/{company.id}/equipe"
    page_client.submit(team, {"email": "bruno@abeille.example", "role": "driver"})
    cancel = page_client.get(team).find("section", attrs={"aria-labelledby": "invitations"}).form["action"]
    page_client.submit(cancel)
    assert list_invitations(SYSTEM_CLOCK.now(), company_id=company.id) == []
    page_client.get(mailed_link("/invitation/"), status=410)
    page_client.post(cancel, status=404)


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"email": "pas une adresse", "role": "driver"}, "email"),
        ({"email": "", "role": "driver"}, "email"),
        ({"email": "b@x.fr", "role": "emperor"}, "role"),
        ({"email": "anne@abeille.example", "role": "driver"}, "email"),
    ],
)
def test_invitation_says_what_is_wrong(page_client, owner, company, data, field):
    page_client.sign_in(owner.id)
    page = page_client.post(f"/entreprises/{company.id}/equipe", data)
    assert [tag["id"] for tag in page.select(".j-field__error")] == [f"{field}-error"]
    assert list_outbox() == []


def test_manager_is_not_offered_what_only_owners_give(page_client, owner, company):
    manager = _member(company, CompanyRole.MANAGER)
    page_client.sign_in(manager.id)
    page = page_client.get(f"/entreprises/{company.id}/equipe")
    assert [option["value"] for option in page.find(id="role").find_all("option")] == ["driver", "manager"]
    assert page.select_one(f'form[action$="{owner.id}/role"]') is None
    page_client.post(f"/entreprises/{company.id}/equipe", {"email": "b@x.fr", "role": "owner"})
    page_client.post(f"/entreprises/{company.id}/equipe/{owner.id}/retirer", status=403)
    page_client.post(f"/entreprises/{company.id}/equipe/{manager.id}/role", {"role": "owner"}, status=403)


def test_role_is_changed_and_a_colleague_removed(page_client, owner, company):
    bruno = _member(company, CompanyRole.DRIVER, "bruno@abeille.example")
    page_client.sign_in(owner.id)
    base = f"/entreprises/{company.id}/equipe"
    page_client.get(base)
    page_client.submit(f"{base}/{bruno.id}/role", {"role": "manager"})
    assert {one.account_id: one.role for one in list_members(company.id)}[bruno.id] is CompanyRole.MANAGER
    page_client.post(f"{base}/{bruno.id}/role", {"role": "emperor"}, status=422)
    page_client.submit(f"{base}/{bruno.id}/retirer")
    assert len(list_members(company.id)) == 1
    page_client.post(f"{base}/{bruno.id}/retirer", status=404)


def test_last_owner_is_kept_and_the_page_says_why(page_client, owner, company):
    page_client.sign_in(owner.id)
    base = f"/entreprises/{company.id}/equipe/{owner.id}"
    for url, data in ((f"{base}/retirer", {}), (f"{base}/role", {"role": "driver"})):
        page = page_client.post(url, data, status=409)
        assert "seul propriétaire" in page.select_one(".j-banner--danger").get_text()
