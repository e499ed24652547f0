"""What other contexts may use of the fleet."""

from __future__ import annotations

from portal.fleet.changes import ChangedVehicle, on_vehicle_changed, tell_vehicles_changed
from portal.fleet.elsewhere import plates_elsewhere
from portal.fleet.imports import confirm_import, erase_lost_files, start_import
from portal.fleet.loans.offers import OfferedFleet
from portal.fleet.loans.services import accept_loan, end_loan, offer_loan
from portal.fleet.loans.usable import (
    Bounds,
    get_known_vehicles,
    get_usable_vehicles,
    list_usable_vehicles,
    lock_vehicles,
)
from portal.fleet.locking import lock_fleet, lock_fleets
from portal.fleet.models import AirClass, Category, Energy
from portal.fleet.plates import Plate, PlateScheme, display_plate, plate_key, read_plate
from portal.fleet.ports import HeldPass, set_vehicle_passes
from portal.fleet.queries import (
    count_vehicles,
    find_by_plate,
    get_vehicle,
    get_vehicles,
    list_vehicles,
)
from portal.fleet.selection import ids_of_category, ids_of_company, owners_by_vehicle, owners_of
from portal.fleet.services import archive_vehicle
from portal.fleet.vehicle_view import VehicleView
from portal.fleet.withdrawals import on_vehicle_withdrawn
from portal.fleet.wording import AIR_CLASSES, CATEGORIES, ENERGIES

__all__ = [
    "AIR_CLASSES",
    "CATEGORIES",
    "ENERGIES",
    "AirClass",
    "Bounds",
    "Category",
    "ChangedVehicle",
    "Energy",
    "HeldPass",
    "OfferedFleet",
    "Plate",
    "PlateScheme",
    "VehicleView",
    "accept_loan",
    "archive_vehicle",
    "confirm_import",
    "count_vehicles",
    "display_plate",
    "end_loan",
    "erase_lost_files",
    "find_by_plate",
    "get_known_vehicles",
    "get_usable_vehicles",
    "get_vehicle",
    "get_vehicles",
    "ids_of_category",
    "ids_of_company",
    "list_usable_vehicles",
    "list_vehicles",
    "lock_fleet",
    "lock_fleets",
    "lock_vehicles",
    "offer_loan",
    "on_vehicle_changed",
    "on_vehicle_withdrawn",
    "owners_by_vehicle",
    "owners_of",
    "plate_key",
    "plates_elsewhere",
    "read_plate",
    "set_vehicle_passes",
    "start_import",
    "tell_vehicles_changed",
]
