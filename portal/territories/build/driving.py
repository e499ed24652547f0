"""What the engine takes to drive each edge and each turn: its own times and costs, asked once when a graph is built.

The engine walks along any shape and tells the time and the cost at each node. What it adds from one node to the next
depends on the two edges alone, so that walks that cover every turn give a graph on which its routes can be searched
again without it. Restricted turns, barriers and streets for those who stop in them are read from the tiles.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from valhalla import Actor, ValhallaError

from portal.territories.build.edges import SIZELESS, EdgeTable, point_along
from portal.territories.build.errors import BuildError
from portal.territories.build.graph import TILES_NAME, Progress, open_config
from portal.territories.build.tiles import CAR_ACCESS, IMPASSABLE, TRUCK_ACCESS, ForbiddenWay, TileEdges, read_tiles

DRIVING_NAME = "driving.npz"
MODES = ("auto", "truck")
_ACCESS = {"auto": CAR_ACCESS, "truck": TRUCK_ACCESS}
_LONGEST_WALK = 60
"""Short enough that the engine's single precision keeps a tenth of a millisecond."""
_ROUNDING_S = 0.004
_WAYS_IN = 4
_WAY_ON = 8
_NOT_WALKABLE = (443, 171, 444)

type Floats = npt.NDArray[np.float64]
type Ints = npt.NDArray[np.int32]
type Truths = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class ModeGraph:
    """The turns open to one kind of vehicle, between states. A state is an edge; a few edges have a second state, which
    remembers the edges driven before it, because a restriction over several edges begins there.

    open, destination_only: (n,) by row. edge_s, edge_cost: (n,) what the edge alone takes, NaN where not open.
    state_row: (m,) row of each state; the first n states are the rows. arc_ptr: (m + 1,). arc_to, arc_s, arc_cost,
    arc_back: (a,) the state reached, what the turn alone takes, and whether it is a way back where one came from.
    unknown: turns that the engine would not walk; they are left out.
    """

    open: Truths
    destination_only: Truths
    edge_s: Floats
    edge_cost: Floats
    state_row: Ints
    arc_ptr: Ints
    arc_to: Ints
    arc_s: Floats
    arc_cost: Floats
    arc_back: Truths
    unknown: int


@dataclass(frozen=True, eq=False, slots=True)
class Driving:
    """The graphs of cars and of lorries. start_nodes, end_nodes: (n,) numbers of the nodes of each row."""

    version: str
    start_nodes: Ints
    end_nodes: Ints
    modes: dict[str, ModeGraph]


def build_driving(graph_dir: Path, table: EdgeTable, progress: Progress | None = None) -> Driving:
    """Ask the engine what each edge and turn takes, and store it in the folder of the graph.

    Takes about 0.3 s per 1,000 edges. Raises BuildError when the tiles cannot be read or the engine refuses a shape.
    """
    tiles, ways = read_tiles(graph_dir / TILES_NAME)
    place_of = {int(edge_id): place for place, edge_id in enumerate(tiles.ids)}
    places = np.array([place_of[int(edge_id)] for edge_id in table.edge_ids], dtype=np.int64)
    with open_config(graph_dir) as config:
        actor = Actor(str(config))
    modes = {}
    for number, mode in enumerate(MODES):
        if progress is not None:
            progress("driving", number, len(MODES))
        modes[mode] = _Builder(actor, mode, table, tiles, places).build(ways)
    nodes = np.unique(np.concatenate([tiles.start_nodes, tiles.end_nodes]))
    driving = Driving(
        version=table.version,
        start_nodes=np.searchsorted(nodes, tiles.start_nodes[places]).astype(np.int32),
        end_nodes=np.searchsorted(nodes, tiles.end_nodes[places]).astype(np.int32),
        modes=modes,
    )
    _save(driving, graph_dir / DRIVING_NAME)
    if progress is not None:
        progress("driving", len(MODES), len(MODES))
    return driving


