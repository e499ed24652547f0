"""The job that finds the effects of a draft order."""

from __future__ import annotations

from uuid import UUID

from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, NotFound
from portal.jobs import RunningJob, task
from portal.numeriz.impact.judging import Ground, Tell, judge
from portal.numeriz.impact.keeping import IMPACT_JOB, KeptImpact, keep_impact
from portal.numeriz.law.memory import law_of
from portal.numeriz.ports import neighbours
from portal.numeriz.writing import WorkView, draft_of, get_work
from portal.territories.api import get_territory_by_id


@task(IMPACT_JOB, timeout_s=300, max_attempts=3, warm=True)
def find_impact(job: RunningJob, territory_id: str, work_id: str) -> None:
    """Find the effects of a draft and keep them. One that is gone, or has faults by now, has none to keep."""
    try:
        work = get_work(UUID(territory_id), UUID(work_id))
        found = find(work, job.progress)
    except (NotFound, Invalid):
        # The page says what is missing, and asks again when it is written.
        with job.finish():
            return
    with job.finish() as uow:
        keep_impact(uow, work.id, found)


def find(work: WorkView, tell: Tell, *, clock: Clock = SYSTEM_CLOCK) -> KeptImpact:
    """The effects of a draft. Long, writes nothing. Raises Invalid("order-not-ready")."""
    territory = get_territory_by_id(work.territory_id)
    draft = draft_of(work.document, territory)
    law, now = law_of(territory), clock.now()
    ground = Ground(territory, law, now, neighbours(), work.order_id)
    return KeptImpact(work.digest, judge(ground, draft, tell), law.version, now)
