"""The table of a graph's directed edges for motor vehicles, each with the probe that closes it and nothing else.

A probe is a point on the edge's own shape with the heading of the edge there. Sent to the engine as an excluded
location it closes exactly one directed edge; each one is checked with the engine when the table is built. The table is
bound to one build of the graph: edge ids change with each build.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import osmium
import shapely
from valhalla import Actor, ValhallaError
from valhalla.baldr import GraphId
from valhalla.baldr.utils import GraphUtils

from portal.territories.build.graph import TILES_NAME, Progress, open_config, read_graph_info
from portal.territories.build.tiles import CAR_ACCESS, TRUCK_ACCESS, read_tiles

TABLE_NAME = "edges.npz"
PROBE_FRACTIONS = (0.5, 0.4, 0.6, 0.3, 0.7, 0.2, 0.8, 0.1, 0.9, 0.05, 0.95)
PROBE_OPTIONS: dict[str, float] = {
    "heading_tolerance": 60,
    "radius": 0,
    # By default the engine also takes the other arms of a junction nearer than 5 m.
    "node_snap_tolerance": 0,
    # Without it a probe on a street closed to the vehicle would silently close another one nearby.
    "search_cutoff": 1,
    "minimum_reachability": 0,
}
# Vehicles without a size: an edge under a height limit must be found too.
SIZELESS: dict[str, dict[str, float]] = {
    "auto": {"height": 0, "width": 0, "length": 0, "weight": 0},
    "truck": {"height": 0, "width": 0, "length": 0, "weight": 0, "axle_load": 0, "axle_count": 2},
}
ROAD_CLASSES = (
    "motorway",
    "trunk",
    "primary",
    "secondary",
    "tertiary",
    "unclassified",
    "residential",
    "service_other",
)
_BATCH = 200

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int64]


class EdgeFlag(IntFlag):
    """Yes-or-no facts of a directed edge."""

    FORWARD = 1
    BRIDGE = 2
    TUNNEL = 4
    ONE_WAY = 8
    LINK = 16
    CAR = 32
    TRUCK = 64
    MOTOR_ROAD = 128
    ROUNDABOUT = 256


@dataclass(frozen=True, slots=True)
class Probe:
    """A barrier on one directed edge: (lon, lat) WGS84 on its shape, heading in whole degrees 0..359."""

    lon: float
    lat: float
    heading: int

    def as_location(self) -> dict[str, float]:
        """The probe as the engine wants an excluded location."""
        return {"lon": self.lon, "lat": self.lat, "heading": self.heading, **PROBE_OPTIONS}


@dataclass(frozen=True, eq=False)
class EdgeTable:
    """The directed edges of one build of a graph; a row number stands for an edge everywhere below.

    coords: (m, 2) lon, lat of all shapes one after the other, row i at offsets[i]:offsets[i + 1], in the direction of
    travel. probes: (n, 3) lon, lat, heading; NaN where no point closes exactly this edge. opposing: row of the other
    direction, -1 when there is none. restrictions: physical limits by row, as the engine tells them. missing: ids of
    edges that cars or lorries may drive but that have no row, because the engine names them at no point of their shape.
    """

    version: str
    edge_ids: Ints
    way_ids: Ints
    coords: Floats
    offsets: Ints
    lengths_m: Floats
    flags: Ints
    road_classes: Ints
    layers: Ints
    opposing: Ints
    probes: Floats
    name_rows: Ints
    names: tuple[tuple[str, ...], ...]
    restrictions: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    missing: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.edge_ids)

    @cached_property
    def row_of(self) -> dict[int, int]:
        """Row by the engine's edge id."""
        return {int(edge_id): row for row, edge_id in enumerate(self.edge_ids)}

    @cached_property
    def shapes(self) -> npt.NDArray[np.object_]:
        """The shapes as LineStrings, by row."""
        of_row = np.repeat(np.arange(len(self)), np.diff(self.offsets))
        return np.atleast_1d(np.asarray(shapely.linestrings(self.coords, indices=of_row), dtype=object))

    @cached_property
    def tree(self) -> shapely.STRtree:
        """Spatial index of the shapes; it answers row numbers."""
        return shapely.STRtree(self.shapes)

    def bounds_of(self, edge_ids: Iterable[int]) -> tuple[float, float, float, float] | None:
        """West, south, east, north of some edges; None when there are none."""
        rows = [self.row_of[int(edge_id)] for edge_id in edge_ids]
        if not rows:
            return None
        west, south, east, north = shapely.total_bounds(self.shapes[rows]).tolist()
        return west, south, east, north

    def shape_coords(self, row: int) -> Floats:
        """(k, 2) lon, lat of one edge."""
        return self.coords[self.offsets[row] : self.offsets[row + 1]]

    def has(self, row: int, flag: EdgeFlag) -> bool:
        """Tell whether an edge has a flag."""
        return bool(self.flags[row] & flag)

    def road_class(self, row: int) -> str:
        """The class of the road, as the engine names it."""
        return ROAD_CLASSES[self.road_classes[row]]

    def names_of(self, row: int) -> tuple[str, ...]:
        """Names and references of the road."""
        return self.names[self.name_rows[row]]

    def probe(self, row: int) -> Probe | None:
        """The verified probe of an edge, None when it has none."""
        lon, lat, heading = self.probes[row]
        return None if np.isnan(lon) else Probe(float(lon), float(lat), int(heading))


