"""A document of the form as an order: every rule of entry, all faults at once, each with its place in the document.

Pure: what has to be looked up (the events of the territory) is handed in. Nothing raises on what a person or a program
may have put in a document; what cannot be read is a fault, and the rest is read all the same.
Source: domain model, section 5.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from urllib.parse import urlsplit

import shapely
from shapely.errors import ShapelyError

from portal.numeriz import codec
from portal.numeriz.imports.local_time import HourSkipped
from portal.numeriz.models import IDENTIFIER_LENGTH, TITLE_LENGTH
from portal.numeriz.values import Category, Issue, MeasureDraft, OrderDraft, Subject
from portal.numeriz.writing.clock import read_local
from portal.numeriz.writing.values import Fault
from portal.numeriz.writing.whom import VehicleReader
from portal.numeriz.zones.calendar import MOST_MARGIN_MIN, Session, day_spans
from portal.regulations.calendars import LocalCalendar
from portal.regulations.geometry import polygons_of
from portal.regulations.measures import Direction, MeasureLocation, MeasureType
from portal.regulations.schedules import HolidayRule, Interval, Period, TimeSlot, Weekday
from portal.regulations.vehicles import FreeText, VehicleRule

AUTHORITY_LENGTH: Final = 160
SUBJECT_TEXT_LENGTH: Final = 100
URL_LENGTH: Final = 2000
SPEEDS: Final = range(1, 131)
MOST_MEASURES: Final = 100
MOST_PARTS: Final = 200
"""Places of a measure, periods of a measure, slots of a period."""
MARGINS_MIN: Final = range(MOST_MARGIN_MIN + 1)
SUBJECT_TEXT: Final = "subject_text"
"""Key of the provenance of an order written here: its subject in words."""
# With holidays a period repeats each year, and no holiday is rarer.
_LOOKED_AHEAD: Final = timedelta(days=800)
_ONE_DIRECTION: Final = (Direction.FORWARD, Direction.BACKWARD)
_DAYS: Final = {day.value: day for day in Weekday}


@dataclass(frozen=True, slots=True)
class EventHours:
    """When an event of the territory takes place, and its own margins in minutes."""

    sessions: Sequence[Session]
    before_min: int
    after_min: int


@dataclass(slots=True)
class Reader:
    """Reads documents of one territory. bounds: west, south, east, north in degrees; faults: what was found so far."""

    calendar: LocalCalendar
    bounds: tuple[float, float, float, float] | None
    events: Mapping[str, EventHours]
    faults: list[Fault] = field(default_factory=list)

    def order(self, document: Mapping[str, Any]) -> OrderDraft:
        """The order that a document says, as far as it can be read; look at `faults` before you use it."""
        identifier = self.text(document, "identifier", "identifier", IDENTIFIER_LENGTH, needed=True)
        title = self.text(document, "title", "title", TITLE_LENGTH, needed=True)
        authority = self.text(document, "authority", "authority", AUTHORITY_LENGTH, needed=True)
        category = self.one_of(Category, document.get("category"), "category") or Category.TEMPORARY
        subject, subject_text = self._subject(document)
        url = self._url(document)
        measures = self._measures(document, category)
        texts = {
            criterion.text
            for measure in measures
            for criterion in (*measure.vehicles.applies_to, *measure.vehicles.except_)
            if isinstance(criterion, FreeText)
        }
        return OrderDraft(
            identifier=identifier,
            title=title,
            authority_name=authority,
            category=category,
            measures=measures,
            subject=subject,
            url=url,
            provenance={SUBJECT_TEXT: subject_text} if subject_text else {},
            issues=tuple(Issue("condition-in-words", {"value": text}) for text in sorted(texts)),
        )

    def fault(self, place: str, code: str, **params: str | int) -> None:
        """Note a fault."""
        self.faults.append(Fault(place, code, params))

    # The order itself.

    def text(self, found: Mapping[str, Any], key: str, place: str, most: int, *, needed: bool = False) -> str:
        """A text of at most so many characters, without spaces around it."""
        value = found.get(key)
        if value is not None and not isinstance(value, str):
            self.fault(place, "not-text")
            return ""
        text = (value or "").strip()
        if needed and not text:
            self.fault(place, f"{key}-missing")
        elif len(text) > most:
            self.fault(place, "text-too-long", most=most, length=len(text))
        return text

    def one_of[E: StrEnum](self, kind: type[E], value: object, place: str) -> E | None:
        """A word of a closed list; None and a fault for anything else."""
        if isinstance(value, str) and value in {word.value for word in kind}:
            return kind(value)
        self.fault(place, "choice-missing" if value in (None, "") else "choice-unknown")
        return None

    def _subject(self, document: Mapping[str, Any]) -> tuple[Subject | None, str]:
        chosen = document.get("subject")
        subject = self.one_of(Subject, chosen, "subject") if chosen not in (None, "") else None
        text = self.text(document, "subject_text", "subject_text", SUBJECT_TEXT_LENGTH)
        if subject is Subject.OTHER and not text:
            self.fault("subject_text", "subject-text-missing")
        return subject, text

    def _url(self, document: Mapping[str, Any]) -> str:
        url = self.text(document, "url", "url", URL_LENGTH)
        if not url:
            return ""
        try:
            parts = urlsplit(url)
            host = parts.hostname
        except ValueError:
            host = None
        if not host or parts.scheme not in {"http", "https"} or any(sign.isspace() for sign in url):
            self.fault("url", "url-unreadable")
        return url

    def _measures(self, document: Mapping[str, Any], category: Category) -> tuple[MeasureDraft, ...]:
        listed = self.listed(document, "measures", "measures", MOST_MEASURES)
        if not listed:
            self.fault("measures", "measures-missing")
        read = (self.measure(found, f"measures.{at}", category) for at, found in enumerate(listed))
        return tuple(measure for measure in read if measure is not None)

    def listed(self, found: Mapping[str, Any], key: str, place: str, most: int) -> Sequence[Any]:
        """A list of at most so many entries; empty, with a fault, when it is none."""
        value = found.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            self.fault(place, "not-understood")
            return []
        if len(value) > most:
            self.fault(place, "too-many", most=most)
        return value[:most]

    # A measure.

    def measure(self, found: object, path: str, category: Category | None = None) -> MeasureDraft | None:
        """One measure as far as it can be read; None when what it regulates cannot. category None: not looked at."""
        if not isinstance(found, Mapping):
            self.fault(path, "not-understood")
            return None
        kind = self.one_of(MeasureType, found.get("type"), f"{path}.type")
        if kind is MeasureType.UNKNOWN:
            self.fault(f"{path}.type", "choice-unknown")
            kind = None
        speed = self._speed(found.get("max_speed_kmh"), path) if kind is MeasureType.SPEED_LIMIT else None
        places = self._places(found, path, kind)
        periods = self._periods(found, path, category)
        vehicles = VehicleReader(self).rule(found.get("vehicles"), f"{path}.vehicles")
        return None if kind is None else MeasureDraft(kind, places, periods, vehicles or VehicleRule(), speed)

    def _speed(self, value: object, path: str) -> int | None:
        place = f"{path}.max_speed_kmh"
        if value in (None, ""):
            self.fault(place, "speed-missing")
        elif isinstance(value, bool) or not isinstance(value, int):
            self.fault(place, "number-unreadable")
        elif value not in SPEEDS:
            self.fault(place, "speed-out-of-range", least=SPEEDS.start, most=SPEEDS.stop - 1)
        else:
            return value
        return None

    def _places(self, found: Mapping[str, Any], path: str, kind: MeasureType | None) -> tuple[MeasureLocation, ...]:
        listed = self.listed(found, "places", f"{path}.places", MOST_PARTS)
        if not listed:
            self.fault(f"{path}.places", "places-missing")
        read = [self._place(place, f"{path}.places.{at}") for at, place in enumerate(listed)]
        for at, location in enumerate(read if kind is MeasureType.ONE_WAY else ()):
            # Open in both directions it would close nothing, and an area has no direction: a law without effect.
            if location is not None and (
                location.direction not in _ONE_DIRECTION or polygons_of(location.shape) is not None
            ):
                self.fault(f"{path}.places.{at}", "one-way-without-direction")
        return tuple(location for location in read if location is not None)

    def _place(self, place: object, path: str) -> MeasureLocation | None:
        stored = place.get("found") if isinstance(place, Mapping) else None
        if not stored:
            self.fault(path, "place-not-found")
            return None
        try:
            location = codec.location_from_json(stored)
            usable = not location.shape.is_empty and location.shape.is_valid
        except (ArithmeticError, AttributeError, LookupError, ShapelyError, TypeError, ValueError):
            self.fault(path, "place-unreadable")
            return None
        if not usable:
            self.fault(path, "place-unreadable")
            return None
        if self.bounds is not None and not shapely.box(*self.bounds).intersects(location.shape):
            self.fault(path, "place-outside")
        return location

    # When.

    def _periods(self, found: Mapping[str, Any], path: str, category: Category | None) -> tuple[Period, ...]:
        listed = self.listed(found, "periods", f"{path}.periods", MOST_PARTS)
        event = found.get("event")
        if not listed and not event:
            self.fault(f"{path}.periods", "periods-missing")
        if event:
            # The event says when; periods typed before it was chosen stay in the document without effect.
            return self._event(event, f"{path}.event", category)
        typed = (self._period(period, f"{path}.periods.{at}", category) for at, period in enumerate(listed))
        return tuple(period for period in typed if period is not None)

    def _period(self, found: object, path: str, category: Category | None) -> Period | None:
        if not isinstance(found, Mapping):
            self.fault(path, "not-understood")
            return None
        before = len(self.faults)
        start = self._instant(found.get("start"), f"{path}.start", needed=True)
        end = self._instant(found.get("end"), f"{path}.end", needed=category is Category.TEMPORARY)
        if category is Category.PERMANENT and found.get("end"):
            self.fault(f"{path}.end", "permanent-with-end")
        if start is not None and end is not None and end <= start:
            self.fault(f"{path}.end", "end-before-start")
        weekdays = self._weekdays(found, f"{path}.weekdays")
        slots = self._slots(found, f"{path}.slots")
        holidays = self._holidays(found.get("holidays"), f"{path}.holidays")
        if len(self.faults) > before or start is None:
            return None
        period = Period(start, end, weekdays, slots, holidays)
        window = Interval(start, min(end or start + _LOOKED_AHEAD, start + _LOOKED_AHEAD))
        if not period.is_active_during(window, self.calendar):
            self.fault(path, "period-never-active")
        return period

    def _instant(self, value: object, path: str, *, needed: bool) -> datetime | None:
        bound = path.rpartition(".")[2]
        if value in (None, ""):
            if needed:
                self.fault(path, f"{bound}-missing")
            return None
        try:
            return read_local(str(value), self.calendar.zone, is_end=bound == "end")
        except HourSkipped:
            self.fault(path, "hour-skipped")
        except ValueError:
            self.fault(path, "instant-unreadable")
        return None

    def _weekdays(self, found: Mapping[str, Any], path: str) -> frozenset[Weekday]:
        listed = self.listed(found, "weekdays", path, len(Weekday))
        if any(isinstance(day, bool) or not isinstance(day, int) or day not in _DAYS for day in listed):
            self.fault(path, "choice-unknown")
            return frozenset()
        return frozenset(_DAYS[day] for day in listed)

    def _slots(self, found: Mapping[str, Any], path: str) -> tuple[TimeSlot, ...]:
        slots = []
        for at, pair in enumerate(self.listed(found, "slots", path, MOST_PARTS)):
            if not isinstance(pair, list) or len(pair) != 2:
                self.fault(f"{path}.{at}", "not-understood")
                continue
            start, end = (self._clock(text, f"{path}.{at}.{side}") for side, text in enumerate(pair))
            if start is not None and end is not None:
                slots.append(TimeSlot(start, end))
        return tuple(slots)

    def _clock(self, value: object, path: str) -> time | None:
        text = value.strip() if isinstance(value, str) else ""
        if text == "24:00":  # what people write for the midnight that ends a day
            return time(0)
        try:
            found = time.fromisoformat(text) if len(text) >= len("HH:MM") else None
        except ValueError:
            found = None
        if found is None or found.tzinfo is not None:
            self.fault(path, "hour-missing" if not text else "hour-unreadable")
            return None
        return found

    def _holidays(self, value: object, path: str) -> HolidayRule:
        if value in (None, ""):
            return HolidayRule.IGNORED
        return self.one_of(HolidayRule, value, path) or HolidayRule.IGNORED

    def _event(self, found: object, path: str, category: Category | None) -> tuple[Period, ...]:
        if not isinstance(found, Mapping):
            self.fault(path, "not-understood")
            return ()
        name = found.get("name")
        event = self.events.get(name) if isinstance(name, str) else None
        if event is None:
            self.fault(f"{path}.name", "event-missing" if not name else "event-unknown")
            return ()
        if category is Category.PERMANENT:
            self.fault(path, "permanent-with-event")
        before = self._margin(found, "before_min", event.before_min, path)
        after = self._margin(found, "after_min", event.after_min, path)
        if not event.sessions:
            self.fault(f"{path}.name", "event-without-sessions")
        if before is None or after is None:
            return ()
        spans = day_spans(event.sessions, before, after, self.calendar.zone)
        return tuple(Period(span.start, span.end) for span in spans)

    def _margin(self, found: Mapping[str, Any], key: str, usual: int, path: str) -> int | None:
        value = found.get(key)
        if value in (None, ""):
            return usual
        if isinstance(value, bool) or not isinstance(value, int) or value not in MARGINS_MIN:
            self.fault(f"{path}.{key}", "margin-out-of-range", most=MARGINS_MIN.stop - 1)
            return None
        return value
