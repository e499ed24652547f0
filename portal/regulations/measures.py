"""Measures of traffic orders: what is regulated, where, when, for whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.matches import EdgeMatches
from portal.regulations.schedules import Period
from portal.regulations.vehicles import ALL_VEHICLES, VehicleRule


class MeasureType(StrEnum):
    """What a measure regulates. UNKNOWN: a type the source uses and we do not know; it has no effect on a route."""

    NO_ENTRY = "noEntry"
    ONE_WAY = "oneWay"
    SPEED_LIMIT = "speedLimit"
    ALTERNATE_TRAFFIC = "alternateTraffic"
    NO_OVERTAKING = "noOvertaking"
    NO_PARKING = "noParking"
    STORAGE_AREA = "storageArea"
    UNKNOWN = "unknown"


class Origin(StrEnum):
    """Who says it, from the strongest: a live event, an order, a tag of OpenStreetMap."""

    EVENT = "event"
    ORDER = "order"
    OSM = "osm"

    @property
    def rank(self) -> int:
        """0 for a live event up to 2 for a tag."""
        return tuple(Origin).index(self)


class LocationKind(StrEnum):
    """How the order designates the place."""

    NAMED_STREET = "namedStreet"
    NUMBERED_ROAD = "numberedRoad"
    FREE_GEOMETRY = "freeGeometry"
    WHOLE_CITY = "wholeCity"
    AREA = "area"


class Direction(StrEnum):
    """Direction of traffic concerned, relative to the order of the points of the shape.

    UNKNOWN is the usual value for imported data and is never turned into BOTH in silence.
    """

    BOTH = "both"
    FORWARD = "forward"
    BACKWARD = "backward"
    UNKNOWN = "unknown"


class EdgeEffect(StrEnum):
    """What a measure does to one directed edge. DOUBTFUL: a warning and an issue for the clerk, never a closure."""

    CLOSED = "closed"
    OPEN = "open"
    DOUBTFUL = "doubtful"


WHOLE_EDGE: Final = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class MatchedEdge:
    """A directed edge of the road graph on which a location was matched; `along`: it runs as the shape is drawn."""

    graph_version: str
    edge_id: str
    along: bool = True
    from_fraction: float = 0.0
    to_fraction: float = 1.0
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class EdgeFacts:
    """What the law needs to know of a directed edge beside its shape.

    road_class: class of the road graph (`motorway`, `trunk`, `primary`, ...). one_way: traffic runs only in the
    direction of this edge. names: names and references of the road, for orders that name a motorway.
    edge_id and graph_version: set both to use the edges matched at import instead of the shape. driven: the part of
    the edge that the place covers, as fractions of its length.
    """

    road_class: str = ""
    layer: int = 0
    bridge: bool = False
    tunnel: bool = False
    motor_road: bool = False
    one_way: bool = False
    names: frozenset[str] = frozenset()
    edge_id: str | None = None
    graph_version: str | None = None
    driven: tuple[float, float] = WHOLE_EDGE


@dataclass(frozen=True, slots=True)
class MeasureLocation:
    """One place of a measure. `shape`: (multi)line of the carriageways, or (multi)polygon; empty: not located.

    `edges`: directed edges found at import, trusted only for the graph version they name. `matches`: those found since
    on the graph in use, which come first. `named_roads`: as in `Perimeter`.
    """

    kind: LocationKind
    label: str
    shape: BaseGeometry
    direction: Direction = Direction.UNKNOWN
    edges: tuple[MatchedEdge, ...] = ()
    named_roads: frozenset[str] = frozenset()
    matches: EdgeMatches | None = field(default=None, compare=False, repr=False)

    @property
    def drawn(self) -> BaseGeometry:
        """The shape; of two points, the way that was found between them."""
        found = self.matches
        if found is None or found.path is None or not found.trusted or shapely.get_dimensions(self.shape) > 0:
            return self.shape
        return found.path

    def matches_on(self, graph_version: str) -> EdgeMatches | None:
        """The edges of the place on a version of the graph; None when it was not looked for there."""
        if self.matches is not None and self.matches.graph_version == graph_version:
            return self.matches
        named = [edge for edge in self.edges if edge.graph_version == graph_version]
        if not named:
            return None
        rows = ((int(e.edge_id), e.along, e.from_fraction, e.to_fraction, e.confidence) for e in named)
        return EdgeMatches.of(graph_version, rows)


@dataclass(frozen=True, slots=True)
class OrderRef:
    """The traffic order a measure belongs to, as shown to whom it binds."""

    id: str
    title: str
    authority: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Measure:
    """One regulation. `periods` any of them; the bounds of the order are copied here when the measure has none.

    Raises ValueError when a speed limit has no speed: a limit nobody can read must not look like one.
    """

    id: str
    order: OrderRef
    type: MeasureType
    locations: tuple[MeasureLocation, ...]
    periods: tuple[Period, ...]
    vehicles: VehicleRule = ALL_VEHICLES
    max_speed_kmh: int | None = None
    origin: Origin = Origin.ORDER

    def __post_init__(self) -> None:
        if self.type is MeasureType.SPEED_LIMIT and self.max_speed_kmh is None:
            raise ValueError("a speed limit needs a speed")

    @property
    def may_close(self) -> bool:
        """Tell whether this type of measure can close an edge at all."""
        return self.type in CLOSING_TYPES


CLOSING_TYPES: Final = frozenset({MeasureType.NO_ENTRY, MeasureType.ONE_WAY})
_MOTORWAYS: Final = frozenset({"motorway", "motorway_link"})
_MOTOR_ROADS: Final = frozenset({"trunk", "trunk_link"})


def area_applies_to_edge(
    road_class: str,
    *,
    layer: int = 0,
    bridge: bool = False,
    tunnel: bool = False,
    motor_road: bool = False,
    named: bool = False,
) -> bool:
    """Tell whether an area (zone, perimeter, whole city) binds a road that lies inside its outline.

    Streets are bound, bridges and tunnels included. Motorways never are, and motor roads (trunk class, or signed so)
    are not where they run on another level, unless the order names the road: in 2024 the ring road was closed by
    zones it merely flew over.
    """
    if named:
        return True
    if road_class in _MOTORWAYS:
        return False
    on_another_level = bridge or tunnel or layer != 0
    return not ((motor_road or road_class in _MOTOR_ROADS) and on_another_level)


def effect_on_edge(kind: MeasureType, direction: Direction, *, along: bool, one_way: bool) -> EdgeEffect:
    """Tell what a linear measure does to a directed edge it was matched with.

    along: the edge runs as the shape is drawn. one_way: the road carries traffic only in the direction of the edge.
    No entry: the direction named is closed; unknown closes both, except a one-way edge that runs against the drawn
    line, which is likely a one-way order written as a ban. One way: `direction` is the one that stays open.
    """
    if kind not in CLOSING_TYPES:
        return EdgeEffect.OPEN
    if direction is Direction.UNKNOWN:
        if kind is MeasureType.ONE_WAY or (one_way and not along):
            return EdgeEffect.DOUBTFUL
        return EdgeEffect.CLOSED
    if direction is Direction.BOTH:
        return EdgeEffect.CLOSED if kind is MeasureType.NO_ENTRY else EdgeEffect.OPEN
    concerned = along == (direction is Direction.FORWARD)
    return EdgeEffect.CLOSED if concerned == (kind is MeasureType.NO_ENTRY) else EdgeEffect.OPEN
