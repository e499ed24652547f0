"""The planner on the real Paris extract with the perimeters of 2024."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import shapely

from portal.common.errors import Invalid
from portal.itineriz.planning.planner import plan
from portal.itineriz.routing.drives import distance_m
from portal.itineriz.routing.engine import Engine
from portal.itineriz.trip import Notice, Status, Stop, Trip, TripResult
from portal.regulations.measures import Direction, LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Period
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import Over, Size, Vehicle, VehicleRule
from tests.support.paris import MARATHON, PARIS, TRUCK, local

# On either side of the marathon perimeter.
WEST, EAST = Stop(2.3560, 48.8655), Stop(2.3780, 48.8690)
NO_LAW = LawSnapshot.build([], [], zone=PARIS, version="none")
ALWAYS = datetime(2020, 1, 1, tzinfo=UTC)
DAY = local("2024-10-01T10:00")


def ask(engine: Engine, law: LawSnapshot, *stops: Stop, at: datetime = DAY, **more: object) -> TripResult:
    given = {"vehicle": TRUCK, **more}
    return plan(engine, law, Trip(tuple(stops) or (WEST, EAST), at, **given))  # type: ignore[arg-type]


def path_of(result: TripResult) -> list[list[float]]:
    return [point for leg in result.legs for point in leg.drive.coords.tolist()]


def marathon(law: LawSnapshot) -> Perimeter:
    return next(p for p in law.perimeters.values() if p.name == MARATHON)


def crossing(engine: Engine, law: LawSnapshot) -> tuple[Stop, Stop, shapely.Geometry]:
    return WEST, EAST, marathon(law).shape


def test_a_truck_goes_round_or_is_told_when_the_marathon_is_on(paris: Engine, law_2024: LawSnapshot):
    perimeter = marathon(law_2024)
    plain = ask(paris, NO_LAW, at=local("2024-09-08T09:00"))
    assert perimeter.shape.intersects(shapely.LineString(path_of(plain)))
    result = ask(paris, law_2024, at=local("2024-09-08T09:00"))
    if result.status is Status.OK:
        assert not perimeter.shape.buffer(-1e-5).intersects(shapely.LineString(path_of(result)))
        assert perimeter.id in {item.reason.id for item in result.avoided}
    else:
        assert perimeter.id in {o.reason.id for o in result.blocking if o.reason}
        assert [n.perimeter.id for n in result.needed_passes] == [perimeter.id]
        before, after = result.departures
        assert before < local("2024-09-08T09:00") < after <= perimeter.activations[0].end
        for at in (before, after):
            assert ask(paris, law_2024, at=at).status is Status.OK


def test_the_route_is_the_plain_one_when_the_marathon_is_tomorrow(paris: Engine, law_2024: LawSnapshot):
    at = local("2024-09-07T09:00")
    result, plain = ask(paris, law_2024, at=at), ask(paris, NO_LAW, at=at)
    assert result.status is Status.OK and not result.avoided
    assert path_of(result) == path_of(plain)


def test_the_route_is_the_plain_one_when_a_pass_opens_the_perimeter(paris: Engine, law_2024: LawSnapshot):
    at = local("2024-09-08T09:00")
    for right in (
        PassRight(at - timedelta(hours=1), at + timedelta(hours=4), frozenset({marathon(law_2024).id})),
        PassRight(at - timedelta(hours=1), at + timedelta(hours=4), colours=frozenset({Colour.RED})),
    ):
        result = ask(paris, law_2024, at=at, passes=(right,))
        assert result.status is Status.OK and not result.avoided
        assert path_of(result) == path_of(ask(paris, NO_LAW, at=at))


def test_the_needed_pass_is_named_when_a_stop_lies_inside(paris: Engine, law_2024: LawSnapshot):
    perimeter = marathon(law_2024)
    within = shapely.box(2.3530, 48.8590, 2.3790, 48.8690).intersection(perimeter.shape).representative_point()
    inside = Stop(within.x, within.y, service_s=600)
    at = local("2024-09-08T09:00")
    refused = ask(paris, law_2024, WEST, inside, at=at)
    assert refused.status is Status.NO_LAWFUL_ROUTE
    assert [n.perimeter.id for n in refused.needed_passes] == [perimeter.id]
    assumed = ask(paris, law_2024, WEST, inside, at=at, assume_passes=True)
    assert assumed.status is Status.OK
    (needed,) = assumed.needed_passes
    assert (needed.perimeter.id, needed.requirement, needed.held, needed.stops) == (perimeter.id, "pass", False, (1,))


@pytest.mark.parametrize(("service_s", "lawful"), [(60, True), (1800, False)], ids=["leaves-before", "still-there"])
def test_standing_inside_counts_when_the_perimeter_opens_during_the_stop(
    paris: Engine, law_2024: LawSnapshot, service_s: int, lawful: bool
):
    within = shapely.box(2.3530, 48.8590, 2.3790, 48.8690).intersection(marathon(law_2024).shape).representative_point()
    inside = Stop(within.x, within.y, service_s=service_s)
    result = ask(paris, law_2024, EAST, inside, at=local("2024-09-08T05:10"))
    assert (result.status is Status.OK) is lawful


def middle_of(result: TripResult, share: float = 0.5) -> shapely.Point:
    line = shapely.LineString(path_of(result))
    return line.interpolate(share, normalized=True)


def area(around: shapely.Geometry, colour: Colour, start: datetime = ALWAYS, end: datetime | None = None) -> Perimeter:
    return Perimeter("zone", "event", "Zone", colour, around, (Activation(start, end),))


def law(*perimeters: Perimeter, measures: tuple[Measure, ...] = ()) -> LawSnapshot:
    return LawSnapshot.build(perimeters, measures, zone=PARIS, version="made")


def test_a_blue_perimeter_is_gone_round_when_nothing_stops_inside(paris: Engine):
    plain = ask(paris, NO_LAW)
    blue = area(middle_of(plain).buffer(0.0008), Colour.BLUE)
    result = ask(paris, law(blue))
    assert result.status is Status.OK
    assert not blue.shape.buffer(-1e-5).intersects(shapely.LineString(path_of(result)))
    (avoided,) = result.avoided
    assert avoided.reason.id == "zone" and avoided.seconds > 0
    assert result.drive_s == pytest.approx(plain.drive_s + avoided.seconds, abs=0.1)


def test_a_blue_perimeter_is_entered_when_a_stop_is_inside(paris: Engine):
    plain = ask(paris, NO_LAW)
    spot = middle_of(plain)
    blue = area(spot.buffer(0.0008), Colour.BLUE)
    result = ask(paris, law(blue), WEST, Stop(spot.x, spot.y), EAST)
    assert result.status is Status.OK
    assert [(n.requirement, n.stops) for n in result.needed_passes] == [("document", (1,))]


def test_the_mildest_pass_is_asked_when_a_stop_can_be_reached_through_two_perimeters(paris: Engine):
    spot = middle_of(ask(paris, NO_LAW))
    goal, ring = spot.buffer(0.0008), spot.buffer(0.002).difference(spot.buffer(0.0008))
    nearer = shapely.box(spot.x - 1, spot.y - 1, spot.x, spot.y + 1)
    zones = [
        Perimeter(name, "event", name, colour, shape, (Activation(ALWAYS, None),))
        for name, colour, shape in (
            ("goal", Colour.RED, goal),
            ("nearer", Colour.BLUE, ring.intersection(nearer)),
            ("farther", Colour.GREY, ring.difference(nearer)),
        )
    ]
    result = ask(paris, law(*zones), WEST, Stop(spot.x, spot.y), assume_passes=True)
    assert result.status is Status.OK
    # The blue ring of the same event is crossed to reach its core: the document of the delivery is enough.
    assert {(needed.perimeter.id, needed.requirement) for needed in result.needed_passes} == {
        ("goal", "pass"),
        ("nearer", "document"),
    }


def test_a_blue_perimeter_is_left_once_for_good_when_the_trip_starts_inside(paris: Engine):
    plain = ask(paris, NO_LAW)
    line = shapely.LineString(path_of(plain))
    start, later = (line.interpolate(share, normalized=True) for share in (0.0, 0.6))
    blue = area(shapely.union(start.buffer(0.0006), later.buffer(0.0006)), Colour.BLUE)
    result = ask(paris, law(blue))
    assert result.status is Status.OK
    inside = [blue.shape.buffer(-1e-5).intersects(shapely.Point(p)) for p in path_of(result)]
    assert inside[0] and not any(inside[inside.index(False) :])


def test_the_perimeter_counts_at_the_moment_of_passage_when_it_opens_during_the_trip(paris: Engine):
    plain = ask(paris, NO_LAW)
    there = middle_of(plain, 0.8)
    passage = plain.legs[0].drive.duration_s * 0.8
    shape = there.buffer(0.0005)
    late = area(shape, Colour.RED, DAY + timedelta(seconds=passage + 120))
    assert path_of(ask(paris, law(late))) == path_of(plain)
    over = area(shape, Colour.RED, ALWAYS, DAY + timedelta(seconds=passage - 120))
    assert path_of(ask(paris, law(over))) == path_of(plain)
    met = area(shape, Colour.RED, DAY + timedelta(seconds=passage - 60))
    result = ask(paris, law(met))
    assert path_of(result) != path_of(plain)


def closed_street(engine: Engine, rows: list[int], rule: VehicleRule, direction: Direction) -> Measure:
    shape = shapely.multilinestrings([engine.table.shapes[row] for row in rows])
    place = MeasureLocation(LocationKind.FREE_GEOMETRY, "rue", shape, direction)
    return Measure("closure", OrderRef("o", "Arrêté", "Ville"), MeasureType.NO_ENTRY, (place,), (Period(ALWAYS),), rule)


@pytest.mark.parametrize(
    ("limit_kg", "direction", "avoided"),
    [(7500, Direction.FORWARD, True), (12_000, Direction.FORWARD, False), (7500, Direction.BACKWARD, False)],
    ids=["over-the-limit", "at-the-limit", "other-direction"],
)
def test_a_weight_limit_is_obeyed_when_the_vehicle_is_over_it(
    paris: Engine, limit_kg: int, direction: Direction, avoided: bool
):
    plain = ask(paris, NO_LAW)
    edge = plain.legs[0].drive.edges[len(plain.legs[0].drive.edges) // 2]
    measure = closed_street(paris, [edge.row], VehicleRule((Over(Size.GROSS_WEIGHT, limit_kg),)), direction)
    result = ask(paris, law(measures=(measure,)))
    assert result.status is Status.OK
    driven = {e.row for e in result.legs[0].drive.edges}
    assert (edge.row not in driven) is avoided
    assert bool(result.avoided) is avoided


def test_a_limit_is_avoided_when_the_size_is_unknown_and_another_way_exists(paris: Engine):
    plain = ask(paris, NO_LAW, vehicle=Vehicle())
    edge = plain.legs[0].drive.edges[len(plain.legs[0].drive.edges) // 2]
    rule = VehicleRule((Over(Size.HEIGHT, 300),))
    result = ask(paris, law(measures=(closed_street(paris, [edge.row], rule, Direction.BOTH),)), vehicle=Vehicle())
    assert result.status is Status.OK
    assert edge.row not in {e.row for e in result.legs[0].drive.edges}
    assert Notice.UNKNOWN_SIZES in {caution.notice for caution in result.warnings}


def test_a_limit_is_passed_with_a_warning_when_the_size_is_unknown_and_no_other_way_exists(paris: Engine):
    plain = ask(paris, NO_LAW, vehicle=Vehicle())
    rule = VehicleRule((Over(Size.HEIGHT, 300),))
    all_rows = list(range(len(paris.table)))
    result = ask(paris, law(measures=(closed_street(paris, all_rows, rule, Direction.BOTH),)), vehicle=Vehicle())
    assert result.status is Status.OK
    assert plain.status is Status.OK
    assert "closure" in {caution.reason.id for caution in result.warnings if caution.reason}


def test_a_low_passage_is_refused_when_the_trip_ends_under_it(paris: Engine):
    row = next(r for r, limits in paris.table.restrictions.items() if any(limit["value"] == 3.3 for limit in limits))
    under = paris.table.shapes[row].interpolate(0.5, normalized=True)
    low, high = (
        Vehicle.from_public({"gvw_t": 3, "height_m": h, "width_m": 2, "length_m": 5, "axle_load_t": 2})
        for h in (3.0, 3.6)
    )
    assert ask(paris, NO_LAW, WEST, Stop(under.x, under.y), vehicle=low).status is Status.OK
    refused = ask(paris, NO_LAW, WEST, Stop(under.x, under.y), vehicle=high)
    rows = {edge.row for leg in refused.legs for edge in leg.drive.edges}
    assert row not in rows
    if refused.status is Status.NO_LAWFUL_ROUTE:
        assert any(o.limit is not None and o.limit.value == 3.3 for o in refused.blocking)


def test_each_leg_leaves_after_the_service_of_its_stop_when_there_are_several(paris: Engine):
    stops = (WEST, Stop(2.3650, 48.8640, service_s=900), EAST)
    result = ask(paris, NO_LAW, *stops)
    first, second = result.legs
    assert second.depart_at - first.arrive_at == timedelta(seconds=900)
    assert result.ends_at - DAY == timedelta(seconds=900) + timedelta(seconds=result.drive_s)


@pytest.mark.parametrize(
    ("stops", "code"),
    [
        ((WEST,), "stops-missing"),
        ((WEST, Stop(float("nan"), 48.86)), "stop-not-a-position"),
        ((WEST, Stop(48.86, 200)), "stop-not-a-position"),
        ((WEST, Stop(2.30, 48.80)), "stop-far-from-road"),
    ],
)
def test_the_trip_is_refused_when_a_stop_cannot_be_used(paris: Engine, stops: tuple[Stop, ...], code: str):
    with pytest.raises(Invalid) as refused:
        ask(paris, NO_LAW, *stops)
    assert refused.value.code == code


def test_the_next_leg_leaves_where_the_last_one_stopped_when_the_nearest_street_is_a_trap(paris: Engine):
    # The nearest street of the second stop can be entered and not left within the extract.
    stops = (Stop(2.3647, 48.86651), Stop(2.37831, 48.86136), Stop(2.36037, 48.86447))
    tour = ask(paris, NO_LAW, *stops)
    assert tour.status is Status.OK
    assert distance_m(tour.legs[0].drive.end, tour.legs[1].drive.start) < 1


def test_a_stop_is_served_from_a_street_nearby_when_its_alley_leads_nowhere_for_a_truck(paris: Engine):
    alley = Stop(2.36978, 48.86269)
    tour = ask(paris, NO_LAW, Stop(2.37696, 48.86663), alley)
    assert tour.status is Status.OK
    assert 60 < distance_m(alley.point, tour.legs[-1].end) < 130
    assert [caution.notice for caution in tour.warnings] == [Notice.FAR_FROM_ROAD]


@pytest.mark.parametrize(("start", "told"), [((2.3586, 48.8698), [0]), ((2.3560, 48.8655), [])])
def test_the_start_is_told_to_be_away_from_the_road_when_it_is(
    paris: Engine, start: tuple[float, float], told: list[int]
):
    tour = ask(paris, NO_LAW, Stop(*start), Stop(2.37696, 48.86663))
    away = [dict(caution.params)["stop"] for caution in tour.warnings if caution.notice is Notice.FAR_FROM_ROAD]
    assert tour.status is Status.OK and away == told
