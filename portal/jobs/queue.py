"""Asking for background work, and looking at it."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import redis
import rq
from flask import Flask, current_app
from redis.backoff import NoBackoff
from redis.retry import Retry
from sqlalchemy import select, update

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, NotFound
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.jobs.models import Job, JobState
from portal.jobs.registry import find_task

QUEUES = ("urgent", "ordinary")
"""In the order they are served."""
WARM = "warm"
"""In the message of a job: it may run in the process that the worker keeps."""
_RUN = "portal.jobs.runner.run"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobView:
    """What a page may show of a job. done/total count the current step; total 0 = unknown."""

    id: UUID
    kind: str
    state: JobState
    step: str | None
    done: int
    total: int
    error_code: str | None
    created_at: datetime
    ended_at: datetime | None

    @property
    def percent(self) -> int | None:
        """Whole percent of the current step, None while unknown."""
        if self.state is JobState.DONE:
            return 100
        return min(99, self.done * 100 // self.total) if self.total else None


def connect(settings: Settings) -> redis.Redis:
    """Return a client of the queue's server that fails at once instead of waiting for a dead one."""
    return redis.Redis.from_url(settings.redis_url, retry=Retry(NoBackoff(), 0), socket_connect_timeout=2)


def rq_queue(name: str, connection: redis.Redis) -> rq.Queue:
    """Return the RQ queue of a name; JSON messages only."""
    return rq.Queue(name, connection=connection, serializer="json")


def enqueue(kind: str, args: dict[str, Any], *, priority: bool = False) -> UUID:
    """Write the job's row in the running unit of work and push it to the queue once that is durable.

    kind must be registered. Returns the job's id. A queue that is down loses nothing: the sweep pushes later.
    priority: for seconds of work that a person waits for. One worker does nothing else, so that such a job never waits
    for a long one; a long job with priority would break that.
    """
    find_task(kind)
    job_id = new_id()
    with unit_of_work() as uow:
        uow.session.add(
            Job(
                id=job_id,
                kind=kind,
                args=args,
                state=JobState.PENDING,
                priority=priority,
                attempts=0,
                progress_done=0,
                progress_total=0,
                created_at=SYSTEM_CLOCK.now(),
            )
        )
        uow.session.flush()  # the caller's row may reference this one
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        uow.after_commit(lambda: push(app, [(job_id, kind, priority)]))
    return job_id


def push(app: Flask, jobs: Sequence[tuple[UUID, str, bool]]) -> None:
    """Send jobs (id, kind, priority) to the queue and remember when; those it cannot take wait for the sweep."""
    pusher = app.extensions.get("job_pusher")
    if pusher is not None:
        for job_id, _kind, _priority in jobs:
            pusher(job_id)
        return
    connection = connect(app.extensions["settings"])
    sent: list[UUID] = []
    try:
        for job_id, kind, priority in jobs:
            queue = rq_queue(QUEUES[0 if priority else 1], connection)
            named = find_task(kind)
            queue.enqueue(
                _RUN,
                str(job_id),
                job_id=f"{job_id}-{secrets.token_hex(4)}",  # another message each time; `waiting_in_queue` reads it
                job_timeout=named.timeout_s + 30,
                meta={WARM: named.warm},
                result_ttl=0,
                failure_ttl=3600,
            )
            sent.append(job_id)
    except redis.RedisError as error:
        _log.warning("the queue is not reachable (%s): jobs stay pending in the database", type(error).__name__)
    finally:
        connection.close()
    if sent:
        with unit_of_work() as uow:
            uow.session.execute(update(Job).where(Job.id.in_(sent)).values(pushed_at=SYSTEM_CLOCK.now()))


def waiting_in_queue(app: Flask) -> set[UUID]:
    """Return the ids of the jobs whose message waits in the queue; none when the queue cannot be reached."""
    if "job_pusher" in app.extensions:
        return set()
    connection = connect(app.extensions["settings"])
    try:
        messages = [message for name in QUEUES for message in rq_queue(name, connection).get_job_ids()]
    except redis.RedisError:
        return set()
    finally:
        connection.close()
    return {UUID(message[:36]) for message in messages}


def get_job(job_id: UUID) -> JobView:
    """Return the job; raises NotFound. The caller reaches it through the object it serves, which is scoped."""
    row = session().scalar(select(Job).where(Job.id == job_id).execution_options(populate_existing=True))
    if row is None:
        raise NotFound("job-not-found")
    return _view(row)


def latest_job(kind: str, args: Mapping[str, str]) -> JobView | None:
    """Return the newest job of a kind with these arguments, for work that must not be asked for twice."""
    same = (Job.args[name].as_string() == value for name, value in args.items())
    newest = select(Job).where(Job.kind == kind, *same).order_by(Job.created_at.desc(), Job.id.desc()).limit(1)
    row = session().scalar(newest.execution_options(populate_existing=True))
    return None if row is None else _view(row)


def _view(row: Job) -> JobView:
    return JobView(
        row.id,
        row.kind,
        row.state,
        row.step,
        row.progress_done,
        row.progress_total,
        row.error_code,
        row.created_at,
        row.ended_at,
    )


def cancel(job_id: UUID) -> bool:
    """Cancel a job that has not ended; return whether it was. A run in progress can then no longer finish."""
    with unit_of_work() as uow:
        changed = uow.session.execute(
            update(Job)
            .where(Job.id == job_id, Job.state.in_([JobState.PENDING, JobState.RUNNING]))
            .values(state=JobState.CANCELLED, claim=None, lease_until=None, ended_at=SYSTEM_CLOCK.now())
        )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def retry(job_id: UUID) -> None:
    """Put a failed job back in the queue at a person's request. Raises Conflict when it has not failed."""
    with unit_of_work() as uow:
        job = uow.session.get(Job, job_id, populate_existing=True, with_for_update=True)
        if job is None or job.state is not JobState.FAILED:
            raise Conflict("job-not-failed")
        job.state, job.attempts, job.error_code = JobState.PENDING, 0, None
        job.ended_at = job.started_at = job.not_before = None
        kind, priority = job.kind, job.priority
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        uow.after_commit(lambda: push(app, [(job_id, kind, priority)]))
