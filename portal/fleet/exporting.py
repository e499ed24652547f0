"""A fleet taken home, in the format that comes back: the columns of the import, their units in the headers.

What is exported and sent again unchanged changes nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, Select, select, tuple_
from sqlalchemy.orm import Session

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.units import cm_to_metres
from portal.db import db
from portal.fleet.columns import COLUMNS
from portal.fleet.listing import FleetFilter, own_matching
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.fleet.vehicle_view import VehicleView, view_of
from portal.fleet.workbook import Cell, write_workbook
from portal.sheets import harmless

_READ_AT_ONCE = 1000
_SHEET = "Flotte"

# Words of the import in French, whatever the language of the page: the file goes back through the same door.
_CATEGORIES = {kind: kind.value if kind is not Category.OTHER else "autre" for kind in Category}
_AIR_CLASSES = {kind: kind.value if kind is not AirClass.NONE else "aucune" for kind in AirClass}
_ENERGIES = {
    Energy.DIESEL: "gazole",
    Energy.PETROL: "essence",
    Energy.ELECTRIC: "électrique",
    Energy.HYDROGEN: "hydrogène",
    Energy.GAS: "gaz",
    Energy.PLUGIN_HYBRID: "hybride rechargeable",
    Energy.HYBRID: "hybrid",
    Energy.BIODIESEL: "biodiesel",
}
_WORDS: Mapping[str, Mapping[Any, str]] = {
    "category": _CATEGORIES,
    "air_class": _AIR_CLASSES,
    "energy": _ENERGIES,
    "hazmat": {True: "oui", False: "non"},
}


def headers() -> list[str]:
    """Return the title of each column, with the unit of its numbers."""
    units = {"kg": " (kg)", "cm": " (m)"}
    return [f"{column.label}{units.get(column.key.rpartition('_')[2], '')}" for column in COLUMNS]


def export_csv(company_id: UUID, wanted: FleetFilter, *, clock: Clock = SYSTEM_CLOCK) -> Iterator[str]:
    """Return the company's own vehicles as CSV for French spreadsheets: semicolons, decimal commas, no formula.

    Only what comes first needs the application: the rows are read as they are sent, after the request is over.
    """
    vehicles = _vehicles(company_id, wanted, clock)
    rows = (_csv_line([_text(cell) for cell in cells(vehicle)]) for vehicle in vehicles)
    return chain(["\ufeff" + _csv_line(headers())], rows)


def export_workbook(company_id: UUID, wanted: FleetFilter, *, clock: Clock = SYSTEM_CLOCK) -> Iterator[bytes]:
    """Return the company's own vehicles as an XLSX workbook, numbers as numbers; read as `export_csv` reads them."""
    vehicles = _vehicles(company_id, wanted, clock)
    rows = ([harmless(cell) if isinstance(cell, str) else cell for cell in cells(vehicle)] for vehicle in vehicles)
    return write_workbook(_SHEET, headers(), rows)


def cells(vehicle: VehicleView) -> list[Cell]:
    """Return a vehicle as the cells of its row: kilograms, metres, words; None = unknown."""
    return [_CELLS.get(column.key, _plain_cell)(vehicle, column.key) for column in COLUMNS]


def _plain_cell(vehicle: VehicleView, key: str) -> Cell:
    value = getattr(vehicle, key)
    if value is None:
        return None
    if key in _WORDS:
        return _WORDS[key][value]
    if key.endswith("_cm"):
        return cm_to_metres(value)
    return value if isinstance(value, str | int) else str(value)


_CELLS: Mapping[str, Callable[[VehicleView, str], Cell]] = {"plate": lambda vehicle, _key: vehicle.plate_display}


def _text(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.2f}".replace(".", ",")
    return "" if cell is None else harmless(str(cell))


def _csv_line(texts: list[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";").writerow(texts)
    return out.getvalue()


def _vehicles(company_id: UUID, wanted: FleetFilter, clock: Clock) -> Iterator[VehicleView]:
    statement = select(Vehicle).where(own_matching(company_id, wanted, clock)).order_by(Vehicle.plate, Vehicle.id)
    return _read(db.engine, statement.limit(_READ_AT_ONCE))


def _read(engine: Engine, statement: Select[Vehicle]) -> Iterator[VehicleView]:
    """Yield the vehicles, so many at a time: whoever takes them slowly holds no connection meanwhile."""
    part = statement
    while True:
        with Session(engine) as reading:
            found = [view_of(row) for row in reading.scalars(part)]
        yield from found
        if len(found) < _READ_AT_ONCE:
            return
        part = statement.where(tuple_(Vehicle.plate, Vehicle.id) > tuple_(found[-1].plate, found[-1].id, types=_KEYS))


_KEYS = [Vehicle.plate.type, Vehicle.id.type]
