"""Background work: the row is the truth, effects happen exactly once, whatever the queue does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid, Unavailable
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.jobs import JobState, RunningJob, cancel, enqueue, get_job, registry, retry, runner, task
from portal.jobs.models import Job
from portal.jobs.registry import find_task
from tests.support.races import overtaken


class Effects:
    """What the trial task did and how it is told to behave."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.error: Exception | None = None
        self.before_finish = lambda: None


@pytest.fixture
def effects() -> Iterator[Effects]:
    """A task named tests.trial that lives for one test."""
    told = Effects()

    @task("tests.trial", max_attempts=3)
    def trial(job: RunningJob, word: str) -> None:
        job.progress("thinking", 1, 4)
        if told.error:
            raise told.error
        told.before_finish()
        with job.finish():
            told.done.append(word)

    yield told
    del registry._tasks["tests.trial"]


def test_job_runs_once_when_run_twice(database: Flask, effects: Effects) -> None:
    job_id = enqueue("tests.trial", {"word": "once"})
    runner.run(str(job_id))
    runner.run(str(job_id))
    assert effects.done == ["once"]
    assert get_job(job_id).state is JobState.DONE
    assert get_job(job_id).percent == 100


def test_job_is_not_written_when_the_use_case_fails(database: Flask, effects: Effects) -> None:
    with pytest.raises(ZeroDivisionError), unit_of_work():
        enqueue("tests.trial", {"word": "never"})
        raise ZeroDivisionError
    assert session().query(Job).count() == 0
    assert database.extensions["pending_jobs"] == []


def test_unknown_kind_is_refused_before_anything_is_written(database: Flask) -> None:
    with pytest.raises(KeyError):
        enqueue("tests.nothing", {})


def test_failure_has_a_code_and_can_be_retried(database: Flask, effects: Effects) -> None:
    effects.error = Invalid("wrong-thing")
    job_id = enqueue("tests.trial", {"word": "again"})
    runner.run(str(job_id))
    assert (get_job(job_id).state, get_job(job_id).error_code) == (JobState.FAILED, "wrong-thing")
    effects.error = None
    retry(job_id)
    runner.run(str(job_id))
    assert get_job(job_id).state is JobState.DONE
    with pytest.raises(Conflict):
        retry(job_id)


@pytest.mark.parametrize(
    "passing",
    [
        pytest.param(Unavailable("provider-down"), id="another-service"),
        pytest.param(OperationalError("UPDATE job", {}, Exception("database is locked")), id="the-database"),
    ],
)
def test_passing_failure_is_tried_again_up_to_its_bound(database: Flask, effects: Effects, passing: Exception) -> None:
    effects.error = passing
    job_id = enqueue("tests.trial", {"word": "later"})
    for attempt in range(1, find_task("tests.trial").max_attempts + 1):
        runner.run(str(job_id))
        last = attempt == find_task("tests.trial").max_attempts
        assert get_job(job_id).state is (JobState.FAILED if last else JobState.PENDING)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_unexpected_error_ends_the_job_without_its_text(database: Flask, effects: Effects) -> None:
    effects.error = RuntimeError("AB-123-CD is on fire")
    job_id = enqueue("tests.trial", {"word": "no"})
    runner.run(str(job_id))
    assert (get_job(job_id).state, get_job(job_id).error_code) == (JobState.FAILED, "unexpected")


def test_lost_run_is_swept_and_run_again_exactly_once(database: Flask, effects: Effects) -> None:
    """The first run is killed (its lease ends); when it wakes up after the second, it must write nothing."""
    job_id = enqueue("tests.trial", {"word": "survivor"})
    taken_over: list[bool] = []

    def lose_the_lease() -> None:
        if taken_over:
            return
        taken_over.append(True)
        with unit_of_work() as uow:
            uow.session.execute(update(Job).values(lease_until=SYSTEM_CLOCK.now() - timedelta(seconds=1)))
        database.extensions["pending_jobs"].clear()
        assert runner.sweep(database) == 1
        with database.app_context():
            runner.run(str(database.extensions["pending_jobs"].pop()))

    effects.before_finish = lose_the_lease
    runner.run(str(job_id))
    assert effects.done == ["survivor"]
    assert get_job(job_id).state is JobState.DONE


