"""What a clerk may decide. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from portal.accounts.api import CompanyStatus
from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.states import RefusalReason, RequestState, VehicleDecision
from portal.common.errors import Invalid

MAX_TEXT = 1000


def check_answer(answer: Answer) -> None:
    """Raise Invalid when the answer is incomplete: a refusal always says why."""
    if answer.decision is VehicleDecision.PENDING:
        raise Invalid("decision-missing", field="decision")
    if answer.decision is VehicleDecision.REFUSED and answer.reason_code is None:
        raise Invalid("refusal-without-reason", field="reason_code")
    if answer.reason_code is RefusalReason.OTHER and not answer.reason_text.strip():
        raise Invalid("refusal-other-unexplained", field="reason_text")
    if len(answer.reason_text) > MAX_TEXT:
        raise Invalid("reason-too-long", field="reason_text", most=MAX_TEXT)


def refuses_approval(status: CompanyStatus, ends_at: datetime, now: datetime) -> str | None:
    """Tell why nothing of a request may be approved now."""
    if status is not CompanyStatus.VERIFIED:
        return "company-not-verified"
    return "window-over" if ends_at <= now else None


def state_after(decisions: Iterable[VehicleDecision]) -> RequestState:
    """Return the state of a request from the answers to its vehicles; READY while one waits."""
    found = set(decisions)
    if VehicleDecision.PENDING in found:
        return RequestState.READY
    if found == {VehicleDecision.APPROVED}:
        return RequestState.APPROVED
    return RequestState.PARTLY_APPROVED if VehicleDecision.APPROVED in found else RequestState.REFUSED
