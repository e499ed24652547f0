"""The roads of a territory by name, for whoever says where an order applies; one graph is kept open per process.

A segment is a piece of road between two junctions, whatever the directions it is driven in. It stands under the lower
of the rows of its two directed edges.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import shapely
from shapely import ops

from portal.common.errors import Unavailable
from portal.regulations.geometry import to_metres_at
from portal.territories.api import EdgeFlag, EdgeTable, RoadGraph, TerritoryView, name_words

type Node = tuple[int, int]
"""A junction: lon, lat in millionths of a degree, as the graph writes them."""
type Floats = npt.NDArray[np.float64]

_NUMBERED: Final = re.compile(r"\s*([A-Z]{1,3})\s*(\d{1,4}[A-Z]?\d*)\s*", re.IGNORECASE)
_ID: Final = re.compile(r"([0-9a-f]{8})-(\d{1,18})")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a segment. row: the edge whose shape it is cut from, first and last: fractions of that shape.

    backwards: the forward direction of the place runs against that shape.
    """

    row: int
    first: float = 0.0
    last: float = 1.0
    backwards: bool = False


def name_key(name: str) -> str:
    """What two spellings of one street have in common; "D 918" and "d918" are one road."""
    numbered = _NUMBERED.fullmatch(name)
    if numbered is not None:
        return f"{numbered[1]}{numbered[2]}".casefold()
    return " ".join(name_words(name))


def is_numbered(name: str) -> bool:
    """Tell whether a name is the number of a road."""
    return _NUMBERED.fullmatch(name) is not None


class Roads:
    """The segments of one build of a graph. Reading it is free for all threads; `tracing` is for one at a time."""

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        self._lock = threading.Lock()
        self.table: EdgeTable = graph.table
        every = np.arange(len(self.table))
        self.rows = every[(self.table.opposing < 0) | (every < self.table.opposing)]
        """The segments, rising."""
        first, last = self.table.offsets[:-1], self.table.offsets[1:] - 1
        millionths = np.rint(self.table.coords * 1e6).astype(np.int64)
        self._starts, self._ends = millionths[first], millionths[last]

    @contextmanager
    def tracing(self) -> Iterator[RoadGraph]:
        """The graph for following drawn lines; its engine answers one question at a time."""
        with self._lock:
            yield self._graph

    def segment(self, row: int) -> int:
        """The segment of an edge."""
        other = int(self.table.opposing[row])
        return row if other < 0 else min(row, other)

    def directions(self, row: int) -> list[tuple[int, bool]]:
        """The edges of a segment, each with whether it runs as the shape of the row does."""
        other = int(self.table.opposing[row])
        return [(row, True), *([(other, False)] if other >= 0 else [])]

    def ends(self, row: int) -> tuple[Node, Node]:
        """The junctions at the start and at the end of the shape of an edge."""
        (a, b), (c, d) = self._starts[row].tolist(), self._ends[row].tolist()
        return (a, b), (c, d)

    def label(self, row: int) -> str:
        """What a road is called, "" when it has neither name nor number."""
        return next(iter(self.table.names_of(row)), "")

    def rows_named(self, key: str) -> Sequence[int]:
        """The segments that bear a name."""
        return self._by_key[key][1].tolist() if key in self._by_key else []

    def display_name(self, key: str) -> str:
        """A name as the graph writes it."""
        return self._by_key[key][0]

    def has_name(self, key: str) -> bool:
        """Tell whether some segment bears a name."""
        return key in self._by_key

    @property
    def keys(self) -> Mapping[str, str]:
        """Every name by its key."""
        return {key: name for key, (name, _rows) in self._by_key.items()}

    @cached_property
    def _by_key(self) -> Mapping[str, tuple[str, npt.NDArray[np.int64]]]:
        found: dict[str, tuple[str, list[npt.NDArray[np.int64]]]] = {}
        order = np.argsort(self.table.name_rows[self.rows], kind="stable")
        sorted_rows = self.rows[order]
        cuts = np.searchsorted(self.table.name_rows[sorted_rows], np.arange(len(self.table.names) + 1))
        for number, names in enumerate(self.table.names):
            of_names = sorted_rows[cuts[number] : cuts[number + 1]]
            for name in names:
                if len(of_names) and (key := name_key(name)):
                    found.setdefault(key, (name, []))[1].append(of_names)
        return {key: (name, np.unique(np.concatenate(rows))) for key, (name, rows) in found.items()}

    @cached_property
    def _at_node(self) -> Mapping[Node, tuple[int, ...]]:
        found: dict[Node, list[int]] = {}
        for row in self.rows.tolist():
            for node in set(self.ends(row)):
                found.setdefault(node, []).append(row)
        return {node: tuple(rows) for node, rows in found.items()}

    def at_node(self, node: Node) -> Sequence[int]:
        """The segments that meet at a junction."""
        return self._at_node.get(node, ())

    def is_one_way(self, row: int) -> bool:
        """Tell whether a segment is driven in one direction only."""
        return self.table.has(row, EdgeFlag.ONE_WAY)

    def id_of(self, row: int) -> str:
        """What a segment is called outside: bound to this build, because another one numbers its edges anew."""
        return f"{self.table.version[:8]}-{int(self.table.edge_ids[self.segment(row)])}"

    def row_of(self, segment_id: str) -> int | None:
        """The segment of an id; None when it is of another build or none at all."""
        found = _ID.fullmatch(segment_id)
        if found is None or found[1] != self.table.version[:8]:
            return None
        row = self.table.row_of.get(int(found[2]))
        return None if row is None else self.segment(row)

    def length_m(self, piece: Piece) -> float:
        """Metres of a piece on the ground."""
        return float(self.table.lengths_m[piece.row]) * (piece.last - piece.first)

    def line(self, piece: Piece) -> shapely.LineString | None:
        """A piece as a line (lon, lat) in the forward direction of its place; None when nothing is left of it."""
        shape: shapely.LineString = self.table.shapes[piece.row]
        if (piece.first, piece.last) != (0.0, 1.0):
            to_metres = to_metres_at(float(shape.bounds[1]))
            scale = to_metres(np.ones((1, 2)))[0]
            metric = shapely.transform(shape, to_metres)
            part = ops.substring(metric, piece.first, piece.last, normalized=True)
            if not isinstance(part, shapely.LineString) or part.length < _LEAST_M:
                return None
            shape = shapely.LineString(np.round(shapely.get_coordinates(part) / scale, 7))
        return shape.reverse() if piece.backwards else shape


_LEAST_M: Final = 0.05

_kept: dict[Path, Roads] = {}
_opening = threading.Lock()
_MOST_KEPT: Final = 2


def roads_of(territory: TerritoryView) -> Roads:
    """The roads of a territory; a finished build never changes. Raises Unavailable("graph-missing") without a graph."""
    folder = territory.graph_dir
    if folder is None:
        raise Unavailable("graph-missing", slug=territory.slug)
    with _opening:
        roads = _kept.pop(folder, None)
        if roads is None:
            try:
                roads = Roads(RoadGraph.open(folder))
            except FileNotFoundError as error:
                raise Unavailable("graph-missing", slug=territory.slug) from error
        # Those of the towns that were asked about last stay open.
        _kept[folder] = roads
        while len(_kept) > _MOST_KEPT:
            del _kept[next(iter(_kept))]
    return roads
