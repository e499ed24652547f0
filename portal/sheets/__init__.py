"""Spreadsheets people send and take home: any of their encodings, separators and formats, within bounds."""

from portal.sheets.reading import Line, read_lines
from portal.sheets.writing import CsvText, harmless

__all__ = ["CsvText", "Line", "harmless", "read_lines"]
