"""The numeriz context: traffic orders, perimeters and delivery bays: import, storage, the law in memory."""

from __future__ import annotations

from flask import Flask

from portal.numeriz import models, tasks  # noqa: F401 tables and kinds of jobs must be known from the start
from portal.numeriz.cli import COMMANDS
from portal.numeriz.navigation import law_links
from portal.numeriz.views import blueprint
from portal.web.navigation import add_navigation


def register(app: Flask) -> None:
    """Attach the context to the application."""
    app.register_blueprint(blueprint)
    add_navigation(app, law_links)
    for command in COMMANDS:
        app.cli.add_command(command)
