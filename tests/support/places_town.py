"""A plan of streets with numbers, crossings and a motorway, built with its addresses, for the tests of places.

One step of the plan is 73.2 m from west to east and 111.2 m from south to north.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import uuid4

import pytest
from flask import Flask

from portal.territories.api import TerritoryView
from portal.territories.build.addresses import build_addresses
from portal.territories.build.edges import build_edges
from portal.territories.build.graph import build_graph
from portal.territories.queries import ADDRESSES_NAME, GRAPH_NAME
from tests.factories.territories import make_territory
from tests.support.extract import LAT, LON, Extract
from tests.support.matching_town import APART

ROAD = {"highway": "residential"}
BOUNDS = (LON - 0.002, LAT - 0.004, LON + 0.012, LAT + 0.012)
NUMBERS = tuple(range(1, 41))
"""House numbers of the long street, one every fifth of a step, odd to the north."""

type Point = tuple[float, float]


def at(x: float, y: float) -> list[float]:
    """A point of the plan as [lon, lat]."""
    return [LON + x / 1000, LAT + y / 1000]


def ring(*corners: Point) -> list[list[float]]:
    """A closed ring of the plan."""
    return [at(*corner) for corner in (*corners, corners[0])]


def write_plan(path: Path, *, communes: bool = False, more: bool = False) -> Path:
    """Write the plan. communes: a second town has a street of the same name; more: every edge has another id."""
    plan = Extract()
    if more:
        plan.way([(0, 9), (3, 9), (8, 9)], {**ROAD, "name": "Rue Nouvelle"})
    long_street = {x: plan.node(x, 0) for x in (0, 2, 4, 6, 8)}
    plan.way_of(list(long_street.values()), {**ROAD, "name": "Rue Longue", "ref": "D 12"})
    avenue = {"highway": "secondary", "oneway": "yes", "name": "Avenue Double"}
    east = {x: plan.node(x, 3) for x in (0, 2, 4, 6, 8)}
    west = {x: plan.node(x, 3 + APART) for x in (0, 2, 4, 6, 8)}
    plan.way_of(list(east.values()), avenue)
    plan.way_of(list(west.values())[::-1], avenue)
    for name, x in (("Rue du Puits", 2), ("Rue du Four", 4), ("Rue des Halles", 6)):
        plan.way_of([long_street[x], east[x], west[x], plan.node(x, 5)], {**ROAD, "name": name})
    bend = [plan.node(*point) for point in ((0, 5), (1, 6), (0, 7), (1, 8))]
    plan.way_of(bend, {**ROAD, "name": "Rue du Serpent"})
    plan.way_of([plan.node(0, 4), bend[0]], {**ROAD, "name": "Allée Neuve"})
    around = [plan.node(*point) for point in ((6, 6), (7, 6), (7, 7), (6, 7))]
    plan.way_of([*around, around[0]], {**ROAD, "name": "Place Ronde"})
    motorway = {"highway": "motorway", "oneway": "yes", "ref": "A 99"}
    plan.way([(0, 1.2), (3, 1.2), (9, 1.2)], motorway)
    plan.way([(9, 1.3), (3, 1.3), (0, 1.3)], motorway)
    for number in NUMBERS:
        house = {"addr:housenumber": str(number), "addr:street": "Rue Longue", "addr:city": "Bourg"}
        plan.node(0.1 + number / 5.2, 0.1 if number % 2 else -0.1, house)
    if communes:
        plan.way([(0, 20), (3, 20)], {**ROAD, "name": "Rue Longue", "addr:city": "Hameau"})
        plan.node(1, 20.1, {"addr:housenumber": "1", "addr:street": "Rue Longue", "addr:city": "Hameau"})
    return plan.write(path)


def build_plan(folder: Path, *, communes: bool = False, more: bool = False) -> Path:
    """Build the plan with its addresses; return the folder of the build."""
    folder.mkdir(parents=True)
    extract = write_plan(folder / "plan.osm", communes=communes, more=more)
    (folder / GRAPH_NAME).mkdir()
    build_graph(extract, folder / GRAPH_NAME)
    build_edges(folder / GRAPH_NAME, extract)
    build_addresses(extract, folder / ADDRESSES_NAME)
    return folder


def lay_plan(build: Path, slug: str = "bourg", bounds: tuple[float, float, float, float] = BOUNDS) -> TerritoryView:
    """A territory of the present application with a build of the plan."""
    territory = make_territory(slug, "Bourg", bounds=bounds, build_version=f"plan-{uuid4().hex[:8]}")
    assert territory.graph_dir is not None
    target = territory.graph_dir.parent
    target.parent.mkdir(parents=True, exist_ok=True)
    target.symlink_to(build, target_is_directory=True)
    return territory


@pytest.fixture(scope="session")
def plan_build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The build of the plan."""
    return build_plan(tmp_path_factory.mktemp("places") / "plan")


@pytest.fixture
def plan_town(app: Flask, plan_build: Path) -> TerritoryView:
    """A territory with the plan."""
    return lay_plan(plan_build)


def street(*streets: Mapping[str, object], direction: str = "both", **more: object) -> dict[str, object]:
    """A place of streets."""
    return {"kind": "street", "spec": {"streets": list(streets), "direction": direction}, **more}


def line(*points: Point, direction: str = "both", **more: object) -> dict[str, object]:
    """A drawn place."""
    return {"kind": "line", "spec": {"points": [at(*point) for point in points], "direction": direction}, **more}


def polygon(rings: Sequence[list[list[float]]], **spec: object) -> dict[str, object]:
    """A zone."""
    return {"kind": "polygon", "spec": {"rings": list(rings), **spec}}
