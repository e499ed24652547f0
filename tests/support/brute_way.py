"""The best lawful way by brute force: every edge asked of the law at the moment it is driven, no bound, no index.

Same edges, same times and costs as the search it is compared with; another algorithm, in plain Python. Labels are kept
as long as none at the same place is both cheaper and earlier. A label remembers the areas that it has not left since
its start, and those that it may not leave any more because it drove there as one who stops inside at its end.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache

import shapely

from portal.itineriz.routing.checking import hits_at, ids_at
from portal.itineriz.routing.costing import Costing, costing_for
from portal.itineriz.routing.drives import part_of, point_on
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.lawgrid import grid_of
from portal.itineriz.routing.snapping import Place
from portal.regulations.evaluate import StopsInside, judge, verdict_spans
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import Hit, LawSnapshot
from portal.regulations.vehicles import Vehicle

_TOUCH_M = 1.0
_AHEAD_S = 2 * 3600.0


@dataclass(frozen=True)
class Found:
    """Cost as the engine counts, and seconds on the way."""

    cost: float
    seconds: float


@dataclass(frozen=True)
class Inside:
    """Areas (ids): those not left since the start, and those that are not left before the end."""

    leaving: frozenset[str]
    reaching: frozenset[str]


class Brute:
    """One vehicle under one law, from one point to another.

    beyond: measures taken as having a stop inside, because the stop behind them has no other access.
    """

    def __init__(
        self,
        engine: Engine,
        law: LawSnapshot,
        vehicle: Vehicle,
        passes: tuple[PassRight, ...],
        depart_at: datetime,
        beyond: frozenset[str] = frozenset(),
    ) -> None:
        self.engine, self.law, self.vehicle, self.passes, self.depart_at = engine, law, vehicle, passes, depart_at
        self.costing: Costing = costing_for(vehicle, unknown_is_large=True)
        self.network = engine.network(self.costing.name)
        self.graph = self.network.graph
        self.closed = engine.limits.closed_to(vehicle, self.costing, False)
        self.grid = grid_of(engine, law)
        self.hits = _hits_of(engine, law)
        self.spans: dict[tuple[int, frozenset[str]], list[tuple[float, float, frozenset[str]]]] = {}
        self.beyond = beyond
        self.rings = _rings_of(law)
        self.measures: frozenset[str] = beyond
        self.end_ids: frozenset[str] = frozenset()
        self.end_areas: frozenset[str] = frozenset()

    def way(self, start: tuple[float, float], end: tuple[float, float], *, by_time: bool = False) -> Found | None:
        """The cheapest way, or the earliest arrival, from the first street of a point to that of another."""
        starts = self.engine.places(start, self.costing, leaving=True)
        ends = self.engine.places(end, self.costing, leaving=False)
        touching = any(self._nodes(one.row) & self._nodes(other.row) for one in starts for other in ends)
        for allowed in (None,) if touching else (self._destinations(starts, ends), None):
            found = [
                way
                for start_ids, some in self._by_ids(start, starts)
                for end_ids, others in self._by_ids(end, ends)
                if (way := self._between(some, start_ids, others, end_ids, allowed, by_time=by_time)) is not None
            ]
            if found:
                return min(found, key=lambda way: way.seconds if by_time else way.cost)
        return None

    def _by_ids(
        self, point: tuple[float, float], places: Sequence[Place]
    ) -> Iterator[tuple[frozenset[str], list[Place]]]:
        """The places of a stop, by what bears on it: on the point asked for or on the street it is served from."""
        found: defaultdict[frozenset[str], list[Place]] = defaultdict(list)
        for place in places:
            there = point_on(self.engine.table, place.row, place.at)
            found[ids_at(self.law, point) | ids_at(self.law, there)].append(place)
        yield from found.items()

    def _between(
        self,
        starts: Sequence[Place],
        start_ids: frozenset[str],
        ends: Sequence[Place],
        end_ids: frozenset[str],
        allowed: set[int] | None,
        *,
        by_time: bool,
    ) -> Found | None:
        self.measures = (start_ids | end_ids | self.beyond).difference(self.law.perimeters)
        self.end_ids, self.end_areas = end_ids, self._with_rings(end_ids)
        return self._search(starts, ends, self._with_rings(start_ids), allowed, by_time=by_time)

    def _with_rings(self, ids: Iterable[str]) -> frozenset[str]:
        areas = frozenset(ids).intersection(self.law.perimeters)
        return areas.union(*(self.rings[area] for area in areas))

    def _nodes(self, row: int) -> set[int]:
        return {int(self.network.start_nodes[row]), int(self.network.end_nodes[row])}

    def _destinations(self, starts: Sequence[Place], ends: Sequence[Place]) -> set[int]:
        """Streets for those who stop in them that hang together with such a street of a start or an end."""
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
            queue = [row for row in rows if graph.destination_only[row]]
            seen = set(queue)
            while queue:
                for row in turns.get(queue.pop(), ()):
                    if graph.destination_only[row] and row not in seen:
                        seen.add(row)
                        queue.append(row)
            near |= seen
        return near

    def _search(
        self,
        starts: Sequence[Place],
        ends: Sequence[Place],
        start_areas: frozenset[str],
        allowed: set[int] | None,
        *,
        by_time: bool,
    ) -> Found | None:
        graph, of_row = self.graph, {end.row: end for end in ends}
        heap: list[tuple[float, int, float, float, int, Inside]] = []
        kept: defaultdict[tuple[int, Inside], list[tuple[float, float]]] = defaultdict(list)
        count = 0

        def push(cost: float, seconds: float, state: int, inside: Inside) -> None:
            nonlocal count
            labels = kept[state, inside]
            if any(c <= cost and s <= seconds for c, s in labels):
                return
            labels.append((cost, seconds))
            count += 1
            heapq.heappush(heap, (seconds if by_time else cost, count, cost, seconds, state, inside))

        begin = Inside(start_areas, frozenset())
        for place in starts:
            if place.row in of_row and of_row[place.row].at >= place.at and graph.open[place.row]:
                end = of_row[place.row]
                share = end.at - place.at
                seconds = share * float(graph.edge_s[place.row])
                inside = self._arrival(end, place.at, 0.0, seconds, begin)
                if inside is not None:
                    push(share * graph.edge_cost[place.row] + place.extra_cost + end.extra_cost, seconds, -1, inside)
            seconds = (1 - place.at) * float(graph.edge_s[place.row])
            inside = self._part(place.row, place.at, 1.0, 0.0, seconds, begin) if graph.open[place.row] else None
            if inside is not None:
                cost = (1 - place.at) * float(graph.edge_cost[place.row]) + place.extra_cost
                push(cost, seconds, place.row, inside)
        while heap:
            _, _, cost, seconds, state, inside = heapq.heappop(heap)
            if state == -1:
                return Found(cost, seconds)
            moves = list(self._moves(state, cost, seconds, inside, of_row, allowed, back=False))
            for move in moves or self._moves(state, cost, seconds, inside, of_row, allowed, back=True):
                push(*move)
        return None

    def _moves(
        self,
        state: int,
        cost: float,
        seconds: float,
        inside: Inside,
        of_row: dict[int, Place],
        allowed: set[int] | None,
        *,
        back: bool,
    ) -> Iterable[tuple[float, float, int, Inside]]:
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
                after = self._arrival(end, 0.0, seconds, there, inside)
                if after is not None:
                    yield paid + end.at * float(graph.edge_cost[row]) + end.extra_cost, there, -1, after
            there = turned + float(graph.edge_s[row])
            after = self._whole(row, seconds, there, inside)
            if after is not None:
                yield paid + float(graph.edge_cost[row]), there, reached, after

    def _whole(self, row: int, since: float, until: float, inside: Inside) -> Inside | None:
        if self.closed[row]:
            return None
        return self._after(self.hits(row), row, since, until, inside, whole=True)

    def _part(self, row: int, first: float, last: float, since: float, until: float, inside: Inside) -> Inside | None:
        if self.closed[row]:
            return None
        if math.isclose(first, last):
            return inside
        path = part_of(self.engine.table, row, first, last)
        return self._after(self.grid.hits_of_part(path, row), row, since, until, inside)

    def _arrival(self, end: Place, first: float, since: float, until: float, inside: Inside) -> Inside | None:
        """The same where the way ends: the vehicle must be able to stand there too, which areas alone forbid."""
        after = self._part(end.row, first, end.at, since, until, inside)
        point = point_on(self.engine.table, end.row, end.at)
        areas = tuple(hit for hit in hits_at(self.law, point) if isinstance(hit.regulation, Perimeter))
        if after is None or not areas:
            return after
        at = self.depart_at + timedelta(seconds=until)
        stay = judge(self.law, areas, Interval(at, at), self.vehicle, self.passes, StopsInside(self.end_ids))
        return None if stay.obstacles else after

    def _after(
        self, hits: tuple[Hit, ...], row: int, since: float, until: float, inside: Inside, *, whole: bool = False
    ) -> Inside | None:
        """Where the vehicle is inside once it has driven there; None when it may not."""
        areas = self._with_rings(hit.regulation.id for hit in hits)
        if not inside.reaching <= areas:
            return None
        leaving, reaching = inside.leaving & areas, inside.reaching
        for _ in ("as it is", "on the way to a stop inside, which it does not leave any more"):
            purpose = leaving | reaching | self.measures.intersection(hit.regulation.id for hit in hits)
            obstacles = self._obstacles(hits, row, since, until, purpose, whole=whole)
            if not obstacles:
                return Inside(leaving, reaching)
            reaching |= obstacles & self.end_areas
        return None

    def _obstacles(
        self, hits: tuple[Hit, ...], row: int, since: float, until: float, purpose: frozenset[str], *, whole: bool
    ) -> frozenset[str]:
        """What forbids to be there from one second after the departure to another."""
        if not hits:
            return frozenset()
        if whole and until < _AHEAD_S:
            key = row, purpose
            if key not in self.spans:
                self.spans[key] = self._spans(hits, row, purpose)
            found = (ids for start, end, ids in self.spans[key] if start < max(until, since + 1e-9) and since < end)
            return frozenset().union(*found)
        start, end = (self.depart_at + timedelta(seconds=float(one)) for one in (since, until))
        during, facts = Interval(start, max(start, end)), self.engine.facts[row]
        verdict = judge(self.law, hits, during, self.vehicle, self.passes, StopsInside(purpose), facts)
        return frozenset(reason.id for reason in verdict.obstacles)

    def _spans(
        self, hits: tuple[Hit, ...], row: int, purpose: frozenset[str]
    ) -> list[tuple[float, float, frozenset[str]]]:
        """The same for the hours to come, so that the law is asked once of each street."""
        window = Interval(self.depart_at, self.depart_at + timedelta(seconds=_AHEAD_S))
        facts, inside = self.engine.facts[row], StopsInside(purpose)
        said = verdict_spans(self.law, hits, window, self.vehicle, self.passes, inside, edge=facts)
        return [
            (
                (span.start - self.depart_at).total_seconds(),
                (span.end - self.depart_at).total_seconds(),
                frozenset(reason.id for reason in verdict.obstacles),
            )
            for span, verdict in said
            if verdict.obstacles
        ]


@lru_cache(maxsize=8)
def _hits_of(engine: Engine, law: LawSnapshot) -> Callable[[int], tuple[Hit, ...]]:
    """What bears on each row, asked of the law once."""
    return cache(lambda row: law.at(engine.table.shapes[row], engine.facts[row]))


@lru_cache(maxsize=8)
def _rings_of(law: LawSnapshot) -> dict[str, frozenset[str]]:
    """By perimeter (id) the rings around it: of its event, active with it, touching it or a core that touches it."""
    found: dict[str, frozenset[str]] = {}
    for core in law.perimeters.values():
        of_event = [one for one in law.perimeters.values() if one.event == core.event and _meet_in_time(one, core)]
        inner, rings = {core.id}, set[str]()
        if core.event and core.access.motorised not in (Motorised.FREE, Motorised.JUSTIFIED):
            for _ in of_event:
                touched = [one for one in of_event if any(_touch(one, law.perimeters[i]) for i in inner)]
                rings |= {one.id for one in touched if one.access.motorised is Motorised.JUSTIFIED}
                inner |= {
                    one.id for one in touched if one.access.motorised not in (Motorised.FREE, Motorised.JUSTIFIED)
                }
        found[core.id] = frozenset(rings)
    return found


def _meet_in_time(one: Perimeter, other: Perimeter) -> bool:
    return any(
        (a.end is None or b.start < a.end) and (b.end is None or a.start < b.end)
        for a in one.activations
        for b in other.activations
    )


def _touch(one: Perimeter, other: Perimeter) -> bool:
    return bool(shapely.distance(one.shape, other.shape) * 111_195 <= _TOUCH_M)
