"""Bulk upload: store the file, map its columns, judge it, show and correct every fault, apply the good rows once, and
undo it.
"""

from portal.fleet.imports.applying import confirm_import, discard_import
from portal.fleet.imports.corrections import RowsPage, RowView, correct_row, find_row, rows_page
from portal.fleet.imports.judging import choose_columns, start_import
from portal.fleet.imports.lost_files import erase_lost_files
from portal.fleet.imports.rejects import rejected_rows_csv, sample_csv
from portal.fleet.imports.state import ImportView, get_import, last_applied, list_recent_imports
from portal.fleet.imports.undoing import undo_import

__all__ = [
    "ImportView",
    "RowView",
    "RowsPage",
    "choose_columns",
    "confirm_import",
    "correct_row",
    "discard_import",
    "erase_lost_files",
    "find_row",
    "get_import",
    "last_applied",
    "list_recent_imports",
    "rejected_rows_csv",
    "rows_page",
    "sample_csv",
    "start_import",
    "undo_import",
]
