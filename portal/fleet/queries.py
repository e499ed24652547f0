"""Reads of the fleet; the first argument is the scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from portal.common.errors import NotFound
from portal.common.units import cm_to_metres, kg_to_tonnes
from portal.db import Page, paginate, session
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.fleet.plates import PlateScheme, display_plate, plate_key


@dataclass(frozen=True, slots=True)
class VehicleView:
    """A vehicle for display and for other contexts. Kilograms, centimetres; None = unknown."""

    id: UUID
    company_id: UUID
    plate: str
    plate_scheme: PlateScheme
    country: str
    plate_valid_until: date | None
    label: str
    category: Category
    gross_weight_kg: int | None
    combination_weight_kg: int | None
    axle_load_kg: int | None
    height_cm: int | None
    width_cm: int | None
    length_cm: int | None
    energy: Energy | None
    air_class: AirClass | None
    hazmat: bool
    usages: tuple[str, ...]
    archived_at: datetime | None
    updated_at: datetime
    version: int

    @property
    def archived(self) -> bool:
        """True when the vehicle has left the fleet."""
        return self.archived_at is not None

    @property
    def plate_display(self) -> str:
        """The plate with the dashes of its scheme."""
        return display_plate(self.plate, self.plate_scheme)

    def public(self) -> dict[str, Any]:
        """Return the vehicle as the object of the command line and the API (tonnes, metres); unknown keys absent."""
        sizes: dict[str, Any] = {
            "gvw_t": self.gross_weight_kg and kg_to_tonnes(self.gross_weight_kg),
            "gcw_t": self.combination_weight_kg and kg_to_tonnes(self.combination_weight_kg),
            "axle_load_t": self.axle_load_kg and kg_to_tonnes(self.axle_load_kg),
            "height_m": self.height_cm and cm_to_metres(self.height_cm),
            "width_m": self.width_cm and cm_to_metres(self.width_cm),
            "length_m": self.length_cm and cm_to_metres(self.length_cm),
            "air_class": self.air_class and self.air_class.value,
        }
        known = {name: value for name, value in sizes.items() if value is not None}
        return {**known, "hazmat": self.hazmat, "usages": list(self.usages)}


def _view(row: Vehicle) -> VehicleView:
    return VehicleView(
        id=row.id,
        company_id=row.company_id,
        plate=row.plate,
        plate_scheme=row.plate_scheme,
        country=row.country,
        plate_valid_until=row.plate_valid_until,
        label=row.label,
        category=row.category,
        gross_weight_kg=row.gross_weight_kg,
        combination_weight_kg=row.combination_weight_kg,
        axle_load_kg=row.axle_load_kg,
        height_cm=row.height_cm,
        width_cm=row.width_cm,
        length_cm=row.length_cm,
        energy=row.energy,
        air_class=row.air_class,
        hazmat=row.hazmat,
        usages=tuple(row.usages),
        archived_at=row.archived_at,
        updated_at=row.updated_at,
        version=row.version,
    )


def _of_company(company_id: UUID, *, archived: bool = False) -> Select[Vehicle]:
    kept = Vehicle.archived_at.is_not(None) if archived else Vehicle.archived_at.is_(None)
    return select(Vehicle).where(Vehicle.company_id == company_id, kept)


def list_page(
    company_id: UUID, *, search: str = "", archived: bool = False, cursor: str | None = None
) -> Page[VehicleView]:
    """Return a page of the company's vehicles by plate; search matches plate and label."""
    statement = _of_company(company_id, archived=archived)
    if search.strip():
        label = search.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        statement = statement.where(
            Vehicle.plate_key.contains(plate_key(search), autoescape=True)
            | Vehicle.label.ilike(f"%{label}%", escape="\\")
        )
    return paginate(statement, [Vehicle.plate, Vehicle.id], cursor).map(_view)


def list_vehicles(company_id: UUID, limit: int = 1000) -> Sequence[VehicleView]:
    """Return the company's vehicles in use, by plate, at most `limit`."""
    rows = session().scalars(_of_company(company_id).order_by(Vehicle.plate).limit(limit))
    return [_view(row) for row in rows]


def get_vehicles(company_id: UUID, ids: Collection[UUID]) -> Sequence[VehicleView]:
    """Return those of the vehicles that belong to the company, archived ones included, by plate."""
    rows = session().scalars(
        select(Vehicle).where(Vehicle.company_id == company_id, Vehicle.id.in_(ids)).order_by(Vehicle.plate)
    )
    return [_view(row) for row in rows]


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
    return [_view(row) for row in rows]


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """How many vehicles are in use, archived, and lack a size that routes need."""

    in_use: int
    archived: int
    incomplete: int


def count_vehicles(company_id: UUID) -> FleetCounts:
    """Count the company's vehicles."""
    in_use = Vehicle.archived_at.is_(None)
    lacking = Vehicle.height_cm.is_(None) | Vehicle.gross_weight_kg.is_(None) | Vehicle.length_cm.is_(None)
    row = session().execute(
        select(
            func.count().filter(in_use),
            func.count().filter(~in_use),
            func.count().filter(in_use & lacking),
        ).where(Vehicle.company_id == company_id)
    )
    return FleetCounts(*row.one())
