"""A free order on the Paris extract: a better one, at legal hours, with what it saves and what is left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import numpy as np
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from portal.itineriz.documents.answer import to_public
from portal.itineriz.planning.planner import Extras, plan
from portal.itineriz.routing.drives import part_of, point_on
from portal.itineriz.routing.engine import Engine
from portal.itineriz.trip import Status, Stop, Trip, TripResult
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Interval, Period
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import ALL_VEHICLES, Over, Size, Vehicle, VehicleRule
from portal.territories.api import EdgeFlag
from tests.support.paris import PARIS, TRUCK, local

DAY = local("2024-10-01T10:00")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
DEPOT = Stop(2.3560, 48.8655, "Dépôt")
# Far, near, far, near: the order given goes back and forth.
GIVEN = (
    DEPOT,
    Stop(2.3775, 48.8685, "A", 120),
    Stop(2.3590, 48.8650, "B", 120),
    Stop(2.3745, 48.8680, "C", 120),
    Stop(2.3650, 48.8640, "D", 120),
)
NO_LAW = LawSnapshot.build([], [], zone=PARIS, version="none")


def ask(engine: Engine, law: LawSnapshot, *stops: Stop, **more: object) -> TripResult:
    given = {"free_order": True, "return_to_start": True, **more}
    return plan(engine, law, Trip(stops or GIVEN, DAY, TRUCK, **given), extras=Extras(hours=False))  # type: ignore[arg-type]


def closed(stop: Stop, *spans: tuple[datetime, datetime | None]) -> LawSnapshot:
    shape = shapely.Point(stop.point).buffer(0.0004)
    activations = tuple(Activation(start, end) for start, end in spans)
    zone = Perimeter("zone", "event", "Zone", Colour.RED, shape, activations)
    return LawSnapshot.build([zone], [], zone=PARIS, version="made")


def order_of(result: TripResult) -> list[int]:
    return [visit.call.number for visit in result.visits]


def test_the_stops_are_served_in_a_better_order_when_it_is_free(paris: Engine):
    fixed = ask(paris, NO_LAW, free_order=False)
    result = ask(paris, NO_LAW)
    assert order_of(fixed) == [0, 1, 2, 3, 4, 0]
    assert sorted(order_of(result)) == [0, 0, 1, 2, 3, 4]
    assert result.order is not None and result.order.free and result.order.given == (0, 1, 2, 3, 4)
    assert result.order.saved_s == pytest.approx(fixed.drive_s - result.drive_s, abs=0.5)
    assert result.order.saved_m == pytest.approx(fixed.distance_m - result.distance_m, abs=10)
    every = (ask(paris, NO_LAW, DEPOT, *some, free_order=False).drive_s for some in permutations(GIVEN[1:]))
    assert result.drive_s <= min(every) * 1.05


def test_the_last_stop_stays_last_when_the_tour_does_not_return(paris: Engine):
    assert order_of(ask(paris, NO_LAW, return_to_start=False))[-1] == 4


def test_a_stop_is_served_in_its_legal_hours_when_the_order_is_free(paris: Engine):
    law = closed(GIVEN[2], (DAY, DAY + HOUR / 4))
    result = ask(paris, law)
    assert result.status is Status.OK and not result.impossible
    served = next(visit for visit in result.visits if visit.call.number == 2)
    assert served.begin_at >= DAY + HOUR / 4


def test_a_stop_is_left_out_and_named_first_when_no_hour_of_the_day_is_legal(paris: Engine, sentences: None):
    law = closed(GIVEN[3], (LONG_AGO, DAY + 50 * HOUR))
    result = ask(paris, law)
    assert result.status is Status.OK
    assert sorted(order_of(result)) == [0, 0, 1, 2, 4]
    (impossible,) = result.impossible
    assert (impossible.number, [reason.id for reason in impossible.reasons]) == (3, ["zone"])
    assert impossible.open[0].start == DAY + 50 * HOUR
    assert [needed.perimeter.id for needed in impossible.passes] == ["zone"]
    public = to_public(result, PARIS)
    assert public["impossible_stops"][0]["label"] == "C"
    assert [stop["number"] for stop in public["stops"]] == order_of(result)
    assert public["stops"][-1]["return"] is True


def test_windows_are_kept_when_the_order_is_free(paris: Engine):
    early = Interval(DAY, DAY + timedelta(minutes=9))
    stops = (*GIVEN[:4], Stop(*GIVEN[4].point, "D", 120, (early,)))
    result = ask(paris, NO_LAW, *stops)
    served = next(visit for visit in result.visits if visit.call.number == 4)
    assert result.status is Status.OK and early.contains(served.begin_at)


def test_carbon_saved_by_the_order_is_told_when_the_energy_is_known(paris: Engine, sentences: None):
    public = to_public(ask(paris, NO_LAW, energy="diesel"), PARIS)
    assert public["emissions"]["ordered"]["co2_saved_kg"] > 0
    assert public["emissions"]["ordered"]["distance_saved_m"] == public["order"]["saved_m"] > 0
    assert public["emissions"]["fuel_l"] > 0 and public["emissions"]["source"]
    fixed = to_public(ask(paris, NO_LAW, energy="diesel", free_order=False), PARIS)
    assert "ordered" not in fixed["emissions"]


def test_the_order_is_found_for_an_arrival_when_one_is_asked(paris: Engine):
    arrive_by = DAY + 2 * HOUR
    result = ask(paris, NO_LAW, arrive_by=arrive_by)
    assert result.status is Status.OK and result.visits[-1].arrive_at <= arrive_by
    assert arrive_by - result.visits[-1].arrive_at < timedelta(minutes=1)


def windowed(stop: Stop, first: int, last: int) -> Stop:
    """A stop with one window, in minutes after the departure."""
    return Stop(*stop.point, stop.label, 300, (Interval(DAY + first * MINUTE, DAY + last * MINUTE),))


def test_every_stop_is_served_in_its_window_when_one_order_alone_keeps_them_all(paris: Engine):
    places = [(2.3601 + 0.0021 * step, 48.8640 + 0.0010 * (step % 3)) for step in range(8)]
    turns = (3, 0, 7, 4, 5, 1, 6, 2)
    stops = [windowed(Stop(*place), 20 * turn + 10, 20 * turn + 25) for place, turn in zip(places, turns, strict=True)]
    result = ask(paris, NO_LAW, DEPOT, *stops)
    assert result.status is Status.OK and not result.impossible
    assert order_of(result) == [0, *(1 + turns.index(turn) for turn in range(8)), 0]
    assert all(v.call.stop.windows[0].contains(v.begin_at) for v in result.visits[1:-1])


@pytest.mark.parametrize("free", [False, True], ids=["fixed", "free"])
def test_the_tour_waits_for_a_window_of_tomorrow_when_a_stop_has_no_other(paris: Engine, free: bool):
    late = windowed(GIVEN[2], 30 * 60, 31 * 60)
    result = ask(paris, NO_LAW, *GIVEN[:2], late, *GIVEN[3:], free_order=free)
    assert result.status is Status.OK and not result.impossible
    assert next(v for v in result.visits if v.call.number == 2).begin_at == late.windows[0].start


def closing(shape: BaseGeometry, rule: VehicleRule = ALL_VEHICLES) -> LawSnapshot:
    """Streets closed for good, in both directions."""
    place = MeasureLocation(LocationKind.FREE_GEOMETRY, "Rue", shape, Direction.BOTH)
    order = OrderRef("works", "Travaux", "Ville", "")
    measure = Measure("works", order, MeasureType.NO_ENTRY, (place,), (Period(LONG_AGO),), rule)
    return LawSnapshot.build([], [measure], zone=PARIS, version="made")


def street_of_two_ways(engine: Engine) -> int:
    """The longest street of the extract that lorries drive both ways."""
    table = engine.table
    rows = (int(row) for row in np.argsort(-table.lengths_m))
    return next(
        row
        for row in rows
        if int(table.opposing[row]) >= 0
        and all(table.has(one, EdgeFlag.TRUCK) for one in (row, int(table.opposing[row])))
        and shapely.box(2.355, 48.861, 2.378, 48.870).contains(table.shapes[row])
    )


def test_a_stop_is_not_left_out_when_the_street_is_closed_behind_it_alone(paris: Engine):
    row = street_of_two_ways(paris)
    stop = Stop(*point_on(paris.table, row, 0.25), "Rue", 300)
    law = closing(shapely.MultiLineString([part_of(paris.table, row, 0.6, 1.0)]))
    for free in (False, True):
        result = ask(paris, law, DEPOT, stop, *GIVEN[1:3], free_order=free)
        assert result.status is Status.OK and not result.impossible, free


def test_a_stop_is_served_with_a_caution_when_the_weight_is_not_known(paris: Engine):
    row = street_of_two_ways(paris)
    stop = Stop(*point_on(paris.table, row, 0.5), "Rue", 300)
    near = paris.table.tree.query(shapely.Point(stop.point).buffer(0.0004), predicate="intersects")
    law = closing(shapely.multilinestrings(paris.table.shapes[near]), VehicleRule((Over(Size.GROSS_WEIGHT, 19_000),)))
    unknown = Vehicle.from_public({"height_m": 3.0, "width_m": 2.3, "length_m": 7})
    trip = Trip((DEPOT, stop, *GIVEN[1:3]), DAY, unknown, free_order=True, return_to_start=True)
    result = plan(paris, law, trip, extras=Extras(hours=False))
    assert result.status is Status.OK and not result.impossible
    assert "works" in {caution.reason.id for caution in result.warnings if caution.reason is not None}
