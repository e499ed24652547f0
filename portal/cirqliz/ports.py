"""What requests ask of a route planner. The planner is a sibling context: the factory passes the implementation in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from flask import current_app

from portal.common.actor import Actor
from portal.common.errors import Invalid

_KEY = "tour_planner"

LAWFUL = "ok"


@dataclass(frozen=True, slots=True)
class RouteStop:
    """A stop in the order it is served. WGS 84 degrees."""

    label: str
    lon: float
    lat: float
    service_min: int


@dataclass(frozen=True, slots=True)
class RouteOrder:
    """The tour to compute as if every pass that can be asked for were held.

    vehicle: the object of the command line (tonnes, metres), the most demanding of the request's vehicles.
    """

    territory_id: UUID
    company_id: UUID
    vehicle: Mapping[str, Any]
    depart_at: datetime
    stops: tuple[RouteStop, ...]


@dataclass(frozen=True, slots=True)
class PlannedTour:
    """What came out. status: `ok` or `no_lawful_route`; perimeter ids: those entered, by a stop or on the way.

    result is the planner's own, handed back to `store`.
    """

    status: str
    needed_perimeter_ids: tuple[str, ...]
    distance_m: float
    duration_s: float
    result: object = None


@dataclass(frozen=True, slots=True)
class TourStops:
    """The stops of a tour, in its order. refused: the places of those that it cannot serve."""

    stops: tuple[RouteStop, ...]
    refused: frozenset[int]


class TourPlanner(Protocol):
    """What the planner offers; the adapter stands in the composition of the application."""

    def get_stops(self, company_id: UUID, route_id: UUID) -> TourStops:
        """Return the stops of a tour of the company, for a request that begins from it. Raises NotFound."""
        ...

    def create_route(self, actor: Actor, order: RouteOrder) -> UUID:
        """Write the route's row in the running unit of work, without computing it, and return its id."""
        ...

    def compute(self, route_id: UUID) -> PlannedTour:
        """Compute the tour; long, outside any transaction. Raises Invalid (a stop cannot be reached) or Unavailable."""
        ...

    def store(self, route_id: UUID, tour: PlannedTour) -> None:
        """Write what `compute` found in the running unit of work."""
        ...

    def store_failure(self, route_id: UUID, error: Invalid) -> None:
        """Write in the running unit of work why `compute` refused the tour."""
        ...

    def panel_url(self, route_id: UUID, *, company_id: UUID | None = None, territory: str | None = None) -> str:
        """Return the page of a route, for its company or for the staff of a territory (one of the two is given)."""
        ...

    def page_url(self, company_id: UUID, route_id: UUID) -> str:
        """Return where members of the company share a route and take its files."""
        ...


def set_tour_planner(planner: TourPlanner) -> None:
    """Let the factory pass the planner in (inside an application context)."""
    current_app.extensions[_KEY] = planner


def tour_planner() -> TourPlanner:
    """Return the running application's planner."""
    planner: TourPlanner = current_app.extensions[_KEY]
    return planner
