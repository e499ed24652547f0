"""The jobs that compute routes, look at them again, and keep at hand what they need."""

from __future__ import annotations

import time
from uuid import UUID

from portal.common.errors import Invalid
from portal.db import unit_of_work
from portal.itineriz import rechecking, services, telling, warmth
from portal.jobs import RunningJob, task, while_idle

_TOLD_EVERY_S = 0.5

while_idle(warmth.keep_warm)


class _Told:
    """Writes how far a computation is: not before half a second, when somebody may look, and not more often.

    Writing raises ClaimLost in a run that was cancelled or taken over, which ends it.
    """

    def __init__(self, job: RunningJob, route_id: UUID) -> None:
        self._job, self._route_id = job, route_id
        self._next = time.monotonic() + _TOLD_EVERY_S

    def __call__(self, step: str, done: int, total: int) -> None:
        if time.monotonic() < self._next:
            return
        with unit_of_work():
            self._job.progress(step, done, total)
            services.mark_running(self._route_id)
        self._next = time.monotonic() + _TOLD_EVERY_S


@task(services.COMPUTE, timeout_s=300, max_attempts=3, warm=True)
def compute_route(job: RunningJob, route_id: str) -> None:
    """Compute a route and keep its answer. A trip that cannot be computed is an answer too, not a failed job."""
    wanted = UUID(route_id)
    try:
        computed = services.compute_route(wanted, progress=_Told(job, wanted))
    except Invalid as error:
        with job.finish():
            services.store_failure(wanted, error)
        return
    with job.finish():
        services.store_route(wanted, computed)


@task(rechecking.RECHECK, timeout_s=300, max_attempts=3, warm=True)
def recheck(job: RunningJob, territory_id: str) -> None:
    """Find the tours of a territory that a change of the law or of the passes touches, and have them computed again."""
    found = rechecking.look(UUID(territory_id))
    with job.finish():
        rechecking.ask_again(found)


@task(telling.RECOMPUTE, timeout_s=300, max_attempts=3, warm=True)
def recompute_route(job: RunningJob, route_id: str, company_id: str | None) -> None:  # noqa: ARG001 see `telling`
    """Compute a touched tour again and keep what is new. company_id: whose mail waits for it."""
    answer = rechecking.recompute(UUID(route_id))
    with job.finish():
        if answer is not None:
            rechecking.store(answer)


@task(telling.TELL, timeout_s=60, max_attempts=3, warm=True)
def tell_changes(job: RunningJob, company_id: str) -> None:
    """Write to a company what the last changes of the law did to its tours, if it is time to."""
    with job.finish():
        telling.tell(UUID(company_id))
