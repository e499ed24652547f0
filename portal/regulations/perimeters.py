"""Restricted perimeters of events: a coloured area, the instants at which it is active, and who may enter."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from shapely.geometry.base import BaseGeometry

from portal.regulations.matches import EdgeMatches
from portal.regulations.schedules import set_bounds_in_utc
from portal.regulations.vehicles import Criterion, Usage, UsedFor


class Colour(StrEnum):
    """Colour of a perimeter, from the freest to the strictest."""

    WHITE = "white"
    BLUE = "blue"
    RED = "red"
    GREY = "grey"
    BLACK = "black"

    @property
    def strictness(self) -> int:
        """0 for white up to 4 for black."""
        return tuple(Colour).index(self)


class Motorised(StrEnum):
    """What a perimeter asks of a motor vehicle while it is active."""

    FREE = "free"
    JUSTIFIED = "justified"
    PASS_REQUIRED = "passRequired"  # noqa: S105 - a pass, not a password
    ACCREDITED = "accredited"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Who enters: the requirement for motor vehicles, and the vehicles it does not bind."""

    motorised: Motorised
    vehicles_allowed: tuple[Criterion, ...] = ()
    notice: str = ""


# DiaLog merges police with the emergency services, and so do the imported orders of 2024.
_EMERGENCY: Final = (UsedFor(Usage.EMERGENCY), UsedFor(Usage.POLICE))
_DEFAULT_POLICIES: Final = {
    Colour.WHITE: AccessPolicy(Motorised.FREE),
    Colour.BLUE: AccessPolicy(Motorised.JUSTIFIED, _EMERGENCY),
    Colour.RED: AccessPolicy(Motorised.PASS_REQUIRED, _EMERGENCY),
    Colour.GREY: AccessPolicy(Motorised.ACCREDITED, _EMERGENCY),
    Colour.BLACK: AccessPolicy(Motorised.CLOSED, _EMERGENCY),
}


def default_policy(colour: Colour) -> AccessPolicy:
    """The rule of Paris 2024 for a colour; an event may set another."""
    return _DEFAULT_POLICIES[colour]


@dataclass(frozen=True, slots=True)
class Activation:
    """One span during which a perimeter is active: `start` included, `end` excluded; no end = permanent.

    The bounds are kept in UTC. Raises ValueError when one is naive or the end is before the start.
    """

    start: datetime
    end: datetime | None

    def __post_init__(self) -> None:
        set_bounds_in_utc(self, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a perimeter comes from, as shown beside it."""

    title: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Perimeter:
    """One area of one event in one colour. `shape`: polygon or multipolygon, empty when the source drew none.

    `policy` None: the default of the colour. `named_roads`: motorways or motor roads the order names, which are
    bound although an area leaves them out. `matches`: its edges on the graph in use, when they were looked for.
    """

    id: str
    event: str
    name: str
    colour: Colour
    shape: BaseGeometry
    activations: tuple[Activation, ...]
    policy: AccessPolicy | None = None
    provenance: Provenance = field(default_factory=Provenance)
    named_roads: frozenset[str] = frozenset()
    matches: EdgeMatches | None = field(default=None, compare=False, repr=False)

    @property
    def access(self) -> AccessPolicy:
        """The policy that applies."""
        return self.policy or default_policy(self.colour)
