"""What frames the pages of a territory's staff: name, colour, tabs."""

from __future__ import annotations

from typing import Any

from flask import request, url_for
from flask_babel import gettext as _

from portal.common.actor import StaffRole
from portal.territories.api import TerritoryView
from portal.web.guards import current_actor, staff

PREFIX = "/territoires/<territory>"
CLERK = staff(StaffRole.CLERK)
# Pages that a tab leads to by its own links.
_BEHIND = {
    "cirqliz.desk": {
        "cirqliz.desk_request",
        "cirqliz.preview_decisions",
        "cirqliz.prepare_decisions",
        "cirqliz.show_decisions",
    },
    "cirqliz.list_rules": {
        "cirqliz.show_rule",
        "cirqliz.new_rule",
        "cirqliz.edit_rule",
        "cirqliz.try_rules",
        "cirqliz.list_quotas",
        "cirqliz.set_quotas",
        "cirqliz.access_settings_page",
    },
    "cirqliz.control": {"cirqliz.look_up"},
}


def desk_frame(territory: TerritoryView) -> dict[str, Any]:
    """Return what frames a page of the territory's staff: name, colour, tabs."""
    return {
        "territory_name": territory.name,
        "accent": territory.accent.value,
        "desk_tabs": _tabs(territory.slug),
    }


def _tabs(territory: str) -> list[dict[str, Any]]:
    actor = current_actor()
    tabs = (
        (_("Guichet"), "cirqliz.desk", StaffRole.CLERK),
        (_("Contrôle"), "cirqliz.control", StaffRole.CONTROL_AGENT),
        (_("Tableau des contrôles"), "cirqliz.control_dashboard", StaffRole.SUPERVISOR),
        (_("Règles"), "cirqliz.list_rules", StaffRole.SUPERVISOR),
        (_("Journal"), "cirqliz.journal", StaffRole.SUPERVISOR, StaffRole.ADMINISTRATOR),
    )
    return [
        {"label": label, "url": url_for(endpoint, territory=territory), "current": _current(endpoint)}
        for label, endpoint, *roles in tabs
        if actor.serves(territory, *roles)
    ]


def _current(endpoint: str) -> str:
    """Return the value of aria-current of a tab: this page, a page behind it, or empty."""
    if request.endpoint == endpoint:
        return "page"
    return "true" if request.endpoint in _BEHIND.get(endpoint, ()) else ""
