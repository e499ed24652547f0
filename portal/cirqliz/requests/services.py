"""Writes of the company's side of a request."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, jobs
from portal.accounts.api import get_company
from portal.audit import AuditTag
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.numbering import series_of, take_numbers
from portal.cirqliz.ports import RouteOrder, tour_planner
from portal.cirqliz.requests import policies
from portal.cirqliz.requests.commands import SubmitRequest
from portal.cirqliz.requests.drafts import use_up_draft
from portal.cirqliz.requests.envelope import most_demanding
from portal.cirqliz.requests.filing import check_places, named_perimeters, new_request
from portal.cirqliz.requests.queries import get_request, was_reexamined
from portal.cirqliz.requests.scoping import load_request, require_manager
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import RequestState
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.db import UnitOfWork, session, unit_of_work
from portal.fleet.api import VehicleView, get_usable_vehicles
from portal.numeriz.api import law_snapshot
from portal.regulations.perimeters import Perimeter
from portal.territories.api import TerritoryView, get_territory_by_id

PLAN_JOB = "cirqliz.plan_request"


def submit_request(actor: Actor, company_id: UUID, command: SubmitRequest, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """File a request and ask for its tour, in one transaction that uses up its draft; return its id.

    The same form sent twice files one request. Raises Denied, Invalid (field and code), Conflict (company refused or
    closed), NotFound.
    """
    require_manager(actor, company_id)
    key = command.submission_key()
    known = _submitted(company_id, key)
    if known is not None:
        return known
    # Read before the transaction: the law may have to be built, and nothing waits for that.
    perimeters = named_perimeters(law_snapshot(command.territory_id), command) if command.perimeter_ids else ()
    try:
        with unit_of_work() as uow:
            known = _submitted(company_id, key)
            return known if known is not None else _file(uow, actor, company_id, command, perimeters, clock)
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


def _file(
    uow: UnitOfWork,
    actor: Actor,
    company_id: UUID,
    command: SubmitRequest,
    perimeters: Sequence[Perimeter],
    clock: Clock,
) -> UUID:
    company = get_company(company_id)
    refusal = policies.refuses_submission(company.status)
    if refusal is not None:
        raise Conflict(refusal)
    policies.check_request(command, clock.now())
    policies.check_drivers(command, asked=access_settings(command.territory_id).asks_driver_name)
    territory = get_territory_by_id(command.territory_id)
    check_places(territory, command)
    vehicles = _vehicles(company_id, command)
    number = take_numbers(uow, series_of(territory.slug, clock.now().year))[0]
    request = new_request(company, command, vehicles, perimeters, number, clock)
    request.created_by = actor.user_id
    if command.stops:
        request.route_id = tour_planner().create_route(actor, _order(territory, company_id, command, vehicles))
    request.job_id = jobs.enqueue(PLAN_JOB, {"request_id": str(request.id)}, priority=True)
    uow.session.add(request)
    # The documents of the draft point at the request: its row comes first.
    uow.session.flush()
    documents = 0 if command.draft_id is None else use_up_draft(uow, company_id, command.draft_id, request.id)
    audit.record(
        actor,
        AuditTag.REQUEST_SUBMITTED,
        subject_id=request.id,
        territory_id=territory.id,
        company_id=company_id,
        data={
            "number": request.number,
            "vehicles": len(vehicles),
            "stops": len(command.stops),
            "perimeters": len(perimeters),
            "documents": documents,
        },
        clock=clock,
    )
    return request.id


def _order(
    territory: TerritoryView, company_id: UUID, command: SubmitRequest, vehicles: Sequence[VehicleView]
) -> RouteOrder:
    return RouteOrder(
        territory_id=territory.id,
        company_id=company_id,
        vehicle=most_demanding(vehicles),
        depart_at=command.starts_at,
        stops=command.stops,
    )


def _vehicles(company_id: UUID, command: SubmitRequest) -> Sequence[VehicleView]:
    """The vehicles, own or borrowed for the whole time asked. Raises Invalid when one cannot be used then."""
    vehicles = get_usable_vehicles(company_id, command.vehicle_ids, command.starts_at, command.ends_at)
    if len(vehicles) != len(command.vehicle_ids):
        raise Invalid("vehicle-gone", field="vehicles")
    return vehicles


def withdraw_request(actor: Actor, company_id: UUID, request_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Withdraw a request nobody has decided on. Raises Denied, NotFound, Conflict."""
    require_manager(actor, company_id)
    with unit_of_work() as uow:
        # The job first, then the request: the order in which a run that ends at this instant takes them. The other
        # order could leave each waiting for the other. A refusal undoes both.
        jobs.cancel(_job_of(uow, company_id, request_id))
        request = load_request(uow, company_id, request_id)
        decisions = [vehicle.decision for vehicle in request.vehicles]
        refusal = policies.refuses_withdrawal(request.state, decisions, reexamined=was_reexamined(request.id))
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
    require_manager(actor, company_id)
    if get_request(company_id, request_id).state is not RequestState.SUBMITTED:
        raise Conflict("request-not-waiting")
    with unit_of_work() as uow:
        # The job first, then the request, as for a withdrawal. A refusal undoes both.
        jobs.retry(_job_of(uow, company_id, request_id))
        if load_request(uow, company_id, request_id).state is not RequestState.SUBMITTED:
            raise Conflict("request-not-waiting")


def _job_of(uow: UnitOfWork, company_id: UUID, request_id: UUID) -> UUID:
    wanted = select(AccessRequest.job_id).where(AccessRequest.id == request_id, AccessRequest.company_id == company_id)
    job_id = uow.session.scalar(wanted)
    if job_id is None:
        raise NotFound("request-not-found")
    return job_id
