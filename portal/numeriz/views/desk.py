"""What the clerk's pages share: their blueprint, their guards, their tabs."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask_babel import gettext as _

from portal.common.actor import StaffRole
from portal.numeriz import desk_words, messages, words
from portal.territories.api import TerritoryView
from portal.web.guards import staff
from portal.web.rendering import render_page

blueprint = Blueprint("numeriz", __name__, url_prefix="/territoires/<territory>/numeriz")

CLERK = staff(StaffRole.CLERK)
SUPERVISOR = staff(StaffRole.SUPERVISOR)
_HOME, _ORDERS = "numeriz.overview", "numeriz.list_orders"


def desk_page(page_name: str, territory: TerritoryView, **context: Any) -> str:
    """Render a page of the desk with what all of them need."""
    tabs = [
        (_HOME, _("Vue d’ensemble")),
        ("numeriz.list_perimeters", _("Périmètres")),
        ("numeriz.list_city_events", _("Manifestations")),
        (_ORDERS, _("Arrêtés")),
        ("numeriz.show_switches", _("Fermetures")),
        ("numeriz.list_events", _("Évènements")),
        ("numeriz.list_bays", _("Aires de livraison")),
        ("numeriz.feed_list", _("Flux")),
        ("numeriz.health", _("Santé des données")),
        ("numeriz.upload", _("Importer un fichier")),
    ]
    return render_page(
        f"numeriz/{page_name}.html",
        territory=territory,
        territory_name=territory.name,
        accent=territory.accent.value,
        zone=territory.timezone,
        messages=messages,
        words=words,
        desk_words=desk_words,
        desk_tabs=[
            {
                "label": label,
                "url": url_for(endpoint, territory=territory.slug),
                "current": _is_current(endpoint, territory.slug),
            }
            for endpoint, label in tabs
        ],
        **context,
    )


def _is_current(endpoint: str, slug: str) -> bool | str:
    """Tell whether a tab is the page that is open; "true" when it is a page of that tab."""
    if request.endpoint == endpoint:
        return True
    if endpoint == _HOME:
        return False
    folders = [url_for(endpoint, territory=slug)]
    if endpoint == _ORDERS:
        folders.append(f"{url_for(_HOME, territory=slug)}/redaction")
    return "true" if any(f"{request.path}/".startswith(f"{folder}/") for folder in folders) else False
