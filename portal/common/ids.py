"""Identifiers."""

from __future__ import annotations

import secrets
import uuid


def new_id() -> uuid.UUID:
    """Return a fresh random identifier (UUID version 4)."""
    return uuid.uuid4()


def new_secret(bytes_of_entropy: int = 32) -> str:
    """Return an unguessable URL-safe text; store only its digest."""
    return secrets.token_urlsafe(bytes_of_entropy)
