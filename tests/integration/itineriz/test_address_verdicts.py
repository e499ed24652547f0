"""The week of an address is what the law answers when it is asked again for each instant, street and direction."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import shapely

from portal.itineriz.addresses.bearing import law_that_bears
from portal.itineriz.addresses.checking import Checked, Checker
from portal.itineriz.addresses.finding import Candidate, Located
from portal.itineriz.addresses.serving import Streets, serve, streets_of
from portal.itineriz.addresses.verdicts import Answer, Judge, Span, WeekVerdict, week_of
from portal.itineriz.addresses.words import hours_grid, open_by_day
from portal.itineriz.places.sheet import SheetRow
from portal.itineriz.routing.engine import Engine, distance_m
from portal.regulations.evaluate import Reason, ReasonCode, State, judge, verdict
from portal.regulations.geometry import POINT_REACH_M
from portal.regulations.measures import (
    Direction,
    LocationKind,
    Measure,
    MeasureLocation,
    MeasureType,
    OrderRef,
    Origin,
)
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Period, TimeSlot
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import ALL_VEHICLES, Access, HasAccess, Over, Size, Vehicle, VehicleRule
from tests.support.invented_orders import MIDDLE, any_rules, law_of

PARIS = ZoneInfo("Europe/Paris")
MONDAY = MIDDLE.date() - timedelta(days=MIDDLE.weekday())
WEEK = week_of(MONDAY, PARIS)
VEHICLES = (
    {"gvw_t": 3.5, "height_m": 2.5, "width_m": 2.0, "length_m": 5.5, "axle_load_t": 2.0, "hazmat": False},
    {
        "gvw_t": 19,
        "height_m": 3.8,
        "width_m": 2.5,
        "length_m": 10,
        "axle_load_t": 11.5,
        "hazmat": True,
        "air_class": "3",
    },
    {"gvw_t": 12},
)
PASSES = (PassRight(MIDDLE - timedelta(days=1), MIDDLE + timedelta(hours=30), colours=frozenset([Colour.RED])),)


def places(engine: Engine, dice: random.Random, count: int) -> list[tuple[float, float]]:
    """Points a few metres beside streets, as houses are."""
    found = []
    for _ in range(count):
        point = shapely.line_interpolate_point(dice.choice(engine.table.shapes), dice.random(), normalized=True)
        found.append((point.x + dice.uniform(-2e-4, 2e-4), point.y + dice.uniform(-1.5e-4, 1.5e-4)))
    return found


def nearest_by_hand(streets: Streets, point: tuple[float, float]) -> float:
    """The distance in metres from a point to the nearest street of the graph, asked of each of them."""
    table = streets.table
    scale = np.array([np.cos(np.radians(float(table.coords[:, 1].mean()))), 1.0]) * 111_195.08
    metric = shapely.transform(table.shapes, lambda degrees: degrees * scale)
    return float(shapely.distance(metric, shapely.Point(np.array(point) * scale)).min())


def asked_again(
    streets: Streets, law: LawSnapshot, point: tuple[float, float], at: datetime, vehicle: Vehicle, passes: tuple
) -> State:
    """The strictest of the street and the areas at the address, by the freest direction of the street.

    Off the street, lines right at the address count too.
    """
    (row,) = streets.nearest([point])
    is_off = distance_m(point, streets.stand(row, point)[2]) > POINT_REACH_M
    bearing = [hit for hit in law.at(shapely.Point(point)) if is_off or hit.areal or hit.nearby]
    of_point = judge(law, bearing, at, vehicle, passes).state
    ways = []
    for one in streets.directions(row):
        piece, facts, _on_street = streets.stand(one, point)
        states = [of_point, verdict(law, piece, at, vehicle, passes, edge=facts).state]
        states += [State.FORBIDDEN if limit.known else State.UNKNOWN for limit in streets.limits.passed(one, vehicle)]
        ways.append(max(states, key=lambda state: state.strictness))
    return min(ways, key=lambda state: state.strictness)


def state_at(answer: Answer, at: datetime) -> State:
    (state,) = [span.state for span in answer.spans if span.start <= at < span.end]
    return state


def seen_when_asked_again(
    streets: Streets,
    law: LawSnapshot,
    points: list[tuple[float, float]],
    vehicle: Vehicle,
    passes: tuple,
    dice: random.Random,
) -> list[Answer]:
    """The weeks of some addresses, each compared with the law asked anew at some instants."""
    bearing = law_that_bears(law, WEEK, vehicle)
    judge = Judge(bearing, streets.limits, WEEK, vehicle, passes)
    answers = [judge.answer(serving) for serving in serve(streets, bearing, points) if serving is not None]
    for point, answer in zip(points, answers, strict=True):
        assert answer.spans[0].start == WEEK.start
        assert answer.spans[-1].end == WEEK.end
        assert all(one.end == other.start for one, other in zip(answer.spans, answer.spans[1:], strict=False))
        edges = [at for span in answer.spans for at in (span.start, span.end - timedelta(seconds=1))]
        instants = dice.sample(edges, min(len(edges), 5))
        instants += [WEEK.start + timedelta(seconds=dice.randrange(7 * 86_400)) for _ in range(3)]
        for at in instants:
            expected = asked_again(streets, law, point, at, vehicle, passes)
            assert state_at(answer, at) is expected, (point, at)
    return answers


@pytest.mark.parametrize("seed", range(6))
def test_the_week_is_what_the_law_answers_at_each_instant(paris: Engine, seed: int):
    dice = random.Random(seed)
    vehicle = Vehicle.from_public(VEHICLES[seed % len(VEHICLES)])
    law = law_of(any_rules(dice, list(paris.table.shapes), 150), PARIS)
    streets = streets_of(paris, "auto" if seed % 3 == 0 else "truck")
    answers = seen_when_asked_again(streets, law, places(paris, dice, 12), vehicle, PASSES if seed % 2 else (), dice)
    states = {span.state for answer in answers for span in answer.spans}
    assert len(states) > 1, "a law that says one thing everywhere proves little"


SIGNS = (ALL_VEHICLES, VehicleRule((Over(Size.GROSS_WEIGHT, 3500),)), VehicleRule((Over(Size.HEIGHT, 300),)))
ORDERS = (
    VehicleRule((), (HasAccess(Access.LOCAL_ACCESS),)),
    VehicleRule((Over(Size.GROSS_WEIGHT, 26_000),)),
    VehicleRule((Over(Size.GROSS_WEIGHT, 7500),)),
)
SPANS = ((), (TimeSlot(time(7), time(10)),), (TimeSlot(time(21), time(6)),))


def no_entry(name: str, shape: shapely.LineString, rule: VehicleRule, origin: Origin, dice: random.Random) -> Measure:
    period = Period(WEEK.start - timedelta(days=30), None, slots=dice.choice(SPANS))
    place = MeasureLocation(LocationKind.NAMED_STREET, "Rue", shape, dice.choice([Direction.BOTH, Direction.FORWARD]))
    order = OrderRef(name, f"Arrêté {name}")
    return Measure(name, order, MeasureType.NO_ENTRY, (place,), (period,), rule, origin=origin)


@pytest.mark.parametrize("seed", range(4))
def test_the_week_is_what_the_law_answers_when_orders_stand_beside_signs_of_openstreetmap(paris: Engine, seed: int):
    dice = random.Random(100 + seed)
    vehicle = Vehicle.from_public({**VEHICLES[1], "gvw_t": 12} if seed % 2 else VEHICLES[2])
    streets = streets_of(paris, "truck")
    rows = dice.sample([row for row in range(len(paris.table)) if paris.table.lengths_m[row] > 60], 12)
    signs, orders, points = [], [], []
    for number, row in enumerate(rows):
        shape = paris.table.shapes[row]
        signs.append(no_entry(f"s{number}", shape, SIGNS[number % 3], Origin.OSM, dice))
        orders += [
            no_entry(f"o{number}-{n}", shape, dice.choice(ORDERS), Origin.ORDER, dice)
            for n in range(dice.randint(1, 2))
        ]
        middle = shapely.line_interpolate_point(shape, dice.uniform(0.3, 0.7), normalized=True)
        points.append((middle.x, middle.y))
    both = LawSnapshot.build((), [*signs, *orders], zone=PARIS, version="both")
    answers = seen_when_asked_again(streets, both, points, vehicle, (), dice)
    told = {reason.origin for answer in answers for span in answer.spans for reason in span.reasons}
    assert told == {Origin.OSM, Origin.ORDER}
    # Some sign gave way: the same streets are freer than they are by the signs alone.
    alone = LawSnapshot.build((), signs, zone=PARIS, version="signs")
    by_signs = seen_when_asked_again(streets, alone, points, vehicle, (), dice)
    assert any(open_s(one) > open_s(other) for one, other in zip(answers, by_signs, strict=True))


def open_s(answer: Answer) -> float:
    return sum((span.end - span.start).total_seconds() for span in answer.spans if span.state is State.ALLOWED)


def test_the_street_is_the_nearest_one_whatever_its_name(paris: Engine):
    dice = random.Random(3)
    streets = streets_of(paris, "auto")
    points = places(paris, dice, 25)
    found = serve(streets, LawSnapshot.build((), (), zone=PARIS, version="empty"), points)
    scale = np.array([np.cos(np.radians(48.864)), 1.0]) * 111_195.08
    for point, serving in zip(points, found, strict=True):
        away = float(np.hypot(*((np.array(serving.at) - np.array(point)) * scale)))
        # The nearest street of all may be for cars or lorries alone: it is never nearer than what is found by 2 m.
        assert away == pytest.approx(nearest_by_hand(streets, point), abs=2.0)


def test_an_address_far_from_every_street_has_no_answer(paris: Engine):
    empty = LawSnapshot.build((), (), zone=PARIS, version="empty")
    assert serve(streets_of(paris, "auto"), empty, [(2.0, 48.0)]) == [None]


def test_a_street_closed_one_way_is_served_the_other_way(paris: Engine):
    table = paris.table
    row = next(row for row in range(len(table)) if table.opposing[row] >= 0 and table.lengths_m[row] > 80)
    shape = table.shapes[row]
    point = shapely.line_interpolate_point(shape, 0.5, normalized=True)

    def ban(direction: Direction) -> Measure:
        place = MeasureLocation(LocationKind.NAMED_STREET, "Rue", shape, direction)
        period = Period(WEEK.start.astimezone(UTC), None)
        return Measure("m", OrderRef("o", "Arrêté"), MeasureType.NO_ENTRY, (place,), (period,), ALL_VEHICLES)

    def week(direction: Direction) -> WeekVerdict:
        law = LawSnapshot.build((), [ban(direction)], zone=PARIS, version=direction.value)
        checker = Checker(paris, law, PARIS, MONDAY, Vehicle.from_public(VEHICLES[0]))
        checked = checker_result(checker, (point.x, point.y))
        return WeekVerdict(checked["verdict"])

    assert week(Direction.FORWARD) is WeekVerdict.OPEN
    assert week(Direction.BOTH) is WeekVerdict.CLOSED


def checker_result(checker: Checker, point: tuple[float, float]) -> dict:
    checked = Checked()
    checker.add(checked, [(SheetRow(1, {}), Located(Candidate("ici", *point, 1.0)))])
    return checked.addresses[0].to_json()


REASON = Reason(ReasonCode.NO_ENTRY, "measure", "m", "Arrêté", State.FORBIDDEN, WEEK.start, None)


@pytest.mark.parametrize(
    ("monday", "start", "hours", "closed", "open_on_sunday"),
    [
        ("2026-03-23", "2026-03-29T00:30:00+00:00", 1, [(6, 1), (6, 2), (6, 3)], "00:00-01:30, 03:30-24:00"),
        ("2026-10-19", "2026-10-25T00:30:00+00:00", 1, [(6, 2)], "00:00-02:30, 02:30-24:00"),
        ("2026-06-01", "2026-06-06T20:00:00+00:00", 4, [(5, 22), (5, 23), (6, 0), (6, 1)], "02:00-24:00"),
    ],
    ids=["skipped hour", "hour twice", "over midnight"],
)
def test_the_table_of_hours_keeps_the_clock_of_the_territory(
    sentences: None, monday: str, start: str, hours: int, closed: list[tuple[int, int]], open_on_sunday: str
):
    week = week_of(datetime.fromisoformat(monday).date(), PARIS)
    opens = datetime.fromisoformat(start)
    closes = opens + timedelta(hours=hours)
    answer = Answer(
        (
            Span(week.start, opens, State.ALLOWED, ()),
            Span(opens, closes, State.FORBIDDEN, (REASON,)),
            Span(closes, week.end, State.ALLOWED, ()),
        )
    ).to_json(PARIS)
    first = week.start.astimezone(PARIS).date()
    grid = hours_grid(answer, first, PARIS)
    found = [
        (n, hour) for n, (_day, row) in enumerate(grid) for hour, state, _changes in row if state is not State.ALLOWED
    ]
    assert found == closed
    assert open_by_day(answer, first, PARIS)[6] == open_on_sunday
