"""Which column of a file is which of ours, and in which unit: proposed from its titles and its values."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.fleet.columns import BY_KEY, COLUMNS, Column, units_of
from portal.fleet.drafts import CellReader, ColumnUnit
from portal.fleet.plates import PlateScheme, read_plate
from portal.fleet.titles import find_column, strange_unit
from portal.sheets import Line

HEAD_LINES = 60
_HEADER_SOUGHT_IN = 20
_SAMPLES = 3
# A column whose values are plates this often is one of plates, whatever its title.
_PLATE_SHARE = 0.6

UNIT_OF_TITLE = "title"
UNIT_OF_VALUES = "values"
UNIT_OF_PERSON = "person"

FROM_TITLES = "titles"
FROM_MEMORY = "memory"
FROM_PERSON = "person"


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column of a file. place: from 0. key: one of ours, None when it is left aside.

    unit_from: what told the unit (title, values, person), None while nothing has. samples: some values, as written.
    """

    place: int
    title: str
    key: str | None = None
    unit: str | None = None
    unit_from: str | None = None
    samples: tuple[str, ...] = ()

    @property
    def column(self) -> Column | None:
        """Our column, if it is one."""
        return BY_KEY[self.key] if self.key else None

    @property
    def column_unit(self) -> ColumnUnit | None:
        """The unit to read its cells in; one told by the values lets a cell speak for itself."""
        return ColumnUnit(self.unit, guessed=self.unit_from == UNIT_OF_VALUES) if self.unit else None


