"""A run of a job, as its task sees it: progress, heartbeat, and the one transaction that ends it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from flask import Flask
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from portal.common.clock import SYSTEM_CLOCK
from portal.db import UnitOfWork, session, unit_of_work
from portal.db.base import db
from portal.jobs.models import Job, JobState

_log = logging.getLogger(__name__)


class ClaimLost(Exception):
    """Another run owns the job now, or it was cancelled: this run must write nothing."""


class RunningJob:
    """The handle of one run. Only the run whose claim is still in the row can report progress or finish."""

    def __init__(self, app: Flask, job_id: UUID, claim: UUID, lease_s: int) -> None:
        self.id = job_id
        self.finished = False
        self._app = app
        self._claim = claim
        self._lease_s = lease_s

    def _update(self, **values: object) -> bool:
        owned = update(Job).where(Job.id == self.id, Job.claim == self._claim, Job.state == JobState.RUNNING)
        changed = session().execute(owned.values(**values))
        return bool(changed.rowcount)  # type: ignore[attr-defined]

    def progress(self, step: str, done: int = 0, total: int = 0) -> None:
        """Store how far the run is: a step code, and counts (total 0 = unknown). Raises ClaimLost."""
        with unit_of_work():
            if not self._update(step=step, progress_done=done, progress_total=total):
                raise ClaimLost(str(self.id))

    @contextmanager
    def finish(self) -> Iterator[UnitOfWork]:
        """Open the transaction of the effects: they and the end of the job become true together or not at all.

        Raises ClaimLost before any effect when another run owns the job.
        """
        with unit_of_work() as uow:
            if not self._update(state=JobState.DONE, ended_at=SYSTEM_CLOCK.now(), lease_until=None, claim=None):
                raise ClaimLost(str(self.id))
            yield uow
        self.finished = True

    def _renewed(self) -> bool:
        """Renew the lease; False when the run has lost its claim."""
        with self._app.app_context():
            try:
                with unit_of_work():
                    return self._update(lease_until=SYSTEM_CLOCK.now() + timedelta(seconds=self._lease_s))
            except OperationalError:
                # The lease outlives a few missed beats; giving up at the first would lose a healthy run.
                _log.warning("job %s could not renew its lease; it will try again", self.id)
                return True
            finally:
                db.session.remove()

    @contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Keep the lease alive from a thread while the body runs: a living run is never taken over."""
        stop = threading.Event()

        def beat() -> None:
            # Most runs end before the first beat.
            while not stop.wait(self._lease_s / 4):
                if not self._renewed():
                    return

        thread = threading.Thread(target=beat, name=f"heartbeat-{self.id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()
