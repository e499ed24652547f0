"""The visualiz context: the public map, its list twin, and the answer at a point. It stores alerts alone.

Importing it puts its pages on the blueprint, its tables on the metadata and its jobs in the register.
"""

from __future__ import annotations

from flask import Flask

from portal.accounts.api import declare_traces
from portal.visualiz import views
from portal.visualiz.alerts import models, tasks
from portal.visualiz.alerts import views as alert_views
from portal.visualiz.navigation import map_links
from portal.visualiz.traces import TRACES
from portal.visualiz.views.blueprint import blueprint
from portal.visualiz.widget import views as widget_views
from portal.web.navigation import add_navigation

__all__ = ["alert_views", "models", "register", "tasks", "views", "widget_views"]


def register(app: Flask) -> None:
    """Attach the context to the application."""
    app.register_blueprint(blueprint)
    add_navigation(app, map_links)
    declare_traces(*TRACES)
