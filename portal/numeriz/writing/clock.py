"""Local clock times as a form writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from portal.numeriz.imports.local_time import bound_to_utc

_YEARS: Final = range(1800, 3000)
"""Those of which the hours of the years before and after can be counted too."""


def read_local(text: str, zone: ZoneInfo, *, is_end: bool = False) -> datetime:
    """Read `YYYY-MM-DDTHH:MM` on the local clock, or with an offset for the other pass of an hour that comes twice.

    is_end: of such an hour the second pass is meant, not the first. Returns UTC. Raises ValueError, `HourSkipped` for
    a time that never comes.
    """
    if "T" not in text:
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    if found.year not in _YEARS:
        raise ValueError(text)
    try:
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        return bound_to_utc(found, zone, is_end=is_end)
    except OverflowError as error:
        raise ValueError(text) from error


def write_local(at: datetime, zone: ZoneInfo, *, is_end: bool = False) -> str:
    """The text that `read_local` reads as this instant."""
    local = at.astimezone(zone)
    plain = local.replace(tzinfo=None, fold=0)
    told = plain if bound_to_utc(plain, zone, is_end=is_end) == at else local
    exact = local.second or local.microsecond
    return told.isoformat() if exact else told.isoformat(timespec="minutes")
