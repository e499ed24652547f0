"""Asking for the check of a list of addresses, computing it, keeping what was found, correcting one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import Page, paginate, session, unit_of_work
from portal.files import file_store
from portal.itineriz.addresses.checking import MOST_ADDRESSES, Checked, Checker
from portal.itineriz.addresses.finding import Candidate, Finder, Located
from portal.itineriz.addresses.results import Results, encode
from portal.itineriz.asking import check_position, engine_of
from portal.itineriz.models import AddressCheck, CheckStatus
from portal.itineriz.places.queries import list_places
from portal.itineriz.places.sheet import SheetRow, read_rows, rows_of_text
from portal.itineriz.places.uploads import check_size
from portal.itineriz.routing.costing import costing_for
from portal.itineriz.trip_values import pass_of, pass_values
from portal.jobs import JobState, JobView, cancel, dead_jobs, enqueue, get_job, retry
from portal.numeriz.api import law_snapshot
from portal.regulations.passes import PassRight
from portal.regulations.vehicles import Vehicle
from portal.territories.api import get_territory_by_id

CHECK = "itineriz.check_addresses"
_FILES, _TEXTS, _RESULTS = "address-files", "address-texts", "address-results"
_TRIES = 3


@dataclass(frozen=True, slots=True)
class AskCheck:
    """A list to check. content: a file, or a text with one address per line when is_text. first_day: of the week."""

    territory_id: UUID
    company_id: UUID
    content: bytes
    is_text: bool
    first_day: date
    vehicle: Mapping[str, Any]
    vehicle_id: UUID | None = None
    vehicle_label: str = ""
    passes: tuple[PassRight, ...] = ()


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check for display. counts: addresses by verdict."""

    id: UUID
    company_id: UUID
    territory_id: UUID
    vehicle_id: UUID | None
    vehicle_label: str
    vehicle: Mapping[str, Any]
    first_day: date
    status: CheckStatus
    address_count: int
    counts: Mapping[str, int]
    law_version: str | None
    error_code: str | None
    error_params: Mapping[str, Any]
    job: JobView | None
    created_at: datetime
    result_key: str | None


