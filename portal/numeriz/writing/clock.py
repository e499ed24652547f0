"""Local clock times as a form writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

_YEARS: Final = range(1800, 3000)
"""Those of which the hours of the years before and after can be counted too."""


class HourSkipped(ValueError):
    """A local time that the clock change of spring leaves out."""


def read_local(text: str, zone: ZoneInfo) -> datetime:
    """Read `YYYY-MM-DDTHH:MM` on the local clock, or with an offset for the second pass of an hour that comes twice.

    Returns UTC. Raises ValueError, `HourSkipped` for a time that never comes.
    """
    if "T" not in text:
        raise ValueError(text)
    found = datetime.fromisoformat(text)
    if found.year not in _YEARS:
        raise ValueError(text)
    try:
        if found.tzinfo is not None:
            return found.astimezone(UTC)
        at = found.replace(tzinfo=zone).astimezone(UTC)
        if at.astimezone(zone).replace(tzinfo=None) != found:
            raise HourSkipped(text)
    except OverflowError as error:
        raise ValueError(text) from error
    return at


def write_local(at: datetime, zone: ZoneInfo) -> str:
    """The text that `read_local` reads as this instant."""
    local = at.astimezone(zone)
    told = local if local.fold else local.replace(tzinfo=None)
    exact = local.second or local.microsecond
    return told.isoformat() if exact else told.isoformat(timespec="minutes")
