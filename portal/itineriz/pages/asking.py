"""The page where a company asks for a tour, empty or begun from another one."""

from __future__ import annotations

from contextlib import suppress
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Invalid, NotFound
from portal.common.text import whole_number
from portal.fleet.api import OfferedFleet
from portal.itineriz import queries, services
from portal.itineriz.addresses.services import CheckView, get_check, get_results
from portal.itineriz.pages.blueprint import MEMBER, ROUTES, blueprint
from portal.itineriz.pages.forms import ARRIVE, LEAVE, MOST_STOPS, RouteForm
from portal.itineriz.pages.vehicles import OTHER_VEHICLE
from portal.itineriz.places.hours import clock_spans, hours_text
from portal.itineriz.places.queries import list_places
from portal.itineriz.queries import RouteView
from portal.itineriz.trip_values import stop_of
from portal.territories.api import TerritoryView, get_territory_by_id, list_territories
from portal.web.extensions import limiter
from portal.web.guards import current_actor, guard
from portal.web.rendering import render_page


@blueprint.route(f"{ROUTES}/nouveau", methods=["GET", "POST"])
@guard(MEMBER)
@limiter.limit("60 per minute; 600 per hour", methods=["POST"])
def new_route(company_id: UUID) -> ResponseReturnValue:
    """Ask for a tour. `?modele=<route>` begins from a tour of the company.

    `?verification=<check>&ligne=<number>` begins from a check of its addresses: the vehicle, and a line as the goal.
    """
    places = [place for place in list_territories() if place.graph_dir is not None]
    if not places:
        flash(_("Aucun territoire n’est encore prêt pour le calcul d’itinéraires."), "warning")
        return redirect(url_for("itineriz.list_routes", company_id=company_id), 303)
    model = _model(company_id)
    place = _chosen_place(places, model)
    form = RouteForm(
        place,
        OfferedFleet(company_id),
        list_places(company_id, place.id),
        data=_typed_before(model, place) if model is not None and model.territory_id == place.id else None,
    )
    if request.method == "POST" and form.validate():
        action = request.form.get("action", "")
        if action:
            form.edit(action)
        elif (route_id := _submit(form, company_id)) is not None:
            return redirect(url_for("itineriz.show_route", company_id=company_id, route_id=route_id), 303)
    elif request.method == "GET" and not form.day.data:
        form.day.data, form.hour.data = f"{SYSTEM_CLOCK.now().astimezone(form.zone):%Y-%m-%d}", "09:00"
    page = render_page(
        "itineriz/new.html", company_id=company_id, form=form, place=place, places=places, most_stops=MOST_STOPS
    )
    return page, 422 if form.errors else 200


def _submit(form: RouteForm, company_id: UUID) -> UUID | None:
    command = form.command(company_id)
    if command is None:
        return None
    try:
        return services.create_route(current_actor(), command)
    except Invalid as error:
        form.refuse(error)
        return None


def _chosen_place(places: list[TerritoryView], model: RouteView | CheckView | None) -> TerritoryView:
    """The territory named in the request, else that of the model, else the first."""
    wanted = request.values.get("territory", request.args.get("territoire", ""))
    if not wanted and model is not None:
        wanted = get_territory_by_id(model.territory_id).slug
    return next((place for place in places if place.slug == wanted), places[0])


def _model(company_id: UUID) -> RouteView | CheckView | None:
    """What the address says to begin from: a tour of the company, or a check of its addresses."""
    if request.method != "GET":
        return None
    for name, find in (("modele", queries.get_route), ("verification", get_check)):
        with suppress(ValueError, NotFound):
            return find(company_id, UUID(request.args.get(name, "")))
    return None


def _typed_before(model: RouteView | CheckView, place: TerritoryView) -> dict[str, Any]:
    """What somebody would have typed to ask for the same."""
    if isinstance(model, CheckView):
        return {**_vehicle_typed(model), **_goal_typed(model)}
    return {**_vehicle_typed(model), **_tour_typed(model, place)}


def _goal_typed(check: CheckView) -> dict[str, Any]:
    """The address of the line that is named, after a departure still to be given; nothing when none is."""
    number = whole_number(request.args.get("ligne", ""))
    if number is None:
        return {}
    try:
        address = get_results(check).address(number)
    except NotFound:
        return {}
    if address["lon"] is None:
        return {}
    goal = {"address": address["label"], "lon": str(address["lon"]), "lat": str(address["lat"])}
    return {"stops": [{}, goal]}


def _tour_typed(route: RouteView, place: TerritoryView) -> dict[str, Any]:
    """All of the stops of a tour, today at the same hour."""
    zone = ZoneInfo(place.timezone)
    hour = (route.arrive_by or route.depart_at).astimezone(zone)
    rows = []
    for values in route.stops:
        stop = stop_of(values)
        rows.append(
            {
                "address": stop.label,
                "lon": str(stop.lon),
                "lat": str(stop.lat),
                "service_min": str(stop.service_s // 60),
                "hours": hours_text(clock_spans(stop.windows, zone)),
            }
        )
    return {
        "label": route.label,
        "when": ARRIVE if route.arrive_by else LEAVE,
        "day": f"{SYSTEM_CLOCK.now().astimezone(zone):%Y-%m-%d}",
        "hour": f"{hour:%H:%M}",
        "free_order": route.free_order,
        "return_to_start": route.return_to_start,
        "stops": rows,
    }


def _vehicle_typed(model: RouteView | CheckView) -> dict[str, Any]:
    """The vehicle of the fleet, else the sizes of another one."""
    if model.vehicle_id is not None:
        return {"vehicle": str(model.vehicle_id)}
    sizes = {
        "gvw_t": "gross_weight",
        "gcw_t": "combination_weight",
        "axle_load_t": "axle_load",
        "height_m": "height",
        "width_m": "width",
        "length_m": "length",
        "air_class": "air_class",
        "hazmat": "hazmat",
    }
    known = {sizes[key]: _typed(value) for key, value in model.vehicle.items() if key in sizes}
    return {"vehicle": OTHER_VEHICLE, **known}


def _typed(value: object) -> object:
    """A number as a person types it: 12, not 12.0."""
    return f"{value:g}" if isinstance(value, float) else value
