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
    def query(self) -> dict[str, str]:
        """The moment as it stands in a URL."""
        return {"jour": self.day.isoformat(), "heure": f"{self.clock:%H:%M}"}


def moment_at(at: datetime, zone: ZoneInfo) -> Moment:
    """The moment of an instant, to the minute."""
    local = at.astimezone(zone)
    return Moment(local.date(), time(local.hour, local.minute), zone)
