"""A real installation of the demonstration: prepared once by the real command, copied, run under its supervisor."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from tests.support.data import ROOT

JOPTIMIZ = (sys.executable, "-m", "portal.cli")
_TIED = "import signal; from portal.runtime.lifeline import die_with_parent; die_with_parent(signal.SIGTERM)"
_TIED_TO_THE_TESTS = (sys.executable, "-c", f"{_TIED}; from portal.cli import main; main()")
"""The same command, which the system ends should the tests be killed."""
PREPARED = "JOPTIMIZ_TEST_DEMO"
"""Variable that names a folder where `joptimiz demo --prepare-only` already ran: the run copies it instead."""
_PREPARE_WITHIN_S = 900
_READY_WITHIN_S = 180
_STOP_WITHIN_S = 60


def short_folder() -> Path:
    """Make a folder whose path is short: the queue's unix socket in it must fit in 100 bytes."""
    return Path(tempfile.mkdtemp(prefix="jt-", dir="/tmp"))


def environment(var_dir: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the variables of a process of an installation: none of ours leaks into it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JOPTIMIZ_")}
    for name in ("DATABASE_URL", "REDIS_URL", "FILES_URL"):
        kept.pop(name, None)
    return {**kept, "JOPTIMIZ_VAR": str(var_dir), "JOPTIMIZ_RATE_LIMITS": "0", **(more or {})}


def free_port() -> int:
    """Return a port of the loopback that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True, slots=True)
class DemoInstallation:
    """The var/ folder of a prepared demonstration, never run itself: tests run copies."""

    var_dir: Path

    @contextmanager
    def copied(self) -> Iterator[Path]:
        """Give a copy with a short path; it is removed afterwards."""
        folder = short_folder()
        try:
            yield Path(shutil.copytree(self.var_dir, folder / "var", symlinks=True))
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@dataclass
class RunningPortal:
    """A portal under its supervisor. url has no final slash."""

    var_dir: Path
    port: int
    command: str = "demo"
    more: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def output(self) -> Path:
        """What the supervisor said."""
        return self.var_dir / "supervisor.log"

    def start(self) -> None:
        """Start the supervisor and wait until the portal answers and the supervisor said so."""
        said = self.output.stat().st_size if self.output.exists() else 0
        with self.output.open("ab") as log:
            self.process = subprocess.Popen(
                [*_TIED_TO_THE_TESTS, self.command, "--port", str(self.port), "--threads", "8"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=ROOT,
                env=environment(self.var_dir, self.more),
            )
        deadline = time.monotonic() + _READY_WITHIN_S
        while "Joptimiz answers on" not in self._said_since(said):
            assert self.process.poll() is None, self.last_words()
            assert time.monotonic() < deadline, f"not ready in time: {self.last_words()}"
            time.sleep(0.2)

    def _said_since(self, offset: int) -> str:
        return self.output.read_bytes()[offset:].decode()

    def answers(self) -> bool:
        """Tell whether the health check is green now."""
        try:
            return requests.get(f"{self.url}/sante", timeout=10).status_code == 200
        except (requests.ConnectionError, requests.Timeout):
            return False

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        """Ask the supervisor to stop; return its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
            try:
                self.process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise
        return self.process.returncode

    def last_words(self) -> str:
        """Return the end of every log, for the message of a failed test."""
        logs = [self.output, *sorted((self.var_dir / "log").glob("*.log"))]
        return "\n".join(f"{log.name}: {log.read_text(errors='replace')[-1500:]}" for log in logs)


@contextmanager
def running(
    installation: DemoInstallation | Path, *, command: str = "demo", port: int | None = None, **more: str
) -> Iterator[RunningPortal]:
    """Run a copy of the demonstration (or the given var/ folder itself); stop it and everything it started.

    more: variables of the environment, as JOB_LEASE_S="4" for JOPTIMIZ_JOB_LEASE_S.
    """
    if isinstance(installation, DemoInstallation):
        with installation.copied() as var_dir, running(var_dir, command=command, port=port, **more) as portal:
            yield portal
        return
    variables = {f"JOPTIMIZ_{name}": value for name, value in more.items()}
    portal = RunningPortal(installation, port or free_port(), command, variables)
    try:
        portal.start()
        yield portal
    finally:
        if portal.process is not None:
            portal.stop()


@pytest.fixture(scope="session")
def demo_installation(tmp_path_factory: pytest.TempPathFactory) -> DemoInstallation:
    """The demonstration, prepared once per test run by the real command, however many processes the run has."""
    already = os.environ.get(PREPARED)
    if already:
        return DemoInstallation(Path(already))
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    kept = shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            folder = short_folder()
            try:
                _prepare(folder / "var")
                shutil.move(folder / "var", kept)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    return DemoInstallation(kept)


def _prepare(var_dir: Path) -> None:
    done = subprocess.run(
        [*JOPTIMIZ, "demo", "--prepare-only"],
        cwd=ROOT,
        env=environment(var_dir),
        capture_output=True,
        text=True,
        timeout=_PREPARE_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]


@pytest.fixture(scope="session")
def demo_portal(demo_installation: DemoInstallation) -> Iterator[RunningPortal]:
    """One running demonstration shared by the tests that only use it as people would."""
    with running(demo_installation) as portal:
        yield portal
