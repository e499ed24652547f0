"""Requests, passes and routes when two transactions meet: each takes its rows in one order, and nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select

from portal.cirqliz.api import RequestState, active_pass_rights, withdraw_request
from portal.cirqliz.models import AccessRequest
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid
from portal.common.ids import new_id
from portal.db import session
from portal.fleet.api import archive_vehicle
from portal.itineriz.models import Route, RouteStatus
from portal.itineriz.services import cancel_route
from portal.jobs import JobState, enqueue, get_job
from portal.jobs.models import Job
from portal.jobs.running import RunningJob
from tests.factories.cirqliz import RunJobs, World, make_world
from tests.support.races import overtaken


@pytest.fixture
def world(database: Flask, run_jobs: RunJobs) -> Iterator[World]:
    """A town, a company and its clerk; the planner of the application is put back afterwards."""
    planner = database.extensions["tour_planner"]
    yield make_world(database, run_jobs)
    database.extensions["tour_planner"] = planner


def claimed(world: World, job_id: object) -> RunningJob:
    """A run that owns a job, as the worker makes it."""
    claim = new_id()
    row = session().get_one(Job, job_id)
    row.state, row.claim, row.lease_until = JobState.RUNNING, claim, SYSTEM_CLOCK.now()
    session().commit()
    return RunningJob(world.app, row.id, claim, 20)


def test_neither_fails_when_a_request_is_withdrawn_while_its_run_ends(world: World) -> None:
    found = world.submitted()
    run = claimed(world, found.job_id)
    its_row = select(AccessRequest.id).where(AccessRequest.id == found.id).with_for_update()

    def withdraw() -> None:
        with world.app.app_context():
            withdraw_request(world.company_actor(), world.company.id, found.id)

    with ThreadPoolExecutor(1) as pool:
        with run.finish():
            withdrawal = pool.submit(withdraw)
            time.sleep(0.4)  # the withdrawal waits by now; the run goes on to its request
            assert session().scalar(its_row) == found.id
        assert withdrawal.exception(timeout=20) is None
    session().rollback()
    assert world.seen(found.id).state is RequestState.WITHDRAWN


def test_pass_ends_when_its_vehicle_is_archived_while_a_clerk_approves(world: World) -> None:
    vehicle_id = world.vehicle()
    found = world.ready(vehicles=[vehicle_id])
    _, gone = overtaken(
        world.app,
        lambda: world.approve(found),
        lambda: archive_vehicle(world.company_actor(), world.company.id, vehicle_id),
    )
    assert gone is None
    assert active_pass_rights(vehicle_id, found.starts_at) == []


def test_approval_is_refused_when_the_vehicle_is_being_archived(world: World) -> None:
    vehicle_id = world.vehicle()
    found = world.ready(vehicles=[vehicle_id])
    _, refused = overtaken(
        world.app,
        lambda: archive_vehicle(world.company_actor(), world.company.id, vehicle_id),
        lambda: world.approve(found),
    )
    assert isinstance(refused, Invalid) and refused.code == "vehicle-changed"
    assert active_pass_rights(vehicle_id, found.starts_at) == []


def test_answer_of_a_route_stays_when_it_is_given_up_at_the_same_instant(world: World) -> None:
    session().add(
        Route(
            id=(route_id := new_id()),
            territory_id=world.territory.id,
            company_id=world.company.id,
            vehicle={},
            stops=[],
            depart_at=world.day,
            passes=[],
            status=RouteStatus.RUNNING,
            job_id=enqueue("itineriz.compute_route", {"route_id": str(route_id)}),
            created_at=world.day,
        )
    )
    session().commit()

    def answer() -> None:
        session().get_one(Route, route_id).status = RouteStatus.DONE

    _, late = overtaken(world.app, answer, lambda: cancel_route(world.company.id, route_id))
    assert isinstance(late, Conflict) and late.code == "route-ended"
    row = session().get_one(Route, route_id, populate_existing=True)
    assert row.status is RouteStatus.DONE and row.job_id is not None
    assert get_job(row.job_id).state is JobState.PENDING, "a refusal gives nothing up"
