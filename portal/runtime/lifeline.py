"""Tying a process to the life of its parent and naming it, where the system can (Linux)."""

from __future__ import annotations

import ctypes
import signal
import sys

_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15


def die_with_parent(with_signal: signal.Signals) -> None:
    """Ask the system to send this process a signal when its parent ends, however it ends. Elsewhere: nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(with_signal))


def name_process(name: str) -> None:
    """Give this process a short name in the system's list of processes: at most 15 bytes count. Elsewhere: nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode())
