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
from portal.visualiz.onscreen import read_layers
from portal.visualiz.views.asked import Asked, asks_for_a_place, read_asked
from portal.visualiz.views.blueprint import DAYS_PER_CALLER, PLACES_PER_CALLER, blueprint
from portal.web.extensions import limiter
from portal.web.guards import PUBLIC, guard
from portal.web.rendering import render_page

_CLOSE_ZOOM: Final = 16


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
    """Where the map fetches what it shows."""
    slug, language = asked.territory.slug, str(get_locale() or "fr")[:2]
    return {
        **layer_urls(slug, language, asked.moment.query["jour"]),
        "state": url_for("visualiz.law_state", territory=slug),
        "changes": url_for("visualiz.law_changes", territory=slug),
        "concerned": url_for("visualiz.concerned", territory=slug),
    }


def layer_urls(slug: str, language: str, day: str) -> dict[str, str]:
    """The address of each layer by its kind. day: as in the URL of the map."""
    plain = {"perimeters": "perimeter_layer", "bays": "bay_layer"}
    dated = {"orders": "order_layer", "events": "event_layer", "signs": "sign_layer"}
    always: dict[str, Any] = {"territory": slug, "langue": language}
    return {
        **{name: url_for(f"visualiz.{endpoint}", **always) for name, endpoint in plain.items()},
        **{name: url_for(f"visualiz.{endpoint}", **always, jour=day) for name, endpoint in dated.items()},
    }


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
