"""What the steps of the form share: lists of check boxes, and typed text that is kept when it cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, HiddenField, SelectMultipleField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget


class CheckboxesField(SelectMultipleField):
    """Several choices as check boxes; a value that was never offered is left out, not complained about."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()

    def __init__(self, label: object = None, **options: Any) -> None:
        super().__init__(label, validate_choice=False, **options)

    def chosen(self) -> list[str]:
        """The values chosen among those offered, in the order in which they are offered."""
        picked = set(self.data or ())
        return [str(value) for value, *_rest in self.iter_choices() if str(value) in picked]


def choices(words: Mapping[Any, object]) -> list[SelectChoice]:
    """The members of an enumeration with their words."""
    return [SelectChoice(member.value, word) for member, word in words.items()]


def typed(field: Field, most: int = 2000) -> str:
    """What was typed, without the spaces around it."""
    text = field.data
    return text.strip()[:most] if isinstance(text, str) else ""


class StepForm(FlaskForm):
    """A step of the form. `seen`: digest of what was shown, so that two clerks never overwrite each other."""

    seen = HiddenField()

    def show(self, values: Mapping[str, Any]) -> None:
        """Fill the inputs with what the document says."""
        raise NotImplementedError

    def values(self, before: Mapping[str, Any], act: str = "") -> dict[str, Any]:
        """What the inputs say, in the words of the document. before: what it said.

        act: the button that was pressed, when it changes what is written.
        """
        raise NotImplementedError

    def field_at(self, path: str) -> Field:
        """The input that a fault is about. path: that of the fault, without the measure."""
        raise NotImplementedError

    def show_faults(self, faults: Iterable[tuple[str, str]]) -> None:
        """Put sentences beside their inputs; each fault is (path, sentence)."""
        for path, sentence in faults:
            field = self.field_at(path)
            field.errors = [*(error for error in field.errors if isinstance(error, str)), sentence]


def numbers_in(path: str) -> Sequence[int]:
    """The positions that a path names: (1, 0) for `periods.1.slots.0`."""
    return [int(step) for step in path.split(".") if step.isascii() and step.isdecimal()]
