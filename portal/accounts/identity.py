"""Who is behind the request: the session, and the actor made of it."""

from __future__ import annotations

import time
import unicodedata
from urllib.parse import urlsplit
from uuid import UUID

from flask import Flask, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user

from portal.accounts.queries import SessionAccount, find_session_account
from portal.accounts.services.credentials import Credentials
from portal.accounts.tokens import digest
from portal.common.actor import ANONYMOUS, Actor, StaffRole
from portal.web.guards import set_actor_loader

# A person alone at a desk may try often; a program that guesses must not.
GUESSES_PER_CALLER = "20 per minute; 200 per hour"
GUESSES_PER_ADDRESS = "10 per minute; 40 per hour"
MAILS_PER_CALLER = "10 per minute; 60 per hour"
MAILS_PER_ADDRESS = "6 per hour"
AGENT_SESSION_S = 24 * 3600


class SessionUser(UserMixin):
    """What Flask-Login keeps of a signed-in person; the session holds the account's id and its epoch."""

    def __init__(self, account_id: UUID, session_epoch: int, found: SessionAccount | None = None) -> None:
        self.account_id = account_id
        self.session_epoch = session_epoch
        self.found = found

    def get_id(self) -> str:
        return session_key(self.account_id, self.session_epoch)


def session_key(account_id: UUID, session_epoch: int) -> str:
    """Return what a session holds of its account: changing the password raises the epoch and ends older sessions."""
    return f"{account_id}.{session_epoch}"


def load_user(key: str) -> SessionUser | None:
    """Return the person of a session, None when the account is gone, disabled, or the session outdated."""
    account_id, _, epoch = key.partition(".")
    try:
        wanted, session_epoch = UUID(account_id), int(epoch)
    except ValueError:
        return None
    found = find_session_account(wanted)
    if found is None or found.session_epoch != session_epoch or _outlived(found):
        return None
    return SessionUser(wanted, session_epoch, found)


def _outlived(found: SessionAccount) -> bool:
    """Tell whether a control agent signed in more than a day ago: a phone in the street is easily lost."""
    if not any(found.actor.serves(territory, StaffRole.CONTROL_AGENT) for territory in found.actor.staff):
        return False
    return bool(time.time() - session.setdefault("since", int(time.time())) > AGENT_SESSION_S)


def load_actor() -> Actor:
    """Return who is behind the running request; two queries at most."""
    found: SessionAccount | None = getattr(current_user, "found", None)
    return found.actor if found else ANONYMOUS


def start_session(credentials: Credentials, *, remember: bool | None = None) -> None:
    """Open a session in place of the present one: nothing of an anonymous session survives but the language.

    remember: keep the session after the browser closes; None keeps what the present session does.
    """
    kept = session.permanent if remember is None else remember
    session.clear()
    session.permanent = kept
    session["lang"] = credentials.locale
    login_user(SessionUser(credentials.account_id, credentials.session_epoch))


def end_session() -> None:
    """Forget the person; the language stays."""
    language = session.get("lang")
    logout_user()
    session.clear()
    if language:
        session["lang"] = language


def local_path(target: str | None) -> str | None:
    """Return a path of this site, None for anything that could lead elsewhere."""
    if not target or not target.startswith("/") or target.startswith("//"):
        return None
    if "\\" in target or any(ord(sign) < 0x21 for sign in target):
        return None
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else None


def address_key() -> str:
    """Return the address of the running form, as the key of a limit; the store of limits never holds the address."""
    return "address:" + digest(unicodedata.normalize("NFKC", request.form.get("email", "")).strip().casefold())


def init_app(app: Flask) -> None:
    """Attach Flask-Login and say who acts."""
    manager = LoginManager()
    # The session already carries an epoch; binding it to an address would sign phones out when they change network.
    manager.session_protection = None
    manager.user_loader(load_user)
    manager.init_app(app, add_context_processor=False)
    set_actor_loader(app, load_actor)

    @app.context_processor
    def _sign_out() -> dict[str, object]:
        return {"sign_out_url": url_for("accounts.sign_out")}
