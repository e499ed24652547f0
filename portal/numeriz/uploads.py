"""Importing files: by command at once, or sent on a page and then applied by a job."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import unit_of_work
from portal.files import file_store
from portal.jobs import enqueue
from portal.numeriz.imports.bays import read_bays
from portal.numeriz.imports.documents import check_size, clean_text
from portal.numeriz.imports.perimeters import PerimeterFormat, read_perimeters
from portal.numeriz.models import ImportReport
from portal.numeriz.services import store_bays, store_perimeters
from portal.numeriz.values import ImportKind, ImportOutcome, ImportState
from portal.territories.api import TerritoryView

IMPORT_JOB = "numeriz.import"


def import_perimeters(
    actor: Actor,
    territory: TerritoryView,
    files: Sequence[tuple[str, bytes]],
    *,
    layout: PerimeterFormat = PerimeterFormat.AUTO,
    report_id: UUID | None = None,
    dry_run: bool = False,
) -> ImportOutcome:
    """Read perimeter files (name, content) and store what they hold. Raises Invalid; then nothing is stored."""
    read = read_perimeters(
        files,
        zone=ZoneInfo(territory.timezone),
        bounds=territory.bounds,
        most_bytes=_settings().max_upload_bytes,
        layout=layout,
    )
    return store_perimeters(actor, territory.id, read.drafts, source=read.source, report_id=report_id, dry_run=dry_run)


def import_bays(
    actor: Actor,
    territory: TerritoryView,
    name: str,
    content: bytes,
    *,
    report_id: UUID | None = None,
    dry_run: bool = False,
) -> ImportOutcome:
    """Read a bay file and store what it holds. Raises Invalid; then nothing is stored."""
    settings = _settings()
    read = read_bays(
        name,
        content,
        bounds=territory.bounds,
        most_bytes=settings.max_upload_bytes,
        most_rows=settings.max_import_rows,
    )
    return store_bays(actor, territory.id, read.drafts, source=read.source, report_id=report_id, dry_run=dry_run)


def receive_file(
    actor: Actor, territory: TerritoryView, kind: ImportKind, name: str, content: bytes, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Keep a file sent on a page and ask for its import; return the id of the waiting report.

    Raises Invalid(`file-empty`, `file-too-large`): whatever else is wrong with it, the report will say.
    """
    check_size(content, _settings().max_upload_bytes)
    key = file_store().put("law-imports", content)
    report_id = new_id()
    try:
        with unit_of_work() as uow:
            job_id = enqueue(IMPORT_JOB, {"report_id": str(report_id)})
            uow.session.add(
                ImportReport(
                    id=report_id,
                    territory_id=territory.id,
                    kind=kind,
                    state=ImportState.WAITING,
                    file_name=clean_text(name, 255),
                    file_key=key,
                    job_id=job_id,
                    format="",
                    options={},
                    counts={},
                    issue_counts={},
                    items=[],
                    error={},
                    actor_label=actor.label,
                    created_at=clock.now(),
                    applied_at=None,
                )
            )
    except BaseException:
        file_store().delete(key)
        raise
    return report_id


def require_file(name: str | None, content: bytes | None) -> tuple[str, bytes]:
    """Return what a form sent; raises Invalid(`file-missing`)."""
    if not name or content is None:
        raise Invalid("file-missing")
    return name, content


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
