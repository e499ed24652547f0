"""Taking a file sent on a page: it is kept, and imported by a job, at once or when its columns are told."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from flask import current_app

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid, NotFound
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import unit_of_work
from portal.files import file_store
from portal.jobs import enqueue
from portal.numeriz.imports.documents import check_size, clean_text
from portal.numeriz.imports.reading import SourceFile
from portal.numeriz.models import TITLE_LENGTH, ImportReport
from portal.numeriz.values import ImportKind, ImportState
from portal.territories.api import TerritoryView

IMPORT_JOB = "numeriz.import"
AREA = "law-imports"
"""The files of the store that wait for that job."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file sent on a page. format: a name of `formats_of(kind)`, or `auto`; options: how it is to be read."""

    kind: ImportKind
    name: str
    content: bytes
    format: str = "auto"
    options: Mapping[str, str] = field(default_factory=dict)


def receive_file(actor: Actor, territory: TerritoryView, sent: Upload, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Keep a file sent on a page and ask for its import; return the id of the waiting report.

    Raises Invalid(`file-empty`, `file-too-large`): whatever else is wrong with it, the report will say.
    """
    check_size(sent.content, _settings().max_upload_bytes)
    return keep_sent(actor, territory, sent, AREA, job=_ask_import, clock=clock)


def _ask_import(report_id: UUID) -> UUID:
    return enqueue(IMPORT_JOB, {"report_id": str(report_id)})


def keep_sent(
    actor: Actor,
    territory: TerritoryView,
    sent: Upload,
    area: str,
    *,
    job: Callable[[UUID], UUID] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> UUID:
    """Keep a file in an area of the store, with a report that waits; return the report's id.

    job: asks for what will read it, in the transaction of the report; without it the file waits for somebody.
    """
    key = file_store().put(area, sent.content)
    report_id = new_id()
    try:
        with unit_of_work() as uow:
            uow.session.add(
                ImportReport(
                    id=report_id,
                    territory_id=territory.id,
                    kind=sent.kind,
                    state=ImportState.WAITING,
                    file_name=clean_text(sent.name, TITLE_LENGTH),
                    file_key=key,
                    job_id=job and job(report_id),
                    format=sent.format,
                    options=dict(sent.options),
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


@contextmanager
def kept_file(report: ImportReport) -> Iterator[SourceFile]:
    """A copy of the file of a waiting report, while it is read. Raises NotFound("file-not-found")."""
    if report.file_key is None:
        raise NotFound("file-not-found")
    with tempfile.TemporaryDirectory(prefix="joptimiz-import-") as folder:
        file = SourceFile(report.file_name, Path(folder) / "file")
        with file_store().open(report.file_key) as stored, file.path.open("wb") as copy:
            shutil.copyfileobj(stored, copy)
        yield file


def require_file(name: str | None, content: bytes | None) -> tuple[str, bytes]:
    """Return what a form sent; raises Invalid(`file-missing`)."""
    if not name or content is None:
        raise Invalid("file-missing")
    return name, content


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
