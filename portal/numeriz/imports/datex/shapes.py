"""From what a source drew to lines and areas that can be trusted: flat, finite, on the globe, of bounded size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry import LineString, MultiLineString, MultiPolygon, Point, Polygon
from shapely.geometry.base import BaseGeometry

from portal.numeriz.imports.reading import Bounds
from portal.numeriz.values import Issue
from portal.regulations.geometry import polygons_of

MAX_VERTICES: Final = 20_000
"""Above, a shape is drawn with fewer vertices; one that cannot be is left without effect."""

MAX_CROSSINGS: Final = 500
"""An outline that crosses itself more often is not mended."""

NOWHERE: Final = Point()
"""The shape of a place that is not located."""

# About ten centimetres, then a metre: less than any street is wide.
_TOLERANCES_DEG = (1e-6, 1e-5)
_FAR_DEGREES = 2.0
_SIDES_AT_ONCE = 20
_SMALLEST_RING = 4


@dataclass(frozen=True, slots=True)
class Drawn:
    """What became of one drawing. shape: lines or areas, NOWHERE when nothing can be applied.

    box: (west, south, east, north) of whatever was drawn, points too; None when nothing was.
    """

    shape: BaseGeometry
    box: Bounds | None = None
    issues: tuple[Issue, ...] = ()


def read_geojson(text: str, bounds: Bounds | None) -> tuple[Drawn, ...]:
    """Read a GeoJSON geometry, (lon, lat). Lines and areas drawn together become two places."""
    if not text:
        return (_lost("place-not-drawn"),)
    try:
        drawn = shapely.from_geojson(text)
    except (ShapelyError, ValueError):
        return (_lost("place-unreadable"),)
    return settle(drawn, bounds)


def read_positions(lines: Iterable[str], areas: Iterable[Sequence[str]], bounds: Bounds | None) -> tuple[Drawn, ...]:
    """Read lists of positions, latitude first. areas: each the outer ring, then the inner ones."""
    try:
        pieces = [_positions(text) for text in lines]
        polygons = [Polygon(rings[0], rings[1:]) for rings in ([_positions(text) for text in area] for area in areas)]
    except (ShapelyError, ValueError):
        return (_lost("place-unreadable"),)
    shapes: list[BaseGeometry] = []
    if pieces:
        shapes.append(LineString(pieces[0]) if len(pieces) == 1 else MultiLineString(pieces))
    if polygons:
        shapes.append(polygons[0] if len(polygons) == 1 else MultiPolygon(polygons))
    return tuple(drawn for shape in shapes for drawn in settle(shape, bounds)) or (_lost("place-not-drawn"),)


def _positions(text: str) -> np.ndarray:
    """Positions as (lon, lat). Raises ValueError for what is no list of pairs."""
    numbers = np.array([float(number) for number in text.split()])
    if len(numbers) < 4 or len(numbers) % 2:
        raise ValueError("not a list of positions")
    return numbers.reshape(-1, 2)[:, ::-1]


def settle(drawn: BaseGeometry, bounds: Bounds | None) -> tuple[Drawn, ...]:
    """Check a geometry and part it into lines and areas. bounds: the territory's box, to see exchanged axes."""
    coordinates = shapely.get_coordinates(drawn)
    if not len(coordinates):
        return (_lost("place-not-drawn"),)
    if not np.isfinite(coordinates).all():
        return (_lost("place-out-of-world"),)
    (west, south), (east, north) = coordinates.min(axis=0).tolist(), coordinates.max(axis=0).tolist()
    box = (west, south, east, north)
    if _exchanged(box, bounds):
        return (_lost("place-axes-swapped"),)
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        return (_lost("place-out-of-world"),)
    flat = shapely.force_2d(drawn) if shapely.has_z(drawn) else drawn
    parts = shapely.get_parts(flat)
    while any(part.geom_type.startswith(("Multi", "Geometry")) for part in parts):
        parts = shapely.get_parts(parts)
    lines = [part for part in parts if isinstance(part, LineString)]
    areas = [part for part in parts if isinstance(part, Polygon)]
    found: list[Drawn] = []
    if lines:
        found.append(_line(flat, lines, box))
    if areas:
        found.append(_area(flat if not lines else MultiPolygon(areas), box))
    if len(lines) + len(areas) < len(parts):
        found.append(Drawn(NOWHERE, box, (Issue("place-is-a-point"),)))
    return tuple(found)


