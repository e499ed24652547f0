"""The company's words that move a request: an answer to the desk, an appeal."""

from __future__ import annotations

from uuid import UUID

from portal import audit
from portal.audit import AuditTag
from portal.cirqliz.reexamination.services import open_reexamination
from portal.cirqliz.requests import policies
from portal.cirqliz.requests.commands import AnswerInformation, AppealDecision
from portal.cirqliz.requests.queries import was_appealed
from portal.cirqliz.requests.scoping import load_request, require_manager
from portal.cirqliz.requests.thread import send_message
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import MessageSide, ReexaminationCause, RequestState
from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict
from portal.db import unit_of_work


def answer_information(
    actor: Actor, company_id: UUID, command: AnswerInformation, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Answer what the desk asked: the request goes back to the clerk who asked, or to the queue.

    Raises Denied, NotFound, Invalid (see `send_message`), Conflict(nothing-asked).
    """
    require_manager(actor, company_id)
    with unit_of_work() as uow:
        request = load_request(uow, company_id, command.request_id)
        if request.state is not RequestState.INFORMATION_ASKED:
            raise Conflict("nothing-asked", number=request.number)
        send_message(actor, request.id, MessageSide.COMPANY, command.text, clock=clock)
        before = request.state
        request.state = RequestState.READY if request.claimed_at is None else RequestState.UNDER_REVIEW
        audit.record(
            actor,
            AuditTag.REQUEST_ANSWERED,
            subject_id=request.id,
            territory_id=request.territory_id,
            company_id=company_id,
            data={"number": request.number, "state": [before.value, request.state.value]},
            clock=clock,
        )


def appeal_decision(actor: Actor, company_id: UUID, command: AppealDecision, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Contest the refusal of vehicles, once: they wait for an answer again; passes already given stay.

    Raises Denied, NotFound, Invalid(text-missing, text-too-long), Conflict (see `policies.refuses_appeal`).
    """
    require_manager(actor, company_id)
    text = policies.check_text(command.text)
    with unit_of_work() as uow:
        request = load_request(uow, company_id, command.request_id)
        refusal = policies.refuses_appeal(
            request.state,
            [vehicle.decision for vehicle in request.vehicles],
            request.decided_at,
            request.ends_at,
            clock.now(),
            appeal_days=access_settings(request.territory_id).appeal_days,
            appealed=was_appealed(request.id),
        )
        if refusal is not None:
            raise Conflict(refusal, number=request.number)
        open_reexamination(uow, request, ReexaminationCause.APPEAL, text, actor, clock=clock)
