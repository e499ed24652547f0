"""From a sign-up to an account and a company, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from portal.accounts.commands import CompanyDetails, NewCompany, NewPerson
from portal.accounts.models import Account, Company, CompanyStatus, Membership, Registration
from portal.accounts.queries import find_company_by_siret, find_session_account
from portal.accounts.registry import Establishment
from portal.accounts.services import registration
from portal.accounts.tokens import registration_token
from portal.common.actor import CompanyRole
from portal.common.clock import FixedClock
from portal.common.errors import Invalid, NotFound
from portal.db import session
from portal.mail import list_outbox
from tests.factories.accounts import PASSWORD, make_company, make_user, valid_siret

NOON = datetime(2024, 9, 2, 12, tzinfo=UTC)
SIRET = valid_siret(4_000_000)
DETAILS = CompanyDetails("Fleurs Durand", "12 rue des Lilas", "75003", "Paris", "47.76Z")
PERSON = NewPerson("camille@fleurs.example", "Camille Durand", PASSWORD)


def _register(person: NewPerson = PERSON, siret: str = SIRET, at: datetime = NOON, found=None) -> None:
    registration.register(person, NewCompany(siret, DETAILS), found, clock=FixedClock(at))


def _tokens() -> list[str]:
    rows = session().scalars(select(Registration).order_by(Registration.created_at, Registration.id))
    return [registration_token(row.id) for row in rows]


def _count(model: type) -> int:
    return session().scalar(select(func.count()).select_from(model)) or 0


def test_nothing_exists_before_the_address_is_proven(database):
    _register()
    assert (_count(Account), _count(Company)) == (0, 0)
    (mail,) = list_outbox()
    assert mail.recipient == PERSON.email
    assert f"http://localhost/inscription/confirmer/{_tokens()[0]}" in mail.body


def test_account_and_company_are_made_when_the_link_is_confirmed(database):
    _register()
    done = registration.confirm(_tokens()[0], PASSWORD, clock=FixedClock(NOON + timedelta(hours=47)))
    found = find_session_account(done.account_id)
    assert found is not None
    assert found.actor.companies == {done.company_id: CompanyRole.OWNER}
    company = find_company_by_siret(SIRET)
    assert company is not None
    assert (company.name, company.siren, company.status) == ("Fleurs Durand", SIRET[:9], CompanyStatus.PENDING)
    assert _count(Registration) == 0


def test_link_is_refused_when_it_is_48_hours_old_and_works_again_when_resent(database):
    _register()
    token = _tokens()[0]
    late = FixedClock(NOON + timedelta(hours=48))
    with pytest.raises(Invalid, match="link-expired"):
        registration.confirm(token, PASSWORD, clock=late)
    registration.resend(token, clock=late)
    assert len(list_outbox()) == 2
    assert registration.confirm(token, PASSWORD, clock=late).company_id is not None


def test_link_gives_nothing_to_who_does_not_know_the_password(database):
    _register()
    with pytest.raises(Invalid, match="password-wrong"):
        registration.confirm(_tokens()[0], "un autre mot de passe", clock=FixedClock(NOON))
    assert _count(Account) == 0


def test_link_is_over_when_it_was_used(database):
    _register()
    token = _tokens()[0]
    registration.confirm(token, PASSWORD, clock=FixedClock(NOON))
    with pytest.raises(NotFound, match="link-used"):
        registration.confirm(token, PASSWORD, clock=FixedClock(NOON))


@pytest.mark.parametrize("token", ["", "x", "ImFiYyI.c2lnbmF0dXJl"])
def test_link_is_unknown_when_it_was_not_signed_here(app, token):
    with pytest.raises(NotFound, match="link-unknown"):
        registration.is_expired(token)


def test_one_mail_leaves_when_the_form_is_sent_twice(database):
    _register()
    _register(at=NOON + timedelta(seconds=2))
    assert (_count(Registration), len(list_outbox())) == (1, 1)


def test_second_registration_is_kept_when_the_password_differs(database):
    _register()
    _register(NewPerson(PERSON.email, PERSON.full_name, "quatre ânes verts"), at=NOON + timedelta(seconds=2))
    assert _count(Registration) == 2


def test_owner_is_told_by_mail_when_the_address_has_an_account(database):
    owner = make_user(PERSON.email)
    _register()
    assert _count(Registration) == 0
    (mail,) = list_outbox()
    assert mail.recipient == owner.email
    assert "http://localhost/connexion" in mail.body


def test_siret_is_refused_when_a_company_holds_it(database):
    make_company(siret=SIRET)
    with pytest.raises(Invalid) as refusal:
        _register()
    assert (refusal.value.code, refusal.value.field) == ("siret-registered", "siret")


def test_siret_is_free_while_no_registration_of_it_is_confirmed(database):
    _register()
    _register(NewPerson("bruno@fleurs.example", "Bruno Petit", PASSWORD))
    first, second = _tokens()
    registration.confirm(first, PASSWORD, clock=FixedClock(NOON))
    late = registration.confirm(second, PASSWORD, clock=FixedClock(NOON))
    assert late.company_id is None
    assert (_count(Account), _count(Company), _count(Membership)) == (2, 1, 1)


def test_siret_is_refused_when_the_registry_says_it_is_closed(database):
    closed = Establishment(SIRET, "FLEURS DURAND", None, "", "", "", is_open=False, snapshot={})
    with pytest.raises(Invalid, match="siret-closed"):
        _register(found=closed)


def test_answer_of_the_registry_is_kept_when_there_is_one(database):
    found = Establishment(SIRET, "FLEURS DURAND", "47.76Z", "", "", "", is_open=True, snapshot={"unit_state": "A"})
    _register(found=found)
    registration.confirm(_tokens()[0], PASSWORD, clock=FixedClock(NOON))
    company = find_company_by_siret(SIRET)
    assert company is not None and company.registry == {"unit_state": "A"}


def test_weak_password_is_refused_before_anything_is_written(database):
    with pytest.raises(Invalid, match="password-personal"):
        _register(NewPerson(PERSON.email, PERSON.full_name, "fleursdurand1"))
    assert _count(Registration) == 0


def test_old_registrations_are_forgotten_when_a_new_one_comes(database):
    _register(at=NOON - timedelta(days=31))
    _register(NewPerson("bruno@fleurs.example", "Bruno Petit", PASSWORD))
    assert session().scalars(select(Registration.email)).all() == ["bruno@fleurs.example"]
