"""The numeriz context: traffic orders, perimeters and delivery bays: import, storage, the law in memory."""

from __future__ import annotations

from flask import Flask

from portal.numeriz import (  # noqa: F401 tables, kinds of jobs and pages must be known from the start
    cli,
    dialog_cli,
    feed_cli,
    feed_views,
    import_views,
    models,
    tasks,
    views,
)
from portal.numeriz.desk import blueprint
from portal.numeriz.exports import publishing  # noqa: F401 its kind of job must be known from the start
from portal.numeriz.navigation import law_links
from portal.numeriz.open_data import blueprint as open_data
from portal.web.navigation import add_navigation


def register(app: Flask) -> None:
    """Attach the context to the application."""
    app.register_blueprint(blueprint)
    app.register_blueprint(open_data)
    add_navigation(app, law_links)
    for command in (*cli.COMMANDS, *feed_cli.COMMANDS):
        app.cli.add_command(command)
