"""What every form may use."""

from __future__ import annotations

from typing import ClassVar

from wtforms import Form, SelectMultipleField
from wtforms.fields import Field
from wtforms.widgets import CheckboxInput, ListWidget


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
