"""Edges matched once decide before the shape: parts, directions, doubts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import shapely

from portal.regulations.answers import ReasonCode, State
from portal.regulations.evaluate import verdict
from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import Direction, EdgeFacts, Measure, MeasureType, Origin
from portal.regulations.vehicles import Vehicle
from tests.support.law import ON_STREET, STREET, ZONE, law_of, local, measure, perimeter

NOON = local("2024-06-03 12:00")
VAN = Vehicle(gross_weight_kg=3500)
FAR = shapely.LineString([(2.4, 48.8503), (2.41, 48.8503)])  # 33 m beside the street


def matched(
    found: Measure,
    *rows: tuple[int, bool, float, float, float],
    graph: str = "g1",
    trusted: bool = True,
    missing: shapely.Geometry | None = None,
    path: shapely.Geometry | None = None,
) -> Measure:
    """The measure with its first place matched."""
    rows_of = EdgeMatches.of(graph, rows).rows
    bounds = FAR.union(found.locations[0].shape).bounds
    matches = EdgeMatches(graph, rows_of, trusted, bounds, missing, path)
    return replace(found, locations=(replace(found.locations[0], matches=matches),))


def on(edge_id: str, graph: str = "g1", *, one_way: bool = False, driven: tuple[float, float] = (0, 1)) -> EdgeFacts:
    return EdgeFacts("residential", one_way=one_way, edge_id=edge_id, graph_version=graph, driven=driven)


@pytest.mark.parametrize(
    ("edge", "state"),
    [
        (on("7"), State.FORBIDDEN),
        (on("8"), State.ALLOWED),
        (on("7", driven=(0.0, 0.5)), State.ALLOWED),
        (on("7", driven=(0.5, 0.6)), State.FORBIDDEN),
        (on("7", driven=(0.8, 1.0)), State.ALLOWED),
        (on("7", driven=(0.0, 0.51)), State.FORBIDDEN),
        (on("7", "g2"), State.ALLOWED),  # another graph: the shape decides, and it is not this street
    ],
)
def test_the_matched_part_of_an_edge_is_closed_and_no_more(edge: EdgeFacts, state: State) -> None:
    law = law_of(matched(measure(), (3, True, 0, 1, 1), (7, True, 0.5, 0.8, 1), (9, True, 0, 1, 1)))
    assert verdict(law, FAR, NOON, VAN, edge=edge).state is state


@pytest.mark.parametrize(
    ("direction", "along", "state"),
    [
        (Direction.FORWARD, True, State.FORBIDDEN),
        (Direction.FORWARD, False, State.ALLOWED),
        (Direction.BACKWARD, False, State.FORBIDDEN),
        (Direction.UNKNOWN, False, State.FORBIDDEN),
    ],
)
def test_the_direction_is_that_of_the_match(direction: Direction, along: bool, state: State) -> None:
    law = law_of(matched(measure(direction=direction), (7, along, 0, 1, 1)))
    assert verdict(law, STREET, NOON, VAN, edge=on("7")).state is state


@pytest.mark.parametrize(
    ("found", "edge", "code"),
    [
        pytest.param(
            matched(measure(), (7, True, 0, 1, 0.4)), on("7"), ReasonCode.MATCH_DOUBTFUL, id="an edge not surely found"
        ),
        pytest.param(
            matched(measure(), trusted=False), on("7"), ReasonCode.MATCH_DOUBTFUL, id="too little of the place found"
        ),
        pytest.param(
            matched(measure(), (7, False, 0, 1, 1)),
            on("7", one_way=True),
            ReasonCode.DIRECTION_DOUBTFUL,
            id="one-way against the line",
        ),
    ],
)
def test_a_doubt_warns_and_never_closes(found: Measure, edge: EdgeFacts, code: ReasonCode) -> None:
    answer = verdict(law_of(found), STREET, NOON, VAN, edge=edge)
    assert (answer.state, [warning.code for warning in answer.warnings]) == (State.ALLOWED, [code])


def test_the_shape_answers_for_an_address_whatever_was_matched() -> None:
    law = law_of(matched(measure(), trusted=False))
    assert verdict(law, ON_STREET, NOON, VAN).state is State.FORBIDDEN


def test_the_surest_row_decides_when_a_loop_is_matched_both_ways() -> None:
    loop = matched(measure(direction=Direction.FORWARD), (7, False, 0, 1, 0.6), (7, True, 0, 1, 0.9))
    assert verdict(law_of(loop), STREET, NOON, VAN, edge=on("7")).state is State.FORBIDDEN


def test_an_area_binds_its_matched_edges_where_they_lie_inside() -> None:
    crossing = shapely.LineString([(2.29, 48.805), (2.32, 48.805)])
    outside = shapely.LineString([(2.29, 48.805), (2.2995, 48.805)])
    law = law_of(matched(measure(shape=ZONE), (7, True, 0.33, 0.66, 1)))
    assert verdict(law, crossing, NOON, VAN, edge=on("7")).state is State.FORBIDDEN
    assert verdict(law, outside, NOON, VAN, edge=on("7", driven=(0, 0.32))).state is State.ALLOWED
    assert verdict(law, crossing, NOON, VAN, edge=on("8")).state is State.ALLOWED
    area = perimeter()
    at = local("2024-07-27 12:00")
    bound = replace(area, matches=EdgeMatches.of("g1", [(7, True, 0.33, 0.66, 1)]))
    states = [verdict(law_of(bound), crossing, at, VAN, edge=on(edge_id)).state for edge_id in ("7", "8")]
    assert states == [State.PASS_REQUIRED, State.ALLOWED]


def test_an_event_between_two_points_closes_the_road_found_between_them() -> None:
    ends = shapely.MultiPoint([(2.40, 48.85), (2.41, 48.85)])
    event = measure(MeasureType.NO_ENTRY, shape=ends, origin=Origin.EVENT, direction=Direction.BOTH)
    law = law_of(matched(event, (7, True, 0, 1, 1)))
    assert verdict(law, FAR, NOON, VAN, edge=on("7")).state is State.FORBIDDEN
    beside = verdict(law, STREET, NOON, VAN, edge=on("8"))
    assert (beside.state, [warning.code for warning in beside.warnings]) == (State.ALLOWED, [ReasonCode.EVENT_NEAR])


SIDE = shapely.LineString([(2.40, 48.852), (2.402, 48.852)])
TWO_PIECES = shapely.MultiLineString([STREET, SIDE])


@pytest.mark.parametrize(
    ("place", "edge", "state", "codes"),
    [
        pytest.param(SIDE, on("8"), State.ALLOWED, [ReasonCode.MATCH_DOUBTFUL], id="the piece not found"),
        pytest.param(SIDE, on("8", "g2"), State.FORBIDDEN, [], id="on another graph"),
        pytest.param(SIDE, None, State.FORBIDDEN, [], id="without an edge"),
        pytest.param(STREET, on("7"), State.FORBIDDEN, [], id="the piece that was found"),
        pytest.param(STREET, on("8"), State.ALLOWED, [], id="a road over the piece that was found"),
    ],
)
def test_a_piece_is_a_doubt_when_it_was_not_found_with_the_others(
    place: shapely.LineString, edge: EdgeFacts | None, state: State, codes: list[ReasonCode]
) -> None:
    law = law_of(matched(measure(shape=TWO_PIECES), (7, True, 0, 1, 1), missing=SIDE))
    answer = verdict(law, place, NOON, VAN, edge=edge)
    assert (answer.state, [warning.code for warning in answer.warnings]) == (state, codes)


def test_a_line_beside_an_area_is_a_doubt_when_only_the_area_was_looked_for() -> None:
    law = law_of(matched(measure(shape=shapely.GeometryCollection([SIDE, ZONE])), (7, True, 0, 1, 1), missing=SIDE))
    answer = verdict(law, SIDE, NOON, VAN, edge=on("8"))
    assert (answer.state, [warning.code for warning in answer.warnings]) == (State.ALLOWED, [ReasonCode.MATCH_DOUBTFUL])


def test_a_missing_piece_of_one_direction_is_no_doubt_for_the_other() -> None:
    law = law_of(matched(measure(shape=TWO_PIECES, direction=Direction.FORWARD), (7, True, 0, 1, 1), missing=SIDE))
    warned = [verdict(law, way, NOON, VAN, edge=on("8")).warnings != () for way in (SIDE, SIDE.reverse())]
    assert warned == [True, False]


MIDDLE = shapely.Point(2.405, 48.85)
ENDS = shapely.MultiPoint([(2.40, 48.85), (2.41, 48.85)])


@pytest.mark.parametrize(
    ("place", "edge", "state", "codes"),
    [
        pytest.param(MIDDLE, None, State.FORBIDDEN, [], id="an address in the middle"),
        pytest.param(shapely.LineString([(2.404, 48.85), (2.406, 48.85)]), None, State.FORBIDDEN, [], id="a path"),
        pytest.param(MIDDLE.buffer(0.0001), None, State.FORBIDDEN, [], id="an area"),
        pytest.param(STREET, on("7"), State.FORBIDDEN, [], id="its edge"),
        pytest.param(STREET, on("8", "g2"), State.FORBIDDEN, [], id="an edge of another graph"),
        pytest.param(STREET, on("8"), State.ALLOWED, [ReasonCode.EVENT_NEAR], id="another edge that meets an end"),
        pytest.param(shapely.Point(2.41025, 48.85), None, State.ALLOWED, [ReasonCode.EVENT_NEAR], id="beside an end"),
        pytest.param(shapely.Point(2.405, 48.851), None, State.ALLOWED, [], id="far from the way"),
    ],
)
def test_an_event_between_two_points_is_the_way_between_them(
    place: shapely.Geometry, edge: EdgeFacts | None, state: State, codes: list[ReasonCode]
) -> None:
    event = measure(MeasureType.NO_ENTRY, shape=ENDS, origin=Origin.EVENT, direction=Direction.BOTH)
    law = law_of(matched(event, (7, True, 0, 1, 1), path=STREET))
    answer = verdict(law, place, NOON, VAN, edge=edge)
    assert (answer.state, [warning.code for warning in answer.warnings]) == (state, codes)


def test_a_map_shows_the_way_between_two_points() -> None:
    middle = MIDDLE.buffer(0.001).bounds
    event = measure(MeasureType.NO_ENTRY, shape=ENDS, origin=Origin.EVENT, direction=Direction.BOTH)
    assert law_of(event).in_box(middle) == ()
    found = law_of(matched(event, (7, True, 0, 1, 1), path=STREET)).in_box(middle)
    assert [place.drawn for one in found if isinstance(one, Measure) for place in one.locations] == [STREET]
    not_trusted = matched(event, path=STREET, trusted=False).locations[0]
    assert not_trusted.drawn is not_trusted.shape
