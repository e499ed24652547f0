"""Passes held back, let go again, taken back with what gave them; on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from portal.accounts.models import Company, CompanyStatus
from portal.audit import AuditTag, list_entries
from portal.cirqliz.api import active_pass_rights
from portal.cirqliz.models import RequestVehicle
from portal.cirqliz.passes.life import (
    resume_for_company,
    resume_passes,
    revoke_for_decision,
    revoke_for_vehicles,
    suspend_for_company,
    suspend_passes,
)
from portal.cirqliz.passes.queries import PassView, find_by_short_code, get_pass, list_passes_of_request
from portal.cirqliz.passes.swapping import swap_pass
from portal.cirqliz.states import PassState, RevocationReason, SuspensionReason
from portal.common.actor import CompanyRole
from portal.common.clock import FixedClock
from portal.common.errors import Conflict, Denied, Invalid
from portal.db import unit_of_work
from portal.mail import list_outbox
from tests.factories.accounts import make_company
from tests.factories.cirqliz import World

VEHICLE, CLOSED = SuspensionReason.VEHICLE_CHANGED, SuspensionReason.COMPANY_CLOSED


def issued(world: World, count: int = 1) -> list[PassView]:
    """Passes of as many vehicles, by plate."""
    found = world.ready(vehicles=[world.vehicle() for _ in range(count)])
    world.approve(found)
    return list(list_passes_of_request(found.id))


def now(world: World, one: PassView) -> PassView:
    """The pass as it is now."""
    return get_pass(world.company.id, one.id)


def set_status(world: World, status: CompanyStatus) -> None:
    with unit_of_work() as uow:
        uow.session.execute(update(Company).where(Company.id == world.company.id).values(status=status))


def close(world: World) -> int:
    with unit_of_work() as uow:
        set_status(world, CompanyStatus.CLOSED)
        return suspend_for_company(uow, world.staff_actor(), world.company.id)


def reopen(world: World) -> int:
    with unit_of_work() as uow:
        set_status(world, CompanyStatus.VERIFIED)
        return resume_for_company(uow, world.staff_actor(), world.company.id)


def inside(world: World) -> FixedClock:
    return FixedClock(world.day + timedelta(hours=8))


def test_passes_give_no_right_while_the_company_is_closed(world: World) -> None:
    first, second = issued(world, 2)
    assert close(world) == 2
    assert close(world) == 0
    for one in (first, second):
        held = now(world, one)
        assert (held.state, held.suspend_reason) == (PassState.SUSPENDED, CLOSED)
        assert active_pass_rights(one.vehicle_id) == []
    assert reopen(world) == 2
    assert now(world, first).state is PassState.ACTIVE
    assert len(active_pass_rights(first.vehicle_id)) == 1
    tags = [entry.tag for entry in list_entries(subject_id=first.id).items]
    assert tags == [AuditTag.PASS_RESUMED, AuditTag.PASS_SUSPENDED, AuditTag.PASS_ISSUED]


def test_change_of_the_vehicle_outlasts_the_closing_of_the_company(world: World) -> None:
    (one,) = issued(world)
    close(world)
    with unit_of_work() as uow:
        assert suspend_passes(uow, world.company_actor(), VEHICLE, vehicle_ids=[one.vehicle_id]) == 1
    reopen(world)
    assert now(world, one).suspend_reason is VEHICLE
    close(world)
    with unit_of_work() as uow:
        assert resume_passes(uow, world.staff_actor(), VEHICLE, pass_ids=[one.id]) == 0
    assert now(world, one).suspend_reason is CLOSED
    reopen(world)
    assert now(world, one).state is PassState.ACTIVE


def test_other_companies_and_past_passes_stay_as_they_are(world: World) -> None:
    (one,) = issued(world)
    with unit_of_work() as uow:
        assert suspend_for_company(uow, world.staff_actor(), make_company().id) == 0
        late = FixedClock(one.valid_to)
        assert suspend_passes(uow, world.staff_actor(), VEHICLE, pass_ids=[one.id], clock=late) == 0
        with pytest.raises(ValueError, match="never all"):
            suspend_passes(uow, world.staff_actor(), VEHICLE)
    assert now(world, one).state is PassState.ACTIVE


def test_refusal_takes_back_the_pass_and_the_one_it_was_swapped_for(world: World) -> None:
    first, second = issued(world, 2)
    spare = world.vehicle()
    new_id = swap_pass(world.company_actor(), world.company.id, first.id, spare, clock=inside(world))
    entry = list_entries(subject_id=new_id).items[0]
    assert (entry.tag, entry.data["replaces"]) == (AuditTag.PASS_SWAPPED, first.number)
    with unit_of_work() as uow:
        assert revoke_for_decision(uow, world.staff_actor(), first.request_id, [first.vehicle_id]) == 1
    swapped = get_pass(world.company.id, new_id)
    assert swapped.revoke_reason is RevocationReason.DECISION_CHANGED
    assert now(world, second).state is PassState.ACTIVE
    assert swapped.number in list_outbox()[0].body


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("plate-changed", RevocationReason.PLATE_CHANGED),
        ("vehicle-archived", RevocationReason.VEHICLE_ARCHIVED),
        ("loan-ended", RevocationReason.LOAN_ENDED),
    ],
)
def test_pass_held_back_ends_with_its_vehicle_too(world: World, reason: str, kept: RevocationReason) -> None:
    (one,) = issued(world)
    close(world)
    with unit_of_work() as uow:
        revoke_for_vehicles(world.company_actor(), uow, world.company.id, [one.vehicle_id], reason)
    assert now(world, one).revoke_reason is kept


def test_swap_is_refused_to_drivers_and_of_what_gives_no_right(world: World) -> None:
    (one,) = issued(world)
    spare, clock = world.vehicle(), inside(world)
    company_id: UUID = world.company.id
    with pytest.raises(Denied):
        swap_pass(world.company_actor(CompanyRole.DRIVER), company_id, one.id, spare, clock=clock)
    for vehicle_id in (one.vehicle_id, world.vehicle(hazmat=True), world.vehicle(gross_weight_kg=None)):
        with pytest.raises(Invalid):
            swap_pass(world.company_actor(), company_id, one.id, vehicle_id, clock=clock)
    close(world)
    with pytest.raises(Conflict, match="swap-suspended"):
        swap_pass(world.company_actor(), company_id, one.id, spare, clock=clock)


def test_driver_gets_the_link_with_the_decision(world: World) -> None:
    found = world.ready()
    with unit_of_work() as uow:
        uow.session.execute(
            update(RequestVehicle)
            .where(RequestVehicle.request_id == found.id)
            .values(driver_name="Dominique Petit", driver_email="conducteur@exemple.fr")
        )
    world.approve(found)
    (one,) = list_passes_of_request(found.id)
    assert one.driver_name == "Dominique Petit"
    assert any("/p/" in mail.body for mail in list_outbox() if mail.recipient == "conducteur@exemple.fr")


def test_every_pass_has_a_code_to_type_that_finds_it(world: World) -> None:
    passes = issued(world, 3)
    assert len({one.short_code for one in passes}) == 3
    for one in passes:
        found = find_by_short_code(one.short_code.replace("-", " ").lower())
        assert found is not None and found.id == one.id
    wrong = passes[0].short_code[:-1] + ("0" if passes[0].short_code[-1] != "0" else "1")
    assert find_by_short_code(wrong) is None
