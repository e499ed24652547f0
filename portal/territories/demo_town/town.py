"""The invented town as plain frozen values; positions are (lon, lat) WGS84 in degrees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from shapely.geometry import MultiLineString

from portal.territories.demo_town.plane import Plane, Point

if TYPE_CHECKING:
    from portal.territories.demo_town.law import TownLaw

Tags = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Road:
    """One way of the road graph. nodes: indexes into `Town.nodes`, in drawing direction; street: its number or None."""

    nodes: tuple[int, ...]
    tags: Tags
    street: int | None = None


@dataclass(frozen=True, slots=True)
class Street:
    """A named street. line: (lon, lat) from its number 1 on; role, rank: what it was drawn as; zone: what is around."""

    name: str
    highway: str
    role: str
    rank: int
    zone: str
    one_way: bool
    line: tuple[Point, ...]
    length_m: float

    @property
    def shape(self) -> MultiLineString:
        """Return the street as one multi-line, (lon, lat)."""
        return MultiLineString([self.line])


@dataclass(frozen=True, slots=True)
class Area:
    """A polygon of the map. rings: outer ring first, then holes, all open (first point not repeated)."""

    rings: tuple[tuple[Point, ...], ...]
    tags: Tags


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the map that carries no road traffic (railway, river)."""

    points: tuple[Point, ...]
    tags: Tags


@dataclass(frozen=True, slots=True)
class Spot:
    """A point of the map."""

    point: Point
    tags: Tags


@dataclass(frozen=True, slots=True)
class Address:
    """A house number and where its door is."""

    number: str
    street: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class TurnRestriction:
    """A turn that is forbidden. from_road, to_road: indexes into `Town.roads`; via_node into `Town.nodes`."""

    kind: str
    from_road: int
    via_node: int
    to_road: int


@dataclass(frozen=True, slots=True)
class Place:
    """A named place that other parts of the demo refer to."""

    label: str
    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Town:
    """The whole town. Two towns of the same seed and size are equal. bounds: west, south, east, north in degrees.

    places: keys town_hall, market_square, market, station, stadium, hospital, lycee, industry, old_bridge, underpass,
    weight_street. insee_code and postcode begin with 00, which no real commune does.
    """

    seed: int
    size_km: float
    name: str
    river_name: str
    insee_code: str
    postcode: str
    plane: Plane
    bounds: tuple[float, float, float, float]
    nodes: tuple[Point, ...]
    roads: tuple[Road, ...]
    restrictions: tuple[TurnRestriction, ...]
    streets: tuple[Street, ...]
    areas: tuple[Area, ...]
    lines: tuple[Line, ...]
    spots: tuple[Spot, ...]
    addresses: tuple[Address, ...]
    places: Mapping[str, Place]

    def law(self, today: date) -> TownLaw:
        """Return the invented orders, event, perimeters and delivery bays; dated around `today` where they must be."""
        from portal.territories.demo_town.law import town_law

        return town_law(self, today)
