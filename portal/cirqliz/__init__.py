"""CirQliz: requests for access, decisions, passes and their verification."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from flask import Flask, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.cirqliz import models  # noqa: F401 the tables must be known when the database is made
from portal.common.actor import Actor, StaffRole
from portal.common.clock import SYSTEM_CLOCK
from portal.web.navigation import NavItem, add_navigation


def _links(actor: Actor) -> Sequence[NavItem]:
    from portal.accounts.api import current_company_id, current_territory

    links = []
    company_id = current_company_id(actor)
    if company_id is not None:
        requests_url = url_for("cirqliz.list_requests", company_id=company_id)
        passes_url = url_for("cirqliz.list_passes", company_id=company_id)
        links += [
            NavItem(_("Demandes"), requests_url, "company", 30, note=partial(_requests_note, company_id)),
            NavItem(_("Laissez-passer"), passes_url, "company", 40, note=partial(_passes_note, company_id)),
        ]
    desk = current_territory(actor, StaffRole.CLERK)
    if desk is not None:
        links.append(NavItem(_("Guichet"), url_for("cirqliz.desk", territory=desk), "desk", 10))
    control = current_territory(actor, StaffRole.CONTROL_AGENT)
    if control is not None:
        links.append(NavItem(_("Contrôle"), url_for("cirqliz.control", territory=control), "desk", 20))
    return links


def _requests_note(company_id: UUID) -> str:
    from portal.cirqliz.requests.queries import count_open

    waiting = count_open(company_id)
    if waiting == 0:
        return str(_("Aucune demande n’attend de réponse."))
    return str(ngettext("%(num)s demande attend une réponse.", "%(num)s demandes attendent une réponse.", waiting))


def _passes_note(company_id: UUID) -> str:
    from portal.cirqliz.passes.queries import count_usable

    usable = count_usable(company_id, SYSTEM_CLOCK.now())
    if usable == 0:
        return str(_("Aucun laissez-passer valable ou à venir."))
    return str(
        ngettext("%(num)s laissez-passer valable ou à venir.", "%(num)s laissez-passer valables ou à venir.", usable)
    )


def register(app: Flask) -> None:
    """Attach the context to the application: pages, tasks, and the end of passes whose vehicle is withdrawn."""
    from portal.accounts.api import declare_dealing, declare_traces, on_company_closed, on_company_reopened
    from portal.cirqliz.blueprint import blueprint
    from portal.cirqliz.control import app_views as _control_app  # noqa: F401 adds its routes to the blueprint
    from portal.cirqliz.control import back_views as _control_back  # noqa: F401
    from portal.cirqliz.control import views as _control  # noqa: F401
    from portal.cirqliz.decisions import views as _decisions  # noqa: F401
    from portal.cirqliz.decisions.batches import tasks as _batches  # noqa: F401 registers its task
    from portal.cirqliz.journal import views as _journal  # noqa: F401
    from portal.cirqliz.passes import act_views as _pass_acts  # noqa: F401
    from portal.cirqliz.passes import driver_views as _driver  # noqa: F401
    from portal.cirqliz.passes import sheet_views as _sheets  # noqa: F401
    from portal.cirqliz.passes import views as _passes  # noqa: F401
    from portal.cirqliz.passes.cli import group as pass_commands
    from portal.cirqliz.passes.life import resume_for_company, suspend_for_company
    from portal.cirqliz.passes.of_vehicles import PassesOfVehicles
    from portal.cirqliz.passes.services import revoke_for_vehicles
    from portal.cirqliz.reexamination import watching as _watching  # noqa: F401 registers its task
    from portal.cirqliz.reexamination.vehicles import reexamine_vehicles
    from portal.cirqliz.requests import form_views as _request_form  # noqa: F401
    from portal.cirqliz.requests import tasks as _tasks  # noqa: F401 registers its task
    from portal.cirqliz.requests import thread_views as _thread  # noqa: F401
    from portal.cirqliz.requests import views as _requests  # noqa: F401
    from portal.cirqliz.requests.queries import has_requests
    from portal.cirqliz.rules import set_views as _settings  # noqa: F401
    from portal.cirqliz.rules import views as _rules  # noqa: F401
    from portal.cirqliz.traces import TRACES
    from portal.cirqliz.verification import views as _verification  # noqa: F401
    from portal.fleet.api import on_vehicle_changed, on_vehicle_withdrawn, set_vehicle_passes

    app.register_blueprint(blueprint)
    app.cli.add_command(pass_commands)
    with app.app_context():
        set_vehicle_passes(PassesOfVehicles())
    on_vehicle_withdrawn(revoke_for_vehicles)
    on_vehicle_changed(reexamine_vehicles)
    on_company_closed(suspend_for_company)
    on_company_reopened(resume_for_company)
    declare_dealing(has_requests)
    declare_traces(*TRACES)
    add_navigation(app, _links)
