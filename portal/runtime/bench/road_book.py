"""How long the files of a tour take on the demonstration town; the reference is the same book without its maps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale

from portal.common.actor import Actor, ActorKind
from portal.db import session
from portal.itineriz import services
from portal.itineriz.documents import roadbook
from portal.itineriz.documents.files import FileKind, make_file, tour_of
from portal.itineriz.documents.told import ToldTour
from portal.itineriz.models import Route
from portal.itineriz.queries import RouteView, route_view
from portal.itineriz.trip import Stop
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.territories.api import TerritoryView, get_territory
from portal.web.typeset import typeset

_COUNTS = (20, 200)
_REPEATS = 5
_MOST_TRIES = 40
_VAN = {"gvw_t": 3.5, "height_m": 2.2, "width_m": 2.0, "length_m": 5.6}
_BLANK = '<svg xmlns="http://www.w3.org/2000/svg" width="190" height="142"/>'
_ACTOR = Actor(ActorKind.SYSTEM, "bench")


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the time of the road book of a lawful tour, made anew and asked again, and of its GPX file."""
    with ground.app.test_request_context(), force_locale("fr"):
        place = get_territory(ground.territory)
        for count in _COUNTS:
            route = _lawful_tour(ground, place, count)
            tour = tour_of(route, place)
            made_ms = percentile([timed_ms(lambda tour=tour: _anew(tour)) for _ in range(_REPEATS)], 50)  # type: ignore[misc]
            bare_ms = percentile([timed_ms(lambda tour=tour: _bare(tour)) for _ in range(_REPEATS)], 50)  # type: ignore[misc]
            yield Line(f"road book, {count} stops, median", made_ms, "ms", "same book, no maps", bare_ms)
            for name, kind in (("road book asked again", FileKind.PDF), ("GPX", FileKind.GPX)):
                ms = timed_ms(lambda kind=kind, route=route: make_file(route, kind, place=place, language="fr"))  # type: ignore[misc]
                yield Line(f"{name}, {count} stops", ms, "ms", "road book made anew", made_ms)


def _anew(tour: ToldTour) -> None:
    roadbook.forget_books()
    roadbook.make_road_book(tour, ())


def _bare(tour: ToldTour) -> None:
    names = ["overview", *(f"leg-{way.leg.end.place}" for way in tour.ways)]
    typeset(roadbook.TEMPLATE, roadbook.road_book_content(tour, ()), dict.fromkeys(names, _BLANK))


def _lawful_tour(ground: Ground, place: TerritoryView, count: int) -> RouteView:
    """A computed tour of so many addresses; those that the law refuses at that hour give way to others."""
    dice = random.Random(11)  # noqa: S311 the same addresses each time, nothing secret
    zone = ZoneInfo(place.timezone)
    depart_at = datetime.combine(datetime.now(zone).date() + timedelta(days=20), time(6), zone)
    stops: list[Stop] = []
    for _ in range(_MOST_TRIES):
        spare = dice.sample(ground.town.addresses, count - len(stops))
        stops += [Stop(found.lon, found.lat, f"{found.number} {found.street}", 120) for found in spare]
        route = _computed(place, tuple(stops), depart_at)
        result = route.result or {}
        if result.get("status") == "ok":
            return route
        refused = {item["number"] for item in result["impossible_stops"]}
        refused |= {result["stops"][item["stop"]]["number"] for item in result["blocking"]}
        stops = [stop for number, stop in enumerate(stops) if number not in refused]
    raise RuntimeError(f"no lawful tour of {count} stops was found")


def _computed(place: TerritoryView, stops: tuple[Stop, ...], depart_at: datetime) -> RouteView:
    command = services.CreateRoute(place.id, None, stops, depart_at, _VAN)
    route_id = services.create_route(_ACTOR, command, enqueue_job=False)
    services.store_route(route_id, services.compute_route(route_id))
    return route_view(session().get_one(Route, route_id))
