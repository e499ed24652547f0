"""Taking a request in hand, giving it back, asking the company for something."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Select, select

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.decisions import policies
from portal.cirqliz.decisions.commands import AskInformation, ClaimRequests
from portal.cirqliz.decisions.deciding import check_as_seen, load_request, load_requests, refuses_touch
from portal.cirqliz.decisions.filters import free
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.requests.thread import send_message
from portal.cirqliz.states import MessageSide, RequestState
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, PortalError
from portal.db import unit_of_work
from portal.territories.api import get_territory

MAX_CLAIMED = 100


@dataclass(frozen=True, slots=True)
class Skipped:
    """A request left as it was, and why."""

    request_id: UUID
    number: str
    error: PortalError


def claim_requests(
    actor: Actor, territory: str, command: ClaimRequests, *, clock: Clock = SYSTEM_CLOCK
) -> tuple[Sequence[UUID], Sequence[Skipped]]:
    """Take requests in hand; return those taken and those that could not be, each with its Conflict.

    What one has already stays as it is. Raises Denied, and Invalid when nothing or too much is chosen.
    """
    policies.require_clerk(actor, territory)
    if not command.request_ids:
        raise Invalid("no-request-chosen", field="chosen")
    if len(command.request_ids) > MAX_CLAIMED:
        raise Invalid("too-many-claimed", field="chosen", most=MAX_CLAIMED)
    place = get_territory(territory)
    taken: list[UUID] = []
    skipped: list[Skipped] = []
    with unit_of_work() as uow:
        for request in load_requests(uow, place.id, command.request_ids):
            refusal = refuses_touch(request, actor, clock)
            if refusal is not None and not (refusal.code == "claimed-by" and command.take_over):
                skipped.append(Skipped(request.id, request.number, refusal))
                continue
            _claim(actor, request, clock)
            taken.append(request.id)
    return taken, skipped


def claim_oldest(actor: Actor, territory: str, count: int, *, clock: Clock = SYSTEM_CLOCK) -> Sequence[UUID]:
    """Take the oldest requests that nobody has in hand any more; fewer when there are not so many. Raises Denied.

    What another clerk takes at this instant is replaced by the next ones.
    """
    policies.require_clerk(actor, territory)
    place = get_territory(territory)
    most = min(count, MAX_CLAIMED)
    taken: list[UUID] = []
    tried: set[UUID] = set()
    while len(taken) < most:
        # A transaction each: whoever waits here for another clerk holds nothing that somebody else waits for.
        with unit_of_work() as uow:
            found = uow.session.scalars(_free(place.id, tried, clock).limit(most - len(taken))).all()
            if not found:
                break
            taken += claim_requests(actor, territory, ClaimRequests(tuple(found)), clock=clock)[0]
        tried.update(found)
    return taken


def _free(territory_id: UUID, tried: Collection[UUID], clock: Clock) -> Select[UUID]:
    """Requests to be taken, oldest first, but those tried: never claimed, or too long ago."""
    return (
        select(AccessRequest.id)
        .where(AccessRequest.territory_id == territory_id, free(clock.now()), AccessRequest.id.not_in(tried))
        .order_by(AccessRequest.submitted_at, AccessRequest.id)
    )


def _claim(actor: Actor, request: AccessRequest, clock: Clock) -> None:
    now = clock.now()
    if request.claimed_by == actor.user_id and policies.is_held(request.claimed_at, now):
        return
    before = request.claimed_by_label
    request.claimed_by, request.claimed_by_label, request.claimed_at = actor.user_id, actor.label, now
    if request.state is RequestState.READY:
        request.state = RequestState.UNDER_REVIEW
    _record(actor, AuditTag.REQUEST_CLAIMED, request, clock, claimed_by=[before, actor.label])


def release_request(actor: Actor, territory: str, request_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Give a request back to the queue; of another clerk's, only one too old to be theirs. Raises Denied, NotFound,
    Conflict.
    """
    policies.require_clerk(actor, territory)
    place = get_territory(territory)
    with unit_of_work() as uow:
        request = load_request(uow, place.id, request_id)
        refusal = refuses_touch(request, actor, clock)
        if refusal is not None:
            raise refusal
        if request.claimed_at is None:
            return
        before = request.claimed_by_label
        if request.state is RequestState.UNDER_REVIEW:
            request.state = RequestState.READY
        request.claimed_by = request.claimed_by_label = request.claimed_at = None
        _record(actor, AuditTag.REQUEST_RELEASED, request, clock, claimed_by=[before, None])


def ask_information(actor: Actor, territory: str, command: AskInformation, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Ask the company something; the request waits for its answer in this clerk's hands.

    Raises Denied, NotFound, Invalid (field text), Conflict.
    """
    policies.require_clerk(actor, territory)
    place = get_territory(territory)
    with unit_of_work() as uow:
        request = load_request(uow, place.id, command.request_id)
        check_as_seen(request, command.version, actor, clock)
        if request.state is RequestState.INFORMATION_ASKED:
            raise Conflict("information-asked-already", number=request.number)
        send_message(actor, request.id, MessageSide.STAFF, command.text, asks=True, clock=clock)
        _claim(actor, request, clock)
        before, request.state = request.state, RequestState.INFORMATION_ASKED
        _record(actor, AuditTag.REQUEST_ASKED, request, clock, state=[before.value, request.state.value])


def _record(actor: Actor, tag: AuditTag, request: AccessRequest, clock: Clock, **changes: object) -> None:
    audit.record(
        actor,
        tag,
        subject_id=request.id,
        territory_id=request.territory_id,
        company_id=request.company_id,
        data={"number": request.number, "company": request.company_name, **changes},
        clock=clock,
    )
