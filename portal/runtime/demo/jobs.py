"""Running jobs while the demonstration is prepared, when no worker lives yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import Flask

from portal.jobs import runner


@contextmanager
def jobs_in_this_process(app: Flask) -> Iterator[None]:
    """Keep jobs in a list instead of pushing them to the queue, for `run_waiting_jobs`."""
    waiting: list[UUID] = []
    app.extensions["waiting_jobs"] = waiting
    app.extensions["job_pusher"] = waiting.append
    try:
        yield
    finally:
        del app.extensions["job_pusher"]


def run_waiting_jobs(app: Flask) -> None:
    """Run the jobs asked for so far, and those they ask for."""
    waiting: list[UUID] = app.extensions["waiting_jobs"]
    while waiting:
        job_id = waiting.pop(0)
        with app.app_context():
            runner.run(str(job_id))
