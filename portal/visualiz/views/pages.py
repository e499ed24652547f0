"""The map, its list twin, and what applies at a point. No account needed."""

from __future__ import annotations

from typing import Any, Final

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

from portal.territories.api import list_territories
from portal.visualiz.answers import next_activation
from portal.visualiz.layers import read_box
from portal.visualiz.listing import LAYERS, ListKind, list_page
from portal.visualiz.moments import moment_at
from portal.visualiz.onscreen import Layer, read_layers
from portal.visualiz.views.asked import Asked, asks_for_a_place, read_asked
from portal.visualiz.views.blueprint import DAYS_PER_CALLER, PLACES_PER_CALLER, blueprint
from portal.visualiz.words import LAYER_NAMES
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

_CLOSE_ZOOM: Final = 16
_LAYER_ENDPOINTS: Final = {
    Layer.PERIMETERS: "perimeter_layer",
    Layer.ORDERS: "order_layer",
    Layer.EVENTS: "event_layer",
    Layer.SIGNS: "sign_layer",
    Layer.BAYS: "bay_layer",
}
_OF_A_DAY: Final = {Layer.ORDERS, Layer.EVENTS, Layer.SIGNS}
"""The layers that are asked for a day."""
_OF_A_BOX: Final = {*_OF_A_DAY, Layer.BAYS}
"""The layers that are asked for a box of the map."""


@blueprint.get("/")
@guard(PUBLIC)
def choose() -> ResponseReturnValue:
    """Choose a territory; go straight to the only one."""
    territories = list_territories()
    if len(territories) == 1:
        return redirect(url_for("visualiz.show_map", territory=territories[0].slug), 303)
    return render_page("visualiz/choose.html", territories=territories)


@blueprint.get("/<territory>")
@guard(PUBLIC)
@limiter.limit(PLACES_PER_CALLER, exempt_when=lambda: not asks_for_a_place())
def show_map(territory: str) -> ResponseReturnValue:
    """Show the map with what applies at a day and an hour."""
    asked = read_asked(territory)
    answer = asked.answer
    page = render_page(
        "visualiz/map.html",
        **asked.context(),
        answer=answer,
        **asked.activity(),
        layers=map_layers(asked.territory.slug, str(get_locale() or "fr")[:2], asked.moment.query["jour"]),
        urls=_map_urls(asked),
        opening_view=_opening_view(asked),
    )
    return page, asked.status


def _opening_view(asked: Asked) -> str:
    """Where the map opens, as in its URL: what was asked, or close to an address that stands there without its point.

    With its point the script goes there by itself. The point is not put into the form: sent again without script, it
    would win over another address.
    """
    view = request.args.get("vue", "")
    if view or asked.point is None or asked.form.point is not None:
        return view
    return f"{_CLOSE_ZOOM}/{asked.point[1]:.5f}/{asked.point[0]:.5f}"


def _map_urls(asked: Asked) -> dict[str, str]:
    """What an open map asks besides its layers."""
    slug = asked.territory.slug
    return {
        "state": url_for("visualiz.law_state", territory=slug),
        "changes": url_for("visualiz.law_changes", territory=slug),
        "concerned": url_for("visualiz.concerned", territory=slug),
    }


def map_layers(slug: str, language: str, day: str) -> list[dict[str, Any]]:
    """The layers as the map takes them; those that the URL leaves out are off, and can be switched on.

    day: as in the URL of the map.
    """
    shown = read_layers(request.args.get("calques"))
    always: dict[str, Any] = {"territory": slug, "langue": language}
    dated = {**always, "jour": day}
    return [
        {
            "kind": layer.value,
            "label": str(LAYER_NAMES[layer]),
            "url": url_for(f"visualiz.{endpoint}", **(dated if layer in _OF_A_DAY else always)),
            "boxed": layer in _OF_A_BOX,
            "dayed": layer in _OF_A_DAY,
            "hidden": layer not in shown,
        }
        for layer, endpoint in _LAYER_ENDPOINTS.items()
    ]


@blueprint.get("/<territory>/ici")
@guard(PUBLIC)
@limiter.limit(PLACES_PER_CALLER, exempt_when=lambda: not asks_for_a_place())
def here(territory: str) -> ResponseReturnValue:
    """Answer what a vehicle may do at a point: a fragment for the map, a page without script."""
    asked = read_asked(territory)
    answer = asked.answer
    page = render_page("visualiz/here.html", block="answer", **asked.context(), **asked.activity(), answer=answer)
    return page, asked.status


@blueprint.get("/<territory>/liste")
@guard(PUBLIC)
@limiter.limit(DAYS_PER_CALLER)
def show_list(territory: str) -> ResponseReturnValue:
    """Show the content of the map as text."""
    asked = read_asked(territory)
    layers, box = read_layers(request.args.get("calques")), read_box(request.args.get("boite", ""))
    kinds = [kind for kind in ListKind if LAYERS[kind] in layers] or list(ListKind)
    wanted = request.args.get("genre", "")
    kind = next((one for one in kinds if one.value == wanted), kinds[0])
    law, moment = asked.law, asked.moment
    page = list_page(asked.territory, law, kind, moment, asked.choice, box, request.args.get("cursor"))
    upcoming = None if page.items or kind is not ListKind.PERIMETERS else next_activation(law, moment.at)
    # What the list keeps of its URL: the same things stay on the map, in the files and on the sheet.
    kept = {name: request.args[name] for name in ("calques", "boite", "vue") if name in request.args}
    body = render_page(
        "visualiz/list.html",
        **asked.context(),
        kind=kind,
        kinds=kinds,
        kept=kept,
        page=page,
        upcoming=upcoming and moment_at(upcoming, moment.zone),
    )
    return body, asked.status
