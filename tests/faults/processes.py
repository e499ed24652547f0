"""The processes of an installation, as Linux shows them."""

from __future__ import annotations

import fcntl
import os
import re
import signal
from pathlib import Path

from portal.runtime.worker import WARM_NAME

_MARKS = {
    "queue": "valkey-server",
    "urgent worker": r"portal\.runtime\.worker urgent$",
    "worker": r"portal\.runtime\.worker urgent ordinary$",
    "web": "gunicorn",
}


def children_of(parent: int) -> dict[int, str]:
    """Return the command line of each child of a process, by process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name in brackets may hold spaces; what follows it does not.
            ppid = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if ppid == parent:
                found[int(folder.name)] = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
        except OSError:  # it ended meanwhile
            continue
    return found


def child_of(supervisor: int, part: str) -> int | None:
    """Return the process id of a part of a running portal, None while it does not run.

    part: queue, urgent worker (it runs nothing else), worker (it runs everything), web.
    """
    return next((pid for pid, command in children_of(supervisor).items() if re.search(_MARKS[part], command)), None)


def warm_of(worker: int) -> int | None:
    """Return the process in which a worker runs one warm job after another, None while it does not run."""
    return next((pid for pid in children_of(worker) if _is_warm(pid)), None)


def run_of(worker: int) -> int | None:
    """Return the process a worker forked for the present job alone, None when there is none."""
    return next((pid for pid in children_of(worker) if not _is_warm(pid)), None)


def _is_warm(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == WARM_NAME
    except OSError:  # it ended meanwhile
        return False


def kill(pid: int | None, with_signal: signal.Signals = signal.SIGKILL) -> None:
    """End a process without a word (signal 9), or with another signal."""
    assert pid is not None, "the process to kill does not run"
    os.kill(pid, with_signal)


def nothing_left(var_dir: Path) -> bool:
    """Tell whether every process started by a supervisor of this folder has ended: each holds the same lock."""
    with (var_dir / "run" / "children.lock").open("a") as lifeline:
        try:
            fcntl.flock(lifeline, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True
