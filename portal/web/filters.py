"""How values look on a page: dates, hours, weights and lengths as a clerk would write them."""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Flask
from flask_babel import format_decimal

from portal.common.units import cm_to_metres, kg_to_tonnes
from portal.web.locale import DEFAULT_ZONE, language

_NBSP = "\u00a0"


def instant(at: datetime | None, zone: str = DEFAULT_ZONE) -> str:
    """Return « 8 sept. 2024 à 09:00 » ("8 Sept 2024, 09:00" in English) in the zone; empty for None."""
    if at is None:
        return ""
    local = at.astimezone(ZoneInfo(zone))
    joint = " à " if language() == "fr" else ", "
    return f"{short_day(local.date())}{joint}{local:%H:%M}".replace(" ", _NBSP)


def short_day(value: date) -> str:
    """Return « 8 sept. 2024 »."""
    return _written(value, "d MMM y", language()).replace(" ", _NBSP)


def hour(at: datetime | None, zone: str = DEFAULT_ZONE) -> str:
    """Return 09:00 in the zone."""
    return "" if at is None else f"{at.astimezone(ZoneInfo(zone)):%H:%M}"


def day(value: date | datetime | None, zone: str = DEFAULT_ZONE) -> str:
    """Return « dimanche 8 septembre 2024 »."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(ZoneInfo(zone)).date()
    return _written(value, "EEEE d MMMM y", language())


def tonnes(kilograms: int | None) -> str:
    """Return 3,5 t for 3500; a dash for an unknown weight."""
    return "–" if kilograms is None else f"{format_decimal(kg_to_tonnes(kilograms))}{_NBSP}t"


def metres(centimetres: int | None) -> str:
    """Return 3,2 m for 320; a dash for an unknown size."""
    return "–" if centimetres is None else f"{format_decimal(cm_to_metres(centimetres))}{_NBSP}m"


def distance(metres_: float) -> str:
    """Return 850 m or 12,4 km."""
    if metres_ < 1000:
        return f"{round(metres_ / 10) * 10:d}{_NBSP}m"
    return f"{format_decimal(round(metres_ / 1000, 1))}{_NBSP}km"


def duration(seconds: float) -> str:
    """Return 25 min or 1 h 05."""
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes}{_NBSP}min"
    return f"{minutes // 60}{_NBSP}h{_NBSP}{minutes % 60:02d}"


@lru_cache(maxsize=2048)
def _written(value: date, pattern: str, spoken: str) -> str:
    """The pages of a season show the same few days: each is written once."""
    return str(format_date(value, pattern, spoken))


def init_app(app: Flask) -> None:
    """Register the filters under their own names."""
    for function in (instant, hour, day, short_day, tonnes, metres, distance, duration):
        app.jinja_env.filters[function.__name__] = function
