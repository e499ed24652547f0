"""What other contexts may use of the fleet."""

from __future__ import annotations

from portal.fleet.imports import confirm_import, start_import
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
from portal.fleet.services import archive_vehicle, lock_fleet
from portal.fleet.withdrawals import on_vehicle_withdrawn

__all__ = [
    "AirClass",
    "Category",
    "Energy",
    "Plate",
    "PlateScheme",
    "VehicleView",
    "archive_vehicle",
    "confirm_import",
    "count_vehicles",
    "display_plate",
    "find_by_plate",
    "get_vehicle",
    "get_vehicles",
    "list_vehicles",
    "lock_fleet",
    "on_vehicle_withdrawn",
    "plate_key",
    "read_plate",
    "start_import",
]
