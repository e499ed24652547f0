"""The law compiled over the Paris graph: compiled once, again only where it changed, and read for one leg."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
import shapely
from shapely.ops import substring

from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.lawgrid import LawGrid, grid_of
from portal.itineriz.routing.leglaw import CLOSED, FIRST_ZONE, MOST_ZONES, OPEN, LegLaw, LegQuestion
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef, Origin
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Interval, Period
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import (
    ALL_VEHICLES,
    HEAVY_GOODS,
    Access,
    CarriesHazmat,
    HasAccess,
    Vehicle,
    VehicleRule,
)
from tests.support.paris import PARIS, TRUCK, local

NOON = local("2024-10-01T12:00")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
TODAY = Interval(NOON, NOON + HOUR)
ALWAYS = Activation(local("2024-01-01T00:00"), None)
ROW = 300


def ban(engine: Engine, name: str = "ban", rows: tuple[int, ...] = (ROW,), **values: object) -> Measure:
    """A ban of all vehicles on some streets, since the beginning of the year."""
    places = tuple(
        MeasureLocation(LocationKind.NAMED_STREET, "", engine.table.shapes[row], Direction.BOTH) for row in rows
    )
    measure = Measure(name, OrderRef(name, name), MeasureType.NO_ENTRY, places, (Period(ALWAYS.start),), ALL_VEHICLES)
    return replace(measure, **values)  # type: ignore[arg-type]


def area(
    engine: Engine, name: str, colour: Colour, row: int = ROW, metres: float = 20.0, **values: object
) -> Perimeter:
    """A perimeter around a street, active all the year."""
    shape = engine.table.shapes[row].buffer(metres / 111_195)
    return replace(Perimeter(name, "", name, colour, shape, (ALWAYS,)), **values)  # type: ignore[arg-type]


def law_of(*rules: Perimeter | Measure, previous: LawSnapshot | None = None) -> LawSnapshot:
    perimeters = [rule for rule in rules if isinstance(rule, Perimeter)]
    measures = [rule for rule in rules if isinstance(rule, Measure)]
    return LawSnapshot.build(perimeters, measures, zone=PARIS, version="", previous=previous)


def states(grid: LawGrid, leg: LegLaw) -> dict[str, int]:
    """The state of each regulation that has a place."""
    return {one.id: int(leg.reg_state[number]) for number, one in enumerate(grid.regulations)}


def spans(grid: LawGrid, leg: LegLaw, name: str) -> list[tuple[datetime, datetime]]:
    number = [one.id for one in grid.regulations].index(name)
    found = slice(int(leg.span_ptr[number]), int(leg.span_ptr[number + 1]))
    pairs = zip(leg.span_from[found].tolist(), leg.span_until[found].tolist(), strict=True)
    return [(datetime.fromtimestamp(a, PARIS), datetime.fromtimestamp(b, PARIS)) for a, b in pairs]


def rows_bearing(leg: LegLaw, numbers: list[int]) -> set[int]:
    rows = np.repeat(np.arange(len(leg.pair_ptr) - 1), np.diff(leg.pair_ptr))
    return {int(row) for row in rows[np.isin(leg.pair_reg, numbers)]}


def test_a_law_is_compiled_once_when_many_threads_ask(paris: Engine):
    law = law_of(*(ban(paris, f"ban-{row}", (row,)) for row in range(0, 600, 2)))
    with ThreadPoolExecutor(8) as pool:
        grids = list(pool.map(lambda _: grid_of(paris, law), range(16)))
    assert len({id(grid) for grid in grids}) == 1


def test_only_the_closure_is_asked_when_one_is_added(paris: Engine):
    rules = [ban(paris, f"ban-{row}", (row,)) for row in range(0, 100, 2)]
    before = law_of(*rules)
    assert grid_of(paris, before).bearings.asked == len(rules)
    after = law_of(*rules, ban(paris, "live", (ROW,), origin=Origin.EVENT), previous=before)
    grid = grid_of(paris, after)
    assert grid.bearings.asked == 1
    leg = grid.for_leg(LegQuestion(TRUCK), TODAY)
    closed = {grid.regulation(reg).id for reg in leg.pair_reg[leg.pair_ptr[ROW] : leg.pair_ptr[ROW + 1]].tolist()}
    assert closed == {"live"} and states(grid, leg)["live"] == CLOSED


def test_a_closure_is_gone_when_the_next_law_lacks_it(paris: Engine):
    rules = [ban(paris, f"ban-{row}", (row,)) for row in range(0, 20, 2)]
    before = law_of(*rules, ban(paris, "live"))
    assert grid_of(paris, before).hits(ROW)
    after = grid_of(paris, law_of(*rules, previous=before))
    assert not after.hits(ROW) and after.bearings.asked == 0


DELIVERED = VehicleRule((HEAVY_GOODS,), (HasAccess(Access.LOCAL_ACCESS),))
HAZMAT = VehicleRule((CarriesHazmat(),))
VAN = Vehicle(gross_weight_kg=3000, hazmat=False)
UNKNOWN = replace(TRUCK, hazmat=None)


@pytest.mark.parametrize(
    ("rule", "question", "state"),
    [
        (ALL_VEHICLES, LegQuestion(VAN), CLOSED),
        (DELIVERED, LegQuestion(VAN), OPEN),
        (DELIVERED, LegQuestion(TRUCK), CLOSED),
        (DELIVERED, LegQuestion(TRUCK, start_ids=frozenset({"ban"})), OPEN),
        (DELIVERED, LegQuestion(TRUCK, end_ids=frozenset({"ban"})), OPEN),
        (DELIVERED, LegQuestion(TRUCK, beyond=frozenset({"ban"})), OPEN),
        (DELIVERED, LegQuestion(TRUCK, end_ids=frozenset({"another"})), CLOSED),
        (HAZMAT, LegQuestion(TRUCK), OPEN),
        (HAZMAT, LegQuestion(UNKNOWN), CLOSED),
        (HAZMAT, LegQuestion(UNKNOWN, tolerate_unknown=True), OPEN),
    ],
)
def test_a_ban_binds_whom_it_names_when_a_leg_is_read(
    paris: Engine, rule: VehicleRule, question: LegQuestion, state: int
):
    grid = LawGrid(paris, law_of(ban(paris, vehicles=rule)))
    assert states(grid, grid.for_leg(question, TODAY)) == {"ban": state}


@pytest.mark.parametrize(
    ("colour", "ids", "state"),
    [
        (Colour.WHITE, (), OPEN),
        (Colour.BLUE, (), CLOSED),
        (Colour.BLUE, ("area",), FIRST_ZONE),
        (Colour.RED, (), CLOSED),
        (Colour.RED, ("area",), CLOSED),
        (Colour.BLACK, ("area",), CLOSED),
    ],
)
def test_a_perimeter_is_a_zone_when_a_stop_inside_opens_it(
    paris: Engine, colour: Colour, ids: tuple[str, ...], state: int
):
    grid = LawGrid(paris, law_of(area(paris, "area", colour)))
    leg = grid.for_leg(LegQuestion(TRUCK, end_ids=frozenset(ids)), TODAY)
    numbers = {0} & set(leg.pair_reg.tolist())
    assert (int(leg.reg_state[0]) if numbers else OPEN) == state
    assert len(leg.zone_regs) == (state == FIRST_ZONE)
    assert leg.zone_start.tolist() == [0] * len(leg.zone_regs) and leg.zone_end.tolist() == [1] * len(leg.zone_regs)


def test_a_perimeter_stays_closed_when_it_is_named_beyond(paris: Engine):
    grid = LawGrid(paris, law_of(area(paris, "area", Colour.BLUE)))
    leg = grid.for_leg(LegQuestion(TRUCK, beyond=frozenset({"area"})), TODAY)
    assert states(grid, leg) == {"area": CLOSED}


def test_the_zones_too_many_are_closed_when_a_stop_lies_in_more_than_a_leg_can_hold(paris: Engine):
    areas = [area(paris, f"a{n}", Colour.BLUE, metres=10 + n) for n in range(MOST_ZONES + 2)]
    grid = LawGrid(paris, law_of(*areas))
    leg = grid.for_leg(LegQuestion(TRUCK, end_ids=frozenset(one.id for one in areas)), TODAY)
    found = sorted(states(grid, leg).values())
    assert found == [CLOSED, CLOSED, *range(FIRST_ZONE, FIRST_ZONE + MOST_ZONES)]


def test_a_pass_opens_its_own_hours_when_it_covers_a_part(paris: Engine):
    active = Activation(NOON, NOON + 8 * HOUR)
    grid = LawGrid(paris, law_of(area(paris, "area", Colour.RED, activations=(active,))))
    held = PassRight(NOON + 2 * HOUR, NOON + 5 * HOUR, colours=frozenset({Colour.RED}))
    elsewhere = replace(held, colours=frozenset({Colour.GREY}))
    leg = grid.for_leg(LegQuestion(TRUCK, (elsewhere, held)), TODAY)
    assert spans(grid, leg, "area") == [(NOON, NOON + 2 * HOUR), (NOON + 5 * HOUR, NOON + 8 * HOUR)]
    everything = replace(held, start=NOON - HOUR, end=NOON + 9 * HOUR)
    assert states(grid, grid.for_leg(LegQuestion(TRUCK, (everything,)), TODAY)) == {"area": OPEN}
    assert spans(grid, grid.for_leg(LegQuestion(TRUCK), TODAY), "area") == [(NOON, NOON + 8 * HOUR)]


def test_nothing_is_closed_when_a_period_has_no_length(paris: Engine):
    never = (Activation(NOON, NOON),)
    law = law_of(area(paris, "area", Colour.RED, activations=never), ban(paris, periods=(Period(NOON, NOON),)))
    grid = LawGrid(paris, law)
    leg = grid.for_leg(LegQuestion(TRUCK), TODAY)
    assert states(grid, leg) == {"area": OPEN, "ban": OPEN}
    assert spans(grid, leg, "area") == spans(grid, leg, "ban") == []


def test_the_days_reach_further_when_a_tour_is_long(paris: Engine):
    later = Period(NOON + 6 * DAY, NOON + 7 * DAY)
    grid = LawGrid(paris, law_of(ban(paris, periods=(later,))))
    assert states(grid, grid.for_leg(LegQuestion(TRUCK), TODAY)) == {"ban": OPEN}
    leg = grid.for_leg(LegQuestion(TRUCK), Interval(NOON, NOON + 6 * DAY + HOUR))
    assert states(grid, leg) == {"ban": CLOSED}
    assert leg.valid_from <= NOON.timestamp() and leg.valid_until >= (NOON + 6 * DAY + HOUR).timestamp()


def test_measures_that_sleep_are_left_out_and_areas_kept_when_only_some_days_are_asked(paris: Engine):
    over = (Period(NOON - 20 * DAY, NOON - 10 * DAY),)
    asleep = area(paris, "asleep", Colour.RED, activations=(Activation(NOON - 20 * DAY, NOON - 10 * DAY),))
    grid = LawGrid(paris, law_of(asleep, ban(paris, "over", periods=over), ban(paris, "now")))
    assert [hit.regulation.id for hit in grid.hits(ROW)] == ["asleep", "over", "now"]
    assert [hit.regulation.id for hit in grid.hits(ROW, TODAY)] == ["asleep", "now"]


def test_the_core_counts_as_inside_the_ring_when_a_stop_lies_in_the_core(paris: Engine):
    middle = paris.table.shapes[ROW].centroid
    inner, outer = (middle.buffer(metres / 111_195) for metres in (60, 220))
    core = area(paris, "core", Colour.GREY, event="jeux", shape=inner)
    ring = area(paris, "ring", Colour.BLUE, event="jeux", shape=shapely.difference(outer, inner))
    other = replace(core, id="other", event="another")
    grid = LawGrid(paris, law_of(core, ring, other))
    leg = grid.for_leg(LegQuestion(TRUCK, end_ids=frozenset({"core"})), TODAY)
    assert states(grid, leg) == {"core": CLOSED, "ring": FIRST_ZONE, "other": CLOSED}
    in_zone = [number for number, state in enumerate(leg.reg_state.tolist()) if state == FIRST_ZONE]
    borne = {row: {hit.regulation.id for hit in grid.hits(row)} for row in range(len(paris.table))}
    assert rows_bearing(leg, in_zone) == {row for row, ids in borne.items() if ids & {"core", "ring"}}
    # What makes an edge of the core count as inside closes nothing there.
    (extra,) = [number for number in in_zone if number not in leg.zone_regs]
    assert leg.span_ptr[extra] == leg.span_ptr[extra + 1] and grid.regulation(extra).id == "ring"
    inside = next(row for row, ids in borne.items() if ids == {"core", "other"})
    assert grid.for_part(paris.table.shapes[inside], inside, leg).zones == 1
    transit = grid.for_leg(LegQuestion(TRUCK), TODAY)
    assert transit.zone_regs == () and int(transit.reg_state[extra]) == OPEN
    assert grid.for_part(paris.table.shapes[inside], inside, transit).zones == 0


def test_an_order_silences_a_sign_on_its_own_street_alone_when_it_spares_the_vehicle(paris: Engine):
    far = next(
        row for row in range(len(paris.table)) if paris.table.shapes[row].distance(paris.table.shapes[ROW]) > 0.005
    )
    from_noon = Period(NOON, NOON + 3 * HOUR)
    sign = ban(paris, "sign", (ROW, far), origin=Origin.OSM, vehicles=VehicleRule((HEAVY_GOODS,)))
    order = ban(paris, "order", (ROW,), vehicles=DELIVERED, periods=(from_noon,))
    grid = LawGrid(paris, law_of(sign, order))

    def closed(question: LegQuestion, row: int) -> list[tuple[float, float]]:
        leg = grid.for_leg(question, TODAY)
        numbers = leg.pair_reg[leg.pair_ptr[row] : leg.pair_ptr[row + 1]].tolist()
        kept = [leg.spans.of(number).tolist() for number in numbers if leg.reg_state[number] == CLOSED]
        return sorted((max(a, day[0]), min(b, day[1])) for spans in kept for a, b in spans)

    day = (NOON - HOUR).timestamp(), (NOON + 5 * HOUR).timestamp()
    noon, three = NOON.timestamp(), (NOON + 3 * HOUR).timestamp()
    stopping = LegQuestion(TRUCK, end_ids=frozenset({"order"}))
    assert closed(stopping, ROW) == [(day[0], noon), (three, day[1])]
    assert closed(stopping, far) == [day]
    assert closed(LegQuestion(TRUCK), ROW) == [day, (noon, three)]
    assert closed(LegQuestion(VAN), ROW) == []


@pytest.mark.parametrize(("hazmat", "silenced"), [(False, True), (True, False)])
def test_a_sign_stays_when_the_order_spares_the_vehicle_in_one_of_two_matters(
    paris: Engine, hazmat: bool, silenced: bool
):
    sign = ban(paris, "sign", origin=Origin.OSM, vehicles=VehicleRule((HEAVY_GOODS, CarriesHazmat())))
    grid = LawGrid(paris, law_of(sign, ban(paris, "order", vehicles=DELIVERED)))
    leg = grid.for_leg(LegQuestion(replace(TRUCK, hazmat=hazmat), end_ids=frozenset({"order"})), TODAY)
    numbers = leg.pair_reg[leg.pair_ptr[ROW] : leg.pair_ptr[ROW + 1]].tolist()
    open_to_it = [leg.reg_state[number] == OPEN or len(leg.spans.of(number)) == 0 for number in numbers]
    assert len(open_to_it) == 2 and all(open_to_it) is silenced
    half = substring(paris.table.shapes[ROW], 0.2, 0.8, normalized=True)
    assert (len(grid.for_part(half, ROW, leg).spans) == 0) is silenced


def test_a_ban_without_a_direction_spares_the_one_way_street_that_runs_against_it(paris: Engine):
    facts = paris.facts
    one_way, two_way = (
        next(row for row in range(ROW, len(facts)) if facts[row].one_way is wanted and paris.table.lengths_m[row] > 40)
        for wanted in (True, False)
    )
    places = [
        MeasureLocation(LocationKind.NAMED_STREET, "", paris.table.shapes[row].reverse(), Direction.UNKNOWN)
        for row in (one_way, two_way)
    ]
    bans = [ban(paris, f"ban-{number}", locations=(place,)) for number, place in enumerate(places)]
    leg = LawGrid(paris, law_of(*bans)).for_leg(LegQuestion(TRUCK), TODAY)
    assert one_way not in rows_bearing(leg, [0]) and two_way in rows_bearing(leg, [1])
