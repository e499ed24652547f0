"""Filing, computing and withdrawing a request, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from portal.audit import list_entries
from portal.audit.tags import AuditTag
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.requests.services import retry_request, submit_request, withdraw_request
from portal.cirqliz.states import RequestState
from portal.common.actor import CompanyRole
from portal.common.errors import Conflict, Denied, Invalid, NotFound, Unavailable
from portal.common.ids import new_id
from portal.db import session
from portal.jobs import JobState, cancel, get_job
from portal.mail import list_outbox
from portal.regulations.perimeters import Colour, Motorised
from tests.factories.accounts import make_company
from tests.factories.cirqliz import INSIDE_BLUE, INSIDE_RED, OUTSIDE, World, make_vehicle
from tests.support.races import overtaken


def test_request_waits_for_a_clerk_when_a_stop_lies_in_a_perimeter(world: World) -> None:
    found = world.submitted(stops=(OUTSIDE, INSIDE_RED, INSIDE_BLUE))
    assert (found.state, found.perimeters) == (RequestState.SUBMITTED, ())
    assert world.run_jobs(world.app) == 1
    ready = world.seen(found.id)
    assert ready.state is RequestState.READY
    assert [(p.name, p.colour, p.motorised) for p in ready.perimeters] == [
        ("Course du canal", Colour.RED, Motorised.PASS_REQUIRED),
        ("Abords du canal", Colour.BLUE, Motorised.JUSTIFIED),
    ]
    assert found.route_id in world.planner.stored
    assert get_job(found.job_id).state is JobState.DONE


def test_request_is_closed_when_no_perimeter_is_concerned(world: World) -> None:
    found = world.ready(stops=(OUTSIDE, OUTSIDE))
    assert found.state is RequestState.NOT_NEEDED
    assert "aucun laissez-passer" in list_outbox()[0].subject


def test_request_is_closed_when_the_perimeter_sleeps_on_its_dates(world: World) -> None:
    later = world.day + timedelta(days=3)
    found = world.ready(starts_at=later, ends_at=later + timedelta(hours=4))
    assert found.state is RequestState.NOT_NEEDED


def test_request_names_the_perimeters_the_tour_crosses(world: World) -> None:
    red = world.ready().perimeters[0].perimeter_id
    world.planner.needed = (red,)
    assert [p.perimeter_id for p in world.ready(stops=(OUTSIDE, OUTSIDE)).perimeters] == [red]


def test_request_waits_for_a_clerk_when_a_stop_cannot_be_reached(world: World) -> None:
    world.planner.refuses = Invalid("stop-far-from-road", field="stops", stop=1)
    found = world.ready()
    assert (found.state, found.tour_status) == (RequestState.READY, "stop-far-from-road")
    assert world.planner.stored[found.route_id] is world.planner.refuses


def test_computation_is_tried_again_when_the_planner_was_unavailable(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = world.submitted()

    def unavailable(_route_id: object) -> None:
        raise Unavailable("graph-missing")

    monkeypatch.setattr(world.planner, "compute", unavailable)
    for _ in range(5):
        world.app.extensions["pending_jobs"][:] = [found.job_id]
        world.run_jobs(world.app)
    assert (world.seen(found.id).state, get_job(found.job_id).state) == (RequestState.SUBMITTED, JobState.FAILED)
    monkeypatch.undo()
    retry_request(world.company_actor(), world.company.id, found.id)
    world.run_jobs(world.app)
    assert world.seen(found.id).state is RequestState.READY


def test_same_form_gives_the_same_request_when_sent_twice(world: World) -> None:
    command = world.command(form_key="one form")
    first, second = (submit_request(world.company_actor(), world.company.id, command) for _ in range(2))
    assert first == second
    changed = world.command(vehicles=list(command.vehicle_ids), form_key="one form", reason="Autre chose")
    assert submit_request(world.company_actor(), world.company.id, changed) != first


def test_same_form_gives_one_request_when_sent_twice_at_once(world: World) -> None:
    command = world.command()
    answers: list[object] = []
    together = threading.Barrier(2)

    def send() -> None:
        with world.app.app_context():
            together.wait()
            answers.append(submit_request(world.company_actor(), world.company.id, command))

    threads = [threading.Thread(target=send) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
    assert len(set(answers)) == 1
    assert session().scalar(select(func.count()).select_from(AccessRequest)) == 1


def test_numbers_follow_each_other(world: World) -> None:
    numbers = [world.submitted().number for _ in range(3)]
    year = numbers[0].split("-")[1]
    assert numbers == [f"VAL-{year}-{place:06d}" for place in (1, 2, 3)]


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"vehicles": []}, "no-vehicle", "vehicles"),
        ({"stops": (INSIDE_RED,)}, "too-few-stops", "stops"),
        ({"reason": "  "}, "no-reason", "reason"),
        ({"vehicles": [new_id()]}, "vehicle-gone", "vehicles"),
    ],
    ids=["no vehicle", "one stop", "no reason", "unknown vehicle"],
)
def test_request_is_refused_when_incomplete(world: World, change: dict[str, object], code: str, field: str) -> None:
    with pytest.raises(Invalid) as told:
        world.submitted(**change)
    assert (told.value.code, told.value.field) == (code, field)


def test_request_is_refused_when_its_dates_are_wrong(world: World) -> None:
    day = world.day
    for change, code in (
        ({"ends_at": day}, "end-before-start"),
        ({"starts_at": day - timedelta(days=30)}, "start-in-the-past"),
        ({"ends_at": day + timedelta(days=400)}, "window-too-long"),
    ):
        with pytest.raises(Invalid, match=code):
            world.submitted(**change)


def test_request_is_refused_when_a_vehicle_belongs_to_somebody_else(world: World) -> None:
    other = make_vehicle(make_company().id)
    with pytest.raises(Invalid, match="vehicle-gone"):
        world.submitted(vehicles=[world.vehicle(), other])


def test_driver_cannot_file(world: World) -> None:
    with pytest.raises(Denied):
        submit_request(world.company_actor(CompanyRole.DRIVER), world.company.id, world.command())


def test_withdrawn_request_is_not_computed(world: World) -> None:
    found = world.submitted()
    withdraw_request(world.company_actor(), world.company.id, found.id)
    world.run_jobs(world.app)
    after = world.seen(found.id)
    assert after.state is RequestState.WITHDRAWN
    assert after.withdrawn_at is not None
    tags = [entry.tag for entry in list_entries(subject_id=found.id).items]
    assert tags == [AuditTag.REQUEST_WITHDRAWN, AuditTag.REQUEST_SUBMITTED]
    with pytest.raises(Conflict, match="request-withdrawn"):
        withdraw_request(world.company_actor(), world.company.id, found.id)


def test_decided_request_cannot_be_withdrawn(world: World) -> None:
    found = world.ready()
    world.approve(found)
    with pytest.raises(Conflict, match="request-decided"):
        withdraw_request(world.company_actor(), world.company.id, found.id)


def test_stranger_finds_no_request(world: World) -> None:
    found = world.submitted()
    other = make_company()
    with pytest.raises(Denied):
        withdraw_request(world.company_actor(), other.id, found.id)
    with pytest.raises(NotFound):
        withdraw_request(world.company_actor(), world.company.id, new_id())


def test_tour_is_asked_for_the_most_demanding_vehicle(world: World) -> None:
    ids = [world.vehicle(height_cm=310, gross_weight_kg=19000), world.vehicle(height_cm=380, gross_weight_kg=None)]
    world.submitted(vehicles=ids)
    assert world.planner.orders[-1].vehicle == {
        "gvw_t": 19.0,
        "height_m": 3.8,
        "air_class": "2",
        "hazmat": False,
        "usages": [],
    }


def test_withdrawal_and_a_new_try_of_the_tour_both_end_when_they_meet(world: World) -> None:
    found = world.submitted()
    owner, company_id = world.company_actor(), world.company.id
    session().rollback()
    # The withdrawal holds the job first, and the request only once the other one has begun.
    _held, tried = overtaken(
        world.app,
        lambda: cancel(found.job_id),
        lambda: retry_request(owner, company_id, found.id),
        then=lambda: withdraw_request(owner, company_id, found.id),
    )
    assert isinstance(tried, Conflict), tried
    assert world.seen(found.id).state is RequestState.WITHDRAWN
