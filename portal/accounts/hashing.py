"""Keeping passwords: argon2id, and one duration for every answer."""

from __future__ import annotations

import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from flask import Flask, current_app

from portal.common.ids import new_secret
from portal.config import Settings

# 19 MiB and two passes: the smallest argon2id setting OWASP recommends; a web process may check several at once.
_MEMORY_KIB, _PASSES = 19 * 1024, 2


class Hasher:
    """Makes and checks the stored form of passwords."""

    def __init__(self, memory_kib: int = _MEMORY_KIB, passes: int = _PASSES) -> None:
        self._argon2 = PasswordHasher(time_cost=passes, memory_cost=memory_kib, parallelism=1)
        self._nobodys = self._argon2.hash(new_secret())

    def hash(self, password: str) -> str:
        """Return the text to store for a password."""
        return self._argon2.hash(_one_form(password))

    def matches(self, stored: str | None, password: str) -> bool:
        """Tell whether the password is the stored one; takes as long when nothing is stored."""
        try:
            return self._argon2.verify(stored or self._nobodys, _one_form(password)) and stored is not None
        except VerificationError:
            return False

    def is_outdated(self, stored: str) -> bool:
        """Tell whether the stored text was made with other settings than today's."""
        return self._argon2.check_needs_rehash(stored)


def _one_form(password: str) -> str:
    """The same accents typed on two keyboards must give the same bytes."""
    return unicodedata.normalize("NFKC", password)


def hasher() -> Hasher:
    """Return the hasher of the running application."""
    found: Hasher = current_app.extensions["password_hasher"]
    return found


def init_app(app: Flask) -> None:
    """Attach the hasher; tests sign in often and need no protection."""
    settings: Settings = app.extensions["settings"]
    app.extensions["password_hasher"] = Hasher(memory_kib=64, passes=1) if settings.testing else Hasher()
