"""Background work: RQ runs it, the database knows the truth about it."""

from portal.jobs.models import JobState
from portal.jobs.queue import JobView, cancel, enqueue, get_job, latest_job, retry
from portal.jobs.registry import task, while_idle
from portal.jobs.running import ClaimLost, RunningJob
from portal.jobs.states import dead_jobs

__all__ = [
    "ClaimLost",
    "JobState",
    "JobView",
    "RunningJob",
    "cancel",
    "dead_jobs",
    "enqueue",
    "get_job",
    "latest_job",
    "retry",
    "task",
    "while_idle",
]
