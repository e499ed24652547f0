"""The tables people take home: the rows that cannot be stored, and the sample file."""

from __future__ import annotations

from uuid import UUID

from portal.fleet.checking import CheckedRow
from portal.fleet.columns import COLUMNS
from portal.fleet.imports.corrections import all_rows
from portal.fleet.imports.state import scoped
from portal.fleet.mapping import FileMapping
from portal.fleet.messages import fault_sentence
from portal.sheets import CsvText


def rejected_rows_csv(company_id: UUID, import_id: UUID) -> str:
    """Return the rows that cannot be stored, as the file had them with their corrections, their line and the reasons.

    Titles and order are those of the file. Only the rows kept beside it are read.
    """
    row = scoped(company_id, import_id)
    titles = FileMapping.from_json(row.mapping).titles if row.mapping else ()
    out = CsvText([*titles, "Ligne", "Motif"])
    width = len(titles)
    for cells, checked in all_rows(row):
        surplus = " ".join(cell for cell in cells[width:] if cell)
        kept = [*cells[:width], *[""] * (width - len(cells))]
        out.add([*kept, str(checked.line.number), f"{_reasons(checked)} {surplus}".strip()])
    return out.text


def _reasons(checked: CheckedRow) -> str:
    return " ".join(
        str(fault_sentence(fault.column, fault.code, fault.value, fault.params)) for fault in checked.faults
    )


def sample_csv() -> str:
    """Return the sample file: the headers and one line of example."""
    out = CsvText([str(column.label) for column in COLUMNS])
    out.add([column.example for column in COLUMNS])
    return out.text
