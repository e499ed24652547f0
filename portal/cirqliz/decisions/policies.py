"""What a clerk may decide. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from portal.accounts.api import CompanyStatus
from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.states import BatchState, RefusalReason, RequestState, VehicleDecision
from portal.common.actor import Actor, ActorKind, StaffRole
from portal.common.errors import Denied, Invalid
from portal.regulations.perimeters import Motorised

MAX_TEXT = 1000
MAX_BATCH = 500
CLAIM_LASTS = timedelta(hours=2)


def require_clerk(actor: Actor, territory: str) -> None:
    """Raise Denied unless the actor is a clerk of the territory or the portal itself."""
    if actor.kind is not ActorKind.SYSTEM and not actor.serves(territory, StaffRole.CLERK):
        raise Denied("staff-role-needed", roles=[StaffRole.CLERK.value])


def held_by_other(claimed_by: UUID | None, claimed_at: datetime | None, by: UUID | None, now: datetime) -> bool:
    """Tell whether another clerk has a request in hand; after CLAIM_LASTS it is anybody's again."""
    return claimed_by != by and is_held(claimed_at, now)


def is_held(claimed_at: datetime | None, now: datetime) -> bool:
    """Tell whether a claim still counts."""
    return claimed_at is not None and now < claimed_at + CLAIM_LASTS


def refuses_undo(state: BatchState) -> str | None:
    """Tell why a batch may not be taken back. While it waits any clerk may: it does nothing to anybody."""
    return None if state is BatchState.WAITING else "batch-ended"


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


def refuses_by_policy(asked: Collection[Motorised], documents: int, answer: Answer) -> str | None:
    """Tell why an approval is not enough for what the perimeters ask of motor vehicles (domain 4.4).

    asked: the policies of the perimeters. free, justified, passRequired: any approval opens them. accredited: the
    accreditation is attached, or the clerk says why not. closed: an exception, known to be one and explained.
    """
    explained = bool(answer.reason_text.strip())
    if Motorised.CLOSED in asked:
        if not answer.exceptional:
            return "closed-not-exceptional"
        if not explained:
            return "closed-unexplained"
    if Motorised.ACCREDITED in asked and not documents and not explained:
        return "accredited-without-document"
    return None


def state_after(decisions: Iterable[VehicleDecision]) -> RequestState | None:
    """Return the state of a request from the answers to its vehicles; None while one waits: it stays where it was."""
    found = set(decisions)
    if VehicleDecision.PENDING in found:
        return None
    if found == {VehicleDecision.APPROVED}:
        return RequestState.APPROVED
    return RequestState.PARTLY_APPROVED if VehicleDecision.APPROVED in found else RequestState.REFUSED
