"""Whatever bytes are sent as a fleet, the file ends in a word: refused by a known code, doubted or judged."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from portal.common.errors import Invalid
from portal.fleet.checking import check_file
from portal.fleet.messages import FILE_FAULTS, doubt_sentence, kind_sentence
from portal.sheets import as_typed, harmless

_CELLS = st.text(alphabet="AB-123CD;,\t|\"'\n\r= .éttalo\x00\u2019", max_size=30)
_TABLES = st.lists(st.lists(_CELLS, max_size=5).map(";".join), max_size=8).map("\n".join)


def _ends_in_a_word(content: bytes) -> None:
    try:
        report = check_file(content, max_rows=50, max_columns=20)
    except Invalid as refused:
        if refused.code not in FILE_FAULTS:
            raise
        return
    assert all(doubt_sentence(doubt) for doubt in report.mapping.doubts)
    assert all(kind_sentence(kind) for kind in (*report.fault_counts, *report.warning_counts))


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400))
@example(b"\xff\xfe\x00\xd8")
@example(b"sep=\n\nPlaque")
def test_any_bytes_end_in_a_word(content: bytes) -> None:
    _ends_in_a_word(content)


@settings(max_examples=150, deadline=None)
@given(_TABLES, st.sampled_from(["utf-8", "utf-16-le", "utf-16", "cp1252"]))
def test_any_table_below_good_titles_ends_in_a_word(table: str, encoding: str) -> None:
    _ends_in_a_word(f"Immatriculation;PTAC;Hauteur;Nom\n{table}".encode(encoding, "replace"))


@given(st.text(alphabet="'=+-@a1", max_size=6))
def test_a_cell_made_harmless_is_read_as_it_was(cell: str) -> None:
    assert as_typed(harmless(cell)) == cell
