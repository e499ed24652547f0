"""What other contexts may use of the fleet."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from portal.common.actor import Actor
from portal.db import UnitOfWork
from portal.fleet.models import AirClass, Category, Energy
from portal.fleet.plates import Plate, PlateScheme, display_plate, plate_key, read_plate
from portal.fleet.queries import (
    VehicleView,
    count_vehicles,
    find_by_plate,
    get_vehicle,
    get_vehicles,
    list_vehicles,
)

__all__ = [
    "AirClass",
    "Category",
    "Energy",
    "Plate",
    "PlateScheme",
    "VehicleView",
    "count_vehicles",
    "display_plate",
    "find_by_plate",
    "get_vehicle",
    "get_vehicles",
    "list_vehicles",
    "on_vehicle_withdrawn",
    "plate_key",
    "read_plate",
    "tell_vehicles_withdrawn",
]

# (actor, unit of work, company id, vehicle ids, reason code: plate-changed | vehicle-archived)
WithdrawnListener = Callable[[Actor, UnitOfWork, UUID, list[UUID], str], None]

_listeners: list[WithdrawnListener] = []


def on_vehicle_withdrawn(listener: WithdrawnListener) -> None:
    """Call listener, inside the transaction, when vehicles are archived or change plate: passes end with them."""
    if listener not in _listeners:
        _listeners.append(listener)


def tell_vehicles_withdrawn(actor: Actor, uow: UnitOfWork, company_id: UUID, ids: list[UUID], reason: str) -> None:
    """Tell every listener, in the running transaction."""
    for listener in _listeners:
        listener(actor, uow, company_id, ids, reason)
