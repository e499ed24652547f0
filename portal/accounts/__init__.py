"""People, companies, memberships and staff roles: who acts, and for whom."""

from __future__ import annotations

from flask import Flask

from portal.accounts import models  # noqa: F401 the tables must be known when the database is made


def register(app: Flask) -> None:
    """Attach the context to the application."""
