"""CSV as French spreadsheets open it: semicolons, a byte order mark for the accents, no cell that runs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

# The wide signs run too, in spreadsheets of some countries.
_RUNS = re.compile(r"'*[=+\-@\t\r＝＋－＠]")


class CsvText:
    """A CSV file in the making; every cell is made harmless."""

    def __init__(self, header: Iterable[str]) -> None:
        self._out = io.StringIO(newline="")
        self._out.write("\ufeff")
        self._writer = csv.writer(self._out, delimiter=";")
        self.add(header)

    def add(self, cells: Iterable[str | int | float]) -> None:
        """Write one line. A number stays one, whatever its sign."""
        self._writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in cells])

    @property
    def text(self) -> str:
        """The file so far."""
        return self._out.getvalue()


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet will run as a formula: an apostrophe goes before it. `as_typed` undoes it."""
    return f"'{cell}" if _RUNS.match(cell) else cell


def as_typed(cell: str) -> str:
    """Return the cell that `harmless` was given."""
    return cell[1:] if cell.startswith("'") and _RUNS.match(cell) else cell
