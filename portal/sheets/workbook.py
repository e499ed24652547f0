"""Reading a workbook, run as a program of its own: a few kilobytes can unfold into more memory than the machine has.

The file comes on standard input; each row goes out as one line of JSON, a list of texts. The program may use so much
memory and no more: one that asks for too much dies alone, and the portal goes on. Exit status: 0 every row was
written, UNREADABLE, TOO_MANY_ROWS; anything else means that a bound was met.
"""

from __future__ import annotations

import io
import json
import resource
import sys
import zipfile
from datetime import date, datetime

import python_calamine

UNREADABLE = 3
TOO_MANY_ROWS = 4
TOO_LARGE = 5

_MEMORY_BYTES = 1536 * 1024 * 1024
_CPU_S = 60
_UNZIPPED_LIMIT = 400 * 1024 * 1024


def main(most_rows: int) -> int:
    """Write the rows of the first visible sheet; return the exit status."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_S, _CPU_S))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        if content.startswith(b"PK") and _unzipped_bytes(content) > _UNZIPPED_LIMIT:
            return TOO_LARGE
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        visible = [
            sheet.name for sheet in book.sheets_metadata if sheet.visible == python_calamine.SheetVisibleEnum.Visible
        ]
        sheet = book.get_sheet_by_name(visible[0] if visible else book.sheet_names[0])
    except (python_calamine.CalamineError, zipfile.BadZipFile, IndexError):
        return UNREADABLE
    except MemoryError:
        return TOO_LARGE
    if sheet.total_height > most_rows:
        return TOO_MANY_ROWS
    out = sys.stdout
    for row in sheet.iter_rows():
        out.write(json.dumps([as_text(cell) for cell in row]))
        out.write("\n")
    out.flush()
    return 0


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
    sys.exit(main(int(sys.argv[1])))