def load_driving(graph_dir: Path) -> Driving:
    """Read the times and costs of a graph. Raises FileNotFoundError when they were not built."""
    with np.load(graph_dir / DRIVING_NAME, allow_pickle=False) as kept:
        about = json.loads(bytes(kept["about"]).decode())
        modes = {
            mode: ModeGraph(unknown=about["unknown"][mode], **{name: kept[f"{mode}_{name}"] for name in _MODE_ARRAYS})
            for mode in MODES
        }
        return Driving(about["version"], kept["start_nodes"], kept["end_nodes"], modes)


def ensure_driving(graph_dir: Path, table: EdgeTable) -> Driving:
    """The times and costs of a graph; a graph built by an earlier version gets them now. Raises as build_driving."""
    try:
        driving = load_driving(graph_dir)
    except FileNotFoundError:
        return build_driving(graph_dir, table)
    return driving if driving.version == table.version else build_driving(graph_dir, table)


_MODE_ARRAYS = (
    "open",
    "destination_only",
    "edge_s",
    "edge_cost",
    "state_row",
    "arc_ptr",
    "arc_to",
    "arc_s",
    "arc_cost",
    "arc_back",
)


def _save(driving: Driving, path: Path) -> None:
    about = {"version": driving.version, "unknown": {mode: graph.unknown for mode, graph in driving.modes.items()}}
    arrays: dict[str, Any] = {"about": np.frombuffer(json.dumps(about).encode(), dtype=np.uint8)}
    arrays |= {"start_nodes": driving.start_nodes, "end_nodes": driving.end_nodes}
    for mode, graph in driving.modes.items():
        arrays |= {f"{mode}_{name}": getattr(graph, name) for name in _MODE_ARRAYS}
    # Another process may be reading or writing the same file.
    descriptor, name = tempfile.mkstemp(prefix=path.stem, suffix=path.suffix, dir=path.parent)
    with os.fdopen(descriptor, "wb") as stream:
        np.savez(stream, **arrays)
    Path(name).replace(path)


@dataclass(frozen=True, slots=True)
class _Turn:
    """A turn from one row to another. back: it goes back where the vehicle came from."""

    source: int
    target: int
    back: bool


