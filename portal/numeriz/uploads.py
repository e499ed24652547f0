"""Taking a file sent on a page: it is kept, and imported by a job."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from flask import current_app

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import unit_of_work
from portal.files import file_store
from portal.jobs import enqueue
from portal.numeriz.imports.documents import check_size, clean_text
from portal.numeriz.models import ImportReport
from portal.numeriz.values import ImportKind, ImportState
from portal.territories.api import TerritoryView

IMPORT_JOB = "numeriz.import"


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
    key = file_store().put("law-imports", sent.content)
    report_id = new_id()
    try:
        with unit_of_work() as uow:
            job_id = enqueue(IMPORT_JOB, {"report_id": str(report_id)})
            uow.session.add(
                ImportReport(
                    id=report_id,
                    territory_id=territory.id,
                    kind=sent.kind,
                    state=ImportState.WAITING,
                    file_name=clean_text(sent.name, 255),
                    file_key=key,
                    job_id=job_id,
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


def require_file(name: str | None, content: bytes | None) -> tuple[str, bytes]:
    """Return what a form sent; raises Invalid(`file-missing`)."""
    if not name or content is None:
        raise Invalid("file-missing")
    return name, content


def _settings() -> Settings:
    settings: Settings = current_app.extensions["settings"]
    return settings
