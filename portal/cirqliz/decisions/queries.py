"""The clerk's queue."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from portal.cirqliz.models import AccessPass, AccessRequest, RequestPerimeter, RequestVehicle
from portal.cirqliz.requests.queries import RequestView, request_view
from portal.cirqliz.states import RequestState
from portal.db import Page, paginate, session
from portal.fleet.api import plate_key
from portal.regulations.perimeters import Colour

QUEUE_SIZE = 25
LATE_AFTER = timedelta(days=2)
VERY_LATE_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """What the clerk looks for; an empty field does not narrow. older_than_days counts from the submission."""

    state: RequestState | None = RequestState.READY
    colour: Colour | None = None
    company: str = ""
    company_id: UUID | None = None
    older_than_days: int | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class QueueCounts:
    """The queue in figures: to decide in all, of which late and very late, and still being computed."""

    to_decide: int
    late: int
    very_late: int
    computing: int


def list_queue(
    territory_id: UUID, chosen: QueueFilter, now: datetime, cursor: str | None = None, size: int = QUEUE_SIZE
) -> Page[RequestView]:
    """Return a page of the territory's requests, oldest first."""
    statement = _narrow(select(AccessRequest).where(AccessRequest.territory_id == territory_id), chosen, now)
    keys = [AccessRequest.submitted_at, AccessRequest.id]
    return paginate(statement, keys, cursor, size=size).map(request_view)


def _narrow(statement: Select[AccessRequest], chosen: QueueFilter, now: datetime) -> Select[AccessRequest]:
    if chosen.state is not None:
        statement = statement.where(AccessRequest.state == chosen.state)
    if chosen.colour is not None:
        statement = statement.where(AccessRequest.perimeters.any(RequestPerimeter.colour == chosen.colour))
    if chosen.company_id is not None:
        statement = statement.where(AccessRequest.company_id == chosen.company_id)
    if chosen.company.strip():
        wanted = chosen.company.strip().lower()
        statement = statement.where(func.lower(AccessRequest.company_name).contains(wanted, autoescape=True))
    if chosen.older_than_days is not None:
        statement = statement.where(AccessRequest.submitted_at <= now - timedelta(days=chosen.older_than_days))
    if chosen.search.strip():
        statement = statement.where(_matches(chosen.search.strip()))
    return statement


def _matches(text: str) -> ColumnElement[bool]:
    """Tell what the search of the desk compares: the request's number, a pass's number, a plate in any typing."""
    number = text.upper()
    with_pass = select(AccessPass.request_id).where(AccessPass.number == number)
    return (
        AccessRequest.number.startswith(number, autoescape=True)
        | AccessRequest.id.in_(with_pass)
        | AccessRequest.vehicles.any(RequestVehicle.plate_key.startswith(plate_key(text), autoescape=True))
    )


def count_queue(territory_id: UUID, now: datetime) -> QueueCounts:
    """Count what waits in the territory."""
    ready = AccessRequest.state == RequestState.READY
    row = session().execute(
        select(
            func.count().filter(ready),
            func.count().filter(ready & (AccessRequest.submitted_at <= now - LATE_AFTER)),
            func.count().filter(ready & (AccessRequest.submitted_at <= now - VERY_LATE_AFTER)),
            func.count().filter(AccessRequest.state == RequestState.SUBMITTED),
        ).where(
            AccessRequest.territory_id == territory_id,
            AccessRequest.state.in_([RequestState.READY, RequestState.SUBMITTED]),
        )
    )
    return QueueCounts(*row.one())
