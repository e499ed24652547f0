"""A tour is driven without a gap, and asked of the law at the very hours at which it is driven (Paris extract)."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
import shapely

from portal.itineriz.planning.planner import Extras, plan
from portal.itineriz.routing.checking import LegContext, check_drive, ids_at
from portal.itineriz.routing.costing import costing_for
from portal.itineriz.routing.drives import Drive, distance_m
from portal.itineriz.routing.engine import JOINT_M, Engine
from portal.itineriz.routing.lawgrid import grid_of
from portal.itineriz.routing.overlay import law_to_drive
from portal.itineriz.trip import ProposalKind, Status, Stop, Trip, TripResult
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Period
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Vehicle, VehicleRule
from tests.support.paris import PARIS, TRUCK, local

WEST, EAST = Stop(2.3560, 48.8655), Stop(2.3780, 48.8690)
DAY = local("2024-10-01T10:00")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LARGE = Vehicle.from_public(
    {"gvw_t": 40, "height_m": 4.2, "width_m": 2.55, "length_m": 16.5, "axle_load_t": 11.5, "hazmat": True}
)


def law_of(*regulations: Perimeter | Measure) -> LawSnapshot:
    perimeters = [one for one in regulations if isinstance(one, Perimeter)]
    measures = [one for one in regulations if isinstance(one, Measure)]
    return LawSnapshot.build(perimeters, measures, zone=PARIS, version="made")


def street(
    engine: Engine,
    rows: list[int],
    name: str,
    period: Period | None = None,
    kind: MeasureType = MeasureType.NO_ENTRY,
    max_speed_kmh: int | None = None,
) -> Measure:
    shape = shapely.multilinestrings([engine.table.shapes[row] for row in rows])
    place = MeasureLocation(LocationKind.FREE_GEOMETRY, "rue", shape, Direction.BOTH)
    order = OrderRef(name, f"Arrêté {name}", "Ville", "")
    periods = (period or Period(LONG_AGO),)
    return Measure(name, order, kind, (place,), periods, VehicleRule(), max_speed_kmh=max_speed_kmh)


def ask(engine: Engine, law: LawSnapshot, *stops: Stop, vehicle: Vehicle = TRUCK, hours: bool = False) -> TripResult:
    return plan(engine, law, Trip(stops or (WEST, EAST), DAY, vehicle), extras=Extras(hours=hours))


def test_a_leg_begins_where_the_one_before_ended_when_stops_lie_anywhere(paris: Engine):
    dice = random.Random(11)
    joints = 0
    for turn in range(60):
        stops = (Stop(dice.uniform(2.3516, 2.3806), dice.uniform(48.8577, 48.8699)) for _ in range(4))
        result = ask(paris, law_of(), *stops, vehicle=(TRUCK, LARGE)[turn % 2])
        for before, after in zip(result.legs, result.legs[1:], strict=False):
            joints += 1
            assert distance_m(before.drive.end, after.drive.start) <= JOINT_M
    assert joints > 60


def _two_ways(engine: Engine) -> tuple[Drive, int, Drive]:
    """The way without law, the place of an edge in it, and the way when that edge is closed."""
    free = ask(engine, law_of()).legs[0].drive
    driven = {edge.row for edge in free.edges}
    for place in range(17, len(free.edges) - 3):
        result = ask(engine, law_of(street(engine, [free.edges[place].row], "closed")))
        if result.status is Status.OK:
            other = result.legs[0].drive
            if sum(edge.row not in driven for edge in other.edges[1:-1]) > 4:
                return free, place, other
    raise AssertionError("the extract has no such pair of ways")


def test_the_law_is_asked_at_the_hour_of_leaving_when_a_slow_street_makes_another_way_worth_it(paris: Engine):
    free, place, other = _two_ways(paris)
    both = {edge.row for edge in other.edges} | {int(paris.table.opposing[edge.row]) for edge in other.edges}
    slow_rows = [edge.row for edge in free.edges[1:place] if edge.row not in both]
    mine = {edge.row for edge in free.edges}
    met = [
        edge for edge in other.edges[1:-1] if edge.row not in mine and int(paris.table.opposing[edge.row]) not in mine
    ]
    late = met[len(met) // 2]
    slow = street(paris, slow_rows, "slow", kind=MeasureType.SPEED_LIMIT, max_speed_kmh=1)
    after = DAY + timedelta(seconds=free.edges[place].end_s + 5)
    closing = street(paris, [free.edges[place].row], "closing", Period(after))
    opening = street(paris, [late.row], "opening", Period(LONG_AGO, DAY + timedelta(seconds=late.end_s + 5)))
    law = law_of(slow, closing, opening)
    result = ask(paris, law)
    driven = grid_of(paris, law_to_drive(law)).law
    for leg in result.legs:
        ids = [ids_at(driven, stop.point) for stop in (WEST, EAST)]
        check = check_drive(paris, driven, leg.drive, LegContext(TRUCK, (), leg.depart_at, ids[0], ids[1]))
        assert not check.violations


def test_no_wait_is_proposed_in_a_perimeter_that_closes_meanwhile(paris: Engine):
    first = Stop(WEST.lon + 0.0006, WEST.lat, service_s=60)
    plain = ask(paris, law_of(), WEST, first, EAST).visits[1]
    shape = shapely.box(2.362, 48.862, 2.364, 48.88)
    across = Perimeter(
        "bar", "", "Bar", Colour.RED, shape, (Activation(LONG_AGO, plain.leave_at + timedelta(seconds=60)),)
    )
    waits = [p for p in ask(paris, law_of(across), WEST, first, EAST, hours=True).proposals if p.stop == 1]
    assert [proposal.kind for proposal in waits] == [ProposalKind.WAIT]
    meanwhile = Activation(plain.leave_at + timedelta(seconds=15), plain.leave_at + timedelta(seconds=20))
    around = Perimeter("small", "", "Small", Colour.RED, shapely.Point(plain.at).buffer(0.0001), (meanwhile,))
    result = ask(paris, law_of(across, around), WEST, first, EAST, hours=True)
    assert not [proposal for proposal in result.proposals if proposal.kind is ProposalKind.WAIT]


@pytest.mark.parametrize("count", [6, 7, 9])
def test_a_stop_is_reached_when_many_perimeters_lie_around_it_at_other_hours(paris: Engine, count: int):
    shape = shapely.Point(EAST.point).buffer(0.003)
    starts = [DAY + timedelta(hours=4 * (turn - count + 1) - 1) for turn in range(count)]
    around = [
        Perimeter(f"blue{turn}", f"event{turn}", "Blue", Colour.BLUE, shape, (Activation(at, at + timedelta(hours=3)),))
        for turn, at in enumerate(starts)
    ]
    assert ask(paris, law_of(*around)).status is Status.OK


def test_another_street_serves_the_stop_when_the_nearest_is_too_low(paris: Engine):
    start, end = Stop(2.3776906575578445, 48.86273322749969), Stop(2.368320267767475, 48.86248523557659)
    costing = costing_for(TRUCK, unknown_is_large=True)
    nearest = paris.places(end.point, costing, leaving=False)
    closed = paris.limits.closed_to(TRUCK, costing, False)
    assert any(
        closed[row] for row in [place.row for place in paris.places(end.point, costing, leaving=False, around_m=60)]
    )
    result = ask(paris, law_of(), start, end)
    assert nearest and result.status is Status.OK
    assert distance_m(end.point, result.legs[0].drive.end) < 120
