"""Asking for a route, computing it, keeping its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
from portal.itineriz.basis import basis_of
from portal.itineriz.documents.answer import to_public
from portal.itineriz.kept_bays import named_bays
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.policies import may_ask
from portal.itineriz.removal import is_removable
from portal.itineriz.trip import Stop
from portal.itineriz.trip_values import pass_of, pass_values, stop_values, trip_of
from portal.jobs import JobState, cancel, enqueue, get_job, retry
from portal.numeriz.api import law_of, law_version
from portal.regulations.passes import PassRight
from portal.regulations.vehicles import Vehicle
from portal.territories.api import get_territory_by_id

COMPUTE = "itineriz.compute_route"
type Progress = Callable[[str, int, int], None]
"""(step, done, total)"""
SHORT_TOUR_STOPS = 20
"""Up to so many stops a tour goes through the urgent queue."""


@dataclass(frozen=True, slots=True)
class CreateRoute:
    """A route to compute. vehicle: the public object (tonnes, metres).

    depart_at: aware; not read when arrive_by, the instant to be at the last stop, is given. passes: those held;
    supposed_passes: those not held, to see what they would change. assume_passes: suppose whatever passes open the
    way, and name them. free_order, return_to_start: as in `Trip`. label: the name a person gave, "" for none.
    compared_with: the route of the same company this one is a variant of.
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
    arrive_by: datetime | None = None
    free_order: bool = False
    return_to_start: bool = False
    label: str = ""
    compared_with: UUID | None = None
    supposed_passes: tuple[PassRight, ...] = ()


@dataclass(frozen=True, slots=True)
class ComputedRoute:
    """The answer of the planner for one route, ready to be stored. result: as `to_public` writes it.

    depart_at: the departure found for an arrival. basis, checked_at, checked_law: as `Route` keeps them; without them
    the answer is looked at again soon.
    """

    status: RouteStatus
    result: Mapping[str, Any]
    law_version: str
    graph_version: str
    depart_at: datetime | None = None
    basis: str | None = None
    checked_at: datetime | None = None
    checked_law: str | None = None


