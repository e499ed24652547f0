"""Parts of an order as the search of the national base writes them in JSON: for whom, when, where.

It says what the feed of orders does not: communes, house numbers, reference points, ids of places. It does not say
directions, nor that a ban is for heavy goods vehicles when it gives no weight.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from portal.numeriz.imports.datex.national import sounds_local
from portal.numeriz.imports.datex.shapes import read_geojson
from portal.numeriz.imports.datex.terms import AIR_CLASSES
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.local_time import read_iso
from portal.numeriz.imports.reading import Bounds
from portal.numeriz.imports.written_clock import SlotClock, inclusive_end, read_slot, slots_of_day
from portal.numeriz.values import Issue
from portal.regulations.measures import Direction, LocationKind, MeasureLocation
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    HEAVY_GOODS,
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    Criterion,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)

type Json = Mapping[str, Any]

LONGEST_LABEL = 2_000
# Slots are times of the first day of 1970, turned with the offset of that winter day.
_WINTER = timezone(timedelta(hours=1))
_DAYS: Final = {day.name.lower(): day for day in Weekday}
_EVERY_DAY, _CERTAIN_DAYS = "everyDay", "certainDays"
_SIZES: Final = {
    "weight": (Size.GROSS_WEIGHT, 1000),
    "width": (Size.WIDTH, 100),
    "length": (Size.LENGTH, 100),
    "height": (Size.HEIGHT, 100),
}
_WORDS: Final[dict[str, Criterion]] = {
    "heavyGoodsVehicle": HEAVY_GOODS,
    "commercial": UsedFor(Usage.PUBLIC_TRANSPORT),
    "taxi": UsedFor(Usage.TAXI),
    "carSharing": UsedFor(Usage.CARPOOL),
    "cityLogistics": UsedFor(Usage.CITY_LOGISTICS),
    "emergencyServices": UsedFor(Usage.EMERGENCY),
    "police": UsedFor(Usage.POLICE),
    "roadMaintenanceOrConstruction": UsedFor(Usage.ROADWORKS),
    "hazardousMaterials": CarriesHazmat(),
    "desserteLocale": HasAccess(Access.LOCAL_ACCESS),
    "localResident": HasAccess(Access.RESIDENT),
    "pedestrians": IsRoadUser(RoadUser.PEDESTRIAN),
    "bicycle": IsRoadUser(RoadUser.BICYCLE),
}
_KINDS: Final = {
    "lane": LocationKind.NAMED_STREET,
    "departmentalRoad": LocationKind.NUMBERED_ROAD,
    "nationalRoad": LocationKind.NUMBERED_ROAD,
    "wholeCity": LocationKind.WHOLE_CITY,
    "zone": LocationKind.AREA,
}
_AREAS = frozenset({"Polygon", "MultiPolygon"})


def objects(value: object) -> list[Json]:
    """The objects of a list; PHP writes a list with holes as an object of numbered members."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [item for item in items if isinstance(item, dict)]


def member(value: Json | None, name: str) -> Json:
    """An object within an object; an empty one when there is none."""
    found = None if value is None else value.get(name)
    return found if isinstance(found, dict) else {}


def text(value: Json, name: str, most: int = 400) -> str:
    """A text, cleaned; empty when there is none."""
    return clean_text(value.get(name), most)


def read_vehicles(vehicles: Json, issues: list[Issue]) -> VehicleRule:
    """For whom. Limits are those that must not be exceeded, and any of them is enough."""
    bound = [*_named(vehicles.get("restrictedTypes"), issues), *_limits(vehicles.get("maxCharacteristics"), issues)]
    freed = list(_named(vehicles.get("exemptedTypes"), issues))
    local = (found.text for found in freed if isinstance(found, FreeText) and sounds_local(found.text))
    issues += [Issue("maybe-local-access", {"value": words[:60]}) for words in local]
    return VehicleRule(_one_air_class(bound), _one_air_class(freed))


