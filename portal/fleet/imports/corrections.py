"""Correcting the rows of a judged file on screen: one row at a time, judged again at once, the totals with it.

A correction is a text laid over a cell each time the file is read; the file itself never changes.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from uuid import UUID

from portal.common.errors import Conflict, Invalid, NotFound
from portal.db import unit_of_work
from portal.files import file_store
from portal.fleet.checking import SHOWN_ROWS, CheckedRow, RowJudge, Tally, warned_row
from portal.fleet.columns import BY_KEY, COLUMNS
from portal.fleet.drafts import Fault
from portal.fleet.imports.good_rows import PlainRow, plain_row
from portal.fleet.imports.judging import fixes_of
from portal.fleet.imports.kept_rows import KeptRow, KeptRows
from portal.fleet.imports.state import scoped
from portal.fleet.mapping import FileMapping
from portal.fleet.models import FleetImport, ImportState

PAGE_ROWS = 50
_MOST_FIXED_ROWS = 1000
_LONGEST_CELL = 200
# What else may be wrong when a column is told at fault.
_TOGETHER = {
    "category-or-weight-needed": ("gross_weight_kg",),
    "combination-below-gross": ("gross_weight_kg",),
    "axle-above-gross": ("gross_weight_kg",),
    "end-date-needed": ("plate",),
    "row-too-long": tuple(column.key for column in COLUMNS),
}


@dataclass(frozen=True, slots=True)
class CellView:
    """A cell to correct: the text as it is now, and what is wrong with it. at_fault: it is shown first."""

    key: str
    text: str
    faults: tuple[Fault, ...]
    at_fault: bool


@dataclass(frozen=True, slots=True)
class RowView:
    """A row that needed a person. good: it can be stored now. token: what the person saw, sent back with the texts."""

    number: int
    plate: str
    cells: tuple[CellView, ...]
    good: bool
    corrected: bool
    warnings: tuple[Fault, ...]
    token: str


@dataclass(frozen=True, slots=True)
class RowsPage:
    """Some rows of a file, in its order. number: from 1; total: all that the filter lets through."""

    rows: Sequence[RowView]
    number: int
    pages: int
    total: int


def rows_page(company_id: UUID, import_id: UUID, *, kind: str | None = None, number: int = 1) -> RowsPage:
    """Return a page of the rows that need a person, or of those with one kind of fault in the file.

    A corrected row stays where it was. Raises NotFound; a file that is not judged has no row.
    """
    row = scoped(company_id, import_id)
    with _kept_rows(row) as kept:
        if kept is None:
            return RowsPage((), 1, 1, 0)
        total = kept.count(kind)
        pages = max(1, -(-total // PAGE_ROWS))
        number = min(max(1, number), pages)
        found = [
            each for each, _place in zip(kept.rows(kind, skip=(number - 1) * PAGE_ROWS), range(PAGE_ROWS), strict=False)
        ]
        corrected = _corrected(row, kept)
        mapping = _mapping(row)
        views = [_view(mapping, each, corrected.get(each.number), row.fixes.get(str(each.number))) for each in found]
        return RowsPage(views, number, pages, total)


def find_row(company_id: UUID, import_id: UUID, number: int) -> RowView:
    """Return a row that needs or needed a person; raises NotFound."""
    row = scoped(company_id, import_id)
    with _kept_rows(row) as kept:
        found = kept.row(number) if kept else None
        if kept is None or found is None:
            raise NotFound("row-not-found")
        return _view(_mapping(row), found, _corrected(row, kept).get(number), row.fixes.get(str(number)))


def correct_row(company_id: UUID, import_id: UUID, number: int, texts: Mapping[str, str], token: str) -> RowView:
    """Lay texts over the cells of a row (column -> text; those left out stay) and judge it again.

    Raises NotFound, Conflict("import-not-ready") once the file is being stored, Conflict("row-changed-meanwhile") when
    the row is no longer what token says and the texts would change it, Invalid("too-many-fixes").
    """
    with unit_of_work():
        row = scoped(company_id, import_id, lock=True)
        if row.state is not ImportState.CHECKED:
            raise Conflict("import-not-ready")
        with _kept_rows(row) as kept:
            found = kept.row(number) if kept else None
            if kept is None or found is None:
                raise NotFound("row-not-found")
            fix = row.fixes.get(str(number))
            mapping = _mapping(row)
            written = RowJudge(mapping).texts_of(found.checked.line)
            new = dict(fix or {})
            for key, text in texts.items():
                if key in BY_KEY:
                    new[key] = " ".join(text.replace("\x00", "").split())[:_LONGEST_CELL]
            new = {key: text for key, text in new.items() if text != written.get(key, "")}
            if new != (fix or {}):
                # What is already so may be said again by a page that does not know: a cell left, then the button.
                if token != _token(fix):
                    raise Conflict("row-changed-meanwhile")
                if len(row.fixes) >= _MOST_FIXED_ROWS and fix is None:
                    raise Invalid("too-many-fixes", limit=_MOST_FIXED_ROWS)
                row.fixes = {**row.fixes, str(number): new}
            corrected = _corrected(row, kept)
            _count_again(row, kept, corrected)
            return _view(mapping, found, corrected.get(number), row.fixes.get(str(number)))


def all_rows(row: FleetImport) -> Iterator[tuple[tuple[str, ...], CheckedRow]]:
    """Yield each row that cannot be stored as the file stands with its corrections: its cells, and what it is worth."""
    with _kept_rows(row) as kept:
        if kept is None:
            return
        mapping = _mapping(row)
        places = {column.key: column.place for column in mapping.used}
        corrected = _corrected(row, kept)
        for each in kept.rows():
            now = corrected.get(each.number, each.checked)
            if not now.faults:
                continue
            cells = list(each.checked.line.cells)
            for key, text in row.fixes.get(str(each.number), {}).items():
                place = places.get(key)
                if place is not None:
                    cells += [""] * (place + 1 - len(cells))
                    cells[place] = text
            yield tuple(cells), now


def good_rows(row: FleetImport) -> list[PlainRow] | None:
    """Return every row that can be stored as the file stands with its corrections, the corrected ones last.

    None when the kept rows are not those of the judgement, or of another version of the portal: judge the file anew.
    """
    report = row.report or {}
    try:
        content = file_store().get(report.get("rows_key", ""))
    except NotFound:  # it is gone
        return None
    if hashlib.sha256(content).hexdigest() != report.get("rows_digest"):
        return None
    kept = KeptRows(io.BytesIO(content))
    untouched = kept.good_rows()
    if untouched is None:
        return None
    corrected = [plain_row(each.draft) for each in _corrected(row, kept).values() if each.draft is not None]
    return [*untouched, *corrected]


@contextmanager
def _kept_rows(row: FleetImport) -> Iterator[KeptRows | None]:
    key = (row.report or {}).get("rows_key")
    if not key:
        yield None
        return
    with file_store().open(key) as stream:
        yield KeptRows(stream)


def _mapping(row: FleetImport) -> FileMapping:
    assert row.mapping is not None, "a judged file is mapped"
    return FileMapping.from_json(row.mapping)


def _corrected(row: FleetImport, kept: KeptRows) -> dict[int, CheckedRow]:
    """Judge every corrected row as the whole file would be: after all the others, in its order."""
    fixes = fixes_of(row)
    if not fixes:
        return {}
    judge = RowJudge(_mapping(row), kept.plates())
    found = {}
    for number in sorted(fixes):
        each = kept.row(number)
        if each is not None:
            found[number] = judge.check(each.checked.line, fixes[number])
    return found


def _count_again(row: FleetImport, kept: KeptRows, corrected: Mapping[int, CheckedRow]) -> None:
    assert row.report is not None
    tally = Tally.from_json(row.report["untouched"])
    for number, now in corrected.items():
        each = kept.row(number)
        if each is not None and each.untouched:
            tally.count(each.checked, -1)
        tally.count(now)
    warned = [each for each in row.report.get("warned_shown", ()) if each["number"] not in corrected]
    warned += [warned_row(now) for now in corrected.values() if now.warnings]
    warned.sort(key=itemgetter("number"))
    row.report = {**row.report, "tally": tally.to_json(), "warned_shown": warned[:SHOWN_ROWS]}
    row.rows_good, row.rows_bad = tally.good, tally.bad


def _view(mapping: FileMapping, kept: KeptRow, corrected: CheckedRow | None, fix: Mapping[str, str] | None) -> RowView:
    now = corrected or kept.checked
    texts = RowJudge(mapping).texts_of(now.line, fix)
    wrong: dict[str, list[Fault]] = {}
    shown = set(fix or {})
    for fault in (*kept.checked.faults, *now.faults):
        shown.update((fault.column, *_TOGETHER.get(fault.code, ())))
    for fault in now.faults:
        wrong.setdefault(fault.column, []).append(fault)
    cells = tuple(
        CellView(column.key, texts.get(column.key, ""), tuple(wrong.get(column.key, ())), column.key in shown)
        for column in COLUMNS
    )
    return RowView(
        number=kept.number,
        plate=texts.get("plate", ""),
        cells=cells,
        good=not now.faults,
        corrected=bool(fix),
        warnings=now.warnings,
        token=_token(fix),
    )


def _token(fix: Mapping[str, str] | None) -> str:
    return hashlib.sha256(json.dumps(fix or {}, sort_keys=True).encode()).hexdigest()[:16]
