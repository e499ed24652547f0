"""The sea, which OpenStreetMap draws only as a line with the land on its left."""

from __future__ import annotations

from collections.abc import Sequence

from shapely import LineString, MultiLineString, Point, Polygon, box, line_merge, unary_union
from shapely.geometry.base import BaseGeometry
from shapely.ops import polygonize

from portal.territories.build.source import Bounds

_BESIDE_DEGREES = 1e-6


def sea_polygons(coastlines: Sequence[LineString], bounds: Bounds) -> list[Polygon]:
    """Return the parts of the box that are sea.

    coastlines: directed lines, (lon, lat). Where the extract cuts the coast inside the box, its end is drawn on to the
    nearest side. A part that has the coast on both hands cannot be told: it stays land.
    """
    frame = box(bounds.min_lon, bounds.min_lat, bounds.max_lon, bounds.max_lat)
    merged = line_merge(MultiLineString([line for line in coastlines if line.length]), directed=True)
    coasts = [part for line in _lines(merged) for part in _lines(line.intersection(frame))]
    if not coasts:
        return []
    ends = {point for line in coasts if not line.is_closed for point in (line.coords[0], line.coords[-1])}
    edge = frame.exterior
    joints = [
        LineString([end, edge.interpolate(edge.project(Point(end))).coords[0]])
        for end in ends
        if edge.distance(Point(end)) > _BESIDE_DEGREES
    ]
    faces = polygonize(unary_union([edge, *coasts, *joints]))
    return [face for face in faces if _is_sea(face, coasts)]


def _is_sea(face: Polygon, coasts: Sequence[LineString]) -> bool:
    """Tell whether the face lies on the right hand of every coast it touches."""
    right = left = 0
    for coast in coasts:
        if not face.intersects(coast):
            continue
        for (x1, y1), (x2, y2) in zip(coast.coords[:-1], coast.coords[1:], strict=True):
            length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
            if not length:
                continue
            dx, dy = (y2 - y1) / length * _BESIDE_DEGREES, -(x2 - x1) / length * _BESIDE_DEGREES
            middle_x, middle_y = (x1 + x2) / 2, (y1 + y2) / 2
            right += face.contains(Point(middle_x + dx, middle_y + dy))
            left += face.contains(Point(middle_x - dx, middle_y - dy))
    return right > 0 and left == 0


def _lines(geometry: BaseGeometry) -> list[LineString]:
    if isinstance(geometry, LineString):
        return [] if geometry.is_empty else [geometry]
    return [part for part in getattr(geometry, "geoms", ()) if isinstance(part, LineString)]
