"""A street of the road graph: its pieces between two crossings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry import Point
from shapely.geometry.base import BaseGeometry

from portal.common.text import fold
from portal.itineriz.api import Streets, load_streets
from portal.territories.api import AddressHit, HitKind, TerritoryView, geocode

# Degrees between pieces that belong together: a square or a missing piece does not end a street, another town does.
_APART = 0.0015


@dataclass(frozen=True, slots=True)
class Street:
    """A street by its name. lines: its pieces, from one end to the other, none where the road graph does not know it;
    spot: the one point of the index of addresses. (lon, lat) WGS84."""

    label: str
    lines: tuple[shapely.LineString, ...]
    spot: Point

    @property
    def places(self) -> Sequence[BaseGeometry]:
        """Where the law is asked about it."""
        return self.lines or (self.spot,)


def find_street(territory: TerritoryView, text: str) -> Street | None:
    """The street a text names; None when it names none. Raises Unavailable when addresses cannot be searched."""
    hit = geocode(territory.slug, text) if text.strip() else None
    return None if hit is None or hit.kind is not HitKind.STREET else street_of(territory, hit)


def street_of(territory: TerritoryView, hit: AddressHit) -> Street:
    """The street of a hit."""
    return Street(hit.label, tuple(street_lines(territory, hit)), Point(hit.lon, hit.lat))


def street_lines(territory: TerritoryView, hit: AddressHit) -> Sequence[shapely.LineString]:
    """The pieces (lon, lat) of the street of a hit, from end to end; none where the graph has no such name."""
    if territory.graph_dir is None:
        return []
    try:
        streets = load_streets(territory.graph_dir)
    except FileNotFoundError:
        return []
    return _together(_pieces(streets, fold(hit.label.partition(",")[0])), Point(hit.lon, hit.lat))


def _pieces(streets: Streets, name: str) -> npt.NDArray[np.object_]:
    """The lines of all roads of a name, each once whatever its directions."""
    table = streets.table
    wanted = [number for number, names in enumerate(table.names) if name in map(fold, names)]
    rows = streets.rows[np.isin(table.name_rows[streets.rows], wanted)]
    lines: npt.NDArray[np.object_] = table.shapes[rows]
    return lines


def _together(lines: npt.NDArray[np.object_], near: Point) -> Sequence[shapely.LineString]:
    """Of lines, those that hang together with the nearest to a point, from west to east or from north to south."""
    if len(lines) == 0:
        return []
    tree = shapely.STRtree(lines)
    reached = {int(tree.nearest(near))}
    fresh = list(reached)
    while fresh:
        found = {int(row) for row in np.unique(tree.query(lines[fresh], predicate="dwithin", distance=_APART)[1])}
        fresh = sorted(found - reached)
        reached |= found
    kept = lines[sorted(reached)]
    west, south, east, north = shapely.total_bounds(kept).tolist()
    across = east - west > north - south
    return sorted(kept, key=lambda line: line.centroid.x if across else -line.centroid.y)
