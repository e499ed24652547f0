"""An independent judge of a tour: the records of 2024, the timeline of the answer, shapely, and nothing of ours.

It reads the JSON answer as a stranger would: positions and instants, against the drawn polygons and their dates.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

import shapely

# Half a metre is the width of the line on the drawing: running along the outline is not entering.
OUTLINE_DEGREES = 0.6 / 111_195


class Judge:
    """The records of an area, ready to be asked about many timelines."""

    def __init__(self, records: Iterable[dict[str, Any]], bounds: tuple[float, float, float, float]) -> None:
        area = shapely.box(*bounds)
        self._records = [record for record in records if record["shape"].intersects(area)]
        for record in self._records:
            # Half a metre is less in degrees of latitude than of longitude: the larger shrinking is never too strict.
            record["inside"] = record["shape"].buffer(-OUTLINE_DEGREES * 1.6)

    def crossed(
        self, timeline: Sequence[Sequence[Any]], passes: frozenset[str] = frozenset()
    ) -> list[tuple[str, str, str]]:
        """The records that the timeline breaks: (id, colour, instant). passes: ids of records a pass opens."""
        points = [(float(lon), float(lat), datetime.fromisoformat(at)) for lon, lat, at in timeline]
        if not points:
            return []
        path = shapely.LineString([p[:2] for p in points] if len(points) > 1 else [points[0][:2]] * 2)
        ends = [shapely.Point(points[0][:2]), shapely.Point(points[-1][:2])]
        broken = []
        for record in self._records:
            if record["id"] in passes or record["colour"] == "Blanc" or not record["inside"].intersects(path):
                continue
            if record["colour"] == "Bleu" and any(record["shape"].intersects(end) for end in ends):
                continue
            for (lon, lat, at), (next_lon, next_lat, until) in pairwise(points):
                active = record["start"] < until and at < record["end"]
                if active and record["inside"].intersects(shapely.LineString([(lon, lat), (next_lon, next_lat)])):
                    broken.append((record["id"], record["colour"], at.isoformat()))
                    break
        return broken
