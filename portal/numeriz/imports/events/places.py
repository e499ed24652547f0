"""Positions that sources write as text, and whether they concern the territory."""

from __future__ import annotations

import math
from itertools import pairwise

import shapely
from shapely.geometry.base import BaseGeometry

from portal.numeriz.imports.reading import Bounds
from portal.numeriz.values import Issue

type Position = tuple[float, float]
"""Longitude and latitude, degrees WGS84."""

NOWHERE = shapely.Point()

_METRES_PER_DEGREE = 111_195.0


def read_position(lon: str, lat: str) -> Position | None:
    """The position written in two texts; None when it is none on Earth."""
    try:
        x, y = float(lon), float(lat)
    except ValueError:
        return None
    return (x, y) if -180 <= x <= 180 and -90 <= y <= 90 else None


def metres_between(one: Position, other: Position) -> float:
    """About how far apart two near positions are."""
    east = (other[0] - one[0]) * math.cos(math.radians((one[1] + other[1]) / 2))
    return math.hypot(east, other[1] - one[1]) * _METRES_PER_DEGREE


def split_on_jumps(positions: list[Position], most_m: float) -> list[list[Position]]:
    """The pieces of a line cut where two points in a row are more than `most_m` apart.

    A piece has two points or more, so a point that would stand alone keeps the shorter of its two long steps: it is
    a straight road with few points, not a jump to another piece.
    """
    steps = [metres_between(one, other) for one, other in pairwise(positions)]
    cuts = {index for index, step in enumerate(steps, 1) if step > most_m}
    for index in range(len(positions)):
        before, after = index, index + 1  # the cuts on either side of the point, the ends of the line included
        alone = (before == 0 or before in cuts) and (after == len(positions) or after in cuts)
        if alone:
            sides = [cut for cut in (before, after) if cut in cuts]
            cuts -= {min(sides, key=lambda cut: steps[cut - 1])} if sides else set()
    marks = [0, *sorted(cuts), len(positions)]
    return [positions[start:end] for start, end in pairwise(marks)]


def separate_long_steps(positions: list[Position], most_m: float) -> tuple[list[list[Position]], int]:
    """The runs of a line whose steps are short, each longer step as a line of its own, and how many those are."""
    lines: list[list[Position]] = []
    run = positions[:1]
    long_steps = 0
    for one, other in pairwise(positions):
        if metres_between(one, other) <= most_m:
            run.append(other)
            continue
        long_steps += 1
        lines += [run, [one, other]]
        run = [other]
    return [line for line in (*lines, run) if len(line) > 1], long_steps


def why_elsewhere(shape: BaseGeometry, bounds: Bounds | None, where: int) -> Issue | None:
    """Why an event is not one of the territory; None when it is, or when that cannot be told.

    What counts is the box of the shape: two far points may stand for a road that crosses the territory.
    """
    if bounds is None or shape.is_empty:
        return None
    west, south, east, north = shape.bounds
    here = shapely.box(*bounds)
    if here.intersects(shapely.box(west, south, east, north)):
        return None
    if here.intersects(shapely.box(south, west, north, east)):
        return Issue("axes-exchanged", where=where)
    return Issue("outside-not-kept", where=where)
