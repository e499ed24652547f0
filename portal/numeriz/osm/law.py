"""The law that OpenStreetMap tells of a territory's roads: bans and limits read from signs, of lowest precedence.

Source: formats, section 8. The most specific key decides (`hgv` and `goods` before `motor_vehicle`, `vehicle`,
`access`), a conditional value before a plain one. Left out: tags of some lanes only, of other vehicles, and of who owns
a service road; turns and barriers, which the routing graph holds. Weights are read as permitted weights, as French
signs mean them.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry import LineString, Polygon

from portal.numeriz.imports.opening_hours import periods_of_hours
from portal.numeriz.osm.rules import Clause, OsmRule, rules_of, warning
from portal.numeriz.osm.values import (
    ANY_TIME,
    CLOSED,
    HEAVY_OVER_KG,
    LOCAL,
    OPEN,
    OWNERS_WORDS,
    Condition,
    Ruling,
    clauses,
    read_access,
    read_condition,
    read_limit,
)
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef, Origin
from portal.regulations.schedules import Period
from portal.regulations.vehicles import CarriesHazmat, Size, Usage, UsedFor, VehicleRule
from portal.territories.api import Position, TaggedRoad, TerritoryView, read_restrictions

AUTHORITY: Final = "OpenStreetMap"
ALWAYS_SINCE: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The start of what OpenStreetMap says holds, without saying since when."""
SEASONS: Final = (2020, 2040)
"""Years in which a season of each year is written out."""

_MODES: Final = ("hgv", "goods")
_ACCESS_KEYS: Final = ("hgv", "goods", "motor_vehicle", "vehicle", "access")
_LIMITS: Final[Mapping[str, Size]] = {
    "maxweight": Size.GROSS_WEIGHT,
    "maxweightrating": Size.GROSS_WEIGHT,
    "maxgcweight": Size.GROSS_WEIGHT,
    "maxgcweightrating": Size.GROSS_WEIGHT,
    "maxaxleload": Size.AXLE_LOAD,
    "maxheight": Size.HEIGHT,
    "maxwidth": Size.WIDTH,
    "maxlength": Size.LENGTH,
}
_ALLOWED_MODES: Final[Mapping[str, tuple[Usage, ...]]] = {
    "bus": (Usage.PUBLIC_TRANSPORT,),
    "psv": (Usage.PUBLIC_TRANSPORT, Usage.TAXI),
    "taxi": (Usage.TAXI,),
    "emergency": (Usage.EMERGENCY,),
}
_HEAVY: Final = replace(ANY_TIME, over_kg=HEAVY_OVER_KG)
_LIGHT: Final = replace(ANY_TIME, up_to_kg=HEAVY_OVER_KG)
_NAMES: Final = frozenset({"name", "ref", "service"})
_DIRECTIONS: Final = {"forward": Direction.FORWARD, "backward": Direction.BACKWARD}


def measures_of_osm(territory: TerritoryView) -> tuple[Measure, ...]:
    """The restrictions of the build in force; none before the first build, or when the build is older than them.

    Read once per build in each process. Raises Unavailable("build-missing") when the file is damaged.
    """
    path = territory.restrictions_path
    try:
        written_at = 0 if path is None else path.stat().st_mtime_ns
    except FileNotFoundError:
        path = None
    return () if path is None else _measures_of_build(path, written_at, territory.timezone)


@lru_cache(maxsize=16)
def _measures_of_build(path: Path, _written_at: int, timezone: str) -> tuple[Measure, ...]:
    return tuple(measures_of_roads(read_restrictions(path), ZoneInfo(timezone)))


@dataclass(frozen=True, slots=True)
class _Said:
    """One rule of one road, as a measure will say it."""

    id: str
    road: TaggedRoad
    rule: OsmRule
    direction: Direction


def measures_of_roads(roads: Iterable[TaggedRoad], zone: ZoneInfo) -> Iterator[Measure]:
    """The measures of roads, in their order; zone: the local clock of their hours and seasons.

    Roads that meet and spare local access in the same words are one measure, named after the first of them: a street
    is drawn in pieces, and whoever stops on the third may drive through the first two.
    """
    joined: dict[OsmRule, list[_Said]] = {}
    listed: list[list[_Said]] = []
    for road in roads:
        for number, (rule, direction) in enumerate(rules_of_tags(road.tags), start=1):
            said = _Said(f"osm:way/{road.way_id}#{number}", road, rule, direction)
            if LOCAL in rule.except_:
                joined.setdefault(replace(rule, texts=()), []).append(said)
            else:
                listed.append([said])
    for alike in joined.values():
        listed += _that_meet(alike)
    for group in sorted(listed, key=lambda found: (found[0].road.way_id, found[0].id)):
        yield _measure(group, zone)


