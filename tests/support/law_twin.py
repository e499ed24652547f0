"""The law a second time, the slow and plain way, written from the rules and not from the core.

Works on bare values (dictionaries, minutes, boxes) so that it shares no code with `portal.regulations`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)

# Written down from the official calendars, not computed.
DAYS_OFF = frozenset(
    date.fromisoformat(day)
    for day in (
        *("2024-01-01", "2024-04-01", "2024-05-01", "2024-05-08", "2024-05-09", "2024-05-20", "2024-07-14"),
        *("2024-08-15", "2024-11-01", "2024-11-11", "2024-12-25"),
        *("2025-01-01", "2025-04-21", "2025-05-01", "2025-05-08", "2025-05-29", "2025-06-09", "2025-07-14"),
        *("2025-08-15", "2025-11-01", "2025-11-11", "2025-12-25"),
    )
)
DAYS_OFF_ALSACE = DAYS_OFF | {
    date.fromisoformat(day) for day in ("2024-03-29", "2024-12-26", "2025-04-18", "2025-12-26")
}


def schedule_is_active(
    start: datetime,
    end: datetime | None,
    weekdays: set[int],
    slots: list[tuple[int, int]],
    at: datetime,
    zone: ZoneInfo,
    holidays: str = "ignored",
    days_off: frozenset[date] = frozenset(),
) -> bool:
    """Rule 4.2, for one minute. slots: (from, to) in minutes after local midnight; the day is the one they start on."""
    if at < start or (end is not None and at >= end):
        return False
    local = at.astimezone(zone)
    for days_ago in (0, 1):
        day = date.fromordinal(local.toordinal() - days_ago)
        listed = not weekdays or day.weekday() in weekdays
        off = day in days_off
        if not {"ignored": listed, "excepted": listed and not off, "also": listed or off, "only": off}[holidays]:
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


def strictest(states: list[str]) -> str:
    """The strictest answer wins."""
    order = ["allowed", "unknown", "pass_required", "forbidden"]
    return max(states, key=order.index, default="allowed")


# The whole question, on a grid of cells. A cell is some 70 to 110 metres wide; areas have whole bounds, streets run
# through the middle of the cells of one row or one column, points are the middles of cells: no tolerance is in play.


def holds(place: dict, asked: dict) -> dict | None:
    """Rule 4.3: how a place of a measure bears on the place asked. None: not at all.

    place: `kind` area (`box`), street (`axis` x or y, `line`, `first`, `last`, `reversed`), ends (the same, but only
    the middles of the first and the last cell are drawn) or point (`cell`); matches, of a street with `missing` cells.
    asked: `cell`; for a driven edge also `axis`, `along` (driven as the axis runs), `driven` (part of it), `id`,
    `graph`, `motorway`. Found: `along` True, False or None; `doubtful`, `whole`, `near`, `area`.
    """
    is_edge = "axis" in asked
    x, y = asked["cell"]
    base = {"along": None, "doubtful": False, "whole": True, "near": False, "area": False}
    matches = place.get("matches")
    known = is_edge and matches is not None and matches["graph"] == asked["graph"]
    if known and matches["trusted"]:
        row = matches["rows"].get(asked["id"])
        if row is not None:
            start, end = max(row["from"], asked["driven"][0]), min(row["to"], asked["driven"][1])
            if end > start:
                base["whole"] = (end - start) / (asked["driven"][1] - asked["driven"][0]) > 0.95
                if place["kind"] == "area":
                    within = asked["driven"] == (0.0, 1.0) or in_box(place["box"], x, y)
                    return {**base, "area": True} if within else None
                return {**base, "along": row["along"], "doubtful": row["confidence"] < 0.5}
        if place["kind"] == "street" and matches["missing"] is not None:
            first, last = matches["missing"]
            missing = holds({**place, "matches": None, "first": first, "last": last}, asked)
            return None if missing is None else {**missing, "doubtful": True}
        if place["kind"] != "ends":
            return None
    if place["kind"] == "ends":
        found = None
        if matches is not None and matches["trusted"] and not known:
            found = way_between(place, asked)
        return found or ({**base, "near": True} if (x, y) in end_cells(place) else None)
    if place["kind"] == "point":
        return {**base, "near": True} if place["cell"] == (x, y) else None
    if place["kind"] == "area":
        inside = in_box(place["box"], x, y)
        return {**base, "area": True} if inside and not (is_edge and asked["motorway"]) else None
    across, lengthwise = (y, x) if place["axis"] == "x" else (x, y)
    if across != place["line"] or not place["first"] <= lengthwise <= place["last"]:
        return None
    if not is_edge:
        return base
    if asked["axis"] != place["axis"]:
        return None
    return {**base, "along": asked["along"] != place["reversed"], "doubtful": known}


def in_box(box: tuple[int, int, int, int], x: int, y: int) -> bool:
    """Tell whether a cell is in a box of cells, its last column and row not included."""
    west, south, east, north = box
    return west <= x < east and south <= y < north


def end_cells(place: dict) -> list[tuple[int, int]]:
    """The first and the last cell of a street."""
    cells = [(place["first"], place["line"]), (place["last"], place["line"])]
    return cells if place["axis"] == "x" else [(y, x) for x, y in cells]


def way_between(place: dict, asked: dict) -> dict | None:
    """How the way between the middles of two cells bears on the place asked: as a street of that length."""
    found = holds({**place, "kind": "street", "matches": None}, asked)
    if found is None or "axis" not in asked:
        return found
    lengthwise = asked["cell"][0 if place["axis"] == "x" else 1]
    start, end = asked["driven"] if asked["along"] else (1 - asked["driven"][1], 1 - asked["driven"][0])
    drawn_from = 0.5 if lengthwise == place["first"] else 0.0
    drawn_to = 0.5 if lengthwise == place["last"] else 1.0
    share = (min(end, drawn_to) - max(start, drawn_from)) / (end - start)
    return {**found, "whole": share > 0.95} if share > 0 else None


def effect(kind: str, direction: str, found: dict, one_way: bool) -> str:
    """Rules 4.1 and 4.3 for a measure of a kind that closes: closed, open, doubt, or unsure where it would be closed
    if the road had surely been found."""
    if found["area"]:
        return "closed" if kind == "noEntry" else "doubt"
    if found["along"] is None and direction in ("forward", "backward"):
        return "doubt"
    along = found["along"] is not False
    if direction == "unknown":
        shut = "doubt" if kind == "oneWay" or (one_way and not along) else "closed"
    elif direction == "both":
        shut = "closed" if kind == "noEntry" else "open"
    else:
        shut = "closed" if (along == (direction == "forward")) == (kind == "noEntry") else "open"
    return "unsure" if shut == "closed" and found["doubtful"] else shut


def binds(criterion: tuple, vehicle: dict) -> bool | None:
    """One criterion of a rule; None when the fact is missing."""
    name, limit = criterion
    if vehicle[name] is None:
        return None
    return bool(vehicle[name]) if name == "hazmat" else vehicle[name] > limit


def concerned(rule: dict, vehicle: dict, stops: bool) -> bool | None:
    """Rule 4.1: `over` is a list of criteria, any of them; none: everybody. `except`: words, any of them."""
    for word in rule["except"]:
        if (word == "localAccess" or word in vehicle["usages"]) and (
            stops or word not in ("localAccess", "cityLogistics")
        ):
            return False
    answers = [binds(criterion, vehicle) for criterion in rule["over"]] or [True]
    return True if True in answers else None if None in answers else False


_MATTERS = {"gross_weight_kg": "weight", "hazmat": "hazmat"}


def answer(law: dict, asked: dict, at: datetime, vehicle: dict, passes: list[dict], stops: bool) -> dict:
    """The state, the ids of the measures in the way, of the tags that give way, of the events told nearby, and of what
    was not surely found on the roads."""
    in_way, told, unsure, tags, freeing = set(), set(), set(), [], set()
    states = [
        perimeter_state(area["colour"], area["spans"], passes, vehicle["usages"], stops, at)
        for area in law["perimeters"]
        if holds({**area, "kind": "area"}, asked) is not None
    ]
    for measure in law["measures"]:
        found = holds(measure["place"], asked)
        if found is None or not any(
            schedule_is_active(**period, at=at, zone=law["zone"], days_off=law["days_off"])
            for period in measure["periods"]
        ):
            continue
        bound = concerned(measure["rule"], vehicle, stops)
        if measure["origin"] == "event" and (found["near"] or measure["kind"] == "unknown"):
            if bound is not False:
                told.add(measure["id"])
            continue
        if found["near"] or measure["kind"] == "unknown":
            continue
        shut = effect(measure["kind"], measure["direction"], found, asked.get("one_way", False))
        matters = {_MATTERS.get(name, "physical") for name, _ in measure["rule"]["over"]} or {"access"}
        if shut == "unsure" and bound is not False:
            unsure.add(measure["id"])
        if shut != "closed":
            continue
        if measure["origin"] == "order" and measure["kind"] == "noEntry" and bound is False and found["whole"]:
            freeing |= matters - {"physical"}
        if bound is not False:
            tags_matters = {
                _MATTERS.get(criterion[0], "physical")
                for criterion in measure["rule"]["over"]
                if binds(criterion, vehicle) is not False
            } or {"access"}
            tags.append((measure, "forbidden" if bound else "unknown", tags_matters))
    silenced = set()
    for measure, state, matters in tags:
        if measure["origin"] == "osm" and measure["kind"] == "noEntry" and matters <= freeing:
            silenced.add(measure["id"])
            continue
        states.append(state)
        in_way.add(measure["id"])
    return {"state": strictest(states), "in_way": in_way, "silenced": silenced, "told": told, "unsure": unsure}
