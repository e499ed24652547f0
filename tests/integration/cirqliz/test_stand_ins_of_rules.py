"""What a rule approved is handed on only to a vehicle that the rules would approve too, and stays with such a one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask

from portal.cirqliz.models import AccessRequest
from portal.cirqliz.passes.queries import PassView, get_pass, list_passes_of_request
from portal.cirqliz.passes.stand_ins import list_stand_ins
from portal.cirqliz.passes.swapping import swap_pass
from portal.cirqliz.reexamination.queries import open_reexamination_of
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.requests.queries import RequestView
from portal.cirqliz.rules.conditions import Condition, Kind
from portal.cirqliz.rules.policies import RuleValues
from portal.cirqliz.rules.queries import list_rules
from portal.cirqliz.rules.services import change_rule
from portal.cirqliz.states import PassState, ReexaminationCause, RequestState, RuleOutcome
from portal.common.actor import StaffRole
from portal.common.clock import FixedClock
from portal.common.errors import Invalid
from portal.db import unit_of_work
from portal.fleet.api import AirClass, Category, Energy
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, RunJobs, World, make_world
from tests.factories.edits import edit_vehicle
from tests.factories.rules import BLUE, make_rule, set_sample

CLEAN = Condition(Kind.AIR_CLASSES, ("E",))
ELECTRIC = {"category": Category.N1, "gross_weight_kg": 3_000, "energy": Energy.ELECTRIC, "air_class": AirClass.E}
DIESEL = {**ELECTRIC, "energy": Energy.DIESEL, "air_class": AirClass.C5}


@pytest.fixture
def world(app: Flask, run_jobs: RunJobs) -> Iterator[World]:
    """The small world of requests on SQLite, where every request that the rules approve is approved at once."""
    planner = app.extensions["tour_planner"]
    made = make_world(app, run_jobs)
    set_sample(made, 0)
    yield made
    app.extensions["tour_planner"] = planner


def asked(world: World, vehicle_id: UUID) -> RequestView:
    return world.ready(vehicles=[vehicle_id], stops=(OUTSIDE, INSIDE_BLUE))


def swap(world: World, found: RequestView, stand_in: UUID) -> PassView:
    (old,) = list_passes_of_request(found.id)
    clock = FixedClock(world.day + timedelta(hours=8))
    return get_pass(world.company.id, swap_pass(world.company_actor(), world.company.id, old.id, stand_in, clock=clock))


def test_pass_of_a_rule_goes_to_no_vehicle_that_the_rule_leaves_to_a_person(world: World) -> None:
    make_rule(world, BLUE, CLEAN)
    broken, dirty, clean = (
        world.vehicle("AA-111-AA", **ELECTRIC),
        world.vehicle("BB-222-BB", **DIESEL),
        world.vehicle("CC-333-CC", **ELECTRIC),
    )
    found = asked(world, broken)
    assert found.state is RequestState.APPROVED
    (old,) = list_passes_of_request(found.id)
    offered = list_stand_ins(old, world.day + timedelta(hours=8))
    assert [one.id for one in offered.vehicles] == [clean]
    with pytest.raises(Invalid, match="swap-not-by-rule"):
        swap(world, found, dirty)
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.ACTIVE]
    assert swap(world, found, clean).vehicle_id == clean


def test_pass_of_a_person_goes_to_a_vehicle_that_no_rule_approves(world: World) -> None:
    broken, dirty = world.vehicle("AA-111-AA", **ELECTRIC), world.vehicle("BB-222-BB", **DIESEL)
    found = asked(world, broken)
    world.approve(found)
    make_rule(world, BLUE, CLEAN)
    assert swap(world, found, dirty).vehicle_id == dirty


def test_pass_is_still_that_of_a_rule_while_a_person_looks_at_it_again(world: World) -> None:
    make_rule(world, BLUE, CLEAN)
    broken, dirty = world.vehicle("AA-111-AA", **ELECTRIC), world.vehicle("BB-222-BB", **DIESEL)
    found = asked(world, broken)
    with unit_of_work() as uow:
        row = uow.session.get_one(AccessRequest, found.id)
        assert open_reexamination(uow, row, ReexaminationCause.CALENDAR_CHANGED, "", world.staff_actor())
    with pytest.raises(Invalid, match="swap-not-by-rule"):
        swap(world, found, dirty)
    world.approve(world.seen(found.id))
    assert swap(world, found, dirty).vehicle_id == dirty


def test_rule_of_now_is_asked_about_the_vehicle_that_stands_in(world: World) -> None:
    make_rule(world, BLUE, Condition(Kind.AIR_CLASSES, ("E", "5")))
    broken, dirty = world.vehicle("AA-111-AA", **ELECTRIC), world.vehicle("BB-222-BB", **DIESEL)
    found = asked(world, broken)
    (view,) = list_rules(world.territory.id)
    values = RuleValues("Bleu propre", (BLUE, CLEAN), RuleOutcome.APPROVE)
    change_rule(world.staff_actor(StaffRole.SUPERVISOR), world.territory.slug, view.id, values)
    with pytest.raises(Invalid, match="swap-not-by-rule"):
        swap(world, found, dirty)


@pytest.mark.parametrize("reads_it", [True, False], ids=["read", "not read"])
def test_pass_of_a_stand_in_is_held_back_when_the_rules_would_not_approve_it_again(
    world: World, reads_it: bool
) -> None:
    make_rule(world, BLUE, CLEAN if reads_it else Condition(Kind.NO_HAZMAT))
    broken, clean = world.vehicle("AA-111-AA", **ELECTRIC), world.vehicle("CC-333-CC", **ELECTRIC)
    found = asked(world, broken)
    new = swap(world, found, clean)
    edit_vehicle(world, clean, energy=Energy.DIESEL, air_class=AirClass.C5)
    state = get_pass(world.company.id, new.id).state
    assert state is (PassState.SUSPENDED if reads_it else PassState.ACTIVE)
    seen = open_reexamination_of(found.id)
    assert (seen is not None and seen.cause is ReexaminationCause.VEHICLE_CHANGED) is reads_it
