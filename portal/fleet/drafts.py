"""A vehicle as somebody wrote it: read from texts, judged whole, with every fault and every doubt named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.common.errors import Invalid
from portal.fleet.columns import COLUMNS, Column, Value, category_of, units_of
from portal.fleet.models import AirClass, Category, Energy, Vehicle
from portal.fleet.plates import Plate, PlateScheme, read_plate


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong (or doubtful) with one value: a code and its parameters, turned into a sentence when shown."""

    column: str
    code: str
    value: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


_OF_PLATE = ("plate", "plate_key", "plate_scheme", "country")


@dataclass(frozen=True, slots=True)
class VehicleDraft:
    """A vehicle ready to be stored. Kilograms, centimetres; None = unknown.

    given: the columns that were written, or follow from what was; the others say nothing about the vehicle.
    """

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
    given: frozenset[str] = field(default=frozenset(), compare=False)

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

    def given_values(self) -> dict[str, Any]:
        """Return the columns of the vehicle's row that were written: an empty cell changes nothing."""
        return {name: value for name, value in self.values().items() if name in self.given or name in _OF_PLATE}

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


@dataclass(frozen=True, slots=True)
class ColumnUnit:
    """The unit of a whole column. guessed: told by its values, so that a cell may still speak for itself."""

    unit: str
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What a text is worth in its column: its value, or what is wrong with it; a doubt either way."""

    value: Any = None
    fault: Fault | None = None
    warning: Fault | None = None


class CellReader:
    """Reads the cells of one column. A fleet writes the same texts again and again: each is read once.

    lenient: what a vehicle is good without is a doubt when it is not understood (`Column.ignored`), no fault.
    """

    _MOST_KEPT = 20_000

    def __init__(self, column: Column, unit: ColumnUnit | None = None, *, lenient: bool = False) -> None:
        self.key = column.key
        self._column = column
        self._unit = unit
        self._ignored = column.ignored if lenient else None
        self.known: dict[str, Cell] = {}

    def read(self, text: str) -> Cell:
        """Return what a text, not empty, is worth; `known` has the answer for those that were met."""
        known = self.known.get(text)
        if known is None:
            known = self._read(text)
            if len(self.known) < self._MOST_KEPT:
                self.known[text] = known
        return known

    def _read(self, text: str) -> Cell:
        unit = self._unit.unit if self._unit else None
        found: Value | None = None
        try:
            found = self._column.read(text, unit)
        except Invalid as error:
            if self._unit and self._unit.guessed and error.code == "out-of-range":
                found = self._in_another_unit(text)
            if found is None and self._ignored is not None:
                return Cell(warning=Fault(self.key, self._ignored, text[:40]))
            if found is None:
                return Cell(fault=Fault(self.key, error.code, text[:40], error.params))
        if found.warning is None:
            return Cell(found.value)
        return Cell(found.value, warning=Fault(self.key, found.warning, text[:40], {"result": found.value}))

    def _in_another_unit(self, text: str) -> Value | None:
        for unit in units_of(self._column):
            try:
                return Value(self._column.read(text, unit).value, _OTHER_UNIT[unit])
            except Invalid:  # not this one either
                continue
        return None


_OTHER_UNIT = {
    "kg": "read-as-kilograms",
    "t": "read-as-tonnes",
    "m": "read-as-metres",
    "cm": "read-as-centimetres",
    "mm": "read-as-millimetres",
}


def judge(texts: Mapping[str, str], units: Mapping[str, str | None] | None = None) -> Judgement:
    """Judge a vehicle from the text of each column (key -> text; empty or absent = unknown).

    units: unit written in the header of a column, if any. All faults are found at once.
    """
    written = {key: ColumnUnit(unit) for key, unit in (units or {}).items() if unit}
    return judge_with(texts, [CellReader(column, written.get(column.key)) for column in COLUMNS])


def judge_with(texts: Mapping[str, str], readers: Iterable[CellReader]) -> Judgement:
    """Judge a vehicle with readers that know the units of its file; they stand in the order of `COLUMNS`."""
    values: dict[str, Any] = {}
    faults: list[Fault] = []
    warnings: list[Fault] = []
    for reader in readers:
        key = reader.key
        text = texts.get(key)
        if not text or not (text := text.strip()):
            continue
        read = reader.known.get(text) or reader.read(text)
        if read.fault is not None:
            faults.append(read.fault)
            continue
        if read.value is not None:
            values[key] = read.value
        if read.warning is not None:
            warnings.append(read.warning)

    plate = _plate(values, faults)
    if plate is not None:
        if plate.scheme.provisional and "plate_valid_until" not in values:
            faults.append(Fault("plate_valid_until", "end-date-needed", plate.bare))
        if plate.scheme is PlateScheme.SPECIAL:
            warnings.append(Fault("plate", "plate-special", plate.bare))
    _cross_check(values, faults, warnings)

    doubts = tuple(sorted(warnings, key=_place)) if warnings else ()
    if faults or plate is None:
        return Judgement(None, tuple(sorted(faults, key=_place)), doubts)
    values.pop("plate", None)
    values.pop("country", None)
    return Judgement(VehicleDraft(plate=plate, **values, given=frozenset(values)), (), doubts)


_ORDER = {column.key: place for place, column in enumerate(COLUMNS)}


def _place(fault: Fault) -> int:
    return _ORDER[fault.column]


def _plate(values: Mapping[str, Any], faults: list[Fault]) -> Plate | None:
    if faults and any(fault.column in {"plate", "country"} for fault in faults):
        return None
    try:
        return read_plate(values.get("plate", ""), values.get("country", "FR"))
    except Invalid as error:
        faults.append(Fault(error.field or "plate", error.code, values.get("plate", "")[:40], error.params))
        return None


def _cross_check(values: dict[str, Any], faults: list[Fault], warnings: list[Fault]) -> None:
    gross, combined, axle = map(values.get, ("gross_weight_kg", "combination_weight_kg", "axle_load_kg"))
    failed = {fault.column for fault in faults} if faults else ()
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
