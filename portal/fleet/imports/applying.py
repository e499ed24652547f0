"""Storing the good rows of a judged file, once; or forgetting it.

The stored file is the truth: its digest must still be the one shown. What is applied are the rows kept when it was
judged, with the corrections made since; without them the file is judged anew, as it was confirmed.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from flask import current_app

from portal.audit import AuditTag, record
from portal.common.actor import Actor, system_actor
from portal.common.clock import SYSTEM_CLOCK
from portal.common.errors import Conflict, Invalid
from portal.common.garbage import without_collections
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.files import file_store
from portal.fleet.checking import check_rows
from portal.fleet.imports.corrections import good_rows
from portal.fleet.imports.good_rows import PlainRow, plain_row
from portal.fleet.imports.judging import confirmed_mapping, fixes_of, forget_kept_rows
from portal.fleet.imports.state import scoped
from portal.fleet.imports.storing import Author, store
from portal.fleet.loans.ending import tell_changes
from portal.fleet.locking import lock_fleet
from portal.fleet.models import ChangeSource, FleetImport, ImportState
from portal.jobs import RunningJob, enqueue, get_job, task

# A second or two of work. More lets the short jobs of other people go first.
_SHORT_ROWS = 2_000
_TOLD_EVERY = 5_000


def confirm_import(actor: Actor, company_id: UUID, import_id: UUID) -> None:
    """Ask for the good rows to be stored. Confirming twice asks once, and again once the storing has failed.

    Raises Conflict("import-not-ready") while it is judged or once discarded, Invalid("no-good-row") when none is good.
    """
    with unit_of_work() as uow:
        row = scoped(company_id, import_id, lock=True)
        if row.state is ImportState.APPLIED or _being_stored(row):
            return
        if row.state not in {ImportState.CHECKED, ImportState.APPLYING}:
            raise Conflict("import-not-ready")
        if not row.rows_good:
            raise Invalid("no-good-row")
        row.state = ImportState.APPLYING
        uow.session.flush()  # the job's row is referenced below
        args = {"import_id": str(row.id), "actor": actor.label, "actor_id": str(actor.user_id or "")}
        row.job_id = enqueue("fleet.apply_import", args, priority=row.rows_total <= _SHORT_ROWS)


def discard_import(company_id: UUID, import_id: UUID) -> None:
    """Forget a judged file and remove it without storing anything; raises Conflict once it is being stored.

    One whose storing has failed stored nothing: it can be forgotten too.
    """
    with unit_of_work() as uow:
        row = scoped(company_id, import_id, lock=True)
        if row.state in {ImportState.APPLIED, ImportState.UNDONE} or _being_stored(row):
            raise Conflict("import-already-applied")
        row.state = ImportState.DISCARDED
        key = row.file_key
        uow.after_commit(lambda: file_store().delete(key))
        forget_kept_rows(uow, row)


def _being_stored(row: FleetImport) -> bool:
    """Tell whether a job is at work on a confirmed import, or will be; one that has ended left it as it was."""
    return row.state is ImportState.APPLYING and row.job_id is not None and not get_job(row.job_id).state.ended


@task("fleet.apply_import", timeout_s=900)
def apply_import(job: RunningJob, import_id: str, actor: str, actor_id: str) -> None:
    """Store the good rows of a judged file: insert or update by plate, all in one transaction, once."""
    row = session().get(FleetImport, UUID(import_id))
    if row is None or row.state is not ImportState.APPLYING:
        return
    content = file_store().get(row.file_key)
    if hashlib.sha256(content).hexdigest() != row.file_digest:
        raise Invalid("file-changed")
    with without_collections():
        rows = good_rows(row)
        if rows is None:
            rows = _judged_anew(job, row, content)
    job.progress("storing", len(rows), row.rows_total)
    with without_collections(), job.finish() as uow:
        kept = uow.session.get(FleetImport, UUID(import_id), with_for_update=True, populate_existing=True)
        if kept is None or kept.state is not ImportState.APPLYING:
            return
        lock_fleet(uow, kept.company_id)
        now = SYSTEM_CLOCK.now()
        stored = store(uow, kept.company_id, rows, Author(actor, now, ChangeSource.IMPORT, kept.id))
        kept.added, kept.updated = stored.added, stored.updated
        kept.state, kept.applied_at = ImportState.APPLIED, now
        who = system_actor("fleet-import")
        by = {"by": actor, "by_id": actor_id, "file": kept.file_name, "added": kept.added, "updated": kept.updated}
        record(who, AuditTag.FLEET_IMPORTED, subject_id=kept.id, company_id=kept.company_id, data=by)
        tell_changes(uow, who, kept.company_id, stored.changes, SYSTEM_CLOCK)


def _judged_anew(job: RunningJob, row: FleetImport, content: bytes) -> list[PlainRow]:
    settings: Settings = current_app.extensions["settings"]
    total = row.rows_total
    _mapping, judged = check_rows(
        content,
        max_rows=settings.max_import_rows,
        max_columns=settings.max_import_columns,
        mapping=confirmed_mapping(row),
        fixes=fixes_of(row),
    )
    rows: list[PlainRow] = []
    for checked in judged:
        if checked.draft is not None:
            rows.append(plain_row(checked.draft))
            if len(rows) % _TOLD_EVERY == 0:
                job.progress("reading", len(rows), total)
    return rows
