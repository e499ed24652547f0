"""The form of a loan."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField

from portal.common.errors import Invalid
from portal.fleet.columns import BY_KEY
from portal.fleet.loans.messages import loan_error

_FIRST_YEAR, _LAST_YEAR = 2000, 2100


class LoanForm(FlaskForm):
    """To whom, and from which day to which day, both of them included."""

    siret = StringField(
        _l("SIRET de l’entreprise qui emprunte"),
        description=_l(
            "14 chiffres, avec ou sans espaces. Elle verra ce prêt en ouvrant Joptimiz et pourra l’accepter."
        ),
    )
    first_day = StringField(_l("Premier jour"))
    last_day = StringField(_l("Dernier jour"))

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        for field in self:
            if field.name in {"siret", "first_day", "last_day"}:
                field.flags.required = True

    def read_window(self, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """Return the loan's first and last instant, local midnights, or None with the fault beside its field."""
        first, last = self._day(self.first_day), self._day(self.last_day)
        if first is None or last is None:
            return None
        after = last + timedelta(days=1)
        return datetime.combine(first, time.min, zone), datetime.combine(after, time.min, zone)

    def refuse(self, field: str | None, code: str, params: dict[str, object]) -> None:
        """Put a sentence beside a field, or above the form."""
        sentence = loan_error(code, params)
        if field in {"siret", "first_day", "last_day"}:
            self[field].errors = [*self[field].errors, sentence]
        else:
            self.form_errors.append(sentence)

    def _day(self, field: StringField) -> date | None:
        try:
            day: date = BY_KEY["plate_valid_until"].read((field.data or "").strip(), None).value
        except Invalid:
            self.refuse(field.name, "not-a-day", {})
            return None
        if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
            self.refuse(field.name, "not-a-day", {})
            return None
        return day
