"""Plane geometry of the demo town: metres east and north of its centre, and the way back to degrees.

Plain floats and tuples, because these functions run several hundred thousand times for a large city.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Point = tuple[float, float]

EARTH_RADIUS_M = 6_371_008.8
METRES_PER_DEGREE = math.pi * EARTH_RADIUS_M / 180
DEGREE_DIGITS = 7  # what OpenStreetMap stores: about one centimetre


@dataclass(frozen=True, slots=True)
class Plane:
    """Local equirectangular plane: x metres east, y metres north of (lon, lat) WGS84.

    Good to 0.3 % over 25 km, which an invented town does not notice.
    """

    lon: float
    lat: float

    def to_lonlat(self, point: Point) -> Point:
        """Return the (lon, lat) of a plane point, rounded to what OpenStreetMap stores."""
        lon = self.lon + point[0] / (METRES_PER_DEGREE * math.cos(math.radians(self.lat)))
        return round(lon, DEGREE_DIGITS), round(self.lat + point[1] / METRES_PER_DEGREE, DEGREE_DIGITS)

    def to_plane(self, lonlat: Point) -> Point:
        """Return the plane point (x, y), metres, of a (lon, lat) WGS84 position."""
        x = (lonlat[0] - self.lon) * METRES_PER_DEGREE * math.cos(math.radians(self.lat))
        return x, (lonlat[1] - self.lat) * METRES_PER_DEGREE


def signed_area_m2(ring: Sequence[Point]) -> float:
    """Return the area of an open ring, positive when it runs counter-clockwise."""
    total = 0.0
    x0, y0 = ring[-1]
    for x1, y1 in ring:
        total += x0 * y1 - x1 * y0
        x0, y0 = x1, y1
    return total / 2


def centroid(ring: Sequence[Point]) -> Point:
    """Return the centroid of the area of an open ring; of its vertices when the area is nil."""
    ox, oy = ring[0]
    area = cx = cy = 0.0
    x0, y0 = ring[-1][0] - ox, ring[-1][1] - oy
    for px, py in ring:
        x1, y1 = px - ox, py - oy
        cross = x0 * y1 - x1 * y0
        area += cross
        cx += (x0 + x1) * cross
        cy += (y0 + y1) * cross
        x0, y0 = x1, y1
    if abs(area) < 1e-6:
        return sum(p[0] for p in ring) / len(ring), sum(p[1] for p in ring) / len(ring)
    return ox + cx / (3 * area), oy + cy / (3 * area)


def length_m(line: Sequence[Point]) -> float:
    """Return the length of an open line."""
    return sum(math.dist(a, b) for a, b in pairwise(line))


def perimeter_m(ring: Sequence[Point]) -> float:
    """Return the length of a closed ring given without its repeated last point."""
    return length_m(ring) + math.dist(ring[-1], ring[0])


def grid_angle(ring: Sequence[Point]) -> float:
    """Return the angle (radians, modulo a quarter turn) of the grid that fits the sides of a ring best."""
    sin_sum = cos_sum = 0.0
    x0, y0 = ring[-1]
    for x1, y1 in ring:
        dx, dy = x1 - x0, y1 - y0
        side = math.hypot(dx, dy)
        angle = 4 * math.atan2(dy, dx)
        sin_sum += side * math.sin(angle)
        cos_sum += side * math.cos(angle)
        x0, y0 = x1, y1
    return math.atan2(sin_sum, cos_sum) / 4


def extent_along(ring: Sequence[Point], angle: float) -> tuple[float, float]:
    """Return (lowest, highest) abscissa of the ring along a direction, in metres from the origin."""
    ux, uy = math.cos(angle), math.sin(angle)
    values = [x * ux + y * uy for x, y in ring]
    return min(values), max(values)


def contains(ring: Sequence[Point], point: Point) -> bool:
    """Tell whether an open ring contains a point (even-odd rule)."""
    x, y = point
    inside = False
    x0, y0 = ring[-1]
    for x1, y1 in ring:
        if (y0 > y) != (y1 > y) and x < (x1 - x0) * (y - y0) / (y1 - y0) + x0:
            inside = not inside
        x0, y0 = x1, y1
    return inside


def crossing(a: Point, b: Point, c: Point, d: Point) -> tuple[float, float] | None:
    """Return (t, u): fractions along a-b and c-d where the two segments' lines meet; None when parallel."""
    rx, ry = b[0] - a[0], b[1] - a[1]
    sx, sy = d[0] - c[0], d[1] - c[1]
    cross = rx * sy - ry * sx
    if abs(cross) < 1e-9:
        return None
    qx, qy = c[0] - a[0], c[1] - a[1]
    return (qx * sy - qy * sx) / cross, (qx * ry - qy * rx) / cross


