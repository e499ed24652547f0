"""What the request form offers to tick: vehicles, perimeters; a search narrows it, what is ticked stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.cirqliz.law import spans_in
from portal.common.text import fold
from portal.fleet.api import OfferedFleet, VehicleView
from portal.regulations.perimeters import Colour, Motorised, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView
from portal.web.filters import tonnes

SHOWN = 30
"""A screenful; the search reaches the others."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Where the form finds what it offers. vehicles: own and borrowed. law, asks_driver: asked for one territory."""

    territories: Sequence[TerritoryView]
    vehicles: OfferedFleet
    law: Callable[[UUID], LawSnapshot]
    asks_driver: Callable[[UUID], bool]


@dataclass(frozen=True, slots=True)
class PerimeterChoice:
    """A perimeter that can be asked for by name."""

    id: str
    name: str
    event: str
    colour: Colour
    ticked: bool


@dataclass(frozen=True, slots=True)
class Driving:
    """A ticked vehicle and who drives it."""

    vehicle_id: str
    plate_display: str
    name: str
    email: str


def shown_vehicles(vehicles: OfferedFleet, chosen: Sequence[VehicleView], search: str) -> list[VehicleView]:
    """Return the vehicles already ticked, then those that answer the search, a screenful in all."""
    ticked = {vehicle.id for vehicle in chosen}
    others = [v for v in vehicles.find(search, limit=SHOWN) if v.id not in ticked]
    return [*chosen, *others[: max(0, SHOWN - len(chosen))]]


def vehicle_label(vehicle: VehicleView) -> str:
    """Return the plate and what tells the vehicle from the others."""
    facts = [vehicle.plate_display, vehicle.label, vehicle.category.value.upper()]
    if vehicle.gross_weight_kg is not None:
        facts.append(tonnes(vehicle.gross_weight_kg))
    return " · ".join(fact for fact in facts if fact)


def offered_perimeters(law: LawSnapshot, window: Interval) -> list[Perimeter]:
    """Return the perimeters that ask something of vehicles and are active in the window, by event, then strictness."""
    found = [p for p in law.perimeters.values() if p.access.motorised is not Motorised.FREE and spans_in(p, window)]
    return sorted(found, key=lambda p: (p.event, -p.colour.strictness, p.name, p.id))


def shown_perimeters(
    offered: Sequence[Perimeter], law: LawSnapshot, ticked: Collection[str], search: str
) -> list[PerimeterChoice]:
    """Return the perimeters already ticked, active then or not, and a screenful of those that answer the search."""
    chosen = [law.perimeters[id_] for id_ in ticked if id_ in law.perimeters]
    wanted = fold(search)
    others = [p for p in offered if p.id not in ticked and wanted in fold(f"{p.name} {p.event}")]
    shown = sorted(chosen, key=lambda p: (p.event, p.name)) + others[: max(0, SHOWN - len(chosen))]
    return [PerimeterChoice(p.id, p.name, p.event, p.colour, p.id in ticked) for p in shown]
