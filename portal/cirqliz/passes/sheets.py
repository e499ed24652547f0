"""One file with the cards of a whole fleet: asked for by a person, made by a job, kept for a week."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from flask_babel import force_locale
from sqlalchemy import select

from portal.cirqliz.law import spans_of
from portal.cirqliz.models import PassSheet
from portal.cirqliz.passes.card import Printed, draw_cards
from portal.cirqliz.passes.queries import count_usable, list_printable
from portal.cirqliz.states import SheetState
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import session, unit_of_work
from portal.files import file_store
from portal.jobs import JobState, JobView, RunningJob, enqueue, get_job, task
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval
from portal.territories.api import TerritoryView, get_territory_by_id

MAKE = "cirqliz.make_pass_sheet"
AREA = "pass-sheets"
MOST_PASSES = 5000
KEPT_FOR = timedelta(days=7)

_TOLD_EVERY_S = 0.5
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SheetView:
    """A file of cards. passes: how many it holds, once it is made; job: how far the making is."""

    id: UUID
    company_id: UUID
    state: SheetState
    passes: int | None
    created_at: datetime
    job: JobView

    @property
    def failed(self) -> bool:
        """True when the file will not come: the job gave up, or there was nothing to print."""
        return self.state is SheetState.FAILED or self.job.state in {JobState.FAILED, JobState.CANCELLED}


def ask_sheet(actor: Actor, company_id: UUID, language: str, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Ask for the cards of every pass that is valid or will be, by plate; return the file to come.

    Asked again while one is being made: that one. language: of the cards. Raises Invalid (nothing to print, too many).
    """
    count = count_usable(company_id, clock.now())
    if count == 0:
        raise Invalid("no-printable-pass")
    if count > MOST_PASSES:
        raise Invalid("too-many-passes", most=MOST_PASSES)
    with unit_of_work() as uow:
        under_way = _newest_under_way(company_id)
        if under_way is not None:
            return under_way
        sheet_id = new_id()
        job_id = enqueue(MAKE, {"sheet_id": str(sheet_id)})
        uow.session.add(
            PassSheet(
                id=sheet_id,
                company_id=company_id,
                created_by=actor.user_id,
                state=SheetState.QUEUED,
                wanted={"language": language},
                job_id=job_id,
                created_at=clock.now(),
            )
        )
        return sheet_id


def list_sheets(company_id: UUID) -> Sequence[SheetView]:
    """Return the company's latest files, the newest first."""
    rows = session().scalars(
        select(PassSheet)
        .where(PassSheet.company_id == company_id)
        .order_by(PassSheet.created_at.desc(), PassSheet.id)
        .limit(_SHOWN)
        .execution_options(populate_existing=True)
    )
    return [_view(row) for row in rows]


def get_sheet(company_id: UUID, sheet_id: UUID) -> SheetView:
    """Return a file of the company; raises NotFound."""
    return _view(_row(company_id, sheet_id))


def read_sheet(company_id: UUID, sheet_id: UUID) -> bytes:
    """Return the PDF. Raises NotFound, and Conflict("sheet-not-ready") while it is not made."""
    row = _row(company_id, sheet_id)
    if row.file_key is None:
        raise Conflict("sheet-not-ready")
    return file_store().get(row.file_key)


def purge_sheets(*, clock: Clock = SYSTEM_CLOCK) -> int:
    """Erase the files older than a week, and those that no row names; return how many rows went."""
    limit = clock.now() - KEPT_FOR
    with unit_of_work() as uow:
        old = list(uow.session.scalars(select(PassSheet).where(PassSheet.created_at < limit)))
        keys = [row.file_key for row in old if row.file_key]
        for row in old:
            uow.session.delete(row)
        uow.after_commit(lambda: _delete(keys))
    _delete(file_store().older(AREA, limit))
    return len(old)


@task(MAKE, timeout_s=300, max_attempts=3)
def make_sheet(job: RunningJob, sheet_id: str) -> None:
    """Draw the cards, store the file, then name it in the row that asked for it: all of it or nothing."""
    row = session().get(PassSheet, UUID(sheet_id), populate_existing=True)
    if row is None or row.state is not SheetState.QUEUED:
        return
    printed = _printed(row.company_id)
    content = b""
    if printed:
        with force_locale(row.wanted["language"]):
            content = draw_cards(printed, _Told(job, len(printed)))
    # A run that dies here leaves a file that no row names: it is erased with the old ones.
    key = file_store().put(AREA, content) if printed else None
    with job.finish() as uow:
        found = uow.session.get(PassSheet, UUID(sheet_id), populate_existing=True)
        if found is not None:
            found.state = SheetState.DONE if key else SheetState.FAILED
            found.file_key, found.passes = key, len(printed)


def _printed(company_id: UUID) -> list[Printed]:
    """What the cards show, as it is now; the law of each territory is read once."""
    places: dict[UUID, TerritoryView] = {}
    printed = []
    for found in list_printable(company_id, SYSTEM_CLOCK.now()):
        place = places.setdefault(found.territory_id, get_territory_by_id(found.territory_id))
        window = Interval(found.valid_from, found.valid_to)
        ids = [perimeter.perimeter_id for perimeter in found.perimeters]
        printed.append(Printed(found, place, spans_of(law_snapshot(found.territory_id), ids, window)))
    return printed


class _Told:
    """Writes how many codes are drawn, twice a second at most."""

    def __init__(self, job: RunningJob, total: int) -> None:
        self._job, self._total = job, total
        self._next = time.monotonic() + _TOLD_EVERY_S

    def __call__(self, done: int) -> None:
        if time.monotonic() >= self._next:
            self._job.progress("cards", done, self._total)
            self._next = time.monotonic() + _TOLD_EVERY_S


def _newest_under_way(company_id: UUID) -> UUID | None:
    rows = session().scalars(
        select(PassSheet)
        .where(PassSheet.company_id == company_id, PassSheet.state == SheetState.QUEUED)
        .order_by(PassSheet.created_at.desc())
        .limit(1)
    )
    return next((row.id for row in rows if not _view(row).failed), None)


def _row(company_id: UUID, sheet_id: UUID) -> PassSheet:
    row = session().scalar(
        select(PassSheet)
        .where(PassSheet.id == sheet_id, PassSheet.company_id == company_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("file-not-found")
    return row


def _view(row: PassSheet) -> SheetView:
    return SheetView(row.id, row.company_id, row.state, row.passes, row.created_at, get_job(row.job_id))


def _delete(keys: Sequence[str]) -> None:
    for key in keys:
        file_store().delete(key)