def create_route(actor: Actor, command: CreateRoute, *, enqueue_job: bool = True, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Write a route's row in the running unit of work and, unless told otherwise, ask for its computation.

    Raises NotFound when the actor has no business there, Invalid for stops, hours or a vehicle that cannot be used.
    """
    territory = get_territory_by_id(command.territory_id)
    if not may_ask(actor, command.company_id, territory.slug):
        raise NotFound("territory-not-found")
    asking.check_stops(territory, command.stops)
    asking.check_instants(command.arrive_by or command.depart_at, command.stops)
    Vehicle.from_public(command.vehicle)
    route_id = new_id()
    with unit_of_work() as uow:
        if command.compared_with is not None and command.company_id is not None:
            _of_company(command.company_id, command.compared_with)
        job_id = _ask(route_id, len(command.stops)) if enqueue_job else None
        uow.session.add(
            Route(
                id=route_id,
                territory_id=command.territory_id,
                company_id=command.company_id,
                vehicle_id=command.vehicle_id,
                vehicle_label=command.vehicle_label,
                vehicle=dict(command.vehicle),
                stops=[stop_values(stop) for stop in command.stops],
                depart_at=command.arrive_by or command.depart_at,
                arrive_by=command.arrive_by,
                free_order=command.free_order,
                return_to_start=command.return_to_start,
                label=command.label,
                compared_with=command.compared_with,
                passes=[
                    *(pass_values(right) for right in command.passes),
                    *(pass_values(right, supposed=True) for right in command.supposed_passes),
                ],
                assume_passes=command.assume_passes,
                status=RouteStatus.QUEUED,
                job_id=job_id,
                created_by=actor.user_id,
                created_at=clock.now(),
            )
        )
    return route_id


def compute_route(
    route_id: UUID,
    *,
    passes: Sequence[Mapping[str, Any]] | None = None,
    progress: Progress | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> ComputedRoute:
    """Compute the answer of a route; long, writes nothing. Raises Invalid, Unavailable, NotFound.

    passes: instead of those of the row, as it holds them. progress: told of the steps; what it raises stops the work.
    """
    checked_at = clock.now()
    row = session().get(Route, route_id)
    if row is None:
        raise NotFound("route-not-found")
    territory = get_territory_by_id(row.territory_id)
    # Read before the law of the answer: a change in between makes the answer be looked at once more.
    checked_law, law = law_version(territory.id), law_of(territory)
    trip = replace(trip_of(row, passes), energy=asking.energy_of(row.company_id, row.vehicle_id))
    result = asking.answer(territory, trip, progress=progress, read=(law, checked_at))
    public = to_public(result, ZoneInfo(territory.timezone))
    held = [pass_of(values) for values in (row.passes if passes is None else passes) if not values.get("supposed")]
    depart_at = _departure(row, public)
    return ComputedRoute(
        status=RouteStatus.DONE if result.status == "ok" else RouteStatus.NO_LAWFUL_ROUTE,
        result=public,
        law_version=result.law_version,
        graph_version=result.graph_version,
        depart_at=depart_at,
        basis=basis_of(law, row.stops, depart_at, public, held, named_bays(territory.id, law, public)),
        checked_at=checked_at,
        checked_law=checked_law,
    )


def _departure(row: Route, public: Mapping[str, Any]) -> datetime:
    """The departure asked for, or the one found for an arrival."""
    if row.arrive_by is None or not public.get("depart_at"):
        return row.depart_at
    return datetime.fromisoformat(public["depart_at"])


def store_route(route_id: UUID, computed: ComputedRoute, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep an answer, in the running unit of work."""
    _end(
        route_id,
        clock,
        status=computed.status,
        result=dict(computed.result),
        law_version=computed.law_version,
        graph_version=computed.graph_version,
        **({} if computed.depart_at is None else {"depart_at": computed.depart_at}),
        basis=computed.basis,
        checked_at=computed.checked_at,
        checked_law=computed.checked_law,
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
            row.job_id = _ask(route_id, len(row.stops))
        else:
            raise Conflict("route-not-failed")
        row.status, row.error_code, row.error_params, row.ended_at = RouteStatus.QUEUED, None, None, None
        uow.session.add(row)


def cancel_route(company_id: UUID, route_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Give up a route that is not computed yet. Raises NotFound, Conflict("route-ended" or "route-of-request")."""
    with unit_of_work() as uow:
        row = _of_company(company_id, route_id)
        if not is_removable(row.assume_passes):
            raise Conflict("route-of-request")
        # The job first, then the route: the order in which a run that ends at this instant takes them.
        if row.job_id is not None:
            cancel(row.job_id)
        uow.session.refresh(row, with_for_update=True)
        if not row.status.waiting:
            raise Conflict("route-ended")
        row.status, row.ended_at = RouteStatus.CANCELLED, clock.now()


def _ask(route_id: UUID, stops: int) -> UUID:
    """Ask for the computation of a route; a short one overtakes the long ones that wait."""
    return enqueue(COMPUTE, {"route_id": str(route_id)}, priority=stops <= SHORT_TOUR_STOPS)


def _of_company(company_id: UUID, route_id: UUID) -> Route:
    row = session().get(Route, route_id)
    if row is None or row.company_id != company_id:
        raise NotFound("route-not-found")
    return row


def _end(route_id: UUID, clock: Clock, **values: object) -> None:
    """Write how a route ended. One that was removed or given up meanwhile stays as it is: nothing is left to tell."""
    with unit_of_work() as uow:
        awaited = update(Route).where(Route.id == route_id, Route.status != RouteStatus.CANCELLED)
        uow.session.execute(awaited.values(**values, ended_at=clock.now()))
