"""The form that says which property of a file is what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Form, FormField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice

from portal.common.errors import Invalid
from portal.numeriz.imports.perimeter_columns import ROLES
from portal.numeriz.translate import _
from portal.numeriz.words import COLOURS
from portal.numeriz.zones.mapping import Column, FileLook
from portal.numeriz.zones.stepped import complain
from portal.regulations.perimeters import Colour
from portal.web.forms import Needed, RowsField

GUESS, NO_COLOUR = "", ""


class SendForm(FlaskForm):
    """A file of zones."""

    file = FileField(_l("Fichier GeoJSON"), description=_l("2 Mo au plus. Longitude et latitude en degrés (WGS 84)."))

    def refuse(self, error: Invalid) -> None:
        """Say why the file is refused."""
        complain(self.file, error)


class ValueForm(Form):
    """A value of the colour's property, and the colour it means."""

    value = HiddenField()
    colour = SelectField(
        _l("Couleur"),
        choices=[
            SelectChoice(NO_COLOUR, _l("Aucune\u00a0: sans effet")),
            *(SelectChoice(colour.value, COLOURS[colour]) for colour in Colour),
        ],
        validate_choice=False,
    )


class MappingForm(FlaskForm):
    """The property of each role, and the colour of each value."""

    previewed = HiddenField()
    event = SelectField(_l("Nom de la manifestation"), validate_choice=False)
    name = SelectField(_l("Nom de la zone"), validate_choice=False)
    colour = SelectField(_l("Couleur"), [Needed()], validate_choice=False)
    start = SelectField(_l("Début"), validate_choice=False)
    end = SelectField(_l("Fin"), validate_choice=False)
    values = RowsField(FormField(ValueForm), max_entries=40)

    def offer(self, look: FileLook) -> None:
        """Offer the properties of a file; choose those it says by itself, or that were found by their usual names."""
        for role in ROLES:
            field = self[role]
            empty = _("Le nom du fichier") if role == "event" else _("Aucune")
            field.choices = [SelectChoice(GUESS, empty), *(SelectChoice(c.name, _words(c)) for c in look.columns)]
            if not self.is_submitted():
                field.data = look.guesses.get(role, GUESS)
        known = {entry.form.value.data: entry.form.colour.data for entry in self.values.entries}
        while self.values.entries:
            self.values.pop_entry()
        for value, colour in look.values:
            self.values.append_entry()
            entry = self.values.entries[-1].form
            entry.value.data = value
            entry.colour.data = known.get(value, colour.value if colour else NO_COLOUR)

    @property
    def column_options(self) -> dict[str, str]:
        """The property of each role, as the import takes it."""
        return {role: self[role].data for role in ROLES if self[role].data}

    def options(self) -> Mapping[str, str]:
        """What the import is told. Raises Invalid(`no-colour-column`)."""
        if not self.colour.data:
            raise Invalid("no-colour-column", "colour")
        colours = {
            e.form.value.data: e.form.colour.data for e in self.values.entries if e.form.colour.data in set(Colour)
        }
        return {**self.column_options, **{f"colour.{value}": colour for value, colour in colours.items()}}

    def refuse(self, error: Invalid) -> None:
        """Show why the portal refuses, beside the field at fault."""
        field: Any = self[error.field] if error.field and error.field in self else self.colour
        complain(field, error)


def _words(column: Column) -> str:
    samples = ", ".join(column.samples)
    return f"{column.name} ({samples})"[:110] if samples else column.name
