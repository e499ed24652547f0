"""The closed list of what a job may run: a queue message names a kind, never a function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

TaskFunction = Callable[..., None]


@dataclass(frozen=True, slots=True)
class Task:
    """What runs for a kind of job. timeout_s bounds one run; max_attempts bounds runs that were lost or failed.

    pause_s: seconds before a run that failed in passing is tried again, twice as many each time.
    warm: the job runs in the process that the worker keeps for such jobs, and finds there what the last one read.
    """

    kind: str
    run: TaskFunction
    timeout_s: int
    max_attempts: int
    pause_s: int
    warm: bool

    def pause_after(self, attempts: int) -> timedelta:
        """How long to leave alone what failed at its so many-th attempt."""
        return timedelta(seconds=self.pause_s * 2 ** (attempts - 1))


_tasks: dict[str, Task] = {}
_while_idle: list[Callable[[], None]] = []


def task(
    kind: str, *, timeout_s: int = 600, max_attempts: int = 5, pause_s: int = 0, warm: bool = False
) -> Callable[[TaskFunction], TaskFunction]:
    """Register `run(job: RunningJob, **args)` for a kind (`context.verb`). args are JSON scalars, mostly ids.

    pause_s: for what a person does not wait for, and another server may refuse for hours.
    warm: for short work that needs much in memory (the graph, the law) or is waited for; the rest has a process of its
    own each time.
    The function does its long work first, then writes its effects inside `with job.finish() as uow:`; it may be run
    again after a kill at any point, and only the run that owns the claim can finish.
    """

    def register(run: TaskFunction) -> TaskFunction:
        if kind in _tasks and _tasks[kind].run is not run:
            raise ValueError(f"two tasks are named {kind}")
        _tasks[kind] = Task(kind, run, timeout_s, max_attempts, pause_s, warm)
        return run

    return register


def find_task(kind: str) -> Task:
    """Return the task of a kind; KeyError when no context registered it."""
    return _tasks[kind]


def while_idle(work: Callable[[], None]) -> None:
    """Have some short work done, now and then, by the process kept for warm jobs while it waits for one."""
    if work not in _while_idle:
        _while_idle.append(work)


def idle_work() -> tuple[Callable[[], None], ...]:
    """What was registered with `while_idle`."""
    return tuple(_while_idle)
