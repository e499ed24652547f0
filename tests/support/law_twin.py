"""The law a second time, the slow and plain way, written from the rules and not from the core.

Works on bare values (dictionaries, minutes, boxes) so that it shares no code with `portal.regulations`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def schedule_is_active(
    start: datetime,
    end: datetime | None,
    weekdays: set[int],
    slots: list[tuple[int, int]],
    at: datetime,
    zone: ZoneInfo,
) -> bool:
    """Rule 4.2, for one minute. slots: (from, to) in minutes after local midnight."""
    if at < start or (end is not None and at >= end):
        return False
    local = at.astimezone(zone)
    for days_ago in (0, 1):
        day = date.fromordinal(local.toordinal() - days_ago)
        if weekdays and day.weekday() not in weekdays:
            continue
        minute = days_ago * 1440 + local.hour * 60 + local.minute
        for first, last in slots or [(0, 1440)]:
            length = last - first if last > first else last - first + 1440
            if first <= minute < first + length:
                return True
    return False


def active_minutes(
    start: datetime,
    end: datetime | None,
    weekdays: set[int],
    slots: list[tuple[int, int]],
    window_start: datetime,
    window_end: datetime,
    zone: ZoneInfo,
) -> set[datetime]:
    """The minutes (UTC) of a window at which the schedule is active."""
    found = set()
    at = window_start.astimezone(UTC)
    while at < window_end.astimezone(UTC):
        if schedule_is_active(start, end, weekdays, slots, at, zone):
            found.add(at)
        at += MINUTE
    return found


def perimeter_state(
    colour: str, spans: list[tuple[datetime, datetime]], passes: list[dict], usages: set[str], stops: bool, at: datetime
) -> str:
    """Rules 4.4 and 4.5 for one perimeter that holds the place; passes: `start`, `end`, `colours`."""
    if not any(start <= at < end for start, end in spans) or colour == "white":
        return "allowed"
    if usages & {"emergency", "police"}:
        return "allowed"
    if any(held["start"] <= at < held["end"] and colour in held["colours"] for held in passes):
        return "allowed"
    return {
        "blue": "allowed" if stops else "pass_required",
        "red": "pass_required",
        "grey": "pass_required",
        "black": "forbidden",
    }[colour]


def ban_state(rule: dict, vehicle: dict, usages: set[str], stops: bool) -> str:
    """Rule 4.1 for an active ban. rule: `over` {size: limit}, `except` words; vehicle: {size: value or None}."""
    for word in rule["except"]:
        if word == "localAccess" and stops:
            return "allowed"
        if word == "cityLogistics" and stops and word in usages:
            return "allowed"
        if word not in ("localAccess", "cityLogistics") and word in usages:
            return "allowed"
    if not rule["over"]:
        return "forbidden"
    unknown = False
    for size, limit in rule["over"].items():
        if vehicle[size] is None:
            unknown = True
        elif vehicle[size] > limit:
            return "forbidden"
    return "unknown" if unknown else "allowed"


def strictest(states: list[str]) -> str:
    """The strictest answer wins."""
    order = ["allowed", "unknown", "pass_required", "forbidden"]
    return max(states, key=order.index, default="allowed")
