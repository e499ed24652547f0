"""The map of the sheet of paper: streets, perimeters with their letter and pattern, measures, delivery bays."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from portal.itineriz.api import (
    Drawing,
    Floats,
    Frame,
    Streets,
    draw_furniture,
    draw_streets,
    frame_around,
    name_streets,
)
from portal.numeriz.api import BayRegime, BayView
from portal.regulations.measures import Measure
from portal.regulations.perimeters import Colour, Perimeter
from portal.visualiz.day import OfDay
from portal.visualiz.law_lines import measure_effect
from portal.visualiz.layers import Box

_GROUND, _INK = "#f4f4f1", "#1a1a1a"
_INKS = {
    Colour.WHITE: "#59636b",
    Colour.BLUE: "#1d5fb8",
    Colour.RED: "#b3232a",
    Colour.GREY: "#444d54",
    Colour.BLACK: "#000000",
}
# Inside a tile of 6 points: lines as on the screen, so that no colour is needed to tell them apart.
_TILES = {
    Colour.WHITE: "",
    Colour.BLUE: '<path d="M-1 7L7-1M-1 1L1-1M5 7L7 5" {}/>',
    Colour.RED: '<path d="M-1 7L7-1M-1-1L7 7" {}/>',
    Colour.GREY: '<path d="M1.5 1.5h.1M4.5 4.5h.1" {}/>',
    Colour.BLACK: '<path d="M0 3H6" {}/>',
}
_EFFECTS = {"closed": ("#8a1457", 2.6, ""), "limited": ("#a4500a", 2.2, "5 2.5"), "other": ("#4d565d", 1.6, "1 2.5")}
_BAY = "#0f6b4f"
_RADIUS = 7.0
_SHOWN_AT_LEAST_M = 300.0
_MARGIN = 0.88


@dataclass(frozen=True, slots=True)
class Sign:
    """A perimeter with the sign it has on the map and in the list beside it: R1, B2."""

    sign: str
    found: OfDay


def sheet_frame(box: Box, width: float, height: float) -> Frame:
    """The frame of paper, in points, that a box fills."""
    west, south, east, north = box
    frame = frame_around([(west, south), (east, north)], width, height, least_m=_SHOWN_AT_LEAST_M)
    # Its margin is for signs that stand around points; a box has none.
    return replace(frame, scale=frame.scale / _MARGIN)


def draw_sheet(
    frame: Frame,
    streets: Streets | None,
    perimeters: Sequence[Sign],
    measures: Sequence[OfDay],
    bays: Iterable[BayView],
    point: tuple[float, float] | None,
) -> str:
    """The map as SVG. point: (lon, lat) of the place asked about."""
    drawing = _LawDrawing(frame, _GROUND)
    # Points of paper for a street of 12 m, within what can be seen and what hides nothing.
    draw_streets(drawing, streets, min(1.4, max(0.35, 12 * frame.scale / 3)))
    for sign in sorted(perimeters, key=lambda one: _colour(one).strictness):
        drawing.area(_placed(sign.found.regulation, frame), _colour(sign))
    for item in measures:
        if isinstance(item.regulation, Measure):
            colour, width, dashes = _EFFECTS[measure_effect(item.regulation)]
            for place in item.regulation.locations:
                drawing.lines(list(_lines(_clipped(place.drawn, frame))), colour, width, dashes=dashes)
    radius = min(2.4, max(1.0, 14 * frame.scale))
    for bay in bays:
        spot = frame.place([(bay.lon, bay.lat)])[0]
        if frame.holds(spot):
            drawing.circle(spot, radius, _BAY if bay.regime is BayRegime.PERMANENT else "#fff", stroke=_BAY)
    spots = _sign_spots(frame, perimeters)
    if streets is not None:
        name_streets(drawing, streets, [np.array([frame.width / 2, frame.height / 2]), *spots.values()], [])
    for sign in perimeters:
        if sign.sign in spots:
            drawing.circle(spots[sign.sign], _RADIUS, _INKS[_colour(sign)])
            drawing.word(sign.sign, spots[sign.sign], 7.5 if len(sign.sign) < 3 else 6, "#fff", bold=True)
    if point is not None:
        _pin(drawing, frame.place([point])[0])
    draw_furniture(drawing)
    return drawing.content()


class _LawDrawing(Drawing):
    """A drawing that knows areas with holes and patterns."""

    def __init__(self, frame: Frame, background: str) -> None:
        super().__init__(frame, background)
        for colour, tile in _TILES.items():
            ink = _INKS[colour]
            lines = tile.format(f'stroke="{ink}" stroke-width="0.8" stroke-opacity="0.55" stroke-linecap="round"')
            wash = f'<rect width="6" height="6" fill="{ink}" fill-opacity="0.12"/>' if tile else ""
            self._parts.append(
                f'<defs><pattern id="{colour.value}" patternUnits="userSpaceOnUse" width="6" height="6">'
                f"{wash}{lines}</pattern></defs>"
            )

    def area(self, shape: BaseGeometry, colour: Colour) -> None:
        """Fill an area on the paper with the pattern of a colour, and draw its edge."""
        path = "".join(_ring(ring) for polygon in _polygons(shape) for ring in (polygon.exterior, *polygon.interiors))
        if path:
            dashes = ' stroke-dasharray="4 2.5"' if colour is Colour.WHITE else ""
            self._parts.append(
                f'<path d="{path}" fill="url(#{colour.value})" fill-rule="evenodd" stroke="{_INKS[colour]}"'
                f' stroke-width="1.4" stroke-linejoin="round"{dashes}/>'
            )


def _ring(ring: shapely.LinearRing) -> str:
    return "M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in shapely.get_coordinates(ring)) + "Z"


def _colour(sign: Sign) -> Colour:
    assert isinstance(sign.found.regulation, Perimeter)
    return sign.found.regulation.colour


def _placed(regulation: object, frame: Frame) -> BaseGeometry:
    assert isinstance(regulation, Perimeter)
    return _clipped(regulation.shape, frame)


def _clipped(shape: BaseGeometry, frame: Frame) -> BaseGeometry:
    """A shape in points of paper, without what lies far beside the sheet."""
    placed = shapely.transform(shapely.force_2d(shape), frame.place)
    clipped: BaseGeometry = shapely.clip_by_rect(placed, -20, -20, frame.width + 20, frame.height + 20)
    return clipped


def _polygons(shape: BaseGeometry) -> Iterator[shapely.Polygon]:
    for part in shapely.get_parts(shape):
        if isinstance(part, shapely.Polygon):
            yield part


def _lines(shape: BaseGeometry) -> Iterator[Floats]:
    """The lines of a shape, and the rings of its areas, each (n, 2) points."""
    for part in shapely.get_parts(shape):
        rings = (part.exterior, *part.interiors) if isinstance(part, shapely.Polygon) else (part,)
        for line in rings:
            coords: Floats = shapely.get_coordinates(line)
            if len(coords) > 1:
                yield coords


def _sign_spots(frame: Frame, perimeters: Sequence[Sign]) -> dict[str, Floats]:
    """Where the sign of each perimeter goes: inside it and on no other sign, when there is such a place."""
    spots: dict[str, Floats] = {}
    for sign in sorted(perimeters, key=lambda one: -_colour(one).strictness):
        seen = shapely.clip_by_rect(_placed(sign.found.regulation, frame), 8, 8, frame.width - 8, frame.height - 8)
        places = [shapely.get_coordinates(point)[0] for point in _inside(seen)]
        free = [spot for spot in places if all(math.dist(spot, other) >= 2.2 * _RADIUS for other in spots.values())]
        if places:
            spots[sign.sign] = (free or places)[0]
    return spots


def _inside(shape: BaseGeometry) -> Iterator[Point]:
    """Points inside an area: of the whole, then of its quarters."""
    if shape.is_empty:
        return
    yield shapely.point_on_surface(shape)
    west, south, east, north = shape.bounds
    x, y = (west + east) / 2, (south + north) / 2
    for box in ((west, south, x, y), (x, y, east, north), (west, y, x, north), (x, south, east, y)):
        part = shapely.clip_by_rect(shape, *box)
        if part.area > 0:
            yield shapely.point_on_surface(part)


def _pin(drawing: Drawing, at: Floats) -> None:
    x, y = float(at[0]), float(at[1])
    drawing.shape([(x, y), (x - 5, y - 9), (x + 5, y - 9)], _INK)
    drawing.circle((x, y - 12), 5.5, _INK)
    drawing.circle((x, y - 12), 2.0, "#fff", stroke=_INK)