def _named(listed: object, issues: list[Issue]) -> Iterator[Criterion]:
    for item in listed if isinstance(listed, list) else ():
        # Its description says texts, its answers hold objects.
        named = {"name": item} if isinstance(item, str) else item if isinstance(item, dict) else {}
        name = text(named, "name", 300)
        if named.get("isOther"):
            yield FreeText(name or "…")
        elif name in AIR_CLASSES:
            yield AirClassIn(frozenset({AIR_CLASSES[name]}))
        elif name in _WORDS:
            yield _WORDS[name]
        else:
            issues.append(Issue("vehicle-not-understood", {"value": name[:80]}))
            yield FreeText(name or "…")


def _limits(listed: object, issues: list[Issue]) -> Iterator[Criterion]:
    for item in objects(listed):
        name = text(item, "name", 40)
        try:
            limit = Decimal(str(item.get("value")))
        except InvalidOperation:
            limit = Decimal("NaN")
        if name in _SIZES and limit.is_finite() and 0 < limit < 1000:
            size, factor = _SIZES[name]
            yield Over(size, math.floor(limit * factor))
        else:
            shown = clean_text(f"{name} {item.get('value')}", 80)
            issues.append(Issue("vehicle-not-understood", {"value": shown}))
            yield FreeText(shown)


def _one_air_class(criteria: Iterable[Criterion]) -> tuple[Criterion, ...]:
    """The criteria once each, their air classes as one list at the end."""
    kept: list[Criterion] = []
    classes: set[AirClass] = set()
    for criterion in criteria:
        if isinstance(criterion, AirClassIn):
            classes |= criterion.classes
        else:
            kept.append(criterion)
    return (*dict.fromkeys(kept), *([AirClassIn(frozenset(classes))] if classes else []))


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are written. bounds: of the order, for a measure or a period without its own."""

    zone: ZoneInfo
    slots: SlotClock
    bounds: tuple[datetime | None, datetime | None]


def read_bounds(start: object, end: object, zone: ZoneInfo) -> tuple[datetime | None, datetime | None]:
    """Two instants, None where none is written. Raises ValueError."""
    first, last = (str(value) if value else "" for value in (start, end))
    begins = read_iso(first, zone)[0] if first else None
    ends = inclusive_end(read_iso(last, zone)[0]) if last else None
    return begins, ends


def read_periods(listed: object, clock: Clock, issues: list[Issue]) -> tuple[Period, ...]:
    """When; a measure without a period lasts as long as its order, and a period that cannot be read has no effect."""
    periods = objects(listed)
    found: list[Period] = []
    for period in periods or [{"recurrenceType": _EVERY_DAY}]:
        try:
            read = _period(period, clock)
        except (ValueError, OverflowError):
            issues.append(Issue("period-unreadable", {"value": clean_text(period.get("startDateTime"), 60)}))
            continue
        if read is None:
            issues.append(Issue("period-not-understood", {"value": text(period, "recurrenceType", 60)}))
        else:
            found.append(read)
    return tuple(found)


def _period(period: Json, clock: Clock) -> Period | None:
    start, end = read_bounds(period.get("startDateTime"), period.get("endDateTime"), clock.zone)
    start, end = start or clock.bounds[0], end or clock.bounds[1]
    recurrence = period.get("recurrenceType")
    days = _days(member(period, "dailyRange").get("dayRanges"))
    if start is None or recurrence not in {_EVERY_DAY, _CERTAIN_DAYS} or days is None:
        return None
    if recurrence == _CERTAIN_DAYS and not days:
        return None
    slots = [slot for slot in (_slot(item, clock.slots) for item in objects(period.get("timeSlots"))) if slot]
    return Period(start, end, days if len(days) < len(Weekday) else frozenset(), slots_of_day(slots))


def _days(ranges: object) -> frozenset[Weekday] | None:
    """The days of all ranges, last one included; None when one cannot be read."""
    items = list(ranges.values()) if isinstance(ranges, dict) else ranges
    found: set[Weekday] = set()
    for item in items if isinstance(items, list) else ():
        first, last = (item.get("firstDay"), item.get("lastDay")) if isinstance(item, dict) else (item, item)
        if first not in _DAYS or last not in _DAYS:
            return None
        count = (_DAYS[last] - _DAYS[first]) % len(Weekday) + 1
        found.update(Weekday((_DAYS[first] + step) % len(Weekday)) for step in range(count))
    return frozenset(found)


def _slot(item: Json, clock: SlotClock) -> TimeSlot | None:
    """A slot on the local clock; None for an empty one. Raises ValueError."""
    written = [item.get(name) for name in ("startTime", "endTime")]
    if not any(written):
        return None
    start, end = (_clock_time(str(value), clock) for value in written)
    return read_slot(start, end, SlotClock.LOCAL)


def _clock_time(written: str, clock: SlotClock) -> time:
    at = datetime.fromisoformat(written) if "T" in written else None
    if at is None:
        return time.fromisoformat(written)
    shifted = clock is SlotClock.UTC and at.tzinfo is not None
    return (at.astimezone(_WINTER) if shifted else at).time()


@dataclass(frozen=True, slots=True)
class PlaceRead:
    """A place read. boxes: of what was drawn, empty when nothing was."""

    id: str
    locations: tuple[MeasureLocation, ...]
    boxes: tuple[Bounds, ...]
    issues: tuple[Issue, ...]


def read_place(place: Json, bounds: Bounds | None) -> PlaceRead:
    """Where; lines and areas drawn together become two places of the law."""
    kind = _KINDS.get(text(place, "roadType", 40), LocationKind.FREE_GEOMETRY)
    label = label_of(place)
    geometry = place.get("geometry")
    drawings = read_geojson(geometry if isinstance(geometry, str) else "", bounds)
    locations = tuple(
        MeasureLocation(
            LocationKind.AREA if drawn.shape.geom_type in _AREAS else kind, label, drawn.shape, Direction.UNKNOWN
        )
        for drawn in drawings
    )
    issues = [issue for drawn in drawings for issue in drawn.issues]
    stored = member(place, "storageArea")
    if stored:
        issues.append(Issue("storage-area-not-drawn", {"value": text(stored, "description", 200) or "…"}))
    return PlaceRead(
        text(place, "uuid", 60),
        locations,
        tuple(drawn.box for drawn in drawings if drawn.box is not None),
        tuple(issues),
    )


def label_of(place: Json) -> str:
    """How the order names the place, as exactly as it does.

    `Rue Monge (12 – 24), Paris`; `D14 (7+779 – 8+413), Nord`.
    """
    street, road = member(place, "namedStreet"), member(place, "numberedRoad")
    if street:
        ends = (_first(street, "fromHouseNumber", "fromRoadName"), _first(street, "toHouseNumber", "toRoadName"))
        return _joined(text(street, "roadName"), ends, text(street, "cityLabel"))
    if road:
        return _joined(text(road, "roadNumber"), (_mark(road, "from"), _mark(road, "to")), text(road, "administrator"))
    for name in ("rawGeoJSON", "zone"):
        label = text(member(place, name), "label", LONGEST_LABEL)
        if label:
            return label
    return ""


def name_of(place: Json) -> str:
    """The name alone, as the feed of orders writes it."""
    return text(member(place, "namedStreet"), "roadName") or text(member(place, "numberedRoad"), "roadNumber")


def _first(found: Json, *names: str) -> str:
    return next((said for said in (text(found, name, 160) for name in names) if said), "")


def _mark(road: Json, end: str) -> str:
    """A reference point with the metres beyond it and its side: `7+779`, `24+530 D`."""
    point = text(road, f"{end}PointNumber", 20)
    if not point:
        return ""
    side = text(road, f"{end}Side", 10)
    return f"{point}+{text(road, f'{end}Abscissa', 10) or 0}" + (f" {side}" if side not in {"", "U"} else "")


def _joined(name: str, ends: Sequence[str], where: str) -> str:
    known = [end for end in ends if end]
    between = f" ({' – '.join(known)})" if known else ""
    return clean_text(f"{name}{between}" + (f", {where}" if where else ""), LONGEST_LABEL)
