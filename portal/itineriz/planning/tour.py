"""A tour while it is driven: its legs, its visits, what it met; and the tour asked for, stop after stop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from portal.itineriz.trip import Avoided, Call, Caution, Leg, Notice, Obstacle, Trip, Visit
from portal.regulations.evaluate import Reason
from portal.regulations.passes import PassRight
from portal.regulations.schedules import Interval
from portal.regulations.vehicles import Vehicle


@dataclass(frozen=True, slots=True)
class Round:
    """A tour to be driven: the stops in the order served, from an instant, with passes.

    holds: place in the order -> the vehicle does not leave this stop before that instant. slots: place -> the spans
    to which the beginning of the service is held besides the windows of the stop (legal hours of a free order).
    waits: the vehicle may wait at a stop until the law lets it on.
    """

    calls: tuple[Call, ...]
    depart_at: datetime
    vehicle: Vehicle
    passes: tuple[PassRight, ...] = ()
    holds: Mapping[int, datetime] = field(default_factory=dict)
    slots: Mapping[int, tuple[Interval, ...]] = field(default_factory=dict)
    waits: bool = True

    def leaving(self, depart_at: datetime) -> Round:
        """The same tour at another hour."""
        return replace(self, depart_at=depart_at)


def calls_of(trip: Trip, order: tuple[int, ...] | None = None) -> tuple[Call, ...]:
    """The stops in the order served; order: numbers of the stops given, the first one first."""
    numbers = order if order is not None else tuple(range(len(trip.stops)))
    calls = tuple(Call(number, trip.stops[number]) for number in numbers)
    if not trip.return_to_start:
        return calls
    home = replace(trip.stops[0], service_s=0, windows=())
    return (*calls, Call(0, home, returns=True))


@dataclass(frozen=True, slots=True)
class Ordered:
    """The order served: numbers of the stops given, the first one first. slots: by place, the legal hours to keep.

    unserved: stops that no order found could serve; True: their hours leave no room, False: no lawful way leads there.
    saved_*: what the order saves against the one given, None when it was fixed. failed: why none was looked for.
    """

    sequence: tuple[int, ...]
    slots: Mapping[int, tuple[Interval, ...]] = field(default_factory=dict)
    unserved: Mapping[int, bool] = field(default_factory=dict)
    saved_s: float | None = None
    saved_m: float | None = None
    failed: str | None = None


@dataclass(slots=True)
class Tour:
    """What was driven. legs and visits end where a leg has no lawful way; the obstacles are those of every leg.

    delayed_s: seconds that orders which close nothing (speed limits, alternating traffic) add. refused_s: how long the
    first leg without a lawful way lasts without law. supposed_at, supposed_end: when the last stop would be reached,
    and served, if every leg without a lawful way were driven as without law. leg_s: seconds of every leg, infinite
    where there is no lawful way. missed: places in the order that were not reached or not served in their hours.
    windows_missed: windows that were over when the vehicle came. waits: place in the order -> seconds for which the
    vehicle stays there besides, because the law lets it on no earlier.
    """

    legs: list[Leg] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    avoided: dict[tuple[int, str], Avoided] = field(default_factory=dict)
    violations: list[Reason] = field(default_factory=list)
    warnings: dict[object, Caution] = field(default_factory=dict)
    plain_distance_m: float = 0.0
    plain_duration_s: float = 0.0
    delayed_s: float = 0.0
    refused_s: float = 0.0
    supposed_at: datetime | None = None
    supposed_end: datetime | None = None
    leg_s: list[float] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    windows_missed: list[Interval] = field(default_factory=list)
    waits: dict[int, float] = field(default_factory=dict)
    distance_m: float = 0.0
    rounds: int = 0

    @property
    def complete(self) -> bool:
        """True when every stop is reached lawfully."""
        return not self.obstacles and not self.violations

    @property
    def arrive_at(self) -> datetime:
        """Arrival at the last stop reached."""
        return self.visits[-1].arrive_at

    @property
    def ends_at(self) -> datetime:
        """When the last stop reached is served."""
        return self.visits[-1].leave_at

    @property
    def duration_s(self) -> float:
        """Seconds from door to door."""
        return (self.ends_at - self.visits[0].arrive_at).total_seconds()

    @property
    def idle_s(self) -> tuple[float, ...]:
        """Seconds waited at each stop after the start: for its window, and until the law lets the vehicle on."""
        return tuple(visit.wait_s + self.waits.get(place, 0.0) for place, visit in enumerate(self.visits[1:], start=1))

    def late_s(self, arrive_by: datetime) -> float:
        """Seconds by which the vehicle comes too late to the last stop; negative when it comes before."""
        return ((self.supposed_at or self.arrive_at) - arrive_by).total_seconds()

    def warn(self, notice: Notice, **params: str | float | int) -> None:
        """Note a caution once."""
        pairs = tuple(params.items())
        self.warnings.setdefault((notice, pairs), Caution(notice=notice, params=pairs))

    def warn_of(self, reason: Reason) -> None:
        """Note once what a regulation says beside its verdict."""
        self.warnings.setdefault((reason.kind, reason.id, reason.code), Caution(reason=reason))
