"""One CIFS incident: its kind, its line written `lat lon lat lon ...`, its days and hours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any, Final
from urllib.parse import urlsplit

import shapely
from shapely.geometry.base import BaseGeometry

from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.events.places import (
    NOWHERE,
    Position,
    read_position,
    separate_long_steps,
    split_on_jumps,
    why_elsewhere,
)
from portal.numeriz.imports.local_time import read_iso
from portal.numeriz.imports.reading import ReadingContext, Understood
from portal.numeriz.imports.written_clock import SlotClock, inclusive_end, read_slot, slots_of_day
from portal.numeriz.values import EventDraft, EventKind, EventState, Issue
from portal.regulations.measures import Direction
from portal.regulations.schedules import Period, TimeSlot, Weekday

NATIONAL_BASE: Final = "dialog.beta.gouv.fr"
"""The reference under which the national base of orders publishes its closures."""

# Disjoint pieces are written as one line. A longer step is taken for a jump, a shorter one for a road...
_JUMP_M = 500.0
# ...but beyond this it may be either: it stands apart, so that it is matched, or not, by itself.
_LONG_STEP_M = 100.0
_MOST_POINTS = 20_000
_SPAN = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?\s*-\s*(\d{1,2}):(\d{2})(?::\d{2})?")
_EVERY_DAY = "everyday"
_DAYS = {day.name.lower(): day for day in Weekday}
_MINUTES_OF_DAY = 24 * 60

_KINDS = {
    "ROAD_CLOSED": EventKind.CLOSURE,
    "ACCIDENT": EventKind.ACCIDENT,
    "CONSTRUCTION": EventKind.ROADWORKS,
    "JAM": EventKind.CONGESTION,
}
# Of HAZARD, the longest prefix of the subtype that is known.
_HAZARDS = {
    "HAZARD_ON_ROAD_LANE_CLOSED": EventKind.LANE_CLOSURE,
    "HAZARD_ON_ROAD_CONSTRUCTION": EventKind.ROADWORKS,
    "HAZARD_ON_ROAD_ICE": EventKind.WEATHER,
    "HAZARD_WEATHER": EventKind.WEATHER,
}
_LOCAL_HOSTS = ("localhost", "127.0.0.1")
_NO_TRAFFIC = frozenset({"POLICE", "CHIT_CHAT"})


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident as it was written, XML or JSON: texts, and objects of texts."""

    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        """Its identity for whoever wrote it; empty when it has none."""
        return _text(self.values.get("id", self.values.get("@id", "")))

    def said(self, *path: str) -> str:
        """The text reached by names, one level each; empty when there is none."""
        found: Any = self.values
        for name in path:
            found = found.get(name) if isinstance(found, Mapping) else None
        return _text(found)

    def placed(self, name: str) -> str:
        """A text about the place, which older feeds write within `location`."""
        return self.said(name) or self.said("location", name)


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def read_incident(
    incident: Incident, key: tuple[str, str], context: ReadingContext, where: int
) -> Understood[EventDraft]:
    """Turn an incident into an event; what is missing for that is said by an issue. key: source, and id within it."""
    if _is_our_own(incident, context.own_url):
        return Understood((), (Issue("own-export", where=where),))
    written = incident.said("type")
    if written in _NO_TRAFFIC:
        return Understood((), (Issue("event-not-traffic", {"value": written}, where),))
    issues: list[Issue] = []
    shape = _shape(incident.placed("polyline"), issues, where)
    elsewhere = why_elsewhere(shape, context.bounds, where)
    if elsewhere is not None:
        return Understood((), (elsewhere,))
    bounds = _bounds(incident, context, issues, where)
    if bounds is None:
        return Understood((), tuple(issues))
    periods = _periods(incident, bounds, context, issues, where)
    draft = EventDraft(
        source=key[0],
        source_id=key[1],
        kind=_kind(incident, issues, where),
        state=_state(bounds, context.now),
        shape=shape,
        periods=periods,
        label=_label(incident),
        direction=_direction(incident, context, issues, where),
        severity=clean_text(incident.said("subtype"), 32),
        url=_url(incident),
        provenance=_provenance(incident),
        issues=tuple(issues),
    )
    return Understood((draft,), draft.issues)


