"""Driving a tour leg after leg, each leaving when the stop before is served, at the real hours of the law."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from portal.common.errors import Invalid
from portal.itineriz.planning.crossed import avoided_of, awaited_of, forbidden_lines
from portal.itineriz.planning.delays import slowed
from portal.itineriz.planning.hours import closed_spans, outside, to_minute
from portal.itineriz.planning.tour import Round, Tour
from portal.itineriz.planning.windows import both, first_begin
from portal.itineriz.routing.checking import Check, LegContext, check_drive, check_stay, ids_at
from portal.itineriz.routing.costing import Costing, costing_for, unknown_sizes
from portal.itineriz.routing.drives import Drive, distance_m
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.lawgrid import LawGrid
from portal.itineriz.routing.search import Limits, Outcome, Search
from portal.itineriz.trip import Call, Leg, Notice, Obstacle, RoadLimit, Stop, Visit
from portal.regulations.evaluate import Reason
from portal.regulations.schedules import Interval, merge
from portal.regulations.vehicles import Vehicle

AWAY_FROM_ROAD_M: Final = 60.0
NEAR_STREETS_M: Final = 120
"""How far from a stop another street is tried when the nearest leads nowhere for the vehicle."""
ENGLISH: Final = "en-US"
_WAITS_TRIED: Final = 6
LONGEST_WAIT: Final = timedelta(hours=4)
"""How long a vehicle waits at a stop for the law further on, besides what the windows of the next one ask: who would
wait for longer leaves at another hour, or on another day."""
_DELAYS_TRIED: Final = 2

type _Accepted = tuple[LegContext, Outcome, Drive, Check]

type Progress = Callable[[str, int, int], None]
"""(step, done, total). Told often; it may raise to stop the work."""


def drive_tour(
    grid: LawGrid,
    round_: Round,
    limits: Limits | None = None,
    *,
    explain: bool = True,
    progress: Progress | None = None,
) -> Tour:
    """Drive a tour. After a leg without a lawful way the others are still tried, so that all obstacles are known.

    explain: find the streets that each regulation met forbids (a tour that is only compared does not need them).
    With limits that ask for nothing that blocks, the first leg without a lawful way ends the tour.
    """
    driver = _Driver(grid, round_, limits or Limits(), explain, progress)
    driver.run()
    return driver.tour


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the vehicle is, since when, and when it may leave. on_street: it drove there, and stands in that street."""

    point: tuple[float, float]
    since: datetime
    leave_at: datetime
    on_street: bool = False


@dataclass(frozen=True, slots=True)
class _Driven:
    """One leg with a lawful way. awaited: what closed it, or the stop, before; the last to end first."""

    leg: LegContext
    drive: Drive
    check: Check
    outcome: Outcome
    plain: Drive
    costing: Costing
    awaited: tuple[Reason, ...] = ()

    @property
    def arrive_at(self) -> datetime:
        return self.leg.depart_at + timedelta(seconds=self.drive.duration_s)


@dataclass(frozen=True, slots=True)
class _Refused:
    """One leg without a lawful way; plain: without law, when the engine knows a way at all.

    met: what is in the way, and how many seconds after leaving the vehicle comes there; nothing when only a window of
    the stop is waited for. as_it_opens: when to leave to come to the stop as its window or its legal hours open, where
    it may not wait for that.
    """

    obstacles: tuple[Obstacle, ...]
    plain: Drive | None = None
    cut_short: bool = False
    met: tuple[tuple[Reason, float], ...] = ()
    as_it_opens: datetime | None = None


