"""The day and the hour somebody asks about, on the territory's clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Moment:
    """A local day and clock time, and the instant they are."""

    day: date
    clock: time
    zone: ZoneInfo

    @property
    def at(self) -> datetime:
        """The instant, in UTC; of a time that happens twice, the first."""
        return datetime.combine(self.day, self.clock, self.zone).astimezone(UTC)

    @property
    def days_around(self) -> tuple[datetime, datetime]:
        """From the midnight that begins the day before to the one that ends the day after."""
        first, last = self.day - timedelta(days=1), self.day + timedelta(days=2)
        return (
            datetime.combine(first, time(), self.zone).astimezone(UTC),
            datetime.combine(last, time(), self.zone).astimezone(UTC),
        )

    @property
    def whole_day(self) -> tuple[datetime, datetime]:
        """The midnights that begin and end the day."""
        start, end = (datetime.combine(day, time(), self.zone) for day in (self.day, self.day + timedelta(days=1)))
        return start.astimezone(UTC), end.astimezone(UTC)

    @property
    def query(self) -> dict[str, str]:
        """The moment as it stands in a URL."""
        return {"jour": self.day.isoformat(), "heure": f"{self.clock:%H:%M}"}


def moment_at(at: datetime, zone: ZoneInfo) -> Moment:
    """The moment of an instant, to the minute."""
    local = at.astimezone(zone)
    return Moment(local.date(), time(local.hour, local.minute), zone)


def clock_span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    """The clock times of a part of one local day; the midnight that ends it is 24:00."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    closing = "24:00" if last.date() > first.date() and not (last.hour or last.minute) else f"{last:%H:%M}"
    return f"{first:%H:%M}\u2013{closing}"
