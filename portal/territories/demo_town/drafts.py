"""The town while it is being drawn: streets that may still change."""

from __future__ import annotations

from dataclasses import dataclass, field

from portal.territories.demo_town.plan import Plan
from portal.territories.demo_town.planar import Edge, PlanarMap

NO_STREET = -1  # an edge that only separates two pieces of land


@dataclass(slots=True)
class StreetDraft:
    """One line of streets as it was drawn. role: skeleton role or `cut`; zone: where it was cut."""

    role: str
    rank: int
    highway: str
    zone: str


@dataclass(slots=True)
class TownDraft:
    """The planar map, its streets and what is known of each face."""

    plan: Plan
    map: PlanarMap = field(default_factory=PlanarMap)
    streets: list[StreetDraft] = field(default_factory=list)
    zones: dict[int, str] = field(default_factory=dict)  # face -> zone
    crossings: dict[Edge, str] = field(default_factory=dict)  # edge -> river | rail

    def add_street(self, role: str, rank: int, highway: str, zone: str) -> int:
        """Add a street without any edge yet; return its number."""
        self.streets.append(StreetDraft(role, rank, highway, zone))
        return len(self.streets) - 1