class _Builder:
    """The graph of one mode."""

    def __init__(
        self, actor: Actor, mode: str, table: EdgeTable, tiles: TileEdges, places: npt.NDArray[np.int64]
    ) -> None:
        self._actor, self._mode, self._table, self._tiles, self._places = actor, mode, table, tiles, places
        self._bit = _ACCESS[mode]
        access = (tiles.access[places] & self._bit) != 0
        self._open: Truths = access & (tiles.surface[places] != IMPASSABLE)
        self._pieces = _Pieces(table)
        self._alone: dict[int, tuple[float, float]] = {}
        self._driven_s: dict[int, float] = {}
        self._halves: list[tuple[int, int]] = []
        self._internal = tiles.internal[places]
        only = tiles.destination_only_truck if mode == "truck" else tiles.destination_only
        self._only: Truths = only[places]
        self._out: dict[int, list[int]] = defaultdict(list)
        self._into: dict[int, list[int]] = defaultdict(list)

    def build(self, ways: Sequence[ForbiddenWay]) -> ModeGraph:
        turns = list(self._turns())
        measured = self._measure(turns)
        edge_s, edge_cost = self._edges()
        for source, target in self._halves:
            step = self._walk_halves(source, target, edge_cost)
            if step is not None:
                measured[source, target] = step
        count = len(self._table)
        known = [
            (turn, *measured[turn.source, turn.target])
            for turn in turns
            if (turn.source, turn.target) in measured and not np.isnan(edge_cost[turn.target])
        ]
        rows = {int(self._table.edge_ids[row]): row for row in range(count)}
        forbidden = [
            tuple(rows[edge] for edge in way.edges)
            for way in ways
            if way.modes & self._bit and all(edge in rows for edge in way.edges)
        ]
        states = _States(count, forbidden)
        out: dict[int, list[tuple[int, float, float, bool]]] = defaultdict(list)
        of_source: dict[int, list[tuple[_Turn, float, float]]] = defaultdict(list)
        for turn, turn_s, step_cost in known:
            of_source[turn.source].append((turn, turn_s, step_cost - float(edge_cost[turn.target])))
        for state, row in enumerate(states.rows):
            for turn, turn_s, turn_cost in of_source[row]:
                reached = states.after(state, turn.target)
                if reached is not None:
                    out[state].append((reached, turn_s, turn_cost, turn.back))
        arcs = [arc for state in range(len(states.rows)) for arc in out[state]]
        sizes = [len(out[state]) for state in range(len(states.rows))]
        return ModeGraph(
            open=self._open & ~np.isnan(edge_cost),
            destination_only=self._only,
            edge_s=edge_s,
            edge_cost=edge_cost,
            state_row=np.array(states.rows, dtype=np.int32),
            arc_ptr=np.concatenate(([0], np.cumsum(sizes))).astype(np.int32),
            arc_to=np.array([arc[0] for arc in arcs], dtype=np.int32),
            arc_s=np.array([arc[1] for arc in arcs], dtype=np.float64),
            # Differences of figures rounded to the millisecond: a turn that costs nothing must not cost less.
            arc_cost=np.maximum(np.array([arc[2] for arc in arcs], dtype=np.float64), 0.0),
            arc_back=np.array([arc[3] for arc in arcs], dtype=bool),
            unknown=len(turns) - len(known),
        )

    def _turns(self) -> Iterator[_Turn]:
        """The turns that no restriction of two edges forbids; at a barrier one can only go back."""
        tiles, places = self._tiles, self._places
        leaving: dict[int, list[int]] = defaultdict(list)
        for row in np.flatnonzero(self._open).tolist():
            leaving[int(tiles.start_nodes[places[row]])].append(row)
        for row in np.flatnonzero(self._open).tolist():
            place = places[row]
            for other in leaving[int(tiles.end_nodes[place])]:
                local = int(tiles.local_index[places[other]])
                back = local == int(tiles.back_index[place])
                passable = int(tiles.nodes_open[place]) & self._bit
                if (passable or back) and not int(tiles.restricted[place]) >> local & 1:
                    yield _Turn(row, other, back)

    def _measure(self, turns: Sequence[_Turn]) -> dict[tuple[int, int], tuple[float, float]]:
        """By turn: the time of the turn alone, and the cost of the turn and the edge after it."""
        measured: dict[tuple[int, int], tuple[float, float]] = {}
        for turn in turns:
            self._out[turn.source].append(turn.target)
            self._into[turn.target].append(turn.source)
        for walk in _walks(turns, self._internal):
            self._walk(walk, measured)
        return measured

    def _walk(self, walk: Sequence[int], measured: dict[tuple[int, int], tuple[float, float]]) -> None:
        nodes = self._trace(walk)
        if nodes is not None:
            self._alone[walk[0]] = (nodes[0][0], nodes[0][1])
            self._note(walk, nodes, measured)
        elif len(walk) > 2:
            middle = len(walk) // 2
            self._walk(walk[: middle + 1], measured)
            self._walk(walk[middle:], measured)
        else:
            self._walk_further(walk[0], walk[1], measured)

    def _walk_further(self, source: int, target: int, measured: dict[tuple[int, int], tuple[float, float]]) -> None:
        """Measure one turn in the middle of a longer walk: within 5 m of its ends the engine may take other edges."""
        after = self._onwards(source, target)
        # Before an edge within a junction nothing is put, see _walks.
        before = [] if self._internal[source] else [row for row in self._into[source] if row != target][:_WAYS_IN]
        for walk in [[source, target, *after], *([row, source, target, *after] for row in before)]:
            at = walk.index(source)
            nodes = self._trace(walk, whole=at + 2)
            if nodes is not None:
                self._note(walk[at : at + 2], nodes[at : at + 2], measured)
                return
        self._halves.append((source, target))

    def _walk_halves(self, source: int, target: int, edge_cost: Floats) -> tuple[float, float] | None:
        """As in `_measure`, from the middle of one edge to the middle of the next: no other edge is near these ends."""
        nodes = self._trace([source, target], encoded=self._pieces.encode_halves(source, target))
        if nodes is None or np.isnan(edge_cost[source] + edge_cost[target]):
            return None
        return nodes[0][2], nodes[1][1] - nodes[0][1] + 0.5 * float(edge_cost[target])

    def _onwards(self, source: int, target: int) -> list[int]:
        walk = [source, target]
        while len(walk) < _WAY_ON:
            ways = [row for row in self._out[walk[-1]] if row not in walk]
            if not ways:
                break
            walk.append(max(ways, key=lambda row: float(self._table.lengths_m[row])))
        return walk[2:]

    def _note(
        self,
        walk: Sequence[int],
        nodes: Sequence[tuple[float, float, float]],
        measured: dict[tuple[int, int], tuple[float, float]],
    ) -> None:
        for (source, target), before, after in zip(pairwise(walk), nodes, nodes[1:], strict=False):
            measured[source, target] = (before[2], after[1] - before[1])
            self._driven_s[target] = after[0] - before[0] - before[2]

    def _trace(self, walk: Sequence[int], whole: int = 0, encoded: str = "") -> list[tuple[float, float, float]] | None:
        """Time, cost and time of the next turn at the end of each edge of a walk; None when the engine walks another.

        whole: how many edges are wanted; all of them when 0, otherwise the engine may leave the walk after the next.
        """
        request = {
            "encoded_polyline": encoded or self._pieces.encode(walk),
            "costing": self._mode,
            "costing_options": {self._mode: SIZELESS[self._mode]},
            "shape_match": "edge_walk",
            "filters": {"action": "include", "attributes": _ATTRIBUTES},
        }
        try:
            traced: dict[str, Any] = self._actor.trace_attributes(request)
        except ValhallaError as error:
            if error.code in _NOT_WALKABLE:
                return None
            raise BuildError("graph-build-failed", reason=f"{error.code}: {error.message}"[:200]) from error
        wanted = min(len(walk), whole + 1) if whole else len(walk)
        edges = traced["edges"][:wanted]
        if [edge["id"] for edge in edges] != [int(self._table.edge_ids[row]) for row in walk[:wanted]]:
            return None
        ends = [edge["end_node"] for edge in edges]
        return [(end["elapsed_time"], end["elapsed_cost"], end.get("transition_time", 0.0)) for end in ends]

    def _edges(self) -> tuple[Floats, Floats]:
        """Time and cost of each edge alone: what costs alike per second is asked once, on the longest of its kind."""
        count = len(self._table)
        edge_s, edge_cost = np.full(count, np.nan), np.full(count, np.nan)
        kinds: dict[int, list[int]] = defaultdict(list)
        for row in np.flatnonzero(self._open).tolist():
            kinds[int(self._tiles.kind[self._places[row]])].append(row)
        for rows in kinds.values():
            self._fill(rows, edge_s, edge_cost)
        return edge_s, edge_cost

    def _fill(self, rows: list[int], edge_s: Floats, edge_cost: Floats) -> None:
        rows = sorted(rows, key=lambda row: -float(self._table.lengths_m[row]))
        asked = next((alone for row in rows if (alone := self._ask(row)) is not None), None)
        if asked is None or asked[0] <= 0:
            return
        factor = asked[1] / asked[0]
        seen = [self._alone[row] for row in rows if row in self._alone]
        alike = all(abs(cost - factor * alone_s) <= _ROUNDING_S * max(1.0, factor) for alone_s, cost in seen)
        for row in rows:
            alone = self._alone.get(row) or (None if alike else self._ask(row))
            if alone is None and alike and row in self._driven_s:
                alone = (self._driven_s[row], factor * self._driven_s[row])
            alone = alone or self._ask(row)
            if alone is not None:
                edge_s[row], edge_cost[row] = max(alone[0], 0.0), max(alone[1], 0.0)

    def _ask(self, row: int) -> tuple[float, float] | None:
        if row not in self._alone:
            nodes = self._trace([row])
            if nodes is None:
                return None
            self._alone[row] = (nodes[0][0], nodes[0][1])
        return self._alone[row]


