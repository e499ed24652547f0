"""A vehicle as somebody wrote it: read from texts, judged whole, with every fault and every doubt named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.common.errors import Invalid
from portal.fleet.columns import COLUMNS, category_of
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.fleet.plates import Plate, read_plate


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong (or doubtful) with one value: a code and its parameters, turned into a sentence when shown."""

    column: str
    code: str
    value: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VehicleDraft:
    """A vehicle ready to be stored. Kilograms, centimetres; None = unknown."""

    plate: Plate
    category: Category
    plate_valid_until: date | None = None
    label: str = ""
    gross_weight_kg: int | None = None
    combination_weight_kg: int | None = None
    axle_load_kg: int | None = None
    height_cm: int | None = None
    width_cm: int | None = None
    length_cm: int | None = None
    energy: Energy | None = None
    air_class: AirClass | None = None
    hazmat: bool = False

    def values(self) -> dict[str, Any]:
        """Return the columns of the vehicle's row."""
        return {
            "plate": self.plate.bare,
            "plate_key": self.plate.key,
            "plate_scheme": self.plate.scheme,
            "country": self.plate.country,
            "plate_valid_until": self.plate_valid_until,
            "label": self.label,
            "category": self.category,
            "gross_weight_kg": self.gross_weight_kg,
            "combination_weight_kg": self.combination_weight_kg,
            "axle_load_kg": self.axle_load_kg,
            "height_cm": self.height_cm,
            "width_cm": self.width_cm,
            "length_cm": self.length_cm,
            "energy": self.energy,
            "air_class": self.air_class,
            "hazmat": self.hazmat,
        }

    def apply_to(self, row: Vehicle) -> dict[str, tuple[Any, Any]]:
        """Write the draft on a row; return what changed as {column: (before, after)}."""
        changes = {}
        for name, after in self.values().items():
            before = getattr(row, name)
            if before != after:
                changes[name] = (before, after)
                setattr(row, name, after)
        return changes


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a set of texts is worth: a draft when there is no fault, and the faults and warnings in column order."""

    draft: VehicleDraft | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


def judge(texts: Mapping[str, str], units: Mapping[str, str | None] | None = None) -> Judgement:
    """Judge a vehicle from the text of each column (key -> text; empty or absent = unknown).

    units: unit written in the header of a column, if any. All faults are found at once.
    """
    units = units or {}
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    warnings: list[Fault] = []
    for column in COLUMNS:
        text = (texts.get(column.key) or "").strip()
        if not text:
            continue
        try:
            read = column.read(text, units.get(column.key))
        except Invalid as error:
            faults.append(Fault(column.key, error.code, text[:40], error.params))
            continue
        values[column.key] = read.value
        if read.warning:
            warnings.append(Fault(column.key, read.warning, text[:40], {"result": read.value}))

    plate = _plate(values, faults)
    if plate is not None:
        if plate.scheme.provisional and "plate_valid_until" not in values:
            faults.append(Fault("plate_valid_until", "end-date-needed", plate.bare))
        if plate.scheme.value == "special":
            warnings.append(Fault("plate", "plate-special", plate.bare))
    _cross_check(values, faults, warnings)

    order = {column.key: place for place, column in enumerate(COLUMNS)}
    in_order = tuple(sorted(faults, key=lambda fault: order[fault.column]))
    doubts = tuple(sorted(warnings, key=lambda fault: order[fault.column]))
    if in_order or plate is None:
        return Judgement(None, in_order, doubts)
    values = {key: value for key, value in values.items() if key not in {"plate", "country"}}
    return Judgement(VehicleDraft(plate=plate, **values), (), doubts)


def _plate(values: Mapping[str, Any], faults: list[Fault]) -> Plate | None:
    if any(fault.column in {"plate", "country"} for fault in faults):
        return None
    try:
        return read_plate(values.get("plate", ""), values.get("country", "FR"))
    except Invalid as error:
        faults.append(Fault(error.field or "plate", error.code, values.get("plate", "")[:40], error.params))
        return None


def _cross_check(values: dict[str, Any], faults: list[Fault], warnings: list[Fault]) -> None:
    gross, combined, axle = (values.get(f"{name}_kg") for name in ("gross_weight", "combination_weight", "axle_load"))
    failed = {fault.column for fault in faults}
    if "category" not in values and "category" not in failed:
        if gross is not None:
            values["category"] = category_of(gross)
        elif "gross_weight_kg" not in failed:
            faults.append(Fault("category", "category-or-weight-needed"))
    elif gross is not None and values.get("category") not in {None, Category.OTHER, category_of(gross)}:
        warnings.append(
            Fault("category", "category-differs", values["category"].value, {"found": category_of(gross).value})
        )
    if gross is not None and combined is not None and combined < gross:
        faults.append(Fault("combination_weight_kg", "combination-below-gross", str(combined)))
    if gross is not None and axle is not None and axle > gross:
        faults.append(Fault("axle_load_kg", "axle-above-gross", str(axle)))
