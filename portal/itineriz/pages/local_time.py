"""A day and an hour typed in a form, as an instant of the territory."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from wtforms import StringField

from portal.common.errors import Invalid
from portal.itineriz.asking import FIRST_YEAR, LAST_YEAR, local_instant
from portal.itineriz.messages import fault


def add_fault(field: StringField, text: str) -> None:
    """Put a sentence beside a field."""
    field.errors = [*field.errors, text]


def read_day(field: StringField) -> date | None:
    """The day of a field, in a year in which somebody drives, or None with its fault beside it."""
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime((field.data or "").strip(), pattern).date()  # noqa: DTZ007 a calendar day
        except ValueError:
            continue
        if FIRST_YEAR <= day.year <= LAST_YEAR:
            return day
    add_fault(field, _("Indiquez un jour, par exemple 2024-09-08."))
    return None


def read_hour(field: StringField, day: date, zone: ZoneInfo) -> datetime | None:
    """The instant of an hour of a day, or None with its fault beside it."""
    text = (field.data or "").strip().lower().replace("h", ":")
    text = f"{text}00" if text.endswith(":") else text
    try:
        clock = datetime.strptime(text[:5], "%H:%M").time()  # noqa: DTZ007 a clock time
    except ValueError:
        add_fault(field, _("Indiquez une heure, par exemple 09:30."))
        return None
    try:
        return local_instant(datetime.combine(day, clock), zone)
    except Invalid as error:
        add_fault(field, fault(error))
        return None