class _Driver:
    def __init__(self, grid: LawGrid, round_: Round, limits: Limits, explain: bool, progress: Progress | None) -> None:
        self.grid = grid
        self.round = round_
        self.limits = replace(limits, explain=explain)
        self.explain = explain
        self.progress = progress
        self.tour = Tour()

    def run(self) -> None:
        unknown = unknown_sizes(self.round.vehicle)
        if unknown:
            self.tour.warn(Notice.UNKNOWN_SIZES, facts=",".join(fact.value for fact in unknown))
        place = self._start()
        for number in range(1, len(self.round.calls)):
            found = self._reach(number, place)
            if isinstance(found, _Refused):
                place = self._suppose(number, place, found)
            else:
                place = self._arrive(number, place, found)
            self._tell(number)
            if self.tour.obstacles and not self.limits.blocking:
                break
        self.tour.supposed_at, self.tour.supposed_end = place.since, place.leave_at

    def _tell(self, driven: int) -> None:
        if self.progress is not None:
            self.progress("leg", driven, len(self.round.calls) - 1)

    def _start(self) -> _Place:
        call = self.round.calls[0]
        begin = first_begin(self._windows(0), self.round.depart_at)
        if begin is None:
            self.tour.obstacles.append(Obstacle(0, missed=True))
            begin = self.round.depart_at
        leave_at = self._held(0, begin + timedelta(seconds=call.stop.service_s))
        point = call.stop.point
        self.tour.visits.append(Visit(call, self.round.depart_at, begin, leave_at, point))
        if call.stop.service_s or leave_at > self.round.depart_at:
            stay = Interval(self.round.depart_at, leave_at)
            self.tour.obstacles += [Obstacle(0, reason) for reason in self._stands(point, call, stay)]
        return _Place(point, self.round.depart_at, leave_at)

    def _windows(self, number: int) -> tuple[Interval, ...]:
        own, legal = self.round.calls[number].stop.windows, self.round.slots.get(number)
        if legal is None:
            return own
        return both(own, legal) if own else legal

    def _held(self, number: int, leave_at: datetime) -> datetime:
        held = self.round.holds.get(number)
        return leave_at if held is None else max(held, leave_at)

    def _stands(
        self, point: tuple[float, float], call: Call, stay: Interval, *, tolerate: bool = True
    ) -> tuple[Reason, ...]:
        """What forbids to stand at a place. tolerate: as for the leg that led there."""
        ids = ids_at(self.grid.law, call.stop.point) | ids_at(self.grid.law, point)
        leg = LegContext(self.round.vehicle, self.round.passes, stay.start, ids, ids, tolerate_unknown=tolerate)
        return check_stay(self.grid.law, point, stay, leg, ids)

    def _reach(self, number: int, place: _Place) -> _Driven | _Refused:
        """The lawful way to a stop. Where there is none yet, the vehicle waits where it stands, if it may."""
        refused = found = self._serve(number, place, place.leave_at)
        met: dict[str, tuple[Reason, float]] = {}
        leave_at = place.leave_at
        last: Reason | None = None
        for _ in range(_WAITS_TRIED):
            if isinstance(found, _Driven):
                break
            met |= {reason.id: (reason, met_s) for reason, met_s in found.met}
            later = self._later(number, place, leave_at, found, met.values())
            before = self.round.calls[number - 1]
            if later is None or self._stands(place.point, before, Interval(place.since, later[0])):
                return refused
            leave_at, last = later
            found = self._serve(number, place, leave_at)
        if isinstance(found, _Refused):
            return refused
        if last is None:
            return found
        return replace(found, awaited=(last, *(reason for reason, _ in met.values() if reason.id != last.id)))

    def _serve(self, number: int, place: _Place, leave_at: datetime) -> _Driven | _Refused:
        """The lawful way to a stop for who leaves at an instant, and may stand there until it is served."""
        found = self._drive(number, place, leave_at)
        if isinstance(found, _Refused):
            return found
        call = self.round.calls[number]
        begin = first_begin(self._windows(number), found.arrive_at)
        if begin is None:
            return _Refused((Obstacle(number, missed=True),), found.plain)
        left = self._held(number, begin + timedelta(seconds=call.stop.service_s))
        here, tolerate = found.drive.end, found.leg.tolerate_unknown
        stands = self._stands(here, call, Interval(found.arrive_at, left), tolerate=tolerate)
        if not stands:
            return found
        obstacles = tuple(Obstacle(number, reason) for reason in stands)
        met = tuple((reason, found.drive.duration_s) for reason in stands)
        early = begin - found.arrive_at
        if early and not self._stands(here, call, Interval(begin, left), tolerate=tolerate):
            # A window of the stop, and not its legal hours, makes the vehicle wait: that is no matter of the law.
            asked = first_begin(call.stop.windows, found.arrive_at) == begin
            return _Refused(obstacles, found.plain, met=() if asked else met, as_it_opens=leave_at + early)
        return _Refused(obstacles, found.plain, met=met)

    def _later(
        self,
        number: int,
        place: _Place,
        leave_at: datetime,
        refused: _Refused,
        met: Iterable[tuple[Reason, float]],
    ) -> tuple[datetime, Reason | None] | None:
        """The next hour at which to leave for a stop instead, and what ends then; None when nobody would wait for it.

        met: what was in the way so far, and after how many seconds. One leaves as the last of it ends where it was met,
        or, should that be too early for another way, as it ends at all.
        """
        if refused.as_it_opens is not None:
            return refused.as_it_opens, next((reason for reason, _ in refused.met), None)
        if number == 1 or not self.round.waits or refused.plain is None:
            # To wait at the start is to leave later: that is told as another departure.
            return None
        longest = place.leave_at + self._window_wait(number, place, refused.plain) + LONGEST_WAIT
        if leave_at >= longest:
            return None
        closed: list[Interval] = []
        hours: dict[datetime, Reason] = {}
        for reason, met_s in met:
            until = timedelta(seconds=met_s)
            for span in closed_spans(
                self.grid.law, reason, Interval(leave_at + until, longest + until), self.round.passes
            ):
                closed.append(Interval(span.start - until, span.end - until))
                hours |= dict.fromkeys((to_minute(span.end - until, 1), span.end), reason)
        open_ = outside(merge(closed), Interval(leave_at, longest))
        later = (at for at in sorted(hours) if at > leave_at and any(span.contains(at) for span in open_))
        return next(((at, hours[at]) for at in later), None)

    def _window_wait(self, number: int, place: _Place, plain: Drive) -> timedelta:
        """How long the windows of a stop let a vehicle wait that comes there at once, as without law."""
        arrive_at = place.leave_at + timedelta(seconds=plain.duration_s)
        begin = first_begin(self.round.calls[number].stop.windows, arrive_at)
        return timedelta() if begin is None else begin - arrive_at

    def _drive(self, number: int, place: _Place, leave_at: datetime) -> _Driven | _Refused:
        """The lawful way of one leg: first as if every unknown size were too large, then as if it fitted."""
        grid, calls = self.grid, self.round.calls
        before, call = calls[number - 1], calls[number]
        following = calls[number + 1].stop if number + 1 < len(calls) else None
        vehicle = self.round.vehicle
        ids = [ids_at(grid.law, one.stop.point) for one in (before, call)]
        target = None if following is None else _where_to_serve(grid.engine, place, call, following, vehicle)
        asked = _Asked(place.point, target or call.stop.point, (place.on_street, target is not None))
        plain: Drive | None = None
        outcome: Outcome | None = None
        search: Search | None = None
        leg = LegContext(vehicle, self.round.passes, leave_at, ids[0], ids[1])
        # What blocks is told of the last try alone; to know how long to wait, all of it.
        told = replace(self.limits, blocking=self.limits.blocking or (self.round.waits and number > 1))
        sought = {False: replace(self.limits, blocking=False), True: told}
        for tolerate in (False, True):
            leg = replace(leg, tolerate_unknown=tolerate)
            costing = costing_for(vehicle, unknown_is_large=not tolerate)
            found = _engine_drive(grid.engine, call.number, asked, leg, tolerate=tolerate)
            if found is None:
                if search is not None:
                    outcome = replace(search, limits=told).run()
                continue
            plain = plain or found.drive
            start, end = found.asked.start, found.asked.end
            search = Search(grid, start, end, leg, costing, found.drive, sought[tolerate], found.asked.on_street)
            outcome = search.run()
            self.tour.rounds += len(outcome.rounds)
            if outcome.drive is None:
                continue
            accepted = self._delayed(leg, search, outcome)
            if isinstance(accepted, Check):
                late = tuple(Obstacle(number, reason) for reason in _reasons(accepted))
                return _Refused(late, plain, cut_short=True, met=_met(accepted))
            leg, outcome, drive, check = accepted
            return _Driven(leg, drive, check, outcome, plain, costing)
        if outcome is None or plain is None:
            return _Refused((Obstacle(number),))
        met = () if outcome.check is None else _met(outcome.check)
        return _Refused(tuple(self._blocking(number, outcome)), plain, outcome.cut_short, met)

    def _delayed(self, leg: LegContext, search: Search, outcome: Outcome) -> _Accepted | Check:
        """The drive at the hours at which orders that slow it down let it be driven, and what the law says then.

        When it comes too late somewhere, the way is searched once more as if it left later by the delay. What the law
        says against the first drive, when that does not help.
        """
        refused: Check | None = None
        for _ in range(_DELAYS_TRIED):
            if outcome.drive is None or outcome.check is None:
                break
            here = replace(leg, beyond=outcome.beyond)
            late = slowed(self.grid, outcome.drive, here)
            if late is outcome.drive and search.leg.depart_at == leg.depart_at:
                return here, outcome, late, outcome.check
            check = check_drive(self.grid.engine, self.grid.law, late, here)
            if not check.violations:
                return here, outcome, late, check
            refused = refused or check
            seconds = late.duration_s - outcome.drive.duration_s
            search = replace(search, leg=replace(leg, depart_at=leg.depart_at + timedelta(seconds=seconds)))
            outcome = search.run()
        assert refused is not None
        return refused

    def _blocking(self, number: int, outcome: Outcome) -> Iterable[Obstacle]:
        """What a search without success met, strictest first."""
        reasons = {(one.kind, one.id): one for one in outcome.blocking if isinstance(one, Reason)}
        limits = dict.fromkeys(one for one in outcome.blocking if isinstance(one, RoadLimit))
        lines = forbidden_lines(outcome) if self.explain else {}
        if not reasons and not limits:
            yield Obstacle(number)
        for reason in sorted(reasons.values(), key=_strictest_first):
            yield Obstacle(number, reason, lines=lines.get(reason.id))
        for limit in limits:
            yield Obstacle(number, limit=limit)

    def _suppose(self, number: int, place: _Place, refused: _Refused) -> _Place:
        """Go on from a stop that was not reached, at the hour at which the plain way would have come there."""
        seconds = refused.plain.duration_s if refused.plain is not None else 0.0
        if not self.tour.obstacles:
            self.tour.refused_s = seconds
        self.tour.leg_s.append(math.inf)
        self.tour.missed.append(number)
        if any(obstacle.missed for obstacle in refused.obstacles):
            self.tour.windows_missed += self._windows(number)
        self.tour.obstacles += refused.obstacles
        if refused.cut_short:
            self.tour.warn(Notice.SEARCH_STOPPED, stop=self.round.calls[number].number)
        call = self.round.calls[number]
        since = place.leave_at + timedelta(seconds=seconds)
        begin = first_begin(self._windows(number), since) or since
        return _Place(call.stop.point, since, self._held(number, begin + timedelta(seconds=call.stop.service_s)))

    def _arrive(self, number: int, place: _Place, found: _Driven) -> _Place:
        call, arrive_at = self.round.calls[number], found.arrive_at
        begin = first_begin(self._windows(number), arrive_at) or arrive_at
        leave_at = self._held(number, begin + timedelta(seconds=call.stop.service_s))
        self.tour.leg_s.append(found.drive.duration_s)
        self.tour.distance_m += found.drive.distance_m
        waited_s = (found.leg.depart_at - place.leave_at).total_seconds()
        if waited_s:
            self.tour.waits[number - 1] = waited_s
        if not self.tour.obstacles:
            if waited_s:
                # The wait is spent at the stop before, where the vehicle may stand.
                self.tour.visits[-1] = replace(self.tour.visits[-1], leave_at=found.leg.depart_at)
            if number > 1 and found.awaited:
                here, title = self.round.calls[number - 1].number, found.awaited[0].title
                self.tour.warn(Notice.AWAITS_LAW, stop=here, seconds=round(waited_s), title=title)
            window_s = self._window_wait(number, place, found.plain).total_seconds()
            self._keep(number, call, found, max(0.0, waited_s - window_s))
            self.tour.visits.append(Visit(call, arrive_at, begin, leave_at, found.drive.end))
        return _Place(found.drive.end, arrive_at, leave_at, on_street=True)

    def _in_english(self, found: _Driven) -> tuple[str, ...]:
        """The instructions of a leg in English; none when they do not go with the French ones, step by step."""
        if not self.explain or not found.drive.manoeuvres:
            return ()
        told = self.grid.engine.narrated(found.drive, found.costing, ENGLISH).manoeuvres
        same = len(told) == len(found.drive.manoeuvres)
        return tuple(step.instruction for step in told) if same else ()

    def _keep(self, number: int, call: Call, found: _Driven, waited_s: float) -> None:
        """Note a leg. waited_s: seconds before it for the law alone."""
        tour, drive = self.tour, found.drive
        tour.legs.append(Leg(drive, found.leg.depart_at, found.arrive_at, self._in_english(found)))
        tour.violations += [reason for violation in found.check.violations for reason in violation.reasons]
        tour.plain_distance_m += found.plain.distance_m
        tour.plain_duration_s += found.plain.duration_s
        for item in avoided_of(self.grid, number - 1, found.outcome, lines=self.explain):
            tour.avoided[item.leg, item.reason.id] = item
        for item in awaited_of(self.grid, number - 1, found.awaited, waited_s):
            gone_round = tour.avoided.get((item.leg, item.reason.id), item)
            tour.avoided[item.leg, item.reason.id] = replace(gone_round, waited_s=item.waited_s)
        for reason in found.check.warnings:
            tour.warn_of(reason)
        for measure_id in sorted(found.outcome.beyond):
            measure = self.grid.law.measures[measure_id]
            tour.warn(Notice.NO_OTHER_ACCESS, stop=call.number, title=measure.order.title, id=measure_id)
        for limit in found.check.unknown_limits:
            tour.warn(Notice.LIMIT_WITH_UNKNOWN_SIZE, kind=limit.kind, value=limit.value, street=limit.street)
        assert found.outcome.drive is not None
        late_s = drive.duration_s - found.outcome.drive.duration_s
        tour.delayed_s += late_s
        if drive.has_time_restrictions:
            tour.warn(Notice.TIMED_ROAD)
        if drive.uses_private_roads:
            tour.warn(Notice.PRIVATE_ROAD)
        away = distance_m(call.stop.point, drive.end)
        if away > AWAY_FROM_ROAD_M:
            tour.warn(Notice.FAR_FROM_ROAD, stop=call.number, metres=round(away))