def _is_our_own(incident: Incident, own_url: str) -> bool:
    own_host = urlsplit(own_url).hostname
    return own_host is not None and incident.said("source", "reference").lower() == own_host


def _host(url: str) -> str:
    """The host and port of an address; empty when it is none."""
    try:
        return urlsplit(url).netloc.lower()
    except ValueError:
        return ""


def _kind(incident: Incident, issues: list[Issue], where: int) -> EventKind:
    written, subtype = incident.said("type"), incident.said("subtype")
    if written == "ROAD_CLOSED" and ("lane_impact" in incident.values or "lanes" in incident.values):
        # Lanes are only told when the road is not closed whole.
        issues.append(Issue("closure-of-lanes", where=where))
        return EventKind.LANE_CLOSURE
    if written == "HAZARD":
        if not subtype and incident.said("source", "reference") == NATIONAL_BASE:
            return EventKind.ALTERNATE
        known = [prefix for prefix in _HAZARDS if subtype.startswith(prefix)]
        return _HAZARDS[max(known, key=len)] if known else EventKind.OBSTACLE
    if written not in _KINDS:
        issues.append(Issue("event-kind-unknown", {"value": clean_text(written, 60)}, where))
        return EventKind.RESTRICTION
    return _KINDS[written]


def _shape(text: str, issues: list[Issue], where: int) -> BaseGeometry:
    """The pieces of the line; a point or nothing when it has none, which warns only."""
    numbers = text.replace(",", " ").split()
    positions: list[Position] = []
    if len(numbers) % 2 == 0 and len(numbers) <= 2 * _MOST_POINTS:
        for lat, lon in zip(numbers[::2], numbers[1::2], strict=True):
            position = read_position(lon, lat)
            if position is None:
                positions = []
                break
            if not positions or positions[-1] != position:
                positions.append(position)
    if not positions:
        issues.append(Issue("polyline-unreadable", where=where))
        return NOWHERE
    if len(positions) == 1:
        return shapely.Point(positions[0])
    separated = [separate_long_steps(piece, _LONG_STEP_M) for piece in split_on_jumps(positions, _JUMP_M)]
    lines = [line for piece, _ in separated for line in piece]
    long_steps = sum(count for _, count in separated)
    if long_steps and len(lines) > 1:
        issues.append(Issue("polyline-long-steps", {"count": long_steps}, where))
    return shapely.LineString(lines[0]) if len(lines) == 1 else shapely.MultiLineString(lines)


def _direction(incident: Incident, context: ReadingContext, issues: list[Issue], where: int) -> Direction:
    written = incident.placed("direction")
    if written == "BOTH_DIRECTIONS":
        return Direction.BOTH
    if written == "ONE_DIRECTION":
        if context.options.get("oriented") == "yes":
            return Direction.FORWARD
        # The order of the points is that of a road base, whatever the format says it means.
        issues.append(Issue("direction-doubtful", where=where))
    return Direction.UNKNOWN


def _bounds(
    incident: Incident, context: ReadingContext, issues: list[Issue], where: int
) -> tuple[datetime, datetime | None] | None:
    try:
        started = incident.said("starttime") or incident.said("creationtime")
        start = read_iso(started, context.zone)[0]
        ended = incident.said("endtime")
        end = inclusive_end(read_iso(ended, context.zone)[0]) if ended else None
    except (ValueError, OverflowError):
        issues.append(Issue("event-without-start", where=where))
        return None
    if end is not None and end < start:
        issues.append(Issue("event-ends-before-start", where=where))
        end = start
    return start, end


