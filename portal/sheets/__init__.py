"""Spreadsheets people send and take home: any of their encodings, separators and formats, within bounds."""

from portal.sheets.reading import Line, is_workbook, read_lines, refuse_too_many_rows
from portal.sheets.writing import CsvText, as_typed, harmless

__all__ = ["CsvText", "Line", "as_typed", "harmless", "is_workbook", "read_lines", "refuse_too_many_rows"]
