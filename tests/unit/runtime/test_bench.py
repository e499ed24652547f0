"""The arithmetic and the files of the measures; the measures themselves are run by `make bench`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from portal.runtime.bench.command import write
from portal.runtime.bench.line import Line, per_second, percentile, significant, table, timed_ms
from portal.runtime.bench.themes import THEMES

_LINE = Line("page home, p50", 12.34567, "ms", "health check, p50", 4.0)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        ([5.0], 50, 5.0),
        ([5.0], 95, 5.0),
        ([4.0, 1.0, 3.0, 2.0], 50, 2.0),
        (list(map(float, range(1, 101))), 95, 95.0),
        (list(map(float, range(1, 31))), 95, 29.0),
        ([1.0, 2.0], 0, 1.0),
    ],
)
def test_percentile_is_the_nearest_rank(values: list[float], percent: float, expected: float) -> None:
    assert percentile(values, percent) == expected


@pytest.mark.parametrize(
    ("value", "kept"), [(12.34567, 12.35), (0.000123456, 0.0001235), (98765.4, 98770.0), (0.0, 0.0)]
)
def test_figures_keep_four_significant_digits(value: float, kept: float) -> None:
    assert significant(value) == kept


def test_file_holds_every_line_with_its_reference(tmp_path: Path) -> None:
    write(tmp_path / "bench.json", [_LINE])
    assert json.loads((tmp_path / "bench.json").read_text()) == [
        {
            "name": "page home, p50",
            "figure": 12.35,
            "unit": "ms",
            "reference": "health check, p50",
            "reference_figure": 4.0,
            "ratio": 3.086,
        }
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["bench.json"]


def test_table_has_a_title_and_aligned_columns() -> None:
    head, row, _second = table([_LINE, Line("x", 1, "s", "y", 2)]).splitlines()
    assert head.split() == ["measure", "figure", "unit", "reference", "figure", "ratio"]
    assert row.index("ms") == head.index("unit")


def test_clocks_measure_what_ran() -> None:
    ran: list[int] = []
    assert timed_ms(lambda: ran.append(1)) < 1000
    assert per_second(lambda: ran.append(1), 0.01) > 1
    assert len(ran) > 2


def test_every_theme_of_the_first_issue_is_listed() -> None:
    assert set(THEMES) >= {"pages", "verification", "routes", "fleet-file"}
