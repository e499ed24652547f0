"""Waiting at a stop for the law further on, on the Paris extract: when it is done, told and bounded."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
import shapely

from portal.itineriz.documents.answer import to_public
from portal.itineriz.planning.bays import BayMap
from portal.itineriz.planning.driving import LONGEST_WAIT, drive_tour
from portal.itineriz.planning.planner import Extras, plan
from portal.itineriz.planning.tour import Round, calls_of
from portal.itineriz.routing.engine import Engine
from portal.itineriz.routing.lawgrid import grid_of
from portal.itineriz.trip import Notice, ProposalKind, Status, Stop, Trip, TripResult
from portal.regulations.perimeters import Activation, Colour, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from tests.support.paris import BOUNDS, EXTRACT, PARIS, TRUCK, local
from tests.support.plain_law import Roads, from_values, roads_of
from tests.support.tour_checker import Asked, faults_of
from tests.support.tour_law import Law

DAY = local("2024-10-01T08:00")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WEST, SOUTH, EAST = Stop(2.3560, 48.8655), Stop(2.3590, 48.8650), Stop(2.3780, 48.8690)
BAKER = Stop(*SOUTH.point, "Boulanger", 300, (Interval(DAY, DAY + HOUR / 2),))
TRUCK_PUBLIC = {"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 9, "axle_load_t": 8, "hazmat": False}


def around(stop: Stop, *hours: tuple[float, float], colour: Colour = Colour.RED) -> Perimeter:
    """A perimeter around a stop, closed between hours after the departure."""
    shape = shapely.Point(stop.point).buffer(0.0012)
    return Perimeter(
        "zone", "event", "Marché", colour, shape, tuple(Activation(DAY + a * HOUR, DAY + b * HOUR) for a, b in hours)
    )


def law_of(*perimeters: Perimeter) -> LawSnapshot:
    return LawSnapshot.build(perimeters, [], zone=PARIS, version=f"made-{hash(perimeters)}")


def ask(
    engine: Engine, law: LawSnapshot, *stops: Stop, at: datetime = DAY, hours: bool = True, **more: object
) -> TripResult:
    return plan(engine, law, Trip(stops, at, TRUCK, **more), extras=Extras(hours=hours))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def roads(shared_data: Path) -> Roads:
    """What the judge knows of the streets."""
    return roads_of(shared_data / EXTRACT)


def faults(result: TripResult, roads: Roads, *perimeters: Perimeter) -> list[str]:
    """What the independent judge says of an answer."""
    trip = result.trip
    stops = [
        {"lon": s.lon, "lat": s.lat, "service_s": s.service_s, "windows": [[w.start, w.end] for w in s.windows]}
        for s in trip.stops
    ]
    asked = Asked(stops, trip.depart_at, TRUCK_PUBLIC, free_order=trip.free_order, return_to_start=trip.return_to_start)
    law = Law(from_values(perimeters, []), roads, PARIS, (BOUNDS[1] + BOUNDS[3]) / 2)
    return faults_of(to_public(result, PARIS), asked, law)


@pytest.mark.parametrize(
    ("stops", "more"),
    [
        ((WEST, BAKER, EAST), {}),
        ((WEST, BAKER, Stop(*EAST.point, windows=(Interval(DAY + 3 * HOUR, DAY + 5 * HOUR),))), {}),
        ((WEST, BAKER, EAST), {"return_to_start": True}),
        ((WEST, BAKER, EAST), {"free_order": True}),
        ((WEST, BAKER, EAST), {"free_order": True, "return_to_start": True}),
        ((WEST, EAST, BAKER), {"free_order": True, "return_to_start": True}),
        ((WEST, EAST, BAKER, WEST), {"free_order": True}),
    ],
    ids=["fixed", "own-window", "and-back", "free", "free-and-back", "given-first", "four-stops"],
)
def test_the_vehicle_waits_at_the_stop_before_when_the_next_one_is_closed_already(
    paris: Engine, roads: Roads, sentences: None, stops: tuple[Stop, ...], more: dict[str, object]
):
    zone = around(EAST, (-1, 3))
    result = ask(paris, law_of(zone), *stops, **more)
    assert result.status is Status.OK and not result.impossible
    assert faults(result, roads, zone) == []
    baker = next(visit for visit in result.visits if visit.call.stop == BAKER)
    closed = next(visit for visit in result.visits if visit.call.stop.point == EAST.point)
    # It comes as the perimeter ends, not an hour later, and has left where it stood no earlier than needed.
    assert DAY + 3 * HOUR <= closed.arrive_at < DAY + 3 * HOUR + 5 * MINUTE
    assert baker.leave_at > DAY + 2.8 * HOUR
    (told,) = [dict(caution.params) for caution in result.warnings if caution.notice is Notice.AWAITS_LAW]
    assert told["stop"] == baker.call.number and told["title"] == "Marché"
    assert told["seconds"] == pytest.approx((baker.leave_at - baker.begin_at).total_seconds() - 300, abs=1)
    public = to_public(result, PARIS)
    assert any("attendez 2" in warning["text"] and "Marché" in warning["text"] for warning in public["warnings"])
    # What closed the way is told with its price, and that a pass would open it; a window costs its own time.
    (closing,) = public["avoided"]
    assert (closing["id"], closing["state"], closing["metres"]) == ("zone", "pass_required", 0)
    assert closing["leg"] == result.visits.index(baker)
    waited_min = 0 if closed.call.stop.windows else told["seconds"] / 60
    assert closing["minutes"] == closing["wait_min"] == pytest.approx(waited_min, abs=1)


def test_the_tour_is_refused_when_the_wait_would_be_longer_than_anybody_waits(paris: Engine):
    hours = LONGEST_WAIT / HOUR + 0.5
    result = ask(paris, law_of(around(EAST, (-1, hours))), WEST, BAKER, EAST)
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert [item.open[0].start for item in result.impossible] == [DAY + hours * HOUR]
    within = Stop(*EAST.point, windows=(Interval(DAY + hours * HOUR, DAY + 9 * HOUR),))
    assert ask(paris, law_of(around(EAST, (-1, hours))), WEST, BAKER, within).status is Status.OK, "its window asks it"


def test_the_tour_is_refused_when_the_vehicle_may_not_stand_where_it_would_wait(paris: Engine):
    here = Perimeter(
        "here",
        "e",
        "Ici",
        Colour.RED,
        shapely.Point(BAKER.point).buffer(0.0004),
        (Activation(DAY + HOUR, DAY + 2 * HOUR),),
    )
    zone = around(EAST, (-1, 3))
    result = ask(paris, law_of(zone, here), WEST, BAKER, EAST)
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert [o.reason.id for o in result.blocking if o.reason] == ["zone"]


def test_another_order_is_taken_when_it_needs_no_wait(paris: Engine):
    early = Stop(*SOUTH.point, "Boulanger", 300)
    result = ask(paris, law_of(around(early, (-1, 0.5))), WEST, early, EAST, free_order=True, return_to_start=True)
    assert [visit.call.number for visit in result.visits] == [0, 2, 1, 0]
    fixed = ask(paris, law_of(around(EAST, (0.1, 3))), WEST, early, EAST, free_order=True, return_to_start=True)
    assert fixed.status is Status.OK
    assert not [caution for caution in fixed.warnings if caution.notice is Notice.AWAITS_LAW]


def test_leaving_later_is_proposed_when_the_tour_waits_for_the_law(paris: Engine):
    shop = Stop(*SOUTH.point, "Boulanger", 300)
    zone = around(EAST, (-1, 3))
    result = ask(paris, law_of(zone), WEST, shop, EAST)
    assert result.status is Status.OK
    later = next(one for one in result.proposals if one.kind is ProposalKind.LEAVE_LATER)
    assert later.saves_s > 2.5 * 3600
    proposed = ask(paris, law_of(zone), WEST, shop, EAST, at=later.depart_at)
    assert proposed.status is Status.OK and proposed.visits[-1].arrive_at == later.arrive_at


def test_no_departure_that_waits_is_told_when_one_needs_no_wait(paris: Engine):
    shop = Stop(*SOUTH.point, "Boulanger", 300)
    zone = around(EAST, (-1, 6))
    after = ask(paris, law_of(zone), WEST, shop, EAST).departures[-1]
    assert after > DAY + 5.5 * HOUR
    found = ask(paris, law_of(zone), WEST, shop, EAST, at=after)
    assert found.status is Status.OK
    assert not [caution for caution in found.warnings if caution.notice is Notice.AWAITS_LAW]


def test_the_pass_is_named_and_nothing_awaited_when_passes_are_to_be_supposed(paris: Engine):
    zone = around(EAST, (-1, 3))
    result = ask(paris, law_of(zone), WEST, BAKER, EAST, assume_passes=True)
    assert result.status is Status.OK
    assert [one.perimeter.id for one in result.needed_passes] == ["zone"]
    assert result.visits[-1].arrive_at < DAY + HOUR


def test_the_tour_waits_when_an_arrival_is_asked(paris: Engine):
    zone = around(EAST, (-1, 3))
    arrive_by = DAY + 4 * HOUR
    result = ask(paris, law_of(zone), WEST, BAKER, EAST, arrive_by=arrive_by)
    assert result.status is Status.OK and result.visits[-1].arrive_at <= arrive_by
    # The latest departure at which the window is met.
    missed = ask(paris, law_of(zone), WEST, BAKER, EAST, at=result.trip.depart_at + MINUTE)
    assert missed.status is Status.NO_LAWFUL_ROUTE


@pytest.mark.parametrize("closed_h", [1, 2.5, 4])
@pytest.mark.parametrize("before", [6, 60])
def test_the_tour_comes_before_the_closure_when_an_arrival_within_it_is_asked(
    paris: Engine, closed_h: float, before: int
):
    starts, ends = DAY + HOUR, DAY + (1 + closed_h) * HOUR
    shop = Stop(*SOUTH.point, "Boulanger", 300)
    zone = around(EAST, (1, 1 + closed_h))
    result = ask(paris, law_of(zone), WEST, shop, EAST, arrive_by=ends - before * MINUTE)
    assert result.status is Status.OK
    assert starts - 2 * MINUTE < result.visits[-1].arrive_at <= starts
    assert not result.warnings and not result.avoided


FLORIST = Stop(2.3640, 48.8640, "Fleuriste", 300)


@pytest.mark.parametrize(
    ("stops", "more"),
    [
        ((Stop(*FLORIST.point, windows=(Interval(DAY, DAY + HOUR),)),), {}),
        ((), {"arrive_by": DAY + 3 * HOUR}),
        ((FLORIST,), {"arrive_by": DAY + 3 * HOUR}),
    ],
    ids=["window-missed", "too-late", "too-late-further-on"],
)
def test_what_closes_the_way_and_its_pass_are_named_when_the_wait_is_in_vain(
    paris: Engine, stops: tuple[Stop, ...], more: dict[str, object]
):
    shop = Stop(*SOUTH.point, "Boulanger", 300)
    result = ask(paris, law_of(around(EAST, (-24, 3.5))), WEST, shop, EAST, *stops, **more)
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert result.blocking[0].reason and result.blocking[0].reason.id == "zone"
    assert [item.reasons[0].id for item in result.impossible] == ["zone"]
    assert [one.perimeter.id for one in result.needed_passes] == ["zone"]
    assert not [caution for caution in result.warnings if caution.notice is Notice.AWAITS_LAW]
    if "arrive_by" in more:
        assert result.departures, "another hour is told as well"


def test_the_pass_is_named_when_the_tour_waits_for_what_no_pass_opens_and_needs_it_further_on(paris: Engine):
    shop = Stop(*SOUTH.point, "Boulanger", 300)
    first = around(EAST, (-1, 2), colour=Colour.BLACK)
    shape = shapely.Point(FLORIST.point).buffer(0.0012)
    then = Perimeter("then", "e", "Ensuite", Colour.RED, shape, (Activation(DAY - 30 * HOUR, DAY + 30 * HOUR),))
    result = ask(paris, law_of(first, then), WEST, shop, EAST, FLORIST)
    assert result.status is Status.NO_LAWFUL_ROUTE
    assert {"zone", "then"} <= {o.reason.id for o in result.blocking if o.reason}
    assert [one.perimeter.id for one in result.needed_passes] == ["then"]


def test_no_law_is_blamed_for_a_wait_when_the_window_of_the_next_stop_is_what_is_waited_for(
    paris: Engine, roads: Roads, sentences: None
):
    """Nobody may stand there from half past eight to nine: the vehicle waits where it was, until ten."""
    zone = around(EAST, (0.5, 1))
    shop = Stop(*SOUTH.point, "Boulanger", 300)
    grocer = Stop(*EAST.point, "Épicier", 300, (Interval(DAY + 2 * HOUR, DAY + 3 * HOUR),))
    result = ask(paris, law_of(zone), WEST, shop, grocer)
    assert result.status is Status.OK and faults(result, roads, zone) == []
    assert result.visits[1].leave_at > DAY + 1.8 * HOUR
    assert not result.avoided
    assert not [caution for caution in result.warnings if caution.notice is Notice.AWAITS_LAW]


@dataclass
class AskedBays(BayMap):
    """Bays that note how long a vehicle stays at each stop, and whether it may stand at a place."""

    place: tuple[float, float]
    asked: list[tuple[datetime, float, bool]] = field(default_factory=list)

    def near(self, at, vehicle, arrive_at, stay_s, may_stand):  # type: ignore[no-untyped-def]
        self.asked.append((arrive_at, stay_s, may_stand(self.place)))
        return ()


def test_the_bay_is_judged_for_the_whole_stay_when_the_vehicle_waits_in_it(paris: Engine):
    beside = (2.3600, 48.8655)
    shape = shapely.Point(beside).buffer(0.0002)
    here = Perimeter("here", "e", "Ici", Colour.RED, shape, (Activation(DAY + HOUR, DAY + 2 * HOUR),))
    bays = AskedBays(beside)
    trip = Trip((WEST, BAKER, EAST), DAY, TRUCK)
    result = plan(paris, law_of(around(EAST, (-1, 3)), here), trip, extras=Extras(bays=bays))
    visit = result.visits[1]
    assert visit.leave_at - visit.begin_at > 2.8 * HOUR
    assert bays.asked[0] == (visit.begin_at, (visit.leave_at - visit.begin_at).total_seconds(), False)


def turns(seed: int) -> LawSnapshot:
    """Three perimeters, one around each stop and one across the way, each closed and open by turns."""
    dice = Random(seed)
    zones = []
    for name, shape, first in (
        ("shop", shapely.Point(SOUTH.point).buffer(0.0006), dice.randrange(20, 240)),
        ("across", shapely.box(2.364, 48.855, 2.368, 48.88), -dice.randrange(60)),
        ("end", shapely.Point(EAST.point).buffer(0.001), -dice.randrange(60)),
    ):
        spans, at = [], DAY + first * MINUTE
        for _ in range(4):
            end = at + dice.randrange(20, 160) * MINUTE
            spans.append(Activation(at, end))
            at = end + dice.randrange(5, 90) * MINUTE
        zones.append(Perimeter(name, name, name, Colour.RED, shape, tuple(spans)))
    return law_of(*zones)


@pytest.mark.parametrize("seed", range(12))
def test_no_wait_makes_a_refused_tour_lawful_when_perimeters_close_by_turns(paris: Engine, seed: int):
    """Against every fifth minute at which the stop before may be left."""
    grid = grid_of(paris, turns(seed))
    trip = Trip((WEST, Stop(*SOUTH.point, service_s=120), EAST), DAY, TRUCK)
    round_ = Round(calls_of(trip), DAY, TRUCK)
    found = drive_tour(grid, round_, explain=False)
    held = [
        drive_tour(grid, Round(calls_of(trip), DAY, TRUCK, holds={1: hour}, waits=False), explain=False)
        for hour in (DAY + n * MINUTE for n in range(0, int(LONGEST_WAIT / MINUTE), 5))
    ]
    lawful = [tour for tour in held if tour.complete]
    assert found.complete or not lawful
    if found.complete and found.waits:
        # As soon as any of those, to the minute; one may be lawful between two of them alone.
        assert all(found.arrive_at <= tour.arrive_at + MINUTE for tour in lawful)
