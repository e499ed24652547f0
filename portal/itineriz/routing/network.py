"""The graph of a territory as the search reads it: turns with the engine's own times and costs, and the law of a leg.

A way found here costs what the engine says it costs. One Network per graph, shared by all threads; each thread has its
own scratch, so that a search allocates nothing of the size of the graph.
"""

from __future__ import annotations

import math
import os
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from portal.itineriz.routing.kernel import (
    FOUND,
    NOT_FOUND,
    SCRATCH_FULL,
    TOO_DEAR,
    UNREACHED,
    WORTH_S,
    closed_along,
    costs_from,
    search,
    trace,
)
from portal.itineriz.routing.leglaw import LegLaw, PartLaw
from portal.itineriz.routing.timetable import NO_SPANS
from portal.itineriz.routing.ways import Direct, End, Floats, Rows, Targets, Way, directs_of
from portal.territories.api import Driving, EdgeTable

__all__ = ["Direct", "End", "Network", "Targets", "Way", "directs_of"]

type Landmarks = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]

HORIZON_S: Final = 3600.0
"""Longer than a leg within a city takes."""
_LANDMARKS: Final = 12
_CODES_KEPT: Final = 64
_LIMIT_PENALTY_S: Final = 7200.0
_ZONE_PENALTY_S: Final = 1800.0


@dataclass(slots=True)
class _Metric:
    """What a search keeps low: the engine's cost or the time, by row and by turn, with its landmarks once found."""

    name: str
    edge_cost: Floats
    arc_cost: Floats
    landmarks: Landmarks | None = None


