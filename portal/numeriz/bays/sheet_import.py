"""Importing a spreadsheet of bays: the file waits for its columns to be confirmed, then a job stores its good rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from flask import current_app
from sqlalchemy import Select, select

from portal.common.actor import Actor, ActorKind
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.config import Settings
from portal.db import UnitOfWork, session, unit_of_work
from portal.files import file_store
from portal.jobs import RunningJob, enqueue, task
from portal.numeriz.bays.columns import BY_KEY
from portal.numeriz.bays.fields import BayFields
from portal.numeriz.bays.rows import draft_of_row
from portal.numeriz.bays.sheet import SheetRead, SheetRow, SheetTitle, check_choice, lines_of, read_rows, titles_of
from portal.numeriz.bays.undoing import keep_undo, own_bays
from portal.numeriz.imports.documents import check_size
from portal.numeriz.law.memory import bump_law, lock_law
from portal.numeriz.models import DeliveryBay, ImportReport
from portal.numeriz.storing.bays import merge_bays
from portal.numeriz.storing.reports import ImportIdentity, close_import
from portal.numeriz.storing.tally import Findings, Tally
from portal.numeriz.uploads import Upload, keep_sent
from portal.numeriz.values import NUMERIZ, BayDraft, ImportKind, ImportOutcome, ImportState, Issue
from portal.sheets import Line
from portal.territories.api import HitKind, TerritoryView, geocode, get_territory_by_id

SHEET: Final = "bay-sheet"
"""The format of such a report: what a clerk mapped on screen."""
SHEET_JOB: Final = "numeriz.bay-sheet"
AREA: Final = "bay-sheets"
_FORGOTTEN_AFTER: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file whose columns wait to be confirmed. good: how many of its rows make a bay, as far as can be told now."""

    id: UUID
    file_name: str
    header: int
    titles: Sequence[SheetTitle]
    chosen: Mapping[int, str]
    read: SheetRead
    good: int


