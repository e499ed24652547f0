"""The words of the context that are neither database nor law: kinds, states, doubts, and what an import brings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shapely.geometry.base import BaseGeometry

from portal.regulations.measures import Direction, MeasureLocation, MeasureType
from portal.regulations.perimeters import AccessPolicy, Activation, Colour
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import ALL_VEHICLES, VehicleRule

NUMERIZ = "numeriz"
"""The source of what was entered here, by a clerk or a program."""


class Category(StrEnum):
    """A permanent order has no end."""

    PERMANENT = "permanent"
    TEMPORARY = "temporary"


class Subject(StrEnum):
    """Why an order was made."""

    ROADWORKS = "roadworks"
    EVENT = "event"
    INCIDENT = "incident"
    WINTER = "winter"
    OTHER = "other"


class OrderStatus(StrEnum):
    """draft -> published -> withdrawn; only a published order is law."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class OrderChange(StrEnum):
    """What made a new version of an order written here. LIFTED and ACTIVATED are the hot switch; RESUMED ends both."""

    PUBLISHED = "published"
    AMENDED = "amended"
    WITHDRAWN = "withdrawn"
    LIFTED = "lifted"
    ACTIVATED = "activated"
    RESUMED = "resumed"


class PushState(StrEnum):
    """waiting -> sent | refused (by what it says) | failed (to reach the other side, tried again by hand)."""

    WAITING = "waiting"
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"


class BayRegime(StrEnum):
    """When a bay is kept for deliveries: always, in its hours, or unknown."""

    PERMANENT = "permanent"
    PERIODIC = "periodic"
    GOODS_ZONE = "goodsZone"
    UNKNOWN = "unknown"


class BayLayout(StrEnum):
    """How vehicles stand in a bay."""

    PARALLEL = "parallel"
    ANGLED = "angled"
    PERPENDICULAR = "perpendicular"
    UNKNOWN = "unknown"


class ImportKind(StrEnum):
    """What an import brings."""

    PERIMETERS = "perimeters"
    ORDERS = "orders"
    BAYS = "bays"
    EVENTS = "events"


class ImportState(StrEnum):
    """waiting -> applied | partial (broken off: what had been read is stored) | unchanged | refused."""

    WAITING = "waiting"
    APPLIED = "applied"
    PARTIAL = "partial"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


class EventKind(StrEnum):
    """What happens on the road."""

    CLOSURE = "closure"
    LANE_CLOSURE = "laneClosure"
    ALTERNATE = "alternate"
    ROADWORKS = "roadworks"
    ACCIDENT = "accident"
    OBSTACLE = "obstacle"
    CONGESTION = "congestion"
    WEATHER = "weather"
    RESTRICTION = "restriction"
    REROUTING = "rerouting"


class EventState(StrEnum):
    """planned -> active <-> suspended -> ended."""

    PLANNED = "planned"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Probability(StrEnum):
    """How sure the source is; only what is certain may close a road."""

    CERTAIN = "certain"
    PROBABLE = "probable"
    RISK = "riskOf"


@dataclass(frozen=True, slots=True)
class Issue:
    """A doubt about imported data: a code of `messages.ISSUES` and its parameters (JSON scalars).

    where: the record of the file it was found in, counted from 1; None when it is about the whole.
    """

    code: str
    params: Mapping[str, str | int | float] = field(default_factory=dict, hash=False)
    where: int | None = None

    def to_json(self) -> dict[str, object]:
        """The issue as JSON values."""
        found: dict[str, object] = {"code": self.code}
        if self.params:
            found["params"] = dict(self.params)
        if self.where is not None:
            found["where"] = self.where
        return found


# Worth telling, but nothing that a clerk has to look into.
_NOTES = frozenset(
    {
        "outside-territory",
        "outside-not-kept",
        "own-export",
        "perimeter-held-here",
        "perimeter-not-order",
        "direction-never-written",
        "place-simplified",
        "third-ordinate-dropped",
        "event-confidential",
        "event-not-real",
        "event-not-traffic",
        "polyline-long-steps",
    }
)


def doubt_count(issues: Sequence[Issue]) -> int:
    """How many of the issues a clerk should look into."""
    return sum(issue.code not in _NOTES for issue in issues)