def between(a: Point, b: Point, fraction: float) -> Point:
    """Return the point at a fraction of the way from a to b."""
    return a[0] + (b[0] - a[0]) * fraction, a[1] + (b[1] - a[1]) * fraction


def along(line: Sequence[Point], distance_m: float) -> tuple[Point, Point]:
    """Return the point at a distance along a line and the unit direction there; clamped to both ends."""
    left = max(0.0, distance_m)
    a, b = line[0], line[1]
    for a, b in pairwise(line):
        step = math.dist(a, b)
        if left <= step and step > 0:
            break
        left -= step
    step = math.dist(a, b) or 1.0
    direction = ((b[0] - a[0]) / step, (b[1] - a[1]) / step)
    return between(a, b, min(1.0, max(0.0, left / step))), direction


def offset_line(line: Sequence[Point], offsets_m: Sequence[float]) -> list[Point]:
    """Return the line moved to its left by one offset per vertex (negative: to its right)."""
    moved = []
    last = len(line) - 1
    for i, (x, y) in enumerate(line):
        ax, ay = line[max(0, i - 1)]
        bx, by = line[min(last, i + 1)]
        size = math.hypot(bx - ax, by - ay) or 1.0
        moved.append((x - (by - ay) / size * offsets_m[i], y + (bx - ax) / size * offsets_m[i]))
    return moved


def bezier(a: Point, b: Point, c: Point, d: Point, steps: int) -> list[Point]:
    """Return steps + 1 points of the cubic curve from a to d with handles b and c."""
    points = []
    for i in range(steps + 1):
        t = i / steps
        s = 1 - t
        k0, k1, k2, k3 = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
        points.append(
            (
                k0 * a[0] + k1 * b[0] + k2 * c[0] + k3 * d[0],
                k0 * a[1] + k1 * b[1] + k2 * c[1] + k3 * d[1],
            )
        )
    return points


def inset_ring(ring: Sequence[Point], distances_m: Sequence[float]) -> list[Point]:
    """Move each side of a counter-clockwise ring inwards by its own distance; vertices keep their index.

    Side i runs from vertex i to vertex i + 1. The result may fold on itself when the distances are
    large for the shape: the caller checks.
    """
    n = len(ring)
    normals = []
    for i in range(n):
        (x0, y0), (x1, y1) = ring[i], ring[(i + 1) % n]
        size = math.hypot(x1 - x0, y1 - y0) or 1.0
        normals.append((-(y1 - y0) / size, (x1 - x0) / size))
    moved = []
    for i in range(n):
        (nx0, ny0), d0 = normals[i - 1], distances_m[i - 1]
        (nx1, ny1), d1 = normals[i], distances_m[i]
        cross = nx0 * ny1 - ny0 * nx1
        x, y = ring[i]
        if abs(cross) < 0.15:  # nearly straight on: the mean of both offsets
            dx, dy = (nx0 * d0 + nx1 * d1) / 2, (ny0 * d0 + ny1 * d1) / 2
        else:
            dx, dy = (d0 * ny1 - d1 * ny0) / cross, (nx0 * d1 - nx1 * d0) / cross
        moved.append((x + dx, y + dy))
    return moved
