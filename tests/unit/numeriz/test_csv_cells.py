"""Cells of the open data: numbers stay numbers, nothing runs."""

from __future__ import annotations

import pytest

from portal.numeriz.exports.csv_text import csv_line, safe_cell


@pytest.mark.parametrize("cell", ["", "Rue des Lilas", "12", "-1.5", "+3", "-3,5", "0033 1 23", "48.86,2.36"])
def test_a_cell_stays_as_it_is_when_it_is_a_number_or_plain_words(cell: str) -> None:
    assert safe_cell(cell) == cell


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "@SOMME(A1)",
        "-2+3+cmd|' /C calc'!A0",
        '+1+1+HYPERLINK("http://x",A1)',
        "-1\n",
        "-1.5.6",
        "\t=1",
        "\r=1",
        "＝1+1",
        "－１",
        "-１",
    ],
)
def test_a_cell_is_not_run_when_it_is_more_than_a_number(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"
    assert csv_line([cell, "x"]).lstrip('"').startswith("'")
