"""Removing a tour that a company no longer wants."""

from __future__ import annotations

from uuid import UUID

from portal.common.errors import Conflict, NotFound
from portal.db import session, unit_of_work
from portal.itineriz.models import Route
from portal.jobs import cancel


def is_removable(assume_passes: bool) -> bool:
    """A tour made for a request for passes belongs to the request, and stays with it."""
    return not assume_passes


def remove_route(company_id: UUID, route_id: UUID) -> None:
    """Remove a tour with its links; its variants stay. Raises NotFound, Conflict("route-of-request")."""
    row = session().get(Route, route_id)
    if row is None or row.company_id != company_id:
        raise NotFound("route-not-found")
    if not is_removable(row.assume_passes):
        raise Conflict("route-of-request")
    with unit_of_work() as uow:
        if row.job_id is not None:
            cancel(row.job_id)
        uow.session.delete(row)
