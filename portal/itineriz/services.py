"""Asking for a route, computing it, keeping its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import update

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, NotFound, PortalError
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.itineriz import asking
from portal.itineriz.documents.answer import to_public
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.policies import may_ask
from portal.itineriz.trip import Stop, Trip
from portal.jobs import JobState, cancel, enqueue, get_job, retry
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour
from portal.regulations.vehicles import Vehicle
from portal.territories.api import get_territory_by_id

COMPUTE = "itineriz.compute_route"


@dataclass(frozen=True, slots=True)
class CreateRoute:
    """A route to compute. vehicle: the public object (tonnes, metres). depart_at: aware.

    assume_passes: suppose the passes that open the way, and name them.
    """

    territory_id: UUID
    company_id: UUID | None
    stops: tuple[Stop, ...]
    depart_at: datetime
    vehicle: Mapping[str, Any]
    vehicle_id: UUID | None = None
    vehicle_label: str = ""
    passes: tuple[PassRight, ...] = ()
    assume_passes: bool = False


@dataclass(frozen=True, slots=True)
class ComputedRoute:
    """The answer of the planner for one route, ready to be stored. result: as `to_public` writes it."""

    status: RouteStatus
    result: Mapping[str, Any]
    law_version: str
    graph_version: str


def create_route(actor: Actor, command: CreateRoute, *, enqueue_job: bool = True, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Write a route's row in the running unit of work and, unless told otherwise, ask for its computation.

    Raises NotFound when the actor has no business there, Invalid for stops or a vehicle that cannot be used.
    """
    territory = get_territory_by_id(command.territory_id)
    if not may_ask(actor, command.company_id, territory.slug):
        raise NotFound("territory-not-found")
    asking.check_stops(territory, command.stops)
    Vehicle.from_public(command.vehicle)
    route_id = new_id()
    with unit_of_work() as uow:
        job_id = enqueue(COMPUTE, {"route_id": str(route_id)}, priority=True) if enqueue_job else None
        uow.session.add(
            Route(
                id=route_id,
                territory_id=command.territory_id,
                company_id=command.company_id,
                vehicle_id=command.vehicle_id,
                vehicle_label=command.vehicle_label,
                vehicle=dict(command.vehicle),
                stops=[_stop_values(stop) for stop in command.stops],
                depart_at=command.depart_at,
                passes=[_pass_values(right) for right in command.passes],
                assume_passes=command.assume_passes,
                status=RouteStatus.QUEUED,
                job_id=job_id,
                created_by=actor.user_id,
                created_at=clock.now(),
            )
        )
    return route_id


def compute_route(route_id: UUID) -> ComputedRoute:
    """Compute the answer of a route; long, writes nothing. Raises Invalid, Unavailable, NotFound."""
    row = session().get(Route, route_id)
    if row is None:
        raise NotFound("route-not-found")
    territory = get_territory_by_id(row.territory_id)
    result = asking.answer(territory, _trip(row))
    return ComputedRoute(
        status=RouteStatus.DONE if result.status == "ok" else RouteStatus.NO_LAWFUL_ROUTE,
        result=to_public(result, ZoneInfo(territory.timezone)),
        law_version=result.law_version,
        graph_version=result.graph_version,
    )


def store_route(route_id: UUID, computed: ComputedRoute, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep an answer, in the running unit of work."""
    _end(
        route_id,
        clock,
        status=computed.status,
        result=dict(computed.result),
        law_version=computed.law_version,
        graph_version=computed.graph_version,
        error_code=None,
        error_params=None,
    )


def store_failure(route_id: UUID, error: PortalError, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep the reason why a route cannot be computed, in the running unit of work."""
    params = {name: value for name, value in error.params.items() if isinstance(value, str | int | float | bool)}
    if error.field is not None:
        params["field"] = error.field
    _end(route_id, clock, status=RouteStatus.FAILED, error_code=error.code, error_params=params)


def mark_running(route_id: UUID) -> None:
    """Say that the computation has begun."""
    with unit_of_work() as uow:
        uow.session.execute(
            update(Route)
            .where(Route.id == route_id, Route.status == RouteStatus.QUEUED)
            .values(status=RouteStatus.RUNNING)
        )


def retry_route(company_id: UUID, route_id: UUID) -> None:
    """Compute a failed route of a company again. Raises NotFound, Conflict("route-not-failed")."""
    with unit_of_work() as uow:
        row = _of_company(company_id, route_id)
        job = get_job(row.job_id) if row.job_id is not None else None
        if job is not None and job.state is JobState.FAILED:
            retry(job.id)
        elif row.status is RouteStatus.FAILED:
            row.job_id = enqueue(COMPUTE, {"route_id": str(route_id)}, priority=True)
        else:
            raise Conflict("route-not-failed")
        row.status, row.error_code, row.error_params, row.ended_at = RouteStatus.QUEUED, None, None, None
        uow.session.add(row)


def cancel_route(company_id: UUID, route_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Give up a route that is not computed yet. Raises NotFound, Conflict("route-ended")."""
    with unit_of_work() as uow:
        row = _of_company(company_id, route_id)
        # The job first, then the route: the order in which a run that ends at this instant takes them.
        if row.job_id is not None:
            cancel(row.job_id)
        uow.session.refresh(row, with_for_update=True)
        if not row.status.waiting:
            raise Conflict("route-ended")
        row.status, row.ended_at = RouteStatus.CANCELLED, clock.now()


def _of_company(company_id: UUID, route_id: UUID) -> Route:
    row = session().get(Route, route_id)
    if row is None or row.company_id != company_id:
        raise NotFound("route-not-found")
    return row


def _end(route_id: UUID, clock: Clock, **values: object) -> None:
    with unit_of_work() as uow:
        row = uow.session.get(Route, route_id)
        if row is None or row.status is RouteStatus.CANCELLED:
            # Removed or given up meanwhile: nothing is left to tell.
            return
        for name, value in values.items():
            setattr(row, name, value)
        row.ended_at = clock.now()


def _trip(row: Route) -> Trip:
    return Trip(
        stops=tuple(_stop(values) for values in row.stops),
        depart_at=row.depart_at,
        vehicle=Vehicle.from_public(row.vehicle),
        passes=tuple(_pass(values) for values in row.passes),
        assume_passes=row.assume_passes,
    )


def _stop_values(stop: Stop) -> dict[str, Any]:
    return {"label": stop.label, "lon": stop.lon, "lat": stop.lat, "service_min": stop.service_s / 60}


def _stop(values: Mapping[str, Any]) -> Stop:
    return Stop(values["lon"], values["lat"], values["label"], round(values["service_min"] * 60))


def _pass_values(right: PassRight) -> dict[str, Any]:
    return {
        "start": right.start.isoformat(),
        "end": right.end.isoformat(),
        "perimeter_ids": sorted(right.perimeter_ids),
        "colours": sorted(colour.value for colour in right.colours),
    }


def _pass(values: Mapping[str, Sequence[str] | str]) -> PassRight:
    return PassRight(
        start=datetime.fromisoformat(str(values["start"])),
        end=datetime.fromisoformat(str(values["end"])),
        perimeter_ids=frozenset(values["perimeter_ids"]),
        colours=frozenset(Colour(name) for name in values["colours"]),
    )
