"""Reads of the routes; the first argument is the scope."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.common.actor import Actor
from portal.common.errors import NotFound
from portal.db import Page, paginate, session
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.policies import may_see
from portal.jobs import JobState, JobView, dead_jobs, get_job
from portal.territories.api import get_territory_by_id


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route for display. result: the answer as `to_public` writes it, None as long as it is not known to hold:
    a route that waits, failed or was given up shows no older answer.

    depart_at: the departure asked for; with arrive_by, the departure found, and arrive_by itself until one is found.
    passes: `Route.passes`, those with "supposed" are not held. changes: `Route.changes`, what the last change of the
    law did to the answer. checked_at, checked_law: instant and version of the law for which the answer
    is known to hold; law_version: the law it was made of.
    """

    id: UUID
    territory_id: UUID
    company_id: UUID | None
    vehicle_id: UUID | None
    vehicle_label: str
    vehicle: Mapping[str, Any]
    stops: Sequence[Mapping[str, Any]]
    depart_at: datetime
    arrive_by: datetime | None
    free_order: bool
    return_to_start: bool
    label: str
    compared_with: UUID | None
    passes: Sequence[Mapping[str, Any]]
    assume_passes: bool
    status: RouteStatus
    result: Mapping[str, Any] | None
    error_code: str | None
    error_params: Mapping[str, Any]
    job: JobView | None
    law_version: str | None
    graph_version: str | None
    checked_at: datetime | None
    checked_law: str | None
    changes: Mapping[str, Any] | None
    share_serial: int
    created_at: datetime
    ended_at: datetime | None


def get_route(company_id: UUID, route_id: UUID) -> RouteView:
    """A route of a company; raises NotFound."""
    row = session().scalar(select(Route).where(Route.id == route_id, Route.company_id == company_id))
    if row is None:
        raise NotFound("route-not-found")
    return route_view(row)


def get_route_seen_by(actor: Actor, route_id: UUID) -> RouteView:
    """A route the actor may see: of one of their companies, or across a territory they serve. Raises NotFound."""
    row = session().get(Route, route_id)
    if row is None or not may_see(actor, row.company_id, get_territory_by_id(row.territory_id).slug):
        raise NotFound("route-not-found")
    return route_view(row)


def list_routes(company_id: UUID, cursor: str | None = None) -> Page[RouteView]:
    """The routes of a company, newest first."""
    mine = select(Route).where(Route.company_id == company_id)
    page = paginate(mine, [Route.created_at, Route.id], cursor, descending=True, size=20)
    return Page(_views(page.items), page.next_cursor, page.previous_cursor)


def list_variants(company_id: UUID, route_id: UUID) -> list[RouteView]:
    """The routes of a company made to compare with one of its routes, oldest first."""
    variants = select(Route).where(Route.company_id == company_id, Route.compared_with == route_id)
    return _views(session().scalars(variants.order_by(Route.created_at, Route.id).limit(50)).all())


def _views(rows: Sequence[Route]) -> list[RouteView]:
    """The views of rows without their jobs, whatever their number with one query about these."""
    dead = dead_jobs(row.job_id for row in rows if row.status.waiting)
    return [_view(row, None, dead.get(row.job_id) if row.job_id is not None else None) for row in rows]


def route_view(row: Route) -> RouteView:
    """The view of a row with its job."""
    job = get_job(row.job_id) if row.job_id is not None else None
    dead = job is not None and job.state in {JobState.FAILED, JobState.CANCELLED}
    return _view(row, job, (job.state, job.error_code) if job is not None and dead else None)


def _view(row: Route, job: JobView | None, dead: tuple[JobState, str | None] | None) -> RouteView:
    """dead: how its job ended for good; that makes a failed route, whatever the row could still say."""
    status, error_code = row.status, row.error_code
    if status.waiting and dead is not None:
        state, fault = dead
        status = RouteStatus.FAILED if state is JobState.FAILED else RouteStatus.CANCELLED
        error_code = error_code or fault
    return RouteView(
        id=row.id,
        territory_id=row.territory_id,
        company_id=row.company_id,
        vehicle_id=row.vehicle_id,
        vehicle_label=row.vehicle_label,
        vehicle=row.vehicle,
        stops=row.stops,
        depart_at=row.depart_at,
        arrive_by=row.arrive_by,
        free_order=row.free_order,
        return_to_start=row.return_to_start,
        label=row.label,
        compared_with=row.compared_with,
        passes=row.passes,
        assume_passes=row.assume_passes,
        status=status,
        result=row.result if status.answered else None,
        error_code=error_code,
        error_params=row.error_params or {},
        job=job,
        law_version=row.law_version,
        graph_version=row.graph_version,
        checked_at=row.checked_at,
        checked_law=row.checked_law,
        changes=row.changes,
        share_serial=row.share_serial,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )
