"""Clock times written without an offset."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_JOP_FORMATS: Final = ("%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")
_FRENCH_FORMATS: Final = ("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y %Hh%M", "%d/%m/%Y")
# Milliseconds since 1970, as some map servers write dates: from 2001 to 2100.
_MILLISECONDS: Final = range(1_000_000_000_000, 4_102_444_800_000)


class HourSkipped(ValueError):
    """A local time that the clock change of spring leaves out."""


def bound_to_utc(local: datetime, zone: ZoneInfo, *, is_end: bool) -> datetime:
    """Return the instant of a naive local time that a person gives as the start or the end of something.

    Of an hour that comes twice a start is the first and an end the second: what is closed is never said to be open
    while those who wrote these words may still mean it. Raises HourSkipped.
    """
    at = local.replace(tzinfo=zone, fold=int(is_end)).astimezone(UTC)
    if at.astimezone(zone).replace(tzinfo=None) != local:
        raise HourSkipped(local.isoformat())
    return at


def to_utc(local: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Return the instant of a naive local time, and whether a clock change makes it doubtful.

    A time that happens twice is the first one; one that never happens is read with the offset before the change.
    """
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    return first.astimezone(UTC), first.utcoffset() != second.utcoffset()


def read_iso(text: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Read ISO 8601; without an offset it is local time. Raises ValueError."""
    found = datetime.fromisoformat(text.strip())
    try:
        return to_utc(found, zone) if found.tzinfo is None else (found.astimezone(UTC), False)
    except OverflowError as error:
        raise ValueError(text) from error


def read_any(value: object, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Read a date however a map server writes it: ISO 8601, `YYYY/MM/DD`, `DD/MM/YYYY`, milliseconds since 1970.

    Raises ValueError.
    """
    if isinstance(value, int) and not isinstance(value, bool) and value in _MILLISECONDS:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=value), False
    text = value if isinstance(value, str) else ""
    try:
        return read_iso(text, zone)
    except ValueError:
        return to_utc(_first_of((*_JOP_FORMATS, *_FRENCH_FORMATS), text), zone)


def day_after(at: datetime, zone: ZoneInfo) -> datetime | None:
    """The same local hour a day later; None past the end of the calendar, which is how some write "no end"."""
    try:
        return to_utc(at.astimezone(zone).replace(tzinfo=None) + timedelta(days=1), zone)[0]
    except OverflowError:
        return None


def is_date_only(value: object) -> bool:
    """Tell whether a date is written without an hour."""
    return isinstance(value, str) and ":" not in value and "h" not in value.lower() and "T" not in value


def _first_of(patterns: tuple[str, ...], text: str) -> datetime:
    for pattern in patterns:
        try:
            return datetime.strptime(text.strip(), pattern)  # noqa: DTZ007 the zone is added by the caller
        except ValueError:
            continue
    raise ValueError(text[:40])
