"""The numeriz context: orders, perimeters, bays and events: import, feeds, the law in memory, its match, open data."""

from __future__ import annotations

from flask import Flask

from portal.accounts.api import declare_traces

# Tables, kinds of jobs and pages must be known from the start.
from portal.numeriz import cli, models, tasks  # noqa: F401
from portal.numeriz.bays import sheet_views as bay_sheet_views  # noqa: F401
from portal.numeriz.bays import views as bay_views  # noqa: F401
from portal.numeriz.exports import publishing  # noqa: F401
from portal.numeriz.feeds import cli as feed_cli
from portal.numeriz.feeds import dialog_cli  # noqa: F401
from portal.numeriz.health import views as health_views  # noqa: F401
from portal.numeriz.impact import switch_views  # noqa: F401
from portal.numeriz.impact import tasks as impact_tasks  # noqa: F401
from portal.numeriz.impact import views as impact_views  # noqa: F401
from portal.numeriz.matching import tasks as matching_tasks  # noqa: F401
from portal.numeriz.navigation import law_links
from portal.numeriz.places import views as place_views  # noqa: F401
from portal.numeriz.pushing import views as push_views  # noqa: F401
from portal.numeriz.traces import TRACES
from portal.numeriz.views import feeds as feed_views  # noqa: F401
from portal.numeriz.views import imports as import_views  # noqa: F401
from portal.numeriz.views import law as law_views  # noqa: F401
from portal.numeriz.views.desk import blueprint as desk
from portal.numeriz.views.open_data import blueprint as open_data
from portal.numeriz.writing import views as writing_views  # noqa: F401
from portal.numeriz.writing.form import measures as form_measures  # noqa: F401
from portal.numeriz.writing.form import views as form_views  # noqa: F401
from portal.numeriz.writing.form import where as form_places  # noqa: F401
from portal.numeriz.zones import mapping_views as zone_mapping_views  # noqa: F401
from portal.numeriz.zones import views as zone_views  # noqa: F401
from portal.web.navigation import add_navigation


def register(app: Flask) -> None:
    """Attach the context to the application."""
    app.register_blueprint(desk)
    app.register_blueprint(open_data)
    declare_traces(*TRACES)
    add_navigation(app, law_links)
    for command in (*cli.COMMANDS, *feed_cli.COMMANDS):
        app.cli.add_command(command)
