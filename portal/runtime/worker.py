"""A worker process: RQ takes job ids from the queue; each runs in another process.

Warm jobs run one after another in a process that is kept (`portal.runtime.warm`), any other in a forked one of its own.
A crash of native code (the routing engine) kills one job's process, not the worker.
"""

from __future__ import annotations

import logging
import random
import signal
import socket
import sys
import time
from resource import struct_rusage
from typing import Any

import rq
from flask import Flask
from rq.executions import Execution
from rq.worker import Worker
from rq.worker.base import WorkerStatus
from sqlalchemy.exc import OperationalError

from portal import create_app
from portal.config import load_settings
from portal.db import db
from portal.jobs.queue import QUEUES, WARM, connect, rq_queue
from portal.jobs.registry import idle_work
from portal.jobs.runner import end_lease
from portal.runtime.lifeline import die_with_parent, name_process
from portal.runtime.warm import WarmLine, WarmProcess

_log = logging.getLogger(__name__)

WARM_NAME = "joptimiz-warm"
"""What the system's list of processes shows."""
_JOBS_OF_A_PROCESS = 2000
"""A process that is kept for ever keeps its leaks too."""
_IDLE_S = 2.0


class PortalWorker(Worker):
    """A worker whose children open their own database connections and end with it."""

    # A queue that comes back is found within seconds, not within RQ's minute.
    max_connection_wait_time = 4.0

    def __init__(self, app: Flask, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._app = app
        self._warm: WarmProcess | None = None
        self._runs_warm = False

    def bootstrap(self, *arguments: Any, **options: Any) -> None:
        """Start the process of warm jobs at once: the first of them then finds it ready."""
        super().bootstrap(*arguments, **options)
        self._warm = WarmProcess(self._serve)

    def execute_job(self, job: rq.job.Job, queue: rq.Queue) -> None:
        """Run a job in the kept process, or in one of its own."""
        if not job.meta.get(WARM):
            super().execute_job(job, queue)
            return
        execution = self.prepare_execution(job)
        warm = self._given(job.id, queue.name, execution.id)
        self._horse_pid, self._runs_warm = warm.pid, True
        try:
            self.monitor_work_horse(job, queue, execution)
        finally:
            self._runs_warm = False
        self.set_state(WorkerStatus.IDLE)

    def _given(self, *message: str) -> WarmProcess:
        """The kept process with the job given to it; a new one when it is dead or has run long enough."""
        if self._warm is not None and self._warm.jobs < _JOBS_OF_A_PROCESS and self._warm.give(*message):
            return self._warm
        if self._warm is not None:
            self._warm.end()
        self._warm = WarmProcess(self._serve)
        self._warm.give(*message)
        return self._warm

    def wait_for_horse(self) -> tuple[int | None, int | None, struct_rusage | None]:
        """Wait for the end of the job, or of its process; as `os.wait4`."""
        if not self._runs_warm or self._warm is None:
            return super().wait_for_horse()
        return *self._warm.wait(), None

    def monitor_work_horse(self, job: rq.job.Job, queue: rq.Queue, execution: Execution) -> None:
        """Watch over a job until its end."""
        super().monitor_work_horse(job, queue, execution)
        if self._runs_warm and self._warm is not None:
            self._warm.take_answer()

    def teardown(self) -> None:
        """Let the kept process go before the worker leaves."""
        if self._warm is not None and not self.is_horse:
            self._warm.end()
            self._warm = None
        super().teardown()  # type: ignore[no-untyped-call]

    def _serve(self, line: socket.socket) -> None:
        """Run warm jobs until the worker goes. In the child."""
        name_process(WARM_NAME)
        self._be_a_child()
        messages = WarmLine(line)
        while (message := messages.next(_IDLE_S, self._warm_up)) is not None:
            started = time.monotonic()
            timeout_s = self._run(*message)
            # A job that was stopped in the middle of something: nobody knows what it left.
            stopped = time.monotonic() - started >= timeout_s
            messages.answer(last=stopped)
            if stopped:
                return

    def _run(self, message_id: str, queue_name: str, execution_id: str) -> float:
        """Run one job; return after how many seconds RQ would have stopped it."""
        queue = rq_queue(queue_name, self.connection)
        job = self.job_class.fetch(message_id, connection=self.connection, serializer=self.serializer)
        self.execution = execution = Execution.fetch(execution_id, message_id, connection=self.connection)
        # What one job leaves in the context of the application is not for the next.
        with self._app.app_context():
            self.perform_job(job, queue, execution)
        return float(job.timeout or self.queue_class.DEFAULT_TIMEOUT)

    def _warm_up(self) -> None:
        """Do what contexts want done while no job waits; what fails there fails again, and is told, in a job."""
        for work in idle_work():
            with self._app.app_context():
                try:
                    work()
                except Exception as error:  # noqa: BLE001 a job would meet the same and say it to a person
                    _log.warning("a preparation failed: %s", type(error).__name__)
                finally:
                    db.session.remove()

    def main_work_horse(self, job: rq.job.Job, queue: rq.Queue) -> None:
        """Run one job in a process of its own. In the child."""
        self._be_a_child()
        super().main_work_horse(job, queue)

    def _be_a_child(self) -> None:
        # A killed worker leaves no run behind that nobody could stop.
        die_with_parent(signal.SIGKILL)
        # A connection shared across a fork would mix two conversations.
        db.engine.dispose(close=False)
        random.seed()
        self.setup_work_horse_signals()  # type: ignore[no-untyped-call]
        self._is_horse = True

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
        app,
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
