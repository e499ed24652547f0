"""The lawful way between two points: searched under the compiled law, checked by the law itself, and explained.

The way is the cheapest, at the engine's own costs, among those that obey. Where it is also the cheapest without law,
the engine's own route is the answer, if the engine found one as short. Where there is none, that is proven: every way
was tried; a search that may break the law, at a price, then names what is in the way.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from portal.itineriz.routing.checking import Check, LegContext, Violation, check_drive
from portal.itineriz.routing.costing import Costing
from portal.itineriz.routing.drives import Drive, distance_m, part_of
from portal.itineriz.routing.engine import JOINT_M, Engine, PlainWay
from portal.itineriz.routing.lawgrid import LawGrid, grid_of
from portal.itineriz.routing.leglaw import NO_PART, OPEN, LegLaw, LegQuestion, PartLaw
from portal.itineriz.routing.ways import Direct, End, Way, directs_of
from portal.itineriz.trip import RoadLimit
from portal.regulations.evaluate import Reason
from portal.regulations.measures import Measure
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot

if TYPE_CHECKING:
    # The compiled search is loaded with the first route, not with the application.
    from portal.itineriz.routing.network import Network

logger = logging.getLogger(__name__)

_CORRECTIONS: Final = 12
_PARTS_KEPT: Final = 8192
_WINDOW: Final = timedelta(hours=6)
_LONGER: Final = 2.0
_LATE: Final = 1.1
"""A lawful way that arrives this many times later than the earliest one gives way to it."""
_ROUNDING: Final = 1.0 + 1e-9
_SAME_S: Final = 0.1
_LATER_S: Final = 300.0
"""A lawful way is seldom longer than this beside the way without law."""


class Ground(Protocol):
    """A graph and the law over it, as `lawgrid.LawGrid` holds them."""

    @property
    def engine(self) -> Engine:
        """The engine of the graph."""

    @property
    def law(self) -> LawSnapshot:
        """The law that is driven under."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a search goes. rounds: how many ways are compared to explain one. explain: whether it is explained and
    put into words at all; a tour that is only compared with another needs neither. blocking: whether all that is in
    the way is told where there is no lawful one; else it may be in part."""

    rounds: int = 1
    explain: bool = True
    blocking: bool = True


@dataclass(frozen=True, slots=True)
class Round:
    """One drive that breaks the law, and what it breaks, where."""

    drive: Drive
    reasons: tuple[Reason, ...]
    limits: tuple[RoadLimit, ...]
    violations: tuple[Violation, ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a search. drive: None when there is no lawful one, which is proven unless cut_short.

    rounds: with a drive, the ways that would be taken under ever more of what is met, from the one without law on; what
    each breaks makes the next longer. Without one, the way that breaks least. blocking: what that way breaks.
    beyond: measures through which alone the stop can be reached, taken as having it inside.
    """

    drive: Drive | None
    check: Check | None
    rounds: tuple[Round, ...]
    cut_short: bool = False
    blocking: tuple[Reason | RoadLimit, ...] = ()
    beyond: frozenset[str] = frozenset()


@dataclass(slots=True)
class Search:
    """The search of one leg. plain: the drive without law, with the same costing."""

    overlay: Ground
    start: tuple[float, float]
    end: tuple[float, float]
    leg: LegContext
    costing: Costing
    plain: Drive
    limits: Limits = field(default_factory=Limits)
    on_street: tuple[bool, bool] = (False, False)
    """At the start, at the end: the point is itself the place on the street."""

    def run(self) -> Outcome:
        """The best lawful drive."""
        outcome = _Leg(self, self.leg).run()
        if outcome.drive is not None or outcome.cut_short:
            return outcome
        return self._behind_what_breaks_least(outcome) or self._behind_any() or outcome

    def _behind_what_breaks_least(self, refused: Outcome) -> Outcome | None:
        """The drive as if the stop were inside what blocks and spares those who stop, as long as anything is added."""
        beyond: frozenset[str] = frozenset()
        tried = refused
        while exempting := _exempting(self.overlay.law, tried) - beyond:
            beyond |= exempting
            tried = self._run_beyond(beyond)
            if tried.drive is not None:
                return tried
        return None

    def _behind_any(self) -> Outcome | None:
        """The same where what breaks least spares nobody and another way does; None proves that no exemption helps.

        Nothing is taken for an only access that the stop can be reached without.
        """
        beyond = grid_of(self.overlay.engine, self.overlay.law).sparing_stops(self.leg.vehicle)
        found = self._run_beyond(beyond, why=False) if beyond else None
        if found is None or found.drive is None:
            return None
        check = check_drive(self.overlay.engine, self.overlay.law, found.drive, self.leg)
        beyond = frozenset(reason.id for violation in check.violations for reason in violation.reasons)
        for one in sorted(beyond):
            fewer = self._run_beyond(beyond - {one}, why=False)
            if fewer.drive is not None:
                beyond, found = beyond - {one}, fewer
        return replace(found, beyond=beyond)

    def _run_beyond(self, beyond: frozenset[str], *, why: bool = True) -> Outcome:
        return replace(_Leg(self, replace(self.leg, beyond=beyond)).run(why=why), beyond=beyond)


