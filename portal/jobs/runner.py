"""What the worker runs: claim the row, run its task, and leave a state that a person can read."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import select, update
from sqlalchemy.exc import OperationalError

from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import PortalError, Unavailable
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.db.base import db
from portal.jobs.models import Job, JobState
from portal.jobs.queue import push, waiting_in_queue
from portal.jobs.registry import find_task
from portal.jobs.running import ClaimLost, RunningJob

_log = logging.getLogger(__name__)

# A message just taken from the queue needs a moment to claim its job. Pushing twice is harmless, only useless.
_FORGOTTEN_AFTER = timedelta(seconds=10)


def run(job_id: str) -> None:
    """Run a job if it is still to be run. Safe to call twice: only a pending row can be claimed."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    lease_s: int = app.extensions["settings"].job_lease_s
    claim = new_id()
    with unit_of_work() as uow:
        claimed = uow.session.execute(
            update(Job)
            .where(Job.id == UUID(job_id), Job.state == JobState.PENDING)
            .values(
                state=JobState.RUNNING,
                claim=claim,
                attempts=Job.attempts + 1,
                started_at=SYSTEM_CLOCK.now(),
                lease_until=SYSTEM_CLOCK.now() + timedelta(seconds=lease_s),
            )
            .returning(Job.kind, Job.args)
        ).one_or_none()
    if claimed is None:
        return
    kind, args = claimed
    job = RunningJob(app, UUID(job_id), claim, lease_s)
    try:
        with job.heartbeat():
            find_task(kind).run(job, **args)
            if not job.finished:
                with job.finish():
                    pass
    except ClaimLost:
        _log.info("job %s was taken over or cancelled", job_id)
    except PortalError as error:
        _end_failed(job_id, claim, error.code, again=isinstance(error, Unavailable))
    except OperationalError:
        # Locked, dead-locked or gone for a moment: what was rolled back is tried again, as when another service fails.
        _log.exception("job %s (%s) lost the database", job_id, kind)
        _end_failed(job_id, claim, "unexpected", again=True)
    except Exception:  # noqa: BLE001 the job's row must say how it ended, whatever happened
        _log.exception("job %s (%s) failed", job_id, kind)
        _end_failed(job_id, claim, "unexpected", again=False)
    finally:
        db.session.remove()


def _end_failed(job_id: str, claim: UUID, code: str, *, again: bool) -> None:
    """Store the failure; a passing one goes back to pending, after a pause, until its attempts are used up."""
    with unit_of_work() as uow:
        row = uow.session.get(Job, UUID(job_id), populate_existing=True, with_for_update=True)
        if row is None or row.claim != claim or row.state is not JobState.RUNNING:
            return
        row.claim = row.lease_until = None
        named = find_task(row.kind)
        if again and row.attempts < named.max_attempts:
            row.state, row.pushed_at = JobState.PENDING, None
            row.not_before = SYSTEM_CLOCK.now() + named.pause_after(row.attempts)
        else:
            row.state, row.error_code, row.ended_at = JobState.FAILED, code, SYSTEM_CLOCK.now()


def end_lease(job_id: str) -> None:
    """Say that the process of a run was seen dead: the next sweep takes the job back without waiting for its lease.

    A job whose process died before it claimed it is pushed again by that sweep, too.
    A run that lives after all (the same job pushed twice) renews its lease; at worst it loses its claim and writes
    nothing.
    """
    with unit_of_work() as uow:
        uow.session.execute(
            update(Job)
            .where(Job.id == UUID(job_id), Job.state == JobState.RUNNING)
            .values(lease_until=SYSTEM_CLOCK.now())
        )
        uow.session.execute(
            update(Job).where(Job.id == UUID(job_id), Job.state == JobState.PENDING).values(pushed_at=None)
        )


def sweep(app: Flask) -> int:
    """Put lost runs back to pending and push whatever the queue forgot; return how many jobs it pushed.

    A run is lost when its lease ended (its process was killed). One lost too often has failed: it kills its process.
    A job was forgotten when it is pending and no message in the queue names it (its server was killed).
    """
    now = SYSTEM_CLOCK.now()
    with unit_of_work() as uow:
        expired = select(Job).where(Job.state == JobState.RUNNING, Job.lease_until < now)
        # A row locked by another transaction belongs to a run that is ending: it is not lost.
        locked = expired.with_for_update(skip_locked=True).execution_options(populate_existing=True)
        for row in uow.session.scalars(locked).all():
            row.claim = row.lease_until = row.pushed_at = None
            if row.attempts >= find_task(row.kind).max_attempts:
                row.state, row.error_code, row.ended_at = JobState.FAILED, "lost-too-often", now
            else:
                row.state = JobState.PENDING
        uow.session.flush()  # the query below must see the rows just put back
        forgotten = uow.session.query(Job).filter(
            Job.state == JobState.PENDING,
            (Job.pushed_at.is_(None)) | (Job.pushed_at < now - _FORGOTTEN_AFTER),
            (Job.not_before.is_(None)) | (Job.not_before <= now),
        )
        waiting = [(row.id, row.kind, row.priority) for row in forgotten.order_by(Job.created_at).limit(1000)]
    if waiting:
        queued = waiting_in_queue(app)
        waiting = [job for job in waiting if job[0] not in queued]
        push(app, waiting)
    return len(waiting)
