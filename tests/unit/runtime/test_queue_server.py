"""The sweep and a real queue server: what waits there is not pushed twice, what it lost is pushed again."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from portal import create_app
from portal.common.clock import SYSTEM_CLOCK
from portal.config import Settings
from portal.db import Base, db, session, unit_of_work
from portal.jobs import JobState, RunningJob, enqueue, get_job, registry, task
from portal.jobs.models import Job
from portal.jobs.queue import connect, waiting_in_queue
from portal.jobs.runner import end_lease, sweep
from portal.runtime.children import Child, queue_answers, queue_child, wait_until
from tests.support.database import make_settings
from tests.support.installation import short_folder


@pytest.fixture
def queue() -> Iterator[tuple[Flask, Child]]:
    """An application with its embedded queue server running, inside its context, and that server."""
    folder = short_folder()
    settings: Settings = make_settings(folder)
    app = create_app(settings)
    server = queue_child(settings)
    server.start()
    try:
        assert wait_until(lambda: queue_answers(settings), server, 20)
        with app.app_context():
            Base.metadata.create_all(db.engine)
            yield app, server
            db.session.remove()
            db.engine.dispose()
    finally:
        server.stop()
        shutil.rmtree(folder)


@pytest.fixture
def noted() -> Iterator[None]:
    """A kind of job that does nothing."""

    @task("tests.note")
    def note(job: RunningJob) -> None:
        return

    yield
    del registry._tasks["tests.note"]


def _pushed_long_ago() -> None:
    with unit_of_work() as uow:
        uow.session.execute(update(Job).values(pushed_at=SYSTEM_CLOCK.now() - timedelta(hours=1)))


def test_sweep_leaves_a_job_alone_while_its_message_waits(queue: tuple[Flask, Child], noted: None) -> None:
    app, _server = queue
    job_id = enqueue("tests.note", {})
    urgent = enqueue("tests.note", {}, priority=True)
    _pushed_long_ago()
    assert waiting_in_queue(app) == {job_id, urgent}
    assert sweep(app) == 0


def test_sweep_pushes_again_what_the_server_lost(queue: tuple[Flask, Child], noted: None) -> None:
    app, _server = queue
    job_id = enqueue("tests.note", {})
    client = connect(app.extensions["settings"])
    client.flushall()
    client.close()
    assert sweep(app) == 0  # just pushed: whoever took the message may be about to claim the job
    _pushed_long_ago()
    assert sweep(app) == 1
    assert waiting_in_queue(app) == {job_id}


def test_job_is_received_while_the_server_is_down(queue: tuple[Flask, Child], noted: None) -> None:
    app, server = queue
    server.stop()
    job_id = enqueue("tests.note", {})
    assert get_job(job_id).state is JobState.PENDING
    assert waiting_in_queue(app) == set()
    server.start()
    assert wait_until(lambda: queue_answers(app.extensions["settings"]), server, 20)
    assert sweep(app) == 1
    assert waiting_in_queue(app) == {job_id}


def test_run_seen_dead_is_taken_back_by_the_next_sweep(queue: tuple[Flask, Child], noted: None) -> None:
    app, _server = queue
    job_id = enqueue("tests.note", {})
    later = SYSTEM_CLOCK.now() + timedelta(hours=1)
    with unit_of_work() as uow:
        uow.session.execute(update(Job).values(state=JobState.RUNNING, lease_until=later))
    sweep(app)
    assert get_job(job_id).state is JobState.RUNNING
    end_lease(str(job_id))
    session().rollback()
    sweep(app)
    assert get_job(job_id).state is JobState.PENDING