def _line(flat: BaseGeometry, lines: Sequence[LineString], box: Bounds) -> Drawn:
    long = [line for line in lines if line.length > 0]
    if not long:
        return Drawn(NOWHERE, box, (Issue("place-is-a-point"),))
    whole = flat.geom_type in {"LineString", "MultiLineString"} and len(long) == len(lines)
    shape = flat if whole else long[0] if len(long) == 1 else MultiLineString(long)
    return _lighter(shape, box, ())


def _area(flat: BaseGeometry, box: Bounds) -> Drawn:
    areas = flat if flat.geom_type in {"Polygon", "MultiPolygon"} else polygons_of(flat)
    if shapely.get_num_coordinates(flat) > MAX_VERTICES or flat.is_valid:
        return _lighter(areas, box, ())
    if _tangled(flat):
        return Drawn(NOWHERE, box, (Issue("place-too-complex", {"count": int(shapely.get_num_coordinates(flat))}),))
    issue = Issue("shape-repaired", {"reason": shapely.is_valid_reason(flat)[:80]})
    return _lighter(polygons_of(flat), box, (issue,))


def _tangled(flat: BaseGeometry) -> bool:
    """Tell whether an outline crosses itself too often to be mended: 300 sides that all cross take minutes."""
    rings = [ring for part in shapely.get_parts(flat) for ring in (part.exterior, *part.interiors)]
    sides = np.concatenate([_sides(ring) for ring in rings])
    tree = shapely.STRtree(sides)
    crossings = 0
    for start in range(0, len(sides), _SIDES_AT_ONCE):
        some = sides[start : start + _SIDES_AT_ONCE]
        first, second = tree.query(some)
        crossings += int(shapely.crosses(some[first], sides[second]).sum())
        if crossings > 2 * MAX_CROSSINGS:  # each is met from both sides
            return True
    return False


def _sides(ring: BaseGeometry) -> np.ndarray:
    points = shapely.get_coordinates(ring)
    return np.asarray(shapely.linestrings(np.stack([points[:-1], points[1:]], axis=1)))


def _lighter(shape: BaseGeometry | None, box: Bounds, issues: tuple[Issue, ...]) -> Drawn:
    """The shape with no more vertices than can be handled."""
    if shape is None:
        return Drawn(NOWHERE, box, (*issues, Issue("place-unreadable")))
    count = int(shapely.get_num_coordinates(shape))
    if count <= MAX_VERTICES:
        return Drawn(shape, box, issues)
    for tolerance in _TOLERANCES_DEG:
        less = _simplified(shape, tolerance)
        kept = int(shapely.get_num_coordinates(less))
        if kept <= MAX_VERTICES and not less.is_empty and less.is_valid:
            return Drawn(less, box, (*issues, Issue("place-simplified", {"count": count, "kept": kept})))
    return Drawn(NOWHERE, box, (*issues, Issue("place-too-complex", {"count": count})))


def _simplified(shape: BaseGeometry, tolerance: float) -> BaseGeometry:
    """Fewer vertices within a tolerance in degrees; areas ring by ring, since GEOS would mend the whole as well."""
    if shape.geom_type not in {"Polygon", "MultiPolygon"}:
        return shapely.simplify(shape, tolerance, preserve_topology=False)
    polygons = []
    for part in shapely.get_parts(shape):
        rings = [_thinned(ring, tolerance) for ring in (part.exterior, *part.interiors)]
        kept = [ring for ring in rings if len(ring) >= _SMALLEST_RING]
        if kept and len(rings[0]) >= _SMALLEST_RING:
            polygons.append(Polygon(kept[0], kept[1:]))
    return polygons[0] if len(polygons) == 1 else MultiPolygon(polygons)


def _thinned(ring: BaseGeometry, tolerance: float) -> np.ndarray:
    line = LineString(shapely.get_coordinates(ring))
    return shapely.get_coordinates(shapely.simplify(line, tolerance, preserve_topology=False))


def _lost(code: str) -> Drawn:
    return Drawn(NOWHERE, None, (Issue(code),))


def _exchanged(box: Bounds, bounds: Bounds | None) -> bool:
    """Tell whether a box lies near the territory only when its axes are exchanged."""
    if bounds is None:
        return False
    west, south, east, north = box
    return not _near(box, bounds) and _near((south, west, north, east), bounds)


def _near(box: Bounds, bounds: Bounds) -> bool:
    return (
        box[0] <= bounds[2] + _FAR_DEGREES
        and box[2] >= bounds[0] - _FAR_DEGREES
        and box[1] <= bounds[3] + _FAR_DEGREES
        and box[3] >= bounds[1] - _FAR_DEGREES
    )
