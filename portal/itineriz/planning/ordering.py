"""The order in which stops are served: hours kept, at least cost, by the law of the hours concerned.

VROOM proposes an order from a table of lawful travel times; the table is asked again for the hours at which that order
is at each stop, the order is mended on the clock, driven for real, and what the real drive found is put back into the
table, a bounded number of times. The order given is driven too: the saving told is one between two real tours.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

from portal.common.errors import Unavailable
from portal.itineriz.planning.vroom_order import MOST_WITH_HOURS, vroom_order
from portal.regulations.schedules import Interval

type Floats = npt.NDArray[np.float64]
type Sequences = npt.NDArray[np.int64]
type Cause = Literal["hours", "unreachable"]

_TABLES: Final = 3
"""Most hours at which the travel times between all stops are asked."""
_DRIVES: Final = 3
"""Most orders driven for real besides the one given."""
_PROPOSALS_KEPT: Final = 3
_FEW: Final = 30
_FEWEST: Final = 9
"""Places of a sequence, its ends included, up to which every order is tried."""
_NEVER: Final = (0.0, 0.0)
_SAME_HOUR_S: Final = 60.0


class Travel(Protocol):
    """Lawful travel times between all stops."""

    def __call__(self, leave_at: Sequence[datetime]) -> Floats:
        """(n, n) seconds from stop i, left at leave_at[i], to each stop; inf where no lawful way was found."""
        ...


@dataclass(frozen=True, slots=True)
class Visits:
    """What is put in order: stops by number, the first one the start.

    leave_at: when the start is left, its service done. service_s: per stop. openings: per stop, when its service may
    begin, windows and law together; None at any time. returns: the tour comes back to the start; if not, the last stop
    stays last.
    """

    leave_at: datetime
    service_s: tuple[float, ...]
    openings: tuple[tuple[Interval, ...] | None, ...]
    returns: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """A sequence driven for real. leg_s: seconds of each leg, the way back included; inf where there is no lawful way,
    nan where the way is lawful and came too late for the windows of the stop.

    missed: numbers of the stops that were not reached, or not served in their hours. ends_at: the last one is served.
    wait_s: seconds before each leg for the law to let the vehicle on, besides those the openings tell; none: nowhere.
    """

    leg_s: tuple[float, ...]
    missed: frozenset[int]
    distance_m: float
    ends_at: datetime
    wait_s: tuple[float, ...] = ()

    @property
    def complete(self) -> bool:
        """True when every stop was served."""
        return not self.missed and all(math.isfinite(leg) for leg in self.leg_s)

    @property
    def wheel_s(self) -> float:
        """Seconds at the wheel."""
        return sum(self.leg_s)

    @property
    def under_way_s(self) -> tuple[float, ...]:
        """Seconds of each leg with the wait before it."""
        waits = self.wait_s or (0.0,) * len(self.leg_s)
        return tuple(leg + wait for leg, wait in zip(self.leg_s, waits, strict=True))


type DriveOrder = Callable[[tuple[int, ...]], Trial]


@dataclass(frozen=True, slots=True)
class Unserved:
    """A stop that no order found could serve. hours: its hours leave no room; unreachable: no lawful way leads to it
    or away from it at the hours tried."""

    number: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class Order:
    """The order chosen: numbers of the stops served, the start first, the way back not named.

    saved_s, saved_m: seconds at the wheel and metres of the order given less those of this one, both driven; None when
    the order given cannot be driven. given_kept: no better order than the one given was found. failed: code when the
    order could not be looked for, and the one given stands.
    """

    sequence: tuple[int, ...]
    unserved: tuple[Unserved, ...] = ()
    saved_s: float | None = None
    saved_m: float | None = None
    given_kept: bool = False
    failed: str | None = None


def order_stops(visits: Visits, travel: Travel, drive: DriveOrder) -> Order:
    """Find the order of the stops. The same question gives the same answer.

    travel is asked at most three times, drive at most four times, and four times more when stops must be left out.
    """
    count = len(visits.service_s)
    given = tuple(range(count))
    given_trial = drive(given)
    if count <= (2 if visits.returns else 3):
        return _given(given, given_trial, failed=None)
    search = _Search(visits, travel)
    try:
        search.propose()
    except Unavailable as error:
        return _given(given, given_trial, failed=error.code)
    search.learn(given, given_trial)
    best = sequence = given
    best_trial = given_trial
    for _ in range(_DRIVES if count <= _FEW else _DRIVES - 1):
        sequence = search.best()
        if sequence == best:
            break
        trial = drive(sequence)
        if _rank(sequence, trial, visits) < _rank(best, best_trial, visits):
            best, best_trial = sequence, trial
        if trial.complete and not search.is_better_known(trial, sequence):
            break
        search.learn(sequence, trial)
    best, best_trial = _without_missed(best, best_trial, visits, drive)
    best, best_trial = _waited_for(min(best, sequence, key=len), best, best_trial, visits, drive)
    return _order(best, best_trial, given, given_trial, search)


def _given(given: tuple[int, ...], trial: Trial, failed: str | None) -> Order:
    saved = 0.0 if trial.complete else None
    return Order(given, saved_s=saved, saved_m=saved, given_kept=True, failed=failed)


def _rank(sequence: tuple[int, ...], trial: Trial, visits: Visits) -> tuple[float, float]:
    """Orders are compared by the stops they leave out, then by their end and their seconds at the wheel."""
    left_out = len(visits.service_s) - len(sequence) + len(trial.missed)
    broken = sum(not math.isfinite(leg) for leg in trial.leg_s)
    wheel_s = sum(leg for leg in trial.leg_s if math.isfinite(leg))
    return left_out + broken, (trial.ends_at - visits.leave_at).total_seconds() + wheel_s


def _without_missed(
    sequence: tuple[int, ...], trial: Trial, visits: Visits, drive: DriveOrder
) -> tuple[tuple[int, ...], Trial]:
    """The sequence without the stops that the real drive could not serve, if what is left can be driven."""
    last = None if visits.returns else len(visits.service_s) - 1
    shorter, again = sequence, trial
    for _ in range(_DRIVES):
        optional = again.missed - {0, last}
        if not optional:
            break
        shorter = tuple(number for number in shorter if number not in optional)
        again = drive(shorter)
    return (shorter, again) if again.complete else (sequence, trial)


def _waited_for(
    shorter: tuple[int, ...], best: tuple[int, ...], trial: Trial, visits: Visits, drive: DriveOrder
) -> tuple[tuple[int, ...], Trial]:
    """A sequence with the stops it leaves out at its end, in the order in which they open, if it is better so: the
    tables know of no wait for the law, a drive does."""
    to_come = [
        (min(starts), number)
        for number, spans in enumerate(visits.openings)
        if number not in shorter and (starts := [one.start for one in spans or () if one.start > visits.leave_at])
    ]
    if not to_come:
        return best, trial
    last = () if visits.returns else shorter[-1:]
    longer = (*shorter[: len(shorter) - len(last)], *(number for _, number in sorted(to_come)), *last)
    again = drive(longer)
    return (longer, again) if _rank(longer, again, visits) < _rank(best, trial, visits) else (best, trial)


def _order(best: tuple[int, ...], trial: Trial, given: tuple[int, ...], given_trial: Trial, search: _Search) -> Order:
    unserved = tuple(Unserved(number, search.cause(number)) for number in given if number not in best)
    comparable = trial.complete and given_trial.complete and not unserved
    return Order(
        sequence=best,
        unserved=unserved,
        saved_s=given_trial.wheel_s - trial.wheel_s if comparable else None,
        saved_m=given_trial.distance_m - trial.distance_m if comparable else None,
        given_kept=best == given,
    )


@dataclass(slots=True)
class _Search:
    """The tables known so far, and the orders proposed from them."""

    visits: Visits
    travel: Travel
    asked_at: list[Floats] = field(default_factory=list)
    tables: list[Floats] = field(default_factory=list)
    proposals: list[tuple[int, ...]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.visits.service_s)

    @property
    def end(self) -> int:
        """The last place of every sequence."""
        return 0 if self.visits.returns else self.count - 1

    def propose(self) -> None:
        """Ask the tables and let VROOM propose orders. Raises Unavailable("ordering-failed")."""
        leaves = np.zeros(self.count)
        if self.count <= _FEW:
            self.proposals.append(tuple(range(self.count)))
        for _ in range(_TABLES):
            self._ask(leaves)
            self.proposals += [*self._by_vroom(self.tables[-1]), *self._by_hours()]
            leaves = self._leaves(self.best())
            if np.abs(leaves - self.asked_at[-1]).max() < _SAME_HOUR_S or self._steady():
                break

    def best(self) -> tuple[int, ...]:
        """The best order that can be made of what is known, mended on the clock."""
        problem = self._problem()
        ranked = sorted(self._mended(self._completed(one, problem), problem) for one in dict.fromkeys(self.proposals))
        # What was mended once is where the next mending starts.
        self.proposals = [self._open(found) for _, found in ranked[: 1 if self.count > _FEW else _PROPOSALS_KEPT]]
        whole = ranked[0][1]
        kept = self._kept(whole, problem)
        if len(kept) < len(whole):
            _, kept = self._mended(np.array(kept, dtype=np.int64), problem)
        return self._open(kept)

    def _mended(self, sequence: Sequences, problem: tuple[Floats | Sequences, ...]) -> tuple[float, tuple[int, ...]]:
        """A better sequence of the same stops, and its cost; the best there is when they are few."""
        from portal.itineriz.planning.schedule import best_of_all, mend, neighbours_of

        if len(sequence) <= _FEWEST:
            cost = best_of_all(sequence, problem)
        else:
            cost = mend(sequence, problem, neighbours_of(problem[1]))
        return float(cost), tuple(sequence.tolist())

    def _open(self, path: tuple[int, ...]) -> tuple[int, ...]:
        """A path without the way back."""
        return path[:-1] if self.visits.returns else path

    def learn(self, sequence: tuple[int, ...], trial: Trial) -> None:
        """Put into the tables what a real drive took."""
        path = [*sequence, 0] if self.visits.returns else list(sequence)
        leaves = self._leaves(sequence)
        for start, stop, leg_s in zip(path, path[1:], trial.under_way_s, strict=False):
            if math.isnan(leg_s):
                # Too late in this sequence says nothing of the way itself.
                continue
            sample = int(np.argmin([abs(asked[start] - leaves[start]) for asked in self.asked_at]))
            self.tables[sample][start, stop] = leg_s

    def is_better_known(self, trial: Trial, sequence: tuple[int, ...]) -> bool:
        """Tell whether the tables promise more than a minute less than the real drive took, waits included."""
        path = [*sequence, 0] if self.visits.returns else list(sequence)
        promised = sum(float(np.min([t[a, b] for t in self.tables])) for a, b in pairwise(path))
        return sum(trial.under_way_s) - promised > _SAME_HOUR_S

    def cause(self, number: int) -> Cause:
        """Why a stop found no room."""
        others = [place for place in range(self.count) if place != number]
        reached = any(bool(np.isfinite(table[others, number]).any()) for table in self.tables)
        left = number == self.end or any(bool(np.isfinite(table[number, others]).any()) for table in self.tables)
        return "hours" if reached and left else "unreachable"

    def _ask(self, leaves: Floats) -> None:
        start = self.visits.leave_at
        self.tables.append(np.array(self.travel([start + timedelta(seconds=float(one)) for one in leaves])))
        self.asked_at.append(leaves)

    def _steady(self) -> bool:
        """Tell whether the law made no difference between the last two hours asked."""
        return len(self.tables) > 1 and bool(np.array_equal(self.tables[-1], self.tables[-2]))

    def _by_vroom(self, table: Floats) -> list[tuple[int, ...]]:
        hours = self._hours()
        free = all(not spans for spans in hours)
        services = self.visits.service_s
        found = [vroom_order(table, services, None, self.end)]
        if not free and self.count <= MOST_WITH_HOURS:
            found.append(vroom_order(table, services, hours, self.end))
        last = () if self.visits.returns else (self.end,)
        return [(0, *order, *last) for order in found]

    def _by_hours(self) -> list[tuple[int, ...]]:
        """The order made by putting in one stop after the other where it costs least, the first to close first."""
        hours = self._hours()
        closing = sorted(
            (hours[place][-1][1], place) for place in range(1, self.count) if hours[place] and place != self.end
        )
        if not closing:
            return []
        anytime = [place for place in range(1, self.count) if not hours[place] and place != self.end]
        problem = self._problem()
        ends = (0,) if self.visits.returns else (0, self.end)
        return [self._open(tuple(self._completed(ends, problem, [place for _, place in closing] + anytime).tolist()))]

    def _hours(self) -> list[list[tuple[float, float]]]:
        """When each service may begin, in seconds since the departure; nothing: at any time."""
        start = self.visits.leave_at
        hours: list[list[tuple[float, float]]] = []
        for opening in self.visits.openings:
            spans = [
                (max(0.0, (span.start - start).total_seconds()), (span.end - start).total_seconds())
                for span in opening or ()
                if span.end > start
            ]
            hours.append(spans if spans or opening is None else [_NEVER])
        return hours

    def _problem(self) -> tuple[Floats | Sequences, ...]:
        from portal.itineriz.planning.schedule import NO_WAY

        hours = self._hours()
        hours[0] = []
        flat = [span for spans in hours for span in spans]
        tables = np.stack(self.tables)
        return (
            np.stack(self.asked_at),
            np.where(np.isfinite(tables), tables, NO_WAY),
            np.array(self.visits.service_s, dtype=np.float64),
            np.concatenate(([0], np.cumsum([len(spans) for spans in hours]))).astype(np.int64),
            np.array([first for first, _ in flat], dtype=np.float64),
            np.array([until for _, until in flat], dtype=np.float64),
        )

    def _completed(
        self,
        proposal: tuple[int, ...],
        problem: tuple[Floats | Sequences, ...],
        numbers: Sequence[int] | None = None,
    ) -> Sequences:
        """A sequence of all stops: those left out are put where they cost least, in the order of `numbers`."""
        from portal.itineriz.planning.schedule import insert_at_best

        sequence = np.array([*proposal, 0] if self.visits.returns else proposal, dtype=np.int64)
        for number in range(self.count) if numbers is None else numbers:
            if number not in proposal:
                sequence, _ = insert_at_best(sequence, number, problem)
        return sequence

    def _kept(self, sequence: tuple[int, ...], problem: tuple[Floats | Sequences, ...]) -> tuple[int, ...]:
        """The sequence without the stops that make it late or break it, the worst first."""
        from portal.itineriz.planning.schedule import LATE, cost_of

        kept = sequence
        cost = float(cost_of(np.array(kept), len(kept), problem, np.inf))
        while cost >= LATE and len(kept) > 2:
            shorter = [(*kept[:place], *kept[place + 1 :]) for place in range(1, len(kept) - 1)]
            costs = [float(cost_of(np.array(one), len(one), problem, np.inf)) for one in shorter]
            place = int(np.argmin(costs))
            if costs[place] >= cost - LATE / 2:
                break
            kept, cost = shorter[place], costs[place]
        return kept

    def _leaves(self, sequence: tuple[int, ...]) -> Floats:
        """When each stop is left, seconds since the departure; a stop left out: as the last table was asked."""
        from portal.itineriz.planning.schedule import clock

        path = np.array([*sequence, 0] if self.visits.returns else sequence, dtype=np.int64)
        gone = np.empty((len(path), 3))
        clock(path, len(path), self._problem(), gone)
        found = self.asked_at[-1].copy()
        found[np.array(sequence[1:], dtype=np.int64)] = gone[1 : len(sequence), 0]
        return found
