"""What the forms of events and zones share: a plan that is seen before it is saved, a table of dates, refusals."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, Form, FormField, HiddenField, StringField, TextAreaField
from wtforms.fields import Field

from portal.common.errors import Invalid, PortalError
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.models import TITLE_LENGTH
from portal.numeriz.zones.dates import MOST_ROWS, DateRow, read_row, row_of, rows_of_table
from portal.numeriz.zones.messages import refusal_sentence
from portal.regulations.perimeters import Activation
from portal.web.forms import RowsField

SAVE, PREVIEW, MORE, PASTE = "save", "preview", "more", "paste"
"""What the buttons of these forms ask for (field act)."""
_SPARE_ROWS = 3


def complain(field: Field, error: PortalError) -> None:
    """Put a sentence beside a field."""
    field.errors = [*field.errors, refusal_sentence(error)]


class SteppedForm(FlaskForm):
    """A form that is shown before it is saved. revision: of the event as it was seen; previewed: the plan seen last."""

    revision = HiddenField()
    previewed = HiddenField()

    def refuse(self, error: PortalError) -> None:
        """Show why the portal refuses, beside the field at fault, or first when none is."""
        if error.field and error.field in self:
            complain(self[error.field], error)
        else:
            self.form_errors.append(refusal_sentence(error))

    @property
    def seen_revision(self) -> int:
        """The revision of the event that this form was filled in from, by `read_revision`."""
        return read_revision(self.revision.data or "")


class DateRowForm(Form):
    """One row of dates, as typed."""

    day = StringField(_l("Jour"))
    start = StringField(_l("Début"))
    end_day = StringField(_l("Jour de fin"))
    end = StringField(_l("Fin"))
    endless = BooleanField(_l("Sans fin"))

    @property
    def row(self) -> DateRow:
        """What was typed."""
        day, start, end_day, end = (
            (field.data or "").strip()[:20] for field in (self.day, self.start, self.end_day, self.end)
        )
        return DateRow(day, start, end_day, end, bool(self.endless.data))

    def show(self, row: DateRow) -> None:
        """Fill the row in."""
        self.day.data, self.start.data, self.end_day.data, self.end.data = row.day, row.start, row.end_day, row.end
        self.endless.data = row.endless


class DatedForm(SteppedForm):
    """A form with a table of dates, and a text in which a table of a spreadsheet can be pasted."""

    rows = RowsField(FormField(DateRowForm), max_entries=MOST_ROWS + _SPARE_ROWS)
    table = TextAreaField(
        _l("Tableau copié d’un tableur"),
        description=_l("Une date par ligne\u00a0: jour, début, fin. Par exemple 14/07/2027, 18:00, 22:30."),
    )

    def read_spans(self, zone: ZoneInfo, *, endless: bool) -> list[Activation] | None:
        """The spans of the rows and of the pasted table; None when some cell is at fault, which then says so."""
        found: list[Activation] = []
        faulty = not self.take_table()
        self.name_rows()
        for entry in self.rows.entries:
            row = entry.form.row
            if row.is_empty:
                continue
            try:
                span = read_row(row, zone)
                if span.end is None and not endless:
                    raise Invalid("endless-session", "end")
                found.append(span)
            except Invalid as error:
                complain(entry.form[error.field or "day"], error)
                faulty = True
        self.rows.errors = [entry.errors for entry in self.rows.entries if entry.errors]
        return None if faulty else found

    def take_table(self) -> bool:
        """Put the pasted table into the rows; tell whether it could be read."""
        try:
            pasted = rows_of_table(self.table.data or "")
            if pasted and len(pasted) + len(self.rows.entries) > MOST_ROWS:
                raise Invalid("too-many-dates", "table", most=MOST_ROWS)
        except Invalid as error:
            self.refuse(error)
            return False
        if pasted:
            self.show_rows([*(e.form.row for e in self.rows.entries if not e.form.row.is_empty), *pasted], spare=0)
            self.table.data = ""
        return True

    def show_spans(self, spans: Iterable[Activation], zone: ZoneInfo) -> None:
        """Fill the table with spans, and some empty rows."""
        self.show_rows([row_of(span, zone) for span in spans])

    def show_rows(self, rows: Sequence[DateRow], spare: int = _SPARE_ROWS) -> None:
        """Fill the table with rows, and some empty ones."""
        while self.rows.entries:
            self.rows.pop_entry()
        for row in [*rows, *[DateRow()] * spare][: MOST_ROWS + _SPARE_ROWS]:
            self.rows.append_entry()
            self.rows.entries[-1].form.show(row)
        self.name_rows()

    def name_rows(self) -> None:
        """Number the rows for those who read what is wrong with one."""
        for number, entry in enumerate(self.rows.entries, 1):
            entry.description = _l("Date %(number)s", number=number)

    def add_rows(self) -> None:
        """Offer some more empty rows; what was typed stays."""
        self.show_rows([entry.form.row for entry in self.rows.entries])


def read_revision(text: str) -> int:
    """A revision that a form carries; -1 when the field was tampered with."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def read_name(text: str | None) -> str:
    """A name of an event or a zone. Raises Invalid(`name-missing`, `name-too-long`)."""
    name = clean_text(text or "", TITLE_LENGTH + 1)
    if not name:
        raise Invalid("name-missing", "name")
    if len(name) > TITLE_LENGTH:
        raise Invalid("name-too-long", "name", most=TITLE_LENGTH)
    return name
