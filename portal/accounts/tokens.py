"""The links sent by e-mail: what each carries, signed so that nobody else can write one."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from portal.common.errors import Invalid, NotFound
from portal.config import Settings


def registration_token(registration_id: UUID) -> str:
    """Return the token that confirms a registration; the row says until when."""
    return _signer("registration").dumps(str(registration_id))


def read_registration_token(token: str) -> UUID:
    """Return the registration of a token; raises NotFound("link-unknown")."""
    return UUID(_read("registration", token))


def reset_token(account_id: UUID, session_epoch: int, expires_at: datetime) -> str:
    """Return a token that lets choose a new password once: using it raises the epoch it names."""
    return _signer("password-reset").dumps([str(account_id), session_epoch, int(expires_at.timestamp())])


def read_reset_token(token: str, now: datetime) -> tuple[UUID, int]:
    """Return the account and epoch of a token. Raises NotFound("link-unknown") or Invalid("link-expired")."""
    account_id, session_epoch, expires_at = _read("password-reset", token)
    if now >= datetime.fromtimestamp(expires_at, UTC):
        raise Invalid("link-expired")
    return UUID(account_id), session_epoch


def digest(secret: str) -> str:
    """Return what is stored of an unguessable secret: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _signer(purpose: str) -> URLSafeSerializer:
    settings: Settings = current_app.extensions["settings"]
    return URLSafeSerializer(settings.secret_key, salt=f"accounts.{purpose}")


def _read(purpose: str, token: str) -> Any:
    try:
        return _signer(purpose).loads(token)
    except BadData as error:
        raise NotFound("link-unknown") from error
