"""Hours of a tour on the Paris extract: windows and waits, arrivals, other departures, what another hour saves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
import shapely

from portal.itineriz.planning.planner import Extras, plan
from portal.itineriz.routing.engine import Engine
from portal.itineriz.trip import ProposalKind, Status, Stop, Trip, TripResult
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from tests.support.paris import PARIS, TRUCK, local

WEST, EAST = Stop(2.3560, 48.8655), Stop(2.3780, 48.8690)
MIDDLE = Stop(2.3650, 48.8640, "Milieu", service_s=600)
NO_LAW = LawSnapshot.build([], [], zone=PARIS, version="none")
DAY = local("2024-10-01T10:00")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
# Across the usual way: gone round by its southern end, three minutes longer.
BARRIER = shapely.box(2.362, 48.862, 2.364, 48.88)


def ask(engine: Engine, law: LawSnapshot, *stops: Stop, at: datetime = DAY, **more: object) -> TripResult:
    return plan(engine, law, Trip(stops or (WEST, EAST), at, TRUCK, **more))  # type: ignore[arg-type]


def law_of(*perimeters: Perimeter) -> LawSnapshot:
    return LawSnapshot.build(perimeters, [], zone=PARIS, version="made")


def around(stop: Stop, start: datetime, end: datetime | None, *, colour: Colour = Colour.RED) -> Perimeter:
    shape = shapely.Point(stop.point).buffer(0.0008)
    return Perimeter("zone", "event", "Zone", colour, shape, (Activation(start, end),))


def window(start: datetime, minutes: float) -> Interval:
    return Interval(start, start + timedelta(minutes=minutes))


def test_the_vehicle_waits_when_it_comes_before_the_window(paris: Engine):
    opens = DAY + timedelta(minutes=40)
    stop = Stop(*MIDDLE.point, service_s=600, windows=(window(opens, 30),))
    result = ask(paris, NO_LAW, WEST, stop, EAST)
    visit = result.visits[1]
    assert visit.arrive_at < opens == visit.begin_at
    assert visit.wait_s == pytest.approx((opens - visit.arrive_at).total_seconds())
    assert result.legs[1].depart_at == visit.leave_at == opens + timedelta(minutes=10)


def test_the_stop_is_named_with_its_slots_when_its_window_is_over(paris: Engine):
    over = (window(DAY - timedelta(hours=2), 60), window(DAY + timedelta(days=1), 60))
    stop = Stop(*MIDDLE.point, "Milieu", 600, (over[0],))
    result = ask(paris, NO_LAW, WEST, stop, EAST)
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert [(o.stop, o.missed) for o in result.blocking] == [(1, True)]
    (impossible,) = result.impossible
    assert impossible.number == 1 and impossible.missed and not impossible.reasons
    tomorrow = ask(paris, NO_LAW, WEST, Stop(*MIDDLE.point, "Milieu", 600, over), EAST)
    assert tomorrow.visits[1].begin_at == over[1].start, "the vehicle waits for the window of tomorrow"


def test_the_vehicle_leaves_later_when_it_may_not_wait_at_the_stop(paris: Engine):
    """A red perimeter around the stop ends as its window opens: standing there before is not lawful."""
    opens = DAY + timedelta(minutes=60)
    stop = Stop(*MIDDLE.point, service_s=600, windows=(window(opens, 30),))
    zone = around(stop, DAY + timedelta(minutes=20), opens)
    result = ask(paris, law_of(zone), WEST, stop)
    assert result.status is Status.OK
    visit = result.visits[1]
    assert visit.arrive_at >= opens - timedelta(seconds=1) and visit.wait_s < 1
    assert result.legs[0].depart_at > DAY
    assert result.visits[0].leave_at == result.legs[0].depart_at


def test_the_tour_comes_back_when_it_is_asked_to(paris: Engine):
    result = ask(paris, NO_LAW, WEST, MIDDLE, EAST, return_to_start=True)
    assert [visit.call.number for visit in result.visits] == [0, 1, 2, 0]
    assert result.visits[-1].call.returns and len(result.legs) == 3
    assert shapely.Point(result.legs[-1].end).distance(shapely.Point(WEST.point)) < 0.001


@pytest.mark.parametrize("stops", [(WEST, EAST), (WEST, MIDDLE, EAST)], ids=["one-leg", "two-legs"])
def test_the_departure_is_the_latest_when_an_arrival_is_asked(paris: Engine, stops: tuple[Stop, ...]):
    arrive_by = local("2024-10-01T12:00")
    result = ask(paris, NO_LAW, *stops, at=arrive_by, arrive_by=arrive_by)
    assert result.status is Status.OK
    assert result.visits[-1].arrive_at <= arrive_by
    later = ask(paris, NO_LAW, *stops, at=result.trip.depart_at + MINUTE)
    assert later.visits[-1].arrive_at > arrive_by


def test_the_departure_is_before_the_perimeter_opens_when_an_arrival_is_asked_later(
    paris: Engine, law_2024: LawSnapshot
):
    arrive_by = local("2024-09-08T09:00")
    result = ask(paris, law_2024, WEST, EAST, at=arrive_by, arrive_by=arrive_by)
    assert result.status is Status.OK
    assert result.visits[-1].arrive_at <= arrive_by
    assert ask(paris, law_2024, at=result.trip.depart_at + MINUTE).status is Status.NO_LAWFUL_ROUTE


def test_no_departure_is_made_up_when_none_arrives_in_time(paris: Engine):
    zone = around(EAST, DAY - timedelta(days=30), None, colour=Colour.BLACK)
    result = ask(paris, law_of(zone), at=DAY, arrive_by=DAY)
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert {o.reason.id for o in result.blocking if o.reason} == {"zone"}
    assert result.blocking[0].opens_at is None


def test_the_nearest_departures_are_lawful_and_a_minute_nearer_is_not_when_a_tour_is_refused(
    paris: Engine, law_2024: LawSnapshot
):
    at = local("2024-09-08T09:00")
    before, after = ask(paris, law_2024, at=at).departures
    assert before < at < after
    for hour, step in ((before, MINUTE), (after, -MINUTE)):
        assert ask(paris, law_2024, at=hour).status is Status.OK
        assert ask(paris, law_2024, at=hour + step).status is Status.NO_LAWFUL_ROUTE


def detour(engine: Engine) -> tuple[TripResult, TripResult, Perimeter]:
    """A perimeter on the way that costs minutes and ends in half an hour."""
    plain = ask(engine, NO_LAW)
    zone = Perimeter("zone", "e", "Zone", Colour.RED, BARRIER, (Activation(DAY - MINUTE, DAY + 30 * MINUTE),))
    return plain, ask(engine, law_of(zone)), zone


def test_leaving_later_is_proposed_when_it_saves_time_from_door_to_door(paris: Engine):
    plain, result, zone = detour(paris)
    assert result.status is Status.OK and result.drive_s > plain.drive_s + 60
    later = next(p for p in result.proposals if p.kind is ProposalKind.LEAVE_LATER)
    proposed = ask(paris, law_of(zone), at=later.depart_at)
    assert proposed.status is Status.OK and proposed.visits[-1].arrive_at == later.arrive_at
    assert later.saves_s == pytest.approx(result.drive_s - proposed.drive_s, abs=1) and later.saves_s >= 60
    sooner = ask(paris, law_of(zone), at=later.depart_at - MINUTE)
    assert sooner.drive_s > proposed.drive_s


def test_leaving_earlier_is_proposed_when_the_perimeter_has_just_opened(paris: Engine):
    _, _, zone = detour(paris)
    opened = Perimeter("zone", "e", "Zone", Colour.RED, zone.shape, (Activation(DAY - 5 * MINUTE, DAY + 300 * MINUTE),))
    result = ask(paris, law_of(opened))
    earlier = next(p for p in result.proposals if p.kind is ProposalKind.LEAVE_EARLIER)
    assert earlier.depart_at < DAY
    proposed = ask(paris, law_of(opened), at=earlier.depart_at)
    assert proposed.status is Status.OK and result.drive_s - proposed.drive_s >= 60


def test_leaving_earlier_is_proposed_when_an_arrival_is_asked_after_a_perimeter_opens(paris: Engine):
    zone = Perimeter("zone", "e", "Zone", Colour.RED, BARRIER, (Activation(DAY, DAY + 300 * MINUTE),))
    by = DAY + 12 * MINUTE
    result = ask(paris, law_of(zone), at=by, arrive_by=by)
    assert result.status is Status.OK and result.trip.depart_at > DAY
    (earlier,) = result.proposals
    assert earlier.kind is ProposalKind.LEAVE_EARLIER and earlier.depart_at < DAY
    proposed = ask(paris, law_of(zone), at=earlier.depart_at)
    assert proposed.visits[-1].arrive_at == earlier.arrive_at <= by
    assert earlier.saves_s == pytest.approx(result.drive_s - proposed.drive_s, abs=1) and earlier.saves_s >= 60
    now = plan(paris, law_of(zone), replace(result.trip, depart_at=by), extras=Extras(now=DAY))
    assert now.status is Status.OK and not now.proposals, "that hour is over"


def test_no_hour_that_comes_too_late_is_proposed_when_an_arrival_is_asked(paris: Engine):
    _, at_will, zone = detour(paris)
    assert ProposalKind.LEAVE_LATER in {one.kind for one in at_will.proposals}
    by = at_will.visits[-1].arrive_at + MINUTE
    result = ask(paris, law_of(zone), at=by, arrive_by=by)
    assert result.status is Status.OK and result.drive_s > at_will.drive_s - 5
    assert all(one.arrive_at <= by for one in result.proposals)


def test_a_wait_at_a_stop_is_proposed_when_the_tour_then_ends_earlier(paris: Engine):
    first = Stop(WEST.lon + 0.0006, WEST.lat, service_s=60)
    plain = ask(paris, NO_LAW, WEST, first, EAST)
    ends = plain.visits[1].leave_at + timedelta(seconds=60)
    zone = Perimeter("zone", "e", "Zone", Colour.RED, BARRIER, (Activation(DAY - timedelta(days=2), ends),))
    result = ask(paris, law_of(zone), WEST, first, EAST)
    waits = [p for p in result.proposals if p.kind is ProposalKind.WAIT]
    assert waits and waits[0].stop == 1 and waits[0].saves_s >= 60
    assert waits[0].arrive_at <= result.visits[-1].arrive_at - timedelta(seconds=60)


def test_no_other_hour_is_looked_for_when_it_is_not_asked(paris: Engine, law_2024: LawSnapshot):
    trip = Trip((WEST, EAST), local("2024-09-08T09:00"), TRUCK)
    assert plan(paris, law_2024, trip, extras=Extras(hours=False)).departures == ()


def test_the_hours_tried_have_the_whole_law_when_a_perimeter_sleeps_at_the_hour_asked(paris: Engine):
    """What is closed the day before must count for a departure proposed then."""
    middle = shapely.box(2.362, 48.855, 2.372, 48.875)
    now = Activation(DAY - timedelta(hours=1), DAY + timedelta(hours=30))
    before = Activation(DAY - timedelta(hours=40), DAY - timedelta(hours=1, minutes=20))
    zones = [Perimeter(name, name, name, Colour.BLACK, middle, (span,)) for name, span in (("a", now), ("b", before))]
    result = ask(paris, law_of(*zones))
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert all(before.end is not None and before.end - 30 * MINUTE < hour < now.start for hour in result.departures)


def test_every_leg_is_driven_at_its_hour_when_progress_is_followed(paris: Engine):
    told: list[tuple[str, int, int]] = []
    trip = Trip((WEST, MIDDLE, EAST), DAY, TRUCK)
    plan(paris, NO_LAW, trip, extras=Extras(progress=lambda *step: told.append(step)))
    assert told == [("leg", 1, 2), ("leg", 2, 2)]
    assert datetime.now(UTC) > DAY


def test_leaving_later_is_proposed_when_the_vehicle_would_wait_for_a_window(paris: Engine):
    opens = DAY + timedelta(minutes=40)
    stop = Stop(*MIDDLE.point, service_s=600, windows=(window(opens, 30),))
    result = ask(paris, NO_LAW, WEST, stop, EAST)
    (later,) = result.proposals
    assert later.kind is ProposalKind.LEAVE_LATER
    proposed = ask(paris, NO_LAW, WEST, stop, EAST, at=later.depart_at)
    assert proposed.visits[-1].arrive_at == result.visits[-1].arrive_at == later.arrive_at
    assert later.saves_s == pytest.approx(result.visits[1].wait_s, abs=60)


def test_an_earlier_departure_is_told_when_a_window_is_missed(paris: Engine):
    stop = Stop(*MIDDLE.point, service_s=600, windows=(window(DAY - timedelta(hours=1), 30),))
    (before,) = ask(paris, NO_LAW, WEST, stop).departures
    found = ask(paris, NO_LAW, WEST, stop, at=before)
    assert found.status is Status.OK and found.visits[1].begin_at < stop.windows[0].end
    assert ask(paris, NO_LAW, WEST, stop, at=before + MINUTE).status is Status.NO_LAWFUL_ROUTE


def test_the_tour_is_refused_at_the_stop_that_makes_it_late_when_an_arrival_is_asked(paris: Engine):
    """The window of a stop opens after the hour at which the vehicle must be at the last one."""
    late = Stop(*MIDDLE.point, "Milieu", 600, (window(DAY + timedelta(hours=3), 60),))
    result = ask(paris, NO_LAW, WEST, late, EAST, arrive_by=DAY + timedelta(hours=2))
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert [(o.stop, o.missed) for o in result.blocking] == [(1, True)]
    assert [(one.number, one.missed) for one in result.impossible] == [(1, True)]
    assert len(result.legs) == 0 and [visit.call.number for visit in result.visits] == [0]


def test_the_departure_is_in_time_for_a_window_when_an_arrival_is_asked_long_after_it(paris: Engine):
    early = Stop(*MIDDLE.point, "Milieu", 600, (window(DAY - timedelta(hours=2), 60),))
    result = ask(paris, NO_LAW, WEST, early, EAST, arrive_by=DAY + timedelta(hours=2))
    assert result.status is Status.OK
    assert result.visits[-1].arrive_at <= DAY + timedelta(hours=2)


def test_the_departure_at_which_a_pass_held_begins_is_told_when_it_begins_later(paris: Engine):
    middle = Perimeter(
        "zone", "e", "Zone", Colour.RED, shapely.box(2.36, 48.855, 2.37, 48.875), (Activation(DAY - 90 * HOUR, None),)
    )
    held = PassRight(DAY + HOUR, DAY + 5 * HOUR, frozenset({"zone"}))
    result = ask(paris, law_of(middle), passes=(held,))
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert result.blocking[0].opens_at == held.start
    (after,) = result.departures
    assert DAY < after <= DAY + HOUR
    assert ask(paris, law_of(middle), at=after, passes=(held,)).status is Status.OK
    assert ask(paris, law_of(middle), at=after - MINUTE, passes=(held,)).status is Status.NO_LAWFUL_ROUTE


def two_walls(seed: int) -> LawSnapshot:
    """Two perimeters across every way, each closed and open by turns through the day."""
    random = Random(seed)
    zones = []
    for name, west in (("a", 2.3600), ("b", 2.3680)):
        spans, at = [], DAY - 14 * HOUR + random.randrange(120) * MINUTE
        for _ in range(12):
            end = at + random.randrange(30, 200) * MINUTE
            spans.append(Activation(at, end))
            at = end + random.randrange(5, 90) * MINUTE
        zones.append(
            Perimeter(name, name, name, Colour.RED, shapely.box(west, 48.855, west + 0.004, 48.875), tuple(spans))
        )
    return law_of(*zones)


@pytest.mark.parametrize("seed", range(6))
def test_the_nearest_departures_are_those_of_a_scan_when_two_perimeters_close_by_turns(paris: Engine, seed: int):
    law = two_walls(seed)
    result = ask(paris, law)
    if result.status is Status.OK:
        return

    def lawful(minutes: int) -> bool:
        trip = Trip((WEST, EAST), DAY + minutes * MINUTE, TRUCK)
        return plan(paris, law, trip, extras=Extras(hours=False)).status is Status.OK

    for side in (-1, 1):
        told = [hour for hour in result.departures if (hour - DAY) * side > timedelta()]
        near = next((side * minutes for minutes in range(1, 480, 3) if lawful(side * minutes)), None)
        if near is not None:
            assert told, f"lawful {near} minutes away"
            assert abs(told[0] - DAY) <= abs(near) * MINUTE


@pytest.mark.parametrize(
    ("now", "earlier"), [(DAY, False), (DAY - timedelta(hours=20), True), (DAY + timedelta(days=9), True)]
)
def test_no_departure_before_the_clock_is_told_when_a_tour_is_refused(paris: Engine, now: datetime, earlier: bool):
    middle = shapely.box(2.36, 48.855, 2.37, 48.875)
    zone = Perimeter("z", "e", "Z", Colour.RED, middle, (Activation(DAY - HOUR, DAY + HOUR),))
    result = plan(paris, law_of(zone), Trip((WEST, EAST), DAY, TRUCK), extras=Extras(now=now))
    assert [hour < DAY for hour in result.departures] == ([True, False] if earlier else [False])


def test_leaving_earlier_is_not_proposed_when_that_hour_is_over(paris: Engine):
    zone = Perimeter("zone", "e", "Zone", Colour.RED, BARRIER, (Activation(DAY - 5 * MINUTE, DAY + 300 * MINUTE),))
    result = plan(paris, law_of(zone), Trip((WEST, EAST), DAY, TRUCK), extras=Extras(now=DAY))
    assert result.status is Status.OK
    assert all(proposal.depart_at >= DAY for proposal in result.proposals)


def test_hours_are_summed_in_utc_when_the_clock_changes_on_the_way(paris: Engine):
    """At the end of summer the hour after 2 comes twice."""
    depart_at = datetime(2024, 10, 27, 2, 55, tzinfo=PARIS)
    result = ask(paris, NO_LAW, WEST, MIDDLE, EAST, at=depart_at)
    assert result.trip.depart_at.utcoffset() == timedelta()
    driven = sum((leg.arrive_at - leg.depart_at).total_seconds() for leg in result.legs)
    whole = result.visits[-1].arrive_at - result.visits[0].arrive_at
    assert whole.total_seconds() == pytest.approx(driven + 600, abs=0.01)
