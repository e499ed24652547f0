"""The result of a check in words: verdicts, open hours by day, what closes and what would open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.itineriz.addresses.verdicts import WeekVerdict, week_of
from portal.itineriz.documents.wording import reason_text
from portal.regulations.evaluate import State

VERDICTS = {
    WeekVerdict.OPEN: _l("Ouverte toute la semaine"),
    WeekVerdict.HOURS: _l("Ouverte à certaines heures"),
    WeekVerdict.PASS: _l("Avec un laissez-passer"),
    WeekVerdict.UNKNOWN: _l("Il manque une caractéristique du véhicule"),
    WeekVerdict.CLOSED: _l("Fermée toute la semaine"),
    WeekVerdict.UNLOCATED: _l("Adresse à préciser"),
}
TONES = {
    WeekVerdict.OPEN: "success",
    WeekVerdict.HOURS: "warning",
    WeekVerdict.PASS: "info",
    WeekVerdict.UNKNOWN: "neutral",
    WeekVerdict.CLOSED: "danger",
    WeekVerdict.UNLOCATED: "neutral",
}
STATES = {
    State.ALLOWED: _l("Permis"),
    State.PASS_REQUIRED: _l("Laissez-passer nécessaire"),
    State.FORBIDDEN: _l("Interdit"),
    State.UNKNOWN: _l("Indéterminé"),
}
REQUIREMENTS = {
    "pass": _l("laissez-passer"),
    "accreditation": _l("accréditation"),
    "document": _l("justificatif de livraison"),
}
_ORDER = tuple(State)

type Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SpanShown:
    """An interval of the week with its state and the sentences of its reasons."""

    start: datetime
    end: datetime
    state: State
    reasons: Sequence[str]


def letter(verdict: str) -> str:
    """The letter of a verdict on the map and beside its name: colours alone are not enough."""
    letters = {
        WeekVerdict.OPEN: _("O"),
        WeekVerdict.HOURS: _("H"),
        WeekVerdict.PASS: _("L"),
        WeekVerdict.UNKNOWN: "?",
        WeekVerdict.CLOSED: _("F"),
        WeekVerdict.UNLOCATED: "–",
    }
    return str(letters[WeekVerdict(verdict)])


def state_letter(state: State) -> str:
    """The letter of a state in the table of hours."""
    letters = {State.ALLOWED: _("O"), State.PASS_REQUIRED: _("L"), State.FORBIDDEN: _("F"), State.UNKNOWN: "?"}
    return str(letters[state])


def spans_shown(answer: Values, zone: ZoneInfo) -> list[SpanShown]:
    """The intervals of an answer with their reasons in words."""
    return [
        SpanShown(start, end, state, [_reason(answer["reasons"][rank], start, end, zone) for rank in ranks])
        for start, end, state, ranks in _spans(answer, zone)
    ]


def titles(answer: Values) -> list[str]:
    """The regulations and limits that count at some hour of the week, by name, once each."""
    found = [values.get("title") or _limit_title(values) for values in answer["reasons"]]
    return list(dict.fromkeys(title for title in found if title))


def passes_text(answer: Values) -> str:
    """What the perimeters ask for: « Course du canal (laissez-passer) »."""
    wanted = (f"{one['title']} ({REQUIREMENTS[one['requirement']]})" for one in answer["passes"])
    return ", ".join(wanted)


def weekday(day: date) -> str:
    """« lun. 7 »."""
    return str(format_date(day, "EEE d"))


def open_by_day(answer: Values, first_day: date, zone: ZoneInfo) -> list[str]:
    """When the vehicle is allowed on each of the seven local days: « 00:00-07:00, 10:00-24:00 »."""
    days = []
    for number in range(7):
        day = first_day + timedelta(days=number)
        spans = _on_day(answer, day, zone)
        if not spans:
            days.append(_("fermé"))
        elif len(spans) == 1 and spans[0] == ("00:00", "24:00"):
            days.append(_("ouvert"))
        else:
            days.append(", ".join(f"{start}-{end}" for start, end in spans))
    return days


def week_lines(answer: Values, first_day: date, zone: ZoneInfo) -> list[str]:
    """When the vehicle is allowed, in as few lines as the week needs: days apart first, then what the others share."""
    hours = open_by_day(answer, first_day, zone)
    usual = max(hours, key=hours.count)
    apart = [(first_day + timedelta(days=n), text) for n, text in enumerate(hours) if text != usual]
    if not apart:
        return [_("tous les jours\u00a0: %(hours)s", hours=usual)]
    lines = [_("%(day)s\u00a0: %(hours)s", day=weekday(day), hours=text) for day, text in apart]
    return [*lines, _("autres jours\u00a0: %(hours)s", hours=usual)]


def hours_grid(answer: Values, first_day: date, zone: ZoneInfo) -> list[tuple[date, list[tuple[int, State, bool]]]]:
    """The strictest state of each clock hour of each day, and whether the state changes within it.

    An hour that the clocks skip has what follows; of one that comes twice both count.
    """
    spans = list(_spans(answer, zone))
    week = week_of(first_day, zone)
    found: dict[tuple[date, int], set[State]] = {}
    for start, end, state, _ranks in spans:
        at, until = start.astimezone(UTC), end.astimezone(UTC)
        while at < until:
            local = at.astimezone(zone)
            found.setdefault((local.date(), local.hour), set()).add(state)
            # The next full hour: offsets of territories are whole hours or half ones.
            at += timedelta(minutes=60 - local.minute, seconds=-local.second, microseconds=-local.microsecond)
    grid = []
    for number in range(7):
        day = (week.start.astimezone(zone) + timedelta(days=number)).date()
        hours = []
        for hour in range(24):
            states = found.get((day, hour)) or found.get((day, hour + 1)) or {State.ALLOWED}
            hours.append((hour, max(states, key=_ORDER.index), len(states) > 1))
        grid.append((day, hours))
    return grid


def _spans(answer: Values, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime, State, Sequence[int]]]:
    for start, end, state, ranks in answer["spans"]:
        yield (
            datetime.fromisoformat(start).astimezone(zone),
            datetime.fromisoformat(end).astimezone(zone),
            State(state),
            ranks,
        )


def _on_day(answer: Values, day: date, zone: ZoneInfo) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    until = None
    for start, end, state, _ranks in _spans(answer, zone):
        if state is not State.ALLOWED or start.date() > day or end.date() < day:
            continue
        opens = "00:00" if start.date() < day else f"{start:%H:%M}"
        closes = "24:00" if end.date() > day else f"{end:%H:%M}"
        if opens == closes == "00:00":
            continue
        # The same clock time may be two instants: only what follows without a break is one.
        if found and until == start.astimezone(UTC):
            found[-1] = (found[-1][0], closes)
        else:
            found.append((opens, closes))
        until = end.astimezone(UTC)
    return found


def _reason(values: Values, start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """The sentence of a reason during an interval: what comes back each day is told with the hours of this one."""
    if values["kind"] == "limit":
        return reason_text(values, zone)
    until = values["ends_at"]
    known = datetime.fromisoformat(values["starts_at"]) < end and (
        until is None or datetime.fromisoformat(until) > start
    )
    if not known:
        values = {**values, "starts_at": start.isoformat(), "ends_at": end.isoformat()}
    return reason_text(values, zone)


def _limit_title(values: Values) -> str:
    limit = values.get("limit") or {}
    return str(_("Limite de la rue %(street)s", street=limit.get("street") or _("sans nom")))
