"""The pages of routes."""

from __future__ import annotations

from flask import Flask


def register_pages(app: Flask) -> None:
    """Attach every page to the application. A module that adds views is imported here."""
    from portal.itineriz.pages import (  # noqa: F401 each adds its views
        address_checks,
        asking,
        comparing,
        files,
        places,
        routes,
        sharing,
        stops_file,
    )
    from portal.itineriz.pages.blueprint import blueprint

    app.register_blueprint(blueprint)
