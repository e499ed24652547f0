"""A vehicle as pages and other contexts see it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from portal.common.units import cm_to_metres, kg_to_tonnes
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.fleet.plates import PlateScheme, display_plate


@dataclass(frozen=True, slots=True)
class VehicleView:
    """A vehicle for display and for other contexts. Kilograms, centimetres; None = unknown.

    company_id: the company it belongs to, also when another one borrows it.
    """

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


def view_of(row: Vehicle) -> VehicleView:
    """Return the view of a row as it is now."""
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
