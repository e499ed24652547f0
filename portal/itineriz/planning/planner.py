"""A tour that is lawful at every edge and every moment, with what made it so; or what stands in its way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from portal.common.errors import Invalid
from portal.itineriz.planning.bays import BayMap
from portal.itineriz.planning.departures import Latest, latest_departure, proposals, tries_for
from portal.itineriz.planning.driving import AWAY_FROM_ROAD_M, Progress, drive_tour
from portal.itineriz.planning.emissions import emissions_of
from portal.itineriz.planning.granting import open_with_passes
from portal.itineriz.planning.hours import HORIZON
from portal.itineriz.planning.nearest import nearest_departures
from portal.itineriz.planning.needs import needed_passes
from portal.itineriz.planning.obstacles import explained, impossible_stops
from portal.itineriz.planning.slots import SLOTS_AHEAD, LegalSlots, can_be_served, stop_slots
from portal.itineriz.planning.tour import Ordered, Round, Tour, calls_of
from portal.itineriz.routing.checking import LegContext, check_stay, ids_at
from portal.itineriz.routing.drives import distance_m
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.lawgrid import LawGrid, grid_of
from portal.itineriz.routing.overlay import law_to_drive
from portal.itineriz.routing.search import Limits
from portal.itineriz.trip import BayChoice, Notice, Obstacle, OrderFound, Proposal, Status, Trip, TripResult, Visit
from portal.regulations.passes import PassRight
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot


@dataclass(frozen=True, slots=True)
class Extras:
    """What is asked besides the way. bays: those of the territory. hours: look for better or lawful other hours.

    progress: told before each leg and around the search of an order; it may raise to stop the work. now: of the clock,
    no other departure before it is told; None when hours that are over may be told as well.
    """

    bays: BayMap | None = None
    hours: bool = True
    progress: Progress | None = None
    now: datetime | None = None


def plan(
    engine: Engine, law: LawSnapshot, trip: Trip, limits: Limits | None = None, extras: Extras | None = None
) -> TripResult:
    """The lawful tour of a trip.

    Raises Invalid: "stops-missing", "stop-not-a-position", "stop-far-from-road" (with the number of the stop),
    "vehicle-too-large"; Unavailable when the engine fails.
    """
    trip = _checked(trip)
    law = law_to_drive(law)
    return _Planner(grid_of(engine, law), trip, limits or Limits(), extras or Extras()).plan()


def _checked(trip: Trip) -> Trip:
    """The trip with its hours in UTC: sums of local hours are wrong on the day on which the clock changes."""
    if len(trip.stops) < 2:
        raise Invalid("stops-missing", field="stops")
    if any(at is not None and at.utcoffset() is None for at in (trip.depart_at, trip.arrive_by)):
        raise ValueError("an hour needs a time zone")
    for number, stop in enumerate(trip.stops):
        usable = math.isfinite(stop.lon) and math.isfinite(stop.lat) and abs(stop.lon) <= 180 and abs(stop.lat) <= 90
        if not usable:
            raise Invalid("stop-not-a-position", field="stops", stop=number)
    arrive_by = None if trip.arrive_by is None else trip.arrive_by.astimezone(UTC)
    return replace(trip, depart_at=trip.depart_at.astimezone(UTC), arrive_by=arrive_by)


@dataclass(slots=True)
class _Planner:
    """The planning of one trip under one law. ahead: the days of which the legal hours of stops are told."""

    grid: LawGrid
    trip: Trip
    limits: Limits
    extras: Extras
    ahead: Interval = field(init=False)
    slots: dict[int, LegalSlots] = field(default_factory=dict)
    driven: dict[tuple[object, ...], Tour] = field(default_factory=dict)
    told: tuple[str, int, int] = ("order", 0, 1)

    def plan(self) -> TripResult:
        trip = self.trip
        # Who asks for an arrival leaves in the day before it.
        anchor = trip.depart_at if trip.arrive_by is None else trip.arrive_by - HORIZON
        self.ahead = Interval(anchor, anchor + SLOTS_AHEAD)
        if trip.free_order:
            self._look_at_places(range(1, len(trip.stops)))
        left_out = self._closed_all_day(anchor) if trip.free_order else []
        ordered = self._ordered(left_out)
        round_ = Round(calls_of(trip, ordered.sequence), trip.depart_at, trip.vehicle, trip.passes, slots=ordered.slots)
        if trip.arrive_by is not None:
            depart_at = self._latest(round_, trip.arrive_by).depart_at
            round_ = round_.leaving(depart_at)
            self.trip = replace(trip, depart_at=depart_at)
        return self._answer(round_, left_out, ordered)

    def _latest(self, round_: Round, arrive_by: datetime) -> Latest:
        """The latest departure that arrives in time, without a wait for the law where that leaves no earlier.

        Without waits first: a tour that waits comes too late as a whole, and says no more what is in its way.
        """
        found = [
            latest_departure(self.grid.law, self._at_hour(one, blocking=True), arrive_by, self._tries(one), one.passes)
            for one in (_steady(round_), round_)
        ]
        in_time = (one for one in found if one.found)
        return max(in_time, key=lambda one: one.depart_at, default=found[0])

    def _look_at_places(self, numbers: Iterable[int]) -> None:
        """The legal hours of some stops, the first one has none: of all before an order is looked for, of those at
        which a tour fails once it is driven."""
        for number in numbers:
            if number == 0 or number in self.slots:
                continue
            stop, vehicle, passes = self.trip.stops[number], self.trip.vehicle, self.trip.passes
            self.slots[number] = stop_slots(self.grid, stop, vehicle, passes, self.ahead)

    def _closed_all_day(self, anchor: datetime) -> list[int]:
        """The stops that no hour of the coming day lets serve, nor their first window still to come; a tour in a free
        order leaves them out."""
        closed = [
            number
            for number, slots in self.slots.items()
            if not can_be_served(slots.open, anchor, self._waits_until(number, anchor))
        ]
        # Without any stop left there is no tour to drive: then the refusal names them.
        return closed if len(closed) < len(self.trip.stops) - 1 else []

    def _waits_until(self, number: int, anchor: datetime) -> datetime:
        """How long a tour waits for a stop: a day, or for its window as a tour in the order given does."""
        coming = (span.end for span in sorted(self.trip.stops[number].windows) if span.end > anchor)
        return max(anchor + HORIZON, next(coming, anchor))

    def _ordered(self, left_out: Sequence[int]) -> Ordered:
        given = tuple(n for n in range(len(self.trip.stops)) if n not in left_out)
        if not self.trip.free_order:
            return Ordered(given)
        # Ordering brings large libraries along: only who orders stops loads them.
        from portal.itineriz.planning.reordering import in_best_order

        self._tell("order", 0, 1)
        trip = replace(self.trip, depart_at=self._hour_to_order(given))
        ordered = in_best_order(self.grid, trip, given, self.slots, self._drive)
        self._tell("order", 1, 1)
        return ordered

    def _hour_to_order(self, given: tuple[int, ...]) -> datetime:
        """The departure for which an order is looked for. Who asks for an arrival leaves at the latest so long before
        as the order given takes, and in time for the first window."""
        trip = self.trip
        if trip.arrive_by is None:
            return trip.depart_at
        tour = self._drive(Round(calls_of(trip, given), trip.arrive_by, trip.vehicle, trip.passes))
        seconds = sum(leg for leg in tour.leg_s if math.isfinite(leg)) + sum(trip.stops[n].service_s for n in given)
        windows = [span.start for n in given for span in trip.stops[n].windows if span.end > trip.arrive_by - HORIZON]
        latest = trip.arrive_by - timedelta(seconds=seconds)
        return max(trip.arrive_by - HORIZON, min([latest, *windows]))

    def _tell(self, step: str, done: int, total: int) -> None:
        self.told = (step, done, total)
        if self.extras.progress is not None:
            self.extras.progress(step, done, total)

    def _still(self, _step: str, _done: int, _total: int) -> None:
        """Say that the work goes on: a tour that is only compared is no progress of the one asked for."""
        self._tell(*self.told)

    def _tries(self, round_: Round) -> int:
        return tries_for(len(round_.calls) - 1)

    def _drive(self, round_: Round, *, blocking: bool = True) -> Tour:
        """Drive a tour to compare it with others; the same one is driven once. blocking: tell what is in its way."""
        # A tour that is to tell which passes it needs does not wait until it needs none.
        round_ = replace(round_, waits=round_.waits and not self.trip.assume_passes)
        holds = tuple(sorted(round_.holds.items()))
        asked = (round_.calls, round_.depart_at, round_.passes, holds, blocking)
        steady = self.driven.get((*asked, False))
        if steady is not None and steady.complete:
            # Lawful without a wait: with waits it is the same tour.
            return steady
        key = (*asked, round_.waits)
        if key not in self.driven:
            limits = replace(self.limits, blocking=blocking)
            self.driven[key] = drive_tour(self.grid, round_, limits, explain=False, progress=self._still)
        return self.driven[key]

    def _drive_to_tell(self, round_: Round) -> Tour:
        """Drive the tour that is told. One that waits for the law in vain, and is refused further on or comes too late,
        is told as it is without a wait: then what closes the way is named, and the pass that opens it."""
        tour = drive_tour(self.grid, round_, self.limits, progress=self._tell)
        if tour.waits and not self._served(tour):
            tour = drive_tour(self.grid, _steady(round_), self.limits, progress=self._still)
        return tour

    def _served(self, tour: Tour) -> bool:
        """Tell whether a tour is lawful and comes to its last stop in time."""
        arrive_by = self.trip.arrive_by
        return tour.complete and (arrive_by is None or tour.arrive_at <= arrive_by)

    def _answer(self, round_: Round, left_out: Sequence[int], ordered: Ordered) -> TripResult:
        # With passes to be supposed, this may not be the tour that is told: it is put into words when it is.
        supposing = self.trip.assume_passes
        tour = self._drive(round_) if supposing else self._drive_to_tell(round_)
        opened, granted = (tour, ()) if tour.complete else self._opened(round_, tour)
        supposed = granted if supposing and opened.complete else ()
        if supposing:
            round_ = replace(round_, passes=(*round_.passes, *supposed))
            tour = self._drive_to_tell(round_)
        late = self._too_late(round_, tour)
        told = self._result(round_, tour, supposed, left_out, ordered)
        if tour.complete or late:
            return told
        needed = needed_passes(self.grid, self.trip, opened.legs, opened.visits, granted) if opened.complete else ()
        return replace(told, needed_passes=needed, departures=self._departures(round_, tour))

    def _too_late(self, round_: Round, tour: Tour) -> bool:
        """Make a tour that comes after the hour asked for a refused one: at the stop whose window keeps it so long, or
        else at the last one. Tell whether it does."""
        if not tour.complete or self._served(tour):
            return False
        waits = [place for place, visit in enumerate(tour.visits) if place and visit.wait_s]
        place = waits[-1] if waits else len(round_.calls) - 1
        tour.obstacles.append(Obstacle(place, missed=True))
        del tour.legs[place - 1 :], tour.visits[place:]
        return True

    def _earliest(self, asked: datetime) -> datetime | None:
        """Before which hour no other departure is told; None for a trip asked about a day that is over."""
        now = self.extras.now
        return None if now is None or asked < now - HORIZON else now

    def _opened(self, round_: Round, refused: Tour) -> tuple[Tour, tuple[PassRight, ...]]:
        """The tour with the passes that open it without a wait; with waits, where passes alone do not."""

        def opened(round_: Round, refused: Tour) -> tuple[Tour, tuple[PassRight, ...]]:
            def with_passes(more: tuple[PassRight, ...]) -> Tour:
                return self._drive(replace(round_, passes=(*round_.passes, *more)))

            return open_with_passes(self.grid.law, round_, refused, with_passes)

        tour, granted = opened(_steady(round_), refused)
        if tour.complete:
            return tour, granted
        waiting = self._drive(round_)
        again = opened(round_, waiting) if waiting.waits else (tour, granted)
        return again if self._served(again[0]) else (tour, granted)

    def _departures(self, round_: Round, tour: Tour) -> tuple[datetime, ...]:
        if not self.extras.hours:
            return ()
        earliest = self._earliest(round_.depart_at)

        def nearest(round_: Round, refused: Tour) -> tuple[datetime, ...]:
            return nearest_departures(self.grid.law, self._at_hour(round_, blocking=True), refused, round_, earliest)

        # Whoever chooses another hour would rather not wait for the law on the way.
        found = nearest(_steady(round_), tour)
        return found or (nearest(round_, self._drive(round_)) if len(round_.calls) > 2 else ())

    def _at_hour(self, round_: Round, *, blocking: bool = False) -> Callable[[datetime], Tour]:
        return lambda at: self._drive(round_.leaving(at), blocking=blocking)

    def _result(
        self,
        round_: Round,
        tour: Tour,
        granted: tuple[PassRight, ...],
        left_out: Sequence[int],
        ordered: Ordered,
    ) -> TripResult:
        trip, law = self.trip, self.grid.law
        metres = sum(leg.drive.distance_m for leg in tour.legs)
        if tour.delayed_s:
            tour.warn(Notice.DELAYED, minutes=math.ceil(tour.delayed_s / 60))
        away = distance_m(trip.stops[0].point, tour.legs[0].drive.start) if tour.legs else 0.0
        if away > AWAY_FROM_ROAD_M:
            tour.warn(Notice.FAR_FROM_ROAD, stop=0, metres=round(away))
        if ordered.failed is not None:
            tour.warn(Notice.ORDER_UNAVAILABLE, code=ordered.failed)
        self._look_at_places(round_.calls[obstacle.stop].number for obstacle in tour.obstacles)
        better: tuple[Proposal, ...] = ()
        if tour.complete and self.extras.hours and not trip.assume_passes:
            better = proposals(
                law,
                self._at_hour(round_),
                lambda place, until: self._drive(replace(round_, holds={**round_.holds, place: until}, waits=False)),
                tour,
                round_,
                self._tries(round_),
                self._earliest(round_.depart_at),
                trip.arrive_by,
            )
        return TripResult(
            status=Status.OK if tour.complete else Status.NO_LAWFUL_ROUTE,
            trip=trip,
            legs=tuple(tour.legs),
            visits=tuple(tour.visits),
            calls=round_.calls,
            avoided=tuple(tour.avoided.values()),
            violations=tuple(tour.violations),
            warnings=tuple(tour.warnings.values()),
            needed_passes=needed_passes(self.grid, trip, tour.legs, tour.visits, granted) if tour.complete else (),
            blocking=explained(self.grid.law, round_, tour),
            impossible=impossible_stops(
                self.grid.law, round_, tour, self.slots, dict.fromkeys(left_out, True) | dict(ordered.unserved)
            ),
            proposals=better,
            bays=self._bays(round_, tour) if tour.complete else (),
            emissions=emissions_of(trip.vehicle, trip.energy, metres, ordered.saved_m) if tour.complete else None,
            order=OrderFound(
                trip.free_order,
                tuple(range(len(trip.stops))),
                ordered.saved_s if trip.free_order else 0.0,
                ordered.saved_m if trip.free_order else 0.0,
            ),
            plain_distance_m=tour.plain_distance_m,
            plain_duration_s=tour.plain_duration_s,
            law_version=law.version,
            graph_version=self.grid.engine.version,
            rounds=tour.rounds,
        )

    def _bays(self, round_: Round, tour: Tour) -> tuple[tuple[BayChoice, ...], ...]:
        """The bays near each stop served, none at the start and at the return."""
        bays = self.extras.bays
        if bays is None:
            return ()
        return tuple(
            ()
            if number == 0 or visit.call.returns
            else bays.near(
                visit.call.stop.point,
                self.trip.vehicle,
                visit.begin_at,
                (visit.leave_at - visit.begin_at).total_seconds(),
                self._may_stand(round_, visit),
            )
            for number, visit in enumerate(tour.visits)
        )

    def _may_stand(self, round_: Round, visit: Visit) -> Callable[[tuple[float, float]], bool]:
        """Whether the law lets the vehicle stand elsewhere for a visit, as it is asked of the place of the stop: until
        it leaves, for a wait is spent there too."""
        law, stay = self.grid.law, Interval(visit.begin_at, visit.leave_at)

        def may_stand(point: tuple[float, float]) -> bool:
            ids = ids_at(law, point)
            leg = LegContext(round_.vehicle, round_.passes, stay.start, ids, ids, tolerate_unknown=True)
            return not check_stay(law, point, stay, leg, ids)

        return may_stand


def _steady(round_: Round) -> Round:
    """The same tour, that waits nowhere for the law."""
    return replace(round_, waits=False)
