"""From the bytes of a file to a table of texts: CSV in the encodings and separators people have, XLSX, XLS, ODS.

Ceilings are checked before the costly work. Row numbers are those of the spreadsheet: its first line is 1.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from portal.common.errors import Invalid
from portal.sheets import workbook

_DELIMITERS = (";", ",", "\t", "|")
_NONE = "\x1f"
"""The separator of a file of one column: a sign that no one types."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_END = "\ue000\ue001\ue000"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
_LONGEST_ROW_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a spreadsheet: its number as the person sees it, and its cells as trimmed texts."""

    number: int
    cells: tuple[str, ...]

    @property
    def blank(self) -> bool:
        """True when every cell is empty."""
        return not any(self.cells)


def read_lines(
    content: bytes, *, max_rows: int, max_columns: int, is_title: Callable[[str], bool] | None = None
) -> Iterator[Line]:
    """Yield the lines of a spreadsheet, blank ones included.

    is_title: whether a text is the title of a column that may stand alone: below it no line is cut at its commas.
    Raises Invalid with the code file-empty, file-not-a-spreadsheet, quote-unbalanced (params: row), too-many-rows
    (params: limit) or too-many-columns, some of them only once the reading has come that far.
    """
    if not content.strip(b"\x00 \t\r\n\xef\xbb\xbf"):
        raise Invalid("file-empty")
    source = _workbook(content, max_rows) if content.startswith(_WORKBOOKS) else _csv(content, is_title)
    for number, cells in enumerate(source, start=1):
        if number > max_rows + 50:
            raise Invalid("too-many-rows", limit=max_rows)
        if len(cells) > max_columns:
            raise Invalid("too-many-columns", limit=max_columns)
        # No database holds the sign zero inside a text.
        yield Line(number, tuple(cell.replace("\x00", "") for cell in cells))


def _decode(content: bytes) -> str:
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16")
    if b"\x00" in content[:4096]:
        raise Invalid("file-not-a-spreadsheet")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    strange = sum(1 for sign in text[:4096] if sign == "\ufffd" or (ord(sign) < 32 and sign not in "\t\r\n"))
    if strange > len(text[:4096]) / 50:
        raise Invalid("file-not-a-spreadsheet")
    return text


def _delimiter(text: str, is_title: Callable[[str], bool] | None) -> str:
    """Return the separator that cuts the first lines into the most columns, the same number each time."""
    sample = [line for line in _LINE_BREAK.split(text[:20_000])[:20] if line.strip()]

    def merit(delimiter: str) -> tuple[int, int]:
        counts = [len(cells) for cells in csv.reader(sample, delimiter=delimiter) if cells]
        usual = max(set(counts), key=counts.count) if counts else 0
        return (counts.count(usual) * usual if usual > 1 else 0, -_DELIMITERS.index(delimiter))

    best = max(_DELIMITERS, key=merit)
    if best == "," and is_title is not None:
        # An address has commas. A title alone on its line is the only one, unless another line holds more of them.
        titles = [sum(map(is_title, cells)) for cells in csv.reader(sample, delimiter=best)]
        if max(titles, default=0) == 1 and any(is_title(line.strip().strip('"')) for line in sample):
            return _NONE
    return best


def _csv(content: bytes, is_title: Callable[[str], bool] | None) -> Iterator[list[str]]:
    """Yield the rows of a CSV file; a quote that swallows what follows it is refused with its row."""
    try:
        text = _decode(content)
        delimiter = _delimiter(text, is_title)
        # A last row of our own: whatever holds it was never closed.
        source = io.StringIO(text if text.endswith(("\n", "\r")) else f"{text}\n", newline="")
        for number, cells in enumerate(csv.reader(itertools.chain(source, (_END,)), delimiter=delimiter), start=1):
            if cells == [_END]:
                return
            if any(_swallows(cell, delimiter) for cell in cells):
                raise Invalid("quote-unbalanced", row=number)
            yield [cell.strip() for cell in cells]
    except (csv.Error, UnicodeDecodeError) as error:
        raise Invalid("file-not-a-spreadsheet") from error


def _swallows(cell: str, delimiter: str) -> bool:
    """Tell whether a cell holds what must be other rows: a quote that was opened and not closed where it should be.

    A comma before a space or the end of a line is one of a sentence: an address on two lines has some.
    """
    if cell.endswith(_END):
        return True
    if "\n" not in cell and "\r" not in cell:
        return False
    return re.search(r",\S" if delimiter == "," else re.escape(delimiter), cell) is not None


def _workbook(content: bytes, max_rows: int) -> Iterator[list[str]]:
    """Yield the rows that a process of its own reads: what unfolds beyond its bounds ends that process alone."""
    command = (sys.executable, "-I", workbook.__file__, str(max_rows + 50))
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
    if status != 0:
        raise Invalid("file-too-large-inside")


@contextmanager
def _as_file(content: bytes) -> Iterator[IO[bytes]]:
    """Hold the content where a process can read it, from its beginning; nothing is left behind."""
    with tempfile.TemporaryFile() as held:
        held.write(content)
        held.seek(0)
        yield held
