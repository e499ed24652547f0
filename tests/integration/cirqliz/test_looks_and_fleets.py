"""A look at decisions and a change of a fleet at the same instant, on both databases: one waits for the other."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from portal.cirqliz.passes.queries import list_passes_of_request
from portal.cirqliz.reexamination.watching import judge_again
from portal.cirqliz.states import RequestState
from portal.db import session, unit_of_work
from portal.fleet.api import get_vehicle, lock_fleet
from portal.fleet.models import Category
from tests.factories.cirqliz import INSIDE_BLUE, OUTSIDE, World
from tests.factories.edits import edit_vehicle, more_hours
from tests.factories.rules import make_rule, set_sample
from tests.support.races import overtaken

STOPS = (OUTSIDE, INSIDE_BLUE)
HEAVY = {"category": Category.N3, "gross_weight_kg": 44_000, "hazmat": True}


@pytest.fixture
def ruled(world: World) -> World:
    """The world with the rule of the issue, and nobody drawn by lot."""
    set_sample(world, 0)
    make_rule(world)
    return world


def needed_from_now_on(world: World) -> tuple[UUID, UUID]:
    """A tour that needed no pass, whose perimeter has other hours since; return its request and its vehicle."""
    vehicle_id = world.vehicle(gross_weight_kg=7_500)
    night = {"starts_at": world.day + timedelta(hours=18), "ends_at": world.day + timedelta(hours=19)}
    found = world.ready(vehicles=[vehicle_id], stops=STOPS, **night)
    assert found.state is RequestState.NOT_NEEDED
    more_hours(world, 17, 20)
    session().rollback()
    return found.id, vehicle_id


def judged(world: World, *request_ids: UUID) -> int:
    with unit_of_work() as uow:
        return judge_again(uow, world.territory.id, request_ids)


def test_rule_judges_the_vehicle_as_it_becomes_when_it_changes_during_the_look(ruled: World) -> None:
    request_id, vehicle_id = needed_from_now_on(ruled)
    _edited, opened = overtaken(
        ruled.app, lambda: edit_vehicle(ruled, vehicle_id, **HEAVY), lambda: judged(ruled, request_id)
    )
    assert opened == 1
    assert ruled.seen(request_id).state is RequestState.READY
    assert list_passes_of_request(request_id) == []


def test_look_and_change_of_a_vehicle_both_end_when_they_meet(ruled: World) -> None:
    other = ruled.vehicle(gross_weight_kg=7_500)
    given = ruled.ready(vehicles=[other], stops=STOPS)
    assert given.state is RequestState.APPROVED
    request_id, _vehicle_id = needed_from_now_on(ruled)

    def hold() -> None:
        with unit_of_work() as uow:
            lock_fleet(uow, ruled.company.id)

    # The change of a fleet holds it first, and its requests only once the look has begun.
    _held, opened = overtaken(
        ruled.app,
        hold,
        lambda: judged(ruled, request_id, given.id),
        then=lambda: edit_vehicle(ruled, other, gross_weight_kg=9_000),
    )
    assert opened == 1
    assert get_vehicle(ruled.company.id, other).gross_weight_kg == 9_000
    assert [ruled.seen(id_).state for id_ in (request_id, given.id)] == [RequestState.APPROVED, RequestState.READY]
