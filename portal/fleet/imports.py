"""Bulk upload: store the file, judge it, show every fault, apply the good rows once.

The stored file is the truth: what is applied is read from it again, and its digest must still be the one shown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from portal.audit import AuditTag, record
from portal.common.actor import Actor, system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import UnitOfWork, session, unit_of_work
from portal.files import file_store
from portal.fleet.checking import CheckedRow, check_file, check_rows
from portal.fleet.columns import COLUMNS
from portal.fleet.drafts import VehicleDraft
from portal.fleet.locking import lock_fleet
from portal.fleet.messages import fault_sentence
from portal.fleet.models import FleetImport, ImportState, Vehicle
from portal.fleet.services import new_row
from portal.jobs import JobView, RunningJob, enqueue, get_job, task
from portal.sheets import CsvText

_FILE_AREA = "fleet-imports"
# Judging this much takes well under 300 ms; more is a job with a progress bar.
_JUDGED_AT_ONCE_BYTES = 60_000
# A second or two of work. More lets the short jobs of other people go first.
_SHORT_BYTES = 150_000
_SHORT_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import for display. report is what `Report.to_json` gives, None until judged."""

    id: UUID
    company_id: UUID
    file_name: str
    state: ImportState
    error_code: str | None
    report: dict[str, Any] | None
    rows_total: int
    rows_good: int
    rows_bad: int
    added: int | None
    updated: int | None
    job: JobView | None
    created_at: datetime


def _scoped(company_id: UUID, import_id: UUID, *, lock: bool = False) -> FleetImport:
    """Return the row; lock: hold it until the transaction ends, for who will change it by what it says."""
    wanted = select(FleetImport).where(FleetImport.company_id == company_id, FleetImport.id == import_id)
    if lock:
        wanted = wanted.with_for_update()
    row = session().scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("import-not-found")
    return row


def get_import(company_id: UUID, import_id: UUID) -> ImportView:
    """Return an import of the company with its job; raises NotFound."""
    row = _scoped(company_id, import_id)
    return ImportView(
        id=row.id,
        company_id=row.company_id,
        file_name=row.file_name,
        state=row.state,
        error_code=row.error_code,
        report=row.report,
        rows_total=row.rows_total,
        rows_good=row.rows_good,
        rows_bad=row.rows_bad,
        added=row.added,
        updated=row.updated,
        job=get_job(row.job_id) if row.job_id else None,
        created_at=row.created_at,
    )


