"""Random laws and questions on a grid, as bare values for the twin and as values of the core."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry

from portal.regulations.holidays import HolidayRegion
from portal.regulations.matches import EdgeMatches
from portal.regulations.measures import (
    Direction,
    EdgeFacts,
    LocationKind,
    Measure,
    MeasureLocation,
    MeasureType,
    OrderRef,
    Origin,
)
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import (
    Access,
    CarriesHazmat,
    Criterion,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    Vehicle,
    VehicleRule,
)
from tests.support import law_twin

PARIS = ZoneInfo("Europe/Paris")
MINUTE = timedelta(minutes=1)
CELLS = 3
# An ordinary week, both clock changes, the holidays of May, those of the end of the year, a new year.
ANCHORS = tuple(
    datetime.fromisoformat(text).replace(tzinfo=UTC)
    for text in ("2024-06-12T10:00", "2024-03-31T01:00", "2024-10-27T01:00", "2024-05-08T22:00", "2024-12-25T12:00")
)
WORDS = ("emergency", "taxi", "cityLogistics", "localAccess")
GRAPHS = ("g1", "g2")


def any_law(dice: random.Random) -> dict:
    """A law of some perimeters and measures, around one instant."""
    anchor = dice.choice(ANCHORS)
    alsace = dice.random() < 0.3
    # Measures speak of the same places, or none would give way to another.
    places = [_place(dice) for _ in range(3)]
    others = [_measure(dice, anchor, f"m{n}", dice.choice(places)) for n in range(dice.randint(1, 6))]
    return {
        "anchor": anchor,
        "zone": PARIS,
        "alsace": alsace,
        "days_off": law_twin.DAYS_OFF_ALSACE if alsace else law_twin.DAYS_OFF,
        "perimeters": [_perimeter(dice, anchor, f"p{n}") for n in range(dice.randint(0, 2))],
        "measures": [*(_order_and_tag(dice, anchor, places[0]) if dice.random() < 0.5 else ()), *others],
    }


def any_place(dice: random.Random) -> dict:
    """A point in the middle of a cell, or an edge driven through the middle of one, all of it or half."""
    cell = dice.randrange(CELLS), dice.randrange(CELLS)
    if dice.random() < 0.4:
        return {"cell": cell}
    axis, along = dice.choice("xy"), dice.random() < 0.5
    return {
        "cell": cell,
        "axis": axis,
        "along": along,
        "driven": dice.choice(((0.0, 1.0), (0.0, 1.0), (0.0, 0.5), (0.5, 1.0))),
        "id": _edge_id(axis, cell, along),
        "graph": dice.choice(GRAPHS),
        "motorway": dice.random() < 0.1,
        "one_way": dice.random() < 0.3,
    }


def any_vehicle(dice: random.Random) -> dict:
    """A small whole number for each size, or nothing known of it."""
    return {
        "gross_weight_kg": dice.choice((None, 1, 2, 3, 4, 5)),
        "height_cm": dice.choice((None, 1, 2, 3, 4, 5)),
        "hazmat": dice.choice((None, False, False, True)),
        "usages": {word for word in WORDS[:3] if dice.random() < 0.2},
    }


def any_passes(dice: random.Random, anchor: datetime) -> list[dict]:
    """At most two passes, for colours."""
    passes = []
    for _ in range(dice.randint(0, 2)):
        start = anchor + dice.randint(-2000, 1000) * MINUTE
        colours = {colour.value for colour in Colour if dice.random() < 0.4}
        passes.append({"start": start, "end": start + dice.randint(1, 3000) * MINUTE, "colours": colours})
    return passes


def any_instant(dice: random.Random, anchor: datetime) -> datetime:
    """A whole minute within two days of the middle of the law."""
    return anchor + dice.randint(-2880, 2880) * MINUTE


def _perimeter(dice: random.Random, anchor: datetime, name: str) -> dict:
    starts = [anchor + dice.randint(-3000, 1500) * MINUTE for _ in range(dice.randint(1, 2))]
    spans = [(start, start + dice.randint(1, 3000) * MINUTE) for start in starts]
    area = {"id": name, "colour": dice.choice([*Colour]).value, "box": _box(dice), "spans": spans}
    return area | ({"matches": _matches(dice)} if dice.random() < 0.3 else {})


def _box(dice: random.Random) -> tuple[int, int, int, int]:
    (west, east), (south, north) = (sorted(dice.sample(range(CELLS + 1), 2)) for _ in range(2))
    return west, south, east, north


def _measure(dice: random.Random, anchor: datetime, name: str, place: dict) -> dict:
    origin = dice.choice(("order", "order", "event", "osm", "osm"))
    return {
        "id": name,
        "origin": origin,
        "kind": dice.choice(("noEntry", "noEntry", "noEntry", "oneWay", "unknown")),
        "place": place,
        "direction": dice.choice(("both", "both", "forward", "backward", "unknown")),
        "periods": [_period(dice, anchor) for _ in range(dice.choice((1, 1, 2)))],
        "rule": _rule(dice),
    }


def _order_and_tag(dice: random.Random, anchor: datetime, place: dict) -> tuple[dict, dict]:
    """An order that spares some, and a sign of the same street that repeats it, or an older one."""
    order = _measure(dice, anchor, "order", place) | {"origin": "order", "kind": "noEntry", "direction": "both"}
    size, limit = dice.choice(("gross_weight_kg", "gross_weight_kg", "height_cm")), dice.randint(1, 4)
    order["rule"] = {"over": dice.choice(([], [(size, limit)])), "except": dice.sample(WORDS, 2)}
    over = [(name, dice.randint(1, number)) for name, number in order["rule"]["over"]]
    periods = dice.choice((order["periods"], [_period(dice, anchor)]))
    tag = {**order, "id": "tag", "origin": "osm", "rule": {"over": over, "except": []}, "periods": periods}
    return order, tag


def _place(dice: random.Random) -> dict:
    which = dice.random()
    if which < 0.35:
        return {"kind": "area", "box": _box(dice)} | ({"matches": _matches(dice)} if dice.random() < 0.4 else {})
    if which < 0.5:
        return {"kind": "point", "cell": (dice.randrange(CELLS), dice.randrange(CELLS))}
    first = dice.randrange(CELLS)
    place = {
        "kind": "street",
        "axis": dice.choice("xy"),
        "line": dice.randrange(CELLS),
        "first": first,
        "last": dice.randrange(first, CELLS),
        "reversed": dice.random() < 0.5,
    }
    if place["last"] > first and dice.random() < 0.3:
        place["kind"] = "ends"
    if dice.random() < 0.5:
        return place
    matches = _matches(dice)
    if dice.random() < 0.5:
        matches["missing"] = tuple(sorted(dice.choices(range(first, place["last"] + 1), k=2)))
    return place | {"matches": matches}


def _matches(dice: random.Random) -> dict:
    rows = {}
    for _ in range(dice.randint(1, 20)):
        axis, along = dice.choice("xy"), dice.random() < 0.5
        key = _edge_id(axis, (dice.randrange(CELLS), dice.randrange(CELLS)), along)
        start, end = dice.choice(((0.0, 1.0), (0.0, 0.5), (0.5, 1.0), (0.25, 0.75)))
        rows[key] = {
            "along": dice.random() < 0.5,
            "from": start,
            "to": end,
            "confidence": dice.choice((0.25, 0.5, 1.0)),
        }
    return {"graph": GRAPHS[0], "trusted": dice.random() < 0.7, "rows": rows, "missing": None}


def _edge_id(axis: str, cell: tuple[int, int], along: bool) -> str:
    return str(1000 * (axis == "y") + 100 * along + CELLS * cell[0] + cell[1])


def _period(dice: random.Random, anchor: datetime) -> dict:
    clock = (0, 60, 119, 120, 150, 180, 420, 720, 1140, 1439)
    start = anchor + dice.randint(-6000, 0) * MINUTE
    return {
        "start": start,
        "end": None if dice.random() < 0.5 else start + dice.randint(0, 12000) * MINUTE,
        "weekdays": set() if dice.random() < 0.6 else set(dice.sample(range(7), dice.randint(2, 6))),
        "slots": [(dice.choice(clock), dice.choice(clock)) for _ in range(dice.choice((0, 0, 1, 1, 2)))],
        "holidays": dice.choice(("ignored", "ignored", "excepted", "also", "only")),
    }


def _rule(dice: random.Random) -> dict:
    criteria = [(size, dice.randint(1, 4)) for size in ("gross_weight_kg", "height_cm") if dice.random() < 0.3]
    if dice.random() < 0.15:
        criteria.append(("hazmat", 0))
    return {"over": criteria, "except": dice.sample(WORDS, dice.choice((0, 0, 1, 2)))}


def shifted(bare: Any, by: timedelta) -> Any:
    """The same bare values, all instants moved."""
    match bare:
        case datetime():
            return bare + by
        case dict():
            return {key: shifted(value, by) for key, value in bare.items()}
        case list() | tuple():
            return type(bare)(shifted(value, by) for value in bare)
        case _:
            return bare


def law_of(bare: dict) -> LawSnapshot:
    """The same law as the core knows it."""
    perimeters = [
        Perimeter(
            area["id"],
            "",
            "",
            Colour(area["colour"]),
            shapely.box(*_degrees(*area["box"])),
            tuple(Activation(*span) for span in area["spans"]),
            matches=_matches_of(area),
        )
        for area in bare["perimeters"]
    ]
    region = HolidayRegion.ALSACE_MOSELLE if bare["alsace"] else HolidayRegion.METROPOLE
    measures = [measure_of(measure) for measure in bare["measures"]]
    return LawSnapshot.build(perimeters, measures, zone=PARIS, version="", region=region)


def measure_of(bare: dict) -> Measure:
    """One measure as the core knows it."""
    place = bare["place"]
    location = MeasureLocation(
        LocationKind.FREE_GEOMETRY, "", _shape(place), Direction(bare["direction"]), matches=_matches_of(place)
    )
    return Measure(
        bare["id"],
        OrderRef("o", bare["id"]),
        MeasureType(bare["kind"]),
        (location,),
        tuple(period_of(period) for period in bare["periods"]),
        rule_of(bare["rule"]),
        origin=Origin(bare["origin"]),
    )


def _matches_of(place: dict) -> EdgeMatches | None:
    found = place.get("matches")
    if found is None:
        return None
    rows = ((int(k), r["along"], r["from"], r["to"], r["confidence"]) for k, r in found["rows"].items())
    kept = EdgeMatches.of(found["graph"], rows)
    missing = path = None
    if place.get("kind") == "ends":
        path = shapely.LineString(_shape(place).geoms)
    elif found["missing"] is not None:
        first, last = found["missing"]
        missing = _shape({**place, "first": first, "last": last})
    return EdgeMatches(found["graph"], kept.rows, found["trusted"], _degrees(0, 0, CELLS, CELLS), missing, path)


def period_of(bare: dict) -> Period:
    """A period as the core knows it."""
    return Period(
        bare["start"],
        bare["end"],
        frozenset(Weekday(day) for day in bare["weekdays"]),
        tuple(TimeSlot(time(a // 60, a % 60), time(b // 60, b % 60)) for a, b in bare["slots"]),
        HolidayRule(bare["holidays"]),
    )


def rule_of(bare: dict) -> VehicleRule:
    """A rule as the core knows it."""
    criteria: list[Criterion] = [
        CarriesHazmat() if name == "hazmat" else Over(Size(name), limit) for name, limit in bare["over"]
    ]
    words = [HasAccess(Access.LOCAL_ACCESS) if w == "localAccess" else UsedFor(Usage(w)) for w in bare["except"]]
    return VehicleRule(tuple(criteria), tuple(words))


def vehicle_of(bare: dict) -> Vehicle:
    """A vehicle as the core knows it."""
    usages = frozenset(Usage(word) for word in bare["usages"])
    return Vehicle(bare["gross_weight_kg"], height_cm=bare["height_cm"], hazmat=bare["hazmat"], usages=usages)


def passes_of(bare: list[dict]) -> tuple[PassRight, ...]:
    """Passes as the core knows them."""
    return tuple(
        PassRight(held["start"], held["end"], colours=frozenset(Colour(name) for name in held["colours"]))
        for held in bare
    )


def place_of(asked: dict) -> tuple[BaseGeometry, EdgeFacts | None]:
    """A place asked as the core knows it."""
    x, y = asked["cell"]
    if "axis" not in asked:
        return shapely.Point(*_degrees(x + 0.5, y + 0.5)), None
    start, end = asked["driven"]
    if not asked["along"]:
        start, end = 1 - start, 1 - end
    ends = [(x + f, y + 0.5) if asked["axis"] == "x" else (x + 0.5, y + f) for f in (start, end)]
    facts = EdgeFacts(
        "motorway" if asked["motorway"] else "residential",
        one_way=asked["one_way"],
        edge_id=asked["id"],
        graph_version=asked["graph"],
        driven=asked["driven"],
    )
    return shapely.LineString([_degrees(*point) for point in ends]), facts


def _shape(place: dict) -> BaseGeometry:
    if place["kind"] == "area":
        return shapely.box(*_degrees(*place["box"]))
    if place["kind"] == "point":
        x, y = place["cell"]
        return shapely.Point(*_degrees(x + 0.5, y + 0.5))
    across = place["line"] + 0.5
    span = (place["first"], place["last"] + 1)
    if place["kind"] == "ends":
        span = (place["first"] + 0.5, place["last"] + 0.5)
    ends = [_degrees(t, across) if place["axis"] == "x" else _degrees(across, t) for t in span]
    drawn = ends[::-1] if place["reversed"] else ends
    return shapely.MultiPoint(drawn) if place["kind"] == "ends" else shapely.LineString(drawn)


def _degrees(*corner: float) -> tuple[float, ...]:
    """Cells to degrees around Paris."""
    return tuple((2.3, 48.8)[i % 2] + value / 1000 for i, value in enumerate(corner))