def _reasons(check: Check) -> list[Reason]:
    """What the law says against a drive, strictest first, each regulation once."""
    reasons = {reason.id: reason for violation in check.violations for reason in violation.reasons}
    return sorted(reasons.values(), key=_strictest_first)


def _met(check: Check) -> tuple[tuple[Reason, float], ...]:
    """What a drive breaks, each regulation with the seconds after which it is met first."""
    met: dict[str, tuple[Reason, float]] = {}
    for violation in check.violations:
        for reason in violation.reasons:
            met.setdefault(reason.id, (reason, violation.edge.start_s))
    return tuple(met.values())


def _strictest_first(reason: Reason) -> tuple[int, int]:
    return -reason.state.strictness, -(reason.colour.strictness if reason.colour else 0)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The points of a leg. on_street: at the start, at the end, the point is itself the place on the street."""

    start: tuple[float, float]
    end: tuple[float, float]
    on_street: tuple[bool, bool]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A drive without law, and the points it was asked between."""

    drive: Drive
    asked: _Asked


def _where_to_serve(
    engine: Engine, place: _Place, call: Call, following: Stop, vehicle: Vehicle
) -> tuple[float, float] | None:
    """The place on a street that can be reached from here and left for the next stop; None when none is found.

    The nearest street may be one that can be entered and not left, or left and not entered: at the border of an
    extract above all.
    """
    stop, costing = call.stop, costing_for(vehicle, unknown_is_large=True)
    for around_m in (0, NEAR_STREETS_M):
        try:
            inward = engine.drive(place.point, stop.point, costing, around_m, (place.on_street, False))
            onward = engine.drive(stop.point, following.point, costing, around_m)
        except Invalid as error:
            if error.code != "stop-far-from-road":
                raise
            # The leg itself says which stop is at fault.
            return None
        for point in (drive.start if drive is onward else drive.end for drive in (onward, inward) if drive is not None):
            enters = engine.drive(place.point, point, costing, 0, (place.on_street, True))
            if enters is not None and engine.drive(point, following.point, costing, 0, (True, False)) is not None:
                return point
    return None


def _engine_drive(engine: Engine, number: int, asked: _Asked, leg: LegContext, *, tolerate: bool) -> _Plain | None:
    """The drive without law. When no vehicle of this kind reaches the nearest street, from the nearest it reaches."""
    costing = costing_for(leg.vehicle, unknown_is_large=not tolerate)
    try:
        drive = engine.drive(asked.start, asked.end, costing, 0, asked.on_street)
        if drive is not None:
            return _Plain(drive, asked)
        drive = engine.drive(asked.start, asked.end, costing, NEAR_STREETS_M, asked.on_street)
    except Invalid as error:
        if error.code != "stop-far-from-road":
            raise
        if not tolerate and unknown_sizes(leg.vehicle):
            return None
        raise Invalid("stop-far-from-road", field="stops", stop=number, **error.params) from error
    return None if drive is None else _Plain(drive, _Asked(drive.start, drive.end, (True, True)))
