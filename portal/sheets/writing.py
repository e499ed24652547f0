"""CSV as French spreadsheets open it: semicolons, a byte order mark for the accents, no cell that runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


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
    """Return a cell that no spreadsheet will run as a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
