"""A tour still to be driven follows the law: computed again when touched, and the company is told what changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import shapely
import shapely.ops
from flask import Flask
from sqlalchemy import select, update

from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK, FixedClock
from portal.db import session, unit_of_work
from portal.itineriz import queries, rechecking, telling
from portal.itineriz.api import ask_for_due_work, set_pass_book
from portal.itineriz.asking import engine_of
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.trip import Stop
from portal.itineriz.trip_values import pass_values
from portal.itineriz.underway import place_reached
from portal.itineriz.variants import Changed, variant
from portal.jobs import runner
from portal.jobs.models import Job
from portal.mail.models import OutboxMail
from portal.numeriz.api import EventDraft, EventKind, EventState, law_version, list_bays, store_events
from portal.numeriz.bays.suspending import Suspending, suspend_bay
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Period
from portal.territories.api import TerritoryView
from portal.wiring import connect
from tests.factories.accounts import make_company, make_member, make_user
from tests.factories.cirqliz import make_vehicle
from tests.factories.law import TESTER, bay_draft, make_law, perimeter_draft
from tests.integration.itineriz.test_jobs_routes import STOPS, ask, row_of

type Make = Callable[[], TerritoryView]
type RunJobs = Callable[[Flask], int]

MARKET = (2.3780, 48.8690)


@pytest.fixture
def territory(database: Flask, routed_territory: Make) -> TerritoryView:
    """The Paris extract."""
    return routed_territory()


@pytest.fixture
def company_id(database: Flask) -> UUID:
    """A company with one person who reads its mails."""
    company = make_company()
    make_member(make_user(), company)
    return company.id


def closure(
    shape: shapely.LineString | shapely.MultiLineString, version: int = 1, state: EventState = EventState.ACTIVE
) -> EventDraft:
    """A street closed for three days."""
    since = SYSTEM_CLOCK.now() - timedelta(hours=1)
    return EventDraft(
        source="essai",
        source_id="F-1",
        kind=EventKind.CLOSURE,
        state=state,
        shape=shape,
        periods=(Period(since, since + timedelta(days=3)),),
        version=version,
        label="Fuite de gaz",
    )


def tell(territory: TerritoryView, event: EventDraft) -> None:
    store_events(system_actor("test"), territory.id, [event])


def middle_of(route_id: UUID) -> shapely.LineString:
    """The street in the middle of the way of a tour."""
    result = row_of(route_id).result
    assert result is not None
    line = shapely.LineString(result["geometry"]["coordinates"])
    street = shapely.ops.substring(line, 0.45, 0.55, normalized=True)
    assert isinstance(street, shapely.LineString)
    return street


def streets_around(territory: TerritoryView, place: tuple[float, float]) -> shapely.MultiLineString:
    """Every street within some 100 m of a place."""
    shapes = engine_of(territory).table.shapes
    return shapely.MultiLineString([line for line in shapes if line.distance(shapely.Point(place)) < 0.001])


def upkeep(app: Flask, run_jobs: RunJobs) -> int:
    """A round of the regular work, with all it asks for; return how many looks it asked for."""
    asked = ask_for_due_work()
    run_jobs(app)
    return asked


def mails() -> list[str]:
    return list(session().scalars(select(OutboxMail.body).order_by(OutboxMail.created_at)))


def recomputed() -> list[str]:
    return [args["route_id"] for args in session().scalars(select(Job.args).where(Job.kind == telling.RECOMPUTE))]


def test_tours_are_computed_again_and_one_mail_is_written_when_a_closure_crosses_them(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    ids = [ask(territory, company_id, label=f"Tournée {number}") for number in (1, 2)]
    run_jobs(database)
    street = middle_of(ids[0])
    before = {route_id: row_of(route_id).result for route_id in ids}
    assert upkeep(database, run_jobs) == 0
    tell(territory, closure(street))
    assert upkeep(database, run_jobs) == 1
    for route_id in ids:
        row = row_of(route_id)
        assert row.status is RouteStatus.DONE
        assert row.result is not None
        assert row.changes is not None
        assert row.law_version == row.changes["law_version"] != before[route_id]["law_version"]  # type: ignore[index]
        assert "Fuite de gaz" in {reason["title"] for reason in row.changes["reasons"]}
        assert row.changes["after"]["distance_m"] != row.changes["before"]["distance_m"]
        crossed = shapely.LineString(row.result["geometry"]["coordinates"]).intersection(street.buffer(1e-6))
        assert crossed.length < street.length / 4
    (mail,) = mails()
    assert "Tournée 1" in mail
    assert "Tournée 2" in mail
    assert "Fuite de gaz" in mail
    assert upkeep(database, run_jobs) == 0
    assert len(mails()) == 1


def test_nothing_is_computed_when_the_closure_is_elsewhere_or_over_before(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    route_id = ask(territory, company_id, stops=(Stop(2.3560, 48.8655), Stop(2.3590, 48.8650)))
    run_jobs(database)
    checked_at, street = row_of(route_id).checked_at, middle_of(route_id)
    tell(territory, closure(shapely.LineString([(2.379, 48.858), (2.380, 48.859)])))
    assert upkeep(database, run_jobs) == 1
    since = SYSTEM_CLOCK.now() - timedelta(hours=2)
    over = EventDraft(
        "essai", "F-2", EventKind.CLOSURE, EventState.ACTIVE, street, (Period(since, since + timedelta(hours=3)),)
    )
    tell(territory, over)
    assert upkeep(database, run_jobs) == 1
    assert recomputed() == []
    row = row_of(route_id)
    assert row.checked_at is not None
    assert checked_at is not None
    assert row.checked_at > checked_at
    assert (row.changes, mails()) == (None, [])


def test_nobody_is_told_when_the_tour_stays_the_same(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    route_id = ask(territory, company_id)
    run_jobs(database)
    before = row_of(route_id).result
    assert before is not None
    lon, lat = before["geometry"]["coordinates"][len(before["geometry"]["coordinates"]) // 2]
    tell(territory, closure(shapely.LineString([(lon + 0.002, lat - 0.002), (lon + 0.0021, lat - 0.002)])))
    upkeep(database, run_jobs)
    assert recomputed() == [str(route_id)]
    row = row_of(route_id)
    assert row.result is not None
    assert row.result["geometry"] == before["geometry"]
    assert row.result["law_version"] != before["law_version"]
    assert (row.changes, mails()) == (None, [])
    assert upkeep(database, run_jobs) == 0


def test_another_bay_is_offered_and_the_company_told_when_one_is_suspended(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    near = [replace(bay_draft(f"B-{n}", STOPS[1].lon, STOPS[1].lat + n / 2000), length_cm=1200) for n in (1, 2, 3)]
    make_law(territory, bays=near)
    route_id = ask(territory, company_id)
    run_jobs(database)
    before = row_of(route_id).result
    assert before is not None
    named = {bay.address: bay.id for bay in list_bays(territory.id)}
    offered = [bay["address"] for bay in before["stops"][1]["bays"]]
    assert offered == [bay.address for bay in near[:2]]
    day = datetime.fromisoformat(before["stops"][1]["arrive_at"])
    for address, start in ((near[2].address, day), (offered[0], day + timedelta(days=1))):
        suspend_bay(TESTER, territory.id, named[address], Suspending(start, start + timedelta(hours=1), "tranchée"))
    assert upkeep(database, run_jobs) == 1
    assert recomputed() == [], "neither a bay it does not name nor another day touches a tour"
    suspend_bay(TESTER, territory.id, named[offered[0]], Suspending(day, day + timedelta(hours=1), "tranchée"))
    upkeep(database, run_jobs)
    row = row_of(route_id)
    assert row.result is not None and row.changes is not None
    assert recomputed() == [str(route_id)]
    assert [bay["address"] for bay in row.result["stops"][1]["bays"]] == [offered[1]]
    assert row.result["geometry"] == before["geometry"]
    assert [bay["address"] for bay in row.changes["bays"]] == [offered[0]]
    (mail,) = mails()
    assert offered[0] in mail and "Le chemin ne change pas" in mail
    assert upkeep(database, run_jobs) == 0


def test_a_refused_tour_becomes_possible_when_what_blocked_it_is_over(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    around = streets_around(territory, MARKET)
    tell(territory, closure(around))
    route_id = ask(territory, company_id)
    run_jobs(database)
    assert row_of(route_id).status is RouteStatus.NO_LAWFUL_ROUTE
    tell(territory, closure(around, version=2, state=EventState.ENDED))
    upkeep(database, run_jobs)
    row = row_of(route_id)
    assert row.status is RouteStatus.DONE
    assert row.changes is not None
    assert [row.changes[when]["status"] for when in ("before", "after")] == ["no_lawful_route", "done"]
    assert [reason["title"] for reason in row.changes["gone"]] == ["Fuite de gaz"]
    (mail,) = mails()
    assert "de nouveau permis" in mail


@pytest.fixture
def pass_book(database: Flask) -> Iterator[list[PassRight]]:
    """The passes every vehicle holds; the test changes them."""
    rights: list[PassRight] = []
    set_pass_book(database, lambda _territory_id, _vehicle_id: list(rights))
    yield rights
    connect(database)


def test_a_tour_is_refused_when_the_pass_it_needs_is_revoked(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs, pass_book: list[PassRight]
) -> None:
    now = SYSTEM_CLOCK.now()
    area = shapely.Point(MARKET).buffer(0.001)
    make_law(territory, perimeters=[perimeter_draft(shape=area, spans=[_days_around(now)])])
    held = PassRight(now - timedelta(days=1), now + timedelta(days=9), colours=frozenset({Colour.RED}))
    pass_book.append(held)
    route_id = ask(territory, company_id, vehicle_id=make_vehicle(company_id), passes=(held,))
    run_jobs(database)
    assert row_of(route_id).status is RouteStatus.DONE
    _forget_look(route_id)
    upkeep(database, run_jobs)
    assert recomputed() == []
    pass_book.clear()
    _forget_look(route_id)
    upkeep(database, run_jobs)
    row = row_of(route_id)
    assert (row.status, row.passes) == (RouteStatus.NO_LAWFUL_ROUTE, [])
    assert len(mails()) == 1


def test_a_supposed_pass_is_no_reason_to_compute_when_it_is_not_held(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs, pass_book: list[PassRight]
) -> None:
    now = SYSTEM_CLOCK.now()
    supposed = PassRight(now, now + timedelta(days=9), colours=frozenset({Colour.RED}))
    route_id = ask(territory, company_id, vehicle_id=make_vehicle(company_id), supposed_passes=(supposed,))
    run_jobs(database)
    _forget_look(route_id)
    upkeep(database, run_jobs)
    assert recomputed() == []


def test_one_mail_is_written_when_the_same_change_is_computed_twice(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    route_id = ask(territory, company_id)
    run_jobs(database)
    tell(territory, closure(middle_of(route_id)))
    answers = [rechecking.recompute(route_id) for _ in range(2)]
    for answer in answers:
        assert answer is not None
        rechecking.store(answer)
    run_jobs(database)
    assert len(mails()) == 1
    # The look that was killed before it could write is made again: nothing is left to do.
    found = rechecking.look(territory.id)
    assert found.touched == []


def test_a_tour_that_is_over_is_left_alone_when_the_law_changes(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    yesterday = SYSTEM_CLOCK.now() - timedelta(days=1)
    route_id = ask(territory, company_id, depart_at=yesterday)
    run_jobs(database)
    street = middle_of(route_id)
    tell(territory, closure(street))
    upkeep(database, run_jobs)
    assert (recomputed(), mails()) == ([], [])


def test_a_new_tour_avoids_a_closure_when_the_event_has_just_come(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    first_id = ask(territory, company_id)
    run_jobs(database)
    street = middle_of(first_id)
    second_id = ask(territory, company_id)
    tell(territory, closure(street))
    # Asked before the closure, computed after it.
    (job_id,) = database.extensions["pending_jobs"]
    runner.run(str(job_id))
    result = row_of(second_id).result
    assert result is not None
    driven = shapely.LineString(result["geometry"]["coordinates"])
    assert driven.intersection(street.buffer(1e-6)).length < street.length / 4
    assert "Fuite de gaz" in {reason["title"] for reason in result["avoided"]}


def test_a_variant_with_a_supposed_pass_is_computed_again_when_a_closure_crosses_it(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs, pass_book: list[PassRight]
) -> None:
    now = SYSTEM_CLOCK.now()
    area = shapely.Point(MARKET).buffer(0.001)
    make_law(territory, perimeters=[perimeter_draft(shape=area, spans=[_days_around(now)])])
    supposed = PassRight(now - timedelta(days=1), now + timedelta(days=9), colours=frozenset({Colour.RED}))
    asked = {"vehicle_id": make_vehicle(company_id), "supposed_passes": (supposed,)}
    route_id = ask(territory, company_id, compared_with=ask(territory, company_id), **asked)
    run_jobs(database)
    street = middle_of(route_id)
    tell(territory, closure(street))
    upkeep(database, run_jobs)
    row = row_of(route_id)
    assert row.status is RouteStatus.DONE
    assert row.result is not None
    driven = shapely.LineString(row.result["geometry"]["coordinates"])
    assert driven.intersection(street.buffer(1e-6)).length < street.length / 4
    assert row.passes == [pass_values(supposed, supposed=True)]
    assert row.checked_law == law_version(territory.id)


def test_touched_tours_are_not_called_verified_when_they_wait_to_be_computed(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    touched_id = ask(territory, company_id)
    other_id = ask(territory, company_id, stops=(Stop(2.3600, 48.8590), Stop(2.3610, 48.8585)))
    run_jobs(database)
    tell(territory, closure(middle_of(touched_id)))
    version = law_version(territory.id)
    rechecking.ask_again(rechecking.look(territory.id))
    assert (row_of(touched_id).checked_law, row_of(other_id).checked_law) == (None, version)
    rechecking.ask_again(rechecking.look(territory.id))
    assert recomputed() == [str(touched_id)]
    run_jobs(database)
    assert row_of(touched_id).checked_law == version


def test_the_other_tours_are_computed_when_one_cannot_be_read(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    ids = [ask(territory, company_id, label=f"Tournée {number}") for number in (1, 2, 3)]
    run_jobs(database)
    with unit_of_work():
        broken = row_of(ids[1])
        broken.stops = [{name: stop[name] for name in ("label", "lon", "lat")} for stop in broken.stops]
    tell(territory, closure(middle_of(ids[0])))
    upkeep(database, run_jobs)
    current = law_version(territory.id)
    assert [row_of(route_id).checked_law for route_id in ids] == [current, None, current]
    (mail,) = mails()
    assert ["Tournée 1" in mail, "Tournée 2" in mail, "Tournée 3" in mail] == [True, False, True]
    # It is tried again, though not at once.
    assert upkeep(database, run_jobs) == 0
    _forget_look(ids[1])
    upkeep(database, run_jobs)
    assert recomputed().count(str(ids[1])) == 2


def test_one_mail_tells_the_net_change_when_a_street_closes_and_opens_again(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    route_id = ask(territory, company_id, label="Tournée du lundi")
    ask(territory, company_id, compared_with=route_id, depart_at=SYSTEM_CLOCK.now() + timedelta(days=1, minutes=5))
    run_jobs(database)
    street = middle_of(route_id)
    for version, state in enumerate([EventState.ACTIVE, EventState.ENDED] * 2, start=1):
        tell(territory, closure(street, version, state))
        upkeep(database, run_jobs)
        assert len(mails()) == 1
    assert mails()[0].count("- Tournée du lundi") == 1
    telling.tell(company_id, clock=_later(29))
    assert len(mails()) == 1
    telling.tell(company_id, clock=_later(31))
    (_first, second) = mails()
    assert "Le chemin a changé" in second
    # Closed and opened between two mails: there is nothing to tell.
    for version, state in ((5, EventState.ACTIVE), (6, EventState.ENDED)):
        tell(territory, closure(street, version, state))
        upkeep(database, run_jobs)
    telling.tell(company_id, clock=_later(90))
    assert len(mails()) == 2


def test_a_variant_counts_on_the_passes_held_now_when_one_was_revoked(
    database: Flask, territory: TerritoryView, company_id: UUID, pass_book: list[PassRight]
) -> None:
    now = SYSTEM_CLOCK.now().replace(microsecond=0)
    revoked, given, supposed = (
        PassRight(now - timedelta(days=1), now + timedelta(days=9), colours=frozenset({colour}))
        for colour in (Colour.RED, Colour.BLUE, Colour.GREY)
    )
    pass_book.append(given)
    passes = {"passes": (revoked,), "supposed_passes": (supposed,), "assume_passes": True}
    of_fleet = queries.get_route(company_id, ask(territory, company_id, vehicle_id=make_vehicle(company_id), **passes))
    found = variant(of_fleet, company_id, Changed())
    assert (found.passes, found.supposed_passes) == ((given,), (supposed,))
    # What varies the tour of a request belongs to nobody but the company, which may remove it.
    assert not found.assume_passes
    off_fleet = queries.get_route(company_id, ask(territory, company_id, **passes))
    assert variant(off_fleet, company_id, Changed()).passes == (revoked,)


def under_way(territory: TerritoryView, company_id: UUID, now: datetime, *, returns: bool = False) -> UUID:
    """A tour of four stops that left 25 minutes before an instant, and stands half an hour at two of them."""
    stops = (STOPS[0], Stop(2.3700, 48.8640, "Halles", 1800), Stop(2.3660, 48.8670, "École", 1800), STOPS[2])
    depart_at = now - timedelta(minutes=25)
    return ask(territory, company_id, stops=stops, depart_at=depart_at, free_order=True, return_to_start=returns)


def street_of(route_id: UUID, place: int) -> shapely.LineString:
    """The street in the middle of a leg of a tour."""
    result = row_of(route_id).result
    assert result is not None
    line = shapely.LineString(result["legs"][place]["geometry"]["coordinates"])
    street = shapely.ops.substring(line, 0.4, 0.6, normalized=True)
    assert isinstance(street, shapely.LineString)
    return street


def test_a_tour_under_way_stays_as_it_is_when_a_street_is_closed_behind_it(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    route_id = under_way(territory, company_id, SYSTEM_CLOCK.now())
    run_jobs(database)
    before = row_of(route_id).result
    assert before is not None
    tell(territory, closure(street_of(route_id, 0)))
    upkeep(database, run_jobs)
    assert recomputed() == [str(route_id)]
    row = row_of(route_id)
    assert (row.result, row.changes, mails()) == (before, None, [])
    assert row.checked_law == law_version(territory.id)
    _forget_look(route_id)
    upkeep(database, run_jobs)
    assert recomputed() == [str(route_id)]


def test_only_what_remains_changes_when_a_street_is_closed_before_a_tour_under_way(
    database: Flask, territory: TerritoryView, company_id: UUID, run_jobs: RunJobs
) -> None:
    now = SYSTEM_CLOCK.now()
    route_id = under_way(territory, company_id, now, returns=True)
    run_jobs(database)
    before = row_of(route_id).result
    assert before is not None
    reached = place_reached(before, now)
    assert reached is not None
    assert 0 < reached < len(before["stops"]) - 2
    street = street_of(route_id, len(before["legs"]) - 2)
    tell(territory, closure(street))
    upkeep(database, run_jobs)
    after = row_of(route_id).result
    assert after is not None
    assert row_of(route_id).status is RouteStatus.DONE
    assert after["legs"][:reached] == before["legs"][:reached]
    assert after["stops"][:reached] == before["stops"][:reached]
    assert [stop["number"] for stop in after["stops"]] == [stop["number"] for stop in before["stops"]]
    assert after["stops"][-1]["return"]
    assert after["distance_m"] == sum(leg["distance_m"] for leg in after["legs"])
    instants = [datetime.fromisoformat(entry[2]) for entry in after["timeline"]]
    assert instants == sorted(instants)
    driven = shapely.LineString(after["geometry"]["coordinates"])
    assert driven.intersection(street.buffer(1e-6)).length < street.length / 4
    closing = [item["leg"] for item in after["avoided"] if item["title"] == "Fuite de gaz"]
    assert min(closing) == len(before["legs"]) - 2
    assert len(mails()) == 1
    assert upkeep(database, run_jobs) == 0


def _later(minutes: int) -> FixedClock:
    return FixedClock(SYSTEM_CLOCK.now() + timedelta(minutes=minutes))


def _forget_look(route_id: UUID) -> None:
    with unit_of_work() as uow:
        uow.session.execute(update(Route).where(Route.id == route_id).values(checked_at=None))


def _days_around(now: datetime) -> tuple[str, str]:
    return (now - timedelta(days=1)).isoformat(), (now + timedelta(days=9)).isoformat()
