"""Where siblings meet: the factory passes each the implementation of what it asks of the other.

A request (cirqliz) needs a lawful tour; a tour (itineriz) needs the passes a vehicle holds. Neither imports the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from flask import Flask, url_for

from portal.cirqliz import api as cirqliz
from portal.common.actor import Actor
from portal.common.errors import Invalid
from portal.itineriz import api as itineriz
from portal.numeriz import api as numeriz
from portal.regulations.passes import PassRight
from portal.territories.api import get_territory_by_id


class LawfulTours:
    """Itineriz in the words of Cirqliz."""

    def create_route(self, actor: Actor, order: cirqliz.RouteOrder) -> UUID:
        """Write the route of a request, to be computed by the request's own job."""
        command = itineriz.CreateRoute(
            territory_id=order.territory_id,
            company_id=order.company_id,
            stops=tuple(itineriz.Stop(stop.lon, stop.lat, stop.label, stop.service_min * 60) for stop in order.stops),
            depart_at=order.depart_at,
            vehicle=order.vehicle,
            assume_passes=True,
        )
        return itineriz.create_route(actor, command, enqueue_job=False)

    def compute(self, route_id: UUID) -> cirqliz.PlannedTour:
        """Compute a route and name the perimeters it enters."""
        computed = itineriz.compute_route(route_id)
        return cirqliz.PlannedTour(
            status=computed.result["status"],
            needed_perimeter_ids=tuple(needed["perimeter_id"] for needed in computed.result["needed_passes"]),
            distance_m=computed.result["distance_m"],
            duration_s=computed.result["duration_s"],
            result=computed,
        )

    def get_stops(self, company_id: UUID, route_id: UUID) -> cirqliz.TourStops:
        """Return the stops of a tour of the company, for a request that begins from it. Raises NotFound."""
        found = itineriz.stops_to_ask(itineriz.get_route(company_id, route_id))
        return cirqliz.TourStops(tuple(_request_stop(stop) for stop in found.stops), found.refused)

    def store(self, route_id: UUID, tour: cirqliz.PlannedTour) -> None:
        """Keep the answer of `compute`."""
        assert isinstance(tour.result, itineriz.ComputedRoute)
        itineriz.store_route(route_id, tour.result)

    def store_failure(self, route_id: UUID, error: Invalid) -> None:
        """Keep why `compute` refused the tour."""
        itineriz.store_failure(route_id, error)

    def panel_url(self, route_id: UUID, *, company_id: UUID | None = None, territory: str | None = None) -> str:
        """Return the URL of the route's panel; its view checks that the reader may see it."""
        del company_id, territory  # the panel is found by the route alone and scoped by its reader
        return url_for("itineriz.route_panel", route_id=route_id)

    def page_url(self, company_id: UUID, route_id: UUID) -> str:
        """Return where members of the company share a route and take its files."""
        return url_for("itineriz.show_route", company_id=company_id, route_id=route_id)


def _request_stop(stop: itineriz.Stop) -> cirqliz.RouteStop:
    return cirqliz.RouteStop(stop.label, stop.lon, stop.lat, round(stop.service_s / 60))


def _passes_of(_territory_id: UUID, vehicle_id: UUID) -> Sequence[PassRight]:
    return cirqliz.active_pass_rights(vehicle_id)


def _start_request(actor: Actor, wish: itineriz.RequestWish) -> str | None:
    draft = cirqliz.RequestDraft(
        company_id=wish.company_id,
        vehicle_id=wish.vehicle_id,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        perimeter_ids=wish.perimeter_ids,
        route_id=wish.route_id,
        stops=tuple(_request_stop(stop) for stop in wish.stops),
    )
    return cirqliz.draft_url(actor, get_territory_by_id(wish.territory_id), draft)


def _pass_codes(territory_id: UUID, vehicle_id: UUID, start: datetime, end: datetime) -> Sequence[itineriz.PassCode]:
    return [
        itineriz.PassCode(
            number=found.number,
            plate=found.plate_display,
            perimeters=tuple((perimeter.colour.value, perimeter.name) for perimeter in found.perimeters),
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            svg=found.qr_svg,
        )
        for found in cirqliz.list_passes_between(territory_id, vehicle_id, start, end)
    ]


def _access_inside(concern: numeriz.Concern) -> numeriz.AccessInside:
    found = cirqliz.count_access_inside(concern.territory_id, concern.place, concern.perimeter_ids, concern.span)
    return numeriz.AccessInside(
        found.passes, found.companies_with_passes, found.requests, found.companies_with_requests
    )


def _stops_inside(concern: numeriz.Concern) -> numeriz.StopsInside:
    found = itineriz.count_stops_inside(concern.territory_id, concern.place, concern.span)
    return numeriz.StopsInside(found.tours, found.stops, found.saved_places, found.companies)


def _detours(question: numeriz.DetourQuestion) -> Sequence[numeriz.Detours]:
    laws = question.before, question.after
    trials = [itineriz.Trial(vehicle, edge_ids) for vehicle, edge_ids in question.trials]
    return [_detours_of(trips) for trips in itineriz.through_trips(question.territory, laws, trials, question.at)]


def _detours_of(trips: Sequence[itineriz.Through]) -> numeriz.Detours:
    lost = [
        (trip.after_s - trip.before_s, trip.after_m - trip.before_m)
        for trip in trips
        if trip.after_s is not None and trip.after_m is not None
    ]
    kept = max(1, len(lost))
    return numeriz.Detours(
        sampled=len(trips),
        blocked=len(trips) - len(lost),
        seconds=sum(seconds for seconds, _ in lost) / kept,
        metres=sum(metres for _, metres in lost) / kept,
        longest_s=max((seconds for seconds, _ in lost), default=0.0),
        plain_s=sum(trip.before_s for trip in trips) / max(1, len(trips)),
    )


def _holders(territory_id: UUID, perimeter_ids: Sequence[UUID], now: datetime) -> Mapping[UUID, numeriz.Holders]:
    counted = cirqliz.count_holders(territory_id, perimeter_ids, now)
    rules = cirqliz.count_rules(territory_id, perimeter_ids)
    return {
        perimeter_id: numeriz.Holders(*counted.get(perimeter_id, (0, 0)), rules=rules.get(perimeter_id, 0))
        for perimeter_id in counted.keys() | rules.keys()
    }


def connect(app: Flask) -> None:
    """Introduce the siblings to each other."""
    with app.app_context():
        cirqliz.set_tour_planner(LawfulTours())
    itineriz.set_pass_book(app, _passes_of)
    itineriz.set_request_start(app, _start_request)
    itineriz.set_pass_codes(app, _pass_codes)
    numeriz.set_neighbours(
        app,
        numeriz.Neighbours(
            count_access=_access_inside,
            count_stops=_stops_inside,
            sample_detours=_detours,
            follow_change=(itineriz.ask_look,),
        ),
    )
    numeriz.set_holders(app, _holders)
