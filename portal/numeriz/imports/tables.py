"""CSV from anybody: separator and encoding guessed, size, rows and columns bounded before costly work."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.common.units import decimal_number
from portal.numeriz.imports.documents import clean_text, decode_text, read_content
from portal.numeriz.imports.reading import ReadingContext, SourceFile
from portal.numeriz.values import Issue

MOST_COLUMNS: Final = 500
_MISSING: Final = frozenset({"na", "nan", "n a", "nc", "null", "none"})
_EMPTY_SIGNS: Final = frozenset({"", "-", "--", "/", "?"})


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table. line: its number in a spreadsheet, the header being 1."""

    columns: Mapping[str, int]
    cells: tuple[str, ...]
    line: int

    def raw(self, column: str) -> str:
        """What the cell holds; empty when there is no such column or the line is too short."""
        place = self.columns.get(column)
        return self.cells[place] if place is not None and place < len(self.cells) else ""

    def text(self, column: str, most: int = 255) -> str:
        """Clean text of at most so many signs; empty when missing (`NA`, `NC`, `NaN`, ...)."""
        found = self.raw(column)
        return "" if is_missing(found) else clean_text(found, most)

    def number(self, column: str) -> Decimal | None:
        """The number in the cell; None when missing or no number."""
        return number_of(self.raw(column))

    def parts(self, column: str) -> list[str]:
        """The texts of a list separated by `|`, without those missing."""
        return [clean_text(part, 255) for part in self.raw(column).split("|") if not is_missing(part)]


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file read whole. issues: about the file, not about a line."""

    rows: list[Row]
    issues: list[Issue]


def is_missing(text: str) -> bool:
    """Tell whether a cell says nothing."""
    return text.strip() in _EMPTY_SIGNS or fold(text) in _MISSING


def number_of(text: str) -> Decimal | None:
    """The number of a text, decimal comma or point; None when missing or no number."""
    if is_missing(text):
        return None
    try:
        return decimal_number(text)
    except Invalid:
        return None


def headers_of(head: bytes) -> list[str]:
    """The column names of a file of which the beginning is given; empty when it is no table."""
    try:
        first = next(_cells(_text_of_head(head)), None)
    except (Invalid, csv.Error):
        return []
    return [] if first is None else [name.strip() for name in first]


def first_row_of(head: bytes) -> dict[str, str]:
    """The first line under the header by column, to tell apart layouts with the same columns; empty without one."""
    try:
        cells = _cells(_text_of_head(head))
        headers, row = next(cells, None), next(cells, None)
    except (Invalid, csv.Error):
        return {}
    return {} if headers is None or row is None else dict(zip((h.strip() for h in headers), row, strict=False))


def read_table(file: SourceFile, context: ReadingContext) -> Table:
    """Read a CSV file: UTF-8, UTF-16 or Windows-1252; separated by ; , or tabs; quotes closed.

    Raises Invalid as `read_content` and `decode_text`, and `no-header`, `no-row`, `too-many-rows`, `too-many-columns`,
    `not-csv`.
    """
    text, issues = decode_text(read_content(file, context.most_bytes))
    cells = _cells(text)
    rows: list[Row] = []
    line = 1
    try:
        headers = [name.strip() for name in next(cells)]
        if len(headers) > MOST_COLUMNS:
            raise Invalid("too-many-columns", most=MOST_COLUMNS)
        columns = {name: place for place, name in reversed([*enumerate(headers)])}
        for line, found in enumerate(cells, 2):
            if not any(cell.strip() for cell in found):
                continue
            if len(rows) >= context.most_rows:
                raise Invalid("too-many-rows", most=context.most_rows)
            if any(cell.strip() for cell in found[len(headers) :]):
                raise Invalid("row-too-wide", where=line)
            rows.append(Row(columns, tuple(cell.strip() for cell in found[: len(headers)]), line))
    except csv.Error as error:
        if "field limit" in str(error):
            raise Invalid("cell-too-long", line=line + 1, most=csv.field_size_limit() // 1024) from error
        raise Invalid("not-csv", line=line + 1) from error
    if not rows:
        raise Invalid("no-row")
    return Table(rows, issues)


def _text_of_head(head: bytes) -> str:
    # The cut may fall inside a sign.
    return decode_text(head)[0] if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else _utf8_or_else(head)


def _utf8_or_else(head: bytes) -> str:
    for cut in range(4):
        try:
            return head[: len(head) - cut].decode("utf-8").removeprefix("\ufeff")
        except UnicodeDecodeError:
            continue
    return decode_text(head)[0]


def _cells(text: str) -> Iterator[list[str]]:
    """The lines of a text as cells. Raises Invalid(`no-header`); a quote that is never closed raises csv.Error."""
    first = text.split("\n", 1)[0]
    separator = max(";,\t", key=first.count)
    if not first.count(separator):
        raise Invalid("no-header")
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
