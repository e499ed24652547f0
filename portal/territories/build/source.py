"""The extract a territory is built from: checked, bounded, and rewritten as the `.osm.pbf` every later step reads.

Rewriting serves three ends: the router's builder aborts on `.osm.gz`; objects come out in the order (nodes, ways,
relations, by id) the readers expect; and a file that cannot be read to its end fails here, before anything else.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from osmium.osm import Way

from portal.territories.build.errors import BuildError

SUFFIXES = (".osm.pbf", ".osm.gz", ".osm.bz2", ".osm", ".pbf")
MAX_SOURCE_BYTES = 4 * 1024**3
MAX_SPAN_DEGREES = 8.0
"""A territory is a city or a region: an extract wider than this is a country given by mistake."""

DRIVABLE = frozenset(
    (
        *("motorway", "trunk", "primary", "secondary", "tertiary"),
        *("motorway_link", "trunk_link", "primary_link", "secondary_link", "tertiary_link"),
        *("unclassified", "residential", "living_street", "service", "road"),
    )
)
_MARGIN_DEGREES = 0.0005
_STRAY_QUANTILE = 0.002
_STRAY_REACH = 0.5


@dataclass(frozen=True, slots=True)
class Bounds:
    """A box in degrees WGS84."""

    min_lon: float
    min_lat: float
    max_lon: float
    max_lat: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle of the box, (lon, lat)."""
        return (self.min_lon + self.max_lon) / 2, (self.min_lat + self.max_lat) / 2

    def grown(self, margin_degrees: float) -> Bounds:
        """Return the box with a margin on each side."""
        return Bounds(
            self.min_lon - margin_degrees,
            self.min_lat - margin_degrees,
            self.max_lon + margin_degrees,
            self.max_lat + margin_degrees,
        )

    def contains(self, lon: float, lat: float) -> bool:
        """Tell whether a point is inside the box or on its edge."""
        return self.min_lon <= lon <= self.max_lon and self.min_lat <= lat <= self.max_lat


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What the extract holds: the rewritten file, its digest, its bounds and the counts of its objects."""

    pbf: Path
    digest: str
    bounds: Bounds
    node_count: int
    way_count: int
    road_count: int


def source_digest(source: Path) -> str:
    """Return the SHA-256 of the extract, in hexadecimal. Raises BuildError when it cannot be read."""
    check_file(source)
    try:
        with source.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise BuildError("source-unreadable", file=source.name) from error


def check_file(source: Path) -> None:
    """Refuse at once what needs no reading: a missing file, another kind of file, an empty or an absurd one."""
    if source.is_dir():
        raise BuildError("source-folder", file=source.name)
    if not source.is_file():
        raise BuildError("source-missing", file=source.name)
    if not source.name.lower().endswith(SUFFIXES):
        raise BuildError("source-kind", file=source.name)
    size = source.stat().st_size
    if size == 0:
        raise BuildError("source-empty", file=source.name)
    if size > MAX_SOURCE_BYTES:
        raise BuildError("source-too-big", file=source.name, gigabytes=round(size / 1024**3, 1))


def prepare_source(source: Path, pbf: Path) -> SourceInfo:
    """Check the extract and rewrite it as `pbf`, which must not exist.

    Raises BuildError: source-folder, source-missing, source-kind, source-empty, source-too-big, source-broken (cut,
    binary, another format), source-unsaved, source-no-roads, source-no-positions, source-too-wide. OSError when the
    disk is full.
    """
    digest = source_digest(source)
    try:
        census = _rewrite(osmium.FileProcessor(_opened(source)), pbf)
        if not census.is_ordered:
            census = _rewrite_sorted(pbf)
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        # libosmium says every fault in words ("PBF error: unexpected EOF") that help whoever made the file: it has one
        # class for the format, ValueError for a field that is no number, its own for a position.
        if "No space left" in str(error):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from error
        raise BuildError("source-broken", file=source.name, detail=str(error)) from error
    if not census.node_count or not census.way_count:
        raise BuildError("source-empty", file=source.name)
    if census.has_unsaved_ids:
        raise BuildError("source-unsaved", file=source.name)
    if not census.road_count:
        raise BuildError("source-no-roads", file=source.name)
    bounds = _bounds(source, pbf)
    if max(bounds.max_lon - bounds.min_lon, bounds.max_lat - bounds.min_lat) > MAX_SPAN_DEGREES:
        raise BuildError("source-too-wide", file=source.name)
    return SourceInfo(pbf, digest, bounds, census.node_count, census.way_count, census.road_count)


@dataclass(slots=True)
class _Census:
    node_count: int = 0
    way_count: int = 0
    road_count: int = 0
    is_ordered: bool = True
    has_unsaved_ids: bool = False


def _rewrite(objects: Iterable[Any], pbf: Path) -> _Census:
    """Copy the objects into `pbf`, counting them; deleted ones are left out."""
    census = _Census()
    header = osmium.io.Header()
    header.set("generator", "joptimiz")
    header.set("sorting", "Type_then_ID")
    last = ("", 0)
    with osmium.SimpleWriter(str(pbf), header=header) as writer:
        for item in objects:
            if item.deleted:
                continue
            writer.add(item)
            # "n" < "r" < "w" is the wrong way round for relations: they are ranked last.
            place = ("z" if item.is_relation() else item.type_str(), item.id)
            census.is_ordered &= last <= place
            census.has_unsaved_ids |= item.id < 0
            last = place
            if item.is_node():
                census.node_count += 1
            elif item.is_way():
                census.way_count += 1
                # A way of one point is a slip of an editor: nothing can be driven on it.
                census.road_count += item.tags.get("highway") in DRIVABLE and len(item.nodes) > 1
    return census


def _rewrite_sorted(pbf: Path) -> _Census:
    """Put objects that came in no order (an editor's file, two files glued) as nodes, ways, relations by id."""
    reader = osmium.MergeInputReader()
    reader.add_file(str(pbf))
    pbf.unlink()
    ordered = pbf.with_name("ordered.osm.pbf")
    try:
        with osmium.SimpleWriter(str(ordered)) as writer:
            reader.apply(writer)
        return _rewrite(osmium.FileProcessor(str(ordered)), pbf)
    finally:
        ordered.unlink(missing_ok=True)


def _opened(source: Path) -> osmium.io.File:
    """Name the format by the suffix in either case: libosmium knows the lower case only."""
    name = source.name.lower()
    suffix = next(suffix for suffix in SUFFIXES if name.endswith(suffix))
    return osmium.io.File(str(source), suffix[1:])


def _bounds(source: Path, pbf: Path) -> Bounds:
    """Return the box of the drivable roads, kept inside the header's box when the extract has one.

    A cutter keeps ways whole, so that one motorway may reach far outside the area that was cut: points far beyond the
    bulk of the road network do not count.
    """
    points = np.array(list(_road_points(pbf)), dtype=float)
    if not len(points):
        raise BuildError("source-no-positions", file=source.name)
    low, high = np.quantile(points, [_STRAY_QUANTILE, 1 - _STRAY_QUANTILE], axis=0)
    reach = np.maximum((high - low) * _STRAY_REACH, _MARGIN_DEGREES)
    inside = points[((points >= low - reach) & (points <= high + reach)).all(axis=1)]
    found = Bounds(*map(float, inside.min(axis=0)), *map(float, inside.max(axis=0))).grown(_MARGIN_DEGREES)
    header = _header_box(source)
    if header is None:
        return found
    kept = Bounds(
        max(found.min_lon, header.min_lon),
        max(found.min_lat, header.min_lat),
        min(found.max_lon, header.max_lon),
        min(found.max_lat, header.max_lat),
    )
    # A header that names another place than the roads is a fault of the file: the roads are right.
    return kept if kept.min_lon < kept.max_lon and kept.min_lat < kept.max_lat else found


def _road_points(pbf: Path) -> Iterator[tuple[float, float]]:
    for way in osmium.FileProcessor(str(pbf)).with_locations().with_filter(osmium.filter.KeyFilter("highway")):
        if isinstance(way, Way) and way.tags.get("highway") in DRIVABLE:
            yield from ((node.lon, node.lat) for node in way.nodes if node.location.valid())


def _header_box(source: Path) -> Bounds | None:
    with osmium.io.Reader(_opened(source), osmium.osm.NOTHING) as reader:
        box = reader.header().box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return Bounds(low.lon, low.lat, high.lon, high.lat)
