"""The life of a route asked for: its states, its progress, and what a killed or cancelled run leaves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.common.actor import system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, NotFound
from portal.db import session, unit_of_work
from portal.itineriz import queries, services
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.services import CreateRoute
from portal.itineriz.trip import Stop
from portal.itineriz.trip_values import trip_of
from portal.jobs import ClaimLost, JobState, get_job, runner
from portal.jobs.models import Job
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Colour
from portal.regulations.schedules import Interval
from portal.regulations.vehicles import Vehicle
from portal.territories.api import TerritoryView
from tests.factories.accounts import make_company

type Make = Callable[[], TerritoryView]
type RunJobs = Callable[[Flask], int]

STOPS = (Stop(2.3560, 48.8655, "Dépôt"), Stop(2.3700, 48.8640, "Halles", 600), Stop(2.3780, 48.8690, "Marché"))
LORRY = {"gvw_t": 12, "height_m": 3.5, "width_m": 2.5, "length_m": 9, "axle_load_t": 8, "hazmat": False}


@pytest.fixture
def company_id(database: Flask) -> UUID:
    """A company."""
    return make_company().id


def ask(territory: TerritoryView, company_id: UUID, **more: object) -> UUID:
    """Ask for a tour of tomorrow."""
    values: dict[str, object] = {
        "territory_id": territory.id,
        "company_id": company_id,
        "stops": STOPS,
        "depart_at": SYSTEM_CLOCK.now() + timedelta(days=1),
        "vehicle": LORRY,
    }
    return services.create_route(system_actor("test"), CreateRoute(**values | more))  # type: ignore[arg-type]


def row_of(route_id: UUID) -> Route:
    row = session().get(Route, route_id, populate_existing=True)
    assert row is not None
    return row


def test_what_was_asked_is_what_is_computed_when_the_row_is_read_back(
    database: Flask, routed_territory: Make, company_id: UUID
) -> None:
    territory, noon = routed_territory(), SYSTEM_CLOCK.now().replace(microsecond=0)
    window = Interval(noon, noon + timedelta(hours=2))
    stops = (STOPS[0], Stop(2.37, 48.864, "Halles", 90, (window, Interval(noon, noon))), STOPS[2])
    held = PassRight(noon, noon + timedelta(days=2), frozenset({"a", "b"}))
    supposed = PassRight(noon, noon + timedelta(days=2), colours=frozenset({Colour.RED}))
    first_id = ask(territory, company_id)
    route_id = ask(
        territory,
        company_id,
        stops=stops,
        arrive_by=noon + timedelta(hours=5),
        free_order=True,
        return_to_start=True,
        label="Tournée du lundi",
        compared_with=first_id,
        passes=(held,),
        supposed_passes=(supposed,),
    )
    session().rollback()
    trip, view = trip_of(row_of(route_id)), queries.get_route(company_id, route_id)
    assert (trip.stops, trip.passes, trip.vehicle) == (stops, (held, supposed), Vehicle.from_public(LORRY))
    assert (trip.arrive_by, trip.free_order, trip.return_to_start) == (noon + timedelta(hours=5), True, True)
    assert (view.label, view.compared_with, view.depart_at) == ("Tournée du lundi", first_id, trip.arrive_by)
    assert [values.get("supposed", False) for values in view.passes] == [False, True]
    assert [variant.id for variant in queries.list_variants(company_id, first_id)] == [route_id]


def test_a_variant_of_anothers_route_is_refused_when_it_is_asked(
    database: Flask, routed_territory: Make, company_id: UUID
) -> None:
    territory = routed_territory()
    strange_id = ask(territory, make_company().id)
    with pytest.raises(NotFound):
        ask(territory, company_id, compared_with=strange_id)
    assert queries.list_variants(company_id, strange_id) == []


def test_a_tour_is_done_once_when_its_job_runs_twice(database: Flask, routed_territory: Make, company_id: UUID) -> None:
    route_id = ask(routed_territory(), company_id)
    assert queries.get_route(company_id, route_id).status is RouteStatus.QUEUED
    (job_id,) = database.extensions["pending_jobs"]
    runner.run(str(job_id))
    done = queries.get_route(company_id, route_id)
    assert done.status is RouteStatus.DONE
    assert done.result is not None
    assert done.law_version == done.result["law_version"]
    assert done.checked_at is not None
    runner.run(str(job_id))
    assert row_of(route_id).ended_at == done.ended_at
    assert get_job(job_id).state is JobState.DONE


def test_a_tour_has_failed_with_a_code_and_can_be_asked_again_when_it_cannot_be_computed(
    database: Flask, routed_territory: Make, company_id: UUID, run_jobs: RunJobs
) -> None:
    territory = routed_territory()
    assert territory.graph_dir is not None
    route_id = ask(territory, company_id, vehicle={**LORRY, "length_m": 55})
    run_jobs(database)
    failed = queries.get_route(company_id, route_id)
    assert (failed.status, failed.error_code) == (RouteStatus.FAILED, "vehicle-too-large")
    assert failed.error_params["field"] == "length_m"
    with unit_of_work():
        row_of(route_id).vehicle = LORRY
    services.retry_route(company_id, route_id)
    assert queries.get_route(company_id, route_id).status is RouteStatus.QUEUED
    run_jobs(database)
    assert queries.get_route(company_id, route_id).status is RouteStatus.DONE
    with pytest.raises(Conflict):
        services.retry_route(company_id, route_id)


def test_nothing_is_computed_when_a_waiting_tour_was_cancelled(
    database: Flask, routed_territory: Make, company_id: UUID, run_jobs: RunJobs
) -> None:
    route_id = ask(routed_territory(), company_id)
    services.cancel_route(company_id, route_id)
    run_jobs(database)
    cancelled = queries.get_route(company_id, route_id)
    assert (cancelled.status, cancelled.result) == (RouteStatus.CANCELLED, None)
    with pytest.raises(Conflict):
        services.cancel_route(company_id, route_id)


def test_the_work_stops_between_two_legs_when_the_run_is_given_up(
    database: Flask, routed_territory: Make, company_id: UUID
) -> None:
    route_id = ask(routed_territory(), company_id, stops=(*STOPS, STOPS[0]))
    told: list[tuple[str, int, int]] = []

    def give_up(step: str, done: int, total: int) -> None:
        told.append((step, done, total))
        if (step, done) == ("leg", 2):
            raise ClaimLost

    with pytest.raises(ClaimLost):
        services.compute_route(route_id, progress=give_up)
    assert [found for found in told if found[0] == "leg"] == [("leg", 1, 3), ("leg", 2, 3)]


def test_a_short_tour_goes_before_long_ones_when_both_wait(
    database: Flask, routed_territory: Make, company_id: UUID
) -> None:
    territory = routed_territory()
    long_id = ask(territory, company_id, stops=STOPS * 7)
    short_id = ask(territory, company_id)
    priorities = select(Route.id, Job.priority).join(Job, Job.id == Route.job_id)
    assert {row.id: row.priority for row in session().execute(priorities)} == {long_id: False, short_id: True}
