"""A process that runs one job after another and keeps what it has read: the road graph, the law, compiled code.

A job of a task declared `warm` runs in it; any other has a forked process of its own. The worker itself runs no job, so
that a crash of native code ends this process alone, with the one job it runs; the next warm job starts another.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import time
from collections.abc import Callable

_END_WITHIN_S = 2.0
_DONE, _DONE_AND_GONE = b".", b"!"


class WarmProcess:
    """The worker's end: gives messages one at a time, and sees when each is done or the process has died."""

    def __init__(self, serve: Callable[[socket.socket], None]) -> None:
        """Fork; the child calls `serve` with its end of the line, and ends with it."""
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            _serve(serve, theirs)
        theirs.close()
        self._line = ours
        self._gone = False
        self.jobs = 0

    def give(self, *message: str) -> bool:
        """Send a job; False when the process is dead and another must be started."""
        if self._gone or select.select([self._line], [], [], 0)[0]:
            # It has nothing to say while it waits: this is the end of its line.
            return False
        try:
            self._line.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return False
        self.jobs += 1
        return True

    def wait(self) -> tuple[int, int]:
        """Wait until the job is done or the process is dead; return its id and, as `os.wait4`, how it ended (0: well).

        May be interrupted by an exception of a signal's handler and called again.
        """
        select.select([self._line], [], [])
        # The answer is looked at and left there: an interruption at this instant must not lose it.
        if self._heard(socket.MSG_PEEK):
            return self.pid, 0
        pid, status, _usage = os.wait4(self.pid, 0)
        return pid, status or signal.SIGKILL

    def take_answer(self) -> None:
        """Forget the answer of the job that is done, once nothing can interrupt any more."""
        self._gone = self._heard(0) != _DONE

    def _heard(self, flags: int) -> bytes:
        try:
            return self._line.recv(1, flags)
        except ConnectionResetError:  # killed before it read its message
            return b""

    def end(self) -> None:
        """Let the process go; one that does not is killed."""
        self._line.close()
        deadline = time.monotonic() + _END_WITHIN_S
        while time.monotonic() < deadline:
            if self._reaped():
                return
            time.sleep(0.01)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def _reaped(self) -> bool:
        try:
            return os.waitpid(self.pid, os.WNOHANG)[0] != 0
        except ChildProcessError:
            return True


class WarmLine:
    """The child's end: the messages one after another, and a moment for other work while none comes."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._read = b""
        self._is_new = True

    def next(self, idle_s: float, while_idle: Callable[[], None]) -> list[str] | None:
        """The next message, None when the worker has gone.

        Calls `while_idle` whenever idle_s pass without one, and at once in a new process that has none to run.
        """
        while b"\n" not in self._read:
            patience_s, self._is_new = 0.0 if self._is_new else idle_s, False
            if not select.select([self._line], [], [], patience_s)[0]:
                while_idle()
                continue
            found = self._line.recv(4096)
            if not found:
                return None
            self._read += found
        message, _, self._read = self._read.partition(b"\n")
        words: list[str] = json.loads(message)
        return words

    def answer(self, *, last: bool) -> None:
        """Say that the job given last is done; last: this process takes no other."""
        self._line.sendall(_DONE_AND_GONE if last else _DONE)


def _serve(serve: Callable[[socket.socket], None], line: socket.socket) -> None:
    """Run the child and end it without a word: nothing of the parent's must be tidied up twice."""
    status = 1
    try:
        os.setpgrp()
        serve(line)
        status = 0
    finally:
        os._exit(status)
