"""What a company may do with its requests. Pure: a coded reason, or None; templates ask the same functions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import chain
from uuid import UUID

from portal.accounts.api import CompanyStatus
from portal.cirqliz.requests.commands import Driver, SubmitRequest
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.errors import Invalid

MIN_STOPS = 2
MAX_STOPS = 30
MAX_VEHICLES = 500
MAX_PERIMETERS = 50
MAX_SERVICE_MIN = 480
MAX_REASON = 2000
MAX_DRIVER = 120
MAX_TEXT = 2000
LONGEST = timedelta(days=366)
# A typing mistake: no planner looks that far, and the end of the calendar breaks every sum of hours.
LAST_YEAR = 2100
# A form takes minutes to fill in: a start « now » must not become a fault on the way.
_TOLERANCE = timedelta(minutes=30)
_ADDRESS = re.compile(r"[^@\s,;<>]{1,64}@[^@\s,;<>]{3,255}")
_NOBODY = Driver("")


def refuses_submission(status: CompanyStatus) -> str | None:
    """Tell why a company may not ask at all. One that waits for its check may: the clerk sees it and checks it."""
    if status is CompanyStatus.CLOSED:
        return "company-closed"
    return "company-refused" if status is CompanyStatus.REFUSED else None


def check_request(command: SubmitRequest, now: datetime) -> None:
    """Raise Invalid with the field at fault when the request makes no sense by itself."""
    faults = chain(
        vehicle_faults(command.vehicle_ids),
        window_faults(command.starts_at, command.ends_at, now),
        _place_faults(command),
        reason_faults(command.reason),
    )
    for fault in faults:
        raise fault


def vehicle_faults(vehicle_ids: Collection[UUID]) -> Iterator[Invalid]:
    """Yield what is wrong with the vehicles."""
    if not vehicle_ids:
        yield Invalid("no-vehicle", field="vehicles")
    if len(vehicle_ids) > MAX_VEHICLES:
        yield Invalid("too-many-vehicles", field="vehicles", most=MAX_VEHICLES)


def window_faults(starts_at: datetime, ends_at: datetime, now: datetime) -> Iterator[Invalid]:
    """Yield what is wrong with the dates."""
    if starts_at.year > LAST_YEAR:
        yield Invalid("start-too-far", field="starts_on")
    if ends_at <= starts_at:
        yield Invalid("end-before-start", field="ends_on")
    if starts_at < now - _TOLERANCE:
        yield Invalid("start-in-the-past", field="starts_on")
    if ends_at - starts_at > LONGEST:
        yield Invalid("window-too-long", field="ends_on", most_days=LONGEST.days)


def _place_faults(command: SubmitRequest) -> Iterator[Invalid]:
    if len(command.perimeter_ids) > MAX_PERIMETERS:
        yield Invalid("too-many-perimeters", field="perimeters", most=MAX_PERIMETERS)
    if len(command.stops) < MIN_STOPS and (command.stops or not command.perimeter_ids):
        yield Invalid("too-few-stops", field="stops")
    if len(command.stops) > MAX_STOPS:
        yield Invalid("too-many-stops", field="stops", most=MAX_STOPS)
    if any(not 0 <= stop.service_min <= MAX_SERVICE_MIN for stop in command.stops):
        yield Invalid("service-out-of-range", field="stops", most=MAX_SERVICE_MIN)


def reason_faults(reason: str) -> Iterator[Invalid]:
    """Yield what is wrong with the reason."""
    if not reason.strip():
        yield Invalid("no-reason", field="reason")
    if len(reason) > MAX_REASON:
        yield Invalid("reason-too-long", field="reason", most=MAX_REASON)


def check_drivers(command: SubmitRequest, *, asked: bool) -> None:
    """Raise Invalid when the territory asks who drives and a vehicle has nobody, or somebody who is asked for nothing.

    An address has one sign @ with something on both sides: the mail that comes back tells the rest.
    """
    if not asked:
        if command.drivers:
            raise Invalid("driver-not-asked", field="drivers")
        return
    for driver in command.drivers.values():
        if len(driver.name) > MAX_DRIVER:
            raise Invalid("driver-too-long", field="drivers", most=MAX_DRIVER)
        if driver.email and not _ADDRESS.fullmatch(driver.email):
            raise Invalid("driver-email", field="drivers", email=driver.email)
    if any(not command.drivers.get(id_, _NOBODY).name.strip() for id_ in command.vehicle_ids):
        raise Invalid("driver-missing", field="drivers")


def refuses_withdrawal(
    state: RequestState, decisions: Iterable[VehicleDecision], *, reexamined: bool = False
) -> str | None:
    """Tell why a request may no longer be withdrawn. One that came back to the queue gave passes: it has an answer."""
    if state is RequestState.WITHDRAWN:
        return "request-withdrawn"
    if reexamined or not state.open or any(decision is not VehicleDecision.PENDING for decision in decisions):
        return "request-decided"
    return None


def refuses_appeal(
    state: RequestState,
    decisions: Iterable[VehicleDecision],
    decided_at: datetime | None,
    ends_at: datetime,
    now: datetime,
    *,
    appeal_days: int,
    appealed: bool,
) -> str | None:
    """Tell why a decision cannot be contested: once, within the days the territory gives, while the dates allow it."""
    if not state.decided or decided_at is None or VehicleDecision.REFUSED not in tuple(decisions):
        return "nothing-refused"
    if appealed:
        return "already-appealed"
    if ends_at <= now:
        return "window-over"
    if now > decided_at + timedelta(days=appeal_days):
        return "appeal-too-late"
    return None


def refuses_message(state: RequestState) -> str | None:
    """Tell why nobody may write or add a document any more: nobody would read it. A refusal is contested instead."""
    return None if state.open else "request-closed"


def check_text(text: str) -> str:
    """Return what somebody wrote, trimmed. Raises Invalid(text-missing, text-too-long)."""
    written = text.replace("\x00", "").strip()
    if not written:
        raise Invalid("text-missing", field="text")
    if len(written) > MAX_TEXT:
        raise Invalid("text-too-long", field="text", most=MAX_TEXT)
    return written
