"""The job that reads a day of stops."""

from __future__ import annotations

from uuid import UUID

from portal.common.errors import Invalid
from portal.itineriz.places import uploads
from portal.jobs import RunningJob, task


@task(uploads.READ, timeout_s=300, warm=True)
def read_stops(job: RunningJob, upload_id: str) -> None:
    """Read a file of stops and look for its addresses. A file that cannot be read is an answer, not a failed job."""
    try:
        rows = uploads.read_upload(UUID(upload_id), lambda done, total: job.progress("addresses", done, total))
    except Invalid as error:
        with job.finish():
            uploads.store_fault(UUID(upload_id), error)
        return
    if rows is not None:
        with job.finish():
            uploads.store_rows(UUID(upload_id), rows)
