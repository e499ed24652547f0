"""A plan for what an order would do: a grid of streets, a motorway beside it, and a road that leads to a dead end.

Streets run along each even row and each column that is a multiple of four; one step is some 73 m to the east and 111 m
to the north. The bridge is the only way to the lake.
"""

from __future__ import annotations

from pathlib import Path

from portal.territories.build.edges import build_edges
from portal.territories.build.graph import build_graph
from portal.territories.queries import TerritoryView
from tests.factories.territories import make_territory
from tests.support.extract import LAT, LON, Extract

COLUMNS, ROWS = (0, 4, 8, 12, 16), (0, 2, 4, 6, 8)


def build_town(folder: Path) -> Path:
    """Build the plan and return the folder of its graph."""
    plan = Extract()
    corners = {(x, y): plan.node(x, y) for x in COLUMNS for y in ROWS}
    for y in ROWS:
        plan.way_of([corners[x, y] for x in COLUMNS], {"highway": "residential", "name": f"Rue {y}"})
    for x in COLUMNS:
        plan.way_of([corners[x, y] for y in ROWS], {"highway": "tertiary", "name": f"Avenue {x}"})
    shore = plan.node(20, 4)
    plan.way_of([corners[16, 4], shore], {"highway": "residential", "name": "Rue du Pont"})
    plan.way_of([shore, plan.node(22, 4)], {"highway": "residential", "name": "Rue du Lac"})
    plan.way([(0, -1), (8, -1), (16, -1)], {"highway": "motorway", "oneway": "yes", "ref": "A 99"})
    built = folder / "graph"
    built.mkdir()
    extract = plan.write(folder / "plan.osm")
    build_graph(extract, built)
    build_edges(built, extract)
    return built


def at(x: float, y: float) -> tuple[float, float]:
    """A place of the plan, (lon, lat)."""
    return LON + x / 1000, LAT + y / 1000


BOUNDS = (*at(-1, -2), *at(23, 9))


def make_town(graph: Path) -> TerritoryView:
    """The territory of the plan in the present application, with its graph."""
    territory = make_territory("ville-grille", bounds=BOUNDS)
    assert territory.graph_dir is not None
    territory.graph_dir.parent.mkdir(parents=True, exist_ok=True)
    territory.graph_dir.unlink(missing_ok=True)
    territory.graph_dir.symlink_to(graph, target_is_directory=True)
    return territory
