"""Signing in, resetting and changing passwords, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from argon2 import PasswordHasher

from portal.accounts.hashing import Hasher, hasher
from portal.accounts.identity import load_user, session_key
from portal.accounts.models import Account
from portal.accounts.queries import find_session_account
from portal.accounts.services import credentials
from portal.accounts.tokens import reset_token
from portal.common.clock import FixedClock
from portal.common.errors import Invalid, NotFound
from portal.db import session, unit_of_work
from portal.mail import list_outbox
from tests.factories.accounts import PASSWORD, make_user

NOON = datetime(2024, 9, 2, 12, tzinfo=UTC)
NEW = "quatre ânes verts"


def test_credentials_are_found_when_address_and_password_are_right(database):
    user = make_user("camille@fleurs.example")
    assert credentials.authenticate("  Camille@Fleurs.example ", PASSWORD).account_id == user.id


def test_credentials_are_refused_alike_when_anything_is_wrong(database):
    make_user("camille@fleurs.example")
    make_user("partie@fleurs.example", disabled=True)
    attempts = [
        ("camille@fleurs.example", "faux mot de passe"),
        ("inconnue@fleurs.example", PASSWORD),
        ("partie@fleurs.example", PASSWORD),
        ("", ""),
    ]
    for email, password in attempts:
        with pytest.raises(Invalid) as refusal:
            credentials.authenticate(email, password)
        assert (refusal.value.code, refusal.value.field) == ("sign-in-refused", None)


def test_unknown_address_costs_a_verification_when_signing_in(app, monkeypatch):
    asked: list[str | None] = []
    real = Hasher.matches

    def counting(self, stored, password):
        asked.append(stored)
        return real(self, stored, password)

    monkeypatch.setattr(Hasher, "matches", counting)
    with pytest.raises(Invalid):
        credentials.authenticate("inconnue@fleurs.example", PASSWORD)
    assert asked == [None]


def test_password_typed_with_composed_or_combined_accents_is_the_same(app):
    stored = hasher().hash("caf\u00e9 cr\u00e8me du matin")
    assert hasher().matches(stored, "cafe\u0301 cre\u0300me du matin")


def test_password_is_stored_again_when_its_settings_are_older(database):
    user = make_user()
    with unit_of_work() as uow:
        uow.session.get_one(Account, user.id).password_hash = PasswordHasher(2, 128, 1).hash(PASSWORD)
    credentials.authenticate(user.email, PASSWORD)
    stored = session().get_one(Account, user.id, populate_existing=True).password_hash
    assert not hasher().is_outdated(stored)
    assert credentials.authenticate(user.email, PASSWORD).account_id == user.id


def test_reset_says_nothing_when_the_address_is_unknown_or_disabled(database):
    gone = make_user(disabled=True)
    credentials.ask_password_reset("inconnue@fleurs.example")
    credentials.ask_password_reset(gone.email)
    assert list_outbox() == []


def _link_of(mail_body: str) -> str:
    return next(line for line in mail_body.splitlines() if "/mot-de-passe/" in line).rsplit("/", 1)[1]


def test_reset_link_changes_the_password_once(database):
    user = make_user()
    credentials.ask_password_reset(user.email, clock=FixedClock(NOON))
    token = _link_of(list_outbox()[0].body)
    before = session_key(user.id, 0)
    assert load_user(before) is not None
    credentials.reset_password(token, NEW, clock=FixedClock(NOON + timedelta(minutes=59)))
    assert load_user(before) is None
    assert credentials.authenticate(user.email, NEW).session_epoch == 1
    with pytest.raises(Invalid, match="sign-in-refused"):
        credentials.authenticate(user.email, PASSWORD)
    with pytest.raises(Invalid, match="link-expired"):
        credentials.reset_password(token, "cinq poules bleues", clock=FixedClock(NOON))


def test_reset_link_is_refused_when_it_is_an_hour_old(database):
    user = make_user()
    token = reset_token(user.id, 0, NOON)
    with pytest.raises(Invalid, match="link-expired"):
        credentials.check_reset_link(token, clock=FixedClock(NOON))


def test_reset_link_is_unknown_when_it_is_forged(app):
    with pytest.raises(NotFound, match="link-unknown"):
        credentials.check_reset_link("faux.jeton")


def test_reset_keeps_the_old_password_when_the_new_one_is_weak(database):
    user = make_user()
    token = reset_token(user.id, 0, NOON + timedelta(hours=1))
    with pytest.raises(Invalid, match="password-short"):
        credentials.reset_password(token, "court", clock=FixedClock(NOON))
    assert credentials.authenticate(user.email, PASSWORD).session_epoch == 0


def test_password_change_asks_for_the_present_one(database):
    user = make_user()
    actor = find_session_account(user.id).actor
    with pytest.raises(Invalid) as refusal:
        credentials.change_password(actor, "faux mot de passe", NEW)
    assert refusal.value.field == "current_password"
    assert credentials.change_password(actor, PASSWORD, NEW).session_epoch == 1


@pytest.mark.parametrize("key", ["", "x", "x.0", "00000000-0000-0000-0000-000000000001.0", "..", "1.1.1"])
def test_nobody_is_behind_a_session_key_that_is_not_one(app, key):
    assert load_user(key) is None
