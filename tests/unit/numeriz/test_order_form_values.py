"""What is typed in the form of an order, read and shown again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.numeriz.writing.form.links import spot_of
from portal.numeriz.writing.form.parts import MEASURE_PARTS, Part, Spot, empty_measure
from portal.numeriz.writing.form.when import margin_text, read_margin
from portal.numeriz.writing.form.whom import limit_text, read_limit
from portal.regulations.vehicles import Size


@pytest.mark.parametrize(
    ("text", "size", "limit"),
    [
        ("3,5", Size.GROSS_WEIGHT, 3500),
        ("3.5", Size.GROSS_WEIGHT, 3500),
        ("19", Size.AXLE_LOAD, 19000),
        ("3,20", Size.HEIGHT, 320),
        ("29", Size.FOOTPRINT, 290_000),
        ("3,5 tonnes", Size.GROSS_WEIGHT, "3,5 tonnes"),
        ("3,2055", Size.HEIGHT, "3,2055"),
        ("", Size.WIDTH, ""),
    ],
)
def test_limit_is_read_in_the_unit_of_its_size(text: str, size: Size, limit: int | str) -> None:
    assert read_limit(text, size) == limit


@given(st.sampled_from(Size), st.integers(min_value=1, max_value=4_000_000))
def test_limit_shown_reads_back_as_the_same(size: Size, limit: int) -> None:
    assert read_limit(limit_text(limit, size), size) == limit


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("2 h 30", 150),
        ("2h30", 150),
        ("2\u00a0h\u00a030", 150),
        ("1 h", 60),
        ("90", 90),
        ("45 min", 45),
        ("", None),
        ("longtemps", "longtemps"),
        ("-5", "-5"),
    ],
)
def test_margin_is_read_in_minutes(text: str, minutes: int | str | None) -> None:
    assert read_margin(text) == minutes


@given(st.integers(min_value=0, max_value=1440))
def test_margin_shown_reads_back_as_the_same(minutes: int) -> None:
    assert read_margin(margin_text(minutes)) == minutes


@pytest.mark.parametrize(
    ("field", "spot"),
    [
        ("title", Spot(Part.WHO)),
        ("measures", Spot(Part.WHO)),
        ("measures.0.max_speed_kmh", Spot(Part.WHAT, 0)),
        ("measures.2.places.1", Spot(Part.WHERE, 2)),
        ("measures.1.periods.0.slots.1.0", Spot(Part.WHEN, 1)),
        ("measures.1.event.before_min", Spot(Part.WHEN, 1)),
        ("measures.1.vehicles.except.0.limit", Spot(Part.WHOM, 1)),
    ],
)
def test_fault_is_repaired_on_the_page_of_its_part(field: str, spot: Spot) -> None:
    assert spot_of(field) == spot


@pytest.mark.parametrize("part", MEASURE_PARTS)
def test_part_merged_changes_nothing_else(part: Part) -> None:
    document: dict[str, Any] = {
        "title": "T",
        "measures": [empty_measure(), {**empty_measure(), "type": "oneWay"}],
        "amends": 3,
    }
    spot = Spot(part, 1)
    values = dict.fromkeys(spot.values(document), "x")
    changed = spot.merged(document, values)
    assert spot.values(changed) == values
    assert changed["measures"][0] == document["measures"][0] and changed["amends"] == 3
    assert {**changed["measures"][1], **spot.values(document)} == document["measures"][1]