class _Leg:
    """One leg under one reading of the law."""

    def __init__(self, search: Search, leg: LegContext) -> None:
        self.search, self.leg = search, leg
        self.engine, self.law = search.overlay.engine, search.overlay.law
        self.grid: LawGrid = grid_of(self.engine, self.law)
        self.network: Network = self.engine.network(search.costing.name)
        self.depart_s = leg.depart_at.timestamp()
        at_start, at_end = search.on_street
        self.starts = self.engine.places(search.start, search.costing, leaving=True, on_street=at_start)
        self.ends = self.engine.places(search.end, search.costing, leaving=False, on_street=at_end)
        self.closed = self.engine.limits.closed_to(leg.vehicle, search.costing, leg.tolerate_unknown).copy()
        self.shut: set[tuple[bool, int]] = set()
        self._everything = self.closed
        # What is driven of the first and last edge is asked of the law itself, which takes as long as a search. It
        # seldom matters: the first try goes without, and the check tells.
        self._counts_zones = len(self._asked_law.zone_regs) > 0
        self.exact = self._counts_zones

    def run(self, *, why: bool = True) -> Outcome:
        """The best lawful drive under this reading. why: where there is none, find what is in the way."""
        search = self.search
        free = self.engine.plain_way(search.start, search.end, search.costing, 0, search.on_street)
        drive: Drive | None = None
        check: Check | None = None
        way = free.way if free is not None and self._seems_open(free) else None
        for _ in range(_CORRECTIONS):
            searched = way is None
            way = way or self._way(self._asked_law)
            if way is None:
                # The law of the first and last edge only closes more of them, but where zones are counted.
                return self._refused() if why else Outcome(None, None, ())
            is_free = free is not None and way.same_as(free.way)
            drive = free.drive if free is not None and is_free else self.engine.drive_of(way)
            check = check_drive(self.engine, self.law, drive, self.leg)
            if not check.violations:
                way, drive, check = (way, drive, check) if is_free else self._not_late(way, drive, check)
                return self._found(way, drive, check, free)
            # The way without law was not asked about its ends: one closed to it may be open to a way that comes later.
            if self.exact and searched:
                self._correct(way, check.violations)
            self.exact, way = True, None
        if drive is None or check is None:
            raise AssertionError("a search tries at least once")
        return Outcome(None, check, (_round(drive, check.violations),), cut_short=True)

    def _not_late(self, way: Way, drive: Drive, check: Check) -> tuple[Way, Drive, Check]:
        """The cheapest lawful way, or the earliest one when that is much earlier: a detour is not for comfort."""
        # Of earlier ways only those are looked for that are early enough.
        within = math.inf if way.relaxed else way.duration_s / _LATE * _ROUNDING
        earliest = self._way(self._asked_law, by_time=True, within=within)
        if earliest is None or way.duration_s <= _LATE * earliest.duration_s:
            return way, drive, check
        early_drive = self.engine.drive_of(earliest)
        early_check = check_drive(self.engine, self.law, early_drive, self.leg)
        return (way, drive, check) if early_check.violations else (earliest, early_drive, early_check)

    def _seems_open(self, free: PlainWay) -> bool:
        """Tell whether the compiled law closes nothing along the way without law: no lawful way is cheaper then."""
        closed = self.network.closed_along(free.way, self._asked_law, self.depart_s, self.closed)
        return not bool(closed.any())

    @cached_property
    def _asked_law(self) -> LegLaw:
        """The law of the leg as the grid tells it; the same object for legs alike."""
        leg, search = self.leg, self.search
        question = LegQuestion(
            vehicle=leg.vehicle,
            passes=leg.passes,
            start_ids=leg.start_ids | self._ids(self.starts[0].row, self.starts[0].at),
            end_ids=leg.end_ids | self._ids(self.ends[0].row, self.ends[0].at),
            tolerate_unknown=leg.tolerate_unknown,
            beyond=leg.beyond,
        )
        span = max(_WINDOW, timedelta(seconds=4 * search.plain.duration_s))
        return self.grid.for_leg(question, Interval(leg.depart_at, leg.depart_at + span))

    def _ids(self, row: int, at: float) -> frozenset[str]:
        return self.grid.ids_on(row, at)

    def _way(self, law: LegLaw, *, soft: bool = False, by_time: bool = False, within: float = math.inf) -> Way | None:
        starts = [
            End(p.row, p.at, p.extra_cost, self._part(p.row, p.at, 1.0, law, soft=soft))
            for p in self.starts
            if soft or not self._is_shut(p.row, leaving=True)
        ]
        ends = [
            End(p.row, p.at, p.extra_cost, self._part(p.row, 0.0, p.at, law, soft=soft))
            for p in self.ends
            if soft or not self._is_shut(p.row, leaving=False)
        ]
        directs = [
            Direct(d.start, d.end, self._part(starts[d.start].row, starts[d.start].at, ends[d.end].at, law, soft=soft))
            for d in directs_of(starts, ends)
        ]
        return self.network.way(
            starts,
            ends,
            law=law,
            depart_s=self.depart_s,
            directs=directs,
            closed=self.closed,
            soft=soft,
            horizon_s=_LONGER * self.search.plain.duration_s + _LATER_S,
            by_time=by_time,
            # What a street that is not the nearest adds to the cost takes no time.
            within=within
            + max((p.extra_cost for p in starts), default=0.0)
            + max((p.extra_cost for p in ends), default=0.0),
        )

    def _is_shut(self, row: int, *, leaving: bool) -> bool:
        return bool(self.closed[row]) or (leaving, row) in self.shut

    def _part(self, row: int, first: float, last: float, law: LegLaw, *, soft: bool) -> PartLaw:
        if not self.exact or (soft and not self._counts_zones):
            return NO_PART
        whole = _kept_part_law(self.grid, self._asked_law, row, first, last)
        if law is self._asked_law or (len(whole.spans) == 0 and whole.zones == 0):
            return whole
        return _part_law(self.grid, law, row, first, last)

    def _correct(self, way: Way, violations: Sequence[Violation]) -> None:
        """Close what the law forbids although its compiled form let it pass: the law has the last word."""
        codes = sorted({reason.code.value for violation in violations for reason in violation.reasons})
        logger.warning("compiled law disagrees with the law: %s", ",".join(codes) or "limits")
        last = len(way.rows) - 1
        for violation in violations:
            row = violation.edge.row
            if violation.index == 0:
                self.shut.add((True, row))
            if violation.index == last:
                self.shut.add((False, row))
            if 0 < violation.index < last:
                self.closed[row] = True

    def _found(self, way: Way, drive: Drive, check: Check, free: PlainWay | None) -> Outcome:
        search, engine = self.search, self.engine
        if not search.limits.explain:
            return Outcome(drive, check, (), beyond=self.leg.beyond)
        if free is not None and drive is free.drive:
            route = engine.route(search.start, search.end, search.costing, free)
            if route is not None and self._begins_there(route) and _as_long(route, drive):
                same = route.edges is drive.edges
                of_route = check if same else check_drive(engine, self.law, route, self.leg)
                if not of_route.violations:
                    return Outcome(route, of_route, (), beyond=self.leg.beyond)
        rounds = tuple(self._rounds(way, free)) if free is not None else ()
        return Outcome(engine.narrated(drive, search.costing), check, rounds, beyond=self.leg.beyond)

    def _begins_there(self, route: Drive) -> bool:
        """Tell whether the engine's own route begins and ends where the vehicle stands, when it stands somewhere."""
        search = self.search
        ends = zip((search.start, search.end), (route.start, route.end), search.on_street, strict=True)
        return all(not there or distance_m(point, place) <= JOINT_M for point, place, there in ends)

    def _rounds(self, lawful: Way, free: PlainWay) -> Iterator[Round]:
        """From the way without law on: what it breaks is closed and nothing else, until the lawful way is found."""
        way, drive = free.way, free.drive
        met: set[str] = set()
        closed = np.zeros_like(self.closed)
        self._everything = self.closed
        for left in range(self.search.limits.rounds - 1, -1, -1):
            if way.same_as(lawful):
                return
            violations = self._breaks(way, drive).violations
            if not violations:
                return
            round_ = _round(drive, violations)
            yield round_
            if left == 0:
                return
            met |= {reason.id for reason in round_.reasons}
            for violation in violations:
                closed[violation.edge.row] |= bool(violation.limits)
            self.closed = closed | self.engine.limits.closed_to_engine(self.search.costing)
            following = self._way(_law_of(self.grid, self._asked_law, frozenset(met)))
            self.closed = self._everything
            if following is None or following.same_as(way):
                return
            way, drive = following, self.engine.drive_of(following)

    def _breaks(self, way: Way, drive: Drive, among: npt.NDArray[np.bool_] | None = None) -> Check:
        """What a way that is only told of breaks: asked where the compiled law closes it, and at its two ends.

        among: (n,) the rows between the ends that are asked about.
        """
        suspects: npt.NDArray[np.bool_] | None = None
        if drive.edges:
            suspects = self.network.closed_along(way, self._asked_law, self.depart_s, self._everything)
            if among is not None:
                suspects &= among[way.rows]
            suspects[[0, -1]] = True
        return check_drive(self.engine, self.law, drive, self.leg, suspects)

    def _refused(self) -> Outcome:
        """No lawful way: every one was tried. What is in the way of the one that breaks least."""
        way = self._way(self._asked_law, soft=True)
        cut_short = self._asked_law.zones_left_out
        if way is None:
            return Outcome(None, None, (), cut_short=cut_short)
        drive = self.engine.drive_of(way)
        # Of what is not told, only exemptions matter: see `_exempting`.
        check = self._breaks(way, drive, None if self.search.limits.blocking else self.grid.looks_at_stops)
        round_ = _round(drive, check.violations)
        return Outcome(None, check, (round_,), cut_short, blocking=(*round_.reasons, *round_.limits))


