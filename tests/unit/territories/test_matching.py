"""Lines and areas matched to a graph of roads that are hard to tell apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely

from portal.regulations.geometry import AreaShape
from portal.regulations.measures import area_applies_to_edge
from portal.territories.build.edges import EdgeFlag
from portal.territories.matching import match_area, match_between, match_line
from portal.territories.tracing import RoadGraph
from tests.support.matching_town import APART, Point, build_town, circle, draw, said


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> RoadGraph:
    return RoadGraph.open(build_town(tmp_path_factory.mktemp("town")))


LONG_STREET: list[Point] = [(0, 0), (8, 0)]
BOTH_WAYS = {("Rue Longue", "E", True), ("Rue Longue", "W", False)}


@pytest.mark.parametrize("shift_m", [0.0, 1.0, 2.0, 4.0, 8.0])
@pytest.mark.parametrize("towards", range(0, 360, 45))
def test_both_directions_are_found_when_a_line_is_shifted(town: RoadGraph, shift_m: float, towards: int):
    angle = math.radians(towards)
    line = draw(LONG_STREET, shift_m * math.sin(angle), shift_m * math.cos(angle))
    match = match_line(town, line)
    assert said(town, match) == BOTH_WAYS
    assert len(match.edges) == 4
    assert (match.edges["from_fraction"] == 0).all() and (match.edges["to_fraction"] == 1).all()
    assert match.matched_share > 0.98 and match.trusted and match.doubts == ()


def test_the_drawn_direction_is_turned_when_the_line_is_reversed(town: RoadGraph):
    match = match_line(town, draw(LONG_STREET[::-1]))
    assert said(town, match) == {("Rue Longue", "W", True), ("Rue Longue", "E", False)}


def test_an_edge_is_cut_when_the_line_ends_on_it(town: RoadGraph):
    match = match_line(town, draw([(5, 0), (7, 0)]))
    assert len(match.edges) == 2
    assert match.edges["from_fraction"] == pytest.approx([0.25, 0.25], abs=0.02)
    assert match.edges["to_fraction"] == pytest.approx([0.75, 0.75], abs=0.02)


def test_an_edge_is_left_out_when_a_long_line_only_overshoots_onto_it(town: RoadGraph):
    match = match_line(town, draw([(0, 0), (4.2, 0)]))
    assert len(match.edges) == 2


def test_pieces_are_matched_each_for_itself_when_they_come_in_no_order(town: RoadGraph):
    pieces = shapely.MultiLineString([draw([(6, 0), (8, 0)]), draw([(0, 0), (2, 0)]), draw([(2, 0), (6, 0)])])
    whole, parts = match_line(town, draw(LONG_STREET)), match_line(town, pieces)
    assert parts.edges["edge_id"].tolist() == whole.edges["edge_id"].tolist()
    assert said(town, parts) == BOTH_WAYS
    assert parts.matched_share == pytest.approx(1.0)


@pytest.mark.parametrize("shift_m", [-2.5, 0.0, 2.5])
def test_the_other_carriageway_is_left_out_when_the_line_is_on_one(town: RoadGraph, shift_m: float):
    east = match_line(town, draw([(0, 3), (8, 3)], north_m=shift_m))
    assert said(town, east) == {("Avenue Double", "E", True)}
    assert east.doubts == ()
    west = match_line(town, draw([(8, 3 + APART), (0, 3 + APART)], north_m=shift_m))
    assert said(town, west) == {("Avenue Double", "W", True)}


def test_both_carriageways_are_found_when_the_line_is_between_them(town: RoadGraph):
    match = match_line(town, draw([(0, 3 + APART / 2), (8, 3 + APART / 2)]))
    assert said(town, match) == {("Avenue Double", "E", True), ("Avenue Double", "W", False)}


def test_a_doubt_is_told_when_the_line_runs_against_a_one_way(town: RoadGraph):
    match = match_line(town, draw([(4, 0), (4, 1.5)]))
    assert said(town, match) == {("Rue du Retour", "S", False)}
    assert match.trusted
    (doubt,) = match.doubts
    assert (doubt.code, doubt.params["metres"]) == ("against-one-way", pytest.approx(167, abs=2))


def test_a_whole_roundabout_is_found_when_it_is_drawn(town: RoadGraph):
    driven, turned = (match_line(town, draw(circle(24, clockwise=clockwise))) for clockwise in (False, True))
    assert said(town, driven) == {("roundabout", "", True)} and driven.doubts == ()
    assert said(town, turned) == {("roundabout", "", False)}
    around = np.flatnonzero((town.table.flags & EdgeFlag.ROUNDABOUT) != 0)
    assert set(driven.edges["edge_id"]) == set(town.table.edge_ids[around])
    assert [doubt.code for doubt in turned.doubts] == ["against-one-way"]


def test_the_street_below_is_left_out_when_a_bridge_is_drawn(town: RoadGraph):
    match = match_line(town, draw([(2.5, -0.6), (2.5, 1.5)]))
    assert said(town, match) == {("Rue du Pont", "N", True), ("Rue du Pont", "S", False)}
    below = match_line(town, draw([(2, 0), (4, 0)]))
    assert said(town, below) == BOTH_WAYS


@pytest.mark.parametrize(
    ("line", "code", "share"),
    [
        pytest.param(draw([(4, 0), (8, 0), (8, 1.3)]), "weakly-matched", 0.67, id="a part across a field"),
        pytest.param(draw([(1, 2), (7, 2)]), "unmatched", 0.0, id="no road along"),
        pytest.param(draw([(0, -1), (8, -1)]), "unmatched", 0.0, id="a path closed to motor vehicles"),
    ],
)
def test_a_doubt_is_told_when_too_little_is_found(town: RoadGraph, line: shapely.LineString, code: str, share: float):
    match = match_line(town, line)
    assert [doubt.code for doubt in match.doubts] == [code]
    assert match.matched_share == pytest.approx(share, abs=0.03)
    assert not match.trusted


def test_pieces_without_any_edge_are_counted_when_too_little_is_found(town: RoadGraph):
    pieces = shapely.MultiLineString([draw([(0, 0), (2, 0)]), draw([(1, 2), (3, 2)]), draw([(4, 2), (6, 2)])])
    (doubt,) = match_line(town, pieces).doubts
    assert (doubt.code, doubt.params) == ("weakly-matched", {"percent": 33, "pieces": 2, "of": 3})


@pytest.mark.parametrize(
    ("lines", "metres", "missing"),
    [
        pytest.param([LONG_STREET, [(1, 2), (2.5, 2)]], 110, [[(1, 2), (2.5, 2)]], id="a piece across a field"),
        pytest.param([LONG_STREET, [(4.5, 3), (4.77, 3)]], 20, [[(4.5, 3), (4.77, 3)]], id="a little of a long edge"),
        pytest.param([[*LONG_STREET, (8, 0.6)]], 67, [[(8, 0), (8, 0.6)]], id="the end of a line"),
        pytest.param([LONG_STREET], 0, [], id="all of it found"),
        pytest.param([[(0, 0), (4.2, 0)]], 0, [], id="overshooting onto the next edge"),
    ],
)
def test_what_was_not_found_is_told_when_the_rest_is_used(
    town: RoadGraph, lines: list[list[Point]], metres: int, missing: list[list[Point]]
):
    match = match_line(town, shapely.MultiLineString([draw(line) for line in lines]))
    assert match.trusted
    told = [(doubt.code, doubt.params["metres"]) for doubt in match.doubts]
    assert told == ([("partly-matched", pytest.approx(metres, abs=6))] if missing else [])
    if not missing:
        assert match.missing is None
        return
    expected = shapely.MultiLineString([draw(line) for line in missing])
    assert match.missing is not None
    assert shapely.hausdorff_distance(match.missing, expected) * 111_195 < 10


def test_a_piece_that_is_not_looked_at_is_missing_when_most_of_the_others_are_found(
    town: RoadGraph, monkeypatch: pytest.MonkeyPatch
):
    pieces = shapely.MultiLineString([draw([(x, 0), (x + 1, 0)]) for x in range(8)])
    monkeypatch.setattr("portal.territories.matching.MOST_PIECES", 7)
    match = match_line(town, pieces)
    assert match.trusted and match.missing is not None
    assert shapely.hausdorff_distance(match.missing, draw([(7, 0), (8, 0)])) * 111_195 < 1


def test_a_line_beside_an_area_is_missing_when_both_are_one_place(town: RoadGraph):
    line = draw([(2, 0), (4, 0)])
    zone = shapely.Polygon(draw([(5, -0.3), (7, -0.3), (7, 0.3), (5, 0.3), (5, -0.3)]))
    match = match_area(town, shapely.GeometryCollection([zone, line]), frozenset())
    assert match.trusted and match.missing == shapely.MultiLineString([line])
    assert [(doubt.code, doubt.params) for doubt in match.doubts] == [("partly-matched", {"metres": 146})]


def test_only_what_the_graph_covers_counts_when_a_line_leaves_it(town: RoadGraph):
    inside = match_line(town, draw([(12, 0), (10.3, 0)]))
    leaving = match_line(town, draw([(200, 0), (12, 0), (10.3, 0)]))
    assert said(town, leaving) == said(town, inside) == {("Rue de l’Est", "W", True), ("Rue de l’Est", "E", False)}
    assert leaving.trusted
    outside = match_line(town, draw([(200, 0), (220, 0)]))
    assert (outside.matched_share, len(outside.edges), outside.doubts) == (0.0, 0, ())


def test_nothing_breaks_when_the_line_has_a_hundred_thousand_points(town: RoadGraph):
    steps = np.linspace(0.0, 8.0, 100_000)
    zigzag = draw([(float(x), 0.002 * (k % 2)) for k, x in enumerate(steps)])
    match = match_line(town, zigzag)
    assert said(town, match) == BOTH_WAYS


def test_the_rest_counts_as_not_found_when_more_is_drawn_than_a_place_can_hold(
    town: RoadGraph, monkeypatch: pytest.MonkeyPatch
):
    pieces = shapely.MultiLineString([draw([(x, 0), (x + 1, 0)]) for x in range(8)])
    monkeypatch.setattr("portal.territories.matching.MOST_PIECES", 3)
    (doubt,) = match_line(town, pieces).doubts
    assert (doubt.code, doubt.params) == ("weakly-matched", {"percent": 37, "pieces": 5, "of": 8})
    tangle = draw([(float(x), 0.5 * (k % 2)) for k, x in enumerate(np.linspace(0.0, 8.0, 4_000))])
    assert [doubt.code for doubt in match_line(town, tangle).doubts] == ["unmatched"]


MOTORWAY_ZONE = shapely.Polygon(draw([(1, -3.5), (7, -3.5), (7, 1), (1, 1), (1, -3.5)]))


def test_motorways_and_other_levels_are_left_out_when_an_area_holds_them(town: RoadGraph):
    match = match_area(town, MOTORWAY_ZONE, frozenset())
    names = {name for name, _, _ in said(town, match)}
    assert names == {"Rue Longue", "Rue du Pont", "Rue du Retour", "Voie Basse"}
    (doubt,) = match.doubts
    assert doubt.code == "motorway-inside"
    assert doubt.params["road"] == "A 99"


def test_a_motorway_is_bound_when_the_order_names_it(town: RoadGraph):
    match = match_area(town, MOTORWAY_ZONE, frozenset({"a99"}))
    assert {"A 99"} <= {name for name, _, _ in said(town, match)}
    assert [doubt.params["road"] for doubt in match.doubts] == ["Voie Rapide"]


def test_the_edges_of_an_area_are_those_the_law_binds_when_each_is_asked(town: RoadGraph):
    table, area = town.table, AreaShape(shapely.MultiPolygon([MOTORWAY_ZONE]))
    expected = {
        int(table.edge_ids[row])
        for row in range(len(table))
        if area.holds(table.shapes[row])
        and area_applies_to_edge(
            table.road_class(row),
            layer=int(table.layers[row]),
            bridge=table.has(row, EdgeFlag.BRIDGE),
            tunnel=table.has(row, EdgeFlag.TUNNEL),
            motor_road=table.has(row, EdgeFlag.MOTOR_ROAD),
        )
    }
    assert set(match_area(town, MOTORWAY_ZONE, frozenset()).edges["edge_id"].tolist()) == expected


def test_an_edge_is_cut_when_the_outline_of_an_area_crosses_it(town: RoadGraph):
    match = match_area(town, shapely.Polygon(draw([(5, -0.3), (7, -0.3), (7, 0.3), (5, 0.3), (5, -0.3)])), frozenset())
    assert match.edges["from_fraction"] == pytest.approx([0.25, 0.25], abs=0.01)
    assert match.edges["to_fraction"] == pytest.approx([0.75, 0.75], abs=0.01)


def test_an_area_is_unmatched_when_no_road_is_inside(town: RoadGraph):
    match = match_area(town, shapely.Polygon(draw([(5, 1.8), (6, 1.8), (6, 2.2), (5, 1.8)])), frozenset())
    assert [doubt.code for doubt in match.doubts] == ["unmatched"]
    assert not match.trusted


@pytest.mark.parametrize(
    ("ends", "names", "found"),
    [
        pytest.param([(1, -3), (7, -3)], {"A99"}, {("A 99", "E", True)}, id="the carriageway in its direction"),
        pytest.param([(7, -2.85), (1, -2.85)], {"a 99"}, {("A 99", "W", True)}, id="the other carriageway"),
        pytest.param([(1, 0), (7, 0)], set(), BOTH_WAYS, id="no road named"),
        pytest.param([(1, -3), (7, -3)], {"A 98"}, None, id="another road named"),
        pytest.param([(1, -3), (1, 0)], set(), None, id="no way from one to the other"),
    ],
)
def test_the_road_between_two_points_is_found_when_there_is_one(
    town: RoadGraph, ends: list[Point], names: set[str], found: set[tuple[str, str, bool]] | None
):
    match = match_between(town, shapely.MultiPoint(draw(ends).coords), frozenset(names))
    assert said(town, match) == (found or set())
    assert [doubt.code for doubt in match.doubts] == ([] if found else ["path-uncertain"])
    if not found:
        assert match.path is None
        return
    assert match.path is not None
    assert shapely.hausdorff_distance(match.path, draw(ends)) * 111_195 < 2
