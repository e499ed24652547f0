"""Cells of the CSV files we write."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from portal.sheets import harmless

_NUMBER = re.compile(r"[+-]?[0-9]+([.,][0-9]+)?")


def csv_line(cells: Sequence[str]) -> str:
    """One line of comma-separated values, with its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return line.getvalue()


def safe_cell(text: str) -> str:
    """The text, preceded by an apostrophe when a spreadsheet would run it as a formula. A number stays one."""
    return text if _NUMBER.fullmatch(text) else harmless(text)
