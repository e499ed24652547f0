"""The border between what people type and what the code keeps."""

from __future__ import annotations

from decimal import Decimal

import pytest

from portal.common.errors import Invalid
from portal.common.units import decimal_number, metres_to_cm, tonnes_to_kg


@pytest.mark.parametrize(
    ("text", "number"),
    [("3,5", "3.5"), ("3.5", "3.5"), ("1 250", "1250"), ("1\u00a0250,5", "1250.5"), ("0e999999999", "0"), ("-2", "-2")],
)
def test_number_is_read_when_typed_by_a_person(text: str, number: str) -> None:
    assert decimal_number(text) == Decimal(number)


@pytest.mark.parametrize("text", ["", "x", "1,2,3", "NaN", "Infinity", "1e999999999", "-1e999999999", "1e-999999999"])
def test_number_is_refused_when_nobody_would_type_it(text: str) -> None:
    with pytest.raises(Invalid) as caught:
        decimal_number(text)
    assert caught.value.code == "not-a-number"


def test_sizes_are_whole_when_converted() -> None:
    assert tonnes_to_kg(Decimal("3.5")) == 3500
    assert metres_to_cm(2.995) == 300
