"""What the worker runs: the import of a file sent on a page."""

from __future__ import annotations

from uuid import UUID

from portal.common.actor import Actor, ActorKind
from portal.common.errors import Invalid, NotFound
from portal.db import session
from portal.files import file_store
from portal.jobs import RunningJob, task
from portal.numeriz.models import ImportReport
from portal.numeriz.services import refuse_import
from portal.numeriz.uploads import IMPORT_JOB, import_bays, import_perimeters
from portal.numeriz.values import ImportKind
from portal.territories.api import get_territory_by_id


@task(IMPORT_JOB)
def apply_import(job: RunningJob, report_id: str) -> None:
    """Read the file of a waiting report and store it whole, or write in the report why it is refused."""
    row = session().get_one(ImportReport, UUID(report_id))
    territory = get_territory_by_id(row.territory_id)
    # The person was checked when the file was sent; the journal shows the same name.
    actor = Actor(kind=ActorKind.SYSTEM, label=row.actor_label)
    kind, name, key = row.kind, row.file_name, row.file_key
    job.progress("reading")
    if key is None:
        raise NotFound("file-not-found")
    content = file_store().get(key)
    try:
        with job.finish() as uow:
            if kind is ImportKind.PERIMETERS:
                import_perimeters(actor, territory, [(name, content)], report_id=UUID(report_id))
            else:
                import_bays(actor, territory, name, content, report_id=UUID(report_id))
            uow.after_commit(lambda: file_store().delete(key))
    except Invalid as error:
        with job.finish() as uow:
            refuse_import(UUID(report_id), error)
            uow.after_commit(lambda: file_store().delete(key))
