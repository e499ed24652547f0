"""What people draw or paste: a line, an area, as GeoJSON text, read with every check a drawing needs.

The same text comes from the map (static/js/map/draw.js) and from whoever types it without script.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.regulations.geometry import to_metres_at
from portal.territories.api import TerritoryView

type Ring = list[list[float]]
type Floats = npt.NDArray[np.float64]

MOST_TEXT: Final = 2_000_000
MOST_TYPED_POINTS: Final = 20_000
MOST_POINTS: Final = 2_000
"""Points of a drawing once those are gone that change nothing."""

_SIMPLER_M: Final = 1.0
_LEAST_LINE_M: Final = 5.0
_LEAST_AREA_M2: Final = 25.0
_MOST_RINGS: Final = 50
_MOST_DEPTH: Final = 5
_FIELD: Final = "shape"


def rings_of(text: str) -> list[Ring]:
    """The rings of the area that a GeoJSON text draws, as positions; nothing but their form is checked."""
    kind, coordinates = _geometry(text)
    if kind == "Polygon":
        rings = coordinates
    elif kind == "MultiPolygon" and isinstance(coordinates, list):
        rings = [ring for part in coordinates if isinstance(part, list) for ring in part]
    else:
        raise Invalid("not-an-area", _FIELD)
    if not isinstance(rings, list) or len(rings) > _MOST_RINGS:
        raise Invalid("bad-coordinates", _FIELD)
    return [_positions(ring) for ring in rings]


def points_of(text: str) -> Ring:
    """The points of the line that a GeoJSON text draws; nothing but their form is checked."""
    kind, coordinates = _geometry(text)
    if kind == "MultiLineString" and isinstance(coordinates, list) and len(coordinates) == 1:
        kind, coordinates = "LineString", coordinates[0]
    if kind != "LineString":
        raise Invalid("not-a-line", _FIELD)
    return _positions(coordinates)


def area_of(territory: TerritoryView, rings: Sequence[Sequence[Sequence[float]]]) -> BaseGeometry:
    """The area that rings (lon, lat) surround: what lies in an odd number of them; valid and not too detailed.

    Raises Invalid on the field `shape`: drawing-missing, bad-coordinates, too-many-points, too-few-points, too-small,
    self-crossing (lon, lat of a crossing), rings-crossing, place-outside.
    """
    area: BaseGeometry = shapely.Polygon()
    count = 0
    if not rings:
        raise Invalid("drawing-missing", _FIELD)
    for ring in rings:
        positions = _positions([*ring])
        count += _check_count(positions, count)
        polygon = _polygon(positions)
        if not area.is_empty and shapely.crosses(area.boundary, polygon.boundary):
            raise Invalid("rings-crossing", _FIELD)
        area = shapely.symmetric_difference(area, polygon)
    simpler = _simplified(area)
    if shapely.transform(simpler, to_metres_at(float(area.bounds[1]))).area < _LEAST_AREA_M2:
        raise Invalid("too-small", _FIELD)
    if len(shapely.get_coordinates(simpler)) > MOST_POINTS:
        raise Invalid("too-many-points", _FIELD, most=MOST_POINTS)
    _check_inside(territory, simpler)
    return simpler


def line_of(territory: TerritoryView, points: Sequence[Sequence[float]]) -> shapely.LineString:
    """The line through some points (lon, lat); raises as `area_of` does."""
    positions = _positions([*points])
    _check_count(positions, 0)
    if not positions:
        raise Invalid("drawing-missing", _FIELD)
    if len({tuple(position) for position in positions}) < 2:
        raise Invalid("too-few-points", _FIELD, least=2)
    line = _simplified(shapely.LineString(positions))
    assert isinstance(line, shapely.LineString)
    if len(line.coords) > MOST_POINTS:
        raise Invalid("too-many-points", _FIELD, most=MOST_POINTS)
    if length_m(line) < _LEAST_LINE_M:
        raise Invalid("too-small", _FIELD)
    _check_inside(territory, line)
    return line


def length_m(line: BaseGeometry) -> float:
    """Metres of lines in (lon, lat)."""
    return float(shapely.transform(line, to_metres_at(float(line.bounds[1]))).length)


def inside_share(territory: TerritoryView, shape: BaseGeometry) -> float:
    """The part of a line or an area that lies in the box of a territory, 0 to 1."""
    if territory.bounds is None:
        return 0.0
    inside = shapely.intersection(shape, shapely.box(*territory.bounds))
    measure = shapely.area if shapely.get_dimensions(shape) == 2 else shapely.length
    whole = float(measure(shape))
    return float(measure(inside)) / whole if whole else 0.0


def _geometry(text: str) -> tuple[str, Any]:
    """Type and coordinates of the geometry in a text: bare, in a feature, or in a collection of one."""
    if not text.strip():
        raise Invalid("drawing-missing", _FIELD)
    if len(text) > MOST_TEXT:
        raise Invalid("too-many-points", _FIELD, most=MOST_POINTS)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("not-geojson", _FIELD) from error
    for _level in range(_MOST_DEPTH):
        if not isinstance(found, dict):
            break
        features = found.get("features") or found.get("geometries")
        if isinstance(features, list) and len(features) == 1:
            found = features[0]
        elif "geometry" in found:
            found = found["geometry"]
        else:
            break
    if not isinstance(found, dict) or not isinstance(found.get("type"), str) or "coordinates" not in found:
        raise Invalid("not-geojson", _FIELD)
    return found["type"], found["coordinates"]


def _positions(found: Any) -> Ring:
    """Positions as lists of two finite degrees of the globe; altitudes are dropped."""
    if not isinstance(found, list):
        raise Invalid("bad-coordinates", _FIELD)
    positions = []
    for position in found:
        if not isinstance(position, (list, tuple)) or len(position) < 2:
            raise Invalid("bad-coordinates", _FIELD)
        lon, lat = position[0], position[1]
        numbers = all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in (lon, lat))
        # The globe first: a whole number of hundreds of digits is no float at all.
        if not numbers or abs(lon) > 180 or abs(lat) > 90 or not all(map(math.isfinite, (lon, lat))):
            raise Invalid("bad-coordinates", _FIELD)
        positions.append([float(lon), float(lat)])
    return positions


def _check_count(positions: Ring, before: int) -> int:
    if before + len(positions) > MOST_TYPED_POINTS:
        raise Invalid("too-many-points", _FIELD, most=MOST_TYPED_POINTS)
    return len(positions)


def _polygon(positions: Ring) -> shapely.Polygon:
    if len({tuple(position) for position in positions}) < 3:
        raise Invalid("too-few-points", _FIELD, least=3)
    polygon = shapely.Polygon(positions)
    if not polygon.is_valid:
        at = _crossing(polygon)
        if at is None:
            raise Invalid("too-small", _FIELD)
        raise Invalid("self-crossing", _FIELD, lon=f"{at[0]:.5f}", lat=f"{at[1]:.5f}")
    return polygon


def _crossing(polygon: shapely.Polygon) -> tuple[float, float] | None:
    """Where an outline crosses itself; None when it surrounds nothing at all."""
    if polygon.area == 0.0 and shapely.get_dimensions(shapely.make_valid(polygon)) < 2:
        return None
    noded = shapely.node(polygon.exterior)
    own = {tuple(position) for position in shapely.get_coordinates(polygon.exterior).tolist()}
    for position in shapely.get_coordinates(noded).tolist():
        if tuple(position) not in own:
            return position[0], position[1]
    # It meets itself at one of its own points.
    counted: dict[tuple[float, ...], int] = {}
    for position in shapely.get_coordinates(polygon.exterior)[:-1].tolist():
        counted[tuple(position)] = counted.get(tuple(position), 0) + 1
    lon, lat = max(counted, key=lambda position: counted[position])
    return lon, lat


def _simplified(shape: BaseGeometry) -> BaseGeometry:
    """The same shape without points that change it by less than a metre."""
    to_metres = to_metres_at(float(shape.bounds[1]))
    scale: Floats = to_metres(np.ones((1, 2)))[0]
    metric = shapely.simplify(shapely.transform(shape, to_metres), _SIMPLER_M)
    if metric.is_empty:
        return shape
    return shapely.transform(metric, lambda xy: np.round(xy / scale, 7))


def _check_inside(territory: TerritoryView, shape: BaseGeometry) -> None:
    if territory.bounds is None or not shapely.intersects(shapely.box(*territory.bounds), shape):
        raise Invalid("place-outside", _FIELD, territory=territory.name)