def ask_check(actor: Actor, command: AskCheck, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Keep a list and ask for its check. Raises Invalid for a list or a vehicle that cannot be used."""
    check_size(command.content)
    count = 0
    if command.is_text:
        count = len(rows_of_text(command.content.decode(), most_rows=MOST_ADDRESSES))
    costing_for(Vehicle.from_public(command.vehicle), unknown_is_large=True)
    check_id = new_id()
    key = file_store().put(_TEXTS if command.is_text else _FILES, command.content)
    with unit_of_work() as uow:
        uow.session.add(
            AddressCheck(
                id=check_id,
                company_id=command.company_id,
                territory_id=command.territory_id,
                vehicle_id=command.vehicle_id,
                vehicle_label=command.vehicle_label[:120],
                vehicle=dict(command.vehicle),
                passes=[pass_values(right) for right in command.passes],
                week_start=command.first_day,
                status=CheckStatus.QUEUED,
                address_count=count,
                counts={},
                input_key=key,
                job_id=enqueue(CHECK, {"check_id": str(check_id)}),
                created_by=actor.user_id,
                created_at=clock.now(),
            )
        )
    return check_id


def compute_check(check_id: UUID, progress: Callable[[int, int], None]) -> tuple[Checked, str] | None:
    """Check the addresses of a list; long, writes nothing. Returns what was found and the version of the law, None
    when there is nothing left to do. Raises Invalid for a list that cannot be read, Unavailable without graph."""
    row = session().get(AddressCheck, check_id)
    if row is None or row.status not in {CheckStatus.QUEUED, CheckStatus.RUNNING}:
        return None
    checker, version = _checker(row)
    rows = _rows(row.input_key)
    return checker.check(rows, _finder(row), progress), version


def mark_running(check_id: UUID) -> None:
    """Say that the check has begun."""
    with unit_of_work() as uow:
        waiting = update(AddressCheck).where(AddressCheck.id == check_id, AddressCheck.status == CheckStatus.QUEUED)
        uow.session.execute(waiting.values(status=CheckStatus.RUNNING))


def keep_result(checked: Checked) -> str:
    """Put a result in the store of files; returns its key."""
    return file_store().put(_RESULTS, encode(checked.answers, [address.to_json() for address in checked.addresses]))


def drop_result(key: str) -> None:
    """Remove a result that no check shows: another run was faster."""
    file_store().delete(key)


def store_result(check_id: UUID, key: str, checked: Checked, law_version: str, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep what was found, in the running unit of work."""
    _end(
        check_id,
        clock,
        status=CheckStatus.DONE,
        result_key=key,
        address_count=len(checked.addresses),
        counts=checked.counts,
        law_version=law_version,
    )


def store_fault(check_id: UUID, error: Invalid, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Keep why a list cannot be checked, in the running unit of work."""
    params = {name: str(value) for name, value in error.params.items()}
    _end(check_id, clock, status=CheckStatus.FAILED, error_code=error.code, error_params=params)


def _end(check_id: UUID, clock: Clock, **values: Any) -> None:
    with unit_of_work() as uow:
        going = AddressCheck.status.in_([CheckStatus.QUEUED, CheckStatus.RUNNING])
        ended = update(AddressCheck).where(AddressCheck.id == check_id, going)
        uow.session.execute(ended.values(ended_at=clock.now(), **values))


def cancel_check(company_id: UUID, check_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Give up a check that is not done. Raises NotFound, Conflict once it has ended."""
    with unit_of_work():
        row = _scoped(company_id, check_id, lock=True)
        if row.status not in {CheckStatus.QUEUED, CheckStatus.RUNNING}:
            raise Conflict("check-ended")
        row.status, row.ended_at = CheckStatus.CANCELLED, clock.now()
        job = get_job(row.job_id) if row.job_id else None
        if job is not None and job.state in {JobState.PENDING, JobState.RUNNING}:
            cancel(job.id)


def retry_check(company_id: UUID, check_id: UUID) -> None:
    """Ask again for a check whose job failed; asking twice asks once. Raises NotFound, Conflict once it has ended."""
    with unit_of_work():
        row = _scoped(company_id, check_id, lock=True)
        job = get_job(row.job_id) if row.job_id else None
        if row.status not in {CheckStatus.QUEUED, CheckStatus.RUNNING}:
            raise Conflict("check-ended")
        if job is not None and job.state is JobState.FAILED:
            retry(job.id)


def remove_check(company_id: UUID, check_id: UUID) -> None:
    """Forget a check with its files. Raises NotFound."""
    with unit_of_work() as uow:
        row = _scoped(company_id, check_id, lock=True)
        keys = [key for key in (row.input_key, row.result_key) if key is not None]
        uow.session.delete(row)
        for key in keys:
            uow.after_commit(lambda key=key: file_store().delete(key))  # type: ignore[misc]


def correct_address(company_id: UUID, check_id: UUID, number: int, candidate: Candidate) -> None:
    """Put one address of a check at a place, (lon, lat) WGS84, and judge it again with the law of now.

    Others may correct other addresses at the same time. Raises NotFound, Invalid for a position outside the
    territory, Conflict("check-changed-meanwhile") when others never stop, Conflict("check-not-done").
    """
    row = _scoped(company_id, check_id)
    check_position(get_territory_by_id(row.territory_id), candidate.lon, candidate.lat)
    checker, _version = _checker(row)
    for _try in range(_TRIES):
        row = _scoped(company_id, check_id)
        if row.status is not CheckStatus.DONE or row.result_key is None:
            raise Conflict("check-not-done")
        old_key = row.result_key
        results = Results.read(file_store().get(old_key))
        known = results.address(number)
        address, answer = _judged(checker, known, candidate)
        key = file_store().put(_RESULTS, results.with_address(address, answer))
        if _swap(check_id, old_key, key, results.counts_with(address)):
            return
    raise Conflict("check-changed-meanwhile")


def _judged(checker: Checker, known: Mapping[str, Any], candidate: Candidate) -> tuple[dict[str, Any], Any]:
    checked = Checked()
    given = SheetRow(known["number"], {"label": known["name"], "address": known["text"]})
    checker.add(checked, [(given, Located(candidate))])
    address = {**checked.addresses[0].to_json(), "name": known["name"], "text": known["text"]}
    return address, checked.answers[0] if checked.answers else None


def _swap(check_id: UUID, old_key: str, key: str, counts: Mapping[str, int]) -> bool:
    """Show another file in the place of the old one, unless somebody did so first."""
    with unit_of_work() as uow:
        mine = update(AddressCheck).where(AddressCheck.id == check_id, AddressCheck.result_key == old_key)
        done = bool(uow.session.execute(mine.values(result_key=key, counts=dict(counts))).rowcount)  # type: ignore[attr-defined]
        useless = old_key if done else key
        uow.after_commit(lambda: file_store().delete(useless))
    return done


def get_check(company_id: UUID, check_id: UUID) -> CheckView:
    """A check of a company; raises NotFound."""
    return _view(_scoped(company_id, check_id))


def get_results(check: CheckView) -> Results:
    """What was found. Raises NotFound as long as there is nothing."""
    if check.result_key is None:
        raise NotFound("check-not-done")
    return Results.read(file_store().get(check.result_key))


def list_checks(company_id: UUID, cursor: str | None = None) -> Page[CheckView]:
    """The checks of a company, newest first; one whose job died is shown as it ended."""
    mine = select(AddressCheck).where(AddressCheck.company_id == company_id)
    page = paginate(mine, [AddressCheck.created_at, AddressCheck.id], cursor, descending=True, size=20)
    waiting = {CheckStatus.QUEUED, CheckStatus.RUNNING}
    dead = dead_jobs(row.job_id for row in page.items if row.status in waiting)

    def shown(row: AddressCheck) -> CheckView:
        view = _view(row, with_job=False)
        if row.job_id is None or row.job_id not in dead:
            return view
        state, _fault = dead[row.job_id]
        return replace(view, status=CheckStatus.FAILED if state is JobState.FAILED else CheckStatus.CANCELLED)

    return page.map(shown)


def _rows(input_key: str) -> Sequence[SheetRow]:
    content = file_store().get(input_key)
    if input_key.startswith(f"{_TEXTS}/"):
        return rows_of_text(content.decode(), most_rows=MOST_ADDRESSES)
    return read_rows(content, most_rows=MOST_ADDRESSES, header_needed=False)


def _checker(row: AddressCheck) -> tuple[Checker, str]:
    territory = get_territory_by_id(row.territory_id)
    law = law_snapshot(row.territory_id)
    passes = [pass_of(values) for values in row.passes]
    vehicle = Vehicle.from_public(row.vehicle)
    zone = ZoneInfo(territory.timezone)
    return Checker(engine_of(territory), law, zone, row.week_start, vehicle, passes), law.version


def _finder(row: AddressCheck) -> Finder:
    return Finder(get_territory_by_id(row.territory_id), list_places(row.company_id, row.territory_id))


def _scoped(company_id: UUID, check_id: UUID, *, lock: bool = False) -> AddressCheck:
    wanted = select(AddressCheck).where(AddressCheck.company_id == company_id, AddressCheck.id == check_id)
    if lock:
        wanted = wanted.with_for_update()
    row = session().scalar(wanted.execution_options(populate_existing=True))
    if row is None:
        raise NotFound("check-not-found")
    return row


def _view(row: AddressCheck, *, with_job: bool = True) -> CheckView:
    return CheckView(
        id=row.id,
        company_id=row.company_id,
        territory_id=row.territory_id,
        vehicle_id=row.vehicle_id,
        vehicle_label=row.vehicle_label,
        vehicle=row.vehicle,
        first_day=row.week_start,
        status=row.status,
        address_count=row.address_count,
        counts=row.counts,
        law_version=row.law_version,
        error_code=row.error_code,
        error_params=row.error_params or {},
        job=get_job(row.job_id) if with_job and row.job_id else None,
        created_at=row.created_at,
        result_key=row.result_key,
    )
