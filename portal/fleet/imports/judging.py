"""Sending a file and having it judged: a small text at once, else by a job, the first rows before the others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import update

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid
from portal.common.garbage import without_collections
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import UnitOfWork, session, unit_of_work
from portal.files import file_store
from portal.fleet.checking import FIRST_ROWS, CheckedRow, Fixes, FleetFile, Report, RowJudge, kind_of, read_file
from portal.fleet.imports.kept_rows import KeptRowsWriter
from portal.fleet.imports.memory import recall, remember
from portal.fleet.imports.state import FILE_AREA, ROWS_AREA, scoped
from portal.fleet.locking import lock_fleet
from portal.fleet.mapping import FROM_PERSON, FileMapping
from portal.fleet.models import FleetImport, ImportState
from portal.jobs import RunningJob, enqueue, task
from portal.sheets import is_workbook, refuse_too_many_rows

# Judging this much takes well under 300 ms; more is a job with a progress bar.
_JUDGED_AT_ONCE_BYTES = 60_000
# A second or two of work. More lets the short jobs of other people go first.
_SHORT_BYTES = 150_000
_TOLD_EVERY = 5_000

# (rows done, a report of the first ones or None)
Tell = Callable[[int, Report | None], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a judgement writes on the row of an import."""

    state: ImportState
    report: dict[str, Any]
    mapping: FileMapping | None = None
    error_code: str | None = None
    rows_total: int = 0
    rows_good: int = 0
    rows_bad: int = 0

    def write_on(self, row: FleetImport) -> None:
        """Write it."""
        row.state, row.error_code, row.report = self.state, self.error_code, self.report
        row.mapping = self.mapping.to_json() if self.mapping else None
        row.rows_total, row.rows_good, row.rows_bad = self.rows_total, self.rows_good, self.rows_bad


