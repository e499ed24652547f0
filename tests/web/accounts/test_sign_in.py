"""Signing in and out, and the forgotten password."""

from __future__ import annotations

import pytest

from portal.accounts.tokens import reset_token
from portal.common.actor import CompanyRole, StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.mail import list_outbox
from tests.factories.accounts import PASSWORD, make_company, make_member, make_staff, make_user
from tests.factories.territories import make_territory


def _sign_in(client, email, password=PASSWORD, **more):
    return client.submit("/connexion", {"email": email, "password": password, **more})


def test_person_arrives_at_the_company_after_signing_in(page_client, owner, company):
    page_client.get("/connexion")
    assert _sign_in(page_client, "ANNE@abeille.example ") == "/accueil"
    assert page_client.raw.get("/accueil").headers["Location"] == f"/entreprises/{company.id}"


def test_person_comes_back_to_the_page_that_asked(page_client, owner, company):
    asked = f"/entreprises/{company.id}/equipe"
    sent = page_client.raw.get(asked)
    assert sent.status_code == 303
    page = page_client.get(sent.headers["Location"])
    back = page.find(attrs={"name": "suite"})["value"]
    assert _sign_in(page_client, owner.email, suite=back) == asked
    assert page_client.raw.get(f"/connexion?suite={asked}").headers["Location"] == asked


@pytest.mark.parametrize("suite", ["https://ailleurs.example/", "//ailleurs.example", "/\\ailleurs.example"])
def test_person_stays_on_this_site_whatever_the_link_says(page_client, owner, suite):
    assert page_client.get("/connexion", query_string={"suite": suite}).find(attrs={"name": "suite"}) is None
    assert _sign_in(page_client, owner.email, suite=suite) == "/accueil"


@pytest.mark.parametrize(
    ("email", "password"),
    [("anne@abeille.example", "faux mot de passe"), ("inconnue@abeille.example", PASSWORD)],
    ids=["wrong-password", "unknown-address"],
)
def test_refusal_is_one_sentence_for_every_cause(page_client, owner, email, password):
    page = page_client.post("/connexion", {"email": email, "password": password})
    assert page.select_one(".j-errors li").get_text(strip=True) == "L’adresse électronique ou le mot de passe est faux."
    assert page.find(id="email")["value"] == email


def test_nothing_of_the_anonymous_session_survives_but_the_language(page_client, owner):
    with page_client.raw.session_transaction() as kept:
        kept["lang"] = "fr"
        kept["planted"] = "before"
    _sign_in(page_client, owner.email)
    with page_client.raw.session_transaction() as kept:
        assert "planted" not in kept
        assert kept["_user_id"] == f"{owner.id}.0"
        assert not kept.permanent


def test_session_outlives_the_browser_only_when_asked(page_client, owner):
    _sign_in(page_client, owner.email, remember="y")
    with page_client.raw.session_transaction() as kept:
        assert kept.permanent


def test_signing_out_closes_the_session(page_client, owner):
    page_client.sign_in(owner.id)
    page = page_client.get("/mon-compte")
    form = page.select_one('form[action="/deconnexion"]')
    assert form is not None and form["method"] == "post"
    assert page_client.submit("/deconnexion") == "/connexion"
    assert page_client.raw.get("/mon-compte").status_code == 303


def test_signing_out_needs_a_post(page_client):
    page_client.get("/deconnexion", status=405)


@pytest.mark.parametrize(
    ("role", "place"),
    [
        (StaffRole.ADMINISTRATOR, "/territoires/ville-a/agents"),
        (None, "/mon-compte"),
    ],
)
def test_person_without_a_company_arrives_where_one_works(page_client, role, place):
    make_territory("ville-a")
    user = make_user()
    if role:
        make_staff(user, "ville-a", role)
    page_client.sign_in(user.id)
    assert page_client.raw.get("/accueil").headers["Location"] == place


@pytest.mark.parametrize(("role", "endpoint"), [(StaffRole.CLERK, "desk"), (StaffRole.CONTROL_AGENT, "control")])
def test_agent_arrives_at_the_desk_or_the_control_page(page_client, app, role, endpoint):
    if f"cirqliz.{endpoint}" not in app.view_functions:
        pytest.fail(f"the page cirqliz.{endpoint} is gone: nobody arrives there any more")
    make_territory("ville-a")
    user = make_user()
    make_staff(user, "ville-a", role)
    page_client.sign_in(user.id)
    with app.test_request_context():
        assert page_client.raw.get("/accueil").headers["Location"] == app.url_for(
            f"cirqliz.{endpoint}", territory="ville-a"
        )


def test_forgotten_password_answers_alike_for_every_address(page_client, owner):
    first = page_client.submit("/mot-de-passe-oublie", {"email": owner.email})
    second = page_client.submit("/mot-de-passe-oublie", {"email": "inconnue@abeille.example"})
    assert first == second == "/mot-de-passe-oublie/envoye"
    page_client.get(first)
    assert [mail.recipient for mail in list_outbox()] == [owner.email]
    page_client.post("/mot-de-passe-oublie", {"email": "pas une adresse"})


def test_new_password_is_chosen_once_from_the_link(page_client, app, owner, company, mailed_link):
    other = app.test_client()
    with other.session_transaction() as kept:
        kept["_user_id"] = f"{owner.id}.0"
    assert other.get("/mon-compte").status_code == 200
    page_client.submit("/mot-de-passe-oublie", {"email": owner.email})
    link = mailed_link("/mot-de-passe/")
    page_client.get(link)
    page_client.post(link, {"password": "court"})
    assert page_client.submit(link, {"password": "quatre ânes verts"}) == "/accueil"
    page_client.get(f"/entreprises/{company.id}")
    assert other.get("/mon-compte").status_code == 303, "the other device should be signed out"
    assert "une seule fois" in page_client.get(link, status=410).get_text()
    page_client.sign_out()
    assert _sign_in(page_client, owner.email, "quatre ânes verts") == "/accueil"


def test_new_password_needs_a_link_of_less_than_an_hour(page_client, owner):
    link = f"/mot-de-passe/{reset_token(owner.id, 0, SYSTEM_CLOCK.now())}"
    page_client.get(link, status=410)
    page_client.post(link, {"password": "quatre ânes verts"}, status=410)
    page_client.get("/mot-de-passe/faux", status=404)


def test_session_of_a_disabled_account_is_over(page_client):
    page_client.sign_in(make_user(disabled=True).id)
    assert page_client.raw.get("/mon-compte").status_code == 303


def test_driver_arrives_at_the_company(page_client):
    user, company = make_user(), make_company()
    make_member(user, company, CompanyRole.DRIVER)
    page_client.sign_in(user.id)
    page = page_client.get(f"/entreprises/{company.id}")
    assert page.select_one(f'main a[href="/entreprises/{company.id}/equipe"]') is None
