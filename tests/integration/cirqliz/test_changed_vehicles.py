"""A vehicle that changes between a look and an answer, or once a rule has approved it, on SQLite and PostgreSQL."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy import update

from portal.cirqliz.decisions.batches.queries import list_batch_lines
from portal.cirqliz.decisions.batches.services import prepare_batch
from portal.cirqliz.decisions.batches.tasks import ask_for_due_batches
from portal.cirqliz.decisions.commands import Answer, PrepareBatch
from portal.cirqliz.models import DecisionBatch
from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.reexamination.queries import open_reexamination_of
from portal.cirqliz.rules.conditions import Condition, Kind
from portal.cirqliz.states import PassState, ReexaminationCause, RequestState, VehicleDecision
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.fleet.api import AirClass, Category, Energy, read_plate
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.edits import edit_vehicle
from tests.factories.rules import BLUE, VERIFIED, make_rule, set_sample

STOPS = (OUTSIDE, INSIDE_BLUE)
VAN = {"category": Category.N1, "gross_weight_kg": 3_000, "energy": Energy.ELECTRIC, "air_class": AirClass.E}

OTHERWISE = pytest.mark.parametrize(
    "values",
    [
        {"category": Category.N3, "gross_weight_kg": 44_000, "hazmat": True},
        {"plate": read_plate("AA-111-AA", "BE")},
        {"energy": Energy.DIESEL, "air_class": AirClass.C2},
        {"air_class": None},
    ],
    ids=["heavier", "country", "diesel", "class forgotten"],
)


def approved_as_seen(world: World, vehicle_id: UUID, **values: object) -> RequestState:
    """Let a clerk approve a request as they saw it before its vehicle changed; return its state."""
    seen = world.ready(vehicles=[vehicle_id])
    edit_vehicle(world, vehicle_id, **values)
    return world.approve(seen).state


@OTHERWISE
def test_clerk_is_told_when_a_vehicle_changed_since_the_look(world: World, values: dict[str, object]) -> None:
    vehicle_id = world.vehicle("AA-111-AA", **VAN)
    with pytest.raises(Conflict, match="request-changed"):
        approved_as_seen(world, vehicle_id, **values)


@pytest.mark.parametrize(
    "values",
    [{"label": "Le bleu"}, {"gross_weight_kg": 2_000}, {"height_cm": 200}],
    ids=["name", "lighter", "height"],
)
def test_clerk_approves_as_seen_when_nothing_an_answer_rests_on_changed(
    world: World, values: dict[str, object]
) -> None:
    assert approved_as_seen(world, world.vehicle("AA-111-AA", **VAN), **values) is RequestState.APPROVED


@OTHERWISE
def test_batch_leaves_a_request_out_when_its_vehicle_changed(world: World, values: dict[str, object]) -> None:
    vehicle_id = world.vehicle("AA-111-AA", **VAN)
    changed, same = world.ready(vehicles=[vehicle_id]), world.ready()
    chosen = {one.id: one.version for one in (changed, same)}
    command = PrepareBatch(chosen, Answer(VehicleDecision.APPROVED), str(new_id()))
    batch_id = prepare_batch(world.staff_actor(), world.territory.slug, command)
    edit_vehicle(world, vehicle_id, **values)
    with unit_of_work() as uow:
        uow.session.execute(update(DecisionBatch).values(apply_at=SYSTEM_CLOCK.now()))
    ask_for_due_batches()
    world.run_jobs(world.app)
    outcomes = {line.request_id: line.outcome for line in list_batch_lines(batch_id)}
    assert outcomes == {changed.id: "request-changed", same.id: "decided"}
    assert list_passes_of_request(changed.id) == []


def test_clerk_is_told_when_a_vehicle_changes_once_more_during_its_reexamination(world: World) -> None:
    first, second = world.vehicle("AA-111-AA", **VAN), world.vehicle("BB-222-BB", **VAN)
    found = world.ready(vehicles=[first, second])
    world.approve(found)
    edit_vehicle(world, first, gross_weight_kg=3_400)
    for vehicle_id, weight_kg in ((first, 3_450), (second, 3_300)):
        seen = world.seen(found.id)
        edit_vehicle(world, vehicle_id, gross_weight_kg=weight_kg)
        with pytest.raises(Conflict, match="request-changed"):
            world.approve(seen, [first])
    assert world.approve(world.seen(found.id)).state is RequestState.APPROVED


def test_pass_is_held_back_when_a_rule_would_not_approve_its_vehicle_again(world: World) -> None:
    set_sample(world, 0)
    make_rule(world, BLUE, VERIFIED, Condition(Kind.ENERGIES, ("electric",)), name="Bleu électrique")
    vehicle_id, other = world.vehicle("AA-111-AA", **VAN), world.vehicle("BB-222-BB", **VAN)
    by_rule = world.ready(vehicles=[vehicle_id, other], stops=STOPS)
    by_clerk = world.ready(vehicles=[vehicle_id])
    world.approve(by_clerk)
    assert by_rule.state is RequestState.APPROVED
    edit_vehicle(world, vehicle_id, energy=Energy.DIESEL, air_class=AirClass.C2)
    after = world.seen(by_rule.id)
    assert after.state is RequestState.READY
    assert [v.decision for v in after.vehicles] == [VehicleDecision.PENDING, VehicleDecision.APPROVED]
    seen = open_reexamination_of(by_rule.id)
    assert seen is not None and seen.cause is ReexaminationCause.VEHICLE_CHANGED
    assert seen.text == "AA-111-AA: N1, 3000 kg, Électrique, Crit’Air E → N1, 3000 kg, Gazole, Crit’Air 2"
    states = [one.state for one in list_passes_of_request(by_rule.id)]
    assert states == [PassState.SUSPENDED, PassState.ACTIVE]
    # A person weighed the other request: what it runs on is no reason to hold it back.
    assert [one.state for one in list_passes_of_request(by_clerk.id)] == [PassState.ACTIVE]


def test_pass_stays_when_the_rule_does_not_read_what_changed(world: World) -> None:
    set_sample(world, 0)
    make_rule(world)
    vehicle_id = world.vehicle("AA-111-AA", **VAN)
    found = world.ready(vehicles=[vehicle_id], stops=STOPS)
    edit_vehicle(world, vehicle_id, energy=Energy.DIESEL, air_class=AirClass.C2)
    assert world.seen(found.id).state is RequestState.APPROVED
    assert [one.state for one in list_passes_of_request(found.id)] == [PassState.ACTIVE]
