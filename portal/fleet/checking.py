"""Judging a fleet file: the table -> row -> cell model. Every row is checked, the faulty ones are kept to be corrected.

Rows corrected on screen are judged after all the others, in their order: a correction never changes what another row
of the file is worth, and what the page says is what will be stored.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.fleet.columns import COLUMNS
from portal.fleet.drafts import CellReader, Fault, VehicleDraft, judge_with
from portal.fleet.mapping import HEAD_LINES, FileMapping, names_a_column, propose, with_units
from portal.fleet.plates import PlateScheme
from portal.sheets import Line, read_lines

SHOWN_ROWS = 50
SHOWN_SKIPPED = 20
FIRST_ROWS = 2000
"""How many rows are judged before the others, to be shown while these are."""

Fixes = Mapping[int, Mapping[str, str]]
PlateKey = tuple[str, str]

_NOT_A_VEHICLE = re.compile(
    r"(?:sous |grand |sub ?)?tota(?:l|ux)\b|nombre\b|nb\b|nbre\b|somme\b|moyenne\b|average\b|count\b|sum\b|"
    r"number of\b|edite\b|imprime\b|extrait\b|page \d|source\b|legende\b|note\b|nota\b|fin du\b|end of\b"
)


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row: the line it came from, the draft when it is good, else its faults; warnings either way.

    skipped: it is no vehicle (a total, a note, titles again) and has no effect.
    """

    line: Line
    draft: VehicleDraft | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    skipped: bool = False