def start_import(
    actor: Actor, company_id: UUID, file_name: str, content: bytes, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Store a file and have it judged: at once when it is small, else by a job. Returns the import's id.

    Raises Invalid (file-empty, file-too-large) before anything is stored.
    """
    settings: Settings = current_app.extensions["settings"]
    if not content.strip():
        raise Invalid("file-empty", field="file")
    if len(content) > settings.max_upload_bytes:
        raise Invalid("file-too-large", field="file", limit_mb=settings.max_upload_bytes // 2**20)
    row = FleetImport(
        id=new_id(),
        company_id=company_id,
        created_by=actor.user_id,
        file_name=PurePath(file_name.replace("\\", "/").replace("\x00", "")).name[:255] or "fichier",
        file_key=file_store().put(_FILE_AREA, content),
        file_digest=hashlib.sha256(content).hexdigest(),
        state=ImportState.CHECKING,
        fixes={},
        rows_total=0,
        rows_good=0,
        rows_bad=0,
        created_at=clock.now(),
    )
    at_once = len(content) <= _JUDGED_AT_ONCE_BYTES
    if at_once:
        # Before the transaction: what is slow to read must not hold the writes of everybody else.
        _judge_into(row, content, settings)
    with unit_of_work() as uow:
        uow.session.add(row)
        if not at_once:
            short = len(content) <= _SHORT_BYTES
            row.job_id = enqueue("fleet.check_import", {"import_id": str(row.id)}, priority=short)
    return row.id


def _judge_into(row: FleetImport, content: bytes, settings: Settings, job: RunningJob | None = None) -> None:
    def tell(done: int) -> None:
        if job:
            job.progress("checking", done)

    try:
        report = check_file(
            content, max_rows=settings.max_import_rows, max_columns=settings.max_import_columns, on_row=tell
        )
    except Invalid as error:
        row.state, row.error_code = ImportState.UNREADABLE, error.code
        row.report = {"params": {name: str(value) for name, value in error.params.items()}}
        return
    row.state, row.report = ImportState.CHECKED, report.to_json()
    row.rows_total, row.rows_good, row.rows_bad = report.rows_total, report.rows_good, report.rows_bad


@task("fleet.check_import", timeout_s=300)
def check_import(job: RunningJob, import_id: str) -> None:
    """Judge a stored file and keep the report."""
    row = session().get(FleetImport, UUID(import_id))
    if row is None or row.state is not ImportState.CHECKING:
        return
    # Judged on a detached copy of the columns: the job's own transactions come and go meanwhile.
    found = FleetImport(id=row.id, rows_total=0, rows_good=0, rows_bad=0)
    _judge_into(found, file_store().get(row.file_key), current_app.extensions["settings"], job)
    with job.finish() as uow:
        kept = uow.session.get(FleetImport, UUID(import_id), with_for_update=True, populate_existing=True)
        if kept is not None and kept.state is ImportState.CHECKING:
            for name in ("state", "error_code", "report", "rows_total", "rows_good", "rows_bad"):
                setattr(kept, name, getattr(found, name))


def confirm_import(actor: Actor, company_id: UUID, import_id: UUID) -> None:
    """Ask for the good rows to be stored. Confirming twice asks once.

    Raises Conflict("import-not-ready") while it is judged or once discarded, Invalid("no-good-row") when none is good.
    """
    with unit_of_work() as uow:
        row = _scoped(company_id, import_id, lock=True)
        if row.state in {ImportState.APPLYING, ImportState.APPLIED}:
            return
        if row.state is not ImportState.CHECKED:
            raise Conflict("import-not-ready")
        if not row.rows_good:
            raise Invalid("no-good-row")
        row.state = ImportState.APPLYING
        uow.session.flush()  # the job's row is referenced below
        args = {"import_id": str(row.id), "actor": actor.label, "actor_id": str(actor.user_id or "")}
        row.job_id = enqueue("fleet.apply_import", args, priority=row.rows_total <= _SHORT_ROWS)


def discard_import(company_id: UUID, import_id: UUID) -> None:
    """Forget a judged file and remove it without storing anything; raises Conflict once it is being stored."""
    with unit_of_work() as uow:
        row = _scoped(company_id, import_id, lock=True)
        if row.state in {ImportState.APPLYING, ImportState.APPLIED}:
            raise Conflict("import-already-applied")
        row.state = ImportState.DISCARDED
        key = row.file_key
        uow.after_commit(lambda: file_store().delete(key))


@task("fleet.apply_import", timeout_s=900)
def apply_import(job: RunningJob, import_id: str, actor: str, actor_id: str) -> None:
    """Store the good rows of a judged file: insert or update by plate, all in one transaction, once."""
    row = session().get(FleetImport, UUID(import_id))
    if row is None or row.state is not ImportState.APPLYING:
        return
    content = file_store().get(row.file_key)
    if hashlib.sha256(content).hexdigest() != row.file_digest:
        raise Invalid("file-changed")
    settings: Settings = current_app.extensions["settings"]
    total = row.rows_total
    _header, rows = check_rows(content, max_rows=settings.max_import_rows, max_columns=settings.max_import_columns)
    drafts: list[VehicleDraft] = []
    for checked in rows:
        if checked.draft is not None:
            drafts.append(checked.draft)
            if len(drafts) % 1000 == 0:
                job.progress("reading", len(drafts), total)
    job.progress("storing", len(drafts), total)
    with job.finish() as uow:
        kept = uow.session.get(FleetImport, UUID(import_id), with_for_update=True, populate_existing=True)
        if kept is None or kept.state is not ImportState.APPLYING:
            return
        lock_fleet(uow, kept.company_id)
        kept.added, kept.updated = _store(uow, kept.company_id, drafts, SYSTEM_CLOCK)
        kept.state, kept.applied_at = ImportState.APPLIED, SYSTEM_CLOCK.now()
        who = system_actor("fleet-import")
        by = {"by": actor, "by_id": actor_id, "file": kept.file_name, "added": kept.added, "updated": kept.updated}
        record(who, AuditTag.FLEET_IMPORTED, subject_id=kept.id, company_id=kept.company_id, data=by)


def _store(uow: UnitOfWork, company_id: UUID, drafts: list[VehicleDraft], clock: Clock) -> tuple[int, int]:
    """Insert or update by plate; return how many were added and updated. Unchanged vehicles count as neither."""
    known = {
        (row.country, row.plate_key): row
        for row in uow.session.scalars(
            select(Vehicle).where(Vehicle.company_id == company_id).execution_options(populate_existing=True)
        )
    }
    added, updated = [], 0
    for draft in drafts:
        row = known.get((draft.plate.country, draft.plate.key))
        if row is None:
            added.append(new_row(company_id, draft, clock))
            continue
        changes = draft.apply_to(row)
        if changes or row.archived_at is not None:
            row.archived_at, row.updated_at = None, clock.now()
            updated += 1
    uow.session.add_all(added)
    return len(added), updated


def rejected_rows_csv(company_id: UUID, import_id: UUID) -> str:
    """Return the rows that cannot be stored, as the file had them, with their line and the reasons, as CSV."""
    row = _scoped(company_id, import_id)
    settings: Settings = current_app.extensions["settings"]
    content = file_store().get(row.file_key)
    header, rows = check_rows(content, max_rows=settings.max_import_rows, max_columns=settings.max_import_columns)
    out = CsvText([*header.texts, "Ligne", "Motif"])
    width = len(header.texts)
    for checked in rows:
        if checked.draft is None:
            cells = [*checked.line.cells[:width], *[""] * (width - len(checked.line.cells))]
            out.add([*cells, str(checked.line.number), _reasons(checked)])
    return out.text


def _reasons(checked: CheckedRow) -> str:
    return " ".join(
        str(fault_sentence(fault.column, fault.code, fault.value, fault.params)) for fault in checked.faults
    )


def sample_csv() -> str:
    """Return the sample file: the headers and one line of example."""
    out = CsvText([str(column.label) for column in COLUMNS])
    out.add([column.example for column in COLUMNS])
    return out.text
