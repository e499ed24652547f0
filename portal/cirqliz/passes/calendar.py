"""The hours of a pass as a calendar file (iCalendar, RFC 5545), for the driver's telephone. All instants are UTC."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime

from flask_babel import gettext as _

from portal.cirqliz.law import Span
from portal.cirqliz.messages import POLICIES
from portal.cirqliz.passes.queries import PassView
from portal.cirqliz.states import PassState
from portal.territories.api import TerritoryView

MIMETYPE = "text/calendar"

_LINE_BYTES = 75
_MOST_EVENTS = 400


def make_calendar(
    found: PassView, territory: TerritoryView, hours: Mapping[str, Sequence[Span]], now: datetime, url: str
) -> bytes:
    """Return one event for each stretch of hours in which the pass opens something, inside its dates.

    Perimeters active at the same hours share an event. A pass whose hours nobody knows gets one event for its dates.
    Events of a pass that no longer counts are cancelled: a calendar that follows the file strikes them out.
    """
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Joptimiz//CirQliz//FR",
        "CALSCALE:GREGORIAN",
        "METHOD:PUBLISH",
    ]
    for (start, end), names in list(_stretches(found, hours).items())[:_MOST_EVENTS]:
        lines += _event(found, territory, start, end, names, now, url)
    lines.append("END:VCALENDAR")
    return "".join(f"{folded}\r\n" for line in lines for folded in _fold(line)).encode()


def _stretches(found: PassView, hours: Mapping[str, Sequence[Span]]) -> dict[tuple[datetime, datetime], list[str]]:
    """The stretches in order of their start, each with the lines that say what it opens."""
    met: dict[tuple[datetime, datetime], list[str]] = {}
    for perimeter in found.perimeters:
        line = f"{perimeter.name} : {POLICIES[perimeter.motorised]}"
        for span in hours.get(perimeter.perimeter_id, ()):
            start = max(span.start, found.valid_from)
            end = found.valid_to if span.end is None else min(span.end, found.valid_to)
            if start < end:
                met.setdefault((start, end), []).append(line)
    if not met:
        names = [f"{perimeter.name} : {POLICIES[perimeter.motorised]}" for perimeter in found.perimeters]
        met[found.valid_from, found.valid_to] = [str(_("Les heures du périmètre ne sont pas connues.")), *names]
    return dict(sorted(met.items()))


def _event(
    found: PassView,
    territory: TerritoryView,
    start: datetime,
    end: datetime,
    names: Sequence[str],
    now: datetime,
    url: str,
) -> Iterator[str]:
    over = found.state is not PassState.ACTIVE
    title = _("Laissez-passer %(plate)s – %(territory)s", plate=found.plate_display, territory=territory.name)
    notice = _("Informations indicatives : seuls l’arrêté signé et la signalisation font foi.")
    told = "\n".join([found.number, *names, notice])
    yield "BEGIN:VEVENT"
    yield f"UID:{found.id}-{_instant(start)}@joptimiz"
    yield f"DTSTAMP:{_instant(now)}"
    yield f"SEQUENCE:{1 if over else 0}"
    yield f"STATUS:{'CANCELLED' if over else 'CONFIRMED'}"
    yield f"DTSTART:{_instant(start)}"
    yield f"DTEND:{_instant(end)}"
    yield f"SUMMARY:{_escaped(title)}"
    yield f"DESCRIPTION:{_escaped(told)}"
    yield f"URL:{url}"
    yield "TRANSP:TRANSPARENT"
    yield "END:VEVENT"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def _escaped(text: str) -> str:
    """A TEXT value (RFC 5545, 3.3.11); other control signs are left out."""
    kept = "".join(sign for sign in text if sign == "\n" or sign.isprintable())
    for sign, written in (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n")):
        kept = kept.replace(sign, written)
    return kept


def _fold(line: str) -> Iterator[str]:
    """The line in pieces of 75 octets at most, no sign cut in two, each but the first after a space (3.1)."""
    piece = ""
    size = 0
    for sign in line:
        octets = len(sign.encode())
        if size + octets > _LINE_BYTES:
            yield piece
            piece, size = " ", 1
        piece += sign
        size += octets
    yield piece
