"""Cells of the CSV files we write."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

# What a spreadsheet would run. A minus or plus before a digit is a number.
_RUN = ("=", "@", "+", "-", "\t", "\r")


def csv_line(cells: Sequence[str]) -> str:
    """One line of comma-separated values, with its end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return line.getvalue()


def safe_cell(text: str) -> str:
    """The text, preceded by an apostrophe when a spreadsheet would run it as a formula."""
    if not text.startswith(_RUN) or (text[0] in "+-" and text[1:2].isdigit()):
        return text
    return f"'{text}"
