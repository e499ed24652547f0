"""The fleet context: vehicles and their bulk upload."""

from __future__ import annotations

from flask import Flask

from portal.fleet import models  # noqa: F401 the tables must be known before the first query


def register(app: Flask) -> None:
    """Attach the context to the application."""
