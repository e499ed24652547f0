"""The job that tells followers what is new."""

from __future__ import annotations

from uuid import UUID

from portal.jobs import RunningJob, task
from portal.visualiz.alerts import telling


@task(telling.TELL, timeout_s=300, max_attempts=3, warm=True)
def tell_alerts(job: RunningJob, territory_id: str) -> None:
    """Find what is new for the alerts of a territory, then mail it and keep that it was told."""
    looked = telling.look(UUID(territory_id))
    with job.finish():
        telling.tell(looked)
