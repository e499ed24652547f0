"""The links of this context in the main navigation."""

from __future__ import annotations

from collections.abc import Sequence

from flask import url_for
from flask_babel import gettext as _

from portal.common.actor import Actor, StaffRole
from portal.web.navigation import NavItem

DESK = "desk"


def law_links(actor: Actor) -> Sequence[NavItem]:
    """Return the link to the law of each territory the actor is a clerk of."""
    served = sorted(slug for slug in actor.staff if actor.serves(slug, StaffRole.CLERK))
    label = _("Arrêtés et périmètres")
    return [
        NavItem(
            label if len(served) == 1 else f"{label} ({slug})", url_for("numeriz.overview", territory=slug), "desk", 60
        )
        for slug in served
    ]
