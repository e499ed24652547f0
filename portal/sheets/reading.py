"""From the bytes of a file to a table of texts: CSV in the encodings and separators people have, XLSX, XLS, ODS.

Ceilings are checked before the costly work. Row numbers are those of the spreadsheet: its first line is 1.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

from portal.common.errors import Invalid
from portal.sheets import workbook
from portal.sheets.plain_text import Words, csv_rows, decode
from portal.sheets.writing import as_typed

_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_LONGEST_ROW_BYTES = 4 * 1024 * 1024
# Titles above and blank lines below do not count against a file of the most rows.
_SPARE_ROWS = 50


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a spreadsheet: its number as the person sees it, and its cells as trimmed texts."""

    number: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """True when every cell is empty."""
        return not any(self.cells)


def is_workbook(content: bytes) -> bool:
    """Tell whether a file is a workbook (XLSX, ODS, XLS) by its first bytes; anything else is read as text."""
    return content.startswith(_WORKBOOKS)


def read_lines(
    content: bytes,
    *,
    max_rows: int,
    max_columns: int,
    is_title: Words | None = None,
    is_header: Words | None = None,
) -> Iterator[Line]:
    """Yield the lines of a spreadsheet, blank ones included.

    is_title: whether a text is the title of a column that may stand alone: below it no line is cut at its commas.
    is_header: whether a text is the title of a column: it tells the separator, and which sheet of a workbook is meant.
    Raises Invalid with the code file-empty, file-not-a-spreadsheet, quote-unbalanced (params: row), too-many-rows
    (params: limit) or too-many-columns, some of them only once the reading has come that far.
    """
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise Invalid("file-empty")
    if is_workbook(content):
        source = _workbook(content, max_rows, is_header or is_title)
    else:
        source = csv_rows(content, is_title=is_title, is_header=is_header)
    for number, cells in enumerate(source, start=1):
        if number > max_rows + _SPARE_ROWS:
            raise Invalid("too-many-rows", limit=max_rows)
        if len(cells) > max_columns and _last_filled(cells) > max_columns:
            raise Invalid("too-many-columns", limit=max_columns)
        whole = "".join(cells)
        strange = "'" in whole or "\x00" in whole
        yield Line(number, tuple(_clean(cell) for cell in cells) if strange else tuple(cells))


def refuse_too_many_rows(content: bytes, *, max_rows: int) -> None:
    """Raise Invalid("too-many-rows") for a text file with more lines than can be taken, before any of it is read.

    A workbook says itself how many rows it has when it is opened; a line break inside quotes is counted as a line
    here, so only what is far beyond is refused.
    """
    if not is_workbook(content) and content.count(b"\n") + content.count(b"\r") > 2 * (max_rows + _SPARE_ROWS):
        filled = sum(1 for line in decode(content).splitlines() if line.strip(' \t;,|"'))
        if filled > max_rows + _SPARE_ROWS:
            raise Invalid("too-many-rows", limit=max_rows)


def _clean(cell: str) -> str:
    # No database holds the sign zero inside a text.
    return as_typed(cell.replace("\x00", ""))


def _last_filled(cells: list[str]) -> int:
    return next((place for place in range(len(cells), 0, -1) if cells[place - 1]), 0)


def _workbook(content: bytes, max_rows: int, is_header: Words | None) -> Iterator[list[str]]:
    """Yield the rows of the sheet that holds the titles, else of the first one that holds anything."""
    rows = _read_workbook(content, max_rows, workbook.ANY_SHEET)
    first = next(rows)
    if isinstance(first, list):
        yield from rows
        return
    for _nothing in rows:  # to its end: the reader's own fault comes last
        raise AssertionError("a reader that asks for a sheet says nothing more")

    def merit(sheet: dict[str, Any]) -> int:
        return max((sum(map(is_header, row)) for row in sheet["head"]), default=0) if is_header else 0

    chosen = max(first["sheets"], key=merit)
    rows = _read_workbook(content, max_rows, chosen["index"])
    next(rows)
    yield from rows


def _read_workbook(content: bytes, max_rows: int, sheet: int) -> Iterator[Any]:
    """Yield what a process of its own reads: what unfolds beyond its bounds ends that process alone."""
    command = (sys.executable, "-I", workbook.__file__, str(max_rows + _SPARE_ROWS), str(sheet))
    with (
        _as_file(content) as sent,
        subprocess.Popen(command, stdin=sent, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as reader,  # noqa: S603 our own program, no name of theirs
    ):
        assert reader.stdout is not None
        try:
            while line := reader.stdout.readline(_LONGEST_ROW_BYTES):
                if not line.endswith(b"\n"):
                    raise Invalid("file-too-large-inside")
                yield json.loads(line)
            status = reader.wait()
        finally:
            reader.kill()  # a reader that has ended already does not mind
    if status == workbook.UNREADABLE:
        raise Invalid("file-not-a-spreadsheet")
    if status == workbook.TOO_MANY_ROWS:
        raise Invalid("too-many-rows", limit=max_rows)
    if status == workbook.NOTHING:
        raise Invalid("file-empty")
    if status != 0:
        raise Invalid("file-too-large-inside")


@contextmanager
def _as_file(content: bytes) -> Iterator[IO[bytes]]:
    """Hold the content where a process can read it, from its beginning; nothing is left behind."""
    with tempfile.TemporaryFile() as held:
        held.write(content)
        held.seek(0)
        yield held
