"""What is asked of the planner and what it answers: plain values, no database, no sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from shapely.geometry.base import BaseGeometry

from portal.regulations.evaluate import Reason
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.vehicles import Fact, Vehicle

if TYPE_CHECKING:
    # The engine tells the limits of the road in the words of this module.
    from portal.itineriz.routing.drives import Drive


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
    stand in the way, and say which they are. energy: what the vehicle runs on (a value of the fleet), None when
    unknown: it changes no way, only what is told of the fuel.
    """

    stops: tuple[Stop, ...]
    depart_at: datetime
    vehicle: Vehicle
    passes: tuple[PassRight, ...] = ()
    assume_passes: bool = False
    arrive_by: datetime | None = None
    free_order: bool = False
    return_to_start: bool = False
    energy: str | None = None


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
    NO_OTHER_ACCESS = "no-other-access"
    DELAYED = "delayed-by-orders"
    AWAITS_LAW = "awaits-law"
    ORDER_UNAVAILABLE = "order-not-improved"


@dataclass(frozen=True, slots=True)
class Caution:
    """What the driver should know: a notice with its parameters, or what a regulation says beside its verdict."""

    notice: Notice | None = None
    reason: Reason | None = None
    params: tuple[tuple[str, str | float | int], ...] = ()


@dataclass(frozen=True, slots=True)
class Avoided:
    """A regulation that changed the route, with its share of what the detour around it costs.

    waited_s: seconds waited besides, before the leg, until it let the vehicle on. leg: number of the leg, from 0.
    lines: MultiLineString of the streets it forbids that the route without it would have driven; None when there is
    none to show.
    """

    reason: Reason
    seconds: float
    metres: float
    leg: int = 0
    lines: BaseGeometry | None = field(default=None, compare=False)
    source: str = ""
    waited_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Leg:
    """The way from one stop to the next. english: its instructions in English, one for each manoeuvre, or none."""

    drive: Drive
    depart_at: datetime
    arrive_at: datetime
    english: tuple[str, ...] = ()

    @property
    def end(self) -> tuple[float, float]:
        """Where the vehicle stands for the stop (lon, lat)."""
        return self.drive.end


@dataclass(frozen=True, slots=True)
class Call:
    """A stop in the order served. number: its place in the order given, from 0. returns: back at the first stop."""

    number: int
    stop: Stop
    returns: bool = False


@dataclass(frozen=True, slots=True)
class Visit:
    """When a stop is served and where on the street. begin_at: when service begins, after a wait if there is one."""

    call: Call
    arrive_at: datetime
    begin_at: datetime
    leave_at: datetime
    at: tuple[float, float]

    @property
    def wait_s(self) -> float:
        """Seconds waited before the service could begin."""
        return (self.begin_at - self.arrive_at).total_seconds()


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
    """What stands in the way of a leg: a regulation, a limit of the road, or the windows of the stop.

    stop: place in the order served of the stop aimed at. missed: the vehicle comes when the last window is over.
    opens_at: when this regulation alone lets the vehicle through again, None when that is not within a week.
    needed: the pass that would open it. lines: as in `Avoided`.
    """

    stop: int
    reason: Reason | None = None
    limit: RoadLimit | None = None
    missed: bool = False
    opens_at: datetime | None = None
    needed: NeededPass | None = None
    lines: BaseGeometry | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class ImpossibleStop:
    """A stop that cannot be served at that hour. open: when the law and its own windows let a service begin there,
    within the week. missed: its windows are over when the vehicle comes."""

    number: int
    reasons: tuple[Reason, ...]
    open: tuple[Interval, ...]
    passes: tuple[NeededPass, ...] = ()
    missed: bool = False


class ProposalKind(StrEnum):
    """What can be done instead."""

    LEAVE_LATER = "leave_later"
    LEAVE_EARLIER = "leave_earlier"
    WAIT = "wait"


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another hour that is better, verified by a lawful tour. stop: where one waits, in the order served.

    saves_s: seconds from door to door; for a wait, seconds by which the tour ends earlier.
    """

    kind: ProposalKind
    depart_at: datetime
    arrive_at: datetime
    saves_s: float
    stop: int | None = None


@dataclass(frozen=True, slots=True)
class BayChoice:
    """A delivery bay near a stop. why: code of what is not known of it, empty when it is surely usable."""

    id: str
    name: str
    address: str
    lon: float
    lat: float
    walk_m: float
    regime: str
    length_cm: int | None = None
    max_stay_min: int | None = None
    slots: tuple[Interval, ...] = ()
    always: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Emissions:
    """What the tour burns. Unknown (None) when there is no published factor for the energy and the vehicle.

    amount: litres, kilowatt-hours or kilograms by unit ("l", "kwh", "kg"). source, basis: keys of `emissions`.
    saved_co2_kg: what the better order of the stops saves, None when the order was fixed.
    """

    energy: str
    co2_kg: float | None
    amount: float | None
    unit: str
    source: str
    basis: str
    saved_co2_kg: float | None = None


@dataclass(frozen=True, slots=True)
class OrderFound:
    """The order of the stops, and what it saves against the order given, both driven; None when the order given cannot
    be driven as it is."""

    free: bool
    given: tuple[int, ...]
    saved_s: float | None = 0.0
    saved_m: float | None = 0.0


@dataclass(frozen=True, slots=True)
class TripResult:
    """The answer. Without a lawful route the legs are those that lead to the first stop that cannot be reached.

    visits: the stops in the order served, as far as the tour goes; calls: all of them. departures: the nearest
    lawful departures, before and after, on a refusal. plain_*: the same tour if no law applied. needed_passes: on a
    refusal, those that would open the way.
    """

    status: Status
    trip: Trip
    legs: tuple[Leg, ...]
    visits: tuple[Visit, ...]
    calls: tuple[Call, ...] = ()
    avoided: tuple[Avoided, ...] = ()
    violations: tuple[Reason, ...] = ()
    warnings: tuple[Caution, ...] = ()
    needed_passes: tuple[NeededPass, ...] = ()
    blocking: tuple[Obstacle, ...] = ()
    impossible: tuple[ImpossibleStop, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    departures: tuple[datetime, ...] = ()
    bays: tuple[tuple[BayChoice, ...], ...] = ()
    emissions: Emissions | None = None
    order: OrderFound | None = None
    plain_distance_m: float = 0.0
    plain_duration_s: float = 0.0
    law_version: str = ""
    graph_version: str = ""
    law_at: datetime | None = None
    rounds: int = field(default=0, compare=False)

    @property
    def arrivals(self) -> tuple[datetime, ...]:
        """When the vehicle comes to each stop, in the order served."""
        return tuple(visit.arrive_at for visit in self.visits)

    @property
    def ends_at(self) -> datetime:
        """When the tour is over: the last stop is served."""
        return self.visits[-1].leave_at

    @property
    def distance_m(self) -> float:
        """Metres driven."""
        return sum(leg.drive.distance_m for leg in self.legs)

    @property
    def drive_s(self) -> float:
        """Seconds at the wheel."""
        return sum(leg.drive.duration_s for leg in self.legs)