def start_sheet(
    actor: Actor, territory: TerritoryView, name: str, content: bytes, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Keep a file that can be read, until its columns are confirmed; return the id of its report.

    Files that nobody confirmed for a day are forgotten on the way. Raises Invalid as `lines_of` and `titles_of`.
    """
    settings: Settings = current_app.extensions["settings"]
    check_size(content, settings.max_upload_bytes)
    titles_of(lines_of(content))
    with unit_of_work() as uow:
        old = _waiting(territory.id).where(ImportReport.created_at < clock.now() - _FORGOTTEN_AFTER)
        for row in uow.session.scalars(old):
            _forget(uow, row)
    return keep_sent(actor, territory, Upload(ImportKind.BAYS, name, content, format=SHEET), AREA, clock=clock)


def get_sheet(territory: TerritoryView, report_id: UUID, chosen: Mapping[int, str] | None = None) -> Sheet:
    """Return a waiting file, its rows read by the columns chosen (None: by those its titles name).

    Raises NotFound("report-not-found"), Conflict("sheet-gone").
    """
    row = _load(territory.id, report_id)
    lines = lines_of(file_store().get(str(row.file_key)))
    header, titles = titles_of(lines)
    picked = {title.place: title.key for title in titles} if chosen is None else chosen
    read = read_rows(lines, header, picked, territory.bounds)
    # Addresses are sought by the job: they take their time.
    sought = [found for found in read.rows if found.place is None and found.values.get("address")]
    good = len(sought) + len(_drafts(territory.id, [found for found in read.rows if found not in sought], read))
    return Sheet(row.id, row.file_name, header, titles, picked, read, good)


def confirm_sheet(territory: TerritoryView, report_id: UUID, chosen: Mapping[int, str]) -> None:
    """Ask for the import of a waiting file by the columns chosen.

    Raises NotFound, Conflict("sheet-gone"), Invalid as `check_choice`.
    """
    check_choice(chosen)
    with unit_of_work():
        row = _load(territory.id, report_id)
        row.options = {str(place): key for place, key in chosen.items() if key}
        row.job_id = enqueue(SHEET_JOB, {"report_id": str(report_id)})


def discard_sheet(territory_id: UUID, report_id: UUID) -> None:
    """Forget a waiting file. Raises NotFound, Conflict("sheet-gone")."""
    with unit_of_work() as uow:
        _forget(uow, _load(territory_id, report_id))


@task(SHEET_JOB, timeout_s=1800)
def import_sheet(job: RunningJob, report_id: str) -> None:
    """Store the good rows of a confirmed file in one transaction; addresses without a place are sought before it."""
    report = session().get_one(ImportReport, UUID(report_id))
    territory, key = get_territory_by_id(report.territory_id), report.file_key
    if key is None:
        raise NotFound("file-not-found")
    job.progress("reading")
    lines = lines_of(file_store().get(key))
    header, _titles = titles_of(lines)
    chosen = {int(place): name for place, name in report.options.items()}
    read = read_rows(lines, header, chosen, territory.bounds)
    known = set(session().scalars(_own(territory.id).with_only_columns(DeliveryBay.local_id)))
    read.rows = [row if row.place or row.local_id in known else _located(territory, row) for row in read.rows]
    with job.finish() as uow:
        _store(uow, report, territory, lines, header, read)
        uow.after_commit(partial(file_store().delete, key))


def _store(
    uow: UnitOfWork, report: ImportReport, territory: TerritoryView, lines: Sequence[Line], header: int, read: SheetRead
) -> None:
    lock_law(uow, territory.id)
    tally, now = Tally(Counter(), []), SYSTEM_CLOCK.now()
    drafts = _drafts(territory.id, read.rows, read)
    before = own_bays(uow, territory.id, {draft.local_id for draft in drafts})
    merge_bays(uow, territory.id, drafts, tally, now)
    uow.session.flush()  # constraints speak before the report says it is done
    if tally.changed:
        keep_undo(uow, report, before, now)
    else:
        report.file_key = None
    findings = Findings([*read.issues, *tally.issues])
    records = sum(line.number > header for line in lines)
    counts = {"records": records, "rejected": read.refused, **tally.counts}
    state = ImportState.APPLIED if tally.changed or read.refused else ImportState.UNCHANGED
    outcome = ImportOutcome(counts, findings.listed(), tally.changed, SYSTEM_CLOCK.now(), dict(findings.totals), state)
    # The person was checked when the columns were confirmed; the journal shows the same name.
    actor = Actor(kind=ActorKind.SYSTEM, label=report.actor_label)
    identity = ImportIdentity(
        actor, territory.id, ImportKind.BAYS, report.file_name, SHEET, dict(report.options), report_id=report.id
    )
    close_import(uow, identity, outcome, SYSTEM_CLOCK)
    if tally.changed:
        bump_law(uow, territory.id)


def _drafts(territory_id: UUID, rows: Iterable[SheetRow], read: SheetRead) -> Sequence[BayDraft]:
    """The rows as bays, each over what is stored of it; a row that makes no bay is told with the others."""
    stored, drafts = _stored(territory_id), []
    # Two addresses may be one place.
    described: set[str] = set()
    for row in rows:
        before = stored.get(row.local_id)
        try:
            fields = row.fields(None if before is None else BayFields.of(before))
        except Invalid as error:
            read.refuse(_refusal(row, error))
            continue
        if fields is None:
            read.refuse(Issue("bay-row-unplaced", {"name": _named(row)}, row.number))
            continue
        if row.local_id in described:
            read.refuse(Issue("bay-row-twice", {"name": _named(row)}, row.number))
            continue
        described.add(row.local_id)
        doubts = (Issue("bay-row-located", {"name": _named(row)}),) if row.located else ()
        read.issues += [Issue(doubt.code, doubt.params, row.number) for doubt in doubts]
        drafts.append(replace(fields.draft(before, NUMERIZ), issues=doubts))
    return drafts


def _stored(territory_id: UUID) -> Mapping[str, BayDraft]:
    """The territory's own bays by their identifier."""
    return {row.local_id: draft_of_row(row) for row in session().scalars(_own(territory_id))}


def _own(territory_id: UUID) -> Select[DeliveryBay]:
    return select(DeliveryBay).where(DeliveryBay.territory_id == territory_id, DeliveryBay.source == NUMERIZ)


def _refusal(row: SheetRow, error: Invalid) -> Issue:
    if error.code in {"hours-needed", "hours-for-permanent"}:
        return Issue("bay-row-hours", {"name": _named(row)}, row.number)
    key = error.field or ""
    column = str(BY_KEY[key].label) if key in BY_KEY else key
    return Issue("bay-row-unread", {"column": column, "value": str(row.values.get(key, ""))[:40]}, row.number)


def _named(row: SheetRow) -> str:
    return str(row.values.get("local_id") or row.values.get("address") or row.local_id)[:40]


def _located(territory: TerritoryView, row: SheetRow) -> SheetRow:
    """The row at the place of its address: of a house; a street alone would put the bay anywhere along it."""
    hit = geocode(territory.slug, row.values.get("address", ""))
    if hit is None or hit.kind is not HitKind.ADDRESS or hit.approximate:
        return row
    return replace(row, place=(hit.lon, hit.lat), located=True)


def _waiting(territory_id: UUID) -> Select[ImportReport]:
    return select(ImportReport).where(
        ImportReport.territory_id == territory_id,
        ImportReport.format == SHEET,
        ImportReport.state == ImportState.WAITING,
        ImportReport.job_id.is_(None),
    )


def _load(territory_id: UUID, report_id: UUID) -> ImportReport:
    wanted = select(ImportReport).where(ImportReport.territory_id == territory_id, ImportReport.id == report_id)
    row = session().scalar(wanted.with_for_update())
    if row is None:
        raise NotFound("report-not-found")
    if row.format != SHEET or row.state is not ImportState.WAITING or row.job_id is not None:
        raise Conflict("sheet-gone")
    return row


def _forget(uow: UnitOfWork, row: ImportReport) -> None:
    if row.file_key is not None:
        uow.after_commit(partial(file_store().delete, row.file_key))
    uow.session.delete(row)
