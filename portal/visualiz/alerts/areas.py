"""The area an alert is about: some streets, a circle around a place, or a drawn zone."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import shapely
from flask_babel import format_decimal
from flask_babel import gettext as _
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from portal.common.errors import Invalid
from portal.territories.api import HitKind, TerritoryView, geocode
from portal.visualiz.street import street_lines
from portal.web import filters

MOST_STREETS: Final = 10
MOST_PIECES: Final = 600
"""Pieces of streets between two crossings; each is asked of the law by itself."""
RADII_M: Final = (100, 250, 500, 1000, 2000)
LARGEST_KM2: Final = 15.0
MOST_LETTERS: Final = 100_000
MOST_CORNERS: Final = 2_000
_METRES_PER_DEGREE: Final = 111_195.0
_LONGEST_LABEL: Final = 255


@dataclass(frozen=True, slots=True)
class Area:
    """What an alert is about, in words of at most 255 letters. shape: polygons or lines, (lon, lat) WGS84."""

    label: str
    shape: BaseGeometry


def find_street_name(territory: TerritoryView, text: str) -> str:
    """The whole name of the street a text means.

    Raises Invalid("street-unknown") when there is none, Unavailable when addresses cannot be searched.
    """
    return _find_street(territory, text)[0]


def streets_area(territory: TerritoryView, texts: Sequence[str]) -> Area:
    """Streets by their names. Raises Invalid on none, too many, or an unknown one; Unavailable as above."""
    if not texts:
        raise Invalid("street-missing", "rue")
    if len(texts) > MOST_STREETS:
        raise Invalid("too-many-streets", "rue", most=MOST_STREETS)
    streets = dict(_find_street(territory, text) for text in texts)
    lines = [line for pieces in streets.values() for line in pieces]
    if len(lines) > MOST_PIECES:
        raise Invalid("streets-too-long", "rue")
    # The commune after the comma is that of the territory most of the time: it would fill the subject of a mail.
    return Area(_cut(", ".join(name.partition(",")[0] for name in streets)), shapely.MultiLineString(lines))


def _find_street(territory: TerritoryView, text: str) -> tuple[str, Sequence[shapely.LineString]]:
    """The name of a street as the index writes it, and its pieces.

    No word that somebody typed goes into an alert: its mail may reach a stranger.
    """
    hit = geocode(territory.slug, text) if text.strip() else None
    lines = [] if hit is None or hit.kind is not HitKind.STREET else street_lines(territory, hit)
    if hit is None or not lines:
        raise Invalid("street-unknown", "rue", street=text.strip()[:100])
    return hit.label, lines


def around_area(territory: TerritoryView, point: tuple[float, float], place: str, radius_m: int) -> Area:
    """A circle around a point (lon, lat). place: its address, as the index writes it.

    Raises Invalid when the point is outside the territory.
    """
    lon, lat = point
    if territory.bounds is None or not shapely.box(*territory.bounds).covers(shapely.Point(point)):
        raise Invalid("area-outside", "adresse")
    up = radius_m / _METRES_PER_DEGREE
    across = up / math.cos(math.radians(lat))
    turns = (2 * math.pi * step / 48 for step in range(48))
    circle = shapely.Polygon([(lon + across * math.cos(turn), lat + up * math.sin(turn)) for turn in turns])
    label = _("%(distance)s autour de %(place)s", distance=filters.distance(radius_m), place=place)
    return Area(_cut(label), circle)


def drawn_area(territory: TerritoryView, text: str) -> Area:
    """A zone as GeoJSON: a polygon, or several. Raises Invalid with the reason for whatever else."""
    zone = _polygon_of(text)
    if not zone.is_valid:
        raise Invalid("area-crosses-itself", "zone")
    if territory.bounds is None or not shapely.box(*territory.bounds).intersects(zone):
        raise Invalid("area-outside", "zone")
    surface_km2 = _surface_km2(zone)
    if surface_km2 > LARGEST_KM2:
        told = {"most": format_decimal(LARGEST_KM2), "surface": format_decimal(surface_km2, "0.#")}
        raise Invalid("area-too-large", "zone", **told)
    surface = format_decimal(max(surface_km2, 0.01), "0.##")
    return Area(_("Zone dessinée, %(surface)s\u00a0km²", surface=surface), zone)


def _polygon_of(text: str) -> BaseGeometry:
    """The polygons of a GeoJSON text: of a geometry, a feature, or a collection of features."""
    if not text.strip():
        raise Invalid("area-missing", "zone")
    if len(text) > MOST_LETTERS:
        raise Invalid("area-too-fine", "zone", most=MOST_CORNERS)
    try:
        parts = [shape(geometry) for geometry in _geometries(json.loads(text))]
    except (ArithmeticError, AttributeError, LookupError, RecursionError, ShapelyError, TypeError, ValueError) as error:
        raise Invalid("area-unreadable", "zone") from error
    polygons = [part for each in parts for part in shapely.get_parts(each)]
    if not polygons or any(part.geom_type != "Polygon" or part.is_empty for part in polygons):
        raise Invalid("area-unreadable", "zone")
    if sum(shapely.get_num_coordinates(part) for part in polygons) > MOST_CORNERS:
        raise Invalid("area-too-fine", "zone", most=MOST_CORNERS)
    found = polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)
    flat = shapely.force_2d(found)
    if not _is_on_earth(flat):
        raise Invalid("area-unreadable", "zone")
    return flat


def _geometries(document: dict[str, object]) -> Iterable[dict[str, object]]:
    match document:
        case {"type": "FeatureCollection", "features": list(features)}:
            for feature in features:
                yield feature["geometry"]
        case {"type": "Feature", "geometry": dict(geometry)}:
            yield geometry
        case _:
            yield document


def _is_on_earth(found: BaseGeometry) -> bool:
    west, south, east, north = found.bounds
    # A comparison with NaN is false, so this refuses it too.
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90


def _surface_km2(zone: BaseGeometry) -> float:
    across = _METRES_PER_DEGREE * math.cos(math.radians(zone.centroid.y))
    return float(zone.area * across * _METRES_PER_DEGREE / 1e6)


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
