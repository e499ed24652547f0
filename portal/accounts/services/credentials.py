"""Signing in, and changing what one signs in with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from portal.accounts.hashing import hasher
from portal.accounts.identifiers import email_key
from portal.accounts.mails import write_mail
from portal.accounts.models import Account
from portal.accounts.passwords import check_password
from portal.accounts.queries import list_companies
from portal.accounts.tokens import read_reset_token, reset_token
from portal.audit.journal import record
from portal.audit.tags import AuditTag
from portal.common.actor import Actor, ActorKind
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, NotFound
from portal.db import session, unit_of_work
from portal.mail import public_link

RESET_WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a session is opened with."""

    account_id: UUID
    session_epoch: int
    locale: str


def authenticate(email: str, password: str) -> Credentials:
    """Return whom an address and password belong to.

    Raises Invalid("sign-in-refused") in the same time whether the address is unknown, the account disabled or the
    password wrong. A password stored with older settings is stored again with today's.
    """
    row = session().scalar(select(Account).where(Account.email == email_key(email)))
    matches = hasher().matches(row.password_hash if row else None, password)
    if row is None or not matches or row.disabled_at is not None:
        raise Invalid("sign-in-refused")
    found = Credentials(row.id, row.session_epoch, row.locale)
    if hasher().is_outdated(row.password_hash):
        with unit_of_work() as uow:
            fresh = uow.session.get_one(Account, found.account_id)
            fresh.password_hash = hasher().hash(password)
    return found


def ask_password_reset(email: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Mail a link that lets choose a new password; nothing is said, and nothing done, for an unknown address."""
    with unit_of_work() as uow:
        row = uow.session.scalar(select(Account).where(Account.email == email_key(email)))
        if row is None or row.disabled_at is not None:
            return
        token = reset_token(row.id, row.session_epoch, clock.now() + RESET_WITHIN)
        link = public_link("accounts.reset_password", token=token)
        write_mail(row.email, "password_reset", row.locale, full_name=row.full_name, link=link)


def check_reset_link(token: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Raise NotFound("link-unknown") or Invalid("link-expired") unless the link can still be used."""
    _account_of_reset(token, clock)


def reset_password(token: str, password: str, *, clock: Clock = SYSTEM_CLOCK) -> Credentials:
    """Choose a new password from a link, once; every open session of the account ends.

    Raises NotFound or Invalid as `check_reset_link`, Invalid on a weak password.
    """
    with unit_of_work():
        return _set_password(_account_of_reset(token, clock), password, clock)


def change_password(actor: Actor, current: str, password: str, *, clock: Clock = SYSTEM_CLOCK) -> Credentials:
    """Choose a new password while signed in; the other sessions end.

    Raises Invalid("password-wrong", "current_password"), Invalid on a weak password.
    """
    with unit_of_work():
        row = _own(actor)
        if not hasher().matches(row.password_hash, current):
            raise Invalid("password-wrong", "current_password")
        return _set_password(
            row, password, clock, [company.name for company in list_companies(actor.companies).values()]
        )


def update_profile(actor: Actor, full_name: str, locale: str) -> None:
    """Change the actor's name and language."""
    with unit_of_work():
        row = _own(actor)
        row.full_name, row.locale = full_name, locale


def _own(actor: Actor) -> Account:
    row = session().get(Account, actor.user_id, populate_existing=True) if actor.user_id else None
    if row is None:
        raise NotFound("account-not-found")
    return row


def _account_of_reset(token: str, clock: Clock) -> Account:
    account_id, session_epoch = read_reset_token(token, clock.now())
    row = session().get(Account, account_id, with_for_update=True, populate_existing=True)
    if row is None or row.disabled_at is not None:
        raise NotFound("link-unknown")
    if row.session_epoch != session_epoch:
        raise Invalid("link-expired")
    return row


def _set_password(row: Account, password: str, clock: Clock, companies: list[str] | None = None) -> Credentials:
    check_password(password, (row.email, row.full_name, *(companies or ())))
    row.password_hash = hasher().hash(password)
    row.session_epoch += 1
    actor = Actor(kind=ActorKind.USER, label=row.full_name, user_id=row.id, email=row.email)
    record(actor, AuditTag.USER_PASSWORD_CHANGED, subject_id=row.id, clock=clock)
    return Credentials(row.id, row.session_epoch, row.locale)
