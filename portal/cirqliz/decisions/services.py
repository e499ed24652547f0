"""A clerk answers a request: one transaction, one winner, one entry in the journal."""

from __future__ import annotations

from portal.cirqliz.decisions import policies
from portal.cirqliz.decisions.commands import DecideRequest
from portal.cirqliz.decisions.deciding import Decided, check_as_seen, decide_in, load_request, pending_of
from portal.cirqliz.requests.live import refresh_perimeters
from portal.cirqliz.states import VehicleDecision
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict
from portal.db import unit_of_work
from portal.territories.api import get_territory


def decide_request(actor: Actor, territory: str, command: DecideRequest, *, clock: Clock = SYSTEM_CLOCK) -> Decided:
    """Answer for vehicles of a request; each approved one gets its pass in the same transaction.

    Of two clerks who saw the same request, one decides: the other gets Conflict("decided-first") with `by` and `at`.
    Conflict("perimeters-changed") when they ask something else than the request said: it says so from then on.
    Conflict("claimed-by") when another clerk has it in hand, Conflict("in-batch") when a batch holds it.
    Raises Denied, NotFound, Invalid (field and code), Conflict.
    """
    policies.require_clerk(actor, territory)
    policies.check_answer(command.answer)
    place = get_territory(territory)
    with unit_of_work() as uow:
        request = load_request(uow, place.id, command.request_id)
        check_as_seen(request, command.version, actor, clock)
        number, refuses = request.number, command.answer.decision is VehicleDecision.REFUSED
        if refuses or not refresh_perimeters(request):
            chosen = pending_of(request, command.vehicle_ids)
            return decide_in(uow, actor, place, request, chosen, command.answer, clock)
    # The request now says what its perimeters ask: the clerk reads it before approving that.
    raise Conflict("perimeters-changed", number=number)
