"""How long a line of the law takes to be found on the road graph, against the engine's bare traces of the same line."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import shapely

from portal.common.errors import NotFound
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.territories.api import RoadGraph, get_territory, match_line

_LINES = 200
_SHIFT_M = 2.0
_METRES_PER_DEGREE = 111_195.0


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the time of a match, and how much of the length comes back when streets are drawn two metres away."""
    with ground.app.app_context():
        territory = get_territory(ground.territory)
    if territory.graph_dir is None:
        raise NotFound("graph-missing")
    graph = RoadGraph.open(territory.graph_dir)
    table = graph.table
    dice = random.Random(7)  # noqa: S311 the same streets each time, nothing secret
    rows = [row for row in range(len(table)) if table.lengths_m[row] > 4 * _SHIFT_M]
    chosen = dice.sample(rows, min(_LINES, len(rows)))
    lines = [_shifted(table.shape_coords(row), dice.uniform(0.0, 2 * np.pi)) for row in chosen]
    match_line(graph, lines[0])
    matched_ms = [timed_ms(lambda line=line: match_line(graph, line)) for line in lines]  # type: ignore[misc]
    traced_ms = [
        timed_ms(lambda line=line: graph.proposed_rows(shapely.get_coordinates(line)))  # type: ignore[misc]
        for line in lines
    ]
    yield Line(
        f"matching a street to the graph, {len(lines)} streets, p50",
        percentile(matched_ms, 50),
        "ms",
        "the engine's traces alone, p50",
        percentile(traced_ms, 50),
    )
    found_m = sum(
        float(table.lengths_m[row])
        for row, line in zip(chosen, lines, strict=True)
        if int(table.edge_ids[row]) in match_line(graph, line).edges["edge_id"]
    )
    yield Line(
        f"length found again when drawn {_SHIFT_M:g} m away",
        found_m / 1000,
        "km",
        "length drawn",
        float(table.lengths_m[chosen].sum()) / 1000,
    )


def _shifted(lon_lat: npt.NDArray[np.float64], towards: float) -> shapely.LineString:
    """A line moved by some metres towards an angle, in radians from the east."""
    north = _SHIFT_M * np.sin(towards) / _METRES_PER_DEGREE
    east = _SHIFT_M * np.cos(towards) / _METRES_PER_DEGREE / np.cos(np.radians(lon_lat[0, 1]))
    return shapely.LineString(lon_lat + np.array([east, north]))
