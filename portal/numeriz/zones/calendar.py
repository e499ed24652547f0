"""From the programme of an event to the spans during which its perimeters are active. Pure.

The rule is that of the 2024 perimeters: from 2 h 30 before the first session of a day (3 h for a race on the road) to
1 h after the last one. It is computed when a clerk asks for it; what is stored are instants, and they are the law.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from portal.regulations.perimeters import Activation
from portal.regulations.schedules import set_bounds_in_utc

USUAL_BEFORE_MIN: Final = 150
RACE_BEFORE_MIN: Final = 180
USUAL_AFTER_MIN: Final = 60
MOST_MARGIN_MIN: Final = 1440


@dataclass(frozen=True, slots=True, order=True)
class Session:
    """One thing that takes place: `start` included, `end` excluded, kept in UTC. Raises ValueError when naive."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        set_bounds_in_utc(self, self.start, self.end)


def sessions_to_json(sessions: Iterable[Session]) -> list[list[str]]:
    """Sessions as `CityEvent.sessions` holds them: in order, each once."""
    return [[session.start.isoformat(), session.end.isoformat()] for session in sorted(set(sessions))]


def sessions_from_json(found: Iterable[Sequence[str]]) -> tuple[Session, ...]:
    """The sessions of `sessions_to_json`."""
    return tuple(Session(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in found)


def day_spans(sessions: Iterable[Session], before_min: int, after_min: int, zone: ZoneInfo) -> tuple[Activation, ...]:
    """One span per local day: from before_min before its first start to after_min after its last end.

    A session belongs to the local day on which it starts. The margins are elapsed time, whatever the clocks do that
    night. Spans that touch or overlap are one.
    """
    days: dict[date, list[Session]] = defaultdict(list)
    for session in sessions:
        days[session.start.astimezone(zone).date()].append(session)
    before, after = timedelta(minutes=before_min), timedelta(minutes=after_min)
    return joined(
        Activation(min(s.start for s in of_day) - before, max(s.end for s in of_day) + after)
        for of_day in days.values()
    )


def joined(spans: Iterable[Activation]) -> tuple[Activation, ...]:
    """The spans in order; those that touch or overlap made one. An empty one is left out."""
    found: list[Activation] = []
    for span in sorted(spans, key=lambda span: span.start):
        last = found[-1] if found else None
        if span.end is not None and span.end <= span.start:
            continue
        if last is not None and (last.end is None or span.start <= last.end):
            end = None if last.end is None or span.end is None else max(last.end, span.end)
            found[-1] = Activation(last.start, end)
        else:
            found.append(span)
    return tuple(found)


def first_day(spans: Iterable[Activation | Session], zone: ZoneInfo) -> date | None:
    """The local day on which the first span starts; None when there is none."""
    starts = [span.start for span in spans]
    return min(starts).astimezone(zone).date() if starts else None


def moved[Span: (Activation, Session)](spans: Iterable[Span], days: int, zone: ZoneInfo) -> tuple[Span, ...]:
    """The spans so many days later, each bound at the same hour of the local clock."""
    found: list[Any] = []
    for span in spans:
        end = None if span.end is None else _moved(span.end, days, zone)
        found.append(type(span)(_moved(span.start, days, zone), end))
    return tuple(found)


def _moved(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    return (local.replace(tzinfo=None) + timedelta(days=days)).replace(tzinfo=zone, fold=local.fold).astimezone(UTC)
