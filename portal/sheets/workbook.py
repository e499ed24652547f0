"""Reading a workbook, run as a program of its own: a few kilobytes can unfold into more memory than the machine has.

The file comes on standard input; after a first line each row goes out as one line of JSON, a list of texts. The first
line is an empty list; or, when no sheet was named and several hold something, the beginnings of them, and nothing
follows. The program may use so much memory and no more: one that asks for too much dies alone, and the portal goes on.
Exit status: 0 every row was written, UNREADABLE, TOO_MANY_ROWS, NOTHING; anything else means that a bound was met.
"""

from __future__ import annotations

import io
import itertools
import json
import resource
import sys
import zipfile
from collections.abc import Sequence
from datetime import date, datetime

import python_calamine

UNREADABLE = 3
TOO_MANY_ROWS = 4
TOO_LARGE = 5
NOTHING = 6
ANY_SHEET = -1

_MEMORY_BYTES = 1536 * 1024 * 1024
_CPU_S = 60
_UNZIPPED_LIMIT = 400 * 1024 * 1024
_HEAD_ROWS = 20
# Spreadsheets themselves allow no longer text in a cell.
_LONGEST_CELL = 32_767
# No value goes on after so many signs: the same long text may stand in every cell, written once in the file.
_KEPT_SIGNS = 500
_MOST_SIGNS = 64 * 1024 * 1024
_MOST_SHEETS = 50


class _BeyondBoundsError(Exception):
    """There is more in the sheet than a spreadsheet holds, or than is read."""


def main(most_rows: int, wanted: int) -> int:
    """Write the rows of a sheet, or what the visible sheets begin with; return the exit status.

    wanted: the index of a sheet, or ANY_SHEET for the only visible one that holds anything.
    """
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        if content.startswith(b"PK") and _unzipped_bytes(content) > _UNZIPPED_LIMIT:
            return TOO_LARGE
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        sheets = _sheets_with_rows(book) if wanted == ANY_SHEET else {wanted: book.get_sheet_by_index(wanted)}
    except (python_calamine.CalamineError, zipfile.BadZipFile, IndexError):
        return UNREADABLE
    except MemoryError:
        return TOO_LARGE
    if not sheets:
        return NOTHING
    try:
        if len(sheets) > 1:
            heads = [{"index": index, "head": _head(sheet)} for index, sheet in sheets.items()]
            sys.stdout.write(json.dumps({"sheets": heads}) + "\n")
        else:
            (sheet,) = sheets.values()
            if sheet.total_height > most_rows:
                return TOO_MANY_ROWS
            _write(sheet)
    except _BeyondBoundsError:
        return TOO_LARGE
    sys.stdout.flush()
    return 0


def _write(sheet: python_calamine.CalamineSheet) -> None:
    out = sys.stdout
    out.write("[]\n")
    signs = 0
    for row in sheet.iter_rows():
        texts = _texts(row)
        signs += len(texts) + sum(map(len, texts))
        if signs > _MOST_SIGNS:
            raise _BeyondBoundsError
        out.write(json.dumps(texts))
        out.write("\n")


def _sheets_with_rows(book: python_calamine.CalamineWorkbook) -> dict[int, python_calamine.CalamineSheet]:
    """Return the visible sheets of cells that hold something, the hidden ones when there is no visible one."""
    known = list(enumerate(book.sheets_metadata))[:_MOST_SHEETS]
    cells = [(index, sheet) for index, sheet in known if sheet.typ == python_calamine.SheetTypeEnum.WorkSheet]
    shown = [index for index, sheet in cells if sheet.visible == python_calamine.SheetVisibleEnum.Visible]
    opened = {index: book.get_sheet_by_index(index) for index in shown or [index for index, _sheet in cells]}
    return {index: sheet for index, sheet in opened.items() if sheet.height}


def _head(sheet: python_calamine.CalamineSheet) -> list[list[str]]:
    return [[text[:200] for text in _texts(row)] for row in itertools.islice(sheet.iter_rows(), _HEAD_ROWS)]


def _texts(row: Sequence[object]) -> list[str]:
    """Return the texts of a row up to its last filled cell, each cut where no value goes on.

    Raises _BeyondBoundsError for a text that no spreadsheet holds.
    """
    texts = []
    for cell in row:
        text = as_text(cell)
        if len(text) > _LONGEST_CELL:
            raise _BeyondBoundsError
        texts.append(text[:_KEPT_SIGNS])
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _unzipped_bytes(content: bytes) -> int:
    """Return the size that a zip declares before anything is unpacked."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def as_text(cell: object) -> str:
    """Return a workbook cell as a person reads it: 3500.0 is 3500, a date is its day."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(cell).strip()


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