def test_job_lost_too_often_has_failed(database: Flask, effects: Effects) -> None:
    job_id = enqueue("tests.trial", {"word": "killer"})
    past = SYSTEM_CLOCK.now() - timedelta(seconds=1)
    with unit_of_work() as uow:
        uow.session.execute(update(Job).values(state=JobState.RUNNING, attempts=3, lease_until=past))
    runner.sweep(database)
    assert (get_job(job_id).state, get_job(job_id).error_code) == (JobState.FAILED, "lost-too-often")


def test_sweep_pushes_what_the_queue_forgot_but_not_what_it_just_got(database: Flask, effects: Effects) -> None:
    job_id = enqueue("tests.trial", {"word": "forgotten"})
    database.extensions["pending_jobs"].clear()
    with unit_of_work() as uow:
        uow.session.execute(update(Job).values(pushed_at=SYSTEM_CLOCK.now()))
    assert runner.sweep(database) == 0
    with unit_of_work() as uow:
        uow.session.execute(update(Job).values(pushed_at=SYSTEM_CLOCK.now() - timedelta(minutes=5)))
    assert runner.sweep(database) == 1
    assert database.extensions["pending_jobs"] == [job_id]


def test_sweep_leaves_a_failed_run_alone_for_a_growing_while(database: Flask, effects: Effects) -> None:
    patient = registry.find_task("tests.trial")
    registry._tasks["tests.trial"] = replace(patient, pause_s=30)
    effects.error = Unavailable("server-away")
    job_id, pauses = enqueue("tests.trial", {"word": "patient"}), []
    while get_job(job_id).state is JobState.PENDING:
        failed_at = SYSTEM_CLOCK.now()
        runner.run(str(job_id))
        until = session().scalar(select(Job.not_before).where(Job.id == job_id))
        assert until is not None
        pauses.append(round((until - failed_at).total_seconds()))
        database.extensions["pending_jobs"].clear()
        assert runner.sweep(database) == 0
        with unit_of_work() as uow:
            uow.session.execute(update(Job).values(not_before=SYSTEM_CLOCK.now() - timedelta(seconds=1)))
        runner.sweep(database)
    assert pauses[:2] == [30, 60]
    assert get_job(job_id).state is JobState.FAILED
    retry(job_id)
    assert session().scalar(select(Job.not_before).where(Job.id == job_id)) is None


def test_cancelled_job_writes_nothing_even_while_running(database: Flask, effects: Effects) -> None:
    job_id = enqueue("tests.trial", {"word": "unwanted"})
    effects.before_finish = lambda: cancel(job_id) and None
    runner.run(str(job_id))
    assert effects.done == []
    assert get_job(job_id).state is JobState.CANCELLED
    assert cancel(job_id) is False


def test_progress_is_readable_while_the_job_runs(database: Flask, effects: Effects) -> None:
    seen = []
    effects.before_finish = lambda: seen.append(get_job(job_id))
    job_id = enqueue("tests.trial", {"word": "slow"})
    runner.run(str(job_id))
    assert (seen[0].step, seen[0].percent) == ("thinking", 25)


def test_run_that_ends_while_the_sweep_looks_stays_done(database: Flask, effects: Effects) -> None:
    """Its lease is over but its end is being committed: taking it back would run its effects twice."""
    job_id, claim = enqueue("tests.trial", {"word": "late"}), new_id()
    past = SYSTEM_CLOCK.now() - timedelta(seconds=1)
    with unit_of_work() as uow:
        owned = {"state": JobState.RUNNING, "claim": claim, "attempts": 1, "lease_until": past}
        uow.session.execute(update(Job).values(**owned))
    run = RunningJob(database, job_id, claim, lease_s=20)

    def end() -> None:
        with run.finish():
            effects.done.append("late")

    overtaken(database, end, lambda: runner.sweep(database))
    assert get_job(job_id).state is JobState.DONE
    assert effects.done == ["late"]
