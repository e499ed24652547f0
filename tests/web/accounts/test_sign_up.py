"""The pages of a sign-up, as the florist meets them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from sqlalchemy import select

from portal.accounts.models import Registration
from portal.accounts.registry import Establishment
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Unavailable
from portal.db import session, unit_of_work
from portal.mail import list_outbox
from tests.factories.accounts import PASSWORD, make_company, make_user, valid_siret

SIRET = valid_siret(7_000_000)
FLORIST = {
    "siret": f"{SIRET[:3]} {SIRET[3:6]} {SIRET[6:9]} {SIRET[9:]}",
    "name": " Fleurs  Durand ",
    "address": "12 rue des Lilas",
    "postcode": "75003",
    "city": "Paris",
    "full_name": "Camille Durand",
    "email": "Camille@Fleurs.example",
    "password": PASSWORD,
}


class _Registry:
    """A registry that knows one establishment, or does not answer."""

    def __init__(self, *, silent: bool = False, is_open: bool = True) -> None:
        self.silent, self.is_open = silent, is_open

    def find(self, siret):
        if self.silent:
            raise Unavailable("registry-unreachable")
        if siret != SIRET:
            return None
        return Establishment(SIRET, "FLEURS DURAND", "47.76Z", "12 RUE DES LILAS", "75003", "PARIS", self.is_open, {})


def _use(app, monkeypatch, registry):
    monkeypatch.setitem(app.extensions, "company_registry", registry)


def _errors(page) -> dict[str, str]:
    return {str(tag["id"]).removesuffix("-error"): tag.get_text(strip=True) for tag in page.select(".j-field__error")}


def test_florist_reaches_the_company_page_when_everything_is_right(page_client, mailed_link):
    page_client.get("/inscription")
    assert page_client.submit("/inscription", FLORIST) == "/inscription/envoyee"
    assert "camille@fleurs.example" in page_client.get("/inscription/envoyee").get_text()
    link = mailed_link("/inscription/confirmer/")
    page_client.get(link)
    assert page_client.submit(link, {"password": PASSWORD}) == "/accueil"
    home = page_client.raw.get("/accueil")
    page = page_client.get(home.headers["Location"])
    assert page.h1.get_text(strip=True) == "Fleurs Durand"
    assert "en attente de vérification" in page.get_text()
    assert "Ce lien a déjà servi" in page_client.get(link, status=410).get_text()


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("siret", "", "Indiquez le SIRET."),
        ("siret", "123", "Un SIRET compte 14 chiffres."),
        ("siret", SIRET[:-1] + str((int(SIRET[-1]) + 1) % 10), "un chiffre est faux"),
        ("name", " ", "Indiquez le nom de l’entreprise."),
        ("address", "", "Indiquez l’adresse."),
        ("postcode", "7500", "Un code postal compte cinq chiffres."),
        ("city", "", "Indiquez la commune."),
        ("full_name", "", "Indiquez votre prénom et votre nom."),
        ("email", "camille@", "Cette adresse électronique est incomplète."),
        ("password", "court", "au moins 12 caractères"),
        ("password", "motdepasse2024", "parmi les premiers"),
        ("password", "fleursdurand75", "ressemble à votre nom"),
    ],
)
def test_error_stands_beside_its_field_and_nothing_typed_is_lost(page_client, field, value, message):
    page = page_client.post("/inscription", FLORIST | {field: value})
    assert list(_errors(page)) == [field]
    assert message in _errors(page)[field].replace("\u00a0", " ")
    assert page.title.get_text().strip().startswith("Erreur")
    assert page.select_one(f'.j-errors a[href="#{field}"]') is not None
    for name in set(FLORIST) - {field, "password", "siret", "email", "name"}:
        assert page.find(id=name)["value"] == FLORIST[name]
    assert page.find(id="password").get("value", "") == ""
    assert list_outbox() == []


def test_every_fault_is_told_at_once_when_the_form_is_empty(page_client):
    assert set(_errors(page_client.post("/inscription", {}))) == set(FLORIST)


def test_company_known_already_is_said_without_naming_anybody(page_client):
    make_company(siret=SIRET)
    page = page_client.post("/inscription", FLORIST)
    assert "demandez une invitation" in _errors(page)["siret"]


def test_answer_is_the_same_when_the_address_has_an_account(page_client, app):
    """Status, place and text are compared after replacing what differs by design: the address typed."""

    def answers(email):
        client = app.test_client()
        sent = client.post("/inscription", data=FLORIST | {"email": email})
        page = BeautifulSoup(client.get(sent.headers["Location"]).get_data(as_text=True), "html.parser")
        return sent.status_code, sent.headers["Location"], page.get_text().replace(email, "X")

    make_user("connue@fleurs.example")
    assert answers("connue@fleurs.example") == answers("inconnue@fleurs.example")
    # A second attempt with the same SIRET tells nothing either: an unconfirmed sign-up takes no company.
    assert answers("connue@fleurs.example") == answers("inconnue@fleurs.example")
    mails = {mail.recipient: mail.subject for mail in list_outbox()}
    assert mails == {
        "connue@fleurs.example": "Vous avez déjà un compte Joptimiz",
        "inconnue@fleurs.example": "Confirmez votre inscription à Joptimiz",
    }


def test_double_submit_sends_one_mail(page_client):
    assert page_client.submit("/inscription", FLORIST) == page_client.submit("/inscription", FLORIST)
    assert len(list_outbox()) == 1


def test_expired_link_offers_another_which_works(page_client, mailed_link):
    page_client.submit("/inscription", FLORIST)
    link = mailed_link("/inscription/confirmer/")
    with unit_of_work() as uow:
        row = uow.session.scalars(select(Registration)).one()
        row.sent_at = SYSTEM_CLOCK.now() - timedelta(hours=49)
    page = page_client.get(link, status=410)
    assert page.h1.get_text(strip=True) == "Ce lien n’est plus valable"
    page_client.post(link, {"password": PASSWORD}, status=410)
    resend = page.select_one("main form")["action"]
    assert page_client.submit(resend) == "/inscription/envoyee"
    assert page_client.submit(link, {"password": PASSWORD}) == "/accueil"


def test_link_asks_for_the_password_of_the_sign_up(page_client, mailed_link):
    page_client.submit("/inscription", FLORIST)
    link = mailed_link("/inscription/confirmer/")
    page = page_client.post(link, {"password": "un autre mot de passe"})
    assert "n’est pas le bon" in _errors(page)["password"]
    assert session().scalars(select(Registration)).one().email == "camille@fleurs.example"


@pytest.mark.parametrize("url", ["/inscription/confirmer/faux", "/inscription/renvoyer/faux"])
def test_forged_link_is_not_found(page_client, url):
    page_client.post(url, status=404)


def test_look_up_is_not_offered_when_no_registry_is_configured(page_client):
    assert page_client.get("/inscription").find(attrs={"name": "lookup"}) is None


def test_look_up_fills_name_and_address_without_judging_the_rest(page_client, app, monkeypatch):
    _use(app, monkeypatch, _Registry())
    assert page_client.get("/inscription").find(attrs={"name": "lookup"}) is not None
    page = page_client.post("/inscription", {"siret": SIRET, "full_name": "Camille", "lookup": "1"}, status=200)
    values = {
        name: page.find(id=name)["value"] for name in ("siret", "name", "address", "postcode", "city", "full_name")
    }
    assert values == {
        "siret": SIRET,
        "name": "FLEURS DURAND",
        "address": "12 RUE DES LILAS",
        "postcode": "75003",
        "city": "PARIS",
        "full_name": "Camille",
    }
    assert _errors(page) == {}


def test_look_up_answers_its_block_alone_when_htmx_asks(page_client, app, monkeypatch):
    _use(app, monkeypatch, _Registry())
    data = {"siret": SIRET, "lookup": "1"}
    whole = page_client.raw.post("/inscription", data=data).get_data(as_text=True)
    part = page_client.raw.post("/inscription", data=data, headers={"HX-Request": "true"}).get_data(as_text=True)
    assert part.strip().startswith('<div id="entreprise">')
    assert "<html" not in part
    assert part.strip() in whole


@pytest.mark.parametrize(
    ("registry", "siret", "status", "words"),
    [
        (_Registry(silent=True), SIRET, 200, "ne répond pas"),
        (_Registry(), valid_siret(7_000_001), 200, "ne connaît pas ce SIRET"),
        (_Registry(is_open=False), SIRET, 422, "cet établissement est fermé"),
        (_Registry(), "12", 422, "14 chiffres"),
    ],
    ids=["silent", "unknown", "closed", "malformed"],
)
def test_look_up_says_what_to_do_when_it_finds_nothing_usable(
    page_client, app, monkeypatch, registry, siret, status, words
):
    _use(app, monkeypatch, registry)
    page = page_client.post("/inscription", {"siret": siret, "name": "Tapé", "lookup": "1"}, status=status)
    assert words in page.find(id="entreprise").get_text()


def test_look_up_says_that_a_company_is_registered(page_client, app, monkeypatch):
    _use(app, monkeypatch, _Registry())
    make_company(siret=SIRET)
    page = page_client.post("/inscription", {"siret": SIRET, "lookup": "1"})
    assert "déjà inscrite" in _errors(page)["siret"]


def test_sign_up_works_when_the_registry_is_silent(page_client, app, monkeypatch):
    _use(app, monkeypatch, _Registry(silent=True))
    assert page_client.submit("/inscription", FLORIST) == "/inscription/envoyee"


def test_mail_is_in_english_when_the_page_is(page_client):
    page_client.get("/inscription?lang=en")
    page_client.submit("/inscription", FLORIST)
    assert session().scalars(select(Registration.locale)).one() == "en"
