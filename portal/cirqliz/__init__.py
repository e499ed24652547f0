"""CirQliz: requests for access, decisions, passes and their verification."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Flask, url_for
from flask_babel import gettext as _

from portal.cirqliz import models  # noqa: F401 the tables must be known when the database is made
from portal.common.actor import Actor, StaffRole
from portal.web.navigation import NavItem, add_navigation


def _links(actor: Actor) -> Sequence[NavItem]:
    from portal.accounts.api import current_company_id, current_territory

    links = []
    company_id = current_company_id(actor)
    if company_id is not None:
        requests_url = url_for("cirqliz.list_requests", company_id=company_id)
        passes_url = url_for("cirqliz.list_passes", company_id=company_id)
        links += [
            NavItem(_("Demandes"), requests_url, "company", 30),
            NavItem(_("Laissez-passer"), passes_url, "company", 40),
        ]
    desk = current_territory(actor, StaffRole.CLERK)
    if desk is not None:
        links.append(NavItem(_("Guichet"), url_for("cirqliz.desk", territory=desk), "desk", 10))
    control = current_territory(actor, StaffRole.CONTROL_AGENT)
    if control is not None:
        links.append(NavItem(_("Contrôle"), url_for("cirqliz.control", territory=control), "desk", 20))
    return links


def register(app: Flask) -> None:
    """Attach the context to the application: pages, tasks, and the end of passes whose vehicle is withdrawn."""
    from portal.cirqliz.blueprint import blueprint
    from portal.cirqliz.decisions import views as _decisions  # noqa: F401 adds its routes to the blueprint
    from portal.cirqliz.passes import views as _passes  # noqa: F401
    from portal.cirqliz.passes.services import revoke_for_vehicles
    from portal.cirqliz.requests import tasks as _tasks  # noqa: F401 registers its task
    from portal.cirqliz.requests import views as _requests  # noqa: F401
    from portal.cirqliz.verification import views as _verification  # noqa: F401
    from portal.fleet.api import on_vehicle_withdrawn

    app.register_blueprint(blueprint)
    on_vehicle_withdrawn(revoke_for_vehicles)
    add_navigation(app, _links)
