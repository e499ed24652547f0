"""Other hours: the latest departure that arrives in time, and those that save time.

Whether a tour is lawful is not monotone in the hour of departure. Every answer here is an hour at which the whole tour
was driven lawfully; between an hour that is and a neighbour that is not, the bound is narrowed to the minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from portal.itineriz.planning.hours import HORIZON, MINUTE, bounds_around, to_minute
from portal.itineriz.planning.tour import Round, Tour
from portal.itineriz.trip import Proposal, ProposalKind
from portal.regulations.evaluate import Reason
from portal.regulations.passes import PassRight
from portal.regulations.snapshot import LawSnapshot

type Attempt = Callable[[datetime], Tour]
type Hold = Callable[[int, datetime], Tour]

_MOST_TRIED: Final = 4
_LEGS_TRIED: Final = 60
"""How many legs may be driven again in the search of an hour: a long tour is tried at fewer hours."""
_MOST_PROPOSALS: Final = 3
LEAST_SAVED_S: Final = 60.0
_COSTLY_S: Final = 90.0
"""A detour of less is not worth another hour."""


def tries_for(legs: int) -> int:
    """How many hours are tried for a tour of so many legs."""
    return max(2, min(_MOST_TRIED, _LEGS_TRIED // max(legs, 1)))


def _tails(tour: Tour, asked: datetime) -> list[timedelta]:
    last = tour.visits[-1].leave_at - asked
    return [last, last + timedelta(seconds=tour.refused_s + MINUTE.total_seconds())]


def narrowed(refused: datetime, lawful: datetime, step: int, works: Callable[[datetime], bool]) -> datetime:
    """The whole minute nearest to `refused` that works, supposing that one bound lies between the two.

    The hours tried are bounds of the law: what works is mostly at its own, so that the search goes out from there.
    """
    reach = MINUTE
    while abs(lawful - refused) > reach:
        nearer = to_minute(lawful - step * reach, step)
        if not works(nearer):
            refused = nearer
            break
        lawful, reach = nearer, 2 * reach
    while abs(lawful - refused) > MINUTE:
        middle = to_minute(refused + (lawful - refused) / 2, step)
        if middle in (lawful, refused):
            break
        if works(middle):
            lawful = middle
        else:
            refused = middle
    return lawful


@dataclass(frozen=True, slots=True)
class Latest:
    """The latest departure that arrives in time, and its tour; or the tour of the departure that was tried last."""

    depart_at: datetime
    tour: Tour
    found: bool


def latest_departure(
    law: LawSnapshot, attempt: Attempt, arrive_by: datetime, tries: int, passes: Sequence[PassRight] = ()
) -> Latest:
    """Leave as late as possible and be at the last stop at `arrive_by` at the latest.

    First from the time the tour takes; when the law is in the way then, before it starts. The hour found is the latest
    of its stretch of lawful hours; a whole minute where the tour is lawful at it.
    """
    arrive_by = arrive_by.astimezone(UTC)
    tour, depart_at = _backwards(attempt, arrive_by)
    if not _in_time(tour, arrive_by):
        reasons = [obstacle.reason for obstacle in tour.obstacles if obstacle.reason is not None]
        starts, ends = bounds_around(law, reasons, depart_at, passes)
        starts += [window.end for window in tour.windows_missed]
        hours = {bound - lead for bound in (*starts, *ends) for lead in _tails(tour, depart_at)}
        for hour in sorted((at for at in hours if depart_at - HORIZON < at < depart_at), reverse=True)[:tries]:
            earlier = attempt(to_minute(hour, -1))
            if _in_time(earlier, arrive_by):
                tour, depart_at = earlier, to_minute(hour, -1)
                break
        else:
            return Latest(depart_at, tour, found=False)
    return _latest_of_stretch(attempt, arrive_by, depart_at, tour)


def _in_time(tour: Tour, arrive_by: datetime) -> bool:
    return tour.complete and tour.arrive_at <= arrive_by


def _backwards(attempt: Attempt, arrive_by: datetime) -> tuple[Tour, datetime]:
    """The tour that leaves so long before the arrival as it takes; a few times over, because that changes its hour."""
    depart_at = arrive_by
    tour = attempt(depart_at)
    for _ in range(_STEPS_BACK):
        depart_at -= timedelta(seconds=max(1.0, tour.late_s(arrive_by)))
        tour = attempt(depart_at)
        if _in_time(tour, arrive_by) or (tour.obstacles and tour.late_s(arrive_by) <= 0):
            break
    return tour, depart_at


_STEPS_BACK: Final = 5


def _latest_of_stretch(attempt: Attempt, arrive_by: datetime, depart_at: datetime, tour: Tour) -> Latest:
    """Later while that still arrives in time: by the time left over, then by the minute between yes and no."""
    tours = {depart_at: tour}

    def works(at: datetime) -> bool:
        tours[at] = attempt(at)
        return _in_time(tours[at], arrive_by)

    late = depart_at + _to_spare(tour, arrive_by)
    while late <= arrive_by and works(late):
        depart_at = late
        late += _to_spare(tours[late], arrive_by)
    whole = to_minute(depart_at, -1)
    if whole != depart_at and works(whole):
        depart_at = whole
    best = narrowed(min(late, arrive_by), depart_at, -1, works)
    return Latest(best, tours[best], found=True)


def _to_spare(tour: Tour, arrive_by: datetime) -> timedelta:
    """By how much later a tour that arrives in time may leave at most: what is left over, and its longest wait."""
    return max(MINUTE, timedelta(seconds=max(tour.idle_s, default=0.0) - tour.late_s(arrive_by)))


def proposals(
    law: LawSnapshot,
    attempt: Attempt,
    hold: Hold,
    tour: Tour,
    round_: Round,
    tries: int,
    earliest: datetime | None = None,
    arrive_by: datetime | None = None,
) -> tuple[Proposal, ...]:
    """Other hours, or a wait at a stop, that save time from door to door: at most three, the best first.

    Tried around the bounds of what the tour goes round, and later by the time it waits at a stop; each was driven
    lawfully. round_: the tour asked for. earliest: no departure before this instant. arrive_by: none that comes to the
    last stop after it.
    """
    asked, passes = round_.depart_at, round_.passes
    costly = [item.reason for item in tour.avoided.values() if item.seconds > _COSTLY_S]
    waiting = next((idle_s for idle_s in tour.idle_s if idle_s > _COSTLY_S), 0.0)
    if not costly and not waiting:
        return ()
    starts, ends = bounds_around(law, costly, asked, passes)
    if waiting:
        ends.append(to_minute(asked + timedelta(seconds=waiting), -1))
    found = [
        *_other_hours(attempt, tour, asked, starts, ends, tries, earliest, arrive_by),
        *_waits(hold, tour, costly, law, round_, tries),
    ]
    return tuple(sorted(found, key=lambda proposal: -proposal.saves_s)[:_MOST_PROPOSALS])


def _other_hours(
    attempt: Attempt,
    tour: Tour,
    asked: datetime,
    starts: Sequence[datetime],
    ends: Sequence[datetime],
    tries: int,
    earliest: datetime | None,
    arrive_by: datetime | None,
) -> Iterable[Proposal]:
    def saved_by(other: Tour) -> float:
        """Seconds from door to door that the other tour saves; nothing when it is not lawful, or not in time."""
        in_time = other.complete if arrive_by is None else _in_time(other, arrive_by)
        return tour.duration_s - other.duration_s if in_time else 0.0

    whole = tour.arrive_at - asked
    later = sorted({to_minute(end - lead, 1) for end in ends for lead in (timedelta(), whole)})
    earlier = sorted({to_minute(start - whole, -1) for start in starts}, reverse=True)
    for kind, hours in ((ProposalKind.LEAVE_LATER, later), (ProposalKind.LEAVE_EARLIER, earlier)):
        step = 1 if kind is ProposalKind.LEAVE_LATER else -1
        to_come = [at for at in hours if earliest is None or at >= earliest]
        near = [at for at in to_come if (at - asked) * step > timedelta()][: max(1, tries // 2)]
        refused = asked
        for hour in near:
            other = attempt(hour)
            if saved_by(other) < LEAST_SAVED_S:
                refused = hour
                continue
            best = narrowed(refused, hour, step, lambda at: saved_by(attempt(at)) >= LEAST_SAVED_S)
            at_best = attempt(best)
            if saved_by(at_best) < saved_by(other) - LEAST_SAVED_S:
                best, at_best = hour, other
            yield Proposal(kind, best, at_best.arrive_at, saved_by(at_best))
            break


def _waits(
    hold: Hold, tour: Tour, costly: Sequence[Reason], law: LawSnapshot, round_: Round, tries: int
) -> Iterable[Proposal]:
    """Waiting at the stop before what is gone round, until it is over when the vehicle comes there."""
    ids = {reason.id: reason for reason in costly}
    waits: dict[tuple[int, datetime], float] = {}
    for (leg, key), item in tour.avoided.items():
        if key not in ids or leg == 0:
            # A wait at the first stop is a later departure.
            continue
        visit = tour.visits[leg]
        _, ends = bounds_around(law, [item.reason], visit.leave_at, round_.passes)
        for end in ends:
            for until in (end, end - (tour.visits[leg + 1].arrive_at - visit.leave_at)):
                if visit.leave_at < until < tour.visits[leg + 1].arrive_at + timedelta(seconds=item.seconds):
                    waits.setdefault((leg, until), item.seconds)
    for leg, until in sorted(waits, key=lambda wait: wait[1])[:tries]:
        if _saved_by(tour, hold(leg, until)) <= 0:
            continue
        other = hold(leg, _shortest_wait(hold, tour, leg, until))
        if _saved_by(tour, other) >= LEAST_SAVED_S:
            yield Proposal(ProposalKind.WAIT, round_.depart_at, other.arrive_at, _saved_by(tour, other), stop=leg)
            return


def _saved_by(tour: Tour, other: Tour) -> float:
    """Seconds by which the other tour ends earlier; nothing when it is not lawful."""
    return (tour.ends_at - other.ends_at).total_seconds() if other.complete else 0.0


def _shortest_wait(hold: Hold, tour: Tour, leg: int, until: datetime) -> datetime:
    """A wait as short as saves most: past a bound the tour ends as much later as it waits longer."""
    early, late = tour.visits[leg].leave_at, until
    best = _saved_by(tour, hold(leg, late))
    while late - early > _WAIT_STEP:
        middle = early + timedelta(seconds=round((late - early).total_seconds() / 2))
        saved = _saved_by(tour, hold(leg, middle))
        if saved >= best:
            late, best = middle, saved
        else:
            early = middle
    return late


_WAIT_STEP: Final = timedelta(seconds=15)
