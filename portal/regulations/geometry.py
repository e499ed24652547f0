"""Where the law applies: is a place inside an area, does a path run along a street.

Shapes are (lon, lat) WGS84. Distances are metres on the ground, measured on a plane scaled at the latitude of the
shape, which is good to a few per mil over a city: enough for tolerances of some metres.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

TOUCH_M: Final = 0.5
"""A line or an area is inside only when it goes deeper than this: running along the outline is not entering."""
POINT_REACH_M: Final = 10.0
"""A point is on a street when the drawn line is at most this far: half the width of a wide one."""
LINE_REACH_M: Final = 5.0
"""A path follows a drawn line as long as it stays this close to it..."""
LINE_ANGLE_DEG: Final = 30.0
"""...and within this angle of it, so that a crossing street is not taken for the street."""
NEAR_M: Final = 30.0
"""A live event known by a point alone is told of to whom it may concern: who comes this close."""
FOLLOWED_M: Final = 8.0
"""A path is on the street when it follows the line for this length, or for half of its own when it is shorter."""

_METRES_PER_DEGREE_LAT: Final = 111_195.0
_SAMPLE_STEP_M: Final = 2.0
_MOST_SAMPLES: Final = 2_000
_SLACK_M: Final = 0.01
"""More than the rounding of any distance computed here."""

type Floats = NDArray[np.float64]
type Places = NDArray[np.intp]


class AreaShape:
    """The polygons of one regulation, ready to be asked many times by several threads."""

    def __init__(self, polygons: BaseGeometry) -> None:
        # Prepared geometries of GEOS keep state while they answer: ours are private copies, asked one at a time.
        self._lock = threading.Lock()
        self._polygons = polygons

    @cached_property
    def _outline(self) -> BaseGeometry:
        outline = shapely.transform(self._polygons, lambda xy: xy)
        shapely.prepare(outline)
        return outline

    @cached_property
    def _inside(self) -> BaseGeometry:
        inside = _shrunk(self._polygons)
        shapely.prepare(inside)
        return inside

    def holds(self, place: BaseGeometry) -> bool:
        """Tell whether the place is inside: a point, outline included; a line or an area, deeper than TOUCH_M."""
        with self._lock:
            reference = self._outline if shapely.get_dimensions(place) == 0 else self._inside
            return bool(shapely.intersects(reference, place))

    def covers(self, place: BaseGeometry) -> bool:
        """Tell whether nothing of the place is outside."""
        with self._lock:
            return bool(shapely.covers(self._outline, place))

    def holds_lines(self, lines: NDArray[np.object_]) -> NDArray[np.bool_]:
        """`holds` of many lines at once."""
        with self._lock:
            held: NDArray[np.bool_] = shapely.intersects(self._inside, lines)
            return held

    def covers_lines(self, lines: NDArray[np.object_]) -> NDArray[np.bool_]:
        """`covers` of many lines at once."""
        with self._lock:
            covered: NDArray[np.bool_] = shapely.covers(self._outline, lines)
            return covered


@dataclass(frozen=True, slots=True)
class Followed:
    """How a path follows lines. along: as they are drawn, or the other way. share: part of its length, 0 to 1."""

    along: bool
    share: float


class _Polylines:
    """Lines as numbers, on a plane in metres: where is one at a distance along it, and which way does it go there?"""

    def __init__(self, lines: NDArray[np.object_]) -> None:
        """lines: unbroken, with two points at least."""
        self.xy, of_vertex = shapely.get_coordinates(lines, return_index=True)
        is_first = np.diff(of_vertex, prepend=-1) > 0
        steps = np.hypot(*np.diff(self.xy, axis=0, prepend=self.xy[:1]).T)
        steps[is_first] = 0.0
        self.reached: Floats = np.cumsum(steps)
        self.first = np.flatnonzero(is_first)
        self.last = np.append(self.first[1:], len(self.xy)) - 1
        self.lengths_m: Floats = self.reached[self.last] - self.reached[self.first]

    def at(self, line: Places, along_m: Floats) -> Floats:
        """(k, 2) points of some lines at distances along them, held within them."""
        along = self.reached[self.first[line]] + np.clip(along_m, 0.0, self.lengths_m[line])
        before = np.searchsorted(self.reached, along, side="right") - 1
        before = np.clip(before, self.first[line], self.last[line] - 1)
        length = self.reached[before + 1] - self.reached[before]
        share = np.divide(along - self.reached[before], length, out=np.zeros_like(along), where=length > 0)
        found: Floats = self.xy[before] + share[:, None] * (self.xy[before + 1] - self.xy[before])
        return found

    def tangents(self, line: Places, along_m: Floats) -> Floats:
        """(k, 2) directions of some lines around distances along them, not scaled."""
        half = _SAMPLE_STEP_M / 2
        return self.at(line, along_m + half) - self.at(line, along_m - half)


class LineShape:
    """The lines of one regulation. Pieces come in no order (and each has its own direction): none is chained."""

    def __init__(self, lines: BaseGeometry) -> None:
        self._lines = lines
        self._to_metres = to_metres_at(_middle_latitude(lines))

    @cached_property
    def _metric(self) -> BaseGeometry:
        return shapely.transform(self._lines, self._to_metres)

    @cached_property
    def _pieces(self) -> _Polylines:
        return _Polylines(shapely.get_parts(self._metric))

    @cached_property
    def _segments(self) -> _Segments:
        return _Segments(self._pieces)

    def reaches(self, place: BaseGeometry) -> bool:
        """Tell whether a point is on the street, or whether an area holds some of it."""
        near = POINT_REACH_M if shapely.get_dimensions(place) == 0 else 0.0
        return bool(shapely.dwithin(self._metric, shapely.transform(place, self._to_metres), near))

    def followed_by(self, path: BaseGeometry) -> Followed | None:
        """Tell how a path follows the lines; None when it does not."""
        metric_path = shapely.transform(path, self._to_metres)
        aligned_m, signed_m = self._follow(shapely.get_parts(metric_path))
        return _followed(float(aligned_m.sum()), float(signed_m.sum()), metric_path.length)

    def followed_by_each(self, paths: NDArray[np.object_]) -> list[Followed | None]:
        """`followed_by` of many unbroken lines at once."""
        if len(paths) == 0:
            return []
        metric = shapely.transform(paths, self._to_metres)
        figures = (*self._follow(metric), shapely.length(metric))
        return [_followed(*of_path) for of_path in zip(*(figure.tolist() for figure in figures), strict=True)]

    def _follow(self, paths: NDArray[np.object_]) -> tuple[Floats, Floats]:
        """For each metric path the metres that follow the lines, and the same counted negative where against them.

        It looks every two metres at the nearest place of the lines.
        """
        lines = _Polylines(paths)
        # Of each path by itself: its length among others may differ in the last digit, and half of it is a threshold.
        lengths_m = shapely.length(paths)
        counts = np.minimum(np.maximum(4, np.ceil(lengths_m / _SAMPLE_STEP_M)), _MOST_SAMPLES).astype(np.intp)
        steps_m = lengths_m / counts
        path = np.repeat(np.arange(len(paths)), counts)
        number = np.arange(len(path)) - np.repeat(np.cumsum(counts) - counts, counts)
        along_m = (number + 0.5) * steps_m[path]
        sample, piece, at_m = self._segments.nearest(lines.at(path, along_m))
        path, along_m = path[sample], along_m[sample]
        cosines = _cosines(lines.tangents(path, along_m), self._pieces.tangents(piece, at_m))
        follows = np.abs(cosines) >= math.cos(math.radians(LINE_ANGLE_DEG))
        path, signs = path[follows], np.sign(cosines[follows])
        aligned_m: Floats = steps_m * np.bincount(path, minlength=len(paths))
        signed_m: Floats = steps_m * np.bincount(path, weights=signs, minlength=len(paths))
        return aligned_m, signed_m


def _followed(aligned_m: float, signed_m: float, length_m: float) -> Followed | None:
    if aligned_m == 0.0 or aligned_m < min(FOLLOWED_M, length_m / 2):
        return None
    return Followed(signed_m >= 0.0, aligned_m / length_m)


class _Segments:
    """The straight pieces of lines, to find the nearest within LINE_REACH_M of a point."""

    def __init__(self, lines: _Polylines) -> None:
        starts = np.setdiff1d(np.arange(len(lines.xy)), lines.last)
        self._piece = np.repeat(np.arange(len(lines.first)), lines.last - lines.first)
        self._from, self._vector = lines.xy[starts], lines.xy[starts + 1] - lines.xy[starts]
        self._length_m: Floats = np.hypot(*self._vector.T)
        self._at_m: Floats = lines.reached[starts] - lines.reached[lines.first[self._piece]]
        ends = np.stack((self._from, self._from + self._vector))
        reach = LINE_REACH_M + _SLACK_M
        self._low, self._high = ends.min(axis=0) - reach, ends.max(axis=0) + reach
        self._tree = shapely.STRtree(shapely.box(*self._low.T, *self._high.T))

    def nearest(self, points: Floats) -> tuple[Places, Places, Floats]:
        """The points (their places, rising) that are near enough, the line nearest to each and how far along it."""
        # Most of a long street is nowhere near a short one that it crosses.
        near = np.flatnonzero(((points >= self._low.min(axis=0)) & (points <= self._high.max(axis=0))).all(axis=1))
        asked, segment = self._tree.query(shapely.points(points[near]))
        point = near[asked]
        away = points[point] - self._from[segment]
        vector, length_m = self._vector[segment], self._length_m[segment]
        share = np.divide((away * vector).sum(axis=1), length_m**2, out=np.zeros(len(point)), where=length_m > 0)
        share = np.clip(share, 0.0, 1.0)
        distance_m = np.hypot(*(away - share[:, None] * vector).T)
        order = np.lexsort((segment, distance_m, point))
        order = order[distance_m[order] <= LINE_REACH_M]
        order = order[np.diff(point[order], prepend=-1) > 0]
        segment = segment[order]
        return point[order], self._piece[segment], self._at_m[segment] + share[order] * length_m[order]


class PointsShape:
    """The points of a live event of which no line is known: it is somewhere near."""

    def __init__(self, points: BaseGeometry) -> None:
        self._to_metres = to_metres_at(_middle_latitude(points))
        self._metric = shapely.transform(points, self._to_metres)

    def near(self, place: BaseGeometry) -> bool:
        """Tell whether a place comes within NEAR_M of one of them."""
        return bool(shapely.dwithin(self._metric, shapely.transform(place, self._to_metres), NEAR_M))


def polygons_of(shape: BaseGeometry) -> BaseGeometry | None:
    """The areal part of a shape, made valid; None when there is none."""
    if shapely.get_dimensions(shape) < 2:
        return None
    return _parts_of_dimension(shape if shape.is_valid else shapely.make_valid(shape), 2)


def lines_of(shape: BaseGeometry) -> BaseGeometry | None:
    """The linear part of a shape; None when there is none."""
    return _parts_of_dimension(shape, 1)


def points_of(shape: BaseGeometry) -> BaseGeometry | None:
    """The isolated points of a shape; None when there is none."""
    return _parts_of_dimension(shape, 0)


def grown(place: BaseGeometry, metres: float) -> BaseGeometry:
    """The bounding box of a place, widened on each side."""
    west, south, east, north = place.bounds
    widest = max(abs(south), abs(north))
    d_lat = metres / _METRES_PER_DEGREE_LAT
    d_lon = d_lat / max(math.cos(math.radians(min(widest, 89.0))), 0.01)
    return shapely.box(west - d_lon, south - d_lat, east + d_lon, north + d_lat)


def to_metres_at(latitude: float) -> Callable[[Floats], Floats]:
    """The function that turns (lon, lat) rows into metres on a plane that is right at that latitude."""
    scale = _scale_at(latitude)
    return lambda lon_lat: lon_lat * scale


def _scale_at(latitude: float) -> Floats:
    return np.array([math.cos(math.radians(latitude)) * _METRES_PER_DEGREE_LAT, _METRES_PER_DEGREE_LAT])


def _middle_latitude(shape: BaseGeometry) -> float:
    return float((shape.bounds[1] + shape.bounds[3]) / 2)


def _parts_of_dimension(shape: BaseGeometry, dimension: int) -> BaseGeometry | None:
    parts = shapely.get_parts(shape)
    # A collection repaired from a bad polygon may hold multi-geometries: open them too.
    parts = shapely.get_parts(parts)
    kept = parts[(shapely.get_dimensions(parts) == dimension) & ~shapely.is_empty(parts)]
    if len(kept) == 0:
        return None
    return _COLLECTION[dimension](list(kept))


_COLLECTION: Final = (shapely.MultiPoint, shapely.MultiLineString, shapely.MultiPolygon)


def _shrunk(polygons: BaseGeometry) -> BaseGeometry:
    """The polygons without the TOUCH_M nearest their outline; one too thin for that is kept whole."""
    scale = _scale_at(_middle_latitude(polygons))
    parts = shapely.get_parts(polygons)
    cores = shapely.buffer(shapely.transform(parts, lambda xy: xy * scale), -TOUCH_M, join_style="mitre")
    cores = shapely.transform(cores, lambda xy: xy / scale)
    kept = [part if core.is_empty else core for part, core in zip(parts, cores, strict=True)]
    return shapely.MultiPolygon(list(shapely.get_parts(np.array(kept, dtype=object))))


def _cosines(first: Floats, second: Floats) -> Floats:
    """Cosine of the angle between rows; 0 where one has no direction."""
    norms = np.hypot(first[:, 0], first[:, 1]) * np.hypot(second[:, 0], second[:, 1])
    dots: Floats = np.sum(first * second, axis=1)
    cosines: Floats = np.divide(dots, norms, out=np.zeros_like(dots), where=norms > 0)
    return cosines
