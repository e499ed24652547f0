"""The best lawful way by brute force: every edge asked of the law at the moment it is driven, no bound, no index.

Same edges, same times and costs as the search it is compared with; another algorithm, in plain Python. Labels are kept
as long as none is both cheaper and earlier. It knows no perimeter that a stop opens: laws without these are asked.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.itineriz.routing.checking import ids_at
from portal.itineriz.routing.costing import Costing, costing_for
from portal.itineriz.routing.drives import part_of
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.lawgrid import grid_of
from portal.itineriz.routing.snapping import Place
from portal.regulations.evaluate import StopsInside, judge
from portal.regulations.passes import PassRight
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Vehicle


@dataclass(frozen=True)
class Found:
    """Cost as the engine counts, and seconds on the way."""

    cost: float
    seconds: float


class Brute:
    """One vehicle under one law, from one point to another."""

    def __init__(
        self, engine: Engine, law: LawSnapshot, vehicle: Vehicle, passes: tuple[PassRight, ...], depart_at: datetime
    ) -> None:
        self.engine, self.law, self.vehicle, self.passes, self.depart_at = engine, law, vehicle, passes, depart_at
        self.costing: Costing = costing_for(vehicle, unknown_is_large=True)
        self.network = engine.network(self.costing.name)
        self.graph = self.network.graph
        self.closed = engine.limits.closed_to(vehicle, self.costing, False)
        self.grid = grid_of(engine, law)
        self.hits: dict[int, tuple[Hit, ...]] = {}
        self.purpose = StopsInside(frozenset())

    def way(self, start: tuple[float, float], end: tuple[float, float], *, by_time: bool = False) -> Found | None:
        """The cheapest way, or the earliest arrival, from the first street of a point to that of another."""
        starts = self.engine.places(start, self.costing, leaving=True)
        ends = self.engine.places(end, self.costing, leaving=False)
        self.purpose = StopsInside(ids_at(self.law, start) | ids_at(self.law, end))
        touching = any(self._nodes(one.row) & self._nodes(other.row) for one in starts for other in ends)
        for allowed in (None,) if touching else (self._destinations(starts, ends), None):
            found = self._search(starts, ends, allowed, by_time=by_time)
            if found is not None:
                return found
        return None

    def _nodes(self, row: int) -> set[int]:
        return {int(self.network.start_nodes[row]), int(self.network.end_nodes[row])}

    def _destinations(self, starts: Sequence[Place], ends: Sequence[Place]) -> set[int]:
        """Streets for those who stop in them that hang together with a start or an end."""
        graph = self.graph
        following: dict[int, list[int]] = {}
        before: dict[int, list[int]] = {}
        for state in range(len(graph.state_row)):
            for arc in range(graph.arc_ptr[state], graph.arc_ptr[state + 1]):
                one, other = int(graph.state_row[state]), int(graph.state_row[graph.arc_to[arc]])
                following.setdefault(one, []).append(other)
                before.setdefault(other, []).append(one)
        near: set[int] = set()
        for rows, turns in (([p.row for p in starts], following), ([p.row for p in ends], before)):
            seen, queue = set(rows), list(rows)
            while queue:
                for row in turns.get(queue.pop(), ()):
                    if graph.destination_only[row] and row not in seen:
                        seen.add(row)
                        queue.append(row)
            near |= seen
        return near

    def _search(
        self, starts: Sequence[Place], ends: Sequence[Place], allowed: set[int] | None, *, by_time: bool
    ) -> Found | None:
        graph, of_row = self.graph, {end.row: end for end in ends}
        heap: list[tuple[float, int, float, float, int]] = []
        kept: dict[int, list[tuple[float, float]]] = {}
        count = 0

        def push(cost: float, seconds: float, state: int) -> None:
            nonlocal count
            if any(c <= cost and s <= seconds for c, s in kept.get(state, ())):
                return
            kept.setdefault(state, []).append((cost, seconds))
            count += 1
            heapq.heappush(heap, (seconds if by_time else cost, count, cost, seconds, state))

        for place in starts:
            if place.row in of_row and of_row[place.row].at >= place.at and graph.open[place.row]:
                end = of_row[place.row]
                share = end.at - place.at
                if self._part_open(place.row, place.at, end.at, 0.0, share * graph.edge_s[place.row]):
                    cost = share * graph.edge_cost[place.row] + place.extra_cost + end.extra_cost
                    push(cost, share * float(graph.edge_s[place.row]), -1)
            seconds = (1 - place.at) * float(graph.edge_s[place.row])
            if graph.open[place.row] and self._part_open(place.row, place.at, 1.0, 0.0, seconds):
                push((1 - place.at) * float(graph.edge_cost[place.row]) + place.extra_cost, seconds, place.row)
        while heap:
            _, _, cost, seconds, state = heapq.heappop(heap)
            if state == -1:
                return Found(cost, seconds)
            moves = list(self._moves(state, cost, seconds, of_row, allowed, back=False))
            for move in moves or self._moves(state, cost, seconds, of_row, allowed, back=True):
                push(*move)
        return None

    def _moves(
        self,
        state: int,
        cost: float,
        seconds: float,
        of_row: dict[int, Place],
        allowed: set[int] | None,
        *,
        back: bool,
    ) -> Iterable[tuple[float, float, int]]:
        graph = self.graph
        for arc in range(graph.arc_ptr[state], graph.arc_ptr[state + 1]):
            if bool(graph.arc_back[arc]) != back:
                continue
            reached = int(graph.arc_to[arc])
            row = int(graph.state_row[reached])
            if allowed is not None and graph.destination_only[row] and row not in allowed:
                continue
            turned, paid = seconds + float(graph.arc_s[arc]), cost + float(graph.arc_cost[arc])
            if row in of_row:
                end = of_row[row]
                there = turned + end.at * float(graph.edge_s[row])
                if self._part_open(row, 0.0, end.at, seconds, there):
                    yield paid + end.at * float(graph.edge_cost[row]) + end.extra_cost, there, -1
            there = turned + float(graph.edge_s[row])
            if self._row_open(row, seconds, there):
                yield paid + float(graph.edge_cost[row]), there, reached

    def _row_open(self, row: int, since: float, until: float) -> bool:
        if self.closed[row]:
            return False
        if row not in self.hits:
            self.hits[row] = self.law.at(self.engine.table.shapes[row], self.engine.facts[row])
        return self._lets(self.hits[row], row, since, until)

    def _part_open(self, row: int, first: float, last: float, since: float, until: float) -> bool:
        if self.closed[row]:
            return False
        if math.isclose(first, last):
            return True
        path = part_of(self.engine.table, row, first, last)
        return self._lets(self.grid.hits_of_part(path, row), row, since, until)

    def _lets(self, hits: tuple[Hit, ...], row: int, since: float, until: float) -> bool:
        if not hits:
            return True
        start, end = (self.depart_at + timedelta(seconds=float(one)) for one in (since, until))
        during = Interval(start, max(start, end))
        verdict = judge(self.law, hits, during, self.vehicle, self.passes, self.purpose, self.engine.facts[row])
        return not verdict.obstacles
