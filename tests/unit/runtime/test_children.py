"""Supervised processes: when a dead one is started again, and what a killed supervisor leaves behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.config import ConfigurationError, Settings
from portal.runtime.children import Child, runs_own_queue, stop_together, worker_children
from portal.runtime.orphans import take_lifeline
from tests.support.database import make_settings

_SLEEPER = (sys.executable, "-c", "import time; time.sleep(60)")
_STUBBORN = (
    sys.executable,
    "-c",
    "import signal as s, time; s.signal(s.SIGTERM, s.SIG_IGN); print('deaf', flush=True); time.sleep(60)",
)


@pytest.fixture
def child(tmp_path: Path) -> Iterator[Child]:
    """A process that sleeps; ended after the test."""
    made = Child("sleeper", _SLEEPER, tmp_path / "log" / "sleeper.log", {}, patience_s=0.3)
    yield made
    if made.process is not None and made.alive:
        made.process.kill()
        made.process.wait()


@pytest.mark.parametrize(
    ("deaths_before", "lived_s", "pause_s"),
    [(0, 1, 0.0), (1, 1, 0.5), (2, 1, 1.0), (3, 1, 2.0), (20, 1, 30.0), (20, 60, 0.0)],
)
def test_pause_before_a_restart_grows_when_a_child_dies_young(
    child: Child, deaths_before: int, lived_s: float, pause_s: float
) -> None:
    child.started_at, child.restarts = time.monotonic() - lived_s, deaths_before
    assert child.due_again() is (pause_s == 0.0)
    assert child.died_at is not None
    child.died_at -= pause_s * 0.4  # as if it had died earlier
    assert child.due_again() is (pause_s == 0.0)
    child.died_at -= pause_s * 0.6
    assert child.due_again()


def test_child_that_ignores_the_signal_is_killed(child: Child) -> None:
    child.command = _STUBBORN
    child.start()
    assert child.process is not None
    deadline = time.monotonic() + 20
    while "deaf" not in child.last_words() and time.monotonic() < deadline:
        time.sleep(0.02)
    child.stop()
    assert child.process.returncode == -signal.SIGKILL


def test_all_are_asked_to_end_when_one_is_deaf(child: Child, tmp_path: Path) -> None:
    child.command, other = _STUBBORN, Child("other", _SLEEPER, tmp_path / "log" / "other.log", {}, patience_s=0.3)
    child.start()
    other.start()
    assert child.process is not None and other.process is not None
    deadline = time.monotonic() + 20
    while "deaf" not in child.last_words() and time.monotonic() < deadline:
        time.sleep(0.02)
    stop_together([child, other])
    assert (child.process.returncode, other.process.returncode) == (-signal.SIGKILL, -signal.SIGTERM)


@pytest.mark.parametrize(
    ("workers", "started"),
    [
        (1, [("worker", ["urgent", "ordinary"])]),
        (2, [("urgent-worker", ["urgent"]), ("worker", ["urgent", "ordinary"])]),
        (
            4,
            [
                ("urgent-worker", ["urgent"]),
                ("worker", ["urgent", "ordinary"]),
                ("worker-2", ["urgent", "ordinary"]),
                ("worker-3", ["urgent", "ordinary"]),
            ],
        ),
    ],
)
def test_one_worker_of_several_takes_urgent_jobs_alone(
    tmp_path: Path, workers: int, started: list[tuple[str, list[str]]]
) -> None:
    children = worker_children(make_settings(tmp_path, workers=workers), {})
    assert [(made.name, list(made.command[3:])) for made in children] == started
    assert len({made.log_path for made in children}) == workers


def test_portal_does_not_start_when_no_worker_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="JOPTIMIZ_WORKERS must be 1 or more"):
        make_settings(tmp_path, workers=0)


def test_stopping_what_does_not_run_changes_nothing(child: Child) -> None:
    child.stop()
    assert not child.alive


@pytest.mark.skipif(sys.platform != "linux", reason="other systems cannot tell who holds a file")
def test_orphan_is_ended_when_a_new_supervisor_takes_over(tmp_path: Path) -> None:
    path = tmp_path / "run" / "children.lock"
    first = take_lifeline(path, 0.1)
    orphan = subprocess.Popen(_SLEEPER, pass_fds=(first.fileno(),), start_new_session=True)
    first.close()  # its supervisor was killed
    try:
        second = take_lifeline(path, 0.2)
        assert orphan.wait(5) == -signal.SIGKILL
        second.close()
    finally:
        if orphan.poll() is None:
            orphan.kill()
            orphan.wait()


def test_lifeline_is_free_when_every_child_has_ended(tmp_path: Path) -> None:
    path = tmp_path / "children.lock"
    first = take_lifeline(path, 0.1)
    subprocess.run([sys.executable, "-c", ""], pass_fds=(first.fileno(),), check=True)
    first.close()
    take_lifeline(path, 0.1).close()


@pytest.mark.parametrize(
    ("redis_url", "own"), [(None, True), ("redis://queue.example:6379/0", False), ("unix:///run/other.sock", False)]
)
def test_only_the_embedded_queue_is_ours_to_start_and_stop(tmp_path: Path, redis_url: str | None, own: bool) -> None:
    chosen = {} if redis_url is None else {"redis_url": redis_url}
    settings: Settings = make_settings(tmp_path, **chosen)
    assert runs_own_queue(settings) is own


def test_child_gets_its_own_session(child: Child) -> None:
    child.start()
    assert child.process is not None
    assert os.getsid(child.process.pid) == child.process.pid
    child.stop()
