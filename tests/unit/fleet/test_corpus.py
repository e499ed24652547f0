"""Every file of the corpus ends as it must: read, doubted or refused, with its faults at their rows."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest

from portal.common.errors import Invalid
from portal.fleet.checking import Report, read_file
from portal.fleet.drafts import VehicleDraft
from portal.fleet.messages import FILE_FAULTS, doubt_sentence, kind_sentence
from tests.corpus.fleet.files import CASES, Case

_LARGEST_BYTES = 20_000


def test_corpus_is_large_and_its_files_are_small() -> None:
    assert len(CASES) >= 60
    assert len({case.name for case in CASES}) == len(CASES)
    assert max(len(case.content) for case in CASES) <= _LARGEST_BYTES


def _plain(draft: VehicleDraft, name: str) -> Any:
    value = draft.plate.bare if name == "plate" else draft.values()[name]
    return value.value if isinstance(value, Enum) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_file_ends_as_it_must(case: Case) -> None:
    if case.refused:
        with pytest.raises(Invalid) as refused:
            read_file(case.content, max_rows=1000, max_columns=100)
        assert refused.value.code == case.refused
        assert case.refused in FILE_FAULTS
        return
    read = read_file(case.content, max_rows=1000, max_columns=100)
    assert read.mapping.doubts == case.doubts
    assert all(doubt_sentence(doubt) for doubt in read.mapping.doubts)
    report = Report(read.mapping)
    rows = [row for row, _corrected in read.judged()]
    for row in rows:
        report.add(row)
    assert (report.rows_good, report.rows_bad, report.skipped) == (case.good, case.bad, case.skipped), report.tally
    assert {kind: report.fault_counts[kind] for kind in case.faults} == case.faults
    assert {kind: report.warning_counts[kind] for kind in case.warnings} == case.warnings
    assert all(kind_sentence(kind) for kind in (*report.fault_counts, *report.warning_counts))
    if case.bad_rows:
        assert tuple(row.line.number for row in rows if row.faults) == case.bad_rows
    units = {column.key: column.unit for column in read.mapping.used}
    assert {key: units[key] for key in case.units} == case.units
    if case.first:
        first = next(row.draft for row in rows if row.draft is not None)
        assert {name: _plain(first, name) for name in case.first} == case.first