@dataclass(slots=True)
class Tally:
    """True totals of rows, faults and warnings."""

    good: int = 0
    bad: int = 0
    warned: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    warnings: Counter[str] = field(default_factory=Counter)

    def count(self, row: CheckedRow, times: int = 1) -> None:
        """Count a row; times -1 takes it away."""
        if row.faults:
            self.bad += times
        else:
            self.good += times
        if row.warnings:
            self.warned += times
            for warning in row.warnings:
                self.warnings[kind_of(warning)] += times
        for fault in row.faults:
            self.faults[kind_of(fault)] += times

    def to_json(self) -> dict[str, Any]:
        """Return the totals as JSON values, the most frequent kinds first."""
        return {
            "good": self.good,
            "bad": self.bad,
            "warned": self.warned,
            "faults": _most_common(self.faults),
            "warnings": _most_common(self.warnings),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Tally:
        """Return the totals that `to_json` gave."""
        faults, warnings = (Counter(dict(kept[name])) for name in ("faults", "warnings"))
        return cls(kept["good"], kept["bad"], kept["warned"], faults, warnings)


def kind_of(fault: Fault) -> str:
    """Return what groups faults: the column and the code."""
    return f"{fault.column}:{fault.code}"


def _most_common(counts: Counter[str]) -> list[list[Any]]:
    return [[kind, count] for kind, count in counts.most_common() if count > 0]


@dataclass(slots=True)
class Report:
    """What the file is worth. The rows kept for display are bounded, the totals are true.

    tally: with the corrections; untouched: of the rows that no correction concerns; kinds: how many of the rows kept
    to be corrected have each kind of fault, corrections aside.
    """

    mapping: FileMapping
    tally: Tally = field(default_factory=Tally)
    untouched: Tally = field(default_factory=Tally)
    kinds: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    skipped_shown: list[list[Any]] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    warned_shown: list[dict[str, Any]] = field(default_factory=list)
    partial: bool = False

    @property
    def rows_total(self) -> int:
        """The rows that are vehicles."""
        return self.tally.good + self.tally.bad

    @property
    def rows_good(self) -> int:
        """The rows that can be stored."""
        return self.tally.good

    @property
    def rows_bad(self) -> int:
        """The rows that cannot."""
        return self.tally.bad

    @property
    def fault_counts(self) -> Counter[str]:
        """How many rows have each kind of fault."""
        return self.tally.faults

    @property
    def warning_counts(self) -> Counter[str]:
        """How many rows have each kind of warning."""
        return self.tally.warnings

    def add(self, row: CheckedRow, *, corrected: bool = False) -> None:
        """Count a row, and keep it for display while there is room."""
        if row.skipped:
            self.skipped += 1
            if len(self.skipped_shown) < SHOWN_SKIPPED:
                text = " · ".join(cell for cell in row.line.cells if cell)
                self.skipped_shown.append([row.line.number, text[:80]])
            return
        self.tally.count(row)
        if not corrected:
            self.untouched.count(row)
        if row.faults and len(self.shown) < SHOWN_ROWS:
            self.shown.append({"number": row.line.number, "faults": [_shown(each) for each in row.faults]})
        if row.warnings and len(self.warned_shown) < SHOWN_ROWS:
            self.warned_shown.append(warned_row(row))

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values, to be kept beside the import."""
        return {
            "columns": [column.key for column in self.mapping.used],
            "ignored_headers": self.mapping.ignored_titles,
            "tally": self.tally.to_json(),
            "untouched": self.untouched.to_json(),
            "kinds": _most_common(self.kinds),
            "skipped": self.skipped,
            "skipped_shown": self.skipped_shown,
            "shown": self.shown,
            "warned_shown": self.warned_shown,
            "partial": self.partial,
        }


def warned_row(row: CheckedRow) -> dict[str, Any]:
    """Return what is shown of a row that is worth a look, as JSON values."""
    return {"number": row.line.number, "warnings": [_shown(each) for each in row.warnings]}


def _shown(fault: Fault) -> dict[str, Any]:
    return {"column": fault.column, "code": fault.code, "value": fault.value, "params": dict(fault.params)}


class RowJudge:
    """Judges the rows of one file as it is mapped, and remembers their plates."""

    def __init__(self, mapping: FileMapping, plates: dict[PlateKey, int] | None = None) -> None:
        self.plates: dict[PlateKey, int] = plates if plates is not None else {}
        self._places = [(column.key or "", column.place) for column in mapping.used]
        units = {column.key: column.column_unit for column in mapping.used}
        # Every column of ours: a correction may say what the file does not.
        self._readers = [CellReader(column, units.get(column.key), lenient=True) for column in COLUMNS]
        self._used = [reader for reader in self._readers if reader.key in units]
        self._titles = [fold(title) for title in mapping.titles]
        self._width = len(self._titles) if mapping.header_row else None

    def texts_of(self, line: Line, fix: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the texts of a line by column, a correction laid over."""
        cells = line.cells
        width = len(cells)
        texts = {key: cells[place] for key, place in self._places if place < width}
        if fix:
            texts.update(fix)
        return texts

    def check(self, line: Line, fix: Mapping[str, str] | None = None) -> CheckedRow:
        """Judge a line, not blank."""
        texts = self.texts_of(line, fix)
        judged = judge_with(texts, self._used if fix is None else self._readers)
        if fix is None:
            if self._is_no_vehicle(line, texts, judged.draft):
                return CheckedRow(line, None, (), (), skipped=True)
            if self._width is not None and len(line.cells) > self._width and any(line.cells[self._width :]):
                surplus = " ".join(line.cells[self._width :]).strip()[:40]
                return CheckedRow(line, None, (Fault("plate", "row-too-long", surplus),), ())
        if judged.draft is None:
            return CheckedRow(line, None, judged.faults, judged.warnings)
        plate = judged.draft.plate
        first = self.plates.setdefault((plate.country, plate.key), line.number)
        if first != line.number:
            twice = Fault("plate", "plate-twice-in-file", texts["plate"][:40], {"row": first})
            return CheckedRow(line, None, (twice,), judged.warnings)
        return CheckedRow(line, judged.draft, (), judged.warnings)

    def _is_no_vehicle(self, line: Line, texts: Mapping[str, str], draft: VehicleDraft | None) -> bool:
        """Tell a total, a note or repeated titles from a vehicle. A row with a plate of a known series is a vehicle."""
        if draft is not None and draft.plate.scheme not in _OTHER_SERIES:
            return False
        filled = [cell for cell in line.cells if cell]
        first = filled[0]
        if _NOT_A_VEHICLE.match(fold(first)):
            return True
        if draft is not None:
            return False
        if names_a_column(texts.get("plate", "")):
            return all(fold(cell) in self._titles for cell in filled)
        words = first.split()
        return len(filled) == 1 and len(words) > 2 and sum(word.isalpha() for word in words) > len(words) / 2


_OTHER_SERIES = frozenset({PlateScheme.SPECIAL, PlateScheme.FOREIGN})


@dataclass(slots=True)
class FleetFile:
    """A file that was read: how, and its lines below the titles; blank ones are gone."""

    mapping: FileMapping
    lines: list[Line]

    def judged(self, fixes: Fixes | None = None) -> Iterator[tuple[CheckedRow, bool]]:
        """Yield each row judged, and whether a correction was laid over it. The corrected ones come last."""
        yield from self.judged_by(RowJudge(self.mapping), fixes)

    def judged_by(self, judge: RowJudge, fixes: Fixes | None = None) -> Iterator[tuple[CheckedRow, bool]]:
        """As `judged`, by a judge that is asked afterwards what plates it met."""
        fixes = fixes or {}
        later = []
        for line in self.lines:
            if line.number in fixes:
                later.append(line)
            else:
                yield judge.check(line), False
        for line in later:
            yield judge.check(line, fixes[line.number]), True


def read_mapping(content: bytes, *, max_rows: int, max_columns: int) -> FileMapping:
    """Return how a file would be read, from its first lines; raises Invalid as `read_file`."""
    lines = read_lines(content, max_rows=max_rows, max_columns=max_columns, is_header=names_a_column)
    return propose([line for _place, line in zip(range(HEAD_LINES), lines, strict=False)])


def read_file(
    content: bytes,
    *,
    max_rows: int,
    max_columns: int,
    mapping: FileMapping | None = None,
    settle: Callable[[FileMapping], FileMapping] | None = None,
    only_first: int | None = None,
) -> FleetFile:
    """Read a whole fleet file. Without a mapping one is proposed; settle may replace it (what the company confirmed
    before). With doubts left nothing below the titles is read.

    only_first: read so many lines and no more. Raises Invalid as `read_lines`, and no-header, no-rows.
    """
    source = read_lines(content, max_rows=max_rows, max_columns=max_columns, is_header=names_a_column)
    head = [line for _place, line in zip(range(HEAD_LINES), source, strict=False)]
    if mapping is None:
        mapping = propose(head)
        mapping = settle(mapping) if settle else mapping
        if mapping.doubts:
            return FleetFile(mapping, [])
    lines = [line for line in head if line.number > mapping.header_row and not line.blank]
    for line in source:
        if not line.blank:
            lines.append(line)
            if only_first is not None and len(lines) >= only_first:
                break
    if len(lines) > max_rows:
        raise Invalid("too-many-rows", limit=max_rows)
    if not lines:
        raise Invalid("no-rows")

    def cells_of(place: int) -> Iterator[str]:
        return (line.cells[place] for line in lines if place < len(line.cells))

    return FleetFile(with_units(mapping, cells_of), lines)


def check_rows(
    content: bytes,
    *,
    max_rows: int,
    max_columns: int,
    mapping: FileMapping | None = None,
    fixes: Fixes | None = None,
) -> tuple[FileMapping, Iterator[CheckedRow]]:
    """Return how a file is read and its rows, each judged; raises Invalid as `read_file`."""
    read = read_file(content, max_rows=max_rows, max_columns=max_columns, mapping=mapping)
    return read.mapping, (row for row, _corrected in read.judged(fixes) if not row.skipped)


def check_file(
    content: bytes, *, max_rows: int, max_columns: int, on_row: Callable[[int], None] | None = None
) -> Report:
    """Judge a whole file as its titles tell; on_row is told how many rows are done, every thousand rows.

    A file whose columns wait for a person's word has no row yet: see `Report.mapping`.
    """
    read = read_file(content, max_rows=max_rows, max_columns=max_columns)
    report = Report(read.mapping)
    for row, _corrected in read.judged():
        report.add(row)
        if on_row and report.rows_total % 1000 == 0:
            on_row(report.rows_total)
    if not report.rows_total and not read.mapping.doubts:
        raise Invalid("no-rows")
    return report
