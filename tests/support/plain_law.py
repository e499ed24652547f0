"""The law as bare records, for judges that share no code with the portal: areas, lines, hours, and for whom.

Written from the rules of the field alone. Records come from the drawn files of 2024, from the invented orders of the
demonstration (read attribute by attribute), from invented orders, and from the signs of an OpenStreetMap extract.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import osmium
import shapely
from shapely.geometry.base import BaseGeometry

JUSTIFIED, PASS, CLOSED, BAN, ONE_WAY = "justified", "pass", "closed", "ban", "oneWay"
_POLICIES = {"justified": JUSTIFIED, "passRequired": PASS, "accredited": PASS, "closed": CLOSED}
OF_COLOUR = {"blue": JUSTIFIED, "red": PASS, "grey": PASS, "black": CLOSED}


@dataclass(frozen=True)
class Hours:
    """When a rule holds: bounds, days of the week (0 Monday, none: all), slots of the local clock (none: all day)."""

    start: datetime
    end: datetime | None = None
    weekdays: frozenset[int] = frozenset()
    slots: tuple[tuple[time, time], ...] = ()

    def hold_at(self, at: datetime, zone: ZoneInfo) -> bool:
        if at < self.start or (self.end is not None and at >= self.end):
            return False
        local = at.astimezone(zone)
        today, yesterday = local.date(), local.date() - timedelta(days=1)
        clock = local.time()
        for first, last in self.slots or ((time(0), time(0)),):
            over_night = last <= first
            if self._listed(today) and clock >= first and (over_night or clock < last):
                return True
            if over_night and self._listed(yesterday) and clock < last:
                return True
        return False

    def hold_during(self, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
        """Whether they hold at some moment of [start, end); a slot shorter than a minute may be overlooked."""
        if not self.weekdays and not self.slots:
            return self.start < end and (self.end is None or start < self.end)
        minutes = int((end - start) / timedelta(minutes=1))
        asked = [start, *(start + timedelta(minutes=n) for n in range(1, minutes + 1)), end - timedelta(microseconds=1)]
        return any(self.hold_at(at, zone) for at in asked if start <= at < end)

    def _listed(self, day: Any) -> bool:
        return not self.weekdays or day.weekday() in self.weekdays


@dataclass(frozen=True)
class Rule:
    """One perimeter or measure. what: what it asks. area, lines: where; a line with its direction.

    over: (size, limit) pairs, hazmat, air: any of them binds; bound_by_words: only words say whom it binds, and words
    bind nobody; none of these: everybody. spares: usages and accesses that are exempt.
    """

    id: str
    what: str
    hours: tuple[Hours, ...]
    area: BaseGeometry | None = None
    lines: tuple[tuple[BaseGeometry, str], ...] = ()
    colour: str = ""
    event: str = ""
    over: tuple[tuple[str, int], ...] = ()
    hazmat: bool = False
    air: frozenset[str] = frozenset()
    bound_by_words: bool = False
    spares: frozenset[str] = frozenset()

    def holds_during(self, start: datetime, end: datetime, zone: ZoneInfo) -> bool:
        return any(hours.hold_during(start, end, zone) for hours in self.hours)

    def binds(self, vehicle: Mapping[str, Any], *, stops_inside: bool) -> bool | None:
        """Whether it binds a vehicle (public object); None when a fact that decides is not known."""
        usages = set(vehicle.get("usages", ()))
        if self.spares & (usages - {"cityLogistics"}):
            return False
        if stops_inside and ("localAccess" in self.spares or "cityLogistics" in self.spares & usages):
            return False
        if not (self.over or self.hazmat or self.air):
            return not self.bound_by_words
        answers = [_over(vehicle, size, limit) for size, limit in self.over]
        if self.hazmat:
            answers.append(vehicle.get("hazmat"))
        if self.air:
            answers.append(None if vehicle.get("air_class") is None else str(vehicle["air_class"]) in self.air)
        return True if True in answers else (None if None in answers else False)


def _over(vehicle: Mapping[str, Any], size: str, limit: int) -> bool | None:
    value = size_of(vehicle, size)
    return None if value is None else value > limit


def size_of(vehicle: Mapping[str, Any], size: str) -> int | None:
    """Whole kilograms and centimetres of a public vehicle; the weight is that of the set when it tows."""
    if size == "gross_weight_kg":
        weights = [_whole(vehicle[key], 1000) for key in ("gvw_t", "gcw_t") if vehicle.get(key) is not None]
        return max(weights, default=None)
    if size == "footprint_cm2":
        sides = [size_of(vehicle, side) for side in ("length_cm", "width_cm")]
        return None if None in sides else sides[0] * sides[1]  # type: ignore[operator]
    key, factor = {
        "axle_load_kg": ("axle_load_t", 1000),
        "height_cm": ("height_m", 100),
        "width_cm": ("width_m", 100),
        "length_cm": ("length_m", 100),
    }[size]
    return None if vehicle.get(key) is None else _whole(vehicle[key], factor)


def _whole(value: float, factor: int) -> int:
    return math.ceil(Decimal(str(value)) * factor)


def from_drawn(records: Iterable[dict[str, Any]]) -> Iterator[Rule]:
    """The records of 2024: one rule each, white ones left out."""
    colours = {"Bleu": "blue", "Rouge": "red", "Gris": "grey"}
    for record in records:
        if record["colour"] in colours:
            colour = colours[record["colour"]]
            hours = (Hours(record["start"], record["end"]),)
            spared = frozenset({"emergency", "police"})
            yield Rule(
                record["id"], OF_COLOUR[colour], hours, record["shape"], (), colour, record["name"], spares=spared
            )


def from_values(perimeters: Iterable[Any], measures: Iterable[Any]) -> Iterator[Rule]:
    """Rules read from values that have the attributes of perimeters and measures, whatever their types."""
    for one in perimeters:
        colour = str(one.colour)
        what = _POLICIES.get(str(one.policy.motorised)) if one.policy is not None else OF_COLOUR.get(colour)
        allowed = one.policy.vehicles_allowed if one.policy is not None else None
        spares = frozenset({"emergency", "police"}) if allowed is None else frozenset(_words(allowed))
        if what is not None:
            hours = tuple(Hours(span.start, span.end) for span in one.activations)
            yield Rule(one.id, what, hours, one.shape, (), colour, one.event, spares=spares)
    for one in measures:
        what = {"noEntry": BAN, "oneWay": ONE_WAY}.get(str(one.type))
        if what is not None:
            yield _measure(one, what)


def _measure(one: Any, what: str) -> Rule:
    areas = [place.shape for place in one.locations if shapely.get_dimensions(place.shape) == 2]
    lines = [(p.shape, str(p.direction)) for p in one.locations if shapely.get_dimensions(p.shape) == 1]
    bound = list(one.vehicles.applies_to)
    return Rule(
        id=one.id,
        what=what,
        hours=tuple(_hours(period) for period in one.periods),
        area=shapely.union_all(areas) if areas and what == BAN else None,
        lines=tuple(lines),
        over=tuple((str(c.size), c.limit) for c in bound if hasattr(c, "limit")),
        hazmat=any(type(c).__name__ == "CarriesHazmat" for c in bound),
        air=frozenset(str(name) for c in bound if hasattr(c, "classes") for name in c.classes),
        bound_by_words=bool(bound) and all(hasattr(c, "text") for c in bound),
        spares=frozenset(_words(one.vehicles.except_)),
    )


def _hours(period: Any) -> Hours:
    assert str(period.holidays) == "ignored", "holidays are not judged here"
    slots = tuple((slot.start, slot.end) for slot in period.slots)
    return Hours(period.start, period.end, frozenset(int(day) for day in period.weekdays), slots)


def _words(criteria: Iterable[Any]) -> Iterator[str]:
    for criterion in criteria:
        if hasattr(criterion, "usage"):
            yield str(criterion.usage)
        elif hasattr(criterion, "access"):
            yield str(criterion.access)


@dataclass
class Roads:
    """What a judge must know of an extract. junctions: where drivable roads meet or end, in millionths of a degree.

    spared: roads no area binds; limits: signs of sizes, as rules of all times.
    """

    junctions: set[tuple[int, int]] = field(default_factory=set)
    spared: list[BaseGeometry] = field(default_factory=list)
    limits: list[Rule] = field(default_factory=list)

    def is_junction(self, lon: float, lat: float) -> bool:
        x, y = round(lon * 1e6), round(lat * 1e6)
        return any((x + i, y + j) in self.junctions for i in (-1, 0, 1) for j in (-1, 0, 1))


_DRIVEN = {
    f"{name}{link}" for name in ("motorway", "trunk", "primary", "secondary", "tertiary") for link in ("", "_link")
} | {"unclassified", "residential", "living_street", "service"}
_SIGNS = {"maxheight": ("height_cm", 100), "maxwidth": ("width_cm", 100), "maxweight": ("gross_weight_kg", 1000)}
_EPOCH = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


def roads_of(extract: Path) -> Roads:
    """Read the roads of an extract (any format osmium knows)."""
    roads, uses, places = Roads(), Counter[int](), {}
    for way in (
        osmium.FileProcessor(str(extract)).with_locations().with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    ):
        tags = dict(way.tags)
        if tags.get("highway") not in _DRIVEN or not all(node.location.valid() for node in way.nodes):
            continue
        refs = [node.ref for node in way.nodes]
        uses.update([*refs, refs[0], refs[-1]])
        places |= {node.ref: (node.lon, node.lat) for node in way.nodes}
        line = shapely.LineString([(node.lon, node.lat) for node in way.nodes])
        if _is_spared(tags):
            roads.spared.append(line)
        roads.limits += [sign for key in _SIGNS if (sign := _sign(key, tags.get(key, ""), way.id, line)) is not None]
    roads.junctions = {(round(x * 1e6), round(y * 1e6)) for ref, (x, y) in places.items() if uses[ref] > 1}
    return roads


def _is_spared(tags: Mapping[str, str]) -> bool:
    if tags["highway"].startswith("motorway"):
        return True
    level = tags.get("bridge", "no") != "no" or tags.get("tunnel", "no") != "no" or tags.get("layer", "0") != "0"
    return level and (tags["highway"].startswith("trunk") or tags.get("motorroad") == "yes")


def _sign(key: str, text: str, way: int, line: BaseGeometry) -> Rule | None:
    if not re.fullmatch(r"\d+(\.\d+)?", text):
        return None
    size, factor = _SIGNS[key]
    over = ((size, math.ceil(Decimal(text) * factor)),)
    return Rule(f"osm-{key}-{way}", BAN, (Hours(_EPOCH),), None, ((line, "both"),), over=over)
