"""A fleet file is judged whole: encodings, separators, headers, every fault at its row and column."""

from __future__ import annotations

import io
import zipfile
from datetime import date

import openpyxl
import pytest

from portal.common.errors import Invalid
from portal.fleet.checking import SHOWN_ROWS, check_file, check_rows
from portal.fleet.columns import COLUMNS
from portal.fleet.drafts import VehicleDraft, judge
from portal.fleet.messages import FAULTS, FILE_FAULTS
from portal.fleet.models import AirClass, Category, Energy

LIMITS = {"max_rows": 100_000, "max_columns": 100}
PLAIN = "Immatriculation;PTAC;Hauteur\nAB-123-CD;3500;2,60\nEF-456-GH;19000;3,80\n"


def _workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _drafts(content: bytes) -> list[VehicleDraft]:
    _header, rows = check_rows(content, **LIMITS)
    return [row.draft for row in rows if row.draft is not None]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PLAIN.encode(), id="utf-8"),
        pytest.param(b"\xef\xbb\xbf" + PLAIN.encode(), id="utf-8 with mark"),
        pytest.param(PLAIN.encode("utf-16"), id="utf-16"),
        pytest.param(PLAIN.replace("\n", "\r\n").encode(), id="windows line ends"),
        pytest.param(PLAIN.replace(",", ".").replace(";", ",").encode(), id="commas"),
        pytest.param(PLAIN.replace(";", "\t").encode(), id="tabs"),
        pytest.param(PLAIN.replace(";", "|").encode(), id="bars"),
        pytest.param(("Flotte de l’été;;\n;;\n" + PLAIN).encode("cp1252"), id="title above, windows-1252"),
        pytest.param(PLAIN.replace("\nEF", "\n;;\n\nEF").encode(), id="blank lines"),
        pytest.param(
            _workbook([["Immatriculation", "PTAC", "Hauteur"], ["AB-123-CD", 3500, 2.6], ["EF-456-GH", 19000, 3.8]]),
            id="workbook",
        ),
        pytest.param(b"hauteur (cm);N\xb0 IMMAT;ptac (t)\n260;ab 123 cd;3,5\n380;ef456gh;19\n", id="units in headers"),
        pytest.param(
            b"height;plate;gvw\n2.6 m;AB123CD;3.5 t\n380 cm;EF456GH;19 000 kg\n", id="english, units in cells"
        ),
    ],
)
def test_same_fleet_is_read_whatever_the_file(content: bytes) -> None:
    drafts = _drafts(content)
    assert [(d.plate.bare, d.gross_weight_kg, d.height_cm, d.category) for d in drafts] == [
        ("AB123CD", 3500, 260, Category.N1),
        ("EF456GH", 19000, 380, Category.N3),
    ]


def test_every_fault_is_reported_at_its_spreadsheet_row_and_column() -> None:
    content = (
        "Ma flotte;;;\n"
        "Immatriculation;PTAC;Hauteur;Énergie\n"
        "AB-123-CD;3500;2,6;GO\n"
        ";3500;2,6;GO\n"
        "EF-456-GH;beaucoup;26;vapeur\n"
        "\n"
        "ab 123 cd;3500;2,6;GO\n"
    ).encode()
    report = check_file(content, **LIMITS)
    found = {(row["number"], fault["column"], fault["code"]) for row in report.shown for fault in row["faults"]}
    assert found == {
        (4, "plate", "plate-missing"),
        (5, "gross_weight_kg", "not-a-number"),
        (5, "height_cm", "out-of-range"),
        (7, "plate", "plate-twice-in-file"),
    }
    assert [(row["number"], row["warnings"][0]["value"]) for row in report.warned_shown] == [(5, "vapeur")]
    assert (report.rows_total, report.rows_good, report.rows_bad) == (4, 1, 3)


def test_rows_worth_a_look_are_named() -> None:
    report = check_file(b"Plaque;PTAC\nAB-123-CD;3500\nEF-456-GH;19\n", **LIMITS)
    assert [(row["number"], row["warnings"][0]["code"]) for row in report.warned_shown] == [(3, "read-as-tonnes")]


