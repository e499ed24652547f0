"""How many passes and requests have to do with a place, for whoever writes an order there."""

from __future__ import annotations

from datetime import timedelta

import pytest
from shapely.geometry.base import BaseGeometry
from sqlalchemy import select

from portal.cirqliz.inside import AccessThere, count_access_inside
from portal.cirqliz.models import PassPerimeter
from portal.db import session
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval
from tests.factories.cirqliz import World
from tests.factories.law import make_territory, square

RED, ELSEWHERE = square(2.360, 48.860), square(2.375, 48.866)


def counted(world: World, place: BaseGeometry, *perimeter_ids: str, days_later: int = 0) -> AccessThere:
    start = world.day + timedelta(days=days_later)
    return count_access_inside(world.territory.id, place, perimeter_ids, Interval(start, start + timedelta(days=1)))


def test_a_request_counts_where_it_stops_until_it_is_a_pass(world: World) -> None:
    found = world.ready(vehicles=[world.vehicle(), world.vehicle()])
    assert counted(world, RED) == AccessThere(0, 0, 1, 1)
    assert counted(world, ELSEWHERE) == AccessThere(0, 0, 0, 0)
    world.approve(found)
    assert counted(world, RED) == AccessThere(2, 1, 0, 0)


@pytest.mark.parametrize("days_later", [-2, 2])
def test_a_pass_does_not_count_when_it_is_of_other_days(world: World, days_later: int) -> None:
    world.approve(world.ready())
    assert counted(world, RED, days_later=days_later) == AccessThere(0, 0, 0, 0)


def test_a_pass_counts_when_it_names_a_perimeter_of_the_place(world: World) -> None:
    world.planner.needed = tuple(_perimeters(world))
    world.approve(world.ready())
    named = list(session().scalars(select(PassPerimeter.perimeter_id)))
    assert named
    assert counted(world, ELSEWHERE, *named) == AccessThere(1, 1, 0, 0)
    assert counted(world, ELSEWHERE, "another") == AccessThere(0, 0, 0, 0)


def _perimeters(world: World) -> list[str]:
    return list(law_snapshot(world.territory.id).perimeters)


def test_nothing_of_another_territory_counts(world: World) -> None:
    world.approve(world.ready())
    other = make_territory("ailleurs", name="Ailleurs")
    span = Interval(world.day, world.day + timedelta(days=1))
    assert count_access_inside(other.id, RED, (), span) == AccessThere(0, 0, 0, 0)
