"""Clock times as sources write them: slots an hour behind, and ends that mean the whole minute 59."""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

from portal.regulations.schedules import TimeSlot

_MINUTE = timedelta(minutes=1)
# The national base turns local times into UTC with the offset of a winter day, in every season.
_BEHIND = timedelta(hours=1)
_SOME_DAY = date(2000, 1, 1)
_LAST_MINUTE = 59
WHOLE_DAY: Final = TimeSlot(time(0), time(0))


class SlotClock(StrEnum):
    """How the slots of a source are to be read. UTC: written by the national base, one hour behind all year."""

    LOCAL = "local"
    UTC = "utc"


def inclusive_end(end: datetime) -> datetime:
    """The first instant after an end written as hh:59 or hh:59:59, which includes its minute; others as they are.

    So is one in the last year there is, by which sources mean that there is no end.
    """
    if end.minute == _LAST_MINUTE and end.second in {0, _LAST_MINUTE} and end.year < MAXYEAR:
        return end.replace(second=0, microsecond=0) + _MINUTE
    return end


def read_slot(start: time, end: time, clock: SlotClock) -> TimeSlot:
    """A slot on the local clock. The day it belongs to stays the one on which it starts locally."""
    end = inclusive_end(datetime.combine(_SOME_DAY, end)).time()
    if clock is SlotClock.UTC:
        start, end = ((datetime.combine(_SOME_DAY, at) + _BEHIND).time() for at in (start, end))
    return TimeSlot(start, end)


def slots_of_day(slots: list[TimeSlot]) -> tuple[TimeSlot, ...]:
    """The slots of a period, in order and once each; none when one of them is the whole day."""
    return () if WHOLE_DAY in slots else tuple(sorted(set(slots), key=lambda slot: (slot.start, slot.end)))
