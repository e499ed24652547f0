"""Where an order applies, over many drawings and cuts of the same streets."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import shapely
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from portal.numeriz.places import ResolvedPlace, resolve_place
from portal.numeriz.places.roads import Roads, roads_of
from portal.regulations.geometry import to_metres_at
from portal.territories.api import TerritoryView
from tests.support.extract import LAT
from tests.support.places_town import NUMBERS, lay_plan, line, plan_build, street

__all__ = ["plan_build"]

SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
STREETS = ("Rue Longue", "Avenue Double", "Rue du Puits", "Rue du Serpent")
CROSSINGS = ("Rue du Puits", "Rue du Four", "Rue des Halles")
TO_METRES = to_metres_at(LAT)
type Floats = np.typing.NDArray[np.float64]


@pytest.fixture
def town(app: Flask, plan_build: Path) -> TerritoryView:
    return lay_plan(plan_build)


def metric(place: ResolvedPlace) -> BaseGeometry:
    assert place.location is not None, [issue.code for issue in place.problems]
    return shapely.transform(place.location.shape, TO_METRES)


def names(roads: Roads, place: ResolvedPlace) -> set[str]:
    assert place.location is not None
    rows = [roads.table.row_of[int(edge.edge_id)] for edge in place.location.edges]
    return {roads.label(row) for row in rows}


def closed_edges(place: ResolvedPlace) -> set[str]:
    """The edges that run as the place does: those a ban of its forward direction closes."""
    assert place.location is not None
    return {edge.edge_id for edge in place.location.edges if edge.along}


@SETTINGS
@given(ends=st.lists(st.sampled_from(NUMBERS), min_size=2, max_size=2, unique=True))
def test_part_holds_both_houses_and_no_other_street_when_it_is_cut_between_them(
    town: TerritoryView, ends: list[int]
) -> None:
    first, last = (str(number) for number in ends)
    found = resolve_place(town, street({"name": "Rue Longue", "from": {"number": first}, "to": {"number": last}}))
    assert names(roads_of(town), found) == {"Rue Longue"}
    houses = [shapely.Point(TO_METRES(np.array([[2.36 + (0.1 + n / 5.2) / 1000, LAT]]))[0]) for n in ends]
    assert all(metric(found).distance(house) < 0.5 for house in houses)
    assert metric(found).length == pytest.approx(houses[0].distance(houses[1]), abs=1.0)


@SETTINGS
@given(name=st.sampled_from(("Rue Longue", "Avenue Double")), cuts=st.lists(st.sampled_from(CROSSINGS), min_size=1))
def test_whole_street_is_the_union_of_its_parts_when_it_is_cut_anywhere(
    town: TerritoryView, name: str, cuts: list[str]
) -> None:
    places = [None, *({"crossing": cut} for cut in sorted(set(cuts), key=CROSSINGS.index)), None]
    parts = [resolve_place(town, street({"name": name, "from": start, "to": end})) for start, end in pairwise(places)]
    whole = metric(resolve_place(town, street({"name": name})))
    together = shapely.union_all([metric(part) for part in parts])
    assert shapely.hausdorff_distance(together, whole) < 10.0
    assert sum(metric(part).length for part in parts) == pytest.approx(whole.length, abs=10.0 * len(parts))


@SETTINGS
@given(
    first=st.floats(0.1, 3.5),
    length=st.floats(1.0, 4.0),
    aside=st.floats(-0.03, 0.03),
    way=st.sampled_from(("forward", "backward")),
)
def test_reversed_line_gives_the_reversed_direction_when_it_is_drawn_beside_a_street(
    town: TerritoryView, first: float, length: float, aside: float, way: str
) -> None:
    points = [(first, aside), (first + length / 2, -aside), (first + length, aside)]
    drawn = resolve_place(town, line(*points, direction=way))
    turned = resolve_place(town, line(*points[::-1], direction=way))
    assert names(roads_of(town), drawn) == {"Rue Longue"}
    assert closed_edges(drawn) and not closed_edges(drawn) & closed_edges(turned)
    assert drawn.location is not None
    for part in shapely.get_parts(drawn.location.shape):
        (west, _), *_others, (east, _) = part.coords
        assert west < east, "the place runs as the line is drawn"


@SETTINGS
@given(name=st.sampled_from(STREETS), gone=st.data())
def test_edges_left_are_those_not_taken_out_when_some_are(town: TerritoryView, name: str, gone: st.DataObject) -> None:
    whole = resolve_place(town, street({"name": name}))
    ids = sorted({one["id"] for one in whole.edges["features"] if one["properties"]["state"] == "found"})
    removed = gone.draw(st.lists(st.sampled_from(ids), unique=True, max_size=len(ids) - 1))
    left = resolve_place(town, street({"name": name}, removed=removed))
    kept = {one["id"] for one in left.edges["features"] if one["properties"]["state"] == "found"}
    assert kept == set(ids) - set(removed)
    back = resolve_place(town, street({"name": name}, removed=[]))
    assert back.location == whole.location
