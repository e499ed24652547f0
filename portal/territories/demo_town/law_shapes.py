"""Shapes of the law, taken from the streets of the town."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry import MultiLineString, Polygon
from shapely.geometry.base import BaseGeometry

from portal.regulations.measures import Direction, LocationKind, MeasureLocation
from portal.territories.demo_town.plane import Point
from portal.territories.demo_town.town import Street, Town

PARIS = ZoneInfo("Europe/Paris")


def local_instant(today: date, days: int, at: time = time(0)) -> datetime:
    """Return the aware instant of a local clock time some days from a date."""
    return datetime.combine(today + timedelta(days=days), at, PARIS)


class StreetChooser:
    """Picks streets by what they are, each at most once, near a wanted place."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._taken: set[int] = set()
        self._middles = [town.plane.to_plane(s.line[len(s.line) // 2]) for s in town.streets]

    def take(self, wanted_share: Point, fits: Callable[[Street], bool], least_m: float = 120) -> Street:
        """Return the free street nearest to a place, given in half town sizes east and north of the centre.

        Raises LookupError when no street fits.
        """
        half = self._town.size_km * 500
        wanted = (wanted_share[0] * half, wanted_share[1] * half)
        free = [
            i
            for i, street in enumerate(self._town.streets)
            if i not in self._taken and street.length_m >= least_m and fits(street)
        ]
        if not free:
            raise LookupError("no street of this kind is left")
        best = min(free, key=lambda i: math.dist(self._middles[i], wanted))
        self._taken.add(best)
        return self._town.streets[best]

    def named(self, name: str) -> Street:
        """Return the street that bears a name and take it. Raises LookupError when there is none."""
        for i, street in enumerate(self._town.streets):
            if street.name == name:
                self._taken.add(i)
                return street
        raise LookupError(name)


def street_location(street: Street, direction: Direction = Direction.BOTH) -> MeasureLocation:
    """Return the whole street as a place of a measure."""
    return MeasureLocation(LocationKind.NAMED_STREET, street.name, street.shape, direction)


def traffic_location(town: Town, street: Street) -> MeasureLocation:
    """Return a one-way street drawn in the direction of its traffic."""
    roads = [r for r in town.roads if r.street is not None and town.streets[r.street] is street]
    lines = [[town.nodes[n] for n in road.nodes] for road in roads]
    return MeasureLocation(LocationKind.NAMED_STREET, street.name, MultiLineString(lines), Direction.FORWARD)


def tagged_location(town: Town, key: str, label: str) -> MeasureLocation:
    """Return the roads that bear a tag as a place of a measure."""
    lines = [[town.nodes[n] for n in road.nodes] for road in town.roads if key in dict(road.tags)]
    return MeasureLocation(LocationKind.FREE_GEOMETRY, label, MultiLineString(lines), Direction.BOTH)


def hull_of(town: Town, fits: Callable[[Street], bool], margin_m: float) -> Polygon:
    """Return the area that the streets of one kind enclose, grown by a margin, (lon, lat)."""
    points = [town.plane.to_plane(p) for s in town.streets if fits(s) for p in s.line]
    # the streets run round the centre, so their points in angular order draw the outline
    ring = Polygon(sorted(points, key=lambda p: math.atan2(p[1], p[0])))
    return to_degrees(town, largest_polygon(ring.buffer(0).buffer(margin_m).simplify(2)))


def largest_polygon(shape: BaseGeometry) -> Polygon:
    """Return the largest polygon of a shape. Raises ValueError when it holds none."""
    return max((part for part in shapely.get_parts(shape) if isinstance(part, Polygon)), key=lambda part: part.area)


def to_degrees(town: Town, polygon: Polygon) -> Polygon:
    """Return a polygon in plane metres as (lon, lat)."""
    rings = [[town.plane.to_lonlat((x, y)) for x, y, *_ in r.coords] for r in (polygon.exterior, *polygon.interiors)]
    return Polygon(rings[0], rings[1:])


def blob(town: Town, middle: Point, radius_m: float, *, lobes: float = 0.07, turn: float = 0.0) -> Polygon:
    """Return a hand-drawn looking disc around a place, plane metres in, (lon, lat) out."""
    points = []
    for i in range(48):
        angle = math.tau * i / 48
        away = radius_m * (1 + lobes * math.sin(3 * angle + turn) + 0.6 * lobes * math.cos(5 * angle - turn))
        points.append(town.plane.to_lonlat((middle[0] + away * math.cos(angle), middle[1] + away * math.sin(angle))))
    return Polygon(points)
