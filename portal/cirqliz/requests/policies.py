"""What a company may do with its requests. Pure: a coded reason, or None; templates ask the same functions."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from portal.accounts.api import CompanyStatus
from portal.cirqliz.requests.commands import SubmitRequest
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.errors import Invalid

MIN_STOPS = 2
MAX_STOPS = 30
MAX_VEHICLES = 200
MAX_SERVICE_MIN = 480
MAX_REASON = 2000
LONGEST = timedelta(days=366)
# A typing mistake: no planner looks that far, and the end of the calendar breaks every sum of hours.
LAST_YEAR = 2100
# A form takes minutes to fill in: a start « now » must not become a fault on the way.
_TOLERANCE = timedelta(minutes=30)


def refuses_submission(status: CompanyStatus) -> str | None:
    """Tell why a company may not ask at all. One that waits for its check may: the clerk sees it and checks it."""
    if status is CompanyStatus.CLOSED:
        return "company-closed"
    return "company-refused" if status is CompanyStatus.REFUSED else None


def check_request(command: SubmitRequest, now: datetime) -> None:
    """Raise Invalid with the field at fault when the request makes no sense by itself."""
    if not command.vehicle_ids:
        raise Invalid("no-vehicle", field="vehicles")
    if len(command.vehicle_ids) > MAX_VEHICLES:
        raise Invalid("too-many-vehicles", field="vehicles", most=MAX_VEHICLES)
    if command.starts_at.year > LAST_YEAR:
        raise Invalid("start-too-far", field="starts_on")
    if command.ends_at <= command.starts_at:
        raise Invalid("end-before-start", field="ends_on")
    if command.starts_at < now - _TOLERANCE:
        raise Invalid("start-in-the-past", field="starts_on")
    if command.ends_at - command.starts_at > LONGEST:
        raise Invalid("window-too-long", field="ends_on", most_days=LONGEST.days)
    if len(command.stops) < MIN_STOPS:
        raise Invalid("too-few-stops", field="stops")
    if len(command.stops) > MAX_STOPS:
        raise Invalid("too-many-stops", field="stops", most=MAX_STOPS)
    if any(not 0 <= stop.service_min <= MAX_SERVICE_MIN for stop in command.stops):
        raise Invalid("service-out-of-range", field="stops", most=MAX_SERVICE_MIN)
    if not command.reason.strip():
        raise Invalid("no-reason", field="reason")
    if len(command.reason) > MAX_REASON:
        raise Invalid("reason-too-long", field="reason", most=MAX_REASON)


def refuses_withdrawal(state: RequestState, decisions: Iterable[VehicleDecision]) -> str | None:
    """Tell why a request may no longer be withdrawn."""
    if state is RequestState.WITHDRAWN:
        return "request-withdrawn"
    if not state.open or any(decision is not VehicleDecision.PENDING for decision in decisions):
        return "request-decided"
    return None
