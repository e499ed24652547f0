"""A plan of roads that are hard to tell apart, built as a graph for the tests of matching.

One step of the plan is 73.2 m from west to east and 111.2 m from south to north.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import shapely

from portal.numeriz.matching.tasks import match_waiting
from portal.territories.api import TerritoryView, get_graph_version
from portal.territories.build.edges import build_edges
from portal.territories.build.graph import build_graph
from portal.territories.matching import Match
from portal.territories.tracing import RoadGraph
from tests.support.extract import LAT, LON, Extract

STEP_EAST_M = 0.001 * math.cos(math.radians(LAT)) * 111_195
STEP_NORTH_M = 0.001 * 111_195
APART = 8 / STEP_NORTH_M
"""Eight metres, the space between the carriageways of the avenue, in steps."""
ROUNDABOUT = (10.0, 0.0)
RADIUS_M = 15.0

type Point = tuple[float, float]


def circle(count: int, *, clockwise: bool = False) -> list[Point]:
    """Points around the roundabout from its west side, closed; traffic runs against the clock."""
    turns = [1.0 - k / count if clockwise else k / count for k in range(count + 1)]
    return [
        (
            ROUNDABOUT[0] + RADIUS_M / STEP_EAST_M * math.cos(math.pi + 2 * math.pi * turn),
            ROUNDABOUT[1] + RADIUS_M / STEP_NORTH_M * math.sin(math.pi + 2 * math.pi * turn),
        )
        for turn in turns
    ]


def draw(points: Sequence[Point], east_m: float = 0.0, north_m: float = 0.0) -> shapely.LineString:
    """A line of the plan in (lon, lat), shifted by metres."""
    shifted = ((x + east_m / STEP_EAST_M, y + north_m / STEP_NORTH_M) for x, y in points)
    return shapely.LineString([(LON + x / 1000, LAT + y / 1000) for x, y in shifted])


def build_town(folder: Path, *, more: bool = False) -> Path:
    """Build the plan and return the folder of its graph. more: with a road more, so that every edge has another id."""
    plan = Extract()
    if more:
        plan.way([(0, 5), (3, 5), (8, 5)], {"highway": "residential", "name": "Rue Nouvelle"})
    street = {(x, 0.0): plan.node(x, 0) for x in (0, 2, 4, 6, 8)}
    ring = [plan.node(*point) for point in circle(8)[:-1]]
    road = {"highway": "residential"}
    plan.way_of(list(street.values()), {**road, "name": "Rue Longue"})
    plan.way_of([street[8.0, 0.0], ring[0]], {**road, "name": "Rue du Rond-Point"})
    plan.way_of([*ring, ring[0]], {**road, "junction": "roundabout", "oneway": "yes"})
    plan.way_of([ring[4], plan.node(12, 0)], {**road, "name": "Rue de l’Est"})
    # Over the long street without a junction, and back to it.
    north, corner = plan.node(2.5, 1.5), plan.node(4, 1.5)
    plan.way_of([plan.node(2.5, -0.6), north], {**road, "name": "Rue du Pont", "bridge": "yes", "layer": "1"})
    plan.way_of([north, corner], {**road, "name": "Rue Haute"})
    plan.way_of([corner, street[4.0, 0.0]], {**road, "name": "Rue du Retour", "oneway": "yes"})
    west, east = (plan.node(x, 3) for x in (0, 8))
    west_back, east_back = (plan.node(x, 3 + APART) for x in (0, 8))
    avenue = {"highway": "secondary", "oneway": "yes", "name": "Avenue Double"}
    plan.way_of([west, plan.node(4, 3), east], avenue)
    plan.way_of([east, east_back], avenue)
    plan.way_of([east_back, plan.node(4, 3 + APART), west_back], avenue)
    plan.way_of([west_back, west], avenue)
    motorway = {"highway": "motorway", "oneway": "yes", "ref": "A 99"}
    plan.way([(0, -3), (4, -3), (8, -3)], motorway)
    plan.way([(8, -2.85), (4, -2.85), (0, -2.85)], motorway)
    plan.way([(0, -2), (8, -2)], {"highway": "trunk", "bridge": "yes", "layer": "1", "name": "Voie Rapide"})
    plan.way([(0, -1.5), (8, -1.5)], {"highway": "trunk", "name": "Voie Basse"})
    plan.way([(0, -1), (8, -1)], {"highway": "footway", "name": "Sentier"})
    extract = plan.write(folder / "plan.osm")
    built = folder / "graph"
    built.mkdir()
    build_graph(extract, built)
    build_edges(built, extract)
    return built


def put_graph(territory: TerritoryView, graph: Path) -> None:
    """Give a territory a built graph."""
    assert territory.graph_dir is not None
    territory.graph_dir.parent.mkdir(parents=True)
    territory.graph_dir.symlink_to(graph, target_is_directory=True)


def match_all(territory: TerritoryView) -> int:
    """Match what waits in a territory, without its job; return how many orders, events and perimeters it was."""
    version = get_graph_version(territory)
    assert territory.graph_dir is not None and version is not None
    return match_waiting(territory.id, version, RoadGraph.open(territory.graph_dir))


def said(graph: RoadGraph, match: Match) -> set[tuple[str, str, bool]]:
    """What was matched: name of the road, heading (N, E, S, W), along; a road without a name is called by its kind."""
    table = graph.table
    found = set()
    for edge in match.edges:
        row = table.row_of[int(edge["edge_id"])]
        east, north = np.diff(table.shape_coords(row)[[0, -1]], axis=0)[0]
        heading = ("E" if east > 0 else "W") if abs(east) > abs(north) else ("N" if north > 0 else "S")
        name = next(iter(table.names_of(row)), "roundabout")
        found.add((name, heading if name != "roundabout" else "", bool(edge["along"])))
    return found