def start_import(
    actor: Actor, company_id: UUID, file_name: str, content: bytes, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Store a file and have it judged: a small text at once, else by a job. Returns the import's id.

    Of a large text file the first rows are judged at once. Raises Invalid (file-empty, file-too-large, too-many-rows)
    before anything is stored.
    """
    settings: Settings = current_app.extensions["settings"]
    if not content.strip():
        raise Invalid("file-empty", field="file")
    if len(content) > settings.max_upload_bytes:
        raise Invalid("file-too-large", field="file", limit_mb=settings.max_upload_bytes // 2**20)
    refuse_too_many_rows(content, max_rows=settings.max_import_rows)
    # Before the transaction: what is slow to read must not hold the writes of everybody else.
    if _soon_judged(content):
        outcome = judge_content(company_id, content, settings)
    else:
        outcome = _first_look(company_id, content, settings)
    row = FleetImport(
        id=new_id(),
        company_id=company_id,
        created_by=actor.user_id,
        file_name=PurePath(file_name.replace("\\", "/").replace("\x00", "")).name[:255] or "fichier",
        file_key=file_store().put(FILE_AREA, content),
        file_digest=hashlib.sha256(content).hexdigest(),
        fixes={},
        created_at=clock.now(),
    )
    outcome.write_on(row)
    with unit_of_work() as uow:
        uow.session.add(row)
        if row.state is ImportState.CHECKING:
            _ask_for_judgement(uow, row, len(content))
    return row.id


def _soon_judged(content: bytes) -> bool:
    """Tell whether a file takes a moment at most. A workbook may unfold to a thousand times its size: it may not."""
    return len(content) <= _JUDGED_AT_ONCE_BYTES and not is_workbook(content)


def _ask_for_judgement(uow: UnitOfWork, row: FleetImport, size: int) -> None:
    row.state = ImportState.CHECKING
    uow.session.flush()  # the job's row is referenced below
    row.job_id = enqueue("fleet.check_import", {"import_id": str(row.id)}, priority=size <= _SHORT_BYTES)


def _unreadable(error: Invalid) -> Outcome:
    params = {name: str(value) for name, value in error.params.items()}
    return Outcome(ImportState.UNREADABLE, {"params": params}, error_code=error.code)


def _first_look(company_id: UUID, content: bytes, settings: Settings) -> Outcome:
    """Read the titles and the first rows of a large file; a workbook has to be opened whole, by the job."""
    if is_workbook(content):
        return Outcome(ImportState.CHECKING, {})
    try:
        read = read_file(
            content,
            max_rows=settings.max_import_rows,
            max_columns=settings.max_import_columns,
            settle=lambda found: recall(company_id, found),
            only_first=FIRST_ROWS,
        )
    except Invalid as error:
        return _unreadable(error)
    if read.mapping.doubts:
        return Outcome(ImportState.MAPPING, {}, read.mapping)
    first = _first_report(read)
    return Outcome(ImportState.CHECKING, first.to_json(), read.mapping)


def _first_report(read: FleetFile) -> Report:
    report = Report(read.mapping, partial=True)
    for row, _corrected in FleetFile(read.mapping, read.lines[:FIRST_ROWS]).judged():
        report.add(row)
    return report


def judge_content(
    company_id: UUID,
    content: bytes,
    settings: Settings,
    mapping: FileMapping | None = None,
    fixes: Fixes | None = None,
    tell: Tell | None = None,
) -> Outcome:
    """Judge a file whole and keep its rows in the file store. mapping: confirmed already, else proposed."""
    try:
        read = read_file(
            content,
            max_rows=settings.max_import_rows,
            max_columns=settings.max_import_columns,
            mapping=mapping,
            settle=lambda found: recall(company_id, found),
        )
    except Invalid as error:
        return _unreadable(error)
    if read.mapping.doubts:
        return Outcome(ImportState.MAPPING, {}, read.mapping)
    if tell and len(read.lines) > FIRST_ROWS:
        tell(0, _first_report(read))
    report = Report(read.mapping)
    kept = _judge_rows(read, report, fixes or {}, tell)
    if not report.rows_total:
        return _unreadable(Invalid("no-rows"))
    found = report.to_json()
    found["rows_key"], found["rows_digest"] = file_store().put(ROWS_AREA, kept), hashlib.sha256(kept).hexdigest()
    return Outcome(
        ImportState.CHECKED,
        found,
        read.mapping,
        rows_total=report.rows_total,
        rows_good=report.rows_good,
        rows_bad=report.rows_bad,
    )


def _judge_rows(read: FleetFile, report: Report, fixes: Fixes, tell: Tell | None) -> bytes:
    """Judge every row into the report; return the kept file of them."""
    judge, writer = RowJudge(read.mapping), KeptRowsWriter()
    kept: list[tuple[CheckedRow, bool]] = []
    plates: dict[tuple[str, str], int] | None = None
    for row, corrected in read.judged_by(judge, fixes):
        if corrected and plates is None:
            plates = dict(judge.plates)
        report.add(row, corrected=corrected)
        if row.draft is not None and not corrected:
            writer.add_good(row.draft)
        elif row.faults or corrected:
            # What a corrected row was worth in the file is asked without its correction, by a judge of its own.
            kept.append((row if not corrected else RowJudge(read.mapping).check(row.line), not corrected))
        if tell and report.rows_total % _TOLD_EVERY == 0:
            tell(report.rows_total, None)
    for row, untouched in sorted(kept, key=lambda pair: pair[0].line.number):
        writer.add(row, untouched=untouched)
        report.kinds.update({kind_of(fault) for fault in row.faults})
    return writer.content(judge.plates if plates is None else plates)


def fixes_of(row: FleetImport) -> dict[int, Mapping[str, str]]:
    """Return the corrections of an import by row number."""
    return {int(number): texts for number, texts in row.fixes.items()}


def confirmed_mapping(row: FleetImport) -> FileMapping | None:
    """Return the mapping of an import that needs no more words, if it has one."""
    mapping = FileMapping.from_json(row.mapping) if row.mapping else None
    return None if mapping is None or mapping.doubts else mapping


@task("fleet.check_import", timeout_s=300)
def check_import(job: RunningJob, import_id: str) -> None:
    """Judge a stored file and keep the report; a report of the first rows is shown meanwhile."""
    row = session().get(FleetImport, UUID(import_id))
    if row is None or row.state is not ImportState.CHECKING:
        return

    def tell(done: int, first: Report | None) -> None:
        with unit_of_work() as uow:
            job.progress("checking", done)
            if first is not None:
                waiting = update(FleetImport).where(
                    FleetImport.id == UUID(import_id), FleetImport.state == ImportState.CHECKING
                )
                uow.session.execute(waiting.values(report=first.to_json()))

    company_id, mapping, fixes = row.company_id, confirmed_mapping(row), fixes_of(row)
    content = file_store().get(row.file_key)
    told = row.report is not None and "tally" in row.report
    settings: Settings = current_app.extensions["settings"]
    with without_collections():
        outcome = judge_content(
            company_id, content, settings, mapping, fixes, lambda done, first: tell(done, None if told else first)
        )
    with job.finish() as uow:
        kept = uow.session.get(FleetImport, UUID(import_id), with_for_update=True, populate_existing=True)
        if kept is not None and kept.state is ImportState.CHECKING:
            outcome.write_on(kept)


def choose_columns(
    actor: Actor,  # noqa: ARG001 a service says who acts
    company_id: UUID,
    import_id: UUID,
    choices: Mapping[int, tuple[str | None, str | None]],
    *,
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Take a person's word for the columns of a file, keep it for the next one, and judge the file by it.

    choices: place -> (column, unit), None = left aside or found by the values. Raises Invalid as `FileMapping.chosen`,
    Conflict("import-not-ready") in any state but mapping and checked.
    """
    row = scoped(company_id, import_id)
    if row.state not in {ImportState.MAPPING, ImportState.CHECKED} or row.mapping is None:
        raise Conflict("import-not-ready")
    mapping = FileMapping.from_json(row.mapping).chosen(choices, FROM_PERSON)
    content = file_store().get(row.file_key)
    settings: Settings = current_app.extensions["settings"]
    small = _soon_judged(content)
    version, fixes = row.version, fixes_of(row)
    outcome = judge_content(company_id, content, settings, mapping, fixes) if small else None
    with unit_of_work() as uow:
        lock_fleet(uow, company_id)
        row = scoped(company_id, import_id, lock=True)
        if row.version != version:
            raise Conflict("import-changed-meanwhile")
        remember(uow, company_id, mapping, clock.now())
        forget_kept_rows(uow, row)
        if outcome is not None:
            outcome.write_on(row)
        else:
            row.mapping, row.report = mapping.to_json(), {}
            _ask_for_judgement(uow, row, len(content))


def forget_kept_rows(uow: UnitOfWork, row: FleetImport) -> None:
    """Remove the kept rows of an import once the transaction is durable."""
    key = (row.report or {}).get("rows_key")
    if key:
        uow.after_commit(lambda: file_store().delete(key))
