"""How long a place of an order takes to be found as a clerk says it, against the plain match of the same street."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from typing import Any

import shapely

from portal.common.errors import NotFound
from portal.numeriz.places import resolve_place
from portal.numeriz.places.roads import roads_of
from portal.runtime.bench.ground import Ground
from portal.runtime.bench.line import Line, percentile, timed_ms
from portal.territories.api import get_territory, match_area, match_line

_STREETS = 60
_ZONES = 20
_ZONE_DEGREES = 0.01


def measure(ground: Ground) -> Iterator[Line]:
    """Yield the time of a whole street, of the line of one, of a zone with a street left out, and of the whole town."""
    with ground.app.app_context(), ground.app.test_request_context():
        territory = get_territory(ground.territory)
        if territory.graph_dir is None or territory.bounds is None:
            raise NotFound("graph-missing")
        roads = roads_of(territory)
        dice = random.Random(11)  # noqa: S311 the same streets each time, nothing secret
        names = dice.sample(sorted(roads.keys.values()), _STREETS)
        lines = [shapely.get_coordinates(roads.table.shapes[row]).tolist() for row in dice.sample(list(roads.rows), 40)]
        west, south, east, north = territory.bounds
        corners = [(dice.uniform(west, east), dice.uniform(south, north)) for _ in range(_ZONES)]
        rings = [_square(*corner) for corner in corners]

        def times(places: list[Mapping[str, Any]]) -> list[float]:
            return [timed_ms(lambda place=place: resolve_place(territory, place)) for place in places]  # type: ignore[misc]

        streets = times([{"kind": "street", "spec": {"streets": [{"name": name}]}} for name in names])
        drawn = times([{"kind": "line", "spec": {"points": line}} for line in lines])
        zones = times([{"kind": "polygon", "spec": {"rings": [ring], "left_out": names[:1]}} for ring in rings])
        town = times([{"kind": "town", "spec": {"except": names[:1]}}] * 3)
        with roads.tracing() as graph:
            traced = [timed_ms(lambda line=line: match_line(graph, shapely.LineString(line))) for line in lines]  # type: ignore[misc]
            inside = [
                timed_ms(lambda ring=ring: match_area(graph, shapely.Polygon(ring), frozenset()))  # type: ignore[misc]
                for ring in rings
            ]
    plain, area = percentile(traced, 95), percentile(inside, 95)
    match_of_line, match_of_zone = "the match of a drawn street alone, p95", "the match of a zone alone, p95"
    yield Line(f"place by street name, {len(names)} streets, p95", percentile(streets, 95), "ms", match_of_line, plain)
    yield Line(f"place by drawn line, {len(lines)} lines, p95", percentile(drawn, 95), "ms", match_of_line, plain)
    yield Line(f"place by zone, {len(rings)} zones, p95", percentile(zones, 95), "ms", match_of_zone, area)
    yield Line("whole town except a street, median", percentile(town, 50), "ms", match_of_zone, area)


def _square(lon: float, lat: float) -> list[list[float]]:
    size = _ZONE_DEGREES
    return [[lon, lat], [lon + size, lat], [lon + size, lat + size / 2], [lon, lat + size / 2], [lon, lat]]
