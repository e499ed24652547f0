"""What a measure being written would say: its sentence, and its hours over the coming days as the core says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask_babel import format_date

from portal.numeriz import codec, words
from portal.numeriz.drawing import drawn_effect
from portal.numeriz.values import MeasureDraft
from portal.regulations.calendars import LocalCalendar
from portal.regulations.schedules import Interval, Period, merge
from portal.regulations.vehicles import FreeText
from portal.territories.api import TerritoryView

DAYS_SHOWN: Final = 14
_HOUR_MIN: Final = 60
_DAY_MIN: Final = 1440


@dataclass(frozen=True, slots=True)
class DayHours:
    """One local day, « mar. 24 nov. ». spans: clock times, « 24:00 » for the midnight that ends it.

    bars: the same as minutes of the clock.
    """

    label: str
    spans: tuple[tuple[str, str], ...]
    bars: tuple[tuple[int, int], ...]

    @property
    def is_whole(self) -> bool:
        """Tell whether the measure applies all day."""
        return self.bars == ((0, _DAY_MIN),)


@dataclass(frozen=True, slots=True)
class Preview:
    """A measure as it can be read so far. days: empty when no period can be read; begins_on: when they are not the
    coming ones, because nothing applies before. free_texts: conditions that no machine reads. features: the
    places, with their hours of the days shown, for the map.
    """

    sentence: str
    days: tuple[DayHours, ...]
    begins_on: date | None
    free_texts: tuple[str, ...]
    features: tuple[Mapping[str, object], ...]


def preview_of(measure: MeasureDraft | None, territory: TerritoryView, now: datetime) -> Preview | None:
    """How the measure reads and when it applies. None when not even its type is known."""
    if measure is None:
        return None
    zone = ZoneInfo(territory.timezone)
    calendar = LocalCalendar(zone, territory.holidays)
    today = now.astimezone(zone).date()
    first = _first_day(measure.periods, calendar, now) or today
    criteria = (*measure.vehicles.applies_to, *measure.vehicles.except_)
    sentence = words.measure_sentence(measure, zone)
    return Preview(
        sentence,
        hours_of(measure.periods, first, calendar) if measure.periods else (),
        first if measure.periods and first > today else None,
        tuple(one.text for one in criteria if isinstance(one, FreeText)),
        _features(measure, sentence, calendar, first),
    )


def hours_of(periods: Sequence[Period], first: date, calendar: LocalCalendar) -> tuple[DayHours, ...]:
    """When any of the periods is active, day by day from a local day on."""
    return tuple(_day_hours(periods, first + timedelta(days=number), calendar) for number in range(DAYS_SHOWN))


def _day_hours(periods: Sequence[Period], day: date, calendar: LocalCalendar) -> DayHours:
    window = Interval(_midnight(day, calendar.zone), _midnight(day + timedelta(days=1), calendar.zone))
    active = merge(span for period in periods for span in period.active_intervals(window, calendar))
    spans, bars = [], []
    for span in active:
        start = _clock_min(span.start, calendar.zone)
        end = _DAY_MIN if span.end == window.end else _clock_min(span.end, calendar.zone)
        spans.append((_clock_text(start), _clock_text(end)))
        # In the hour that autumn repeats a span may end at an earlier clock time than it began.
        bars.append((min(start, end), max(start, end)))
    return DayHours(str(format_date(day, "EEE d MMM")), tuple(spans), tuple(bars))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)


def _clock_min(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * _HOUR_MIN + local.minute


def _clock_text(minutes: int) -> str:
    return f"{minutes // _HOUR_MIN:02d}:{minutes % _HOUR_MIN:02d}"


def _first_day(periods: Sequence[Period], calendar: LocalCalendar, now: datetime) -> date | None:
    """The first local day from now on that has an hour of any period, when the coming days have none."""
    today = now.astimezone(calendar.zone).date()
    soon = Interval(_midnight(today, calendar.zone), _midnight(today + timedelta(days=DAYS_SHOWN), calendar.zone))
    if any(period.active_intervals(soon, calendar) for period in periods):
        return today
    later = [period.start for period in periods if period.start >= soon.end]
    return min(later).astimezone(calendar.zone).date() if later else None


def _features(
    measure: MeasureDraft, sentence: str, calendar: LocalCalendar, first: date
) -> tuple[Mapping[str, object], ...]:
    """The places as features of a layer of the map, each with its hours of the days shown."""
    start = _midnight(first, calendar.zone)
    window = Interval(start, _midnight(first + timedelta(days=DAYS_SHOWN), calendar.zone))
    active = merge(span for period in measure.periods for span in period.active_intervals(window, calendar))
    properties: dict[str, Any] = {
        "lines": [sentence],
        "effect": drawn_effect(measure.type, measure.vehicles),
        "windows": [[span.start.isoformat(), span.end.isoformat()] for span in active],
    }
    return tuple(
        {
            "type": "Feature",
            "properties": {**properties, "id": str(at), "title": words.place_words(location)},
            "geometry": codec.location_to_json(location)["shape"],
        }
        for at, location in enumerate(measure.locations)
        if not location.shape.is_empty
    )
