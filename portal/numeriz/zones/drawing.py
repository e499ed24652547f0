"""The outline of a zone, drawn or pasted as GeoJSON: refused with one reason, or a shape that the law can use."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.numeriz.codec import digest
from portal.numeriz.imports.areas import Bounds, read_area
from portal.numeriz.queries import PerimeterView
from portal.numeriz.values import Issue

FIELD: Final = "shape"
MOST_POINTS: Final = 2_000
"""An outline with more is thinned out by at most a metre; one that still has more is refused."""

_MOST_CHARACTERS: Final = 1_500_000
_THINNED_BY_M: Final = 1.0
_METRES_PER_DEGREE: Final = 111_195.0
_LEAST_M2: Final = 10.0
_NEAR: Final = re.compile(r"\[(-?[\d.]+) (-?[\d.]+)\]")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A shape, (lon, lat) WGS84, valid; the digest of what was drawn; what to tell of it."""

    shape: BaseGeometry
    digest: str
    notes: tuple[Issue, ...] = ()


def read_drawing(text: str, bounds: Bounds | None) -> Drawn:
    """Read one GeoJSON geometry, a feature, or a collection whose areas are one zone.

    Raises Invalid, field shape: `zone-not-drawn`, `zone-unreadable`, `zone-no-area`, `zone-crosses-itself` (lat, lon),
    `zone-outside`, `zone-swapped`, `zone-too-complex` (count, most), `zone-too-small`.
    """
    if not text.strip():
        raise Invalid("zone-not-drawn", FIELD)
    geometry = _geometry(text)
    try:
        area = read_area(geometry, bounds, 1)
    except Invalid as error:
        code = {"coordinates-swapped": "zone-swapped", "shape-too-complex": "zone-too-complex"}.get(error.code)
        raise Invalid(code or "zone-unreadable", FIELD, most=MOST_POINTS) from error
    found = {issue.code: issue for issue in area.issues}
    if "shape-repaired" in found:
        raise _crossing(str(found["shape-repaired"].params["reason"]))
    if area.shape is None:
        raise Invalid("zone-no-area", FIELD)
    if "outside-territory" in found:
        raise Invalid("zone-outside", FIELD)
    if area_m2(area.shape) < _LEAST_M2:
        raise Invalid("zone-too-small", FIELD)
    return _thinned(area.shape, area.digest, bounds)


def drawing_text(shape: dict[str, Any] | None) -> str:
    """A GeoJSON geometry as the field of the form holds it, a single outline as one; empty for None."""
    if shape is not None and shape["type"] == "MultiPolygon" and len(shape["coordinates"]) == 1:
        shape = {"type": "Polygon", "coordinates": shape["coordinates"][0]}
    return "" if shape is None else json.dumps(shape, separators=(",", ":"))


def same_drawing(text: str, zone: PerimeterView) -> bool:
    """Tell whether the text is what the form showed of a stored zone: its shape then stays as it was drawn."""
    return bool(text.strip()) and text.strip() == drawing_text(zone.geometry)


def area_m2(shape: BaseGeometry) -> float:
    """The area in square metres, on a plane scaled at the latitude of the shape; good to some per mil over a city."""
    if shape.is_empty:
        return 0.0
    scale = float(np.cos(np.radians((shape.bounds[1] + shape.bounds[3]) / 2)))
    return float(shapely.area(shape)) * _METRES_PER_DEGREE**2 * scale


def _geometry(text: str) -> object:
    if len(text) > _MOST_CHARACTERS:
        raise Invalid("zone-too-complex", FIELD, most=MOST_POINTS)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Invalid("zone-unreadable", FIELD) from error
    if isinstance(found, dict) and found.get("type") == "FeatureCollection":
        features = found.get("features")
        parts = (
            [part.get("geometry") for part in features if isinstance(part, dict)] if isinstance(features, list) else []
        )
        return parts[0] if len(parts) == 1 else {"type": "GeometryCollection", "geometries": parts}
    return found.get("geometry") if isinstance(found, dict) and found.get("type") == "Feature" else found


def _crossing(reason: str) -> Invalid:
    near = _NEAR.search(reason)
    lon, lat = (f"{float(near[1]):.5f}", f"{float(near[2]):.5f}") if near else ("", "")
    return Invalid("zone-crosses-itself", FIELD, lat=lat, lon=lon)


def _thinned(shape: BaseGeometry, drawn_as: str, bounds: Bounds | None) -> Drawn:
    notes: list[Issue] = []
    count = int(shapely.get_num_coordinates(shape))
    if count > MOST_POINTS:
        scale = float(np.cos(np.radians((shape.bounds[1] + shape.bounds[3]) / 2)))
        stretched = shapely.transform(shape, lambda xy: xy * (scale, 1.0))
        thinner = shapely.simplify(stretched, _THINNED_BY_M / _METRES_PER_DEGREE, preserve_topology=True)
        shape = shapely.transform(thinner, lambda xy: xy / (scale, 1.0))
        kept = int(shapely.get_num_coordinates(shape))
        if kept > MOST_POINTS or not shape.is_valid:
            raise Invalid("zone-too-complex", FIELD, count=count, most=MOST_POINTS)
        drawn_as = digest(["thinned", drawn_as])
        notes.append(Issue("zone-thinned", {"count": count, "kept": kept}))
    if bounds is not None:
        outside = 1 - area_m2(shapely.intersection(shape, shapely.box(*bounds))) / area_m2(shape)
        if outside > 0.005:
            notes.append(Issue("zone-partly-outside", {"percent": max(1, round(outside * 100))}))
    return Drawn(shape, drawn_as, tuple(notes))