def build_edges(graph_dir: Path, pbf: Path, progress: Progress | None = None) -> EdgeTable:
    """Enumerate the directed edges open to cars or lorries, find and check their probes, store the table.

    graph_dir: folder filled by build_graph. pbf: the same extract, read for what the tiles do not keep (layer, motor
    road). Takes about 0.5 s per 1,000 edges. Raises BuildError when the folder holds no graph.
    """
    info = read_graph_info(graph_dir)
    with open_config(graph_dir) as config:
        actor, utils = Actor(str(config)), GraphUtils(str(config))
    tiles, _ways = read_tiles(graph_dir / TILES_NAME)
    open_to = tiles.access & (CAR_ACCESS | TRUCK_ACCESS)
    opened = list(zip(tiles.ids[open_to > 0].tolist(), open_to[open_to > 0].tolist(), strict=True))
    finder = _ProbeFinder(actor)
    rows: list[_Row] = []
    for start in range(0, len(opened), _BATCH):
        batch = [_Row(edge, modes, _shape(utils, edge)) for edge, modes in opened[start : start + _BATCH]]
        rows.extend(finder.examine([row for row in batch if len(row.shape) > 1]))
        if progress is not None:
            progress("edges", min(start + _BATCH, len(opened)), len(opened))
    found = {row.edge_id for row in rows}
    table = _table(info.version, rows, _way_facts(pbf), tuple(edge for edge, _ in opened if edge not in found))
    _save(table, graph_dir / TABLE_NAME)
    return table


def load_edges(graph_dir: Path) -> EdgeTable:
    """Read the table of a graph. Raises FileNotFoundError when it was not built."""
    with np.load(graph_dir / TABLE_NAME, allow_pickle=False) as kept:
        texts = json.loads(bytes(kept["texts"]).decode())
        arrays = {name: kept[name] for name in _ARRAYS}
    return EdgeTable(
        version=texts["version"],
        names=tuple(tuple(names) for names in texts["names"]),
        restrictions={int(row): limits for row, limits in texts["restrictions"].items()},
        missing=tuple(texts.get("missing", ())),
        **arrays,
    )


_ARRAYS = (
    "edge_ids",
    "way_ids",
    "coords",
    "offsets",
    "lengths_m",
    "flags",
    "road_classes",
    "layers",
    "opposing",
    "probes",
    "name_rows",
)


@dataclass(slots=True)
class _Row:
    edge_id: int
    modes: int
    shape: Floats
    facts: dict[str, Any] | None = None
    probe: Probe | None = None

    def point_at(self, fraction: float) -> tuple[float, float]:
        return point_along(self.shape, fraction)


