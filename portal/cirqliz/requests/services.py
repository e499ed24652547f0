"""Writes of the company's side of a request."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, jobs
from portal.accounts.api import CompanyView, get_company
from portal.audit import AuditTag
from portal.cirqliz.models import AccessRequest, RequestStop, RequestVehicle
from portal.cirqliz.numbering import series_of, take_numbers
from portal.cirqliz.ports import RouteOrder, tour_planner
from portal.cirqliz.requests import policies
from portal.cirqliz.requests.commands import SubmitRequest
from portal.cirqliz.requests.envelope import most_demanding
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Denied, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.fleet.api import VehicleView, get_vehicles, plate_key
from portal.territories.api import TerritoryView, get_territory_by_id

PLAN_JOB = "cirqliz.plan_request"


def submit_request(actor: Actor, company_id: UUID, command: SubmitRequest, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """File a request and ask for its tour, in one transaction; return its id.

    The same form sent twice files one request. Raises Denied, Invalid (field and code), Conflict (company refused or
    closed), NotFound.
    """
    _require_manager(actor, company_id)
    key = command.submission_key()
    try:
        with unit_of_work() as uow:
            known = _submitted(company_id, key)
            return known if known is not None else _file(uow, actor, company_id, command, key, clock)
    except IntegrityError:
        # The twin of this very form was committed first: the key is what the two have in common.
        known = _submitted(company_id, key)
        if known is None:
            raise
        return known


def _submitted(company_id: UUID, key: str) -> UUID | None:
    return session().scalar(
        select(AccessRequest.id).where(AccessRequest.company_id == company_id, AccessRequest.submission_key == key)
    )


def _file(uow: UnitOfWork, actor: Actor, company_id: UUID, command: SubmitRequest, key: str, clock: Clock) -> UUID:
    now = clock.now()
    company = get_company(company_id)
    refusal = policies.refuses_submission(company.status)
    if refusal is not None:
        raise Conflict(refusal)
    policies.check_request(command, now)
    territory = get_territory_by_id(command.territory_id)
    _check_places(territory, command)
    vehicles = _vehicles(company_id, command)
    request = _draft(uow, company, command, vehicles, territory.slug, clock)
    request.submission_key, request.created_by = key, actor.user_id
    order = RouteOrder(
        territory_id=territory.id,
        company_id=company_id,
        vehicle=most_demanding(vehicles),
        depart_at=command.starts_at,
        stops=command.stops,
    )
    request.route_id = tour_planner().create_route(actor, order)
    request.job_id = jobs.enqueue(PLAN_JOB, {"request_id": str(request.id)}, priority=True)
    uow.session.add(request)
    audit.record(
        actor,
        AuditTag.REQUEST_SUBMITTED,
        subject_id=request.id,
        territory_id=territory.id,
        company_id=company_id,
        data={"number": request.number, "vehicles": len(vehicles), "stops": len(command.stops)},
        clock=clock,
    )
    return request.id


def _check_places(territory: TerritoryView, command: SubmitRequest) -> None:
    """Raise Invalid with the number of the first stop outside the territory's map."""
    if territory.bounds is None:
        raise Conflict("territory-not-built")
    west, south, east, north = territory.bounds
    for number, stop in enumerate(command.stops):
        if not (west <= stop.lon <= east and south <= stop.lat <= north):
            raise Invalid("stop-outside-territory", field="stops", stop=number)


def _vehicles(company_id: UUID, command: SubmitRequest) -> Sequence[VehicleView]:
    vehicles = [v for v in get_vehicles(company_id, command.vehicle_ids) if not v.archived]
    if len(vehicles) != len(command.vehicle_ids):
        raise Invalid("vehicle-gone", field="vehicles")
    return vehicles


def _draft(
    uow: UnitOfWork,
    company: CompanyView,
    command: SubmitRequest,
    vehicles: Sequence[VehicleView],
    slug: str,
    clock: Clock,
) -> AccessRequest:
    now = clock.now()
    return AccessRequest(
        id=new_id(),
        territory_id=command.territory_id,
        company_id=company.id,
        company_name=company.name,
        number=take_numbers(uow, series_of(slug, now.year))[0],
        reason=command.reason.strip(),
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        state=RequestState.SUBMITTED,
        submitted_at=now,
        stops=[
            RequestStop(
                id=new_id(),
                position=position,
                label=stop.label,
                lon=stop.lon,
                lat=stop.lat,
                service_min=stop.service_min,
            )
            for position, stop in enumerate(command.stops)
        ],
        vehicles=[
            RequestVehicle(
                id=new_id(),
                vehicle_id=vehicle.id,
                plate=vehicle.plate,
                plate_display=vehicle.plate_display,
                plate_key=plate_key(vehicle.plate),
                decision=VehicleDecision.PENDING,
                reason_text="",
            )
            for vehicle in vehicles
        ],
    )


def withdraw_request(actor: Actor, company_id: UUID, request_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Withdraw a request nobody has decided on. Raises Denied, NotFound, Conflict."""
    _require_manager(actor, company_id)
    with unit_of_work() as uow:
        # The job first, then the request: the order in which a run that ends at this instant takes them. The other
        # order could leave each waiting for the other. A refusal undoes both.
        jobs.cancel(_job_of(uow, company_id, request_id))
        request = _load(uow, company_id, request_id)
        refusal = policies.refuses_withdrawal(request.state, [v.decision for v in request.vehicles])
        if refusal is not None:
            raise Conflict(refusal)
        request.state, request.withdrawn_at = RequestState.WITHDRAWN, clock.now()
        audit.record(
            actor,
            AuditTag.REQUEST_WITHDRAWN,
            subject_id=request.id,
            territory_id=request.territory_id,
            company_id=company_id,
            data={"number": request.number},
            clock=clock,
        )


def retry_request(actor: Actor, company_id: UUID, request_id: UUID) -> None:
    """Ask again for the tour of a request whose computation failed. Raises Denied, NotFound, Conflict."""
    _require_manager(actor, company_id)
    with unit_of_work() as uow:
        request = _load(uow, company_id, request_id)
        if request.state is not RequestState.SUBMITTED:
            raise Conflict("request-not-waiting")
        jobs.retry(request.job_id)


def _require_manager(actor: Actor, company_id: UUID) -> None:
    if actor.kind is not ActorKind.SYSTEM and not actor.belongs_to(company_id, CompanyRole.MANAGER):
        raise Denied("company-role-needed", role=CompanyRole.MANAGER.value)


def _job_of(uow: UnitOfWork, company_id: UUID, request_id: UUID) -> UUID:
    wanted = select(AccessRequest.job_id).where(AccessRequest.id == request_id, AccessRequest.company_id == company_id)
    job_id = uow.session.scalar(wanted)
    if job_id is None:
        raise NotFound("request-not-found")
    return job_id


def _load(uow: UnitOfWork, company_id: UUID, request_id: UUID) -> AccessRequest:
    request = uow.session.scalar(
        select(AccessRequest)
        .where(AccessRequest.id == request_id, AccessRequest.company_id == company_id)
        .with_for_update(of=AccessRequest)
        .execution_options(populate_existing=True)
    )
    if request is None:
        raise NotFound("request-not-found")
    return request
