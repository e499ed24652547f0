"""The same tour under other conditions: another vehicle, another hour, a pass that is not held."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.itineriz.held_passes import held_passes, supposed_passes
from portal.itineriz.places.hours import clock_spans, windows_near
from portal.itineriz.queries import RouteView
from portal.itineriz.services import CreateRoute
from portal.itineriz.trip import Stop
from portal.itineriz.trip_values import stop_of
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour


@dataclass(frozen=True, slots=True)
class OtherVehicle:
    """The vehicle of a variant, as `CreateRoute` takes it."""

    public: Mapping[str, Any]
    vehicle_id: UUID | None
    label: str
    passes: Sequence[PassRight]


@dataclass(frozen=True, slots=True)
class Changed:
    """What a variant changes; None leaves as it is. depart_at ends an arrival that was asked for.

    supposed: passes that are not held, besides those the tour supposes already. zone: when the tour leaves on another
    day of this clock, its stops are served at their hours of that day; None keeps their windows, for a departure that
    was found with them.
    """

    vehicle: OtherVehicle | None = None
    depart_at: datetime | None = None
    supposed: tuple[PassRight, ...] = ()
    zone: ZoneInfo | None = None


def family_of(route: RouteView) -> UUID:
    """The route that the variants of a route are compared with: itself, or the one it varies."""
    return route.compared_with or route.id


def variant(route: RouteView, company_id: UUID, changed: Changed, *, clock: Clock = SYSTEM_CLOCK) -> CreateRoute:
    """The tour of a route of the company under other conditions.

    A vehicle of the fleet counts on the passes it holds now. The variant of the tour of a request is a tour like any
    other: it supposes no pass, and may be removed.
    """
    vehicle = changed.vehicle or _same_vehicle(route, clock)
    return CreateRoute(
        territory_id=route.territory_id,
        company_id=company_id,
        stops=_stops(route, changed),
        depart_at=changed.depart_at or route.depart_at,
        vehicle=vehicle.public,
        vehicle_id=vehicle.vehicle_id,
        vehicle_label=vehicle.label,
        passes=tuple(vehicle.passes),
        arrive_by=None if changed.depart_at else route.arrive_by,
        free_order=route.free_order,
        return_to_start=route.return_to_start,
        label=route.label,
        compared_with=family_of(route),
        supposed_passes=(*supposed_passes(route.passes), *changed.supposed),
    )


def _stops(route: RouteView, changed: Changed) -> tuple[Stop, ...]:
    stops = tuple(stop_of(values) for values in route.stops)
    at, zone = changed.depart_at, changed.zone
    if at is None or zone is None or at.astimezone(zone).date() == route.depart_at.astimezone(zone).date():
        return stops
    return tuple(
        replace(stop, windows=windows_near(at, zone, clock_spans(stop.windows, zone), arrival=False)) for stop in stops
    )


def supposed_pass(depart_at: datetime, perimeter_ids: Iterable[str], colours: Iterable[Colour]) -> PassRight | None:
    """A pass nobody holds, for the days around a tour; None when it opens nothing."""
    named, whole = frozenset(perimeter_ids), frozenset(colours)
    if not named and not whole:
        return None
    return PassRight(depart_at - timedelta(days=1), depart_at + timedelta(days=7), named, whole)


def _same_vehicle(route: RouteView, clock: Clock) -> OtherVehicle:
    held = held_passes(route.territory_id, route.vehicle_id, route.passes, clock.now())
    return OtherVehicle(route.vehicle, route.vehicle_id, route.vehicle_label, held)
