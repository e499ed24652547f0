"""Clock times written without an offset."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_JOP_FORMATS = ("%Y/%m/%d %H:%M:%S.%f", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d")


def to_utc(local: datetime, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Return the instant of a naive local time, and whether a clock change makes it doubtful.

    A time that happens twice is the first one; one that never happens is read with the offset before the change.
    """
    first = local.replace(tzinfo=zone, fold=0)
    second = local.replace(tzinfo=zone, fold=1)
    return first.astimezone(UTC), first.utcoffset() != second.utcoffset()


def read_jop(text: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Read `YYYY/MM/DD HH:MM:SS.mmm`, local time. Raises ValueError."""
    for pattern in _JOP_FORMATS:
        try:
            return to_utc(datetime.strptime(text.strip(), pattern), zone)  # noqa: DTZ007 the zone is added just after
        except ValueError:
            continue
    raise ValueError(text)


def read_iso(text: str, zone: ZoneInfo) -> tuple[datetime, bool]:
    """Read ISO 8601; without an offset it is local time. Raises ValueError."""
    found = datetime.fromisoformat(text.strip())
    return to_utc(found, zone) if found.tzinfo is None else (found.astimezone(UTC), False)
