"""The job that checks a list of addresses."""

from __future__ import annotations

from uuid import UUID

from portal.common.errors import Invalid
from portal.itineriz.addresses import services
from portal.jobs import ClaimLost, RunningJob, task


@task(services.CHECK, timeout_s=900, max_attempts=3)
def check_addresses(job: RunningJob, check_id: str) -> None:
    """Check the addresses of a list. A list that cannot be read is an answer, not a failed job.

    Not warm: it may last a minute, and what it gathers for 10,000 addresses is given back with its process.
    """
    services.mark_running(UUID(check_id))
    try:
        found = services.compute_check(UUID(check_id), lambda done, total: job.progress("addresses", done, total))
    except Invalid as error:
        with job.finish():
            services.store_fault(UUID(check_id), error)
        return
    if found is not None:
        checked, law_version = found
        key = services.keep_result(checked)
        try:
            with job.finish():
                services.store_result(UUID(check_id), key, checked, law_version)
        except ClaimLost:
            services.drop_result(key)
            raise
