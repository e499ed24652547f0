"""The fleet context: vehicles and their bulk upload."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from flask import Flask, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.common.actor import Actor
from portal.fleet import models  # noqa: F401 the tables must be known before the first query
from portal.web.navigation import NavItem, add_navigation


def _links(actor: Actor) -> Sequence[NavItem]:
    """Each company of the actor has its fleet; on a company's page only that one is shown."""
    here = (request.view_args or {}).get("company_id")
    companies = [here] if isinstance(here, UUID) and here in actor.companies else list(actor.companies)[:1]
    return [
        NavItem(
            _("Véhicules"),
            url_for("fleet.list_vehicles", company_id=company_id),
            "company",
            20,
            note=partial(_fleet_note, company_id),
        )
        for company_id in companies
    ]


def _fleet_note(company_id: UUID) -> str:
    from portal.fleet.queries import count_vehicles

    in_use = count_vehicles(company_id).in_use
    if in_use == 0:
        return str(_("Votre flotte est vide"))
    return str(ngettext("%(num)s véhicule en service.", "%(num)s véhicules en service.", in_use))


def register(app: Flask) -> None:
    """Attach the context to the application."""
    from portal.accounts.api import declare_traces, on_company_closed, on_company_reopened
    from portal.fleet import bulk_views, import_views, views  # noqa: F401 they put their routes on the blueprint
    from portal.fleet.blueprint import blueprint
    from portal.fleet.energies import use_energies
    from portal.fleet.loans import tasks as _loan_tasks  # noqa: F401 registers its job
    from portal.fleet.loans import views as _loan_views  # noqa: F401 its routes
    from portal.fleet.loans.closing import tell_loans_held, tell_loans_resumed
    from portal.fleet.traces import TRACES

    use_energies(app, app.extensions["settings"].energies_file)
    app.register_blueprint(blueprint)
    on_company_closed(tell_loans_held)
    on_company_reopened(tell_loans_resumed)
    declare_traces(*TRACES)
    add_navigation(app, _links)