class Network:
    """The searchable graph of one kind of vehicle (`auto` or `truck`)."""

    def __init__(self, table: EdgeTable, driving: Driving, mode: str, cache: Path | None = None) -> None:
        graph = driving.modes[mode]
        self.table, self.mode = table, mode
        self.graph = graph
        self.start_nodes, self.end_nodes = driving.start_nodes, driving.end_nodes
        self._cache = cache
        self._of_thread = threading.local()
        count = len(table)
        source = np.repeat(graph.state_row, np.diff(graph.arc_ptr))
        target = graph.state_row[graph.arc_to]
        order = np.argsort(target, kind="stable")
        back_ptr = np.concatenate(([0], np.cumsum(np.bincount(target, minlength=count)))).astype(np.int32)
        edge_s, edge_cost = (np.nan_to_num(one, nan=0.0) for one in (graph.edge_s, graph.edge_cost))
        self._sources = source[order].astype(np.int32)
        self._edge_s, self._back_ptr = edge_s, back_ptr
        self._by_cost = _Metric("cost", edge_cost, graph.arc_cost)
        self._by_time = _Metric("time", edge_s, graph.arc_s)
        self.turns = (
            graph.arc_ptr,
            graph.arc_to,
            back_ptr,
            self._sources,
            driving.start_nodes,
            driving.end_nodes,
        )
        self._no_law = _law_arrays(_empty_law(count))

    def way(
        self,
        starts: Sequence[End],
        ends: Sequence[End],
        *,
        law: LegLaw | None = None,
        depart_s: float = 0.0,
        directs: Sequence[Direct] | None = None,
        closed: npt.NDArray[np.bool_] | None = None,
        soft: bool = False,
        horizon_s: float = HORIZON_S,
        by_time: bool = False,
        within: float = math.inf,
    ) -> Way | None:
        """The cheapest way from one of the starts to one of the ends; None when there is none.

        depart_s: seconds since 1970. directs: as `directs_of` finds them, with their law. closed: (n,) rows closed in
        any case. horizon_s: how long the way may last; what opens or closes later does not matter. soft: the law and
        `closed` may be broken, at a price: names what is in the way. by_time: the earliest way instead of the cheapest.
        within: a way that costs more, or takes longer when by_time, need not be found.
        """
        targets = Targets.of([ends])
        metric = self._by_time if by_time else self._by_cost
        direct = directs_of(starts, ends) if directs is None else directs
        # Streets for those who stop in them are the engine's second try. It tries at once where the ends touch.
        for relaxed in (False, True) if not self._touching(starts, ends) else (True,):
            if relaxed and len(starts) == 0:
                return None
            result, best, scratch = self._run(
                starts,
                targets,
                direct,
                law,
                (depart_s, horizon_s),
                closed,
                soft=soft,
                relaxed=relaxed,
                goal=True,
                metric=metric,
                within=within,
            )
            if result == FOUND:
                return self._read(scratch, int(best[0, 1]), starts, ends, relaxed=relaxed)
            if result == TOO_DEAR or not bool(self.graph.destination_only.any()):
                return None
        return None

    def closed_along(
        self, way: Way, law: LegLaw, depart_s: float, closed: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """(k,) the edges of a way that something closes when it is there; zones are taken for closed."""
        arrays = _law_arrays(law)
        out = np.zeros(len(way.rows), dtype=np.bool_)
        closed_along((*arrays[:7], closed, arrays[8]), way.rows, way.begin_s, way.end_s, depart_s, out)
        return out

    def many(
        self,
        starts: Sequence[End],
        targets: Sequence[Sequence[End]] | Targets,
        *,
        law: LegLaw | None = None,
        depart_s: float = 0.0,
    ) -> tuple[Floats, Floats]:
        """Seconds and costs (t,) to each of many targets, inf where there is no way; one search for all."""
        asked = targets if isinstance(targets, Targets) else Targets.of(targets)
        best_s = np.full(asked.count, np.inf)
        costs = np.full(asked.count, np.inf)
        left = np.arange(asked.count)
        for relaxed in (False, True):
            _, best, scratch = self._run(
                starts,
                asked,
                asked.directs_from(starts),
                law,
                (depart_s, HORIZON_S),
                None,
                soft=False,
                relaxed=relaxed,
                goal=False,
                metric=self._by_cost,
            )
            labels = best[:, 1].astype(np.int64)
            reached = labels >= 0
            best_s[left[reached]] = scratch[3][labels[reached]]
            costs[left[reached]] = best[reached, 0]
            left, asked = left[~reached], asked.some(~reached)
            if len(left) == 0 or not bool(self.graph.destination_only.any()):
                break
        return best_s, costs

    def _run(
        self,
        starts: Sequence[End],
        targets: Targets,
        directs: Sequence[Direct],
        law: LegLaw | None,
        when: tuple[float, float],
        closed: npt.NDArray[np.bool_] | None,
        *,
        soft: bool,
        relaxed: bool,
        goal: bool,
        metric: _Metric,
        within: float = math.inf,
    ) -> tuple[int, Floats, tuple[Any, ...]]:
        zones, codes, first_code = _zones(law)
        arrays = self._no_law if law is None else _law_arrays(law)
        if closed is not None:
            arrays = (*arrays[:7], arrays[7] | closed, arrays[8])
        start_arrays = self._start_arrays(starts, first_code, soft=soft)
        target_arrays = self._target_arrays(targets, metric, soft=soft)
        direct_arrays = (
            np.array([one.start for one in directs], dtype=np.int32),
            np.array([one.end for one in directs], dtype=np.int32),
            *_spans([one.part for one in directs], soft=soft),
        )
        timed = law is not None and not soft and _changes(law, *when)
        best = np.empty((targets.count, 2))
        room, worth_s = 4, WORTH_S
        graph, bounds = self._pack(metric), self.landmarks(metric) if goal else _NO_LANDMARKS
        while True:
            scratch = self._scratch(codes, room)
            scratch.generation += 1
            options = (when[0], soft, timed, worth_s, relaxed, goal, codes, scratch.generation, within)
            result = search(
                graph,
                arrays,
                zones,
                start_arrays,
                target_arrays,
                direct_arrays,
                bounds,
                options,
                scratch.arrays,
                best,
            )
            if result == SCRATCH_FULL:
                room *= 4
            elif result != NOT_FOUND or not timed or not goal or worth_s == 0.0:
                return result, best, scratch.arrays
            else:
                # A few seconds may be what a closure leaves: nothing is refused before the least of them was tried.
                worth_s = 0.0

    def _pack(self, metric: _Metric) -> tuple[Any, ...]:
        """The graph as the compiled search takes it."""
        graph = self.graph
        return (
            len(self.table),
            len(graph.state_row),
            graph.open,
            self._edge_s,
            metric.edge_cost,
            graph.destination_only,
            graph.state_row,
            graph.arc_ptr,
            graph.arc_to,
            graph.arc_s,
            metric.arc_cost,
            graph.arc_back,
            self._back_ptr,
            self._sources,
        )

    def _start_arrays(self, starts: Sequence[End], first_code: int, *, soft: bool) -> tuple[Any, ...]:
        parts = [end.part for end in starts]
        return (
            np.array([end.row for end in starts], dtype=np.int32),
            np.array([end.at for end in starts], dtype=np.float64),
            np.array([end.extra_cost for end in starts], dtype=np.float64),
            *_spans(parts, soft=soft),
            np.array([part.zones for part in parts], dtype=np.int64),
            first_code,
        )

    def _target_arrays(self, targets: Targets, metric: _Metric, *, soft: bool) -> tuple[Any, ...]:
        rows, at = targets.rows, targets.at
        ptr, spans = _spans(targets.parts, soft=soft)
        rest = (1.0 - at) * metric.edge_cost[rows] if len(rows) else at
        return targets.ids, rows, at, targets.extra_cost, ptr, rest, spans, targets.zones

    def _touching(self, starts: Sequence[End], ends: Sequence[End]) -> bool:
        for one, other in product(starts, ends):
            nodes = {int(self.start_nodes[one.row]), int(self.end_nodes[one.row])}
            if nodes & {int(self.start_nodes[other.row]), int(self.end_nodes[other.row])}:
                return True
        return False

    def _read(
        self, scratch: tuple[Any, ...], label: int, starts: Sequence[End], ends: Sequence[End], *, relaxed: bool
    ) -> Way:
        label_cost, label_s, label_state, label_from = scratch[2], scratch[3], scratch[4], scratch[6]
        out = np.empty(len(self.graph.state_row) * 2 + 8, dtype=np.int64)
        labels = out[: trace(label, label_from, out)]
        end = ends[-1 - int(label_state[label])]
        start = starts[-2 - int(label_from[labels[0]])]
        rows = np.array([end.row if state < 0 else self.graph.state_row[state] for state in label_state[labels]])
        end_s = label_s[labels].copy()
        return Way(
            rows=rows.astype(np.int32),
            begin_s=np.concatenate(([0.0], end_s[:-1])),
            end_s=end_s,
            first_at=start.at,
            last_at=end.at,
            cost=float(label_cost[label]),
            relaxed=relaxed,
        )

    def _scratch(self, codes: int, room: int) -> _Scratch:
        kept: _Scratch | None = getattr(self._of_thread, "scratch", None)
        if kept is None or kept.codes < codes or kept.room < room:
            kept = _Scratch(len(self.table), len(self.graph.state_row), len(self.graph.arc_to), codes, room)
            if codes <= _CODES_KEPT:
                self._of_thread.scratch = kept
        return kept

    def landmarks(self, metric: _Metric) -> Landmarks:
        """(n, k) cost from the end of each row to that of each landmark, and back; kept beside the graph."""
        found = metric.landmarks
        if found is None:
            found = metric.landmarks = self._open_landmarks(metric)
        return found

    def _open_landmarks(self, metric: _Metric) -> Landmarks:
        name = f"landmarks-{self.mode}-{metric.name}-{_LANDMARKS}.npz"
        path = None if self._cache is None else self._cache / name
        if path is not None and path.is_file():
            with np.load(path, allow_pickle=False) as kept:
                if str(kept["version"]) == self.table.version:
                    return kept["towards"], kept["away"]
        towards, away = self._find_landmarks(metric)
        if path is not None and os.access(path.parent, os.W_OK):
            _keep(path, version=np.array(self.table.version), towards=towards, away=away)
        return towards, away

    def _find_landmarks(self, metric: _Metric) -> Landmarks:
        """Landmarks far from each other: each is the row farthest from those before it."""
        graph = self.graph
        count = len(self.table)
        source = np.repeat(graph.state_row, np.diff(graph.arc_ptr))
        target = graph.state_row[graph.arc_to]
        there = _by_source(source, target, metric.arc_cost + metric.edge_cost[target], count)
        back = _by_source(target, source, metric.arc_cost + metric.edge_cost[target], count)
        towards = np.full((count, _LANDMARKS), UNREACHED, dtype=np.float32)
        away = np.full((count, _LANDMARKS), UNREACHED, dtype=np.float32)
        out = np.empty(count)
        opened = np.flatnonzero(graph.open)
        if len(opened) == 0:
            return towards, away
        costs_from(_centre(self.table, opened), *there, out)
        nearest = np.where(out < UNREACHED, out, -1.0)
        for number in range(_LANDMARKS):
            row = int(np.argmax(nearest))
            costs_from(row, *there, out)
            away[:, number] = out
            nearest = np.where(out < UNREACHED, np.minimum(nearest, out), nearest if number else -1.0)
            nearest[row] = -1.0
            costs_from(row, *back, out)
            towards[:, number] = out
        return towards, away


class _Scratch:
    """Arrays that one thread's searches write in; a generation tells what an earlier search left."""

    def __init__(self, rows: int, states: int, arcs: int, codes: int, room: int) -> None:
        self.codes, self.room, self.generation = codes, room, 0
        labels = room * max(1, codes // 4) * (arcs // 2 + 64)
        entries = labels

        def ints(size: int) -> Rows:
            return np.zeros(size, dtype=np.int32)

        def floats(size: int) -> Floats:
            return np.empty(size, dtype=np.float64)

        self.arrays: tuple[Any, ...] = (
            floats(entries),
            ints(entries),
            floats(labels),
            floats(labels),
            ints(labels),
            ints(labels),
            ints(labels),
            ints(labels),
            np.zeros(labels, dtype=np.bool_),
            ints(states * codes),
            ints(states * codes),
            floats(rows),
            ints(rows),
            ints(rows),
            ints(rows),
            ints(rows),
            ints(4 * rows + 64),
        )


_NO_LANDMARKS: Final = (np.empty((0, 0), dtype=np.float32), np.empty((0, 0), dtype=np.float32))


def _empty_law(count: int) -> tuple[Any, ...]:
    nothing = np.zeros(1, dtype=np.int64)
    return (
        np.zeros(count + 1, dtype=np.int64),
        np.empty(0, dtype=np.int32),
        np.empty(0, dtype=np.uint8),
        np.empty(0),
        nothing,
        np.empty(0),
        np.empty(0),
        np.zeros(count, dtype=np.bool_),
    )


def _law_arrays(law: LegLaw | tuple[Any, ...]) -> tuple[Any, ...]:
    arrays = (
        law
        if isinstance(law, tuple)
        else (
            law.pair_ptr,
            law.pair_reg,
            law.reg_state,
            law.reg_penalty_s,
            law.span_ptr,
            law.span_from,
            law.span_until,
            law.row_closed,
        )
    )
    return (*arrays, np.array([_LIMIT_PENALTY_S, _ZONE_PENALTY_S]))


def _zones(law: LegLaw | None) -> tuple[tuple[Any, ...], int, int]:
    """The zones of a leg, how many codes their states make, and the code at the start.

    A zone with a stop at both ends has three states, at one end two, and none needs no state: it is closed.
    """
    if law is None or len(law.zone_regs) == 0:
        return _NO_ZONES, 1, 0
    begins, ends = law.zone_start.astype(bool), law.zone_end.astype(bool)
    radix = np.where(begins & ends, 3, 2).astype(np.int64)
    # At the start: inside (0) where the start is, else outside, which is the first state of the zones of the end.
    first = 0
    zones = (law.zone_start, law.zone_end, radix, np.array(law.zone_regs, dtype=np.int64))
    return zones, int(np.prod(radix)), first


_NO_ZONES: Final = (
    np.empty(0, dtype=np.uint8),
    np.empty(0, dtype=np.uint8),
    np.empty(0, dtype=np.int64),
    np.empty(0, dtype=np.int64),
)


def _spans(parts: Sequence[PartLaw], *, soft: bool) -> tuple[Rows, Floats]:
    # Many ends share one part: whether any has spans is asked once of each.
    if soft or not any(len(part.spans) for part in set(parts)):
        return np.zeros(len(parts) + 1, dtype=np.int32), NO_SPANS
    sizes = [len(part.spans) for part in parts]
    return (
        np.concatenate(([0], np.cumsum(sizes))).astype(np.int32),
        np.ascontiguousarray(np.concatenate([part.spans for part in parts])),
    )


def _changes(law: LegLaw, depart_s: float, horizon_s: float) -> bool:
    """Tell whether anything that binds the leg opens or closes while it is driven: an earlier arrival is then worth
    something."""
    binding = np.repeat(law.reg_state > 0, np.diff(law.span_ptr))
    until = depart_s + horizon_s
    starts, ends = law.span_from, law.span_until
    soon = ((starts > depart_s) & (starts < until)) | ((ends > depart_s) & (ends < until))
    return bool((soon & binding).any())


def _by_source(source: Rows, target: Rows, weight: Floats, count: int) -> tuple[Rows, Rows, Floats]:
    order = np.argsort(source, kind="stable")
    ptr = np.concatenate(([0], np.cumsum(np.bincount(source, minlength=count)))).astype(np.int32)
    return ptr, target[order].astype(np.int32), np.ascontiguousarray(weight[order])


def _centre(table: EdgeTable, rows: npt.NDArray[np.int64]) -> int:
    middles = table.coords[(table.offsets[rows] + table.offsets[rows + 1]) // 2]
    away = np.abs(middles - np.median(middles, axis=0)).sum(axis=1)
    return int(rows[np.argmin(away)])


def _keep(path: Path, **arrays: npt.NDArray[Any]) -> None:
    """Store arrays at once: another process may be reading or writing the same."""
    descriptor, name = tempfile.mkstemp(prefix=path.stem, suffix=".npz", dir=path.parent)
    with os.fdopen(descriptor, "wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]
    Path(name).replace(path)
