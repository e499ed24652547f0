"""The worker process: RQ takes job ids from the queue, each runs in a forked process of its own.

A crash of native code (the routing engine) kills one job's process, not the worker.
"""

from __future__ import annotations

import logging
import signal
import sys

import rq
from flask import Flask
from rq.worker import Worker
from sqlalchemy.exc import OperationalError

from portal import create_app
from portal.config import load_settings
from portal.db import db
from portal.jobs.queue import QUEUES, connect, rq_queue
from portal.jobs.runner import end_lease
from portal.runtime.lifeline import die_with_parent

_log = logging.getLogger(__name__)


class PortalWorker(Worker):
    """A worker whose forked children open their own database connections and end with it."""

    # A queue that comes back is found within seconds, not within RQ's minute.
    max_connection_wait_time = 4.0

    def main_work_horse(self, job: rq.job.Job, queue: rq.Queue) -> None:
        # A killed worker leaves no run behind that nobody could stop.
        die_with_parent(signal.SIGKILL)
        # A connection shared across a fork would mix two conversations.
        db.engine.dispose(close=False)
        super().main_work_horse(job, queue)

    def handle_work_horse_killed(self, job: rq.job.Job, retpid: int, ret_val: int, rusage: object) -> None:
        """Let the sweep take the job back at once: its process is known to be dead."""
        try:
            end_lease(job.args[0])
        except OperationalError:
            _log.warning("the database is busy: the lease of a killed run will end by itself")
        finally:
            db.session.remove()


def make_worker(app: Flask, queues: list[str]) -> PortalWorker:
    """Return a worker over the named queues; the first named is served first."""
    connection = connect(app.extensions["settings"])
    return PortalWorker(
        [rq_queue(name, connection) for name in queues],
        connection=connection,
        serializer="json",
        maintenance_interval=60,
        log_job_description=False,
    )


def main(queues: list[str]) -> None:
    """Work until told to stop (SIGTERM: after the running job)."""
    app = create_app(load_settings())
    with app.app_context():
        make_worker(app, queues or list(QUEUES)).work(logging_level="WARNING")


if __name__ == "__main__":
    main(sys.argv[1:])
