"""What clerks' pages ask of the contexts above: whom an order would concern, and who must follow a change at once.

The factory passes the implementations in; without one the page says that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from flask import Flask, current_app
from shapely.geometry.base import BaseGeometry

from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle
from portal.territories.api import TerritoryView


@dataclass(frozen=True, slots=True)
class Concern:
    """Where and when an order would hold. place: (multi)polygon (lon, lat) WGS84. perimeter_ids: of those it meets."""

    territory_id: UUID
    place: BaseGeometry
    span: Interval
    perimeter_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AccessInside:
    """Passes that are valid and requests that are open there and then, and of how many companies."""

    passes: int
    companies_with_passes: int
    requests: int
    companies_with_requests: int


@dataclass(frozen=True, slots=True)
class StopsInside:
    """Stops of planned tours there and then; saved_places: delivery places that companies keep inside."""

    tours: int
    stops: int
    saved_places: int
    companies: int


@dataclass(frozen=True, slots=True)
class DetourQuestion:
    """What is sampled: trips that pass through without stopping, before and after.

    after: the law with the draft, `before` with more measures. at: the departure. trials: vehicles, each with the ids
    of the edges that the draft closes to it.
    """

    territory: TerritoryView
    before: LawSnapshot
    after: LawSnapshot
    at: datetime
    trials: tuple[tuple[Vehicle, frozenset[int]], ...]


@dataclass(frozen=True, slots=True)
class Detours:
    """What a sample of through trips loses. sampled: trips whose way the draft cuts; blocked: those left without a way.

    seconds, metres: mean loss of the others, `longest_s` the greatest; all 0 when none is left. plain_s: mean duration
    before.
    """

    sampled: int
    blocked: int
    seconds: float
    metres: float
    longest_s: float
    plain_s: float


type CountAccess = Callable[[Concern], AccessInside]
type CountStops = Callable[[Concern], StopsInside]
type SampleDetours = Callable[[DetourQuestion], Sequence[Detours]]
type FollowChange = Callable[[UUID], object]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The implementations. follow_change: asks at once for what must follow a change of a territory's law, in the
    running unit of work."""

    count_access: CountAccess
    count_stops: CountStops
    sample_detours: SampleDetours
    follow_change: Sequence[FollowChange] = ()


_KEY: Final = "numeriz_neighbours"


def set_neighbours(app: Flask, neighbours: Neighbours) -> None:
    """Let the factory say who answers."""
    app.extensions[_KEY] = neighbours


def neighbours() -> Neighbours | None:
    """Who answers; None in an application that has nobody to ask."""
    found: Neighbours | None = current_app.extensions.get(_KEY)
    return found
