"""The links of this context in the main navigation."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request, url_for
from flask_babel import gettext as _

from portal.common.actor import Actor, StaffRole
from portal.common.errors import NotFound
from portal.territories.queries import get_territory
from portal.web.navigation import NavItem


def territory_links(actor: Actor) -> Sequence[NavItem]:
    """Return the links to the territories an actor administers, and to all of them for who runs the portal."""
    administered = sorted(slug for slug in actor.staff if actor.serves(slug, StaffRole.ADMINISTRATOR))
    links = [
        NavItem(_("Territoire"), url_for("territories.administration", territory=slug), "desk", 90)
        for slug in administered[:1]
    ]
    if actor.is_platform_admin:
        links.append(NavItem(_("Territoires"), url_for("territories.territory_list"), "platform", 800))
    return links


def territory_look() -> dict[str, object]:
    """Give each page of a territory its name and its accent colour; a view may still say otherwise."""
    slug = (request.view_args or {}).get("territory") if request else None
    if not isinstance(slug, str):
        return {}
    try:
        territory = get_territory(slug)
    except NotFound:
        return {}
    return {"accent": territory.accent.value, "territory_name": territory.name}
