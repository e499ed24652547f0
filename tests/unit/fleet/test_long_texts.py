"""A text of a fleet that was made to take long takes no longer than another of its size."""

from __future__ import annotations

import pytest

from portal.fleet.checking import check_file
from portal.fleet.columns import COLUMNS
from portal.fleet.drafts import judge

# Of a cubic reading each takes years.
_TEXTS = {
    "spaces": "1" + " " * 100_000 + "x",
    "fixed spaces": "1" + "\u00a0\u202f" * 50_000 + "x",
    "digits": "1" * 100_000 + "x",
    "points": "1" + "., " * 30_000 + "kg x",
    "units": "1 " + "kg" * 50_000,
    "brackets": "(" * 100_000,
    "signs": "-_." * 30_000,
}


@pytest.mark.parametrize("text", _TEXTS.values(), ids=_TEXTS)
def test_a_long_text_is_refused_at_once_when_it_is_no_value(text: str) -> None:
    for column in COLUMNS:
        if column.key not in {"plate", "label"}:
            judged = judge({"plate": "AB-123-CD", "gross_weight_kg": "3500", column.key: text})
            assert column.key in {fault.column for fault in judged.faults}
    assert judge({"plate": text}).draft is None


def test_a_small_file_is_judged_at_once_when_a_cell_is_full_of_spaces() -> None:
    content = f"Plaque;PTAC\nAB-123-CD;1{' ' * 5000}x\nEF-456-GH;{' ' * 5000}3{' ' * 5000}500 kg\n"
    report = check_file(content.encode(), max_rows=100, max_columns=10)
    assert (report.rows_good, report.rows_bad) == (1, 1)
    assert report.fault_counts == {"gross_weight_kg:not-a-number": 1}


@pytest.mark.parametrize("digits", [1, 5, 15, 16, 38, 39, 60])
def test_a_number_is_never_read_from_a_part_of_a_long_text(digits: int) -> None:
    judged = judge({"plate": "AB-123-CD", "category": "N1", "gross_weight_kg": "3500" + " " * 50 + "0" * digits})
    assert judged.draft is None or judged.draft.gross_weight_kg == 3500 * 10**digits
