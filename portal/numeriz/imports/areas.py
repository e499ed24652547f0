"""From what a source drew to an area we can trust: flat, finite, valid, and where the territory is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.numeriz.codec import digest
from portal.numeriz.models import NO_GEOMETRY
from portal.numeriz.values import Issue
from portal.regulations.geometry import polygons_of

type Bounds = tuple[float, float, float, float]

# A source may cover more than the territory, but not lie this far from it unless its axes are exchanged.
_FAR_DEGREES = 2.0


@dataclass(frozen=True, slots=True)
class Area:
    """What became of a geometry: the shape (None when it encloses nothing), the digest of what was drawn, doubts."""

    shape: BaseGeometry | None
    digest: str
    issues: tuple[Issue, ...]


def read_area(geometry: object, bounds: Bounds | None, where: int) -> Area:
    """Read a GeoJSON geometry. bounds: the territory's (west, south, east, north), None when not known yet.

    A third ordinate is dropped, a crossing outline repaired (its areal part kept), a shape without area or outside the
    territory kept and reported. Raises Invalid(`bad-geometry`, `coordinates-swapped`, `out-of-world`), record named.
    """
    if geometry is None:
        return Area(None, NO_GEOMETRY, (Issue("no-geometry", where=where),))
    flat, had_z = _flattened(geometry, where)
    drawn = _parsed(flat, where)
    found = digest(flat)
    west, south, east, north = drawn.bounds if not drawn.is_empty else (0.0, 0.0, 0.0, 0.0)
    if not drawn.is_empty:
        if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
            raise Invalid(
                "coordinates-swapped" if _swapped((west, south, east, north), bounds) else "out-of-world", where=where
            )
        if _swapped((west, south, east, north), bounds):
            raise Invalid("coordinates-swapped", where=where)
    issues = [Issue("third-ordinate-dropped", where=where)] if had_z else []
    if not drawn.is_empty and not drawn.is_valid:
        issues.append(Issue("shape-repaired", {"reason": shapely.is_valid_reason(drawn)[:80]}, where))
    area = None if drawn.is_empty else polygons_of(drawn)
    if area is None:
        return Area(None, found, (*issues, Issue("not-an-area", {"type": str(flat["type"])}, where)))
    if bounds is not None and not shapely.box(*bounds).intersects(area):
        issues.append(Issue("outside-territory", where=where))
    return Area(area, found, tuple(issues))


def _parsed(flat: dict[str, Any], where: int) -> BaseGeometry:
    try:
        return shape(flat)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, shapely.errors.ShapelyError) as error:
        raise Invalid("bad-geometry", where=where) from error


def _flattened(geometry: object, where: int) -> tuple[dict[str, Any], bool]:
    """The geometry with two ordinates per position, and whether a third one said something (0 says nothing)."""
    if not isinstance(geometry, dict):
        raise Invalid("bad-geometry", where=where)
    if geometry.get("type") == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list):
            raise Invalid("bad-geometry", where=where)
        flat = [_flattened(part, where) for part in parts]
        return {"type": "GeometryCollection", "geometries": [part for part, _ in flat]}, any(z for _, z in flat)
    found_z = [False]
    try:
        coordinates = _positions(geometry.get("coordinates"), found_z)
    except (TypeError, ValueError, IndexError, RecursionError) as error:
        raise Invalid("bad-geometry", where=where) from error
    return {"type": str(geometry.get("type"))[:30], "coordinates": coordinates}, found_z[0]


def _positions(value: Any, found_z: list[bool]) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError("coordinates must be lists")
    if value and not isinstance(value[0], list):
        lon, lat, *rest = value
        if not all(isinstance(number, (int, float)) and not isinstance(number, bool) for number in value):
            raise TypeError("a position must hold numbers")
        if rest and rest[0]:
            found_z[0] = True
        return [lon, lat]
    return [_positions(part, found_z) for part in value]


def _swapped(box: Bounds, bounds: Bounds | None) -> bool:
    """Tell whether a box lies near the territory only when its axes are exchanged."""
    if bounds is None:
        return False
    west, south, east, north = box
    return not _near((west, south, east, north), bounds) and _near((south, west, north, east), bounds)


def _near(box: Bounds, bounds: Bounds) -> bool:
    return (
        box[0] <= bounds[2] + _FAR_DEGREES
        and box[2] >= bounds[0] - _FAR_DEGREES
        and box[1] <= bounds[3] + _FAR_DEGREES
        and box[3] >= bounds[1] - _FAR_DEGREES
    )
