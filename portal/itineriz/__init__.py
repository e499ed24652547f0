"""The itineriz context: the lawful route."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Flask, request, url_for
from flask_babel import gettext

from portal.common.actor import Actor
from portal.itineriz import models  # noqa: F401 the tables must be known before the first query
from portal.web.navigation import NavItem, add_navigation


def _links(actor: Actor) -> Sequence[NavItem]:
    """Each company of the actor has its routes; on a company's page only that one is shown."""
    here = (request.view_args or {}).get("company_id")
    companies = [here] if here in actor.companies else list(actor.companies)[:1]
    return [
        NavItem(str(gettext("Itinéraires")), url_for("itineriz.list_routes", company_id=company_id), "company", 40)
        for company_id in companies
    ]


def register(app: Flask) -> None:
    """Attach the context to the application."""
    from portal.accounts.api import declare_traces
    from portal.itineriz import tasks  # noqa: F401 registers the job
    from portal.itineriz.addresses import tasks as check_tasks  # noqa: F401 registers the job
    from portal.itineriz.cli import route_command, what_command
    from portal.itineriz.pages import register_pages
    from portal.itineriz.places import tasks as stops_tasks  # noqa: F401 registers the job
    from portal.itineriz.traces import TRACES

    register_pages(app)
    app.cli.add_command(route_command)
    app.cli.add_command(what_command)
    app.jinja_env.filters["from_iso"] = datetime.fromisoformat
    declare_traces(*TRACES)
    add_navigation(app, _links)
