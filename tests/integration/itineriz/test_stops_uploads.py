"""A day of stops when its job is lost, run twice or in vain, and when two people settle it at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.common.errors import Conflict, Invalid
from portal.config import Settings
from portal.db import db, session, unit_of_work
from portal.itineriz.addresses.finding import Candidate
from portal.itineriz.models import UploadState
from portal.itineriz.places import uploads
from portal.itineriz.places.rows import StopRow
from portal.jobs import JobState, runner
from portal.jobs.models import Job
from tests.factories.accounts import MadeCompany, make_company, make_member, make_user
from tests.factories.territories import make_territory

DAY = "Nom;Position\nA;2.360, 48.865\nB;2.361, 48.866\nC;nulle part\nD;ailleurs\n"


@pytest.fixture
def company(database: Flask) -> MadeCompany:
    return make_company()


@pytest.fixture
def actor(company: MadeCompany) -> Actor:
    person = make_user()
    make_member(person, company)
    return Actor(ActorKind.USER, person.full_name, person.id, companies={company.id: CompanyRole.OWNER})


@pytest.fixture
def sent(actor: Actor, company: MadeCompany) -> UUID:
    return uploads.start_upload(actor, company.id, make_territory().id, "C:\\jour\\lundi.csv", DAY.encode())


def files(app: Flask) -> list[Path]:
    settings: Settings = app.extensions["settings"]
    folder = Path(settings.files_url.removeprefix("file://")) / "stops-files"
    return sorted(folder.iterdir()) if folder.exists() else []


def test_the_file_is_read_once_whatever_the_queue_says_twice(
    database: Flask, company: MadeCompany, sent: UUID, run_jobs: Callable[[Flask], int]
):
    kept = len(files(database))
    run_jobs(database)
    view = uploads.get_upload(company.id, sent)
    assert (view.state, view.file_name, len(view.rows)) == (UploadState.READY, "lundi.csv", 4)
    assert len(files(database)) == kept - 1, "the file is not kept longer than it is needed"
    uploads.remove_row(company.id, sent, 5)
    job = session().scalars(select(Job).where(Job.id == view.job.id)).one()
    with unit_of_work():
        job.state, job.attempts = JobState.PENDING, 0
    runner.run(str(view.job.id))
    assert len(uploads.get_upload(company.id, sent).rows) == 3, "a second run leaves what people did"


def test_a_reading_that_failed_is_asked_again_and_loses_nothing(
    database: Flask, company: MadeCompany, sent: UUID, run_jobs: Callable[[Flask], int]
):
    job_id = uploads.get_upload(company.id, sent).job.id
    with unit_of_work() as uow:
        job = uow.session.get(Job, job_id)
        job.state, job.error_code = JobState.FAILED, "unexpected"
    database.extensions["pending_jobs"].clear()
    uploads.retry_reading(company.id, sent)
    uploads.retry_reading(company.id, sent)
    run_jobs(database)
    assert uploads.get_upload(company.id, sent).state is UploadState.READY
    with pytest.raises(Conflict):
        uploads.retry_reading(company.id, sent)


def test_two_people_settle_two_rows_at_once_and_both_stay(
    database: Flask, company: MadeCompany, sent: UUID, run_jobs: Callable[[Flask], int]
):
    run_jobs(database)
    rows = {row.number: row for row in uploads.get_upload(company.id, sent).unsettled}
    start = threading.Barrier(2)
    faults: list[BaseException] = []

    def settle(row: StopRow) -> None:
        with database.app_context():
            start.wait()
            try:
                placed = row.placed(Candidate(f"lieu {row.number}", 2.36, 48.865, 1.0))
                uploads.change_rows(company.id, sent, {row.number: placed})
            except BaseException as error:  # noqa: BLE001 told by the test's own thread
                faults.append(error)
            finally:
                db.session.remove()

    threads = [threading.Thread(target=settle, args=(row,)) for row in rows.values()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session().rollback()
    assert not faults
    assert not uploads.get_upload(company.id, sent).unsettled


def test_no_tour_is_made_of_a_day_that_is_not_settled(
    database: Flask, actor: Actor, company: MadeCompany, sent: UUID, run_jobs: Callable[[Flask], int]
):
    def never(_rows: object) -> object:
        raise AssertionError("the rows are not settled")

    with pytest.raises(Conflict):
        uploads.make_route(actor, company.id, sent, never)
    run_jobs(database)
    with pytest.raises(Invalid, match="rows-unsettled"):
        uploads.make_route(actor, company.id, sent, never)
    row = replace(uploads.get_upload(company.id, sent).rows[0], label="Z")
    uploads.change_rows(company.id, sent, {row.number: row, 99: row})
    assert [one.label for one in uploads.get_upload(company.id, sent).rows] == ["Z", "B", "C", "D"]
