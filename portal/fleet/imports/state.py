"""Imports as pages see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.common.errors import NotFound
from portal.db import session
from portal.fleet.mapping import FileMapping
from portal.fleet.models import FleetImport, ImportState
from portal.jobs import JobState, JobView, get_job

FILE_AREA = "fleet-imports"
ROWS_AREA = "fleet-import-rows"
_RECENT = 10


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import for display. report is what `Report.to_json` gives, None until judged.

    undo: what became of an undoing, None before: restored, archived and kept (vehicles changed since) as counts, and
    kept_plates, some of the latter.
    """

    id: UUID
    company_id: UUID
    file_name: str
    state: ImportState
    error_code: str | None
    report: dict[str, Any] | None
    mapping: FileMapping | None
    rows_total: int
    rows_good: int
    rows_bad: int
    added: int | None
    updated: int | None
    fixed_rows: int
    job: JobView | None
    created_at: datetime
    applied_at: datetime | None

    @property
    def working(self) -> bool:
        """True while a job is at work on it."""
        return self.job is not None and self.job.state in {JobState.PENDING, JobState.RUNNING}

    @property
    def judged(self) -> bool:
        """True when there is a whole report."""
        return bool(self.report and "tally" in self.report and not self.report["partial"])

    @property
    def undo(self) -> dict[str, Any] | None:
        """What an undoing did."""
        return (self.report or {}).get("undo")


def scoped(company_id: UUID, import_id: UUID, *, lock: bool = False) -> FleetImport:
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
    return _view(scoped(company_id, import_id))


def list_recent_imports(company_id: UUID) -> Sequence[ImportView]:
    """Return the company's latest imports, the newest first: what was begun can be taken up again."""
    rows = session().scalars(
        select(FleetImport)
        .where(FleetImport.company_id == company_id)
        .order_by(FleetImport.created_at.desc(), FleetImport.id)
        .limit(_RECENT)
    )
    return [_view(row) for row in rows]


def last_applied(company_id: UUID) -> UUID | None:
    """Return the import of the company that was stored last and not undone: the only one that can be."""
    return session().scalar(
        select(FleetImport.id)
        .where(FleetImport.company_id == company_id, FleetImport.state == ImportState.APPLIED)
        .order_by(FleetImport.applied_at.desc(), FleetImport.id)
        .limit(1)
    )


def _view(row: FleetImport) -> ImportView:
    return ImportView(
        id=row.id,
        company_id=row.company_id,
        file_name=row.file_name,
        state=row.state,
        error_code=row.error_code,
        report=row.report,
        mapping=FileMapping.from_json(row.mapping) if row.mapping else None,
        rows_total=row.rows_total,
        rows_good=row.rows_good,
        rows_bad=row.rows_bad,
        added=row.added,
        updated=row.updated,
        fixed_rows=len(row.fixes),
        job=get_job(row.job_id) if row.job_id else None,
        created_at=row.created_at,
        applied_at=row.applied_at,
    )
