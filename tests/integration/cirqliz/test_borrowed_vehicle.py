"""From a loan to a pass and back: what a company may ask for a vehicle that another one lends it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from flask import Flask

from portal.accounts.api import close_company, reopen_company
from portal.audit import AuditTag, list_entries
from portal.cirqliz.passes.of_vehicles import PassesOfVehicles
from portal.cirqliz.passes.queries import PassView, get_pass, list_passes_of_request
from portal.cirqliz.passes.services import give_back_pass
from portal.cirqliz.requests.services import submit_request
from portal.cirqliz.states import PassState, RevocationReason, SuspensionReason
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.common.errors import Conflict, Invalid
from portal.fleet.api import (
    OfferedFleet,
    accept_loan,
    archive_vehicle,
    end_loan,
    get_usable_vehicles,
    offer_loan,
)
from portal.fleet.loans.queries import LoanPhase, list_lent
from portal.mail import list_outbox
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.cirqliz import RunJobs, World, make_vehicle, make_world
from tests.support.races import overtaken


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


@pytest.mark.parametrize("asked", ["offer", "answer"], ids=["a pass before the offer", "a pass after it"])
def test_vehicle_is_not_lent_while_its_owner_has_a_pass_for_these_dates(world: World, asked: str) -> None:
    vehicle_id, other, owner = world.vehicle(), make_company("Emprunteur"), world.company_actor()
    first, last = world.day, world.day + timedelta(days=1)

    def offer(start: datetime, end: datetime) -> UUID:
        return offer_loan(owner, world.company.id, vehicle_id, other.siret, start, end)

    waiting = None if asked == "offer" else offer(first, last)
    request = world.ready(vehicles=[vehicle_id])
    world.approve(request)
    (given,) = list_passes_of_request(request.id)
    if waiting is None:
        with pytest.raises(Conflict, match="lender-has-passes") as refused:
            offer(first, last)
        assert refused.value.params["numbers"] == given.number
        offer(last, last + timedelta(days=1))
    else:
        with pytest.raises(Conflict, match="lender-still-has-passes"):
            accept_loan(acts_for(other), other.id, waiting)
    give_back_pass(owner, world.company.id, given.id)
    accept_loan(acts_for(other), other.id, offer(first, last) if waiting is None else waiting)
    assert [one.id for one in get_usable_vehicles(other.id, [vehicle_id], given.valid_from, given.valid_to)]


def test_pass_and_loan_of_one_vehicle_exclude_each_other_at_the_same_instant(world: World) -> None:
    vehicle_id, other, owner = world.vehicle(), make_company("Emprunteur"), world.company_actor()
    end = world.day + timedelta(days=1)
    loan_id = offer_loan(owner, world.company.id, vehicle_id, other.siret, world.day, end)
    request = world.ready(vehicles=[vehicle_id])
    _given, accepted = overtaken(
        world.app, lambda: world.approve(request), lambda: accept_loan(acts_for(other), other.id, loan_id)
    )
    assert isinstance(accepted, Conflict) and accepted.code == "lender-still-has-passes"
    assert len(list_passes_of_request(request.id)) == 1


def borrowed_pass(world: World, lender: MadeCompany) -> PassView:
    """A pass of the world's company for a vehicle lent to it."""
    vehicle_id = make_vehicle(lender.id)
    lend(world, lender, vehicle_id, 1)
    request = world.ready(vehicles=[vehicle_id])
    world.approve(request)
    (given,) = list_passes_of_request(request.id)
    return given


def supervisor(world: World) -> Actor:
    return world.staff_actor(StaffRole.SUPERVISOR)


def state_of(one: PassView, world: World) -> tuple[PassState, SuspensionReason | None]:
    found = get_pass(world.company.id, one.id)
    return found.state, found.suspend_reason


ACTIVE = (PassState.ACTIVE, None)
HELD = (PassState.SUSPENDED, SuspensionReason.COMPANY_CLOSED)


