"""The maps of the road book, drawn from the streets of the graph: the whole tour, and the last metres of each leg.

They need no network. What is closed is told by dashes and crosses, not by colour alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import shapely

from portal.itineriz.documents.frame import Floats, Frame, frame_around
from portal.itineriz.documents.labels import name_streets, spread
from portal.itineriz.documents.streets import Streets
from portal.itineriz.documents.svg import Drawing
from portal.itineriz.documents.told import ToldTour, Way
from portal.web import filters

OVERVIEW_POINTS = (500.0, 300.0)
APPROACH_POINTS = (190.0, 142.0)

_GROUND, _EDGE, _STREET = "#f4f4f1", "#c9ccd0", "#ffffff"
_WAY, _CLOSED, _BAY, _INK = "#0b4a8f", "#b00d18", "#1d6b3a", "#1a1a1a"
# Points of paper by class of road, motorway first.
_WIDTHS = (4.2, 4.2, 3.6, 3.2, 2.8, 2.2, 2.2, 1.4)
_APPROACH_M = 260.0
_LEAST_OVERVIEW_M = 600.0
_ARROW_EVERY = 42.0
_CROSS_EVERY = 26.0
_MANY_STOPS = 40


def draw_overview(streets: Streets | None, tour: ToldTour) -> str:
    """The whole tour as SVG: its way, its stops with their signs, the streets that were closed to it."""
    around = [*tour.line, *(stop.at for stop in tour.stops)]
    frame = frame_around(around, *OVERVIEW_POINTS, least_m=_LEAST_OVERVIEW_M)
    drawing = Drawing(frame, _GROUND)
    draw_streets(drawing, streets, 0.55)
    _closed(drawing, tour)
    many = len(tour.stops) > _MANY_STOPS
    _way(drawing, [_simple(frame.place(tour.line))] if tour.line else [], 1.6 if many else 2.4)
    served = [stop for stop in tour.stops if not stop.is_return]
    spots = frame.place([stop.at for stop in served])
    radius = 4.2 if many else 6.5
    signs = spread(spots, radius, frame)
    # Every spot first: none then lies on the sign of another stop.
    for spot, shown in zip(spots, signs, strict=True):
        if shown is None or math.dist(spot, shown) > 1:
            drawing.circle(spot, 1.6, _INK)
            drawing.lines([np.array([spot, shown])] if shown is not None else [], _INK, 0.6)
    for stop, shown in zip(served, signs, strict=True):
        if shown is not None:
            drawing.circle(shown, radius, _INK)
            drawing.word(stop.sign, shown, radius * (1.35 if len(stop.sign) < 3 else 1.0), "#fff", bold=True)
    draw_furniture(drawing)
    return drawing.content()


def draw_approach(streets: Streets | None, tour: ToldTour, way: Way) -> str:
    """The last metres before a stop as SVG: the way in, the way out, the stop, its bays, the names of the streets."""
    stop = way.leg.end
    bays = [(bay.lon, bay.lat) for bay in stop.bays]
    frame = frame_around([(stop.lon, stop.lat), stop.at, *bays], *APPROACH_POINTS, least_m=_APPROACH_M)
    drawing = Drawing(frame, _GROUND)
    draw_streets(drawing, streets, 1.6)
    _closed(drawing, tour)
    out = tour.ways[stop.place].line if stop.place < len(tour.ways) else []
    if out:
        drawing.lines([frame.place(out)], _WAY, 1.6, dashes="4 3")
    line = frame.place(way.line)
    _way(drawing, [line], 3.4)
    _arrows(drawing, line)
    marks = [frame.place([stop.at])[0], *frame.place(bays)]
    if streets is not None:
        name_streets(drawing, streets, marks, [line, frame.place(out)])
    for choice, spot in enumerate(frame.place(bays), start=1):
        drawing.square(spot, 5.0, _BAY)
        drawing.word(f"L{choice}", spot, 6.4, "#fff", bold=True)
    address, stand = frame.place([(stop.lon, stop.lat)])[0], frame.place([stop.at])[0]
    if math.dist(address, stand) > 8:
        drawing.lines([np.array([stand, address])], _INK, 0.8, dashes="1.5 1.5")
        drawing.circle(address, 2.2, _INK)
    drawing.circle(stand, 7.0, _INK)
    drawing.word(stop.sign, stand, 9 if len(stop.sign) < 3 else 7, "#fff", bold=True)
    draw_furniture(drawing)
    return drawing.content()


def draw_streets(drawing: Drawing, streets: Streets | None, share: float) -> None:
    """The ground: every street with its edge. share: of the width of each class."""
    if streets is None:
        return
    drawn = list(streets.drawn(drawing.frame))
    for road_class, lines in drawn:
        drawing.lines(lines, _EDGE, share * _WIDTHS[road_class] + 0.9)
    for road_class, lines in drawn:
        drawing.lines(lines, _STREET, share * _WIDTHS[road_class])


def _closed(drawing: Drawing, tour: ToldTour) -> None:
    """Streets that were closed to the tour, crossed out."""
    frame = drawing.frame
    placed = [_simple(frame.place(line)) for closed in tour.closed for line in closed.lines if len(line) > 1]
    drawing.lines(placed, "#fff", 3.4)
    drawing.lines(placed, _CLOSED, 2.0, dashes="3 2")
    for line in placed:
        for (x, y), _angle in _along(line, _CROSS_EVERY, least=1):
            if frame.holds((x, y)):
                cross = [np.array([[x - 3, y - 3], [x + 3, y + 3]]), np.array([[x - 3, y + 3], [x + 3, y - 3]])]
                drawing.lines(cross, "#fff", 2.6)
                drawing.lines(cross, _CLOSED, 1.3)


def _way(drawing: Drawing, lines: Iterable[Floats], width: float) -> None:
    drawn = list(lines)
    drawing.lines(drawn, "#fff", width + 1.6)
    drawing.lines(drawn, _WAY, width)


def _arrows(drawing: Drawing, line: Floats) -> None:
    """White arrowheads on the way, in the direction of travel."""
    if len(line) < 2:
        return
    for (x, y), angle in _along(line, _ARROW_EVERY):
        if drawing.frame.holds((x, y), 4):
            ahead, side = np.array([math.cos(angle), math.sin(angle)]), np.array([-math.sin(angle), math.cos(angle)])
            middle = np.array([x, y])
            drawing.shape(
                [middle + 2.6 * ahead, middle - 1.6 * ahead + 1.5 * side, middle - 1.6 * ahead - 1.5 * side], "#fff"
            )


def _along(line: Floats, every: float, least: int = 0) -> Sequence[tuple[tuple[float, float], float]]:
    """Points at equal steps along a line with the direction there (radians, clockwise from east)."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    reached = np.concatenate([[0.0], np.cumsum(steps)])
    count = max(least, int(reached[-1] / every))
    found = []
    # From its end: the last metres are what the map is for.
    for target in reached[-1] - (np.arange(count) + 0.5) * (reached[-1] / count if least and count else every):
        index = int(np.clip(np.searchsorted(reached, target) - 1, 0, len(steps) - 1))
        part = (target - reached[index]) / max(steps[index], 1e-9)
        (x0, y0), (x1, y1) = line[index].tolist(), line[index + 1].tolist()
        found.append(((x0 + part * (x1 - x0), y0 + part * (y1 - y0)), math.atan2(y1 - y0, x1 - x0)))
    return found


def _simple(line: Floats) -> Floats:
    if len(line) < 3:
        return line
    simple: Floats = shapely.get_coordinates(shapely.simplify(shapely.LineString(line), 0.3))
    return simple


def draw_furniture(drawing: Drawing) -> None:
    """The scale and the north."""
    frame: Frame = drawing.frame
    metres, length = frame.round_length()
    left, bottom = 8.0, frame.height - 8.0
    bar = np.array([[left, bottom - 3], [left, bottom], [left + length, bottom], [left + length, bottom - 3]])
    drawing.lines([bar], "#fff", 2.8)
    drawing.lines([bar], _INK, 1.0)
    drawing.word(filters.distance(metres), (left + length / 2, bottom - 7), 7, halo=True)
    x, y = frame.width - 12.0, 12.0
    drawing.shape([(x, y - 7), (x - 4, y + 4), (x, y + 1.5), (x + 4, y + 4)], _INK)
    drawing.word("N", (x, y + 9), 7, bold=True, halo=True)