class _ProbeFinder:
    """Asks the engine which edge a probe touches, many at a time."""

    def __init__(self, actor: Actor) -> None:
        self._actor = actor

    def examine(self, batch: list[_Row]) -> list[_Row]:
        """Fill facts and probes; return the edges that the engine knows, in the order given."""
        for costing, mode in (("auto", CAR_ACCESS), ("truck", TRUCK_ACCESS)):
            left = [row for row in batch if row.facts is None and row.modes & mode]
            # Where another road crosses, the engine names only one of the two: no point tells that an edge is closed.
            for fraction in PROBE_FRACTIONS:
                self._try([row for row in left if row.probe is None], costing, fraction)
            for fraction in PROBE_FRACTIONS:
                self._see([row for row in left if row.facts is None], costing, fraction)
        return [row for row in batch if row.facts is not None]

    def _see(self, rows: list[_Row], costing: str, fraction: float) -> None:
        """Find edges that lie upon another one all along: no probe closes them alone, but they are roads."""
        points = [row.point_at(fraction) for row in rows]
        seen = self._locate(costing, [{"lon": lon, "lat": lat, **PROBE_OPTIONS, "radius": 1} for lon, lat in points])
        for row, edges in zip(rows, seen, strict=True):
            row.facts = next((edge for edge in edges if edge["edge_id"]["value"] == row.edge_id), None)

    def _try(self, rows: list[_Row], costing: str, fraction: float) -> None:
        points = [row.point_at(fraction) for row in rows]
        seen = self._locate(costing, [{"lon": lon, "lat": lat, **PROBE_OPTIONS} for lon, lat in points])
        probes: list[tuple[_Row, Probe]] = []
        for row, (lon, lat), edges in zip(rows, points, seen, strict=True):
            own = next((edge for edge in edges if edge["edge_id"]["value"] == row.edge_id), None)
            if own is not None:
                row.facts = row.facts or own
                probes.append((row, Probe(lon, lat, round(own["heading"]) % 360)))
        found = self._locate(costing, [probe.as_location() for _, probe in probes])
        for (row, probe), edges in zip(probes, found, strict=True):
            if [edge["edge_id"]["value"] for edge in edges] == [row.edge_id]:
                row.probe = probe

    def _locate(self, costing: str, locations: Sequence[dict[str, float]]) -> Iterator[list[dict[str, Any]]]:
        for start in range(0, len(locations), _BATCH):
            request = {
                "verbose": True,
                "costing": costing,
                "costing_options": {costing: SIZELESS[costing]},
                "locations": list(locations[start : start + _BATCH]),
            }
            yield from self._answers(request)

    def _answers(self, request: dict[str, Any]) -> Iterator[list[dict[str, Any]]]:
        try:
            answers: list[dict[str, Any]] = self._actor.locate(request)
        except ValhallaError:
            # One location without any edge can fail the whole request: ask one by one, then the bare one is empty.
            if len(request["locations"]) == 1:
                yield []
                return
            for location in request["locations"]:
                yield from self._answers({**request, "locations": [location]})
            return
        for answer in answers:
            yield answer.get("edges") or []


def point_along(shape: Floats, fraction: float) -> tuple[float, float]:
    """Return the point at a fraction of a shape's length; lengths on the ground, longitudes shortened by latitude."""
    scale = np.array([np.cos(np.radians(shape[:, 1].mean())), 1.0])
    steps = np.hypot(*(np.diff(shape, axis=0) * scale).T)
    reached = np.concatenate(([0.0], np.cumsum(steps)))
    target = fraction * reached[-1]
    lon, lat = (float(np.interp(target, reached, shape[:, axis])) for axis in (0, 1))
    return lon, lat


def shape_length_m(shape: Floats) -> float:
    """Length of a shape in metres on the ground (equirectangular: better than 0.1 % at the size of an edge)."""
    scale = np.array([np.cos(np.radians(shape[:, 1].mean())), 1.0]) * 111_195.08
    return float(np.hypot(*(np.diff(shape, axis=0) * scale).T).sum())


def _shape(utils: GraphUtils, edge_id: int) -> Floats:
    return np.round(np.array(utils.get_edge_shape(GraphId(edge_id)), dtype=np.float64).reshape(-1, 2), 6)


