"""The process that runs one job after another, and what the worker sees of it."""

from __future__ import annotations

import faulthandler
import os
import signal
import socket
from collections.abc import Callable, Iterator

import pytest

from portal.runtime.warm import WarmLine, WarmProcess


class _Interrupted(Exception):
    pass


def serve(line: socket.socket) -> None:
    """Do what each message says, until the other end is closed."""
    faulthandler.disable()  # these crashes are meant: nobody needs their traces
    messages = WarmLine(line)
    while (message := messages.next(0.05, lambda: None)) is not None:
        if message[0] == "die":
            os.kill(os.getpid(), int(message[1]))
        if message[0] == "exit":
            return
        if message[0] == "sleep":
            signal.sigtimedwait([], float(message[1]))
        messages.answer(last=message[0] == "last")


@pytest.fixture
def start() -> Iterator[Callable[[], WarmProcess]]:
    """A function that starts a process; each is ended afterwards."""
    started: list[WarmProcess] = []

    def start_one() -> WarmProcess:
        started.append(WarmProcess(serve))
        return started[-1]

    yield start_one
    for process in started:
        process.end()
        with pytest.raises(ProcessLookupError):
            os.kill(process.pid, 0)


def test_jobs_run_one_after_another_in_one_process(start: Callable[[], WarmProcess]) -> None:
    process = start()
    for number in range(3):
        assert process.give("work", str(number))
        assert process.wait() == (process.pid, 0)
        process.take_answer()
    assert process.jobs == 3


@pytest.mark.parametrize("crash", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_is_seen_and_no_job_is_given_any_more(start: Callable[[], WarmProcess], crash: signal.Signals) -> None:
    process = start()
    assert process.give("die", str(int(crash)))
    pid, status = process.wait()
    assert (pid, os.WIFSIGNALED(status), os.WTERMSIG(status)) == (process.pid, True, crash)
    process.take_answer()
    assert not process.give("work")


def test_leaving_without_an_answer_counts_as_a_crash(start: Callable[[], WarmProcess]) -> None:
    process = start()
    assert process.give("exit")
    assert process.wait()[1] != 0


def test_no_job_is_given_when_the_process_said_that_it_leaves(start: Callable[[], WarmProcess]) -> None:
    process = start()
    assert process.give("last")
    assert process.wait() == (process.pid, 0)
    process.take_answer()
    assert not process.give("work")


def test_the_answer_is_not_lost_when_the_wait_is_interrupted(start: Callable[[], WarmProcess]) -> None:
    process = start()

    def interrupt(_signal: int, _frame: object) -> None:
        raise _Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        assert process.give("sleep", "0.3")
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(_Interrupted):
            process.wait()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert process.wait() == (process.pid, 0)
    # Looked at twice, the answer is there until it is taken.
    assert process.wait() == (process.pid, 0)
    process.take_answer()
    assert process.give("work")
    assert process.wait() == (process.pid, 0)
