"""When a measure applies: periods with days and slots, and the calendar of an event."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import lazy_gettext as _l
from wtforms import Field, Form, FormField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.widgets import DateInput, TimeInput

from portal.common.text import whole_number
from portal.numeriz.words import DAYS
from portal.numeriz.writing.form.fields import CheckboxesField, StepForm, numbers_in, typed
from portal.regulations.schedules import HolidayRule
from portal.web.forms import Needed, RowsField

MOST_PERIODS: Final = 40
MOST_SLOTS: Final = 12
HOLIDAYS: Final = {
    HolidayRule.IGNORED: _l("comptent comme les autres jours"),
    HolidayRule.EXCEPTED: _l("sont exceptés"),
    HolidayRule.ALSO: _l("s’ajoutent aux jours cochés"),
    HolidayRule.ONLY: _l("sont les seuls jours concernés"),
}
ADD_PERIOD, DROP_PERIOD = "add-period", "drop-period:"
ADD_SLOT, DROP_SLOT = "add-slot:", "drop-slot:"
_HOUR_MIN: Final = 60
_MARGIN = re.compile(r"(?:(\d{1,2})\s*h\s*(\d{1,2})?|(\d{1,4}))(?:\s*min)?", re.IGNORECASE)


def read_margin(text: str) -> int | str | None:
    """Minutes before or after an event: « 2 h 30 », « 90 »; None when nothing is typed, the text when it is none."""
    if not text:
        return None
    found = _MARGIN.fullmatch(text.replace("\u00a0", " ").strip())
    if found is None:
        return text
    hours, minutes, alone = found.groups()
    return int(alone) if alone else int(hours) * _HOUR_MIN + int(minutes or 0)


def margin_text(minutes: object) -> str:
    """Minutes as a clerk types them: 2 h 30."""
    if isinstance(minutes, bool) or not isinstance(minutes, int):
        return str(minutes or "")
    hours, rest = divmod(minutes, _HOUR_MIN)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest:02d}" if rest else f"{hours} h"


class SlotForm(Form):
    """Two clock times; the second may be on the next day."""

    start = StringField(_l("De"), widget=TimeInput())
    end = StringField(_l("À"), widget=TimeInput())


class PeriodForm(Form):
    """Bounds, days and slots."""

    start_day = StringField(_l("Premier jour"), widget=DateInput())
    start_time = StringField(_l("à partir de"), widget=TimeInput())
    end_day = StringField(_l("Dernier jour"), widget=DateInput())
    end_time = StringField(_l("jusqu’à"), widget=TimeInput())
    weekdays = CheckboxesField(
        _l("Jours"),
        choices=[SelectChoice(str(number), name) for number, name in enumerate(DAYS)],
    )
    slots = RowsField(FormField(SlotForm), max_entries=MOST_SLOTS)
    holidays = SelectField(
        _l("Les jours fériés"),
        [Needed()],
        choices=[SelectChoice(rule.value, words) for rule, words in HOLIDAYS.items()],
        validate_choice=False,
    )

    def show_period(self, found: Mapping[str, Any]) -> None:
        """Fill the inputs."""
        self.start_day.data, self.start_time.data = _shown(found.get("start"))
        self.end_day.data, self.end_time.data = _shown(found.get("end"))
        self.weekdays.data = [str(day) for day in found.get("weekdays") or ()]
        self.holidays.data = found.get("holidays") or HolidayRule.IGNORED.value
        for pair in [*(found.get("slots") or ())][:MOST_SLOTS]:
            start, end = (*pair, "", "")[:2]
            self.slots.append_entry({"start": start, "end": end})
        if not self.slots.entries:
            self.slots.append_entry({"start": "", "end": ""})

    def period(self, before: Mapping[str, Any], slot_act: str = "") -> dict[str, Any] | None:
        """The period typed; None when nothing is. slot_act: "add", or the place of the slot to leave out."""
        start = _written(self.start_day, self.start_time, before.get("start"), at_first="00:00")
        end = _written(self.end_day, self.end_time, before.get("end"))
        pairs = [[typed(slot.form.start, 20), typed(slot.form.end, 20)] for slot in self.slots]
        slots = [pair for at, pair in enumerate(pairs) if any(pair) and str(at) != slot_act]
        if slot_act == "add" and len(slots) < MOST_SLOTS:
            slots.append(["", ""])
        weekdays = [number for day in self.weekdays.chosen() if (number := whole_number(day)) is not None]
        if not (start or end or slots or weekdays):
            return None
        return {"start": start, "end": end, "weekdays": weekdays, "slots": slots, "holidays": typed(self.holidays)}


def _shown(written: object) -> tuple[str, str]:
    """A local time as its day and its clock time, to the minute."""
    day, _t, clock = str(written or "").partition("T")
    return day, clock[:5]


def _nothing_yet() -> dict[str, Any]:
    return {"start": None, "end": None, "weekdays": [], "slots": [], "holidays": HolidayRule.IGNORED.value}


def _slot_act(act: str, period_at: int) -> str:
    """What a button does to the slots of one period: "add", the place of the slot to leave out, or nothing."""
    if act == f"{ADD_SLOT}{period_at}":
        return "add"
    return act.removeprefix(f"{DROP_SLOT}{period_at}:") if act.startswith(f"{DROP_SLOT}{period_at}:") else ""


def _written(day: Field, clock: Field, before: object, at_first: str = "") -> str | None:
    """What two inputs say together. What shows the same as before stays: seconds and offsets have no input.

    at_first: the clock time of a day without one.
    """
    shown = typed(day, 20), typed(clock, 20)
    if before and _shown(before) == shown:
        return str(before)
    return f"{shown[0]}T{shown[1] or at_first}" if any(shown) else None


class WhenForm(StepForm):
    """The periods of a measure, and the event whose hours it follows instead when one is chosen."""

    periods = RowsField(FormField(PeriodForm), max_entries=MOST_PERIODS)
    event_name = SelectField(_l("Manifestation"), validate_choice=False)
    before_min = StringField(_l("Avant la première épreuve du jour"), description=_l("Exemple\u00a0: 2\u00a0h\u00a030"))
    after_min = StringField(_l("Après la dernière"), description=_l("Exemple\u00a0: 1\u00a0h"))

    def offer(self, events: Sequence[str]) -> None:
        """Offer the events of the territory; the one that is written stays even when it has gone."""
        written = self.event_name.data
        known = [*events, written] if written and written not in events else [*events]
        self.event_name.choices = [SelectChoice("", _l("Aucune")), *(SelectChoice(name, name) for name in known)]

    def show(self, values: Mapping[str, Any]) -> None:
        """Fill the inputs; with nothing written there is one period to fill in."""
        for period in [*(values.get("periods") or ({},))][:MOST_PERIODS]:
            self.periods.append_entry()
            self.periods[-1].form.show_period(period)
        event = values.get("event") or {}
        self.event_name.data = event.get("name") or ""
        self.before_min.data = margin_text(event.get("before_min"))
        self.after_min.data = margin_text(event.get("after_min"))

    def values(self, before: Mapping[str, Any], act: str = "") -> dict[str, Any]:
        """What the inputs say once the button `act` has done its work; a period of which nothing is typed is none."""
        known = [*(before.get("periods") or ())]
        known += [{}] * (len(self.periods) - len(known))
        shown = [entry.form.period(known[at], _slot_act(act, at)) for at, entry in enumerate(self.periods)]
        if act.startswith(DROP_PERIOD):
            shown = [period for at, period in enumerate(shown) if [at] != numbers_in(act.replace(":", "."))]
        periods = [period for period in shown if period is not None]
        if act == ADD_PERIOD and len(periods) < MOST_PERIODS:
            periods.append(_nothing_yet())
        name = typed(self.event_name, 255)
        margins = {key: read_margin(typed(self[key], 20)) for key in ("before_min", "after_min")}
        return {"periods": periods, "event": {"name": name, **margins} if name else None}

    def field_at(self, path: str) -> Field:
        """The input of a fault of a period or of the event."""
        if path.startswith("event"):
            key = path.rpartition(".")[2]
            return self[key] if key in {"before_min", "after_min"} else self.event_name
        places = numbers_in(path)
        filled = [entry for entry in self.periods if entry.form.period({}) is not None] or [*self.periods]
        if not filled:
            return self.event_name
        period = filled[places[0] if places and places[0] < len(filled) else 0].form
        if ".slots" in path:
            slots = [slot for slot in period.slots if typed(slot.form.start) or typed(slot.form.end)] or [*period.slots]
            if slots:
                slot = slots[places[1] if len(places) > 1 and places[1] < len(slots) else 0].form
                return slot.end if len(places) > 2 and places[2] == 1 else slot.start
        for key, field in (("end", period.end_day), ("weekdays", period.weekdays), ("holidays", period.holidays)):
            if path.endswith(f".{key}"):
                return field
        return period.start_day
