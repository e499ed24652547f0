"""Which vehicle may take over a pass on the day of a breakdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask

from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.passes.life import suspend_passes
from portal.cirqliz.passes.queries import PassView, get_pass, list_passes_of_request
from portal.cirqliz.passes.services import give_back_pass, revoke_pass
from portal.cirqliz.passes.stand_ins import list_stand_ins
from portal.cirqliz.passes.swapping import swap_pass
from portal.cirqliz.states import RefusalReason, RevocationReason, SuspensionReason, VehicleDecision
from portal.common.clock import FixedClock
from portal.common.errors import Invalid
from portal.db import unit_of_work
from tests.factories.cirqliz import RunJobs, World, make_world

Before = Callable[[World, UUID, UUID], UUID]


@pytest.fixture
def world(app: Flask, run_jobs: RunJobs) -> Iterator[World]:
    """The small world of requests on SQLite: nothing here is of one database."""
    planner = app.extensions["tour_planner"]
    yield make_world(app, run_jobs)
    app.extensions["tour_planner"] = planner


def inside(world: World) -> FixedClock:
    """An hour at which the passes of the world count."""
    return FixedClock(world.day + timedelta(hours=8))


def pass_of(request_id: UUID, vehicle_id: UUID) -> PassView:
    """The last pass a vehicle had of a request."""
    return [one for one in list_passes_of_request(request_id) if one.vehicle_id == vehicle_id][-1]


def swap(world: World, request_id: UUID, broken: UUID, stand_in: UUID) -> PassView:
    """Hand the pass of a vehicle on; return the new one."""
    old = pass_of(request_id, broken)
    new = swap_pass(world.company_actor(), world.company.id, old.id, stand_in, clock=inside(world))
    return get_pass(world.company.id, new)


def refused_line(world: World, broken: UUID, stand_in: UUID) -> UUID:
    found = world.ready(vehicles=[broken, stand_in])
    world.approve(found, [broken])
    answer = Answer(VehicleDecision.REFUSED, RefusalReason.VEHICLE_NOT_ALLOWED, "trop bruyant")
    world.decide(world.seen(found.id), answer, [stand_in])
    return found.id


def waiting_line(world: World, broken: UUID, stand_in: UUID) -> UUID:
    found = world.ready(vehicles=[broken, stand_in])
    world.approve(found, [broken])
    return found.id


def approved_line(world: World, broken: UUID, stand_in: UUID) -> UUID:
    found = world.ready(vehicles=[broken, stand_in])
    world.approve(found)
    return found.id


def line_given_back(world: World, broken: UUID, stand_in: UUID) -> UUID:
    request_id = approved_line(world, broken, stand_in)
    give_back_pass(world.company_actor(), world.company.id, pass_of(request_id, stand_in).id)
    return request_id


def misused_elsewhere(world: World, broken: UUID, stand_in: UUID) -> UUID:
    found, other = world.ready(vehicles=[broken]), world.ready(vehicles=[stand_in])
    world.approve(found)
    world.approve(other)
    one = pass_of(other.id, stand_in)
    revoke_pass(world.staff_actor(), world.territory.slug, one.id, RevocationReason.MISUSE)
    return found.id


def suspended_elsewhere(world: World, broken: UUID, stand_in: UUID) -> UUID:
    found, other = world.ready(vehicles=[broken]), world.ready(vehicles=[stand_in])
    world.approve(found)
    world.approve(other)
    with unit_of_work() as uow:
        suspend_passes(uow, world.company_actor(), SuspensionReason.VEHICLE_CHANGED, vehicle_ids=[stand_in])
    return found.id


def refused_elsewhere(
    world: World,
    broken: UUID,
    stand_in: UUID,
    reason: RefusalReason = RefusalReason.VEHICLE_NOT_ALLOWED,
    **window: Any,
) -> UUID:
    found, other = world.ready(vehicles=[broken]), world.ready(vehicles=[stand_in], **window)
    world.approve(found)
    world.decide(other, Answer(VehicleDecision.REFUSED, reason, "non"))
    return found.id


@pytest.mark.parametrize(
    ("before", "code"),
    [
        (refused_line, "swap-in-request"),
        (waiting_line, "swap-in-request"),
        (approved_line, "swap-in-request"),
        (line_given_back, "swap-in-request"),
        (misused_elsewhere, "swap-held-back"),
        (suspended_elsewhere, "swap-held-back"),
        (refused_elsewhere, "swap-refused"),
    ],
)
def test_vehicle_may_not_stand_in_when_its_own_answer_stands_against_it(
    world: World, before: Before, code: str
) -> None:
    broken, stand_in, free = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB"), world.vehicle("CC-333-CC")
    request_id = before(world, broken, stand_in)
    passes = len(list_passes_of_request(request_id))
    offered = list_stand_ins(pass_of(request_id, broken), inside(world).now())
    assert [one.id for one in offered.vehicles] == [free]
    with pytest.raises(Invalid, match=code):
        swap(world, request_id, broken, stand_in)
    assert len(list_passes_of_request(request_id)) == passes
    assert swap(world, request_id, broken, free).vehicle_id == free


def refused_as_duplicate(world: World, broken: UUID, stand_in: UUID) -> UUID:
    return refused_elsewhere(world, broken, stand_in, RefusalReason.DUPLICATE)


def refused_for_other_hours(world: World, broken: UUID, stand_in: UUID) -> UUID:
    hours: dict[str, Any] = {
        "starts_at": world.day + timedelta(hours=12),
        "ends_at": world.day + timedelta(hours=13),
    }
    return refused_elsewhere(world, broken, stand_in, RefusalReason.VEHICLE_NOT_ALLOWED, **hours)


def misused_at_other_hours(world: World, broken: UUID, stand_in: UUID) -> UUID:
    hours: dict[str, Any] = {
        "starts_at": world.day + timedelta(hours=12),
        "ends_at": world.day + timedelta(hours=13),
    }
    found, other = world.ready(vehicles=[broken]), world.ready(vehicles=[stand_in], **hours)
    world.approve(found)
    world.approve(other)
    one = pass_of(other.id, stand_in)
    revoke_pass(world.staff_actor(), world.territory.slug, one.id, RevocationReason.MISUSE)
    return found.id


def given_back_elsewhere(world: World, broken: UUID, stand_in: UUID) -> UUID:
    found, other = world.ready(vehicles=[broken]), world.ready(vehicles=[stand_in])
    world.approve(found)
    world.approve(other)
    give_back_pass(world.company_actor(), world.company.id, pass_of(other.id, stand_in).id)
    return found.id


@pytest.mark.parametrize(
    "before", [refused_as_duplicate, refused_for_other_hours, misused_at_other_hours, given_back_elsewhere]
)
def test_vehicle_may_stand_in_when_nothing_was_said_against_it_for_these_hours(world: World, before: Before) -> None:
    broken, stand_in = world.vehicle("AA-111-AA"), world.vehicle("BB-222-BB")
    request_id = before(world, broken, stand_in)
    assert swap(world, request_id, broken, stand_in).vehicle_id == stand_in
