"""The territories context: the tenant, its build (graph, base map, addresses), the invented demo town."""

from __future__ import annotations

from flask import Flask

from portal.territories import models  # noqa: F401 the tables must be known before the first query


def register(app: Flask) -> None:
    """Attach the context to the application."""
