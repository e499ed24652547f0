"""What is asked of the planner and what it answers: plain values, no database, no sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from portal.itineriz.routing.engine import Drive
from portal.regulations.evaluate import Reason
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.vehicles import Fact, Vehicle


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop, (lon, lat) WGS84; `service_s`: how long the vehicle stands there.

    windows: when service may begin (aware instants); none: at any time. A vehicle that comes before waits.
    """

    lon: float
    lat: float
    label: str = ""
    service_s: int = 0
    windows: tuple[Interval, ...] = ()

    @property
    def point(self) -> tuple[float, float]:
        """(lon, lat)."""
        return self.lon, self.lat


@dataclass(frozen=True, slots=True)
class Trip:
    """A tour that leaves from the first stop. depart_at: aware instant there.

    arrive_by: be at the last stop at this instant and leave as late as that allows; depart_at is then not asked.
    free_order: the stops after the first may be served in any order (the last one stays last unless the tour returns).
    return_to_start: come back to the first stop at the end. assume_passes: grant the passes of the perimeters that
    stand in the way, and say which they are.
    """

    stops: tuple[Stop, ...]
    depart_at: datetime
    vehicle: Vehicle
    passes: tuple[PassRight, ...] = ()
    assume_passes: bool = False
    arrive_by: datetime | None = None
    free_order: bool = False
    return_to_start: bool = False


class Status(StrEnum):
    """Whether a lawful tour exists."""

    OK = "ok"
    NO_LAWFUL_ROUTE = "no_lawful_route"


@dataclass(frozen=True, slots=True)
class RoadLimit:
    """A physical limit of OpenStreetMap on a street that is driven. known: the size of the vehicle is known."""

    kind: str
    value: float
    fact: Fact
    street: str
    known: bool


class Notice(StrEnum):
    """Cautions that are not about one regulation."""

    UNKNOWN_SIZES = "sizes-unknown"
    LIMIT_WITH_UNKNOWN_SIZE = "limit-passed-with-unknown-size"
    TIMED_ROAD = "timed-access-not-checked"
    PRIVATE_ROAD = "no-way-but-private-roads"
    FAR_FROM_ROAD = "stop-away-from-road"
    SEARCH_STOPPED = "search-stopped"


@dataclass(frozen=True, slots=True)
class Caution:
    """What the driver should know: a notice with its parameters, or what a regulation says beside its verdict."""

    notice: Notice | None = None
    reason: Reason | None = None
    params: tuple[tuple[str, str | float | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Avoided:
    """A regulation that changed the route, with what it costs: its share of the detour (may be negative in metres)."""

    reason: Reason
    seconds: float
    metres: float


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from one stop to the next."""

    drive: Drive
    depart_at: datetime
    arrive_at: datetime

    @property
    def end(self) -> tuple[float, float]:
        """Where the vehicle stands for the stop (lon, lat)."""
        return self.drive.end


@dataclass(frozen=True, slots=True)
class NeededPass:
    """A perimeter the tour has to do with. requirement: what it asks. held: a pass of the vehicle covers it.

    stops: numbers (from 0) of the stops inside it while it is active; empty: it is on the way, not a destination.
    """

    perimeter: Perimeter
    requirement: Literal["pass", "accreditation", "document"]
    held: bool
    starts_at: datetime
    ends_at: datetime | None
    stops: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands in the way of a leg: a regulation or a limit of the road. stop: number of the stop aimed at."""

    stop: int
    reason: Reason | None = None
    limit: RoadLimit | None = None


@dataclass(frozen=True, slots=True)
class TripResult:
    """The answer. Without a lawful route the legs are those that lead to the first stop that cannot be reached.

    departures: the nearest later departure with a lawful route, when one was found. plain_*: the same tour if no law
    applied. needed_passes: on a refusal, those that would open the way.
    """

    status: Status
    trip: Trip
    legs: tuple[Leg, ...]
    arrivals: tuple[datetime, ...]
    avoided: tuple[Avoided, ...] = ()
    violations: tuple[Reason, ...] = ()
    warnings: tuple[Caution, ...] = ()
    needed_passes: tuple[NeededPass, ...] = ()
    blocking: tuple[Obstacle, ...] = ()
    departures: tuple[datetime, ...] = ()
    plain_distance_m: float = 0.0
    plain_duration_s: float = 0.0
    law_version: str = ""
    graph_version: str = ""
    rounds: int = field(default=0, compare=False)

    @property
    def ends_at(self) -> datetime:
        """When the tour is over: the last arrival and its service."""
        return self.arrivals[-1] + timedelta(seconds=self.trip.stops[len(self.arrivals) - 1].service_s)

    @property
    def distance_m(self) -> float:
        """Metres driven."""
        return sum(leg.drive.distance_m for leg in self.legs)

    @property
    def drive_s(self) -> float:
        """Seconds at the wheel."""
        return sum(leg.drive.duration_s for leg in self.legs)
