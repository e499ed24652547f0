"""Workbooks for the corpus: XLSX by openpyxl, XLS by xlwt, ODS by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import date
from xml.sax.saxutils import escape

import openpyxl
import xlwt
from openpyxl.worksheet.worksheet import Worksheet

Rows = Sequence[Sequence[object]]

_ODS = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content office:version="1.2" '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body><office:spreadsheet>'
    "{tables}</office:spreadsheet></office:body></office:document-content>"
)
_MANIFEST = (
    '<?xml version="1.0" encoding="UTF-8"?><manifest:manifest '
    'xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    '<manifest:file-entry manifest:full-path="/" '
    'manifest:media-type="application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>'
)


def xlsx(*sheets: Rows, change: Callable[[Worksheet], None] | None = None, hidden: int | None = None) -> bytes:
    """Return a workbook of these sheets. change: what else is done to the first; hidden: the sheet nobody sees."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for place, rows in enumerate(sheets):
        sheet = book.create_sheet(f"Feuil{place + 1}")
        for row in rows:
            sheet.append(list(row))
        if place == hidden:
            sheet.sheet_state = "hidden"
    if change:
        change(book.worksheets[0])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(rows: Rows) -> bytes:
    """Return a workbook as Excel 97 wrote it; days are cells of days."""
    book = xlwt.Workbook()
    sheet = book.add_sheet("Parc")
    day = xlwt.easyxf(num_format_str="DD/MM/YYYY")
    for number, row in enumerate(rows):
        for place, cell in enumerate(row):
            if isinstance(cell, date):
                sheet.write(number, place, cell, day)
            elif cell is not None:
                sheet.write(number, place, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def ods(*sheets: Rows) -> bytes:
    """Return a workbook as LibreOffice writes it."""
    tables = "".join(
        f'<table:table table:name="Feuille{place + 1}">{"".join(map(_ods_row, rows))}</table:table>'
        for place, rows in enumerate(sheets)
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", _MANIFEST)
        archive.writestr("content.xml", _ODS.format(tables=tables))
    return out.getvalue()


def _ods_row(row: Sequence[object]) -> str:
    return f"<table:table-row>{''.join(map(_ods_cell, row))}</table:table-row>"


def _ods_cell(cell: object) -> str:
    if cell is None:
        return "<table:table-cell/>"
    if isinstance(cell, int | float):
        kind = f'office:value-type="float" office:value="{cell}"'
    elif isinstance(cell, date):
        kind = f'office:value-type="date" office:date-value="{cell.isoformat()}"'
    else:
        kind = 'office:value-type="string"'
    return f"<table:table-cell {kind}><text:p>{escape(str(cell))}</text:p></table:table-cell>"
