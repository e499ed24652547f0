"""CSV files as people have them: their encodings, their separators, their quotes."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Callable, Iterator

from portal.common.errors import Invalid

Words = Callable[[str], bool]

_DELIMITERS = (";", ",", "\t", "|")
_NONE = "\x1f"
"""The separator of a file of one column: a sign that no one types."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_END = "\ue000\ue001\ue000"
_SEPARATOR_LINE = re.compile(r'\A"?sep=([^\r\n"])"?(?=\r|\n|\Z)', re.IGNORECASE)
_UTF8_MARK = b"\xef\xbb\xbf"
_SAMPLE_LINES = 20
_SAMPLE_SIGNS = 20_000


def decode(content: bytes) -> str:
    """Return the text of a file: UTF-8 or UTF-16 with or without mark, else Windows-1252.

    Raises Invalid("file-not-a-spreadsheet") for what is no text.
    """
    wide = _utf_16_of(content)
    if wide:
        try:
            return content[: len(content) // 2 * 2].decode(wide).removeprefix("\ufeff")
        except UnicodeDecodeError as error:
            raise Invalid("file-not-a-spreadsheet") from error
    if b"\x00" in content[:4096]:
        raise Invalid("file-not-a-spreadsheet")
    try:
        text = content.removeprefix(_UTF8_MARK).decode("utf-8")
    except UnicodeDecodeError:
        text = content.removeprefix(_UTF8_MARK).decode("cp1252", errors="replace")
    sample = text[:4096]
    strange = sum(1 for sign in sample if sign == "\ufffd" or (ord(sign) < 32 and sign not in "\t\r\n\x1a"))
    if strange > len(sample) / 50:
        raise Invalid("file-not-a-spreadsheet")
    # The end of a file, for the oldest programs.
    return text.removesuffix("\x1a")


def _utf_16_of(content: bytes) -> str | None:
    """Name the UTF-16 a file is written in: by its mark, or because every other byte of it is zero."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16-le" if content[0] == 0xFF else "utf-16-be"
    sample = content[:4096]
    half = len(sample) // 2
    if half < 4:
        return None
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd > 0.7 * half and even < 0.02 * half:
        return "utf-16-le"
    if even > 0.7 * half and odd < 0.02 * half:
        return "utf-16-be"
    return None


def csv_rows(content: bytes, *, is_title: Words | None = None, is_header: Words | None = None) -> Iterator[list[str]]:
    """Yield the rows of a CSV file; a quote that swallows what follows it is refused with its row.

    is_title: whether a text is a title that may stand alone; is_header: whether it is the title of a column at all.
    """
    number, read = 0, 0
    reader = csv.reader(())
    try:
        text = decode(content)
        # Excel's own way to say the separator; the line stays a line, blank, for the numbers of the others.
        said = _SEPARATOR_LINE.match(text)
        if said:
            text = text[said.end() :]
        delimiter = said.group(1) if said else _delimiter(text, is_title, is_header)
        if said is None and _wrapped(text, delimiter):
            yield from _unwrapped(text)
            return
        # A last row of our own: whatever holds it was never closed.
        source = io.StringIO(text if text.endswith(("\n", "\r")) else f"{text}\n", newline="")
        reader = csv.reader(itertools.chain(source, (_END,)), delimiter=delimiter)
        for number, cells in enumerate(reader, start=1):
            read = reader.line_num
            if cells == [_END]:
                return
            if any(_swallows(cell, delimiter) for cell in cells if "\n" in cell or "\r" in cell or _END in cell):
                raise Invalid("quote-unbalanced", row=number)
            yield [cell.strip() for cell in cells]
    except csv.Error as error:
        if reader.line_num > read + 1:  # the cell that is too long goes on over lines: only a quote does that
            raise Invalid("quote-unbalanced", row=number + 1) from error
        raise Invalid("file-not-a-spreadsheet") from error


def _sample(text: str) -> list[str]:
    return [line for line in _LINE_BREAK.split(text[:_SAMPLE_SIGNS])[:_SAMPLE_LINES] if line.strip()]


def _delimiter(text: str, is_title: Words | None, is_header: Words | None) -> str:
    """Return the separator that shows the most titles, then that cuts the lines into the most columns each time."""
    sample = _sample(text)

    def merit(delimiter: str) -> tuple[int, int, int]:
        rows = [cells for cells in csv.reader(sample, delimiter=delimiter) if cells]
        counts = [len(cells) for cells in rows]
        usual = max(set(counts), key=counts.count) if counts else 0
        titles = max((sum(map(is_header, cells)) for cells in rows), default=0) if is_header else 0
        return titles, counts.count(usual) * usual if usual > 1 else 0, -_DELIMITERS.index(delimiter)

    best = max(_DELIMITERS, key=merit)
    if best == "," and is_title is not None:
        # An address has commas. A title alone on its line is the only one, unless another line holds more of them.
        titles = [sum(map(is_title, cells)) for cells in csv.reader(sample, delimiter=best)]
        if max(titles, default=0) == 1 and any(is_title(line.strip().strip('"')) for line in sample):
            return _NONE
    return best


def _wrapped(text: str, delimiter: str) -> bool:
    """Tell whether each whole line stands in quotes, its separators inside: one cell that holds a row."""
    sample = _sample(text)
    if len(sample) < 2 or not all(line.startswith('"') and line.rstrip().endswith('"') for line in sample):
        return False
    rows = list(csv.reader(sample, delimiter=delimiter))
    inner = [max((cells[0].count(other) for other in _DELIMITERS), default=0) for cells in rows if len(cells) == 1]
    return len(inner) == len(sample) and min(inner) > 0


def _unwrapped(text: str) -> Iterator[list[str]]:
    lines = [cells[0] if cells else "" for cells in csv.reader(io.StringIO(text, newline=""), delimiter=_NONE)]
    delimiter = _delimiter("\n".join(lines), None, None)
    for cells in csv.reader(lines, delimiter=delimiter):
        yield [cell.strip() for cell in cells]


def _swallows(cell: str, delimiter: str) -> bool:
    """Tell whether a cell holds what must be other rows: a quote that was opened and not closed where it should be.

    A comma before a space or the end of a line is one of a sentence: an address on two lines has some.
    """
    if cell.endswith(_END):
        return True
    return re.search(r",\S" if delimiter == "," else re.escape(delimiter), cell) is not None
