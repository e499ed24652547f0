"""One command that runs an embedded installation: queue, workers, web; restarts what dies, stops all in order."""

from __future__ import annotations

import fcntl
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.error import URLError
from urllib.request import ProxyHandler, build_opener

from flask import Flask
from rq.registry import StartedJobRegistry
from sqlalchemy.exc import OperationalError

from portal.config import Settings
from portal.jobs.queue import QUEUES, connect, rq_queue
from portal.runtime.children import (
    Child,
    queue_answers,
    queue_child,
    runs_own_queue,
    stop_together,
    wait_until,
    web_child,
    worker_children,
)
from portal.runtime.orphans import OrphansLeft, take_lifeline
from portal.runtime.upkeep import Upkeep

_log = logging.getLogger(__name__)

_SWEEP_EVERY_S = 2.0
_ORPHANS_END_WITHIN_S = 5.0
_STRAIGHT = build_opener(ProxyHandler({}))  # a proxy named by the environment knows nothing of our own port


class StartError(Exception):
    """The portal cannot start; the message is one clear sentence."""


class Supervisor:
    """Starts the children of one installation and watches them until told to stop."""

    def __init__(self, app: Flask, host: str, port: int, threads: int, say: Callable[[str], None]) -> None:
        self._app = app
        self._settings: Settings = app.extensions["settings"]
        self._upkeep = Upkeep(app)
        self._host, self._port, self._threads = host, port, threads
        self._say = say
        self._stopping = False
        self._lock: IO[str] | None = None
        self._lifeline: IO[str] | None = None
        self._groups: list[list[Child]] = []

    def claim(self) -> None:
        """Make sure that nothing else runs from this folder or on this port; call it before long preparations.

        Raises StartError.
        """
        try:
            self._take_lock()
            self._end_orphans()
            self._check_port()
        except StartError:
            self._release()
            raise

    def run(self, when_ready: Callable[[], None]) -> None:
        """Start everything that was claimed, call when_ready, watch until SIGINT or SIGTERM, stop everything.

        Raises StartError, with nothing left running, when a part cannot start.
        """
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, self._ask_to_stop)
        try:
            self._start_all()
            if not self._stopping:
                when_ready()
            self._watch()
        finally:
            self._stop_all()

    def _ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping = True

    def _take_lock(self) -> None:
        """Hold var/run/supervisor.lock: two supervisors would fight over one queue."""
        path = self._settings.var_dir / "run" / "supervisor.lock"
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = path.open("a", encoding="ascii")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError("Joptimiz is already running from this folder: stop it first.") from error

    def _end_orphans(self) -> None:
        """Wait for what a killed supervisor left behind: two queue servers would share one file, two webs one port."""
        try:
            self._lifeline = take_lifeline(self._settings.var_dir / "run" / "children.lock", _ORPHANS_END_WITHIN_S)
        except OrphansLeft as error:
            raise StartError(str(error)) from error

    def _check_port(self) -> None:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self._host, self._port))
            except OSError as error:
                raise StartError(
                    f"Port {self._port} of {self._host} cannot be used ({error.strerror}): choose another with --port."
                ) from error

    def _start_all(self) -> None:
        settings, environment = self._settings, child_environment(self._settings)
        workers = worker_children(settings, environment)
        web = web_child(settings, environment, self._host, self._port, self._threads)
        self._groups = [workers, [web]]
        if runs_own_queue(settings):
            self._start_queue()
        elif not queue_answers(settings):
            raise StartError("The queue named by REDIS_URL does not answer.")
        for child in (*workers, web):
            self._start(child)
        if not wait_until(lambda: self._stopping or self._web_answers(), web, 60):
            raise StartError(f"The web server does not start: {web.last_words()}")

    def _start_queue(self) -> None:
        queue = queue_child(self._settings)
        self._groups.insert(0, [queue])
        self._start(queue)
        if not wait_until(lambda: queue_answers(self._settings), queue, 20):
            raise StartError(f"The queue does not start: {queue.last_words()}")
        self._requeue_orphans()

    def _start(self, child: Child) -> None:
        assert self._lifeline is not None
        child.lifeline = self._lifeline.fileno()
        child.start()

    def _requeue_orphans(self) -> None:
        """No worker lives yet: whatever RQ thinks is running was killed. The database's sweep runs it again."""
        client = connect(self._settings)
        try:
            for name in QUEUES:
                StartedJobRegistry(queue=rq_queue(name, client)).cleanup(timestamp=time.time() + 10**6)
        finally:
            client.close()

    def _web_answers(self) -> bool:
        try:
            with _STRAIGHT.open(f"http://{self._host}:{self._port}/sante", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def _watch(self) -> None:
        next_sweep = 0.0
        while not self._stopping:
            for child in chain.from_iterable(self._groups):
                if not child.alive:
                    self._restart(child)
            if time.monotonic() >= next_sweep:
                self._keep_up()
                next_sweep = time.monotonic() + _SWEEP_EVERY_S
            time.sleep(0.2)

    def _restart(self, child: Child) -> None:
        if child.due_again():
            self._say(f"{child.name} stopped unexpectedly; starting it again")
            child.start()

    def _keep_up(self) -> None:
        """Do the regular work. A database that is briefly busy only delays it to the next round."""
        try:
            self._upkeep.round()
        except OperationalError:
            _log.warning("the sweep could not reach the database; it will try again")

    def _stop_all(self) -> None:
        """Stop web first (nobody adds work), then the workers (each ends its job), then the queue."""
        for group in reversed(self._groups):
            stop_together(group)
        self._release()

    def _release(self) -> None:
        for held in (self._lifeline, self._lock):
            if held is not None:
                held.close()


def child_environment(settings: Settings) -> Mapping[str, str]:
    """Return the variables that make a child read the same settings."""
    return {
        "JOPTIMIZ_VAR": str(settings.var_dir),
        "JOPTIMIZ_DEMO": "1" if settings.demo_mode else "0",
        "JOPTIMIZ_PUBLIC_URL": settings.public_url,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": settings.redis_url,
        "FILES_URL": settings.files_url,
    }


def check_disk(folder: Path, needed_bytes: int) -> None:
    """Raise StartError when the disk of var/ has less room than the portal needs to start."""
    folder.mkdir(parents=True, exist_ok=True)
    free = os.statvfs(folder)
    available = free.f_bavail * free.f_frsize
    if available < needed_bytes:
        raise StartError(
            f"Not enough disk space in {folder.name}/: {needed_bytes // 10**6} MB are needed, "
            f"{available // 10**6} MB are free."
        )
