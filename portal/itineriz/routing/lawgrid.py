"""The law compiled over the directed edges of a graph, so that a search asks it at no cost.

The regulations that bear on an edge, what each does to it and when each is active do not depend on who drives: they
are found once. A leg adds its vehicle, its passes and its stops: some hundred rules to look at, however large the law.
What the grid closes is what `judge` closes; see `tests/properties/test_lawgrid.py`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import lru_cache
from itertools import groupby
from typing import Final

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from portal.itineriz.routing.bearings import WHOLE, Bearings, facts_of_part, hit_of
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.leglaw import CLOSED, FIRST_ZONE, MOST_ZONES, LegLaw, LegQuestion, PartLaw
from portal.itineriz.routing.timetable import (
    NO_SPANS,
    Bounds,
    Pattern,
    Same,
    Spans,
    SpansByNumber,
    Timetable,
    bounds_of,
    spans_of,
    union,
    without,
)
from portal.regulations.judging_measures import closes
from portal.regulations.measures import EdgeFacts, Measure, MeasureType, Origin
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.precedence import Matter, matters_let_pass, matters_that_bind, rules_place
from portal.regulations.schedules import Interval
from portal.regulations.sites import Hit, Regulation, Site
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Answer, Vehicle, VehicleRule

type Numbers = npt.NDArray[np.int64]
type Truths = npt.NDArray[np.bool_]

_DAYS_BEFORE, _DAYS_FROM = 1, 3
_LEGS_KEPT = 256
_VEHICLES_KEPT = 64
_PASS_S: Final = 3600.0
_ACCREDITATION_S: Final = 2 * 3600.0
_FORBIDDEN_S: Final = 24 * 3600.0
# A law of 100,000 measures weighs hundreds of megabytes, and a feed may change it each minute.
_LAWS_KEPT = 3
_ENGINES_KEPT = 4


@dataclass(frozen=True, slots=True)
class _Known:
    """What is kept of a regulation from one version of the law to the next."""

    regulation: Regulation
    rule: VehicleRule
    bounds: tuple[Bounds, ...]


class LawGrid:
    """One law over one graph. Safe to share; what it keeps is computed alike by all threads."""

    def __init__(self, engine: Engine, law: LawSnapshot, previous: LawGrid | None = None) -> None:
        """previous: the grid of an earlier version on the same graph, from which what did not change is taken."""
        self.engine = engine
        self.law = law
        self.bearings: Bearings = Bearings(engine, law, None if previous is None else previous.bearings)
        runs = _runs(law)
        self.regulations = [regulation for regulation, _ in runs]
        self._number = {regulation.id: number for number, regulation in enumerate(self.regulations)}
        self.known: dict[int, _Known] = _known(self.regulations, {} if previous is None else previous.known)
        known = self.known.values()
        self._timetable = Timetable([one.bounds for one in known], law.calendar)
        rules = {id(one.rule): one.rule for one in known}
        self._rules = list(rules.values())
        numbers = {key: number for number, key in enumerate(rules)}
        self._rule = np.fromiter((numbers[id(one.rule)] for one in known), dtype=np.int64, count=len(known))
        self._is_justified = np.array([_is_justified(one.regulation) for one in known], dtype=bool)
        stops = np.array([rule.looks_at_stops for rule in self._rules], dtype=bool)
        self._looks_at_stops: Truths = stops[self._rule] | self._is_justified
        self._penalty_s = np.array([_penalty_s(one.regulation) for one in known], dtype=np.float64)
        self._tags: list[tuple[int, tuple[int, ...]]] = []
        self._pair(np.repeat(np.arange(len(runs)), [count for _, count in runs]))
        self._bound = lru_cache(maxsize=_VEHICLES_KEPT)(self._find_bound)
        self._legs = lru_cache(maxsize=_LEGS_KEPT)(self._find_leg)

    # The pairs of edge and regulation

    def _pair(self, reg_of_site: Numbers) -> None:
        """Find which edges each regulation closes to those it binds; `pair_ptr` and `pair_reg` of every leg."""
        found = self.bearings
        closing = self._closing(found)
        rows, regs, hows = found.rows[closing], reg_of_site[found.site[closing]], found.how[closing]
        is_first = np.ones(len(rows), dtype=bool)
        is_first[1:] = (rows[1:] != rows[:-1]) | (regs[1:] != regs[:-1])
        pair_reg = regs.copy()
        for pair, key in self._contested(rows, regs, hows):
            pair_reg[pair] = len(self.regulations) + key
        self.pair_ptr: Numbers = np.zeros(len(self.engine.table) + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows[is_first], minlength=len(self.engine.table)), out=self.pair_ptr[1:])
        self.pair_reg = pair_reg[is_first].astype(np.int32)
        self.row_open = np.zeros(len(self.engine.table), dtype=bool)

    def _closing(self, found: Bearings) -> Truths:
        """Which pairs of edge and site are closed to those the regulation binds, asked once for each kind of pair."""
        kinds: dict[object, int] = {}
        sites = self.law.sites
        kind_of_site = np.fromiter(
            (kinds.setdefault(_kind(site), len(kinds)) for site in sites), dtype=np.int64, count=len(sites)
        )
        facts, rows = self.engine.facts, found.rows
        one_way = np.array([edge.one_way for edge in facts], dtype=np.int64)
        kind = (kind_of_site[found.site] * 256 + found.how) * 2 + one_way[rows]
        sample = np.full(max(len(kinds), 1) * 512, -1, dtype=np.int64)
        sample[kind] = np.arange(len(kind))
        answers = np.zeros(len(sample), dtype=bool)
        for place in np.flatnonzero(sample >= 0).tolist():
            pair = int(sample[place])
            hit = hit_of(sites[found.site[pair]], int(found.how[pair]))
            answers[place] = _closes(hit, facts[int(rows[pair])])
        closing: Truths = answers[kind]
        return closing

    def _contested(self, rows: Numbers, regs: Numbers, hows: npt.NDArray[np.uint8]) -> Iterable[tuple[int, int]]:
        """The pairs of a tag on an edge that an order rules too: an order may silence the tag there and nowhere else.

        Each yields its place among the pairs, and the place in `_tags` of the tag with these orders.
        """
        is_tag = np.array([_origin(r) is Origin.OSM for r in self.regulations], dtype=bool)
        is_order = np.array([_may_rule(r) for r in self.regulations], dtype=bool)
        tags = np.flatnonzero(is_tag[regs])
        orders = np.flatnonzero(is_order[regs] & (hows & WHOLE > 0))
        orders_of: dict[int, list[int]] = {}
        for pair in orders[np.isin(rows[orders], rows[tags])].tolist():
            orders_of.setdefault(int(rows[pair]), []).append(int(regs[pair]))
        known: dict[tuple[int, tuple[int, ...]], int] = {}
        for pair in tags[np.isin(rows[tags], rows[orders])].tolist():
            key = int(regs[pair]), tuple(sorted({*orders_of[int(rows[pair])]}))
            yield pair, known.setdefault(key, len(known))
        self._tags = list(known)

    # What bears on edges, for those who judge

    def hits(self, row: int, window: Interval | None = None) -> tuple[Hit, ...]:
        """What bears on a whole edge: `law.at(shape, facts)`. window: without what sleeps for days around it."""
        return self.bearings.hits(row, None if window is None else days_of(window))

    def regulation(self, number: int) -> Regulation:
        """The regulation of a number in `pair_reg`."""
        if number >= len(self.regulations):
            return self.regulations[self._tags[number - len(self.regulations)][0]]
        return self.regulations[number]

    # One leg

    def for_leg(self, question: LegQuestion, window: Interval) -> LegLaw:
        """What closes the edges to a leg that is driven within the window; valid for some days around it."""
        return self._legs(self._relevant(question), days_of(window))

    def _relevant(self, question: LegQuestion) -> LegQuestion:
        """The question without the stops that nothing asks about, so that legs alike share one answer."""
        start_ids, end_ids, beyond = (
            frozenset(i for i in ids if (number := self._number.get(i)) is not None and self._looks_at_stops[number])
            for ids in (question.start_ids, question.end_ids, question.beyond - self.law.perimeters.keys())
        )
        return replace(question, start_ids=start_ids, end_ids=end_ids, beyond=beyond)

    def _find_bound(self, vehicle: Vehicle, tolerate_unknown: bool) -> tuple[Truths, Truths]:
        """For each regulation whether it binds the vehicle: on transit, and with a stop inside."""
        bound = []
        for stops in (False, True):
            answers = [rule.concerns(vehicle, stops_inside=stops).answer for rule in self._rules]
            closing = (Answer.YES,) if tolerate_unknown else (Answer.YES, Answer.UNKNOWN)
            bound.append(np.array([answer in closing for answer in answers], dtype=bool)[self._rule])
        return bound[0], bound[1] & ~self._is_justified

    def _find_leg(self, question: LegQuestion, days: Interval) -> LegLaw:
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
            elif state[number] and not stopping[number]:
                zones.append(number)
        zones = zones[:MOST_ZONES]
        for place, number in enumerate(zones):
            state[number] = FIRST_ZONE + place
        left_of_tags = [self._of_tag(tag, orders, question, spans) for tag, orders in self._tags]
        if cut or left_of_tags:
            spans = spans.changed(cut, left_of_tags)
        tags = [tag for tag, _ in self._tags]
        of_tags = np.array([len(left) > 0 for left in left_of_tags], dtype=np.uint8)
        inside = [
            np.array([self.regulations[number].id in ids for number in zones], dtype=np.uint8)
            for ids in (question.start_ids, question.end_ids)
        ]
        return LegLaw(
            question=question,
            pair_ptr=self.pair_ptr,
            pair_reg=self.pair_reg,
            reg_state=np.concatenate((state, of_tags)),
            reg_penalty_s=np.concatenate((self._penalty_s, self._penalty_s[tags])),
            spans=spans,
            zone_regs=tuple(zones),
            zone_start=inside[0],
            zone_end=inside[1],
            row_closed=self.row_open,
            valid_from=days.start.timestamp(),
            valid_until=days.end.timestamp(),
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
        return self.law.at(path, facts_of_part(self.engine, row, path))

    def for_part(self, path: BaseGeometry, row: int, leg: LegLaw) -> PartLaw:
        """What closes a part of an edge to a leg of this grid."""
        facts = facts_of_part(self.engine, row, path)
        hits = self.law.at(path, facts)
        zones, closed = 0, [NO_SPANS]
        orders = {self._number[h.regulation.id] for h in hits if _rules(h, facts)}
        for number in dict.fromkeys(self._number[h.regulation.id] for h in hits if _closes(h, facts)):
            if orders and _origin(self.regulations[number]) is Origin.OSM:
                closed.append(self._of_tag(number, sorted(orders), leg.question, leg.spans))
            elif leg.reg_state[number] >= FIRST_ZONE:
                zones |= 1 << (int(leg.reg_state[number]) - FIRST_ZONE)
            elif leg.reg_state[number] == CLOSED:
                closed.append(leg.spans.of(number))
        return PartLaw(union(_joined(closed)), zones)


def _runs(law: LawSnapshot) -> list[tuple[Regulation, int]]:
    """The regulations that have a place, in the order of the law, with the number of their sites."""
    return [(next(sites).regulation, 1 + sum(1 for _ in sites)) for _, sites in groupby(law.sites, _regulation_key)]


def _regulation_key(site: Site) -> int:
    return id(site.regulation)


def _known(regulations: Sequence[Regulation], before: dict[int, _Known]) -> dict[int, _Known]:
    rules = Same({id(one.rule): one.rule for one in before.values()}.values())
    seen = {id(pattern): pattern for one in before.values() for _, _, pattern in one.bounds}
    patterns: Same[Pattern] = Same(seen.values())
    found = {}
    for regulation in regulations:
        known = before.get(id(regulation))
        found[id(regulation)] = known or _Known(
            regulation, rules.of(_rule(regulation)), bounds_of(regulation, patterns)
        )
    return found


def _rule(regulation: Regulation) -> VehicleRule:
    if isinstance(regulation, Perimeter):
        return VehicleRule(except_=regulation.access.vehicles_allowed)
    return regulation.vehicles


def _kind(site: Site) -> object:
    """All that decides, beside the edge and how the site bears on it, whether it can close the edge."""
    if isinstance(site.regulation, Perimeter):
        return site.regulation.access.motorised
    return site.regulation.type, None if site.location is None else site.location.direction


def _closes(hit: Hit, edge: EdgeFacts) -> bool:
    if isinstance(hit.regulation, Perimeter):
        return hit.regulation.access.motorised is not Motorised.FREE
    return closes(hit, hit.regulation, edge)


def _rules(hit: Hit, edge: EdgeFacts) -> bool:
    return isinstance(hit.regulation, Measure) and rules_place(hit, hit.regulation, edge)


def _may_rule(regulation: Regulation) -> bool:
    """Tell whether a measure rules the edges that it closes wholly: see `rules_place`."""
    return (
        isinstance(regulation, Measure)
        and regulation.origin is Origin.ORDER
        and regulation.type is MeasureType.NO_ENTRY
    )


def _origin(regulation: Regulation) -> Origin | None:
    return regulation.origin if isinstance(regulation, Measure) else None


def _is_justified(regulation: Regulation) -> bool:
    return isinstance(regulation, Perimeter) and regulation.access.motorised is Motorised.JUSTIFIED


def _penalty_s(regulation: Regulation) -> float:
    if not isinstance(regulation, Perimeter) or regulation.access.motorised is Motorised.CLOSED:
        return _FORBIDDEN_S
    return _ACCREDITATION_S if regulation.access.motorised is Motorised.ACCREDITED else _PASS_S


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
