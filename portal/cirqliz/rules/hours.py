"""The hours of a quota laid over real days, and how full each of them is. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.regulations.schedules import Interval

_DAY = timedelta(days=1)
_DAY_MIN = 1440


@dataclass(frozen=True, slots=True)
class QuotaHours:
    """How many vehicles may hold a pass at one hour of the day. Minutes of the local day, end excluded."""

    from_min: int
    to_min: int
    most: int


@dataclass(frozen=True, slots=True)
class Slot:
    """The part of a quota's hours on one local day during which the perimeter is active: two instants, end excluded."""

    day: date
    hours: QuotaHours
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """The dates of a vehicle's pass."""

    vehicle_id: UUID
    start: datetime
    end: datetime


def slots_of(quotas: Iterable[QuotaHours], active: Sequence[Interval], window: Interval, zone: ZoneInfo) -> list[Slot]:
    """Return the parts of the quotas' hours during which the perimeter is active and that meet the window, in order.

    active: instants at which the perimeter is active, apart from one another. A part is whole even where the window
    meets only some of it: two vehicles of one hour count together although they never meet.
    """
    rows = list(quotas)
    found = []
    day = window.start.astimezone(zone).date()
    last = window.end.astimezone(zone).date()
    while day <= last:
        for hours in rows:
            start, end = _instant(day, hours.from_min, zone), _instant(day, hours.to_min, zone)
            for span in active:
                first, until = max(start, span.start), min(end, span.end)
                if first < until and window.meets(first, until):
                    found.append(Slot(day, hours, first, until))
        day += _DAY
    return sorted(found, key=lambda slot: (slot.start, slot.end))


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return the instant of a minute of a local day: what the clocks show counts, also when they change."""
    if minute == _DAY_MIN:
        return _instant(day + _DAY, 0, zone)
    return datetime.combine(day, time(minute // 60, minute % 60), zone).astimezone(UTC)


def most_held(slots: Sequence[Slot], held: Iterable[Held]) -> list[int]:
    """Count, for each slot, the vehicles with a pass that meets it. Slots: of one perimeter, as `slots_of` gives them.

    A vehicle with two passes counts once.
    """
    by_vehicle: dict[UUID, list[tuple[datetime, datetime]]] = {}
    for one in held:
        by_vehicle.setdefault(one.vehicle_id, []).append((one.start, one.end))
    starts = [slot.start for slot in slots]
    # The slots of a quota do not overlap, so that their ends are in order too.
    ends = [slot.end for slot in slots]
    steps = [0] * (len(slots) + 1)
    for spans in by_vehicle.values():
        reached = 0
        for start, end in sorted(spans):
            first, until = max(bisect_right(ends, start), reached), bisect_left(starts, end)
            if first < until:
                steps[first] += 1
                steps[until] -= 1
                reached = until
    return list(accumulate(steps[:-1]))


def tightest(slots: Sequence[Slot], counts: Sequence[int]) -> tuple[Slot, int] | None:
    """Return the slot with the fewest places left and how many they are (below 0: too many); None without slots."""
    left = [(slot.hours.most - count, slot.start) for slot, count in zip(slots, counts, strict=True)]
    if not left:
        return None
    place = min(range(len(left)), key=left.__getitem__)
    return slots[place], left[place][0]


def clock_words(hours: QuotaHours) -> str:
    """Return « 09:00–10:00 »."""
    return f"{_clock(hours.from_min)}–{_clock(hours.to_min)}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def overlap(rows: Iterable[QuotaHours]) -> bool:
    """Tell whether two quotas of one perimeter share a minute: which one counts would be unclear."""
    ordered = sorted(rows, key=lambda row: row.from_min)
    return any(after.from_min < before.to_min for before, after in pairwise(ordered))


def by_perimeter(rows: Iterable[tuple[str, QuotaHours]]) -> Mapping[str, list[QuotaHours]]:
    """Group quotas by the perimeter they bear on."""
    found: dict[str, list[QuotaHours]] = {}
    for perimeter_id, hours in rows:
        found.setdefault(perimeter_id, []).append(hours)
    return found
