"""The outline of a zone, as drawn or pasted."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
import shapely
from shapely.geometry import mapping

from portal.common.errors import Invalid
from portal.numeriz.zones.drawing import MOST_POINTS, area_m2, read_drawing
from tests.factories.law import PARIS_3E, square

AREA = square(2.360, 48.860)
BOW = {
    "type": "Polygon",
    "coordinates": [[[2.36, 48.86], [2.37, 48.866], [2.37, 48.86], [2.36, 48.866], [2.36, 48.86]]],
}


def circle(points: int, ripple: float = 0.0) -> dict[str, Any]:
    """A round outline; ripple: how far every other point stands out, in degrees."""
    ring = []
    for number in range(points):
        angle, radius = 2 * math.pi * number / points, 0.003 + ripple * (number % 2)
        ring.append([2.364 + radius * math.cos(angle), 48.863 + radius * math.sin(angle)])
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


@pytest.mark.parametrize(
    "wrap",
    [
        lambda geometry: geometry,
        lambda geometry: {"type": "Feature", "properties": {}, "geometry": geometry},
        lambda geometry: {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": geometry}]},
    ],
    ids=["geometry", "feature", "collection"],
)
def test_the_area_is_kept_when_it_is_sound(wrap: Any) -> None:
    drawn = read_drawing(json.dumps(wrap(mapping(AREA))), PARIS_3E)
    assert drawn.shape.equals(AREA)
    assert not drawn.notes
    assert drawn.digest == read_drawing(json.dumps(mapping(AREA)), PARIS_3E).digest


def test_the_areas_of_a_collection_are_one_zone_when_there_are_several() -> None:
    other = square(2.366, 48.860)
    features = [{"type": "Feature", "geometry": mapping(area)} for area in (AREA, other)]
    drawn = read_drawing(json.dumps({"type": "FeatureCollection", "features": features}), PARIS_3E)
    assert drawn.shape.equals(shapely.union_all([AREA, other]))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "zone-not-drawn"),
        ("  \n", "zone-not-drawn"),
        ("POLYGON((1 2))", "zone-unreadable"),
        ("[1, 2]", "zone-unreadable"),
        ('{"type": "Polygon"}', "zone-unreadable"),
        ('{"type": "Polygon", "coordinates": [[[2.36, null]]]}', "zone-unreadable"),
        ("[" * 100_000, "zone-unreadable"),
        ('{"type": "FeatureCollection", "features": 3}', "zone-no-area"),
        (json.dumps(mapping(shapely.LineString([(2.36, 48.86), (2.37, 48.861)]))), "zone-no-area"),
        (json.dumps(BOW), "zone-crosses-itself"),
        (json.dumps(mapping(square(3.0, 48.86))), "zone-outside"),
        (json.dumps(mapping(shapely.box(48.860, 2.360, 48.864, 2.364))), "zone-swapped"),
        (json.dumps(mapping(square(2.36, 48.86, 0.00001))), "zone-too-small"),
        (json.dumps(circle(10_000, ripple=0.0002)), "zone-too-complex"),
        ('{"a": "' + "x" * 1_600_000 + '"}', "zone-too-complex"),
    ],
)
def test_one_reason_is_given_when_a_drawing_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        read_drawing(text, PARIS_3E)
    assert (refused.value.code, refused.value.field) == (code, "shape")


def test_the_crossing_is_located_when_an_outline_crosses_itself() -> None:
    with pytest.raises(Invalid) as refused:
        read_drawing(json.dumps(BOW), PARIS_3E)
    assert refused.value.params == {"lat": "48.86300", "lon": "2.36500"}


def test_points_are_thinned_out_and_told_when_there_are_ten_thousand() -> None:
    drawn = read_drawing(json.dumps(circle(10_000)), PARIS_3E)
    assert shapely.get_num_coordinates(drawn.shape) <= MOST_POINTS
    whole = shapely.geometry.shape(circle(10_000))
    assert area_m2(shapely.symmetric_difference(drawn.shape, whole)) < 0.005 * area_m2(whole)
    assert [note.code for note in drawn.notes] == ["zone-thinned"]


def test_the_share_outside_is_told_when_a_zone_leaves_the_territory() -> None:
    west = PARIS_3E[0]
    drawn = read_drawing(json.dumps(mapping(shapely.box(west - 0.001, 48.86, west + 0.003, 48.862))), PARIS_3E)
    assert [(note.code, note.params) for note in drawn.notes] == [("zone-partly-outside", {"percent": 25})]


def test_the_area_is_that_of_the_ground_when_it_is_measured() -> None:
    # 0.004° of latitude are 444.8 m; of longitude, at 48.862° north, 292.6 m.
    assert area_m2(AREA) == pytest.approx(444.8 * 292.6, rel=0.002)
