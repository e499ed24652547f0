"""How many jobs fared, for lists that show what they work for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select

from portal.db import session
from portal.jobs.models import Job, JobState


def dead_jobs(job_ids: Iterable[UUID | None]) -> Mapping[UUID, tuple[JobState, str | None]]:
    """Those of some jobs that ended without doing their work, FAILED or CANCELLED, with the code of the fault.

    One query whatever their number, none when there is none. The caller reaches them through objects it may see.
    """
    known = {job_id for job_id in job_ids if job_id is not None}
    if not known:
        return {}
    dead = Job.state.in_([JobState.FAILED, JobState.CANCELLED])
    rows = session().execute(select(Job.id, Job.state, Job.error_code).where(Job.id.in_(known), dead))
    return {job_id: (state, error_code) for job_id, state, error_code in rows}