def _that_meet(listed: Sequence[_Said]) -> list[list[_Said]]:
    """What is said of several roads, in groups of those that meet in a point."""
    group_of = list(range(len(listed)))

    def group(index: int) -> int:
        while group_of[index] != index:
            group_of[index] = index = group_of[group_of[index]]
        return index

    at: dict[Position, int] = {}
    for index, said in enumerate(listed):
        for position in said.road.coords:
            group_of[group(index)] = group(at.setdefault(position, index))
    groups: dict[int, list[_Said]] = {}
    for index, said in enumerate(listed):
        groups.setdefault(group(index), []).append(said)
    return list(groups.values())


def _measure(group: Sequence[_Said], zone: ZoneInfo) -> Measure:
    group = sorted(group, key=lambda said: said.road.way_id)
    first, texts = group[0], dict.fromkeys(text for said in group for text in said.rule.texts)
    url = f"https://www.openstreetmap.org/way/{first.road.way_id}"
    return Measure(
        id=first.id,
        order=OrderRef(f"osm:way/{first.road.way_id}", "; ".join(texts), AUTHORITY, url),
        type=MeasureType.NO_ENTRY,
        locations=tuple(_location(said.road, said.direction) for said in group),
        periods=_periods(first.rule, zone),
        vehicles=VehicleRule(first.rule.applies_to, first.rule.except_),
        origin=Origin.OSM,
    )


def _location(road: TaggedRoad, direction: Direction) -> MeasureLocation:
    label = road.tags.get("name") or road.tags.get("ref", "")
    line = LineString(road.coords)
    shape = shapely.make_valid(Polygon(line)) if road.tags.get("area") == "yes" and line.is_ring else line
    kind = LocationKind.NAMED_STREET if label else LocationKind.FREE_GEOMETRY
    return MeasureLocation(kind, label, shape, direction)


def rules_of_tags(tags: Mapping[str, str]) -> tuple[tuple[OsmRule, Direction], ...]:
    """The rules of a road with their direction; on a one-way road what holds there holds for all who drive it."""
    return _rules_of(frozenset((key, value) for key, value in tags.items() if key not in _NAMES))


@lru_cache(maxsize=4096)
def _rules_of(said: frozenset[tuple[str, str]]) -> tuple[tuple[OsmRule, Direction], ...]:
    # A town has thousands of roads and some dozens of signs.
    tags = dict(sorted(said))
    oneway = tags.get("oneway", "yes" if tags.get("junction") in {"roundabout", "circular"} else "no")
    forward = [] if oneway == "-1" else _rules(tags, "forward")
    backward = [] if oneway in {"yes", "true", "1"} else _rules(tags, "backward")
    if not forward or not backward:
        one_way = oneway in {"yes", "true", "1", "-1"}
        sides = [(rule, Direction.FORWARD) for rule in forward] + [(rule, Direction.BACKWARD) for rule in backward]
        return tuple((rule, Direction.BOTH if one_way else direction) for rule, direction in sides)
    return (
        *((rule, Direction.BOTH if rule in backward else Direction.FORWARD) for rule in forward),
        *((rule, Direction.BACKWARD) for rule in backward if rule not in forward),
    )


@dataclass(frozen=True, slots=True)
class _Key:
    """A key taken apart: `maxweight:hgv:forward:conditional`. others: parts that are none of these."""

    base: str
    modes: tuple[str, ...]
    direction: str
    conditional: bool
    others: tuple[str, ...]

    @classmethod
    def of(cls, key: str) -> _Key:
        base, *parts = key.split(":")
        return cls(
            base,
            tuple(part for part in parts if part in _MODES),
            next((part for part in parts if part in _DIRECTIONS), ""),
            "conditional" in parts,
            tuple(part for part in parts if part not in {*_MODES, *_DIRECTIONS, "conditional", "both_ways"}),
        )


class _Tags:
    """The tags of a road for one direction of travel: what names this direction stands before what names none."""

    def __init__(self, tags: Mapping[str, str], side: str) -> None:
        self._found: dict[tuple[str, tuple[str, ...], bool, tuple[str, ...]], tuple[str, str]] = {}
        keys = sorted(((_Key.of(key), key) for key in tags), key=lambda pair: bool(pair[0].direction))
        for key, name in keys:
            if key.direction in {"", side}:
                self._found[key.base, key.modes, key.conditional, key.others] = (name, tags[name])

    def plain(self, base: str, *, modes: tuple[str, ...] = (), others: tuple[str, ...] = ()) -> tuple[str, str] | None:
        """The key as it is written, and the value, of a plain tag."""
        return self._found.get((base, modes, False, others))

    def conditional(self, base: str, *, modes: tuple[str, ...] = ()) -> tuple[str, str] | None:
        """The key as it is written, and the value, of a conditional tag."""
        return self._found.get((base, modes, True, ()))