@dataclass(frozen=True, slots=True)
class FileMapping:
    """How a file is read. header_row: the line of titles, 0 without one. doubts: codes that ask for a person's word.

    source: titles, memory (confirmed for an earlier file of the company) or person.
    """

    header_row: int
    columns: tuple[MappedColumn, ...]
    source: str = FROM_TITLES
    doubts: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[MappedColumn, ...]:
        """The columns that are read, in the order of ours."""
        order = {column.key: place for place, column in enumerate(COLUMNS)}
        return tuple(sorted((c for c in self.columns if c.key), key=lambda c: order[c.key or ""]))

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the file by place, "" where there is none."""
        by_place = {column.place: column.title for column in self.columns}
        return tuple(by_place.get(place, "") for place in range(max(by_place, default=-1) + 1))

    @property
    def ignored_titles(self) -> list[str]:
        """The titles of the columns left aside."""
        return [column.title for column in self.columns if column.key is None and column.title]

    @property
    def digest(self) -> str:
        """What two files with exactly the same titles share."""
        return hashlib.sha256(json.dumps(self.titles, ensure_ascii=False).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Return the mapping as JSON values."""
        return {
            "header_row": self.header_row,
            "source": self.source,
            "doubts": list(self.doubts),
            "columns": [
                [column.place, column.title, column.key, column.unit, column.unit_from, list(column.samples)]
                for column in self.columns
            ],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> FileMapping:
        """Return the mapping that `to_json` gave."""
        columns = tuple(
            MappedColumn(place, title, key, unit, unit_from, tuple(samples))
            for place, title, key, unit, unit_from, samples in kept["columns"]
        )
        return cls(kept["header_row"], columns, kept["source"], tuple(kept["doubts"]))

    def chosen(self, choices: Mapping[int, tuple[str | None, str | None]], source: str) -> FileMapping:
        """Return the mapping with the keys and units somebody chose by place; a unit of None is found by the values.

        Raises Invalid: column-unknown, unit-unfit (params: column), header-twice (params: column), plate-needed.
        """
        columns = []
        for column in self.columns:
            key, unit = choices.get(column.place, (None, None))
            if key is not None and key not in BY_KEY:
                raise Invalid("column-unknown")
            if unit is not None and (key is None or unit not in units_of(BY_KEY[key])):
                raise Invalid("unit-unfit", column=key or "plate")
            columns.append(replace(column, key=key, unit=unit, unit_from=UNIT_OF_PERSON if unit else None))
        used = Counter(column.key for column in columns if column.key)
        twice = [key for key, count in used.items() if count > 1]
        if twice:
            raise Invalid("header-twice", column=twice[0])
        if "plate" not in used:
            raise Invalid("plate-needed")
        return FileMapping(self.header_row, tuple(columns), source)


def names_a_column(text: str) -> bool:
    """Tell whether a text is the title of a column."""
    return bool(text) and find_column(text) is not None


def propose(head: Sequence[Line]) -> FileMapping:
    """Return how a file is to be read, from its first lines. Raises Invalid("no-header") when nothing looks like it."""
    header = _header(head)
    number, titles = (0, ()) if header is None else header
    body = [line for line in head if line.number > number and not line.blank]
    samples = _samples(body)
    # Beside the last title there is no column: cells there are those of a row that was cut where it should not be.
    width = len(titles) if header else max(samples, default=-1) + 1
    columns = []
    strange = set[str]()
    for place in range(width):
        title = titles[place] if place < len(titles) else ""
        found = find_column(title) if title else None
        texts = tuple(samples.get(place, ()))
        if not title and not texts:
            continue
        if found is None:
            columns.append(MappedColumn(place, title, samples=texts))
        elif strange_unit(title):
            # Inches read as centimetres would be believed.
            strange.add(found[0].key)
            columns.append(MappedColumn(place, title, samples=texts))
        else:
            column, unit = found
            columns.append(MappedColumn(place, title, column.key, unit, UNIT_OF_TITLE if unit else None, samples=texts))
    columns, doubts = _settled(columns, body)
    known = {column.key for column in columns}
    doubts += [f"unit-unknown:{column.key}" for column in COLUMNS if column.key in strange - known]
    if header is None:
        doubts = ["no-titles", *doubts]
    short = tuple(replace(column, samples=column.samples[:_SAMPLES]) for column in columns)
    return FileMapping(number, short, doubts=tuple(doubts))


def _header(head: Sequence[Line]) -> tuple[int, tuple[str, ...]] | None:
    """Return the line of titles: the one that names the most columns, the plate among them if any line has it.

    None for a file that begins with its vehicles. Titles on two lines are read as one.
    """
    best: tuple[tuple[bool, int], Line] | None = None
    for line in head[:_HEADER_SOUGHT_IN]:
        known = [found[0] for cell in line.cells if cell and (found := find_column(cell))]
        merit = (any(column.required for column in known), len({column.key for column in known}))
        if known and (best is None or merit > best[0]):
            best = (merit, line)
    if best is not None and (best[0][0] or _has_plates(head, best[1].number)):
        return _with_second_line(best[1], head)
    plates = next((line for line in head if any(map(_is_plate, line.cells))), None)
    if plates is None or not _has_plates(head, plates.number - 1):
        raise Invalid("no-header", expected=str(COLUMNS[0].label))
    above = [line for line in head if line.number < plates.number and sum(map(bool, line.cells)) > 1]
    return (above[-1].number, above[-1].cells) if above else None


def _with_second_line(line: Line, head: Sequence[Line]) -> tuple[int, tuple[str, ...]]:
    following = next((other for other in head if other.number == line.number + 1), None)
    if following is None or any(map(_is_plate, following.cells)):
        return line.number, line.cells
    titles, more = list(line.cells), 0
    titles += [""] * (len(following.cells) - len(titles))
    for place, cell in enumerate(following.cells):
        if names_a_column(cell) and not names_a_column(titles[place]):
            titles[place] = cell
            more += 1
    return (following.number, tuple(titles)) if more > 1 else (line.number, line.cells)


def _is_plate(text: str) -> bool:
    if not 5 <= len(text) <= 14:
        return False
    try:
        return read_plate(text).scheme not in {PlateScheme.SPECIAL, PlateScheme.FOREIGN}
    except Invalid:
        return False


def _has_plates(head: Sequence[Line], below: int) -> bool:
    samples = _samples([line for line in head if line.number > below and not line.blank])
    return any(_plate_share(texts) >= _PLATE_SHARE for texts in samples.values())


def _plate_share(texts: Sequence[str]) -> float:
    return sum(map(_is_plate, texts)) / len(texts) if texts else 0.0


def _samples(body: Iterable[Line]) -> dict[int, list[str]]:
    samples: dict[int, list[str]] = {}
    for line in body:
        for place, cell in enumerate(line.cells):
            if cell:
                samples.setdefault(place, []).append(cell)
    return samples


def _settled(columns: list[MappedColumn], body: Sequence[Line]) -> tuple[list[MappedColumn], list[str]]:
    """Return the columns without two for one of ours, and what a person must say."""
    doubts: list[str] = []
    for key, count in Counter(column.key for column in columns if column.key).items():
        if count > 1:
            rivals = [column for column in columns if column.key == key]
            best, sure = _best(rivals)
            columns = [_aside(column) if column in rivals and column is not best else column for column in columns]
            if not sure:
                doubts.append(f"column-twice:{key}")
    if not any(column.key == "plate" for column in columns):
        unknown = [column for column in columns if column.key is None]
        best_plate = max(unknown, key=lambda column: _plate_share(column.samples), default=None)
        if best_plate is None or _plate_share(best_plate.samples) < _PLATE_SHARE:
            raise Invalid("no-header", expected=str(COLUMNS[0].label))
        columns = [replace(column, key="plate") if column is best_plate else column for column in columns]
        doubts.append("plate-proposed")
    heavy = any(column.key in {"category", "gross_weight_kg"} for column in columns)
    if not heavy and body and any(column.key is None and column.samples for column in columns):
        doubts.append("weight-missing")
    return columns, doubts


def _best(rivals: Sequence[MappedColumn]) -> tuple[MappedColumn, bool]:
    """Return the column of several with one title that reads best, and whether that is beyond doubt."""
    if rivals[0].key == "label":
        return rivals[0], True
    ranked = sorted(rivals, key=_read_share, reverse=True)
    return ranked[0], _read_share(ranked[0]) > _read_share(ranked[1]) + 0.3


def _read_share(column: MappedColumn) -> float:
    if column.key == "plate":
        return _plate_share(column.samples)
    reader = CellReader(BY_KEY[column.key or ""], column.column_unit)
    good = sum(reader.read(text).fault is None for text in column.samples)
    return good / len(column.samples) if column.samples else 0.0


def _aside(column: MappedColumn) -> MappedColumn:
    return replace(column, key=None, unit=None, unit_from=None)


def with_units(mapping: FileMapping, cells_of: Callable[[int], Iterable[str]]) -> FileMapping:
    """Return the mapping with the unit of each size and weight that no title and no person told: the one in which most
    of the column's values make sense. cells_of: the texts of the column at a place, the whole file through.
    """
    columns = []
    for column in mapping.columns:
        ours = column.column
        if ours is None or not units_of(ours) or column.unit_from not in {None, UNIT_OF_VALUES}:
            columns.append(column)
            continue
        unit = _unit_of(ours, cells_of(column.place))
        columns.append(replace(column, unit=unit, unit_from=UNIT_OF_VALUES if unit else None))
    return replace(mapping, columns=tuple(columns))


def _unit_of(column: Column, texts: Iterable[str]) -> str | None:
    units = units_of(column)
    fits = Counter[str]()
    for text, count in Counter(texts).items():
        if not text or fold(text)[-1:].isalpha():  # it says its own unit
            continue
        for unit in units:
            try:
                column.read(text, unit)
            except Invalid:  # it makes no sense in this unit
                continue
            fits[unit] += count
    best = max(units, key=lambda unit: fits[unit])
    return best if fits[best] else None
