"""Where the words of a small map go: names along their streets, signs of stops beside each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import shapely

from portal.itineriz.documents.frame import Floats, Frame
from portal.itineriz.documents.streets import Streets
from portal.itineriz.documents.svg import Drawing

_NAME_SIZE = 6.2
# Width of a letter of the font, on average, as a share of its size.
_LETTER = 0.47
_MOST_NAMES = 9
_APART = 13.0
# Points between a name and the way driven; points a street may bend under its name.
_BESIDE_WAY, _BEND = 5.0, 2.0
# Rings around a stop where its sign may go when its place is taken, in radii; directions of a ring.
_RINGS = (2.6, 4.2, 6.0)
_DIRECTIONS = 12


def spread(spots: Floats, radius: float, frame: Frame) -> list[Floats | None]:
    """Where the sign of each stop goes without covering another; None where there is no room left.

    spots: (n, 2) points of paper. A sign stays on its stop when it can.
    """
    taken: list[Floats] = []
    return [_free_place(spot, radius, frame, taken) for spot in spots]


def _free_place(spot: Floats, radius: float, frame: Frame, taken: list[Floats]) -> Floats | None:
    apart = 2 * radius + 0.8
    for place in _places(spot, radius):
        near = len(taken) and np.hypot(*(np.array(taken) - place).T).min() < apart
        if not near and frame.holds((float(place[0]), float(place[1])), radius):
            taken.append(place)
            return place
    return None


def _places(spot: Floats, radius: float) -> Iterator[Floats]:
    yield spot
    for ring in _RINGS:
        for step in range(_DIRECTIONS):
            angle = 2 * math.pi * step / _DIRECTIONS - math.pi / 4
            yield spot + ring * radius * np.array([math.cos(angle), math.sin(angle)])


def name_streets(drawing: Drawing, streets: Streets, marks: Sequence[Floats], ways: Sequence[Floats]) -> None:
    """Write the names of the streets where there is room, the nearest to the first mark first.

    marks: places of signs that a name must not cover; ways: lines, each (n, 2), that it must not cross.
    """
    written = [_spot(mark) for mark in marks]
    driven = shapely.MultiLineString([way for way in ways if len(way) > 1])
    here = written[0]
    count = 0
    for middle, turn, name in sorted(_candidates(streets, drawing.frame), key=lambda found: math.dist(found[0], here)):
        half = len(name) * _NAME_SIZE * _LETTER / 2
        reach = (half * math.cos(math.radians(turn)), half * math.sin(math.radians(turn)))
        spots = [(middle[0] + share * reach[0], middle[1] + share * reach[1]) for share in (-1, -0.5, 0, 0.5, 1)]
        clear = all(math.dist(spot, other) >= _APART for spot in spots for other in written)
        inside = drawing.frame.holds(spots[0], 3) and drawing.frame.holds(spots[-1], 3)
        if clear and inside and not driven.dwithin(shapely.LineString([spots[0], spots[-1]]), _BESIDE_WAY):
            drawing.word(name, middle, _NAME_SIZE, "#333", turn=turn, halo=True)
            written.extend(spots)
            count += 1
            if count == _MOST_NAMES:
                return


def _spot(point: Floats) -> tuple[float, float]:
    return float(point[0]), float(point[1])


def _candidates(streets: Streets, frame: Frame) -> Iterator[tuple[tuple[float, float], float, str]]:
    """For each name its longest straight piece inside the frame: (middle, turn in degrees, name)."""
    pieces: dict[str, list[shapely.LineString]] = {}
    for row in streets.seen(frame).tolist():
        names = streets.table.names_of(row)
        if names:
            pieces.setdefault(names[0], []).append(shapely.LineString(frame.place(streets.table.shape_coords(row))))
    for name, lines in pieces.items():
        (x0, y0), (x1, y1) = _longest_piece(lines, frame)
        # A street bends a little under its name; a name twice as long as its piece would lie beside it.
        if math.hypot(x1 - x0, y1 - y0) * 1.3 >= len(name) * _NAME_SIZE * _LETTER:
            # Read from left to right.
            ahead = 1 if x1 >= x0 else -1
            turn = math.degrees(math.atan2(ahead * (y1 - y0), ahead * (x1 - x0)))
            yield ((x0 + x1) / 2, (y0 + y1) / 2), turn, name


def _longest_piece(
    lines: Sequence[shapely.LineString], frame: Frame
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The ends of the longest straight piece of a street inside the frame."""
    whole = shapely.clip_by_rect(shapely.line_merge(shapely.MultiLineString(lines)), 0, 0, frame.width, frame.height)
    coords, of_line = shapely.get_coordinates(shapely.get_parts(shapely.simplify(whole, _BEND)), return_index=True)
    if len(coords) < 2:
        return (0.0, 0.0), (0.0, 0.0)
    lengths = np.where(np.diff(of_line) == 0, np.hypot(*np.diff(coords, axis=0).T), 0.0)
    longest = int(lengths.argmax())
    return _spot(coords[longest]), _spot(coords[longest + 1])
