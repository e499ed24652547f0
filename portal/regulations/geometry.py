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


class LineShape:
    """The lines of one regulation. Pieces come in no order (and each has its own direction): none is chained."""

    def __init__(self, lines: BaseGeometry) -> None:
        self._lines = lines
        self._to_metres = to_metres_at(_middle_latitude(lines))

    @cached_property
    def _metric(self) -> BaseGeometry:
        return shapely.transform(self._lines, self._to_metres)

    @cached_property
    def _pieces(self) -> NDArray[np.object_]:
        return shapely.get_parts(self._metric)

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._pieces)

    def reaches(self, place: BaseGeometry) -> bool:
        """Tell whether a point is on the street, or whether an area holds some of it."""
        near = POINT_REACH_M if shapely.get_dimensions(place) == 0 else 0.0
        return bool(shapely.dwithin(self._metric, shapely.transform(place, self._to_metres), near))

    def followed_by(self, path: BaseGeometry) -> Followed | None:
        """Tell how a path follows the lines; None when it does not."""
        metric_path = shapely.transform(path, self._to_metres)
        # The exact answer looks every two metres: first leave out what is nowhere near enough.
        if len(self._tree.query(metric_path, predicate="dwithin", distance=LINE_REACH_M + _SLACK_M)) == 0:
            return None
        signed = aligned = 0.0
        for part in shapely.get_parts(metric_path):
            part_aligned, part_signed = self._follow(part)
            aligned += part_aligned
            signed += part_signed
        if aligned == 0.0 or aligned < min(FOLLOWED_M, metric_path.length / 2):
            return None
        return Followed(signed >= 0.0, aligned / metric_path.length)

    def followed_by_each(self, paths: NDArray[np.object_]) -> list[Followed | None]:
        """`followed_by` of many unbroken lines at once."""
        found: list[Followed | None] = [None] * len(paths)
        xy, of_path = shapely.get_coordinates(paths, return_index=True)
        metric = np.atleast_1d(np.asarray(shapely.linestrings(self._to_metres(xy), indices=of_path), dtype=object))
        near = np.unique(self._tree.query(metric, predicate="dwithin", distance=LINE_REACH_M + _SLACK_M)[0])
        if len(near) == 0:
            return found
        metric = metric[near]
        lengths_m = shapely.length(metric)
        counts = np.minimum(np.maximum(4, np.ceil(lengths_m / _SAMPLE_STEP_M)), _MOST_SAMPLES).astype(np.int64)
        steps_m = lengths_m / counts
        of_sample = np.repeat(np.arange(len(near)), counts)
        number = np.arange(len(of_sample)) - np.repeat(np.cumsum(counts) - counts, counts)
        along_m = (number + 0.5) * steps_m[of_sample]
        points = shapely.line_interpolate_point(metric[of_sample], along_m)
        sample, piece = self._tree.query_nearest(points, max_distance=LINE_REACH_M, all_matches=False)
        lines = self._pieces[piece]
        cosines = _cosines(
            _tangents(metric[of_sample[sample]], along_m[sample]),
            _tangents(lines, shapely.line_locate_point(lines, points[sample])),
        )
        follows = np.abs(cosines) >= math.cos(math.radians(LINE_ANGLE_DEG))
        owner = of_sample[sample][follows]
        aligned_m = steps_m * np.bincount(owner, minlength=len(near))
        signed = np.bincount(owner, weights=np.sign(cosines[follows]), minlength=len(near))
        enough = (aligned_m > 0.0) & (aligned_m >= np.minimum(FOLLOWED_M, lengths_m / 2))
        for place in np.flatnonzero(enough).tolist():
            share = float(aligned_m[place]) / float(lengths_m[place])
            found[int(near[place])] = Followed(bool(signed[place] >= 0.0), share)
        return found

    def _follow(self, path: shapely.LineString) -> tuple[float, float]:
        """Metres of the path that follow the lines, and the same counted negative where it runs against them."""
        count = min(max(4, math.ceil(path.length / _SAMPLE_STEP_M)), _MOST_SAMPLES)
        along_path = (np.arange(count) + 0.5) * (path.length / count)
        points = shapely.line_interpolate_point(path, along_path)
        sample, piece = self._tree.query_nearest(points, max_distance=LINE_REACH_M, all_matches=False)
        if len(sample) == 0:
            return 0.0, 0.0
        lines = self._pieces[piece]
        cosines = _cosines(
            _tangents(np.full(len(sample), path, dtype=object), along_path[sample]),
            _tangents(lines, shapely.line_locate_point(lines, points[sample])),
        )
        follows = np.abs(cosines) >= math.cos(math.radians(LINE_ANGLE_DEG))
        step = path.length / count
        return step * float(np.count_nonzero(follows)), step * float(np.sum(np.sign(cosines[follows])))


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


def _tangents(lines: NDArray[np.object_], at_m: Floats) -> Floats:
    """Direction of each line around a distance along it: rows of (x, y), not scaled."""
    before = shapely.line_interpolate_point(lines, np.maximum(at_m - _SAMPLE_STEP_M / 2, 0.0))
    after = shapely.line_interpolate_point(lines, np.minimum(at_m + _SAMPLE_STEP_M / 2, shapely.length(lines)))
    return np.column_stack([shapely.get_x(after) - shapely.get_x(before), shapely.get_y(after) - shapely.get_y(before)])


def _cosines(first: Floats, second: Floats) -> Floats:
    """Cosine of the angle between rows; 0 where one has no direction."""
    norms = np.hypot(first[:, 0], first[:, 1]) * np.hypot(second[:, 0], second[:, 1])
    dots: Floats = np.sum(first * second, axis=1)
    cosines: Floats = np.divide(dots, norms, out=np.zeros_like(dots), where=norms > 0)
    return cosines
