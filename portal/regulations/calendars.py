"""The clock and the public holidays of a territory: what a schedule is read with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from portal.regulations.holidays import HolidayRegion, is_holiday


@dataclass(frozen=True, slots=True)
class LocalCalendar:
    """The local clock of slots and days, and the days that are public holidays there."""

    zone: ZoneInfo
    region: HolidayRegion = HolidayRegion.METROPOLE

    def is_holiday(self, day: date) -> bool:
        """Tell whether a local day is a public holiday."""
        return is_holiday(day, self.region)
