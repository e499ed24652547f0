"""The pages of a company's tours: the list, one tour, and the panel other pages show."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid, NotFound
from portal.itineriz import queries, services
from portal.itineriz.asking import local_instant
from portal.itineriz.documents.layers import LAYERS, layer
from portal.itineriz.documents.wording import reason_text
from portal.itineriz.messages import lost_bay
from portal.itineriz.pages.blueprint import MEMBER, ROUTES, blueprint
from portal.itineriz.pages.context import ask_url, is_outdated, tour_context
from portal.itineriz.pages.shown import short_label, stops_words
from portal.itineriz.queries import RouteView
from portal.itineriz.removal import is_removable, remove_route
from portal.itineriz.variants import Changed, variant
from portal.numeriz.api import law_snapshot
from portal.territories.api import get_territory_by_id, list_territories
from portal.web.extensions import limiter
from portal.web.guards import SIGNED_IN, current_actor, guard
from portal.web.rendering import render_block, render_page


@blueprint.get(ROUTES)
@guard(MEMBER)
def list_routes(company_id: UUID) -> ResponseReturnValue:
    """Show the company's routes, newest first."""
    page = queries.list_routes(company_id, request.args.get("cursor"))
    zones = {place.id: place.timezone for place in list_territories()}
    return render_page(
        "itineriz/list.html",
        company_id=company_id,
        page=page,
        zones=zones,
        stops_words=stops_words,
        short=short_label,
    )


@blueprint.get(f"{ROUTES}/<uuid:route_id>")
@guard(MEMBER)
def show_route(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Show a route: its progress, then the answer."""
    return render_page("itineriz/route.html", **_context(company_id, queries.get_route(company_id, route_id)))


@blueprint.get(f"{ROUTES}/<uuid:route_id>/avancement")
@guard(MEMBER)
def progress(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Show how far the computation is; htmx asks again by itself."""
    context = _context(company_id, queries.get_route(company_id, route_id))
    return render_block("itineriz/route.html", "progress", **context)


@blueprint.post(f"{ROUTES}/<uuid:route_id>/relancer")
@guard(MEMBER)
def retry_route(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Compute a failed route again."""
    services.retry_route(company_id, route_id)
    return redirect(url_for("itineriz.show_route", company_id=company_id, route_id=route_id), 303)


@blueprint.post(f"{ROUTES}/<uuid:route_id>/annuler")
@guard(MEMBER)
def cancel_route(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Give up a route that is not computed yet."""
    services.cancel_route(company_id, route_id)
    return redirect(url_for("itineriz.show_route", company_id=company_id, route_id=route_id), 303)


@blueprint.post(f"{ROUTES}/<uuid:route_id>/supprimer")
@guard(MEMBER)
def delete_route(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Remove a route."""
    remove_route(company_id, route_id)
    flash(_("L’itinéraire est supprimé."), "success")
    return redirect(url_for("itineriz.list_routes", company_id=company_id), 303)


@blueprint.post(f"{ROUTES}/<uuid:route_id>/partir-a")
@guard(MEMBER)
@limiter.limit("60 per minute; 600 per hour")
def leave_at(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Compute the same tour for another departure, or again for the same; lead to what comes out."""
    route = queries.get_route(company_id, route_id)
    changed = Changed(depart_at=_instant(request.form.get("depart_at", "")))
    new_id = services.create_route(current_actor(), variant(route, company_id, changed))
    return redirect(url_for("itineriz.show_route", company_id=company_id, route_id=new_id), 303)


@blueprint.get("/itineraires/<uuid:route_id>/panneau")
@guard(SIGNED_IN)
def route_panel(route_id: UUID) -> ResponseReturnValue:
    """Show the answer of a route inside another page: to members of its company and clerks of its territory."""
    route = queries.get_route_seen_by(current_actor(), route_id)
    return render_block("itineriz/route.html", "answer", **tour_context(route, _layer_url(route)))


@blueprint.get("/itineraires/<uuid:route_id>/carte/<kind>.geojson")
@guard(SIGNED_IN)
def map_layer(route_id: UUID, kind: str) -> ResponseReturnValue:
    """One layer of the map of a route, for those who may see it."""
    return send_layer(queries.get_route_seen_by(current_actor(), route_id), kind)


def send_layer(route: RouteView, kind: str) -> ResponseReturnValue:
    """The GeoJSON of a layer, for whoever was let in."""
    if kind not in LAYERS:
        raise NotFound("page-not-found")
    zone = ZoneInfo(get_territory_by_id(route.territory_id).timezone)
    answer = jsonify(layer(route, partial(law_snapshot, route.territory_id), kind, zone))
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.mimetype = "application/geo+json"
    return answer


def _context(company_id: UUID, route: RouteView) -> dict[str, Any]:
    context = tour_context(route, _layer_url(route))
    compared = None
    if route.compared_with is not None:
        compared = url_for("itineriz.compare_route", company_id=company_id, route_id=route.compared_with)
    return context | {
        "company_id": company_id,
        "ask_url": ask_url(current_actor(), company_id, route, context["answer"]),
        "outdated": is_outdated(route),
        # The tour of a request belongs to it: it is neither given up, removed nor looked at again by itself.
        "rechecked": not route.assume_passes,
        "over": route.depart_at < SYSTEM_CLOCK.now(),
        "removable": is_removable(route.assume_passes),
        "compared_url": compared,
        "changed_reasons": _changed(route, "reasons"),
        "gone_reasons": _changed(route, "gone"),
        "lost_bays": [lost_bay(bay) for bay in (route.changes or {}).get("bays", ())],
    }


def _changed(route: RouteView, what: str) -> list[str]:
    """What came with the last change of the law (`reasons`) or went with it (`gone`), in words."""
    zone = ZoneInfo(get_territory_by_id(route.territory_id).timezone)
    return [text for text in (reason_text(values, zone) for values in (route.changes or {}).get(what, ())) if text]


def _layer_url(route: RouteView) -> Any:
    return lambda kind: url_for("itineriz.map_layer", route_id=route.id, kind=kind)


def _instant(text: str) -> datetime | None:
    """The departure a button carries; None for the same as before."""
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid("departure-unreadable", field="depart_at") from error
    if at.tzinfo is None:
        raise Invalid("departure-unreadable", field="depart_at")
    return local_instant(at, ZoneInfo("UTC"))