_ATTRIBUTES = ["edge.id", "node.elapsed_time", "node.elapsed_cost", "node.transition_time"]


def _walks(turns: Sequence[_Turn], internal: Truths) -> Iterator[list[int]]:
    """Walks that cover every turn.

    A walk never goes a, b, a: the engine takes that for a loop of its own. It ends on an edge within a junction: there
    the engine adds something for the turn before, which must not be stored as the cost of this one.
    """
    left: dict[int, list[int]] = defaultdict(list)
    for turn in turns:
        left[turn.source].append(turn.target)
    for source in list(left):
        while left[source]:
            walk = [source]
            while len(walk) < _LONGEST_WALK and (len(walk) == 1 or not internal[walk[-1]]):
                choices = left.get(walk[-1], [])
                place = next((i for i, row in enumerate(choices) if len(walk) < 2 or row != walk[-2]), None)
                if place is None:
                    break
                walk.append(choices.pop(place))
            yield walk


def encode_line(coords: Floats) -> str:
    """A line (k, 2) of lon, lat as the engine reads it: an encoded polyline of six digits."""
    line = np.rint(coords * 1e6).astype(np.int64)
    steps = np.diff(line, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))[:, ::-1].reshape(-1, 1)
    # As `_number` writes each, all at once: five bits a character, the lowest first, more to come told by a sixth.
    left = np.where(steps < 0, ~(steps << 1), steps << 1) >> _SHIFTS
    signs = (left & 0x1F) + np.where(left >= 0x20, 0x20, 0) + 63
    return bytes(signs[(left > 0) | (_SHIFTS == 0)].astype(np.uint8)).decode("ascii")


