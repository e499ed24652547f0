"""Which vehicles are offered to take over a pass: the query of a large fleet against the rule."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from portal.cirqliz.passes import stand_ins
from portal.cirqliz.passes.stand_ins import list_stand_ins, refuses_stand_in
from portal.fleet.api import Category, get_known_vehicles, list_usable_vehicles
from tests.factories.cirqliz import World

WEIGHTS = (
    *((Category.N1, weight) for weight in (None, 3_000, 3_500)),
    *((Category.N2, weight) for weight in (None, 7_500, 12_000)),
    *((Category.N3, weight) for weight in (None, 19_000)),
    *((Category.OTHER, weight) for weight in (None, 3_000, 19_000)),
)
"""Weights that their categories allow."""


@dataclass(frozen=True)
class Handed:
    """A pass to hand on, as far as the list asks."""

    territory_id: UUID
    company_id: UUID
    request_id: UUID
    vehicle_id: UUID
    valid_to: datetime


def handed(world: World, vehicle_id: UUID, request_id: UUID) -> Handed:
    """The pass of a vehicle, until noon of the day of the world."""
    return Handed(world.territory.id, world.company.id, request_id, vehicle_id, world.day + timedelta(hours=12))


def now(world: World) -> datetime:
    """An hour at which the pass counts."""
    return world.day + timedelta(hours=8)


def test_query_finds_what_the_rule_allows(world: World) -> None:
    kinds = itertools.product(WEIGHTS, (None, 5_000), (False, True))
    ids = [
        world.vehicle(category=category, gross_weight_kg=weight, combination_weight_kg=combination, hazmat=hazmat)
        for (category, weight), combination, hazmat in kinds
    ]
    views = get_known_vehicles(world.company.id, ids)
    for broken in views:
        bounds = stand_ins._bounds(broken)
        found = list_usable_vehicles(world.company.id, now(world), now(world), len(views), within=bounds)
        assert found == [one for one in views if refuses_stand_in(broken, one) is None], broken


def test_stand_in_of_a_large_fleet_is_found_by_a_search(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_ins, "_MOST_OFFERED", 2)
    broken = world.vehicle("AA-100-AA")
    for number in range(3):
        world.vehicle(f"AA-10{number + 1}-AA", gross_weight_kg=19_000, category=Category.N3)
    first, second, last = (world.vehicle(plate) for plate in ("BB-101-BB", "BB-102-BB", "ZZ-103-ZZ"))
    old = handed(world, broken, world.ready(vehicles=[broken]).id)
    offered = list_stand_ins(old, now(world))
    assert {one.id for one in offered.vehicles} <= {first, second}
    assert offered.cut
    found = list_stand_ins(old, now(world), "zz 103")
    assert ([one.id for one in found.vehicles], found.cut) == ([last], False)
