"""The pages of routes: the company's own, and the panel other pages show."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid, NotFound
from portal.fleet.api import list_vehicles
from portal.itineriz import queries, services
from portal.itineriz.documents.layers import LAYERS, layer
from portal.itineriz.messages import stored_fault
from portal.itineriz.pages.blueprint import MEMBER, ROUTES, blueprint
from portal.itineriz.pages.forms import RouteForm
from portal.itineriz.queries import RouteView
from portal.numeriz.api import law_snapshot
from portal.territories.api import TerritoryView, get_territory_by_id, list_territories
from portal.web.extensions import limiter
from portal.web.guards import SIGNED_IN, current_actor, guard
from portal.web.rendering import render_block, render_page


@blueprint.get(ROUTES)
@guard(MEMBER)
def list_routes(company_id: UUID) -> ResponseReturnValue:
    """Show the company's routes, newest first."""
    page = queries.list_routes(company_id, request.args.get("cursor"))
    return render_page("itineriz/list.html", company_id=company_id, page=page, zones=_zones())


@blueprint.route(f"{ROUTES}/nouveau", methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("60 per minute; 600 per hour", methods=["POST"])
def new_route(company_id: UUID) -> ResponseReturnValue:
    """Ask for a route."""
    places = _built_territories()
    if not places:
        flash(_("Aucun territoire n’est encore prêt pour le calcul d’itinéraires."), "warning")
        return redirect(url_for("itineriz.list_routes", company_id=company_id), 303)
    form = RouteForm(_chosen_place(places), list_vehicles(company_id))
    if request.method == "POST" and form.validate():
        action = request.form.get("action", "")
        if action:
            form.edit(action)
        elif (route_id := _submit(form, company_id)) is not None:
            return redirect(url_for("itineriz.show_route", company_id=company_id, route_id=route_id), 303)
    elif request.method == "GET":
        form.day.data = form.day.data or f"{SYSTEM_CLOCK.now():%Y-%m-%d}"
        form.hour.data = form.hour.data or "09:00"
    page = render_page("itineriz/new.html", company_id=company_id, form=form, place=form.place, places=places)
    return page, 422 if form.errors else 200


@blueprint.get(f"{ROUTES}/<uuid:route_id>")
@guard(MEMBER)
def show_route(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Show a route: its progress, then the answer."""
    route = queries.get_route(company_id, route_id)
    return render_page("itineriz/route.html", company_id=company_id, **_context(route))


@blueprint.get(f"{ROUTES}/<uuid:route_id>/avancement")
@guard(MEMBER)
def progress(company_id: UUID, route_id: UUID) -> ResponseReturnValue:
    """Show how far the computation is; htmx asks again by itself."""
    route = queries.get_route(company_id, route_id)
    return render_block("itineriz/route.html", "progress", company_id=company_id, **_context(route))


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


@blueprint.get("/itineraires/<uuid:route_id>/panneau")
@guard(SIGNED_IN)
def route_panel(route_id: UUID) -> ResponseReturnValue:
    """Show the answer of a route inside another page: to members of its company and clerks of its territory."""
    route = queries.get_route_seen_by(current_actor(), route_id)
    return render_block("itineriz/route.html", "answer", **_context(route))


@blueprint.get("/itineraires/<uuid:route_id>/carte/<kind>.geojson")
@guard(SIGNED_IN)
def map_layer(route_id: UUID, kind: str) -> ResponseReturnValue:
    """One layer of the map of a route, for those who may see it."""
    route = queries.get_route_seen_by(current_actor(), route_id)
    if kind not in LAYERS:
        raise NotFound("page-not-found")
    answer = jsonify(layer(route, law_snapshot(route.territory_id), kind))
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.mimetype = "application/geo+json"
    return answer


def _context(route: RouteView) -> dict[str, Any]:
    return {
        "route": route,
        "place": get_territory_by_id(route.territory_id),
        "failure": stored_fault(route.error_code, route.error_params) if route.error_code else None,
    }


def _submit(form: RouteForm, company_id: UUID) -> UUID | None:
    command = form.command(company_id)
    if command is None:
        return None
    try:
        return services.create_route(current_actor(), command)
    except Invalid as error:
        form.refuse(error)
        return None


def _built_territories() -> list[TerritoryView]:
    return [place for place in list_territories() if place.graph_dir is not None]


def _chosen_place(places: list[TerritoryView]) -> TerritoryView:
    """The territory named in the request, else the first."""
    wanted = request.values.get("territory", request.args.get("territoire", ""))
    return next((place for place in places if place.slug == wanted), places[0])


def _zones() -> dict[UUID, str]:
    return {place.id: place.timezone for place in list_territories()}
