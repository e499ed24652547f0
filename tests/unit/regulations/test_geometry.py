"""Inside or along the outline, on the street or across it."""

from __future__ import annotations

import math

import pytest
import shapely
from shapely import LineString, MultiLineString, Point, Polygon, box

from portal.regulations.geometry import AreaShape, LineShape, polygons_of
from tests.support.law import STREET, ZONE

LAT_M = 1 / 111_195
LON_M = LAT_M / math.cos(math.radians(48.805))
EDGE_LON = 2.30  # west side of ZONE


@pytest.mark.parametrize(
    ("place", "inside"),
    [
        pytest.param(Point(2.305, 48.805), True, id="point inside"),
        pytest.param(Point(EDGE_LON, 48.805), True, id="point on the outline"),
        pytest.param(Point(EDGE_LON - LON_M, 48.805), False, id="point one metre out"),
        pytest.param(LineString([(EDGE_LON, 48.80), (EDGE_LON, 48.81)]), False, id="line along the outline"),
        pytest.param(
            LineString([(EDGE_LON + 0.4 * LON_M, 48.80), (EDGE_LON + 0.4 * LON_M, 48.81)]), False, id="0.4 m inside"
        ),
        pytest.param(
            LineString([(EDGE_LON + 0.6 * LON_M, 48.80), (EDGE_LON + 0.6 * LON_M, 48.81)]), True, id="0.6 m inside"
        ),
        pytest.param(LineString([(2.29, 48.805), (EDGE_LON, 48.805)]), False, id="line that ends on the outline"),
        pytest.param(LineString([(2.29, 48.805), (2.32, 48.805)]), True, id="line that crosses"),
        pytest.param(LineString([(2.303, 48.803), (2.304, 48.803)]), True, id="line wholly inside"),
        pytest.param(box(2.29, 48.80, EDGE_LON, 48.81), False, id="neighbouring area"),
        pytest.param(box(2.29, 48.80, 2.301, 48.81), True, id="overlapping area"),
    ],
)
def test_place_is_inside_when_it_goes_deeper_than_the_outline(place: shapely.Geometry, inside: bool) -> None:
    assert AreaShape(shapely.MultiPolygon([ZONE])).holds(place) is inside


def test_area_keeps_its_hole_and_its_slivers() -> None:
    ring = ZONE.difference(box(2.304, 48.804, 2.306, 48.806))
    sliver = box(2.32, 48.80, 2.32 + 0.6 * LON_M, 48.81)
    area = AreaShape(shapely.MultiPolygon([ring, sliver]))
    assert not area.holds(Point(2.305, 48.805))
    assert not area.holds(LineString([(2.3045, 48.805), (2.3055, 48.805)]))
    assert area.holds(LineString([(2.315, 48.805), (2.325, 48.805)]))


def test_bad_polygon_is_repaired_when_it_crosses_itself() -> None:
    bow_tie = Polygon([(2.30, 48.80), (2.31, 48.81), (2.31, 48.80), (2.30, 48.81)])
    polygons = polygons_of(bow_tie)
    assert polygons is not None
    assert polygons.is_valid
    assert AreaShape(polygons).holds(Point(2.3095, 48.805))


def shifted(metres: float) -> LineString:
    return LineString([(x, y + metres * LAT_M) for x, y in STREET.coords])


@pytest.mark.parametrize(
    ("path", "follows"),
    [
        pytest.param(STREET, True, id="the street itself"),
        pytest.param(shapely.reverse(STREET), False, id="driven the other way"),
        pytest.param(shifted(3), True, id="3 m aside"),
        pytest.param(shifted(8), None, id="8 m aside"),
        pytest.param(LineString([(2.405, 48.849), (2.405, 48.851)]), None, id="crossing"),
        pytest.param(LineString([(2.4045, 48.8497), (2.4055, 48.8503)]), None, id="crossing askew"),
        pytest.param(LineString([(2.405, 48.85), (2.405, 48.8501)]), None, id="leaving at a corner"),
        pytest.param(LineString([(2.405, 48.85), (2.405 + 6 * LON_M, 48.85)]), True, id="6 m of it"),
        pytest.param(LineString([(2.39, 48.85), (2.40, 48.85)]), None, id="its continuation"),
        pytest.param(LineString([(2.39, 48.85), (2.40 + 20 * LON_M, 48.85)]), True, id="20 m of it"),
    ],
)
def test_path_follows_a_street_when_close_and_parallel(path: LineString, follows: bool | None) -> None:
    followed = LineShape(STREET).followed_by(path)
    assert (followed and followed.along) is follows


def test_pieces_are_matched_one_by_one_when_they_come_in_no_order() -> None:
    pieces = MultiLineString([[(2.405, 48.85), (2.41, 48.85)], [(2.40, 48.85), (2.405, 48.85)]])
    for path, along in ((STREET, True), (shapely.reverse(STREET), False)):
        followed = LineShape(pieces).followed_by(path)
        assert followed is not None
        assert (followed.along, round(followed.share, 3)) == (along, 1.0)


@pytest.mark.parametrize(("metres", "reaches"), [(0, True), (9, True), (11, False)])
def test_point_is_on_the_street_when_within_ten_metres(metres: float, reaches: bool) -> None:
    assert LineShape(STREET).reaches(Point(2.405, 48.85 + metres * LAT_M)) is reaches
