"""What the engine proposes for a drawn line: the edges it would drive, one way and the other.

The engine follows a line as a traveller would, which a distance and an angle alone cannot: it tells the carriageway
from its neighbour and the street from the path beside it. It also strays where the line cannot be driven, so what it
proposes is checked against the line afterwards (`matching`).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from valhalla import Actor, ValhallaError
from valhalla.midgard.utils import decode_polyline

from portal.territories.build.edges import SIZELESS, EdgeTable, load_edges
from portal.territories.build.graph import open_config

type Floats = npt.NDArray[np.float64]

SEARCH_RADIUS_M = 25
END_RADIUS_M = 50
"""How far from its road a source may put the end of it."""
_TRACE_OPTIONS = {"search_radius": SEARCH_RADIUS_M, "gps_accuracy": 8, "turn_penalty_factor": 100}
# A street closed to the vehicle asked about, or driven against its direction, is still the street of the order.
_IGNORING = {"ignore_oneways": True, "ignore_access": True, "ignore_restrictions": True}
_FILTERS = {"action": "include", "attributes": ["edge.id"]}


class RoadGraph:
    """One build of a graph, open for matching. It belongs to one thread: sharing its actor crashes the process."""

    def __init__(self, table: EdgeTable, actor: Actor) -> None:
        self.table = table
        self._actor = actor

    @classmethod
    def open(cls, graph_dir: Path) -> Self:
        """Open a built graph. Raises FileNotFoundError when its table of edges was not built."""
        table = load_edges(graph_dir)
        with open_config(graph_dir) as config:
            return cls(table, Actor(str(config)))

    def proposed_rows(self, lon_lat: Floats) -> set[int]:
        """Rows of the edges along a line, with those of the other direction. lon_lat: (n, 2), n >= 2.

        The line is asked for as drawn and reversed, with the rules of the road and without.
        """
        rows = {row for traced in self._traces(lon_lat) for row in traced}
        opposing = {int(self.table.opposing[row]) for row in rows}
        return rows | (opposing - {-1})

    def path_between(self, start: tuple[float, float], end: tuple[float, float]) -> Floats | None:
        """The way a car drives between two points, (n, 2) lon, lat; None when there is none."""
        request = {
            "locations": [{"lon": lon, "lat": lat, "search_cutoff": END_RADIUS_M} for lon, lat in (start, end)],
            "costing": "auto",
            "costing_options": {"auto": SIZELESS["auto"]},
        }
        try:
            answer: dict[str, Any] = self._actor.route(request)
        except ValhallaError:
            # No street near a point, or no way from one to the other: for a match both mean that nothing was found.
            return None
        return np.array(decode_polyline(answer["trip"]["legs"][0]["shape"]), dtype=np.float64).reshape(-1, 2)

    def _traces(self, lon_lat: Floats) -> Iterator[list[int]]:
        for points in (lon_lat, lon_lat[::-1]):
            shape = [{"lon": lon, "lat": lat} for lon, lat in points.tolist()]
            for costing, freed in (("auto", {}), ("truck", _IGNORING)):
                yield self._trace(shape, costing, {**SIZELESS[costing], **freed})

    def _trace(self, shape: list[dict[str, float]], costing: str, options: dict[str, Any]) -> list[int]:
        request = {
            "shape": shape,
            "shape_match": "walk_or_snap",
            "costing": costing,
            "costing_options": {costing: options},
            "trace_options": _TRACE_OPTIONS,
            "filters": _FILTERS,
        }
        try:
            traced: dict[str, Any] = self._actor.trace_attributes(request)
        except ValhallaError:
            # No street along the line: nothing is proposed, and the share that is found says so.
            return []
        found = (self.table.row_of.get(edge["id"]) for edge in traced.get("edges") or ())
        return [row for row in found if row is not None]
