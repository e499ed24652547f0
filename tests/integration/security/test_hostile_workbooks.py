"""A workbook of a few kilobytes that unfolds without end costs its sender a sentence, and the portal nothing."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable

import pytest
from flask import Flask

from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.errors import Invalid, NotFound
from portal.db import session
from portal.files import file_store
from portal.fleet import imports
from portal.fleet.checking import check_file
from portal.fleet.models import FleetImport, ImportState
from portal.sheets import read_lines
from tests.factories.accounts import make_company

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"


def workbook(rows: str, shared: str = "") -> bytes:
    """A workbook of one sheet, from the XML of its rows and of its shared texts."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
        'ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        '<sheet name="A" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{_MAIN}">{shared}</sst>',
    }
    sent = io.BytesIO()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, '<?xml version="1.0"?>' + text)
    return sent.getvalue()


HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>Immatriculation</t></is></c></row>'
_CELLS = '<c t="s"><v>0</v></c>' * 30
BOMBS = {
    "two-cells-far-apart": workbook(HEADER + '<row r="99000"><c r="XFD99000"><v>1</v></c></row>'),
    "one-long-text-everywhere": workbook(
        "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 1001)),
        f"<si><t>{'a' * 4_000_000}</t></si>",
    ),
    "long-texts-everywhere": workbook(
        "".join(f'<row r="{n}">{_CELLS}</row>' for n in range(1, 6001)), f"<si><t>{'a' * 32_000}</t></si>"
    ),
    "one-endless-text": workbook('<row r="1"><c r="A1" t="s"><v>0</v></c></row>', f"<si><t>{'a' * 5_000_000}</t></si>"),
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS.keys())
def test_workbook_is_refused_when_it_unfolds_without_end(content: bytes) -> None:
    assert len(content) < 60_000, "a text of that size is judged while the person waits"
    began = time.monotonic()
    with pytest.raises(Invalid) as refused:
        check_file(content, max_rows=100_000, max_columns=100)
    assert refused.value.code == "file-too-large-inside"
    assert time.monotonic() - began < 20


def test_good_workbook_is_read_when_it_was_written_by_hand() -> None:
    rows = HEADER.replace("</row>", '<c r="B1" t="inlineStr"><is><t>PTAC</t></is></c></row>')
    rows += '<row r="3"><c r="A3" t="inlineStr"><is><t>AB-123-CD</t></is></c><c r="B3"><v>3500</v></c></row>'
    report = check_file(workbook(rows), max_rows=100, max_columns=10)
    assert (report.rows_total, report.rows_good) == (1, 1)


def test_a_long_text_is_cut_when_it_stands_in_many_cells() -> None:
    titles = "".join(f'<c t="inlineStr"><is><t>{title}</t></is></c>' for title in ("Plaque", "PTAC", "Divers", ""))
    cells = '<c t="s"><v>1</v></c><c><v>3500</v></c>' + '<c t="s"><v>0</v></c>' * 2
    book = workbook(
        f'<row r="1">{titles}</row>' + "".join(f'<row r="{n}">{cells}</row>' for n in range(2, 52)),
        f"<si><t>{'a' * 32_000}</t></si><si><t>AB-123-CD</t></si>",
    )
    lines = list(read_lines(book, max_rows=100, max_columns=10))
    assert {len(cell) for line in lines[1:] for cell in line.cells[2:]} == {500}
    assert {line.cells[:2] for line in lines[1:]} == {("AB-123-CD", "3500")}
    assert lines[0].cells == ("Plaque", "PTAC", "Divers")


def test_file_is_told_unreadable_when_it_unfolds_without_end(database: Flask, run_jobs: Callable[[Flask], int]) -> None:
    company = make_company()
    actor = Actor(ActorKind.USER, "Camille", companies={company.id: CompanyRole.MANAGER})
    import_id = imports.start_import(actor, company.id, "flotte.xlsx", BOMBS["two-cells-far-apart"])
    # Nobody's page waits for a workbook, however small.
    assert imports.get_import(company.id, import_id).state is ImportState.CHECKING
    run_jobs(database)
    found = imports.get_import(company.id, import_id)
    assert (found.state, found.error_code) == (ImportState.UNREADABLE, "file-too-large-inside")


def test_report_is_stored_when_a_text_holds_the_sign_zero(database: Flask) -> None:
    company = make_company()
    actor = Actor(ActorKind.USER, "Camille", companies={company.id: CompanyRole.MANAGER})
    padding = "AB-123-CD;3500;;\n" * 300
    content = f"Plaque;PTAC;Hauteur;Divers\n{padding}AB-1\x0023-CD;lou\x00rd;;\n".encode()
    import_id = imports.start_import(actor, company.id, "flotte\x00.csv", content)
    assert imports.get_import(company.id, import_id).state is ImportState.CHECKED


def test_file_is_removed_when_it_is_forgotten(database: Flask) -> None:
    company = make_company()
    actor = Actor(ActorKind.USER, "Camille", companies={company.id: CompanyRole.MANAGER})
    import_id = imports.start_import(actor, company.id, "flotte.csv", b"Plaque;PTAC\nAB-123-CD;3500\n")
    key = session().get_one(FleetImport, import_id).file_key
    assert file_store().get(key)
    imports.discard_import(company.id, import_id)
    with pytest.raises(NotFound):
        file_store().get(key)
