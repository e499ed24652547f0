"""The job that computes a route."""

from __future__ import annotations

from uuid import UUID

from portal.common.errors import Invalid
from portal.itineriz import services
from portal.jobs import RunningJob, task


@task(services.COMPUTE, timeout_s=300, max_attempts=3, warm=True)
def compute_route(job: RunningJob, route_id: str) -> None:
    """Compute a route and keep its answer. A trip that cannot be computed is an answer too, not a failed job."""
    job.progress("route", 0, 1)
    services.mark_running(UUID(route_id))
    try:
        computed = services.compute_route(UUID(route_id))
    except Invalid as error:
        with job.finish():
            services.store_failure(UUID(route_id), error)
        return
    with job.finish():
        services.store_route(UUID(route_id), computed)