def test_totals_are_true_though_few_rows_are_kept() -> None:
    content = "Plaque;PTAC\n" + "".join(f"AB-{n:03d}-CD;x\n" for n in range(1, 900))
    report = check_file(content.encode(), **LIMITS)
    assert (len(report.shown), report.rows_bad) == (SHOWN_ROWS, 899)
    assert report.fault_counts["gross_weight_kg:not-a-number"] == 899


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(b"", "file-empty", id="0 bytes"),
        pytest.param(b"\xef\xbb\xbf \r\n", "file-empty", id="only a mark"),
        pytest.param(bytes(range(256)) * 40, "file-not-a-spreadsheet", id="binary named csv"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(200), "file-not-a-spreadsheet", id="picture"),
        pytest.param(b"PK\x03\x04 not a zip", "file-not-a-spreadsheet", id="broken zip"),
        pytest.param(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file-not-a-spreadsheet", id="broken xls"),
        pytest.param(b"Couleur;Prix\nrouge;3\n", "no-header", id="no plate column"),
        pytest.param(b"bonjour", "no-header", id="a word"),
        pytest.param(b"Immatriculation;PTAC\n", "no-rows", id="header alone"),
        pytest.param(b"Immatriculation" + b";x" * 200 + b"\n", "too-many-columns", id="wide"),
        pytest.param(b'Immatriculation;PTAC\n"' + b"x" * 200_000, "file-not-a-spreadsheet", id="open quote"),
    ],
)
def test_unusable_file_is_refused_with_one_sentence(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_file(content, **LIMITS)
    assert refused.value.code == code
    assert code in FILE_FAULTS


def test_the_row_of_an_open_quote_is_told_when_it_swallows_more_than_a_cell_holds() -> None:
    rows = "".join(f"AB-{n:03d}-CD;3500;Fourgon de la tournée\n" for n in range(1, 900)) * 10
    content = f'Plaque;PTAC;Nom\nEF-456-GH;3500;Camion\nEF-457-GH;3500;"Camion\n{rows}'
    with pytest.raises(Invalid, match="quote-unbalanced") as refused:
        check_file(content.encode(), **LIMITS)
    assert refused.value.params["row"] == 3


@pytest.mark.parametrize("first", ["sep=\r\n", "sep=\n", 'sep="\n', 'sep=""\r\n', "sep=;\r\n", '"sep=;"\n'])
def test_a_separator_line_decides_nothing_when_it_names_no_sign(first: str) -> None:
    report = check_file(f"{first}Plaque;PTAC\r\nAB-123-CD;3500\r\n".encode(), **LIMITS)
    assert (report.rows_total, report.rows_good) == (1, 1)


def test_two_columns_of_plates_wait_for_a_word() -> None:
    report = check_file(b"Plaque;Immatriculation;PTAC\nAB-123-CD;AB-123-CD;3500\n", **LIMITS)
    assert report.mapping.doubts == ("column-twice:plate",)
    assert report.rows_total == 0


def test_too_many_rows_are_refused() -> None:
    content = "Plaque;PTAC\n" + "".join(f"AB-{n:03d}-CD;3500\n" for n in range(1, 200))
    with pytest.raises(Invalid, match="too-many-rows"):
        check_file(content.encode(), max_rows=100, max_columns=10)


def test_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(5):
            archive.writestr(f"xl/worksheets/sheet{number}.xml", bytes(100 * 1024 * 1024))
    with pytest.raises(Invalid, match="file-too-large-inside"):
        check_file(out.getvalue(), **LIMITS)


def test_unknown_stays_unknown_and_guesses_are_told() -> None:
    judged = judge({"plate": "AB-123-CD", "gross_weight_kg": "3,5", "height_cm": "260"})
    assert judged.draft is not None
    assert (judged.draft.gross_weight_kg, judged.draft.height_cm, judged.draft.width_cm) == (3500, 260, None)
    assert {warning.code for warning in judged.warnings} == {"read-as-tonnes", "read-as-centimetres"}


@pytest.mark.parametrize(
    ("texts", "column", "code"),
    [
        ({"gross_weight_kg": ""}, "category", "category-or-weight-needed"),
        ({"gross_weight_kg": "-3"}, "gross_weight_kg", "negative"),
        ({"gross_weight_kg": "NaN"}, "gross_weight_kg", "not-a-number"),
        ({"gross_weight_kg": "1e308"}, "gross_weight_kg", "not-a-number"),
        ({"gross_weight_kg": "3 m"}, "gross_weight_kg", "not-a-weight"),
        ({"height_cm": "3 t"}, "height_cm", "not-a-length"),
        ({"height_cm": "0"}, "height_cm", "out-of-range"),
        (
            {"gross_weight_kg": "3500", "combination_weight_kg": "3000"},
            "combination_weight_kg",
            "combination-below-gross",
        ),
        ({"gross_weight_kg": "3500", "axle_load_kg": "5000"}, "axle_load_kg", "axle-above-gross"),
        ({"air_class": "7"}, "air_class", "air-class-unknown"),
        ({"hazmat": "peut-être"}, "hazmat", "not-yes-or-no"),
        ({"plate": "WW-123-AB"}, "plate_valid_until", "end-date-needed"),
        ({"plate_valid_until": "hier"}, "plate_valid_until", "not-a-date"),
        ({"country": "Atlantide"}, "country", "country-malformed"),
        ({"category": "N9"}, "category", "category-unknown"),
    ],
)
def test_wrong_value_has_its_code_and_a_sentence(texts: dict[str, str], column: str, code: str) -> None:
    judged = judge({"plate": "AB-123-CD", "gross_weight_kg": "3500", **texts})
    assert (column, code) in {(fault.column, fault.code) for fault in judged.faults}
    assert judged.draft is None
    assert code in FAULTS


def test_words_people_use_are_understood() -> None:
    judged = judge(
        {
            "plate": "WW-123-AB",
            "category": "CTTE",
            "energy": "Électrique",
            "air_class": "Crit'Air E",
            "hazmat": "Oui",
            "plate_valid_until": "31/12/2026",
        }
    )
    assert judged.draft is not None
    assert judged.draft.category is Category.N1
    assert judged.draft.energy is Energy.ELECTRIC
    assert judged.draft.air_class is AirClass.E
    assert judged.draft.hazmat is True
    assert judged.draft.plate_valid_until == date(2026, 12, 31)


def test_category_that_contradicts_the_weight_is_a_warning() -> None:
    judged = judge({"plate": "AB-123-CD", "category": "N1", "gross_weight_kg": "19000"})
    assert judged.draft is not None
    assert [warning.code for warning in judged.warnings] == ["category-differs"]


def test_examples_of_the_sample_file_are_good() -> None:
    judged = judge({column.key: column.example for column in COLUMNS})
    assert judged.draft is not None
    assert not judged.warnings