def _way_facts(extract: Path) -> dict[int, tuple[int, bool]]:
    """Layer and motor-road sign by way, only for the ways where one of them is set."""
    facts: dict[int, tuple[int, bool]] = {}
    for way in osmium.FileProcessor(str(extract), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway")):
        try:
            layer = int(way.tags.get("layer") or 0)
        except ValueError:
            # "1;2" or "ground": nobody can tell the level; the bridge and tunnel flags of the edge still do.
            layer = 0
        motor_road = way.tags.get("motorroad") == "yes"
        if layer or motor_road:
            facts[way.id] = (max(-100, min(100, layer)), motor_road)
    return facts


def _table(version: str, rows: list[_Row], ways: dict[int, tuple[int, bool]], missing: tuple[int, ...]) -> EdgeTable:
    names: dict[tuple[str, ...], int] = {}
    name_rows, flags, classes, layers, way_ids, restrictions = [], [], [], [], [], {}
    by_shape = {(row.facts["edge_info"]["way_id"], row.shape.tobytes()): i for i, row in enumerate(rows) if row.facts}
    opposing = []
    for index, row in enumerate(rows):
        assert row.facts is not None
        edge, info = row.facts["edge"], row.facts["edge_info"]
        layer, motor_road = ways.get(info["way_id"], (0, False))
        other = by_shape.get((info["way_id"], row.shape[::-1].tobytes()), -1)
        opposing.append(other)
        flags.append(_flags(edge, motor_road=motor_road, one_way=other < 0))
        classes.append(ROAD_CLASSES.index(edge["classification"]["classification"]))
        layers.append(layer)
        way_ids.append(info["way_id"])
        name_rows.append(names.setdefault(tuple(info.get("names") or ()), len(names)))
        if row.facts.get("access_restrictions"):
            restrictions[index] = row.facts["access_restrictions"]
    sizes = [len(row.shape) for row in rows]
    nowhere = (np.nan, np.nan, np.nan)
    probes = [(p.lon, p.lat, p.heading) if (p := row.probe) else nowhere for row in rows]
    return EdgeTable(
        version=version,
        edge_ids=np.array([row.edge_id for row in rows], dtype=np.int64),
        way_ids=np.array(way_ids, dtype=np.int64),
        coords=np.concatenate([row.shape for row in rows]) if rows else np.empty((0, 2)),
        offsets=np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        lengths_m=np.array([shape_length_m(row.shape) for row in rows]),
        flags=np.array(flags, dtype=np.int64),
        road_classes=np.array(classes, dtype=np.int64),
        layers=np.array(layers, dtype=np.int64),
        opposing=np.array(opposing, dtype=np.int64),
        probes=np.array(probes, dtype=np.float64).reshape(-1, 3),
        name_rows=np.array(name_rows, dtype=np.int64),
        names=tuple(names),
        restrictions=restrictions,
        missing=missing,
    )


def _flags(edge: dict[str, Any], *, motor_road: bool, one_way: bool) -> int:
    access = edge["access"]
    truths = {
        EdgeFlag.FORWARD: edge["forward"],
        EdgeFlag.BRIDGE: edge["bridge"],
        EdgeFlag.TUNNEL: edge["tunnel"],
        EdgeFlag.ONE_WAY: one_way,
        EdgeFlag.LINK: edge["classification"]["link"],
        EdgeFlag.CAR: access["car"],
        EdgeFlag.TRUCK: access["truck"],
        EdgeFlag.MOTOR_ROAD: motor_road,
        EdgeFlag.ROUNDABOUT: edge["round_about"],
    }
    return int(sum(flag for flag, truth in truths.items() if truth))


def _save(table: EdgeTable, path: Path) -> None:
    texts = {
        "version": table.version,
        "names": table.names,
        "restrictions": table.restrictions,
        "missing": table.missing,
    }
    encoded = np.frombuffer(json.dumps(texts, ensure_ascii=False).encode(), dtype=np.uint8)
    partial = path.with_name("partial-" + path.name)
    np.savez_compressed(partial, texts=encoded, **{name: getattr(table, name) for name in _ARRAYS})
    partial.replace(path)
