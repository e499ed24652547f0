"""Reads of the fleet; the first argument is the scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, func, select

from portal.common.errors import NotFound
from portal.db import session
from portal.fleet.models import Vehicle
from portal.fleet.plates import plate_key
from portal.fleet.vehicle_view import VehicleView, view_of


def _of_company(company_id: UUID, *, archived: bool = False) -> Select[Vehicle]:
    kept = Vehicle.archived_at.is_not(None) if archived else Vehicle.archived_at.is_(None)
    return select(Vehicle).where(Vehicle.company_id == company_id, kept)


def list_vehicles(company_id: UUID, limit: int = 1000) -> Sequence[VehicleView]:
    """Return the company's vehicles in use, by plate, at most `limit`."""
    rows = session().scalars(_of_company(company_id).order_by(Vehicle.plate).limit(limit))
    return [view_of(row) for row in rows]


def get_vehicles(company_id: UUID, ids: Collection[UUID]) -> Sequence[VehicleView]:
    """Return those of the vehicles that belong to the company, archived ones included, by plate."""
    rows = session().scalars(
        select(Vehicle).where(Vehicle.company_id == company_id, Vehicle.id.in_(ids)).order_by(Vehicle.plate)
    )
    return [view_of(row) for row in rows]


def get_vehicle(company_id: UUID, vehicle_id: UUID) -> VehicleView:
    """Return a vehicle of the company; raises NotFound."""
    found = get_vehicles(company_id, [vehicle_id])
    if not found:
        raise NotFound("vehicle-not-found")
    return found[0]


def find_by_plate(text: str, limit: int = 20) -> Sequence[VehicleView]:
    """Return the vehicles in use of any company whose plate reads the same; for staff only."""
    rows = session().scalars(
        select(Vehicle).where(Vehicle.plate_key == plate_key(text), Vehicle.archived_at.is_(None)).limit(limit)
    )
    return [view_of(row) for row in rows]


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """How many vehicles are in use and archived."""

    in_use: int
    archived: int


def count_vehicles(company_id: UUID) -> FleetCounts:
    """Count the company's vehicles."""
    in_use = Vehicle.archived_at.is_(None)
    counted = select(func.count().filter(in_use), func.count().filter(~in_use)).where(Vehicle.company_id == company_id)
    return FleetCounts(*session().execute(counted).one())
