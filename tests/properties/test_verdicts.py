"""What must hold of rules, purposes and the index whatever the law says; the twin is asked in `test_law_twin`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point, box

from portal.regulations.evaluate import Purpose, verdict
from portal.regulations.measures import LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Period
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Access, Answer, HasAccess, Over, Size, Usage, UsedFor, Vehicle, VehicleRule
from tests.support.law import PARIS

DAY = datetime(2024, 10, 26, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SIZES = ("gross_weight_kg", "height_cm", "width_cm")
WORDS = ["emergency", "taxi", "cityLogistics", "localAccess"]

minutes = st.integers(0, 1440)
spans = st.tuples(minutes, minutes).map(lambda pair: (DAY + min(pair) * MINUTE, DAY + max(pair) * MINUTE + MINUTE))
# Boxes have whole bounds and places lie between them: the half metre of tolerance is never in play.
bounds = st.tuples(*[st.integers(0, 4)] * 4).map(
    lambda b: (min(b[0], b[2]), min(b[1], b[3]), max(b[0], b[2]) + 1, max(b[1], b[3]) + 1)
)
places = st.tuples(st.integers(0, 5), st.integers(0, 5)).map(lambda xy: (xy[0] + 0.5, xy[1] + 0.5))
bare_perimeters = st.tuples(st.sampled_from(list(Colour)), bounds, st.lists(spans, min_size=1, max_size=3))
limits = st.integers(1, 5)
bare_rules = st.fixed_dictionaries(
    {
        "over": st.dictionaries(st.sampled_from(SIZES), limits, max_size=3),
        "except": st.lists(st.sampled_from(WORDS), max_size=2, unique=True),
    }
)
bare_bans = st.tuples(bounds, spans, bare_rules)
bare_passes = st.tuples(spans, st.sets(st.sampled_from(list(Colour)), max_size=2))
vehicles = st.builds(
    Vehicle,
    gross_weight_kg=st.none() | limits,
    height_cm=st.none() | limits,
    width_cm=st.none() | limits,
    usages=st.frozensets(st.sampled_from([Usage.EMERGENCY, Usage.TAXI, Usage.CITY_LOGISTICS])),
)
purposes = st.sampled_from(list(Purpose))
laws = st.tuples(st.lists(bare_perimeters, max_size=3), st.lists(bare_bans, max_size=2))


def scaled(corner: tuple[float, ...]) -> tuple[float, ...]:
    """Grid units to degrees around Paris: one unit is some 70 to 110 metres."""
    return tuple((2.3, 48.8)[i % 2] + value / 1000 for i, value in enumerate(corner))


def rule_of(bare: dict) -> VehicleRule:
    over = tuple(Over(Size(size), limit) for size, limit in bare["over"].items())
    words = (
        HasAccess(Access.LOCAL_ACCESS) if word == "localAccess" else UsedFor(Usage(word)) for word in bare["except"]
    )
    return VehicleRule(over, tuple(words))


def law_of(bare: tuple) -> LawSnapshot:
    perimeters = [
        Perimeter(f"p{i}", "", "", colour, box(*scaled(area)), tuple(Activation(*span) for span in active))
        for i, (colour, area, active) in enumerate(bare[0])
    ]
    measures = [
        Measure(
            f"m{i}",
            OrderRef("o", ""),
            MeasureType.NO_ENTRY,
            (MeasureLocation(LocationKind.AREA, "", box(*scaled(area))),),
            (Period(*span),),
            rule_of(rule),
        )
        for i, (area, span, rule) in enumerate(bare[1])
    ]
    return LawSnapshot.build(perimeters, measures, zone=PARIS, version="")


def rights_of(bare: list) -> list[PassRight]:
    return [PassRight(*span, colours=frozenset(colours)) for span, colours in bare]


questions = st.tuples(laws, places, vehicles, st.lists(bare_passes, max_size=2), purposes)


@settings(max_examples=150, deadline=None)
@given(questions, minutes)
def test_transit_is_never_freer_than_a_stop(question: tuple, minute: int) -> None:
    bare, place, vehicle, passes, _ = question
    asked = (law_of(bare), Point(*scaled(place)), DAY + minute * MINUTE, vehicle, rights_of(passes))
    stop, transit = (verdict(*asked, purpose).state for purpose in (Purpose.STOP_INSIDE, Purpose.TRANSIT))
    assert transit.strictness >= stop.strictness


def grades(answer: Answer) -> int:
    return [Answer.NO, Answer.UNKNOWN, Answer.YES].index(answer)


@settings(max_examples=300, deadline=None)
@given(bare_rules, st.sampled_from(WORDS), vehicles, st.booleans())
def test_one_more_exemption_never_restricts(bare: dict, word: str, vehicle: Vehicle, stops: bool) -> None:
    more = {**bare, "except": [*bare["except"], word]}
    before = rule_of(bare).concerns(vehicle, stops_inside=stops).answer
    after = rule_of(more).concerns(vehicle, stops_inside=stops).answer
    assert grades(after) <= grades(before)


@settings(max_examples=300, deadline=None)
@given(bare_rules, vehicles, st.sampled_from(SIZES), st.integers(1, 5), st.booleans())
def test_bigger_vehicle_is_never_freer(bare: dict, vehicle: Vehicle, size: str, more: int, stops: bool) -> None:
    value = getattr(vehicle, size)
    if value is None:
        return
    sizes = {name: getattr(vehicle, name) for name in SIZES} | {size: value + more}
    bigger = Vehicle(**sizes, usages=vehicle.usages)
    rule = rule_of(bare)
    small, big = (rule.concerns(v, stops_inside=stops).answer for v in (vehicle, bigger))
    assert grades(big) >= grades(small)


@settings(max_examples=80, deadline=None)
@given(laws, st.lists(places, min_size=2, max_size=4, unique=True))
def test_candidates_hold_everything_that_shapely_finds_inside(bare: tuple, corners: list) -> None:
    law = law_of(bare)
    path = shapely.LineString([scaled(corner) for corner in corners])
    everything = [*law.perimeters.values(), *law.measures.values()]
    inside = {
        regulation.id
        for regulation in everything
        if shapely.intersects(
            regulation.shape if isinstance(regulation, Perimeter) else regulation.locations[0].shape, path
        )
    }
    near = {regulation.id for regulation in law.candidates(path)}
    at = {hit.regulation.id for hit in law.at(path)}
    assert at <= inside <= near
