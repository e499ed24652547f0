"""What the worker runs: the import of a file sent on a page, and the reading of a feed."""

from __future__ import annotations

from uuid import UUID

from portal.common.actor import Actor, ActorKind
from portal.common.errors import Invalid, NotFound
from portal.db import session
from portal.files import file_store
from portal.jobs import RunningJob, task
from portal.numeriz.feeds.reading import READING, read_feed, settle
from portal.numeriz.feeds.register import FEED_JOB, find_feed
from portal.numeriz.importing import AUTO, run_import
from portal.numeriz.models import ImportReport
from portal.numeriz.storing.reports import refuse_import
from portal.numeriz.uploads import IMPORT_JOB, kept_file
from portal.numeriz.values import ImportState
from portal.territories.api import get_territory_by_id

_LONGEST_S = 3600


@task(IMPORT_JOB, timeout_s=_LONGEST_S)
def apply_import(job: RunningJob, report_id: str) -> None:
    """Read the file of a waiting report and store it, or write in the report why it is refused.

    The import ends with its own transactions, so that a large file is never read inside one; a run that was killed
    begins again and finds what it stored unchanged.
    """
    row = session().get_one(ImportReport, UUID(report_id))
    key = row.file_key
    if key is None:
        raise NotFound("file-not-found")
    job.progress(READING)
    refused: Invalid | None = None
    # A report that no longer waits was written by a run that was killed just before its end.
    if row.state is ImportState.WAITING:
        try:
            _import_stored(job, row)
        except Invalid as error:
            refused = error
    with job.finish() as uow:
        if refused is not None:
            refuse_import(UUID(report_id), refused)
        uow.after_commit(lambda: file_store().delete(key))


def _import_stored(job: RunningJob, row: ImportReport) -> None:
    with kept_file(row) as file:
        run_import(
            # The person was checked when the file was sent; the journal shows the same name.
            Actor(kind=ActorKind.SYSTEM, label=row.actor_label),
            get_territory_by_id(row.territory_id),
            row.kind,
            [file],
            format=row.format or AUTO,
            options=dict(row.options),
            report_id=row.id,
            progress=lambda done, total: job.progress(READING, done, total),
        )


@task(FEED_JOB, timeout_s=_LONGEST_S, max_attempts=3)
def run_feed(job: RunningJob, feed_id: str) -> None:
    """Read a feed once; a source that fails is no failure of the job: the feed says so and waits longer."""
    feed = find_feed(UUID(feed_id))
    if feed is None:
        return  # removed since it was asked for
    reading = read_feed(feed, job.progress)
    with job.finish() as uow:
        settle(uow, feed.id, reading)
