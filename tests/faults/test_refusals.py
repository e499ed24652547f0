"""A portal that cannot start says why in one sentence and ends with a status that is not zero."""

from __future__ import annotations

import os
import re
import socket
import subprocess
from collections import namedtuple
from pathlib import Path

import pytest
from click.testing import CliRunner

from portal.cli import cli
from tests.faults.processes import nothing_left
from tests.support.data import ROOT
from tests.support.installation import JOPTIMIZ, RunningPortal, environment

_Answer = namedtuple("_Answer", "status sentence")


def _joptimiz(var_dir: Path, *arguments: str, **variables: str) -> _Answer:
    done = subprocess.run(
        [*JOPTIMIZ, *arguments],
        cwd=ROOT,
        env=environment(var_dir, variables),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    return _Answer(done.returncode, lines[0])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The var/ folder of a command run in this process."""
    for name, value in environment(tmp_path / "var").items():
        monkeypatch.setenv(name, value)
    return tmp_path / "var"


def test_second_supervisor_of_a_folder_is_refused(portal: RunningPortal) -> None:
    answer = _joptimiz(portal.var_dir, "up", "--port", str(portal.port + 1))
    assert answer == (1, "Error: Joptimiz is already running from this folder: stop it first.")
    assert portal.answers()


@pytest.mark.parametrize("command", ["up", "demo"])
def test_taken_port_is_refused_before_anything_is_prepared(command: str, here: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        answer = CliRunner().invoke(cli, [command, "--port", str(port)])
    assert answer.exit_code == 1
    expected = rf"Error: Port {port} of 127\.0\.0\.1 cannot be used \(.+\): choose another with --port\.\n"
    assert re.fullmatch(expected, answer.output)
    assert not (here / "joptimiz.sqlite").exists()
    assert nothing_left(here)


def test_unreadable_setting_is_named(tmp_path: Path) -> None:
    status, sentence = _joptimiz(tmp_path, "up", JOPTIMIZ_JOB_LEASE_S="soon")
    assert (status, sentence) == (2, "Error: JOPTIMIZ_JOB_LEASE_S must be a number, not 'soon'.")


@pytest.mark.parametrize("command", ["up", "demo"])
def test_full_disk_is_told(command: str, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = os.statvfs

    def nearly_full(path: str | Path) -> os.statvfs_result:
        values = list(honest(path))
        values[4] = 10_000_000 // values[1]  # f_bavail, in fragments of f_frsize bytes
        return os.statvfs_result(values)

    monkeypatch.setattr(os, "statvfs", nearly_full)
    answer = CliRunner().invoke(cli, [command, "--port", "8000"])
    assert answer.exit_code == 1
    assert re.fullmatch(r"Error: Not enough disk space in var/: 200 MB are needed, \d+ MB are free\.\n", answer.output)
