"""Territories: where the portal serves, and the graph, map and addresses of each, all from one extract."""

from __future__ import annotations

from flask import Flask

from portal.config import Settings
from portal.territories import cli, models  # noqa: F401 the tables must be known when the database is made
from portal.territories.demo_town.cli import demo_town_command
from portal.territories.lookup import geocoder_from, set_geocoder
from portal.territories.navigation import territory_links, territory_look
from portal.territories.views import blueprint
from portal.web.navigation import add_navigation


def register(app: Flask) -> None:
    """Attach the context to the application."""
    settings: Settings = app.extensions["settings"]
    set_geocoder(app, geocoder_from(settings))
    app.register_blueprint(blueprint)
    app.cli.add_command(cli.group)
    app.cli.add_command(demo_town_command)
    app.context_processor(territory_look)
    add_navigation(app, territory_links)
