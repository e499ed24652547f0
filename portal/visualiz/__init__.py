"""The visualiz context: the public map, its list twin, and the answer at a point. It stores alerts alone."""

from __future__ import annotations

from flask import Flask

from portal.visualiz import views as views  # the pages are put on the blueprint
from portal.visualiz.alerts import models as models  # the tables are put on the metadata
from portal.visualiz.navigation import map_links
from portal.visualiz.views.blueprint import blueprint
from portal.web.navigation import add_navigation


def register(app: Flask) -> None:
    """Attach the context to the application."""
    app.register_blueprint(blueprint)
    add_navigation(app, map_links)
