"""The roads of an extract that carry a tag about goods traffic, kept as they are for the law to read.

Source: wiki.openstreetmap.org/wiki/Key:access, Key:maxweight, Key:hazmat, Conditional_restrictions. What the tags mean
is decided by whoever reads them: an extract is built once, its reading may be mended later.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import osmium
from osmium.osm import Way

from portal.territories.build.source import DRIVABLE
from portal.territories.restrictions import TaggedRoad

ROADS = DRIVABLE | {"pedestrian", "busway"}
"""Roads a lorry may be asked to drive: a ban on a footway beside the street is not a ban on the street."""

_BEARING = re.compile(
    r"(access|vehicle|motor_vehicle|goods|hgv|hazmat"
    r"|maxweight|maxweightrating|maxgcweight|maxgcweightrating|maxaxleload|maxheight|maxwidth|maxlength)(:[a-z_:A-E]+)?"
)
_BESIDE = frozenset(
    ("highway", "service", "name", "ref", "oneway", "junction", "bus", "psv", "taxi", "emergency", "area")
)
_COORD_DIGITS = 7


def build_restrictions(pbf: Path, out: Path) -> int:
    """Write the roads that carry a restriction to `out`, which must not exist; return how many there are."""
    count = 0
    ways = osmium.FileProcessor(str(pbf), osmium.osm.NODE | osmium.osm.WAY).with_locations()
    # The same extract gives the same bytes: no date inside.
    with gzip.GzipFile(out, "xb", mtime=0) as file:
        for way in ways.with_filter(osmium.filter.KeyFilter("highway")):
            road = _tagged(way) if isinstance(way, Way) else None
            if road is not None:
                file.write(f"{road.as_line()}\n".encode())
                count += 1
    return count


def _tagged(way: Way) -> TaggedRoad | None:
    """The road and its tags; None for what is no road, says nothing of goods traffic, or lies outside the extract."""
    tags = {tag.k: tag.v for tag in way.tags}
    if tags["highway"] not in ROADS:
        return None
    if not any(_BEARING.fullmatch(key) for key in tags):
        return None
    coords = tuple(
        (round(node.lon, _COORD_DIGITS), round(node.lat, _COORD_DIGITS)) for node in way.nodes if node.location.valid()
    )
    if len(set(coords)) < 2:
        return None
    kept = {key: value for key, value in tags.items() if key in _BESIDE or _BEARING.fullmatch(key)}
    return TaggedRoad(way.id, kept, coords)
