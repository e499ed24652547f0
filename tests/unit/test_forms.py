"""Fields that every form may use, given names that no page of ours sends."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict
from wtforms import Form, FormField, StringField

from portal.web.forms import RowsField


class _Row(Form):
    name = StringField()


class _Sheet(Form):
    rows = RowsField(FormField(_Row), max_entries=3)


def _names(*fields: tuple[str, str]) -> list[str]:
    return [row["name"] for row in _Sheet(MultiDict(fields)).rows.data]


def test_rows_are_read_in_the_order_of_their_numbers():
    assert _names(("rows-10-name", "c"), ("rows-2-name", "b"), ("rows-0-name", "a")) == ["a", "b", "c"]


def test_rows_over_the_most_are_left_out():
    assert len(_names(*((f"rows-{number}-name", str(number)) for number in range(9)))) == 3


@pytest.mark.parametrize("number", ["²", "٣", "9" * 5_000, "-1", "", "1.5", "x"])
def test_row_is_none_when_its_number_is_not_one(number: str):
    assert _names((f"rows-{number}-name", "lost"), ("rows-1-name", "kept"), ("rowsX-2-name", "other")) == ["kept"]
