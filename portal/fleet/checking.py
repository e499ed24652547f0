"""Judging a fleet file: the table -> row -> cell model. Every row is checked, a bounded number of faults is kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from portal.common.errors import Invalid
from portal.fleet.columns import COLUMNS, Column, find_column
from portal.fleet.drafts import Fault, VehicleDraft, judge
from portal.sheets import Line, read_lines

SHOWN_ROWS = 50
_HEADER_SOUGHT_IN = 20


@dataclass(frozen=True, slots=True)
class Header:
    """The header line: which cell holds which column, in which unit, and the headers nobody understood."""

    number: int
    places: tuple[tuple[int, Column, str | None], ...]
    ignored: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row: the line it came from, the draft when it is good, else its faults; warnings either way."""

    line: Line
    draft: VehicleDraft | None
    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]


@dataclass(slots=True)
class Report:
    """What the file is worth. The rows kept for display are bounded, the totals are true."""

    columns: list[str]
    ignored_headers: list[str]
    rows_total: int = 0
    rows_good: int = 0
    rows_bad: int = 0
    rows_warned: int = 0
    fault_counts: Counter[str] = field(default_factory=Counter)
    warning_counts: Counter[str] = field(default_factory=Counter)
    shown: list[dict[str, Any]] = field(default_factory=list)

    def add(self, row: CheckedRow) -> None:
        """Count a row, and keep it for display while there is room."""
        self.rows_total += 1
        self.rows_good += row.draft is not None
        self.rows_bad += row.draft is None
        self.rows_warned += bool(row.warnings)
        self.fault_counts.update(f"{fault.column}:{fault.code}" for fault in row.faults)
        self.warning_counts.update(f"{fault.column}:{fault.code}" for fault in row.warnings)
        if row.faults and len(self.shown) < SHOWN_ROWS:
            self.shown.append(
                {
                    "number": row.line.number,
                    "cells": list(row.line.cells),
                    "faults": [
                        {"column": fault.column, "code": fault.code, "value": fault.value, "params": dict(fault.params)}
                        for fault in row.faults
                    ],
                }
            )

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values, to be kept beside the import."""
        return {
            "columns": self.columns,
            "ignored_headers": self.ignored_headers,
            "rows_warned": self.rows_warned,
            "fault_counts": self.fault_counts.most_common(),
            "warning_counts": self.warning_counts.most_common(),
            "shown": self.shown,
        }


def find_header(lines: list[Line]) -> Header:
    """Return the header among the first lines: the one that names the most columns, the plate among them.

    Raises Invalid with the code no-header, or header-twice (params: column) when two headers name one column.
    """
    best: Header | None = None
    for line in lines[:_HEADER_SOUGHT_IN]:
        known = [(place, *found) for place, cell in enumerate(line.cells) if cell and (found := find_column(cell))]
        if any(column.required for _place, column, _unit in known) and len(known) > (len(best.places) if best else 0):
            taken = {place for place, _column, _unit in known}
            ignored = tuple(cell for place, cell in enumerate(line.cells) if cell and place not in taken)
            best = Header(line.number, tuple(known), ignored, line.cells)
    if best is None:
        raise Invalid("no-header", expected=str(COLUMNS[0].label))
    twice = [key for key, count in Counter(column.key for _place, column, _unit in best.places).items() if count > 1]
    if twice:
        raise Invalid("header-twice", column=twice[0])
    return best


def check_rows(content: bytes, *, max_rows: int, max_columns: int) -> tuple[Header, Iterator[CheckedRow]]:
    """Return the header and the rows of a fleet file, each judged; rows are read as they are asked for.

    Raises Invalid as `read_lines` and `find_header` do, at once or while the rows are read.
    """
    lines = read_lines(content, max_rows=max_rows, max_columns=max_columns)
    head = [line for _place, line in zip(range(_HEADER_SOUGHT_IN), lines, strict=False)]
    header = find_header(head)

    def rows() -> Iterator[CheckedRow]:
        seen: dict[tuple[str, str], int] = {}
        units = {column.key: unit for _place, column, unit in header.places}
        for source in (head, lines):
            for line in source:
                if line.number > header.number and not line.blank:
                    yield _check(line, header, units, seen)

    return header, rows()


def _check(line: Line, header: Header, units: dict[str, str | None], seen: dict[tuple[str, str], int]) -> CheckedRow:
    texts = {column.key: line.cells[place] for place, column, _unit in header.places if place < len(line.cells)}
    judged = judge(texts, units)
    if judged.draft is None:
        return CheckedRow(line, None, judged.faults, judged.warnings)
    plate = judged.draft.plate
    first = seen.setdefault((plate.country, plate.key), line.number)
    if first != line.number:
        twice = Fault("plate", "plate-twice-in-file", texts["plate"], {"row": first})
        return CheckedRow(line, None, (twice,), judged.warnings)
    return CheckedRow(line, judged.draft, (), judged.warnings)


def check_file(
    content: bytes, *, max_rows: int, max_columns: int, on_row: Callable[[int], None] | None = None
) -> Report:
    """Judge a whole file; on_row is told how many rows are done, every thousand rows."""
    header, rows = check_rows(content, max_rows=max_rows, max_columns=max_columns)
    report = Report([column.key for _place, column, _unit in header.places], list(header.ignored))
    for row in rows:
        report.add(row)
        if report.rows_total > max_rows:
            raise Invalid("too-many-rows", limit=max_rows)
        if on_row and report.rows_total % 1000 == 0:
            on_row(report.rows_total)
    if not report.rows_total:
        raise Invalid("no-rows")
    return report
