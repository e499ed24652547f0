"""Which way a street runs beside a point, from the road graph of a territory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import shapely

from portal.territories.api import EdgeTable, TerritoryView, load_edges

type Bearing = Callable[[float, float], float | None]
"""(lon, lat) WGS84 -> degrees from north, clockwise, 0 to 180 (a street runs both ways); None when not known."""

# A bay stands at the edge of its street; what is farther is another street.
_FARTHEST_M = 30.0
_METRES_PER_DEGREE = 111_195.08


def no_bearing(_lon: float, _lat: float) -> float | None:
    """What is known without a road graph."""
    return None


def street_bearings(territory: TerritoryView) -> Bearing:
    """Bearings from the territory's road graph; `no_bearing` before its first build.

    So too on a machine that does not hold the build: the zones are drawn all the same, and say what was assumed.
    """
    if territory.graph_dir is None:
        return no_bearing
    try:
        edges = load_edges(territory.graph_dir)
    except FileNotFoundError:
        return no_bearing
    return lambda lon, lat: _nearest_bearing(edges, lon, lat)


def _nearest_bearing(edges: EdgeTable, lon: float, lat: float) -> float | None:
    if not len(edges):
        return None
    scale = np.array([np.cos(np.radians(lat)), 1.0]) * _METRES_PER_DEGREE
    reach = _FARTHEST_M / scale
    box = shapely.box(lon - reach[0], lat - reach[1], lon + reach[0], lat + reach[1])
    best: tuple[float, float] | None = None
    for row in edges.tree.query(box):
        points = (edges.shape_coords(int(row)) - (lon, lat)) * scale
        steps = np.diff(points, axis=0)
        lengths = (steps**2).sum(axis=1)
        known = lengths > 0
        if not known.any():
            continue
        starts, steps, lengths = points[:-1][known], steps[known], lengths[known]
        along = np.clip(-(starts * steps).sum(axis=1) / lengths, 0, 1)
        away = np.hypot(*(starts + steps * along[:, None]).T)
        nearest = int(away.argmin())
        if away[nearest] <= _FARTHEST_M and (best is None or away[nearest] < best[0]):
            east, north = steps[nearest]
            best = float(away[nearest]), float(np.degrees(np.arctan2(east, north)) % 180)
    return None if best is None else best[1]
