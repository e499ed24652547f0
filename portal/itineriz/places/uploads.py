"""A day of stops from a spreadsheet: kept, read by a job, settled by people, turned into a tour once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePath
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.config import Settings
from portal.db import session, unit_of_work
from portal.files import file_store
from portal.itineriz import services
from portal.itineriz.addresses.finding import Finder
from portal.itineriz.asking import MOST_STOPS
from portal.itineriz.models import StopsUpload, UploadState
from portal.itineriz.places.queries import list_places
from portal.itineriz.places.rows import StopRow, read_row, rows_of
from portal.itineriz.places.sheet import read_rows
from portal.itineriz.services import CreateRoute
from portal.jobs import JobState, JobView, enqueue, get_job, retry
from portal.territories.api import get_territory_by_id

READ = "itineriz.read_stops"
_AREA = "stops-files"


@dataclass(frozen=True, slots=True)
class UploadView:
    """A day of stops for display. job: the one that reads it."""

    id: UUID
    company_id: UUID
    territory_id: UUID
    file_name: str
    state: UploadState
    rows: Sequence[StopRow]
    job: JobView | None
    route_id: UUID | None
    error_code: str | None
    error_params: Mapping[str, Any]
    created_at: datetime

    @property
    def unsettled(self) -> list[StopRow]:
        """The rows somebody still has to settle, in the order of the file."""
        return [row for row in self.rows if not row.settled]

    def row(self, number: int) -> StopRow:
        """A row by its number in the file. Raises NotFound."""
        for row in self.rows:
            if row.number == number:
                return row
        raise NotFound("row-not-found")


def start_upload(
    actor: Actor, company_id: UUID, territory_id: UUID, file_name: str, content: bytes, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Keep a file and ask for its reading. Raises Invalid (file-empty, file-too-large) before anything is stored."""
    check_size(content)
    upload_id = new_id()
    key = file_store().put(_AREA, content)
    with unit_of_work() as uow:
        uow.session.add(
            StopsUpload(
                id=upload_id,
                company_id=company_id,
                territory_id=territory_id,
                file_name=plain_name(file_name),
                file_key=key,
                state=UploadState.READING,
                rows=[],
                job_id=enqueue(READ, {"upload_id": str(upload_id)}, priority=True),
                created_by=actor.user_id,
                created_at=clock.now(),
            )
        )
    return upload_id


