"""What every form may use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from wtforms import FieldList, Form, SelectMultipleField  # noqa: TID251 - what RowsField stands on
from wtforms.fields import Field
from wtforms.widgets import CheckboxInput, ListWidget

from portal.common.text import whole_number


class Needed:
    """Marks a field that must be filled in, so that its label does not call it optional.

    It checks nothing: what is missing is said by the field or the service that knows the sentence.
    """

    field_flags: ClassVar[dict[str, object]] = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Accept everything."""


class CheckboxesField(SelectMultipleField):
    """Several choices as check boxes."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class RowsField(FieldList):
    """Rows of fields, of any count up to `max_entries`.

    The browser names each field after its row ("stops-2-address"). WTForms takes every text of digits for a number, and
    fails on "²" or on thousands of nines; here a row that has no such number is none.
    """

    def _extract_indices(self, prefix: str, formdata: Iterable[str]) -> Iterator[int]:
        named = (name.removeprefix(f"{prefix}-") for name in formdata if name.startswith(f"{prefix}-"))
        numbers = (whole_number(name.partition("-")[0]) for name in named)
        return (number for number in numbers if number is not None)