def _state(bounds: tuple[datetime, datetime | None], now: datetime) -> EventState:
    start, end = bounds
    if end is not None and end <= now:
        return EventState.ENDED
    return EventState.ACTIVE if start <= now else EventState.PLANNED


def _periods(
    incident: Incident,
    bounds: tuple[datetime, datetime | None],
    context: ReadingContext,
    issues: list[Issue],
    where: int,
) -> tuple[Period, ...]:
    """One period for the days that share the same hours. Hours that cannot be read are left out, with a doubt."""
    schedule = incident.values.get("schedule")
    if not schedule:
        return (Period(*bounds),)
    clock = _slot_clock(incident, context)
    days_of: dict[tuple[TimeSlot, ...], set[Weekday]] = {}
    for name, spans in schedule.items() if isinstance(schedule, Mapping) else ():
        days = set(Weekday) if name == _EVERY_DAY else {_DAYS[name]} if name in _DAYS else set()
        slots = _slots(spans, clock)
        if slots is None or not days:
            issues.append(Issue("period-in-words", {"value": clean_text(f"{name} {_text(spans)}", 200)}, where))
        else:
            days_of.setdefault(slots, set()).update(days)
    if not days_of:
        if not any(issue.code == "period-in-words" for issue in issues):
            issues.append(Issue("period-in-words", {"value": clean_text(_text(schedule), 200) or "…"}, where))
        return (Period(*bounds),)
    return tuple(
        Period(*bounds, frozenset(days) if len(days) < len(Weekday) else frozenset(), slots)
        for slots, days in days_of.items()
    )


def _slot_clock(incident: Incident, context: ReadingContext) -> SlotClock:
    chosen = context.options.get("schedule_clock")
    if chosen:
        return SlotClock(chosen)
    return SlotClock.UTC if incident.said("source", "reference") == NATIONAL_BASE else SlotClock.LOCAL


def _slots(spans: object, clock: SlotClock) -> tuple[TimeSlot, ...] | None:
    """The slots of one day, none for all day; None when they cannot be read."""
    texts = [_text(part) for part in spans] if isinstance(spans, list) else [_text(spans)]
    found: list[TimeSlot] = []
    for span in _split(texts):
        match = _SPAN.fullmatch(span)
        if match is None:
            return None
        first, last = (int(h) * 60 + int(m) for h, m in (match.groups()[:2], match.groups()[2:]))
        if first >= _MINUTES_OF_DAY or last > _MINUTES_OF_DAY:
            return None
        if first == 0 and last >= _MINUTES_OF_DAY - 1:
            # What the national base writes for a day without hours: no time of its own, so nothing to shift.
            return ()
        start, end = (time(minutes // 60 % 24, minutes % 60) for minutes in (first, last))
        found.append(read_slot(start, end, clock))
    return slots_of_day(found) if found else None


def _split(texts: list[str]) -> Iterator[str]:
    for text in texts:
        yield from (part.strip() for part in text.split(",") if part.strip())


def _label(incident: Incident) -> str:
    texts = (clean_text(text, 500) for text in (incident.placed("street"), incident.said("description")))
    return " : ".join(text for text in texts if text)


def _url(incident: Incident) -> str:
    """The page of the source; the national base may write the address of the machine that produced the file."""
    url = clean_text(incident.said("source", "url"), 2000)
    host = _host(url).partition(":")[0]
    return url if url.startswith(("https://", "http://")) and host not in {"", *_LOCAL_HOSTS} else ""


def _provenance(incident: Incident) -> dict[str, object]:
    name = incident.said("source", "name") or incident.said("source", "reference")
    said = {
        "format": "cifs",
        "title": clean_text(name, 160),
        "authority": clean_text(name, 160),
        "written_at": clean_text(incident.said("updatetime") or incident.said("creationtime"), 40),
    }
    return {key: value for key, value in said.items() if value}