def check_size(content: bytes) -> None:
    """Refuse a file before anything costly. Raises Invalid (file-empty, file-too-large)."""
    settings: Settings = current_app.extensions["settings"]
    if not content.strip():
        raise Invalid("file-empty", field="file")
    if len(content) > settings.max_upload_bytes:
        raise Invalid("file-too-large", field="file", limit_mb=settings.max_upload_bytes // 2**20)


def plain_name(file_name: str) -> str:
    """The name of a sent file without its folders."""
    return PurePath(file_name.replace("\\", "/").replace("\x00", "")).name[:200] or "fichier"


def get_upload(company_id: UUID, upload_id: UUID) -> UploadView:
    """An upload of a company; raises NotFound."""
    row = _scoped(company_id, upload_id)
    return UploadView(
        id=row.id,
        company_id=row.company_id,
        territory_id=row.territory_id,
        file_name=row.file_name,
        state=row.state,
        rows=rows_of(row.rows),
        job=get_job(row.job_id) if row.job_id else None,
        route_id=row.route_id,
        error_code=row.error_code,
        error_params=row.error_params or {},
        created_at=row.created_at,
    )


def list_uploads(company_id: UUID, limit: int = 10) -> Sequence[UploadView]:
    """The last days of stops of a company that are not tours yet, newest first."""
    waiting = select(StopsUpload.id).where(
        StopsUpload.company_id == company_id, StopsUpload.state.in_([UploadState.READING, UploadState.READY])
    )
    newest = waiting.order_by(StopsUpload.created_at.desc(), StopsUpload.id.desc()).limit(limit)
    return [get_upload(company_id, upload_id) for upload_id in session().scalars(newest)]


def read_upload(upload_id: UUID, progress: Callable[[int, int], None]) -> list[StopRow] | None:
    """Read and locate the rows of a kept file; long, writes nothing. None when there is nothing left to read.

    Raises Invalid for a file that is no day of stops, Unavailable when the addresses cannot be searched.
    """
    row = session().get(StopsUpload, upload_id)
    if row is None or row.state is not UploadState.READING or row.file_key is None:
        return None
    finder = Finder(get_territory_by_id(row.territory_id), list_places(row.company_id, row.territory_id))
    given = read_rows(file_store().get(row.file_key), most_rows=MOST_STOPS)
    found = []
    for done, one in enumerate(given):
        if done % 20 == 0:
            progress(done, len(given))
        found.append(read_row(one, finder))
    return found


def store_rows(upload_id: UUID, rows: Sequence[StopRow]) -> None:
    """Keep what was read, in the running unit of work; the file is no longer needed."""
    _end_reading(upload_id, UploadState.READY, rows=[row.to_json() for row in rows])


def store_fault(upload_id: UUID, error: Invalid) -> None:
    """Keep why a file cannot be read, in the running unit of work."""
    params = {name: str(value) for name, value in error.params.items()}
    _end_reading(upload_id, UploadState.FAILED, error_code=error.code, error_params=params)


def _end_reading(upload_id: UUID, state: UploadState, **values: Any) -> None:
    with unit_of_work() as uow:
        row = uow.session.get(StopsUpload, upload_id, with_for_update=True, populate_existing=True)
        if row is None or row.state is not UploadState.READING:
            return
        key, row.state, row.file_key = row.file_key, state, None
        for name, value in values.items():
            setattr(row, name, value)
        if key is not None:
            uow.after_commit(lambda: file_store().delete(key))


def retry_reading(company_id: UUID, upload_id: UUID) -> None:
    """Ask again for a reading that failed; asking twice asks once. Raises NotFound, Conflict once it is read."""
    with unit_of_work():
        row = _scoped(company_id, upload_id, lock=True)
        job = get_job(row.job_id) if row.job_id else None
        if row.state is not UploadState.READING:
            raise Conflict("upload-read-already")
        if job is not None and job.state is JobState.FAILED:
            retry(job.id)


def change_rows(company_id: UUID, upload_id: UUID, changed: Mapping[int, StopRow]) -> None:
    """Replace rows by their number; the others stay as they are, whoever changes them meanwhile.

    Raises NotFound, Conflict("upload-not-ready") while it is read or once it is a tour.
    """
    with unit_of_work():
        row = _ready(company_id, upload_id)
        kept = rows_of(row.rows)
        row.rows = [changed.get(one.number, one).to_json() for one in kept]


def remove_row(company_id: UUID, upload_id: UUID, number: int) -> None:
    """Leave a row out of the day. Raises as `change_rows`."""
    with unit_of_work():
        row = _ready(company_id, upload_id)
        row.rows = [values for values in row.rows if values["number"] != number]


def make_route(
    actor: Actor, company_id: UUID, upload_id: UUID, build: Callable[[Sequence[StopRow]], CreateRoute]
) -> UUID:
    """Turn the day into a tour, once: asked twice, the same tour comes back. build: the tour of the settled rows.

    Raises NotFound, Conflict("upload-not-ready"), Invalid("rows-unsettled") and what `create_route` refuses.
    """
    with unit_of_work():
        row = _scoped(company_id, upload_id, lock=True)
        if row.state is UploadState.USED and row.route_id is not None:
            return row.route_id
        if row.state is not UploadState.READY:
            raise Conflict("upload-not-ready")
        rows = rows_of(row.rows)
        if any(not one.settled for one in rows):
            raise Invalid("rows-unsettled", count=sum(not one.settled for one in rows))
        route_id = services.create_route(actor, build(rows))
        # The route must be there before a row can point at it.
        session().flush()
        row.route_id, row.state = route_id, UploadState.USED
    return route_id


def remove_upload(company_id: UUID, upload_id: UUID) -> None:
    """Forget a day of stops and its file; the tour made of it stays. Raises NotFound."""
    with unit_of_work() as uow:
        row = _scoped(company_id, upload_id, lock=True)
        key = row.file_key
        if key is not None:
            uow.after_commit(lambda: file_store().delete(key))
        uow.session.delete(row)


def _scoped(company_id: UUID, upload_id: UUID, *, lock: bool = False) -> StopsUpload:
    wanted = select(StopsUpload).where(StopsUpload.company_id == company_id, StopsUpload.id == upload_id)
    if lock:
        wanted = wanted.with_for_update()
    row = session().scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("upload-not-found")
    return row


def _ready(company_id: UUID, upload_id: UUID) -> StopsUpload:
    """The row of an upload that may still change, held until the transaction ends."""
    row = _scoped(company_id, upload_id, lock=True)
    if row.state is not UploadState.READY:
        raise Conflict("upload-not-ready")
    return row
