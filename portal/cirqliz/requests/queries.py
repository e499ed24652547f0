"""Reads of requests, for the company and for the desk; the first argument is the scope."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, func, select

from portal.cirqliz.models import AccessRequest, Reexamination, RequestPerimeter, RequestStop, RequestVehicle
from portal.cirqliz.states import ReexaminationCause, RefusalReason, RequestState, VehicleDecision
from portal.common.errors import NotFound
from portal.db import Page, paginate, session
from portal.regulations.perimeters import Colour, Motorised


@dataclass(frozen=True, slots=True)
class StopView:
    """A stop of a request. WGS 84 degrees."""

    position: int
    label: str
    lon: float
    lat: float
    service_min: int


@dataclass(frozen=True, slots=True)
class VehicleLine:
    """A vehicle of a request and the answer to it. decided_by is for staff only.

    driver_name, driver_email: "" unless the territory asks who drives.
    """

    vehicle_id: UUID
    plate_display: str
    decision: VehicleDecision
    reason_code: RefusalReason | None
    reason_text: str
    decided_by: str | None
    decided_at: datetime | None
    driver_name: str = ""
    driver_email: str = ""


@dataclass(frozen=True, slots=True)
class PerimeterLine:
    """A perimeter of a request or a pass, as it was named then. asked: the company named it by hand."""

    perimeter_id: str
    name: str
    event: str
    colour: Colour
    motorised: Motorised
    asked: bool = False


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request with everything a page shows.

    route_id: None without a tour. claimed_*, batch_id: for staff only. version: counts every change.
    """

    id: UUID
    territory_id: UUID
    company_id: UUID
    company_name: str
    number: str
    reason: str
    starts_at: datetime
    ends_at: datetime
    state: RequestState
    tour_status: str | None
    route_id: UUID | None
    job_id: UUID
    submitted_at: datetime
    decided_at: datetime | None
    withdrawn_at: datetime | None
    version: int
    stops: tuple[StopView, ...]
    vehicles: tuple[VehicleLine, ...]
    perimeters: tuple[PerimeterLine, ...]
    claimed_by: UUID | None = None
    claimed_by_label: str | None = None
    claimed_at: datetime | None = None
    batch_id: UUID | None = None
    renewed_from: UUID | None = None

    @property
    def pending(self) -> tuple[VehicleLine, ...]:
        """The vehicles that still wait for an answer."""
        return tuple(v for v in self.vehicles if v.decision is VehicleDecision.PENDING)

    @property
    def colours(self) -> tuple[Colour, ...]:
        """The colours concerned, strictest first."""
        return tuple(sorted({p.colour for p in self.perimeters}, key=lambda c: -c.strictness))

    @property
    def decisions(self) -> tuple[VehicleDecision, ...]:
        """The answers so far, one per vehicle."""
        return tuple(vehicle.decision for vehicle in self.vehicles)


def list_requests(company_id: UUID, cursor: str | None = None) -> Page[RequestView]:
    """Return a page of the company's requests, newest first."""
    statement = select(AccessRequest).where(AccessRequest.company_id == company_id)
    keys = [AccessRequest.submitted_at, AccessRequest.id]
    return paginate(statement, keys, cursor, size=25, descending=True).map(request_view)


def count_open(company_id: UUID) -> int:
    """Count the company's requests that wait for their computation or for an answer."""
    states = [state for state in RequestState if state.open]
    mine = AccessRequest.company_id == company_id
    return session().scalars(select(func.count()).where(mine, AccessRequest.state.in_(states))).one()


def has_requests(territory_id: UUID, company_id: UUID) -> bool:
    """Tell whether the company ever asked the territory for access."""
    asked = select(AccessRequest.id).where(
        AccessRequest.territory_id == territory_id, AccessRequest.company_id == company_id
    )
    return bool(session().scalar(select(asked.exists())))


def get_request(company_id: UUID, request_id: UUID) -> RequestView:
    """Return a request of the company; raises NotFound."""
    return _one(AccessRequest.company_id == company_id, request_id)


def get_request_of_territory(territory_id: UUID, request_id: UUID) -> RequestView:
    """Return a request made to the territory; raises NotFound."""
    return _one(AccessRequest.territory_id == territory_id, request_id)


def was_reexamined(request_id: UUID) -> bool:
    """Tell whether the request came back to the queue once it was decided."""
    return bool(session().scalar(select(exists().where(Reexamination.request_id == request_id))))


def was_appealed(request_id: UUID) -> bool:
    """Tell whether the company contested a decision on the request."""
    mine = (Reexamination.request_id == request_id) & (Reexamination.cause == ReexaminationCause.APPEAL)
    return bool(session().scalar(select(exists().where(mine))))


def _one(scope: ColumnElement[bool], request_id: UUID) -> RequestView:
    row = session().scalar(
        select(AccessRequest).where(AccessRequest.id == request_id, scope).execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("request-not-found")
    return request_view(row)


def request_view(row: AccessRequest) -> RequestView:
    """Return what may be shown of a request's row."""
    return RequestView(
        id=row.id,
        territory_id=row.territory_id,
        company_id=row.company_id,
        company_name=row.company_name,
        number=row.number,
        reason=row.reason,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=row.state,
        tour_status=row.tour_status,
        route_id=row.route_id,
        job_id=row.job_id,
        submitted_at=row.submitted_at,
        decided_at=row.decided_at,
        withdrawn_at=row.withdrawn_at,
        version=row.version,
        stops=tuple(_stop(stop) for stop in row.stops),
        vehicles=tuple(_vehicle(vehicle) for vehicle in row.vehicles),
        perimeters=_strictest_first(row.perimeters),
        claimed_by=row.claimed_by,
        claimed_by_label=row.claimed_by_label,
        claimed_at=row.claimed_at,
        batch_id=row.batch_id,
        renewed_from=row.renewed_from,
    )


def _stop(row: RequestStop) -> StopView:
    return StopView(row.position, row.label, row.lon, row.lat, row.service_min)


def _vehicle(row: RequestVehicle) -> VehicleLine:
    return VehicleLine(
        vehicle_id=row.vehicle_id,
        plate_display=row.plate_display,
        decision=row.decision,
        reason_code=row.reason_code,
        reason_text=row.reason_text,
        decided_by=row.decided_by_label,
        decided_at=row.decided_at,
        driver_name=row.driver_name,
        driver_email=row.driver_email,
    )


def _strictest_first(rows: Sequence[RequestPerimeter]) -> tuple[PerimeterLine, ...]:
    lines = [PerimeterLine(r.perimeter_id, r.name, r.event, r.colour, r.motorised, r.asked) for r in rows]
    return tuple(sorted(lines, key=lambda line: (-line.colour.strictness, line.name)))
