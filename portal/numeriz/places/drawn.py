"""A drawn line as the pieces of road it follows, each turned as the line runs."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import shapely

from portal.common.errors import Invalid
from portal.numeriz.places.roads import Piece, Roads
from portal.numeriz.places.shapes import length_m
from portal.numeriz.places.values import problem
from portal.numeriz.values import Issue
from portal.territories.api import TRUSTED_SHARE, Match, match_line

MOST_LINE_M: Final = 30_000.0
"""A longer line takes more time to follow than somebody waits for a page."""
_LEAST_M: Final = 1.0


def follow(roads: Roads, line: shapely.LineString, where: str) -> tuple[list[Piece], list[Issue]]:
    """The pieces of road along a line (lon, lat), and why they may not stand for it: too little of it was found.

    Raises Invalid("drawing-too-long").
    """
    if length_m(line) > MOST_LINE_M:
        raise Invalid("drawing-too-long", "shape", most=round(MOST_LINE_M / 1000))
    with roads.tracing() as graph:
        match = match_line(graph, line)
    pieces = _pieces(roads, match)
    if not pieces:
        return [], [problem("drawn-not-found", where)]
    if match.matched_share < TRUSTED_SHARE:
        return pieces, [problem("drawn-partly-found", where, percent=math.floor(match.matched_share * 100))]
    return pieces, []


def _pieces(roads: Roads, match: Match) -> list[Piece]:
    """The parts of segments that were matched, both directions of one as one piece that runs as the line is drawn."""
    along: dict[int, list[Piece]] = {}
    against: dict[int, list[Piece]] = {}
    for edge in match.edges:
        row = roads.table.row_of[int(edge["edge_id"])]
        piece = Piece(row, float(edge["from_fraction"]), float(edge["to_fraction"]), backwards=not bool(edge["along"]))
        if roads.length_m(piece) >= _LEAST_M:
            (along if edge["along"] else against).setdefault(roads.segment(row), []).append(piece)
    order = np.unique(np.array([*along, *against], dtype=np.int64)).tolist()
    return [piece for segment in order for piece in along.get(segment) or against[segment]]
