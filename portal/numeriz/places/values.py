"""What looking a place up gives: the place of the law, the edges it was found on, the streets in it, and the doubts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from portal.numeriz.values import Issue
from portal.regulations.measures import Direction, MeasureLocation

type Json = dict[str, Any]

NO_EDGES: Final[Json] = {"type": "FeatureCollection", "features": []}


class PlaceKind(StrEnum):
    """How a clerk says where."""

    STREET = "street"
    ROAD = "road"
    LINE = "line"
    POLYGON = "polygon"
    TOWN = "town"


class EdgeState(StrEnum):
    """FOUND and ADDED by hand: part of the place. REMOVED: found, then taken out by hand. NEAR: may be added."""

    FOUND = "found"
    ADDED = "added"
    REMOVED = "removed"
    NEAR = "near"


DIRECTIONS: Final = {
    direction.value: direction for direction in (Direction.BOTH, Direction.FORWARD, Direction.BACKWARD)
}
"""What a clerk may say of the direction: it is always known by whoever writes the order."""


@dataclass(frozen=True, slots=True)
class StreetInside:
    """A street of the place. km: of its carriageway inside, both directions counted once. left_out: not bound."""

    name: str
    km: float
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class ResolvedPlace:
    """A place that was looked up. location None: it cannot be stored as it is, and a problem says why.

    edges: GeoJSON; features have id, name, title, length_m, arrow ("both", "forward", "backward", "" for an area) and
    state; their lines run in the forward direction. With a location the problems are doubts, to be confirmed.
    bounds: (west, south, east, north) of what is shown, None when nothing is.
    """

    location: MeasureLocation | None = None
    edges: Mapping[str, Any] = field(default_factory=lambda: NO_EDGES)
    streets: tuple[StreetInside, ...] = ()
    problems: tuple[Issue, ...] = ()
    bounds: tuple[float, float, float, float] | None = None

    def problems_of(self, *fields: str) -> tuple[Issue, ...]:
        """The problems that are about one of some inputs."""
        return tuple(issue for issue in self.problems if issue.params.get("field") in fields)


def problem(code: str, where: str = "", **params: str | int | float) -> Issue:
    """A problem about an input of the place; where: its name in the spec, "" when it is about the whole."""
    return Issue(code, {**params, "field": where} if where else params)
