"""The law compiled over the directed edges of a graph, so that a search asks it at no cost.

The regulations that bear on an edge, what each does to it and when each is active do not depend on who drives: they
are found once. A leg adds its vehicle, its passes and its stops: some hundred rules to look at, however large the law.
What the grid closes is what `judge` closes; see `tests/properties/test_lawgrid.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from portal.itineriz.routing.bearings import WHOLE, Bearings, facts_of_part, hit_of
from portal.itineriz.routing.drives import point_on
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.hearing import Hearing
from portal.itineriz.routing.leglaw import CLOSED, FIRST_ZONE, MOST_ZONES, NO_PART, OPEN, LegLaw, LegQuestion, PartLaw
from portal.itineriz.routing.regulated import (
    JUSTIFIED,
    MUTE,
    RULING,
    SLOWING,
    TAG,
    Regulated,
    closes_edge,
    regulated,
    rules_edge,
)
from portal.itineriz.routing.timetable import (
    NO_SPANS,
    Spans,
    SpansByNumber,
    Timetable,
    spans_of,
    union,
    without,
)
from portal.regulations.judging_measures import is_silent
from portal.regulations.measures import Measure
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.precedence import Matter, matters_let_pass, matters_that_bind
from portal.regulations.rings import with_rings
from portal.regulations.schedules import Interval
from portal.regulations.sites import Hit, Regulation
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Answer, Vehicle
from portal.territories.api import EdgeFlag

type Numbers = npt.NDArray[np.int64]
type Truths = npt.NDArray[np.bool_]

_DAYS_BEFORE, _DAYS_FROM = 1, 3
_LEGS_KEPT = 256
_VEHICLES_KEPT = 64
_PARTS_KEPT = 8192
# A law of 100,000 measures weighs hundreds of megabytes, and a feed may change it each minute.
_LAWS_KEPT = 3
_ENGINES_KEPT = 4


class LawGrid:
    """One law over one graph. Safe to share; what it keeps is computed alike by all threads."""

    def __init__(self, engine: Engine, law: LawSnapshot, previous: LawGrid | None = None) -> None:
        """previous: the grid of an earlier version on the same graph, from which what did not change is taken."""
        self.engine = engine
        self.law = law
        self.bearings: Bearings = Bearings(engine, law, None if previous is None else previous.bearings)
        before = None if previous is None or previous.engine is not engine else previous.columns
        self.columns: Regulated = regulated(law, before, self.bearings.old_sites)
        columns = self.columns
        self.regulations = columns.regulations
        self._number = {regulation.id: number for number, regulation in enumerate(self.regulations)}
        self._timetable = Timetable(
            columns.bound_of,
            columns.starts,
            columns.ends,
            columns.pattern,
            columns.patterns,
            len(self.regulations),
            law.calendar,
        )
        self._is_justified = columns.has(JUSTIFIED)
        stops = np.array([rule.looks_at_stops for rule in columns.rules], dtype=bool)
        self._looks_at_stops: Truths = stops[columns.rule] | self._is_justified
        self._tags: list[tuple[int, tuple[int, ...]]] = []
        self._pair()
        standing = [*(tag for tag, _ in self._tags), *self._rings]
        self._stands_for: list[Regulation] = self.regulations + [self.regulations[number] for number in standing]
        self._penalty_s = np.concatenate((columns.penalty_s, columns.penalty_s[standing]))
        self._bound = lru_cache(maxsize=_VEHICLES_KEPT)(self._find_bound)
        self._legs = lru_cache(maxsize=_LEGS_KEPT)(self._find_leg)
        self.hearing = lru_cache(maxsize=_VEHICLES_KEPT)(self._find_hearing)
        self.sparing_stops = lru_cache(maxsize=_VEHICLES_KEPT)(self._find_sparing_stops)
        self._hits_of_part = lru_cache(maxsize=_PARTS_KEPT)(self._find_hits_of_part)
        self.slows: Truths = self._bearing_rows(columns.has(SLOWING))
        """(n,) the rows on which some measure closes nothing and adds time."""
        self.looks_at_stops: Truths = self._bearing_rows(stops[columns.rule])
        """(n,) the rows that bear a regulation with an exemption for those who stop."""
        self.ids_on = lru_cache(maxsize=_PARTS_KEPT)(self._find_ids_on)

    # The pairs of edge and regulation

    def _pair(self) -> None:
        """Find which edges each regulation closes to those it binds; `pair_ptr` and `pair_reg` of every leg."""
        found = self.bearings
        closing = self._closing(found)
        rows, regs, hows = found.rows[closing], self.columns.reg_of_site[found.site[closing]], found.how[closing]
        is_first = np.ones(len(rows), dtype=bool)
        is_first[1:] = (rows[1:] != rows[:-1]) | (regs[1:] != regs[:-1])
        pair_reg = regs.copy()
        for pair, key in self._contested(rows, regs, hows):
            pair_reg[pair] = len(self.regulations) + key
        rows, pair_reg = self._with_cores(rows[is_first], pair_reg[is_first])
        self.pair_ptr: Numbers = np.zeros(len(self.engine.table) + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows, minlength=len(self.engine.table)), out=self.pair_ptr[1:])
        self.pair_reg = pair_reg.astype(np.int32)
        self.row_open = np.zeros(len(self.engine.table), dtype=bool)

    def _closing(self, found: Bearings) -> Truths:
        """Which pairs of edge and site are closed to those the regulation binds, asked once for each kind of pair."""
        facts, rows, sites = self.engine.facts, found.rows, self.law.sites
        one_way = (self.engine.table.flags & EdgeFlag.ONE_WAY > 0).astype(np.int64)
        kind = (self.columns.kind_of_site[found.site] * 256 + found.how) * 2 + one_way[rows]
        sample = np.full(len(self.columns.kinds) * 512, -1, dtype=np.int64)
        sample[kind] = np.arange(len(kind))
        answers = np.zeros(len(sample), dtype=bool)
        for place in np.flatnonzero(sample >= 0).tolist():
            pair = int(sample[place])
            hit = hit_of(sites[found.site[pair]], int(found.how[pair]))
            answers[place] = closes_edge(hit, facts[int(rows[pair])])
        closing: Truths = answers[kind]
        return closing

    def _contested(self, rows: Numbers, regs: Numbers, hows: npt.NDArray[np.uint8]) -> Iterable[tuple[int, int]]:
        """The pairs of a tag on an edge that an order rules too: an order may silence the tag there and nowhere else.

        Each yields its place among the pairs, and the place in `_tags` of the tag with these orders.
        """
        tags = np.flatnonzero(self.columns.has(TAG)[regs])
        orders = np.flatnonzero(self.columns.has(RULING)[regs] & (hows & WHOLE > 0))
        orders_of: dict[int, list[int]] = {}
        for pair in orders[np.isin(rows[orders], rows[tags])].tolist():
            orders_of.setdefault(int(rows[pair]), []).append(int(regs[pair]))
        known: dict[tuple[int, tuple[int, ...]], int] = {}
        for pair in tags[np.isin(rows[tags], rows[orders])].tolist():
            key = int(regs[pair]), tuple(sorted({*orders_of[int(rows[pair])]}))
            yield pair, known.setdefault(key, len(known))
        self._tags = list(known)

    def _with_cores(self, rows: Numbers, regs: Numbers) -> tuple[Numbers, Numbers]:
        """The pairs, with those by which an edge in the core of a ring counts as inside the ring and closes nothing."""
        cores: dict[int, list[int]] = {}
        for perimeter in self.law.perimeters.values():
            for ring in with_rings(self.law, frozenset({perimeter.id})) - {perimeter.id}:
                if ring in self._number and perimeter.id in self._number:
                    cores.setdefault(self._number[ring], []).append(self._number[perimeter.id])
        self._rings = list(cores)
        for place, (number, inside) in enumerate(cores.items()):
            more = np.setdiff1d(rows[np.isin(regs, inside)], rows[regs == number])
            rows = np.concatenate((rows, more))
            regs = np.concatenate((regs, np.full(len(more), len(self.regulations) + len(self._tags) + place)))
        order = np.argsort(rows, kind="stable")
        return rows[order], regs[order]

    # What bears on edges, for those who judge

    def hits(self, row: int, window: Interval | None = None) -> tuple[Hit, ...]:
        """What bears on a whole edge: `law.at(shape, facts)`.

        window: without the measures that sleep for days around it.
        """
        return self.bearings.hits(row, None if window is None else days_of(window))

    def _find_hearing(self, vehicle: Vehicle) -> Hearing:
        """What of the law has anything to say to a vehicle. `hearing` keeps the answers."""
        silent = np.array(
            [
                all(is_silent(rule.concerns(vehicle, stops_inside=stops)) for stops in (False, True))
                for rule in self.columns.rules
            ],
            dtype=bool,
        )
        return Hearing(self._number, (silent[self.columns.rule] | self.columns.has(MUTE)).tobytes())

    def _find_sparing_stops(self, vehicle: Vehicle) -> frozenset[str]:
        """Ids of the measures that bind a vehicle but where it stops. `sparing_stops` keeps the answers."""
        transit, stopping = self._bound(vehicle, False)
        spared = (self.regulations[number] for number in np.flatnonzero(transit & ~stopping).tolist())
        return frozenset(regulation.id for regulation in spared if isinstance(regulation, Measure))

    def _bearing_rows(self, which: Truths) -> Truths:
        """(n,) the rows on which some of these regulations (by number) bear."""
        rows: Truths = np.zeros(len(self.engine.table), dtype=bool)
        rows[self.bearings.rows[which[self.columns.reg_of_site[self.bearings.site]]]] = True
        return rows

    def _find_ids_on(self, row: int, at: float) -> frozenset[str]:
        """Ids of the regulations that bear on a place of an edge, whatever the hour. `ids_on` keeps the answers."""
        point = shapely.Point(point_on(self.engine.table, row, at))
        return frozenset(hit.regulation.id for hit in self.law.at(point))

    def regulation(self, number: int) -> Regulation:
        """The regulation of a number in `pair_reg`."""
        return self._stands_for[number]

    # One leg

    def for_leg(self, question: LegQuestion, window: Interval) -> LegLaw:
        """What closes the edges to a leg that is driven within the window; valid for some days around it."""
        relevant, days = self._relevant(question), days_of(window)
        return self._legs(relevant, days, self._at_these_hours(relevant, days, window))

    def _at_these_hours(self, question: LegQuestion, days: Interval, window: Interval) -> frozenset[str]:
        """The perimeters of a crowd around the stops that are active within the window; none when there is no crowd."""
        perimeters = [i for i in question.start_ids | question.end_ids if i in self.law.perimeters]
        if len(perimeters) <= MOST_ZONES:
            return frozenset()
        spans, start, end = self._timetable.during(days), window.start.timestamp(), window.end.timestamp()
        of_each = {regulation_id: spans.of(self._number[regulation_id]) for regulation_id in perimeters}
        return frozenset(i for i, found in of_each.items() if ((found[:, 0] < end) & (found[:, 1] > start)).any())

    def _relevant(self, question: LegQuestion) -> LegQuestion:
        """The question without the stops that nothing asks about, so that legs alike share one answer."""
        at_stops = (with_rings(self.law, ids) for ids in (question.start_ids, question.end_ids))
        start_ids, end_ids, beyond = (
            frozenset(i for i in ids if (number := self._number.get(i)) is not None and self._looks_at_stops[number])
            for ids in (*at_stops, question.beyond - self.law.perimeters.keys())
        )
        return replace(question, start_ids=start_ids, end_ids=end_ids, beyond=beyond)

    def _find_bound(self, vehicle: Vehicle, tolerate_unknown: bool) -> tuple[Truths, Truths]:
        """For each regulation whether it binds the vehicle: on transit, and with a stop inside."""
        bound = []
        for stops in (False, True):
            answers = [rule.concerns(vehicle, stops_inside=stops).answer for rule in self.columns.rules]
            closing = (Answer.YES,) if tolerate_unknown else (Answer.YES, Answer.UNKNOWN)
            bound.append(np.array([answer in closing for answer in answers], dtype=bool)[self.columns.rule])
        return bound[0], bound[1] & ~self._is_justified

    def _find_leg(self, question: LegQuestion, days: Interval, crowd: frozenset[str]) -> LegLaw:
        transit, stopping = self._bound(question.vehicle, question.tolerate_unknown)
        spans = self._timetable.during(days)
        cut = self._cut_by_passes(question.passes, spans)
        state = (transit & (np.diff(spans.ptr) > 0)).astype(np.uint8)
        for number, left in cut.items():
            state[number] &= len(left) > 0
        zones = []
        for regulation_id in sorted(question.stop_ids):
            number = self._number[regulation_id]
            if not isinstance(self.regulations[number], Perimeter):
                state[number] = stopping[number] and spans.ptr[number] < spans.ptr[number + 1]
            elif state[number] and not stopping[number] and (not crowd or regulation_id in crowd):
                # One that sleeps during the leg is left closed while it is active.
                zones.append(number)
        left_out = len(zones) > MOST_ZONES
        zones = zones[:MOST_ZONES]
        for place, number in enumerate(zones):
            state[number] = FIRST_ZONE + place
        left_of_tags = [self._of_tag(tag, orders, question, spans) for tag, orders in self._tags]
        if cut or left_of_tags or self._rings:
            spans = spans.changed(cut, [*left_of_tags, *(NO_SPANS for _ in self._rings)])
        of_tags = np.array([len(left) > 0 for left in left_of_tags], dtype=np.uint8)
        of_rings = np.where(state[self._rings] >= FIRST_ZONE, state[self._rings], OPEN).astype(np.uint8)
        inside = [
            np.array([self.regulations[number].id in ids for number in zones], dtype=np.uint8)
            for ids in (question.start_ids, question.end_ids)
        ]
        return LegLaw(
            question=question,
            pair_ptr=self.pair_ptr,
            pair_reg=self.pair_reg,
            reg_state=np.concatenate((state, of_tags, of_rings)),
            reg_penalty_s=self._penalty_s,
            spans=spans,
            zone_regs=tuple(zones),
            zone_start=inside[0],
            zone_end=inside[1],
            row_closed=self.row_open,
            valid_from=days.start.timestamp(),
            valid_until=days.end.timestamp(),
            zones_left_out=left_out,
        )

    def _cut_by_passes(self, passes: Sequence[PassRight], spans: SpansByNumber) -> dict[int, Spans]:
        """What is left of the spans of each perimeter when those covered by a pass are taken away."""
        cut = {}
        for perimeter in self.law.perimeters.values() if passes else ():
            number = self._number.get(perimeter.id)
            held = [Interval(right.start, right.end) for right in passes if right.names(perimeter)]
            if number is not None and held:
                cut[number] = without(spans.of(number), spans_of(held))
        return cut

    def _of_tag(self, tag: int, orders: Iterable[int], question: LegQuestion, spans: SpansByNumber) -> Spans:
        """When a tag closes an edge that these orders rule as well: not while an order lets the vehicle pass."""
        regulation, vehicle, ids = self.regulations[tag], question.vehicle, question.stop_ids
        assert isinstance(regulation, Measure)
        stops = regulation.id in ids
        if not self._bound(vehicle, question.tolerate_unknown)[stops][tag]:
            return NO_SPANS
        closed = spans.of(tag)
        matters = matters_that_bind(regulation, vehicle, stops=stops)
        if matters is None or len(closed) == 0:
            return closed
        freeing: dict[Matter, list[int]] = {matter: [] for matter in matters}
        for number in orders:
            order = self.regulations[number]
            assert isinstance(order, Measure)
            for matter in matters_let_pass(order, vehicle, stops=order.id in ids) & matters:
                freeing[matter].append(number)
        left = [without(closed, _joined(spans.of(number) for number in held)) for held in freeing.values()]
        return union(_joined(left))

    # The ends of a leg

    def hits_of_part(self, path: BaseGeometry, row: int) -> tuple[Hit, ...]:
        """What bears on a part of an edge, asked of the law. path: LineString (lon, lat)."""
        return self._hits_of_part(path, row)

    def _find_hits_of_part(self, path: BaseGeometry, row: int) -> tuple[Hit, ...]:
        return self.law.at(path, facts_of_part(self.engine, row, path))

    def for_part(self, path: BaseGeometry, row: int, leg: LegLaw) -> PartLaw:
        """What closes a part of an edge to a leg of this grid."""
        hits = self.hits_of_part(path, row)
        if not hits:
            return NO_PART
        facts = facts_of_part(self.engine, row, path)
        areas = frozenset(h.regulation.id for h in hits if isinstance(h.regulation, Perimeter))
        states = [leg.reg_state[n] for i in with_rings(self.law, areas) if (n := self._number.get(i)) is not None]
        zones = sum(1 << (int(state) - FIRST_ZONE) for state in states if state >= FIRST_ZONE)
        closed: list[Spans] = []
        orders = {self._number[h.regulation.id] for h in hits if rules_edge(h, facts)}
        for number in dict.fromkeys(self._number[h.regulation.id] for h in hits if closes_edge(h, facts)):
            if orders and self.columns.traits[number] & TAG:
                closed.append(self._of_tag(number, sorted(orders), leg.question, leg.spans))
            elif leg.reg_state[number] == CLOSED:
                closed.append(leg.spans.of(number))
        return PartLaw(union(_joined(closed)), zones)


def _joined(parts: Iterable[Spans]) -> Spans:
    return np.concatenate([NO_SPANS, *parts])


def days_of(window: Interval) -> Interval:
    """The whole days (UTC) around a window: one answer serves all the legs of some days."""
    first = window.start.replace(hour=0, minute=0, second=0, microsecond=0)
    days = max(_DAYS_FROM, (window.end - first) // timedelta(days=1) + 1)
    return Interval(first - timedelta(days=_DAYS_BEFORE), first + timedelta(days=days))


class _Grids:
    """The last grids of one engine. A new law is compiled once, by the first who asks, from the grid before it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._kept: dict[int, LawGrid] = {}

    def of(self, law: LawSnapshot) -> LawGrid:
        found = self._kept.get(id(law))
        return self._compiled(law) if found is None else found

    def _compiled(self, law: LawSnapshot) -> LawGrid:
        with self._lock:
            kept = self._kept
            if id(law) not in kept:
                grid = LawGrid(self._engine, law, next(reversed(kept.values()), None))
                # Readers look without the lock: what they look at is never changed.
                self._kept = dict([*kept.items(), (id(law), grid)][-_LAWS_KEPT:])
            return self._kept[id(law)]


@lru_cache(maxsize=_ENGINES_KEPT)
def _grids_of(engine: Engine) -> _Grids:
    return _Grids(engine)


def grid_of(engine: Engine, law: LawSnapshot) -> LawGrid:
    """The grid of a law on a graph, compiled at the first question; the last ones are kept."""
    return _grids_of(engine).of(law)