def _rules(tags: Mapping[str, str], side: str) -> list[OsmRule]:
    told = _Tags(tags, side)
    found = [*_access_rules(told, tags), *_hazmat_rules(told)]
    for base, size in _LIMITS.items():
        found += _limit_rules(told, base, size)
    return list(dict.fromkeys(found))


def _access_rules(told: _Tags, tags: Mapping[str, str]) -> list[OsmRule]:
    read = _read_access_of_owner if tags.get("highway") == "service" else read_access
    within = {"hgv": _HEAVY, "goods": _LIGHT}
    listed: list[Clause] = []
    for base in _ACCESS_KEYS:
        listed += _clauses(told.conditional(base), told.plain(base), read, within.get(base, ANY_TIME))
    if tags.get("highway") in {"pedestrian", "busway"} and any(told.conditional(base) for base in _ACCESS_KEYS):
        # Hours are told of a street for walkers because the rest of the day is closed.
        listed.append(Clause(f"highway={tags['highway']}", CLOSED, ANY_TIME))
    allowed = dict.fromkeys(
        UsedFor(usage)
        for mode, usages in _ALLOWED_MODES.items()
        if (value := read_access(tags.get(mode, "no"))) is not None and not value.closed
        for usage in usages
    )
    return rules_of(listed, tuple(allowed))


def _read_access_of_owner(value: str) -> Ruling | None:
    return OPEN if value.strip().lower() in OWNERS_WORDS else read_access(value)


def _limit_rules(told: _Tags, base: str, size: Size) -> list[OsmRule]:
    """The rules of one kind of limit. A limit for heavy vehicles stands, for them, before the one for all."""
    read = partial(read_limit, size)
    signed = told.plain(base) or told.plain(base, others=("physical",))
    heavy = _clauses(told.conditional(base, modes=("hgv",)), told.plain(base, modes=("hgv",)), read, _HEAVY)
    return rules_of([*heavy, *_clauses(told.conditional(base), signed, read)])


def _hazmat_rules(told: _Tags) -> Iterator[OsmRule]:
    """Bans of dangerous goods. Those of some goods, and tunnel categories, are only shown: the load is not known."""
    yield from rules_of([*_clauses(told.conditional("hazmat"), told.plain("hazmat"), _read_hazmat)])
    for others, silent in ((("water",), {"yes", "designated"}), (("adr_tunnel_cat",), {"A"})):
        found = told.plain("hazmat", others=others)
        if found is not None and found[1] not in silent:
            yield warning("=".join(found))


def _read_hazmat(value: str) -> Ruling | None:
    ruling = read_access(value)
    return replace(ruling, applies_to=(CarriesHazmat(),)) if ruling is not None and ruling.closed else ruling


def _clauses(
    conditional: tuple[str, str] | None,
    plain: tuple[str, str] | None,
    read: Callable[[str], Ruling | None],
    within: Condition = ANY_TIME,
) -> Iterator[Clause]:
    """The values of a key from the strongest: the last of its conditional ones first, the plain one at the end."""
    if conditional is not None:
        key, text = conditional
        listed = clauses(text)
        if listed is None:
            yield Clause(f"{key}={text}", None, None)
        for value, condition in reversed(listed or []):
            yield Clause(f"{key}={value} @ ({condition})", read(value), _both(read_condition(condition), within))
    if plain is not None:
        key, value = plain
        yield Clause(f"{key}={value}", read(value), within)


def _both(condition: Condition | None, within: Condition) -> Condition | None:
    """The condition for the weights of a key; None for weights that no vehicle has."""
    if condition is None:
        return None
    over = max(condition.over_kg, within.over_kg)
    up_to = min((bound for bound in (condition.up_to_kg, within.up_to_kg) if bound is not None), default=None)
    return None if up_to is not None and up_to <= over else replace(condition, over_kg=over, up_to_kg=up_to)


@lru_cache(maxsize=1024)
def _periods(rule: OsmRule, zone: ZoneInfo) -> tuple[Period, ...]:
    if rule.season is None:
        return periods_of_hours(rule.hours, ALWAYS_SINCE, None)
    first, last = rule.season
    return tuple(
        period
        for year in range(*SEASONS)
        for period in periods_of_hours(
            rule.hours,
            _midnight(year, first, zone),
            _midnight(year + (last < first), last, zone, after=timedelta(days=1)),
        )
    )


def _midnight(year: int, day: tuple[int, int], zone: ZoneInfo, after: timedelta = timedelta()) -> datetime:
    """The midnight that begins a day of a year, or comes some days after it; 29 February is the last of the month."""
    month, number = day
    found = date(year, month, min(number, calendar.monthrange(year, month)[1])) + after
    return datetime.combine(found, time(), zone).astimezone(UTC)
