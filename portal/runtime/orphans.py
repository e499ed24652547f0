"""The children of a supervisor that was killed: found, waited for, ended.

Every child, and whatever it forks, inherits one open file on which the supervisor holds a lock. While any of them lives
the lock is held, so a new supervisor knows for certain whether something of the last run is left, whatever its number.
"""

from __future__ import annotations

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO


class OrphansLeft(Exception):
    """Processes of an earlier run do not end; the message is one clear sentence."""


def take_lifeline(path: Path, patience_s: float) -> IO[str]:
    """Return the locked file that children must inherit, once no child of an earlier run lives.

    Orphans were told to end when their supervisor died; those that have not after patience_s are killed. Raises
    OrphansLeft when some cannot be.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lifeline = path.open("a", encoding="ascii")
    if _locked_within(lifeline, patience_s):
        return lifeline
    for pid in _holders(path):
        os.kill(pid, signal.SIGKILL)
    if _locked_within(lifeline, patience_s):
        return lifeline
    lifeline.close()
    raise OrphansLeft("Processes of an earlier run of Joptimiz have not ended: end them, then start again.")


def _locked_within(lifeline: IO[str], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(lifeline, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.05)


def _holders(path: Path) -> Iterator[int]:
    """Yield the other processes of this machine that hold the file open (Linux; elsewhere none is found)."""
    wanted = path.stat()
    for folder in Path("/proc").glob("[0-9]*/fd"):
        pid = int(folder.parent.name)
        if pid != os.getpid() and _holds(folder, wanted):
            yield pid


def _holds(folder: Path, wanted: os.stat_result) -> bool:
    try:
        return any(os.path.samestat(link.stat(), wanted) for link in folder.iterdir() if link.exists())
    except OSError:  # it ended while we looked, or is not ours to look into
        return False