def test_loan_gives_no_right_while_one_of_its_companies_is_closed(world: World, lender: MadeCompany) -> None:
    given = borrowed_pass(world, lender)
    own = world.ready()
    world.approve(own)
    (kept,) = list_passes_of_request(own.id)
    hours = (given.valid_from, given.valid_to)
    for closing in (lender.id, world.company.id):
        close_company(supervisor(world), closing, "Radiée du registre")
        assert state_of(given, world) == HELD, closing
        assert get_usable_vehicles(world.company.id, [given.vehicle_id], *hours) == []
        assert get_usable_vehicles(lender.id, [given.vehicle_id], *hours) == [], "its owner has lent it still"
        assert given.vehicle_id not in {one.id for one in OfferedFleet(world.company.id).find(limit=9)}
        assert state_of(kept, world) == (HELD if closing == world.company.id else ACTIVE)
        (shown,) = list_lent(lender.id)
        assert (shown.phase, shown.may_end) == (LoanPhase.HELD, True)
        reopen_company(supervisor(world), closing, "Erreur du registre")
        assert state_of(given, world) == state_of(kept, world) == ACTIVE, closing
        assert [one.id for one in get_usable_vehicles(world.company.id, [given.vehicle_id], *hours)]


def test_pass_stays_held_back_when_the_other_company_is_closed_too(world: World, lender: MadeCompany) -> None:
    given = borrowed_pass(world, lender)
    close_company(supervisor(world), lender.id, "Radiée")
    close_company(supervisor(world), world.company.id, "Radiée")
    reopen_company(supervisor(world), world.company.id, "Erreur")
    assert state_of(given, world) == HELD
    reopen_company(supervisor(world), lender.id, "Erreur")
    assert state_of(given, world) == ACTIVE
    tags = [entry.tag for entry in list_entries(subject_id=given.id).items]
    assert tags == [AuditTag.PASS_RESUMED, AuditTag.PASS_SUSPENDED, AuditTag.PASS_ISSUED]


def test_owner_ends_the_loan_of_a_closed_borrower_and_has_the_vehicle_again(world: World, lender: MadeCompany) -> None:
    given = borrowed_pass(world, lender)
    (loan,) = list_lent(lender.id)
    close_company(supervisor(world), world.company.id, "Radiée")
    end_loan(acts_for(lender), lender.id, loan.id)
    assert state_of(given, world) == (PassState.REVOKED, None)
    reopen_company(supervisor(world), world.company.id, "Erreur")
    assert state_of(given, world) == (PassState.REVOKED, None)
    usable = get_usable_vehicles(lender.id, [given.vehicle_id], given.valid_from, given.valid_to)
    assert [one.id for one in usable] == [given.vehicle_id]


def test_other_side_of_a_loan_is_told_when_a_company_closes_or_goes_on(world: World, lender: MadeCompany) -> None:
    manager = make_user("lou@exemple.fr")
    make_member(manager, lender)
    given = borrowed_pass(world, lender)
    close_company(supervisor(world), lender.id, "Radiée")
    reopen_company(supervisor(world), lender.id, "Erreur")
    close_company(supervisor(world), world.company.id, "Radiée")
    told = [(mail.recipient, mail.subject) for mail in list_outbox() if given.plate_display in mail.body]
    loans = [(to, subject) for to, subject in told if "prêts avec" in subject]
    assert sorted(loans) == sorted(
        [
            (world.owner.email, f"Vos prêts avec {lender.name} sont suspendus"),
            (world.owner.email, f"Vos prêts avec {lender.name} reprennent"),
            (manager.email, f"Vos prêts avec {world.company.name} sont suspendus"),
        ]
    )


def test_closed_company_lends_nothing(world: World, lender: MadeCompany) -> None:
    vehicle_id = make_vehicle(lender.id)
    end = world.day + timedelta(days=1)
    waiting = offer_loan(acts_for(lender), lender.id, vehicle_id, world.company.siret, world.day, end)
    close_company(supervisor(world), lender.id, "Radiée")
    with pytest.raises(Conflict, match="lender-closed"):
        accept_loan(world.company_actor(), world.company.id, waiting)
    with pytest.raises(Conflict, match="lender-closed"):
        offer_loan(acts_for(lender), lender.id, vehicle_id, world.company.siret, end, end + timedelta(days=1))


def test_pass_given_at_the_instant_the_lender_closes_is_held_back(world: World, lender: MadeCompany) -> None:
    vehicle_id = make_vehicle(lender.id)
    lend(world, lender, vehicle_id, 1)
    request = world.ready(vehicles=[vehicle_id])
    _given, closed = overtaken(
        world.app, lambda: world.approve(request), lambda: close_company(supervisor(world), lender.id, "Radiée")
    )
    assert closed is None
    (one,) = list_passes_of_request(request.id)
    assert state_of(one, world) == HELD