@dataclass(frozen=True, slots=True)
class PerimeterDraft:
    """A perimeter as a source gives it. Its identity is (event, colour, geometry_digest).

    colour None: one we do not know; shape None: nothing that encloses an area; both are kept without effect.
    shape: polygon or multipolygon, (lon, lat) WGS84, valid. geometry_digest: SHA-256 of what the source drew.
    """

    event: str
    name: str
    colour: Colour | None
    shape: BaseGeometry | None
    geometry_digest: str
    activations: tuple[Activation, ...]
    policy: AccessPolicy | None = None
    named_roads: frozenset[str] = frozenset()
    provenance: Mapping[str, object] = field(default_factory=dict, hash=False)
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class MeasureDraft:
    """One measure of an order, as a source gives it. A speed limit without a speed is kept without effect."""

    type: MeasureType
    locations: tuple[MeasureLocation, ...]
    periods: tuple[Period, ...]
    vehicles: VehicleRule = ALL_VEHICLES
    max_speed_kmh: int | None = None


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """A traffic order as a source gives it. Its identity is (source, source_id).

    source_id "": made of the identifier and the authority, as the national base does (`identifier#authority`).
    """

    identifier: str
    title: str
    authority_name: str
    category: Category
    measures: tuple[MeasureDraft, ...]
    subject: Subject | None = None
    status: OrderStatus = OrderStatus.PUBLISHED
    url: str = ""
    source: str = NUMERIZ
    source_id: str = ""
    provenance: Mapping[str, object] = field(default_factory=dict, hash=False)
    issues: tuple[Issue, ...] = ()

    @property
    def key(self) -> str:
        """What tells the order from every other of its source."""
        return self.source_id or f"{self.identifier}#{self.authority_name}"

    @property
    def ends_at(self) -> datetime | None:
        """The instant after which no measure applies any more; None when one has no end, or there is none."""
        ends = [period.end for measure in self.measures for period in measure.periods]
        known = [end for end in ends if end is not None]
        return max(known) if known and len(known) == len(ends) else None


@dataclass(frozen=True, slots=True)
class EventDraft:
    """A live event as a source gives it: information without a legal act. Its identity is (source, source_id).

    shape: point, line or several, (lon, lat) WGS84; empty: not located. periods: when it holds, any of them.
    version: only a higher one replaces what is stored. vehicles None: every vehicle.
    """

    source: str
    source_id: str
    kind: EventKind
    state: EventState
    shape: BaseGeometry
    periods: tuple[Period, ...]
    version: int = 1
    label: str = ""
    road: str = ""
    direction: Direction = Direction.UNKNOWN
    vehicles: VehicleRule | None = None
    max_speed_kmh: int | None = None
    severity: str = ""
    probability: Probability = Probability.CERTAIN
    url: str = ""
    provenance: Mapping[str, object] = field(default_factory=dict, hash=False)
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliveryHours:
    """Hours kept for deliveries, on the local clock; weekdays empty: every day."""

    weekdays: frozenset[Weekday]
    slots: tuple[TimeSlot, ...]
    holidays: HolidayRule = HolidayRule.IGNORED


@dataclass(frozen=True, slots=True)
class BayDraft:
    """A delivery bay as a source gives it; its identity is (source, local_id). None is unknown, never a default.

    outline: polygon, (lon, lat) WGS84. details: what the source says beside (control, equipment, markings), as text.
    """

    local_id: str
    lon: float
    lat: float
    source: str = NUMERIZ
    name: str = ""
    address: str = ""
    insee_code: str = ""
    outline: BaseGeometry | None = None
    max_gross_weight_kg: int | None = None
    details: Mapping[str, str] = field(default_factory=dict, hash=False)
    regime: BayRegime = BayRegime.UNKNOWN
    layout: BayLayout = BayLayout.UNKNOWN
    length_cm: int | None = None
    width_cm: int | None = None
    places: int | None = None
    hours: tuple[DeliveryHours, ...] = ()
    max_stay_min: int | None = None
    active: bool = True
    provenance: Mapping[str, object] = field(default_factory=dict, hash=False)
    issues: tuple[Issue, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportSource:
    """Where an import comes from, for its report. issues: doubts about records; counts: what the reader counted."""

    file_name: str
    format: str
    counts: Mapping[str, int] = field(default_factory=dict, hash=False)
    issues: Sequence[Issue] = ()


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What an import did. counts: figures by name (added, changed, unchanged, ...). changed: the data differ now.

    issues: some hundreds at most, rarest code first; issue_counts: all of them by code. error: `code` and `params`
    of what broke a partial import off. report_id: None when nothing was written.
    """

    counts: Mapping[str, int]
    issues: Sequence[Issue]
    changed: bool
    at: datetime
    issue_counts: Mapping[str, int] = field(default_factory=dict)
    state: ImportState = ImportState.APPLIED
    error: Mapping[str, object] = field(default_factory=dict)
    report_id: UUID | None = None
