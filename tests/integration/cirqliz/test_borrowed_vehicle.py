"""From a loan to a pass and back: what a company may ask for a vehicle that another one lends it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from portal.cirqliz.passes.of_vehicles import PassesOfVehicles
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.requests.services import submit_request
from portal.cirqliz.states import PassState, RevocationReason
from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.errors import Invalid
from portal.fleet.api import accept_loan, archive_vehicle, end_loan, offer_loan
from tests.factories.accounts import MadeCompany, make_company
from tests.factories.cirqliz import RunJobs, World, make_vehicle, make_world


@pytest.fixture
def world(database: Flask, run_jobs: RunJobs) -> Iterator[World]:
    """The town of requests, whose company will borrow."""
    planner = database.extensions["tour_planner"]
    yield make_world(database, run_jobs)
    database.extensions["tour_planner"] = planner


@pytest.fixture
def lender(world: World) -> MadeCompany:
    """A company that hires vehicles out."""
    return make_company("Loueur")


def acts_for(lender: MadeCompany) -> Actor:
    return Actor(ActorKind.USER, "Lou", companies={lender.id: CompanyRole.OWNER})


def lend(world: World, lender: MadeCompany, vehicle_id: UUID, days: int) -> UUID:
    """Lend a vehicle from midnight of the day of the perimeters, for some days; return the loan."""
    end = world.day + timedelta(days=days)
    loan_id = offer_loan(acts_for(lender), lender.id, vehicle_id, world.company.siret, world.day, end)
    accept_loan(world.company_actor(), world.company.id, loan_id)
    return loan_id


@pytest.mark.parametrize("by", ["lender ends", "borrower ends", "lender archives"])
def test_pass_of_a_borrowed_vehicle_ends_with_its_loan(world: World, lender: MadeCompany, by: str) -> None:
    vehicle_id = make_vehicle(lender.id)
    loan_id = lend(world, lender, vehicle_id, 1)
    request = world.ready(vehicles=[vehicle_id])
    world.approve(request)
    (given,) = list_passes_of_request(request.id)
    assert given.state is PassState.ACTIVE
    with world.app.test_request_context():
        shown = PassesOfVehicles().list_living([vehicle_id])
        assert [(one.number, one.company_id) for one in shown] == [(given.number, world.company.id)]
        held = PassesOfVehicles().list_passes(world.company.id, vehicle_id, 10)
        assert [(one.number, one.living) for one in held] == [(given.number, True)]
        assert PassesOfVehicles().list_passes(lender.id, vehicle_id, 10) == ()
    if by == "lender archives":
        archive_vehicle(acts_for(lender), lender.id, vehicle_id)
    elif by == "lender ends":
        end_loan(acts_for(lender), lender.id, loan_id)
    else:
        end_loan(world.company_actor(), world.company.id, loan_id)
    (ended,) = list_passes_of_request(request.id)
    reason = RevocationReason.VEHICLE_ARCHIVED if by == "lender archives" else RevocationReason.LOAN_ENDED
    assert (ended.state, ended.revoke_reason) == (PassState.REVOKED, reason)
    assert PassesOfVehicles().list_living([vehicle_id]) == ()


def test_request_must_lie_within_the_loan(world: World, lender: MadeCompany) -> None:
    vehicle_id = make_vehicle(lender.id)
    lend(world, lender, vehicle_id, 1)
    beyond = world.command([vehicle_id], ends_at=world.day + timedelta(days=1, hours=1))
    with pytest.raises(Invalid):
        submit_request(world.company_actor(), world.company.id, beyond)


def test_vehicle_lent_meanwhile_is_not_given_a_pass_of_its_owner(world: World) -> None:
    vehicle_id = world.vehicle()
    request = world.ready(vehicles=[vehicle_id])
    other = make_company("Emprunteur")
    owner = world.company_actor()
    end = world.day + timedelta(days=1)
    loan_id = offer_loan(owner, world.company.id, vehicle_id, other.siret, world.day, end)
    accept_loan(acts_for(other), other.id, loan_id)
    with pytest.raises(Invalid, match="vehicle-changed"):
        world.approve(request)
    assert list_passes_of_request(request.id) == []
    with pytest.raises(Invalid):
        submit_request(owner, world.company.id, world.command([vehicle_id]))
