"""What the tiles of a graph say of each directed edge and node, read from the files themselves.

The engine's answers leave out what only its search needs: which turns are restricted, which node is a barrier, which
street is for those who stop in it. The records have a fixed layout (graph tiles of version 3: directededge.h,
nodeinfo.h and complexrestriction.h of the engine say it bit by bit); `read_tiles` refuses a file whose sizes do not add
up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from valhalla.baldr import GraphTileHeader

from portal.territories.build.errors import BuildError

type Words = npt.NDArray[np.uint64]
type Ints = npt.NDArray[np.int64]

CAR_ACCESS = 1
TRUCK_ACCESS = 8
IMPASSABLE = 7
_ID_BITS = 46
_HEADER_BYTES = 272
_NODE_BYTES = 32
_TRANSITION_BYTES = 8
_EDGE_BYTES = 48
_COMPLEX_BYTES = 24
_OFFSET_FORWARD = 96
_PROBABLE = frozenset({8, 9})
"""Kinds of restriction that hold only with some probability: the engine drops them unless they are certain."""


@dataclass(frozen=True, eq=False, slots=True)
class TileEdges:
    """All directed edges of a graph, one element each. ids, start_nodes, end_nodes: the engine's ids.

    nodes_open: modes (bits) that may pass the end node. restricted: local indexes (bits) that must not follow.
    local_index, back_index: index of the edge at its start node, and of the way back at its end node. kind: what the
    engine's cost per second depends on, equal for edges that cost alike.
    """

    ids: Ints
    start_nodes: Ints
    end_nodes: Ints
    nodes_open: Ints
    access: Ints
    surface: Ints
    restricted: Ints
    local_index: Ints
    back_index: Ints
    destination_only: npt.NDArray[np.bool_]
    destination_only_truck: npt.NDArray[np.bool_]
    internal: npt.NDArray[np.bool_]
    kind: Words


@dataclass(frozen=True, slots=True)
class ForbiddenWay:
    """A sequence of two or more edges (engine ids) that must not be driven one after the other. modes: bits."""

    edges: tuple[int, ...]
    modes: int


def read_tiles(tiles: Path) -> tuple[TileEdges, tuple[ForbiddenWay, ...]]:
    """Read every tile of a graph. Raises BuildError("graph-build-failed") when a file has not the layout known here."""
    paths = sorted(tiles.rglob("*.gph"))
    parts = [_read(path) for path in paths]
    nodes = {int(node): int(access) for part in parts for node, access in zip(*part.nodes, strict=True)}
    edges = {
        name: np.concatenate([part.columns[name] for part in parts])
        for name in TileEdges.__dataclass_fields__
        if name != "nodes_open"
    }
    nodes_open = np.array([nodes.get(int(node), 0) for node in edges["end_nodes"]], dtype=np.int64)
    ways = dict.fromkeys(way for part in parts for way in part.ways)
    return TileEdges(nodes_open=nodes_open, **edges), tuple(ways)


@dataclass(frozen=True, eq=False, slots=True)
class _Tile:
    columns: dict[str, npt.NDArray[np.generic]]
    nodes: tuple[Ints, Ints]
    ways: tuple[ForbiddenWay, ...]


def _read(path: Path) -> _Tile:
    header = GraphTileHeader.from_file(path)
    content = path.read_bytes()
    base = int(header.graphid.value)
    node_count, edge_count = int(header.nodecount), int(header.directededgecount)
    transitions = _transition_count(content)
    edges_at = _HEADER_BYTES + node_count * _NODE_BYTES + transitions * _TRANSITION_BYTES
    forward_at, reverse_at, info_at = np.frombuffer(content, "<u4", 3, _OFFSET_FORWARD).tolist()
    if not edges_at + edge_count * _EDGE_BYTES <= forward_at <= reverse_at <= info_at <= len(content):
        raise BuildError("graph-build-failed", reason=f"unknown tile layout: {path.name}")
    nodes = np.frombuffer(content, "<u8", node_count * 4, _HEADER_BYTES).reshape(-1, 4)
    words = np.frombuffer(content, "<u8", edge_count * 6, edges_at).reshape(-1, 6)
    node_ids = base + (np.arange(node_count, dtype=np.int64) << 25)
    counts = _bits(nodes[:, 1], 21, 7)
    if int(counts.sum()) != edge_count:
        raise BuildError("graph-build-failed", reason=f"unknown node layout: {path.name}")
    columns: dict[str, npt.NDArray[np.generic]] = {
        "ids": base + (np.arange(edge_count, dtype=np.int64) << 25),
        "start_nodes": np.repeat(node_ids, counts),
        "end_nodes": _bits(words[:, 0], 0, _ID_BITS),
        "access": _bits(words[:, 3], 0, 12),
        "surface": _bits(words[:, 2], 56, 3),
        "restricted": _bits(words[:, 0], 46, 8),
        "local_index": _bits(words[:, 5], 32, 7),
        "back_index": _bits(words[:, 5], 39, 7),
        "destination_only": _bits(words[:, 1], 62, 1).astype(bool),
        "destination_only_truck": _bits(words[:, 3], 60, 1).astype(bool),
        "internal": _bits(words[:, 3], 47, 1).astype(bool),
        "kind": words[:, 2] & _KIND_MASK,
    }
    # The other list says the same again of the opposite edges, for the engine's search from the end.
    ways = tuple(_ways(content[forward_at:reverse_at]))
    return _Tile(columns, (node_ids, _bits(nodes[:, 0], 52, 12)), ways)


_NAMES_AND_LANES = (0xFF << 32) | (0xF << 46)
_KIND_MASK = np.uint64(0xFFFF_FFFF_FFFF_FFFF ^ _NAMES_AND_LANES)


def _transition_count(content: bytes) -> int:
    return int(np.frombuffer(content, "<u4", 1, 48)[0]) & ((1 << 22) - 1)


def _bits(words: Words, first: int, count: int) -> Ints:
    return ((words >> np.uint64(first)) & np.uint64((1 << count) - 1)).astype(np.int64)


def _ways(content: bytes) -> Iterator[ForbiddenWay]:
    """The restrictions over several edges that hold at any hour; the engine without a clock ignores the others."""
    at = 0
    ids = (1 << _ID_BITS) - 1
    while at < len(content):
        first, second, third = (int(word) for word in np.frombuffer(content, "<u8", 3, at))
        via_count = third >> 16 & 0x1F
        vias = [int(via) & ids for via in np.frombuffer(content, "<u8", via_count, at + _COMPLEX_BYTES)]
        at += _COMPLEX_BYTES + 8 * via_count
        timed = bool(first >> _ID_BITS & 1)
        probable = third & 0xF in _PROBABLE
        if not timed and not probable:
            # The vias are stored from the end of the way to its start.
            yield ForbiddenWay((first & ids, *reversed(vias), second & ids), third >> 4 & 0xFFF)
