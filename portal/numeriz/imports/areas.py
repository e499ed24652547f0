"""From what a source drew to a shape we can trust: flat, finite, valid, bounded, and where the territory is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.numeriz.codec import digest
from portal.numeriz.models import NO_GEOMETRY
from portal.numeriz.values import Issue
from portal.regulations.geometry import polygons_of

type Bounds = tuple[float, float, float, float]

MOST_VERTICES: Final = 200_000
MOST_MENDED_VERTICES: Final = 50_000
MOST_CROSSINGS: Final = 2_000
"""Invalid outlines beyond either are refused: mending them costs the square of the crossings."""

# A source may cover more than the territory, but not lie this far from it unless its axes are exchanged.
_FAR_DEGREES: Final = 2.0
# How far from its bay an outline may lie.
_OUTLINE_DEGREES: Final = 0.01
_SEGMENTS_AT_ONCE: Final = 16

_WKT: Final = re.compile(r"\s*(?:SRID=4326;)?\s*(?P<type>[A-Za-z]+)\s*(?:ZM|Z|M)?\s*(?P<rest>\(.*)", re.DOTALL)
_WKT_SIGNS: Final = re.compile(r"[0-9eE+\-.,()\s]*")
_WKT_TYPES: Final = frozenset({"POINT", "LINESTRING", "MULTILINESTRING", "POLYGON", "MULTIPOLYGON"})
_WKT_DEPTH: Final = 3
_COLLECTION_DEPTH: Final = 4


@dataclass(frozen=True, slots=True)
class Area:
    """What became of a geometry: the shape (None when it encloses nothing), the digest of what was drawn, doubts."""

    shape: BaseGeometry | None
    digest: str
    issues: tuple[Issue, ...]


def read_area(geometry: object, bounds: Bounds | None, where: int) -> Area:
    """Read a GeoJSON geometry. bounds: the territory's (west, south, east, north), None when not known yet.

    A third ordinate is dropped, a crossing outline repaired (its areal part kept), a shape without area or outside the
    territory kept and reported. Raises Invalid(`bad-geometry`, `coordinates-swapped`, `out-of-world`,
    `shape-too-complex`), record named.
    """
    if geometry is None:
        return Area(None, NO_GEOMETRY, (Issue("no-geometry", where=where),))
    flat, had_z = _flattened(geometry, where)
    drawn = _parsed(flat, where)
    check_place(drawn, bounds, where)
    issues = [Issue("third-ordinate-dropped", where=where)] if had_z else []
    area, repairs = mended(drawn, where)
    issues += repairs
    if area is None:
        return Area(None, digest(flat), (*issues, Issue("not-an-area", {"type": str(flat["type"])}, where)))
    if bounds is not None and not shapely.box(*bounds).intersects(area):
        issues.append(Issue("outside-territory", where=where))
    return Area(area, digest(flat), tuple(issues))


def read_wkt(text: str, where: int) -> tuple[BaseGeometry, list[Issue]]:
    """Read a WKT point, line or polygon, (lon, lat), as drawn; a polygon written with one parenthesis is repaired.

    Raises Invalid(`bad-geometry`, `shape-too-complex`).
    """
    found = _WKT.fullmatch(text)
    kind = "" if found is None else found["type"].upper()
    for suffix in ("ZM", "Z", "M"):
        kind = kind.removesuffix(suffix) if kind not in _WKT_TYPES else kind
    if found is None or kind not in _WKT_TYPES or not _WKT_SIGNS.fullmatch(found["rest"]):
        raise Invalid("bad-geometry", where=where)
    rest, issues = found["rest"].strip(), []
    if rest.count(",") > MOST_VERTICES:
        raise Invalid("shape-too-complex", where=where)
    # The official example of the national bay schema is written so.
    if kind == "POLYGON" and not re.match(r"\(\s*\(", rest):
        rest = f"({rest})"
        issues.append(Issue("shape-repaired", {"reason": "POLYGON()"}, where))
    if _depth(rest) > _WKT_DEPTH:
        raise Invalid("bad-geometry", where=where)
    try:
        drawn = shapely.from_wkt(f"{kind} {rest}" if _ordinates(rest) < 3 else f"{kind} Z {rest}")
    except (ValueError, shapely.errors.ShapelyError) as error:
        raise Invalid("bad-geometry", where=where) from error
    if drawn.has_z:
        drawn = shapely.force_2d(drawn)
        issues.append(Issue("third-ordinate-dropped", where=where))
    return drawn, issues


def read_outline(text: str, place: tuple[float, float] | None, where: int) -> tuple[BaseGeometry | None, list[Issue]]:
    """The outline of a bay from WKT; None, and told, when it is no area or lies away from the bay."""
    try:
        drawn, issues = read_wkt(text, where)
        check_place(drawn, None, where)
        area, repairs = mended(drawn, where)
    except Invalid as error:
        return None, [Issue("outline-dropped", {"reason": error.code}, where)]
    if area is None:
        return None, [Issue("outline-dropped", {"reason": drawn.geom_type}, where)]
    if place is not None and area.distance(shapely.Point(place)) > _OUTLINE_DEGREES:
        return None, [Issue("outline-dropped", {"reason": "too-far"}, where)]
    outline = shapely.get_parts(area)
    return (outline[0] if len(outline) == 1 else area), [*issues, *repairs]


def check_place(drawn: BaseGeometry, bounds: Bounds | None, where: int) -> None:
    """Raise Invalid(`coordinates-swapped`, `out-of-world`, `shape-too-complex`) for what cannot be placed."""
    if drawn.is_empty:
        return
    if shapely.get_num_coordinates(drawn) > MOST_VERTICES:
        raise Invalid("shape-too-complex", where=where)
    box = drawn.bounds
    in_world = box[0] >= -180 and box[2] <= 180 and box[1] >= -90 and box[3] <= 90
    if swapped(box, bounds):
        raise Invalid("coordinates-swapped", where=where)
    if not in_world:
        raise Invalid("out-of-world", where=where)


def mended(drawn: BaseGeometry, where: int) -> tuple[BaseGeometry | None, list[Issue]]:
    """The areal part of a shape, valid; None when there is none. Raises Invalid(`shape-too-complex`)."""
    if drawn.is_empty:
        return None, []
    if drawn.is_valid:
        return polygons_of(drawn), []
    if shapely.get_num_coordinates(drawn) > MOST_MENDED_VERTICES or _crossings(drawn) > MOST_CROSSINGS:
        raise Invalid("shape-too-complex", where=where)
    return polygons_of(drawn), [Issue("shape-repaired", {"reason": shapely.is_valid_reason(drawn)[:80]}, where)]


def swapped(box: Bounds, bounds: Bounds | None) -> bool:
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


def _crossings(drawn: BaseGeometry) -> int:
    """How often the segments of a shape meet beyond following one another; counting ends soon after the limit."""
    # A collection may hold multi-polygons: open them too.
    parts = shapely.get_parts(shapely.get_parts(drawn))
    points, ring = shapely.get_coordinates(shapely.get_rings(parts), return_index=True)
    joined = ring[:-1] == ring[1:]
    ends = np.stack([points[:-1][joined], points[1:][joined]], axis=1)
    segments: NDArray[np.object_] = np.asarray(shapely.linestrings(ends))
    tree = shapely.STRtree(segments)
    found = -2 * len(segments)  # each meets the one before and the one after
    for start in range(0, len(segments), _SEGMENTS_AT_ONCE):
        part = segments[start : start + _SEGMENTS_AT_ONCE]
        found += len(tree.query(part, predicate="intersects")[0]) - len(part)
        if found > 2 * MOST_CROSSINGS:
            break
    return max(found, 0) // 2


def _parsed(flat: dict[str, Any], where: int) -> BaseGeometry:
    try:
        return shape(flat)
    except (
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        shapely.errors.ShapelyError,
    ) as error:
        raise Invalid("bad-geometry", where=where) from error


def _flattened(geometry: object, where: int, depth: int = 0) -> tuple[dict[str, Any], bool]:
    """The geometry with two ordinates per position, and whether a third one said something (0 says nothing)."""
    if not isinstance(geometry, dict):
        raise Invalid("bad-geometry", where=where)
    if geometry.get("type") == "GeometryCollection":
        parts = geometry.get("geometries")
        if not isinstance(parts, list) or depth >= _COLLECTION_DEPTH:
            raise Invalid("bad-geometry", where=where)
        flat = [_flattened(part, where, depth + 1) for part in parts]
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


def _depth(text: str) -> int:
    deepest = depth = 0
    for sign in re.findall(r"[()]", text):
        depth += 1 if sign == "(" else -1
        deepest = max(deepest, depth)
    return deepest


def _ordinates(rest: str) -> int:
    """How many numbers the first position of a WKT text holds."""
    return len(rest.lstrip("( \t\r\n").split(",", 1)[0].split(")", 1)[0].split())