_SHIFTS: Final = np.arange(0, 35, 5)


class _Pieces:
    """The shapes of the edges as pieces of encoded lines, to be put together to the shape of a walk."""

    def __init__(self, table: EdgeTable) -> None:
        self._table = table
        self._steps: dict[int, str] = {}
        self._fixed = np.rint(table.coords * 1e6).astype(np.int64)

    def encode(self, rows: Sequence[int]) -> str:
        lon, lat = self._fixed[self._table.offsets[rows[0]]].tolist()
        return _number(lat) + _number(lon) + "".join(self._piece(row) for row in rows)

    def encode_halves(self, source: int, target: int) -> str:
        """The second half of an edge and the first half of the next."""
        first, second = self._halved(source)[1], self._halved(target)[0]
        return encode_line(np.concatenate([first, second[1:]]))

    def _halved(self, row: int) -> tuple[Floats, Floats]:
        shape = self._table.shape_coords(row)
        middle = np.array(point_along(shape, 0.5))
        scale = np.array([np.cos(np.radians(shape[:, 1].mean())), 1.0])
        reached = np.concatenate(([0.0], np.cumsum(np.hypot(*(np.diff(shape, axis=0) * scale).T))))
        before = int(np.searchsorted(reached, reached[-1] / 2))
        return np.vstack([shape[:before], middle]), np.vstack([middle, shape[before:]])

    def _piece(self, row: int) -> str:
        if row not in self._steps:
            shape = self._fixed[self._table.offsets[row] : self._table.offsets[row + 1]]
            self._steps[row] = "".join(_number(lat) + _number(lon) for lon, lat in np.diff(shape, axis=0).tolist())
        return self._steps[row]


def _number(value: int) -> str:
    value = ~(value << 1) if value < 0 else value << 1
    text = ""
    while value >= 0x20:
        text += chr((0x20 | (value & 0x1F)) + 63)
        value >>= 5
    return text + chr(value + 63)


class _States:
    """What of the way behind it a vehicle must remember so that it drives no forbidden sequence of rows.

    The states after the rows are the beginnings, of two rows or more, of the forbidden sequences (Aho and Corasick).
    """

    def __init__(self, count: int, forbidden: Sequence[tuple[int, ...]]) -> None:
        self._forbidden = frozenset(forbidden)
        begun = dict.fromkeys(way[:length] for way in forbidden for length in range(2, len(way)))
        self._number = {way: count + place for place, way in enumerate(begun)}
        self._behind: list[tuple[int, ...]] = [(row,) for row in range(count)] + list(begun)
        self.rows = [way[-1] for way in self._behind]

    def after(self, state: int, row: int) -> int | None:
        """The state once a row is driven next; None when that ends a forbidden sequence."""
        way = (*self._behind[state], row)
        if any(way[start:] in self._forbidden for start in range(len(way) - 1)):
            return None
        for start in range(len(way) - 1):
            if way[start:] in self._number:
                return self._number[way[start:]]
        return row
