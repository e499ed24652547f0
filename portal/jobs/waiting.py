"""Work that was asked for and has not ended, for what must not be asked for twice or must wait for the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select

from portal.db import session
from portal.jobs.models import Job, JobState


def waiting_args(kind: str) -> Sequence[Mapping[str, Any]]:
    """The arguments of the jobs of a kind that wait or run, as `enqueue` was given them."""
    alive = select(Job.args).where(Job.state.in_([JobState.PENDING, JobState.RUNNING]), Job.kind == kind)
    return session().scalars(alive).all()
