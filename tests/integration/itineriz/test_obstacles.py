"""What stands in the way on the Paris extract, told in full; what is avoided, and the streets crossed out for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import shapely

from portal.itineriz.planning.delays import ALTERNATE_WAIT_S
from portal.itineriz.planning.planner import plan
from portal.itineriz.routing.engine import Engine
from portal.itineriz.trip import Notice, Status, Stop, Trip, TripResult
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Activation, Colour, Perimeter, Provenance
from portal.regulations.schedules import Period
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import ALL_VEHICLES, Over, Size, Usage, UsedFor, VehicleRule
from tests.support.paris import PARIS, TRUCK, local

WEST, EAST = Stop(2.3560, 48.8655), Stop(2.3780, 48.8690)
MIDDLE = Stop(2.3650, 48.8640, "Milieu", service_s=600)
DAY = local("2024-10-01T10:00")
HOUR = timedelta(hours=1)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
BARRIER = shapely.box(2.362, 48.862, 2.364, 48.88)


def ask(engine: Engine, law: LawSnapshot, *stops: Stop, at: datetime = DAY, **more: object) -> TripResult:
    given = {"vehicle": TRUCK, **more}
    return plan(engine, law, Trip(stops or (WEST, EAST), at, **given))  # type: ignore[arg-type]


def law_of(*regulations: Perimeter | Measure) -> LawSnapshot:
    perimeters = [one for one in regulations if isinstance(one, Perimeter)]
    measures = [one for one in regulations if isinstance(one, Measure)]
    return LawSnapshot.build(perimeters, measures, zone=PARIS, version="made")


def zone(
    shape: shapely.Geometry,
    name: str = "zone",
    *spans: tuple[datetime, datetime | None],
    colour: Colour = Colour.RED,
    event: str = "event",
) -> Perimeter:
    activations = tuple(Activation(start, end) for start, end in spans or ((LONG_AGO, None),))
    return Perimeter(name, event, name, colour, shape, activations, provenance=Provenance("Préfecture", ""))


def around(stop: Stop, metres: float = 70) -> shapely.Geometry:
    return shapely.Point(stop.point).buffer(metres / 90_000)


def street(
    engine: Engine,
    rows: list[int],
    kind: MeasureType = MeasureType.NO_ENTRY,
    period: Period | None = None,
    rule: VehicleRule = ALL_VEHICLES,
    name: str = "closure",
    **more: int,
) -> Measure:
    shape = shapely.multilinestrings([engine.table.shapes[row] for row in rows])
    place = MeasureLocation(LocationKind.FREE_GEOMETRY, "rue", shape, Direction.BOTH)
    order = OrderRef(name, "Arrêté 12", "Ville", "https://ville.exemple/12")
    return Measure(name, order, kind, (place,), (period or Period(LONG_AGO),), rule, **more)


def rows_beside(engine: Engine, stop: Stop, metres: float = 60) -> list[int]:
    reach = shapely.Point(stop.point).buffer(metres / 90_000)
    return [int(row) for row in engine.table.tree.query(reach, predicate="intersects")]


def test_every_leg_without_a_way_is_told_when_several_are_refused(paris: Engine):
    ends = DAY + 2 * HOUR
    zones = (zone(around(MIDDLE), "one", (LONG_AGO, ends)), zone(around(EAST), "two", colour=Colour.BLACK))
    result = ask(paris, law_of(*zones), WEST, MIDDLE, EAST, return_to_start=True)
    assert result.status is Status.NO_LAWFUL_ROUTE
    told = {(o.stop, o.reason.id): o for o in result.blocking if o.reason}
    assert {place for place, _ in told} == {1, 2, 3}, "the way back leaves from a closed place too"
    one, two = told[1, "one"], told[2, "two"]
    assert one.opens_at == ends and two.opens_at is None
    assert one.needed is not None and one.needed.perimeter.id == "one" and one.needed.requirement == "pass"
    assert two.needed is None, "no pass opens a closed perimeter"
    assert [item.number for item in result.impossible] == [1, 2]


def test_the_slots_of_an_impossible_stop_are_those_of_the_law_and_of_its_windows(paris: Engine):
    ends = DAY + 2 * HOUR
    closed = zone(around(MIDDLE), "one", (LONG_AGO, ends), (DAY + 5 * HOUR, None))
    result = ask(paris, law_of(closed), WEST, MIDDLE)
    (impossible,) = result.impossible
    assert [reason.id for reason in impossible.reasons] == ["one"]
    assert [(span.start, span.end) for span in impossible.open] == [(ends, DAY + 5 * HOUR - timedelta(minutes=10))]
    assert [needed.perimeter.id for needed in impossible.passes] == ["one"]


def test_a_stop_is_impossible_for_what_closes_it_at_the_hour_when_something_else_closed_it_before(paris: Engine):
    """The vehicle waits at the first stop until another perimeter is active around the second one."""
    early, late = (DAY, DAY + HOUR), (DAY + 2 * HOUR, DAY + 6 * HOUR)
    zones = (zone(around(MIDDLE), "early", early), zone(around(MIDDLE, 50), "late", late, event="other"))
    slow = Stop(WEST.lon, WEST.lat, service_s=3 * 3600)
    (impossible,) = ask(paris, law_of(*zones), slow, MIDDLE).impossible
    assert [reason.id for reason in impossible.reasons] == ["late"]


def test_a_closed_street_makes_its_stop_impossible_when_it_has_no_other(paris: Engine):
    period = Period(LONG_AGO, DAY + 3 * HOUR)
    closed = street(paris, rows_beside(paris, MIDDLE), period=period, rule=VehicleRule((), (UsedFor(Usage.POLICE),)))
    result = ask(paris, law_of(closed), WEST, MIDDLE)
    assert result.status is Status.NO_LAWFUL_ROUTE
    (impossible,) = result.impossible
    assert impossible.number == 1
    assert {reason.id for reason in impossible.reasons} == {"closure"}
    assert impossible.open[0].start == DAY + 3 * HOUR
    obstacle = next(o for o in result.blocking if o.reason and o.reason.id == "closure")
    assert obstacle.opens_at == DAY + 3 * HOUR and obstacle.needed is None
    assert obstacle.reason is not None and obstacle.reason.missing_exemptions == (UsedFor(Usage.POLICE),)
    assert any(ask(paris, law_of(closed), WEST, MIDDLE, at=hour).status is Status.OK for hour in result.departures)


def test_a_closure_between_two_stops_makes_none_impossible_when_the_way_is_cut(paris: Engine):
    wall = zone(shapely.box(2.366, 48.85, 2.369, 48.89), colour=Colour.BLACK)
    result = ask(paris, law_of(wall))
    assert result.status is Status.NO_LAWFUL_ROUTE and not result.impossible
    assert result.blocking[0].lines is not None and result.blocking[0].lines.intersects(wall.shape)


def test_what_is_avoided_is_told_with_its_cost_and_its_street_when_a_street_is_closed(paris: Engine):
    plain = ask(paris, law_of())
    edges = plain.legs[0].drive.edges
    row = edges[len(edges) // 2].row
    result = ask(paris, law_of(street(paris, [row], rule=VehicleRule((Over(Size.GROSS_WEIGHT, 3500),)))))
    (avoided,) = result.avoided
    assert (avoided.reason.id, avoided.reason.title, avoided.source) == ("closure", "Arrêté 12", "Ville")
    assert avoided.reason.url and avoided.leg == 0
    assert avoided.seconds == pytest.approx(result.drive_s - plain.drive_s, abs=0.2)
    assert avoided.metres >= 0
    assert avoided.lines is not None and avoided.lines.geom_type == "MultiLineString"
    assert avoided.lines.buffer(1e-6).covers(paris.table.shapes[row])
    assert avoided.lines.length < paris.table.shapes[row].length + 20 / 73_000, "that street, and no other"


def test_the_part_of_a_perimeter_that_would_be_crossed_is_drawn_when_it_is_gone_round(paris: Engine):
    result = ask(paris, law_of(zone(BARRIER)))
    (avoided,) = result.avoided
    assert avoided.source == "Préfecture" and avoided.lines is not None
    assert avoided.lines.intersects(BARRIER)
    plain = shapely.LineString([p for leg in ask(paris, law_of()).legs for p in leg.drive.coords.tolist()])
    assert plain.buffer(1e-6).covers(avoided.lines)


def ring_and_core(event: str = "event", ring_event: str = "event") -> tuple[Perimeter, Perimeter]:
    core = around(MIDDLE, 120)
    ring = shapely.difference(around(MIDDLE, 260), core)
    return zone(core, "core", event=event), zone(ring, "ring", colour=Colour.BLUE, event=ring_event)


def red_pass(*ids: str) -> tuple[PassRight, ...]:
    return (PassRight(DAY - HOUR, DAY + 10 * HOUR, frozenset(ids)),)


def test_the_blue_ring_is_crossed_when_a_stop_with_its_pass_is_in_the_red_core(paris: Engine):
    law = law_of(*ring_and_core())
    result = ask(paris, law, WEST, MIDDLE, EAST, passes=red_pass("core"))
    assert result.status is Status.OK
    asked = {needed.perimeter.id: (needed.requirement, needed.held) for needed in result.needed_passes}
    assert asked == {"core": ("pass", True), "ring": ("document", False)}
    assert ask(paris, law, WEST, MIDDLE, EAST).status is Status.NO_LAWFUL_ROUTE


def test_the_blue_ring_of_another_event_is_no_way_in_when_a_pass_is_for_the_core_alone(paris: Engine):
    law = law_of(*ring_and_core(ring_event="other"))
    assert ask(paris, law, WEST, MIDDLE, EAST, passes=red_pass("core")).status is Status.NO_LAWFUL_ROUTE


def test_the_ring_is_not_for_transit_when_a_pass_opens_its_core(paris: Engine):
    core, ring = ring_and_core()
    result = ask(paris, law_of(core, ring), WEST, EAST, passes=red_pass("core"))
    way = shapely.LineString([p for leg in result.legs for p in leg.drive.coords.tolist()])
    assert result.status is Status.OK and not way.intersects(ring.shape.buffer(-1e-5))


@pytest.mark.parametrize(
    ("kind", "more"), [(MeasureType.SPEED_LIMIT, {"max_speed_kmh": 10}), (MeasureType.ALTERNATE_TRAFFIC, {})]
)
def test_orders_that_slow_down_are_counted_at_every_hour_when_they_are_active(
    paris: Engine, kind: MeasureType, more: dict[str, int]
):
    plain = ask(paris, law_of(), WEST, MIDDLE, EAST)
    edges = plain.legs[0].drive.edges
    edge = max(edges[1:-1], key=lambda one: one.end_s - one.start_s)
    result = ask(paris, law_of(street(paris, [edge.row], kind, **more)), WEST, MIDDLE, EAST)
    late = result.drive_s - plain.drive_s
    if kind is MeasureType.ALTERNATE_TRAFFIC:
        assert late == pytest.approx(ALTERNATE_WAIT_S, abs=0.5)
    else:
        length_m = float(paris.table.lengths_m[edge.row])
        assert late == pytest.approx(length_m / (10 / 3.6) - (edge.end_s - edge.start_s), abs=3)
    assert [leg.drive.coords.tolist() for leg in result.legs] == [leg.drive.coords.tolist() for leg in plain.legs]
    for leg in result.legs:
        assert leg.drive.times_s[-1] == pytest.approx(leg.drive.duration_s)
        assert bool((leg.drive.times_s[1:] >= leg.drive.times_s[:-1]).all())
    assert result.visits[-1].arrive_at - plain.visits[-1].arrive_at == pytest.approx(
        timedelta(seconds=late), abs=timedelta(seconds=1)
    )
    assert Notice.DELAYED in {caution.notice for caution in result.warnings}
    asleep = street(paris, [edge.row], kind, Period(LONG_AGO, DAY - HOUR), **more)
    assert ask(paris, law_of(asleep), WEST, MIDDLE, EAST).drive_s == plain.drive_s


def test_the_law_is_asked_at_the_delayed_hour_when_a_perimeter_opens_meanwhile(paris: Engine):
    plain = ask(paris, law_of())
    drive = plain.legs[0].drive
    slow = [edge.row for edge in drive.edges[1:6]]
    last = drive.edges[-3]
    opens = DAY + timedelta(seconds=last.end_s + 20)
    shape = drive.path(last).centroid.buffer(20 / 90_000)
    late = street(paris, slow, MeasureType.SPEED_LIMIT, max_speed_kmh=5)
    assert ask(paris, law_of(zone(shape, "zone", (opens, None)))).drive_s == plain.drive_s
    result = ask(paris, law_of(late, zone(shape, "zone", (opens, None))))
    driven = [
        (leg.depart_at + timedelta(seconds=edge.end_s), leg.drive.path(edge))
        for leg in result.legs
        for edge in leg.drive.edges
    ]
    assert not any(at >= opens and path.intersects(shape.buffer(-1e-5)) for at, path in driven)
    if result.status is Status.NO_LAWFUL_ROUTE:
        assert {o.reason.id for o in result.blocking if o.reason} == {"zone"}
