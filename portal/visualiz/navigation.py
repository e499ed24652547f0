"""The links of this context in the main navigation."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _

from portal.common.actor import Actor
from portal.web.navigation import NavItem


def map_links(_actor: Actor) -> Sequence[NavItem]:
    """Return the link to the public map, for everybody."""
    return [NavItem(_("Carte"), url_for("visualiz.choose"), "public", 10)]