def _as_long(route: Drive, drive: Drive) -> bool:
    """Tell whether the engine's own route takes as long as the cheapest way: now and then it misses that one."""
    return abs(route.duration_s - drive.duration_s) <= _SAME_S


def _part_law(grid: LawGrid, law: LegLaw, row: int, first: float, last: float) -> PartLaw:
    path = part_of(grid.engine.table, row, first, last)
    # What stands where nothing is driven is asked of the stop.
    return grid.for_part(path, row, law) if shapely.get_dimensions(path) == 1 else NO_PART


_kept_part_law = lru_cache(maxsize=_PARTS_KEPT)(_part_law)


@lru_cache(maxsize=8)
def _numbers_of(grid: LawGrid, count: int) -> dict[str, tuple[int, ...]]:
    """The numbers in a leg's law of each regulation, by id."""
    numbers: dict[str, list[int]] = {}
    for number in range(count):
        numbers.setdefault(grid.regulation(number).id, []).append(number)
    return {regulation_id: tuple(found) for regulation_id, found in numbers.items()}


def _law_of(grid: LawGrid, law: LegLaw, ids: frozenset[str]) -> LegLaw:
    """The law of a leg as if it held only some regulations."""
    state: npt.NDArray[np.uint8] = np.full_like(law.reg_state, OPEN)
    of_id = _numbers_of(grid, len(law.reg_state))
    kept = [number for regulation_id in ids for number in of_id.get(regulation_id, ())]
    state[kept] = law.reg_state[kept]
    return replace(law, reg_state=state)


def _exempting(law: LawSnapshot, outcome: Outcome) -> frozenset[str]:
    """The measures in the way that let those pass who have a stop inside."""
    reasons = [found for found in outcome.blocking if isinstance(found, Reason)]
    measures = [law.measures.get(reason.id) for reason in reasons if reason.kind == "measure"]
    return frozenset(m.id for m in measures if isinstance(m, Measure) and m.vehicles.looks_at_stops)


def _round(drive: Drive, violations: Iterable[Violation]) -> Round:
    reasons: dict[tuple[str, str], Reason] = {}
    limits: dict[RoadLimit, None] = {}
    found = tuple(violations)
    for violation in found:
        reasons |= {(reason.kind, reason.id): reason for reason in violation.reasons}
        limits |= dict.fromkeys(violation.limits)
    return Round(drive, tuple(reasons.values()), tuple(limits), found)
