"""What a company holds while it is refused or closed, and afterwards; on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest

from portal.accounts.api import (
    CompanyStatus,
    close_company,
    get_company,
    refuse_company,
    reopen_company,
    verify_company,
)
from portal.accounts.models import Company
from portal.cirqliz.passes.queries import PassView, list_passes_of_request
from portal.cirqliz.passes.swapping import swap_pass
from portal.cirqliz.states import PassState, SuspensionReason
from portal.common.actor import Actor, ActorKind, CompanyRole, StaffRole
from portal.common.clock import FixedClock
from portal.common.errors import Conflict
from portal.db import unit_of_work
from portal.fleet.api import accept_loan, offer_loan
from tests.factories.accounts import make_company
from tests.factories.cirqliz import World, make_vehicle
from tests.support.races import overtaken

Step = Callable[[World], None]


def refuse(world: World) -> None:
    refuse_company(world.staff_actor(), world.company.id, "fausse entreprise")


def verify(world: World) -> None:
    verify_company(world.staff_actor(), world.company.id)


def close(world: World) -> None:
    close_company(world.staff_actor(StaffRole.SUPERVISOR), world.company.id, "radiée")


def reopen(world: World) -> None:
    reopen_company(world.staff_actor(StaffRole.SUPERVISOR), world.company.id, "erreur")


def passes_of(world: World) -> list[PassView]:
    """A pass of the company, once approved."""
    found = world.ready()
    world.approve(found)
    return list(list_passes_of_request(found.id))


HELD = (PassState.SUSPENDED, SuspensionReason.COMPANY_CLOSED)
COUNTS = (PassState.ACTIVE, None)


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ([refuse], HELD),
        ([refuse, verify], COUNTS),
        ([refuse, close], HELD),
        ([refuse, close, reopen], HELD),
        ([refuse, close, reopen, verify], COUNTS),
        ([close, reopen], COUNTS),
    ],
    ids=["refused", "verified again", "closed", "reopened", "reopened, verified", "never refused"],
)
def test_passes_count_only_while_their_company_is_accepted(
    world: World, steps: list[Step], state: tuple[PassState, SuspensionReason | None]
) -> None:
    (one,) = passes_of(world)
    for step in steps:
        step(world)
    (after,) = list_passes_of_request(one.request_id)
    assert (after.state, after.suspend_reason) == state


def test_vehicle_lent_by_a_refused_company_gives_no_right(world: World) -> None:
    lender = make_company("Loueur")
    acts = Actor(ActorKind.USER, "Lou", companies={lender.id: CompanyRole.OWNER})
    vehicle_id = make_vehicle(lender.id)
    end = world.day + timedelta(days=1)
    loan_id = offer_loan(acts, lender.id, vehicle_id, world.company.siret, world.day, end)
    accept_loan(world.company_actor(), world.company.id, loan_id)
    found = world.ready(vehicles=[vehicle_id])
    world.approve(found)
    refuse_company(world.staff_actor(), lender.id, "fausse entreprise")
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.SUSPENDED]
    verify_company(world.staff_actor(), lender.id)
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.ACTIVE]


@pytest.mark.parametrize("status", [CompanyStatus.PENDING, CompanyStatus.REFUSED, CompanyStatus.CLOSED])
def test_pass_is_not_handed_on_by_a_company_that_is_not_verified(world: World, status: CompanyStatus) -> None:
    (one,) = passes_of(world)
    with unit_of_work() as uow:
        row = uow.session.get(Company, world.company.id)
        assert row is not None
        row.status = status
    clock = FixedClock(world.day + timedelta(hours=8))
    with pytest.raises(Conflict, match="swap-not-verified"):
        swap_pass(world.company_actor(), world.company.id, one.id, world.vehicle(), clock=clock)
    assert len(list_passes_of_request(one.request_id)) == 1


def test_company_refused_while_its_pass_is_handed_on_keeps_none(world: World) -> None:
    (one,) = passes_of(world)
    clock, spare = FixedClock(world.day + timedelta(hours=8)), world.vehicle()
    swap = partial(swap_pass, world.company_actor(), world.company.id, one.id, spare, clock=clock)
    _gave, error = overtaken(world.app, swap, partial(refuse, world))
    assert error is None
    assert {each.state for each in list_passes_of_request(one.request_id)} == {PassState.REVOKED, PassState.SUSPENDED}


def test_pass_is_not_handed_on_while_its_company_is_refused(world: World) -> None:
    (one,) = passes_of(world)
    clock, spare = FixedClock(world.day + timedelta(hours=8)), world.vehicle()
    swap = partial(swap_pass, world.company_actor(), world.company.id, one.id, spare, clock=clock)
    _gave, error = overtaken(world.app, partial(refuse, world), swap)
    assert isinstance(error, Conflict) and error.code in {"swap-suspended", "swap-not-verified"}
    assert get_company(world.company.id).status is CompanyStatus.REFUSED
    assert [each.state for each in list_passes_of_request(one.request_id)] == [PassState.SUSPENDED]
