"""The end of requests whose dates went by before anybody decided."""

from __future__ import annotations

import logging
from uuid import UUID

from sqlalchemy import ColumnElement, select

from portal import audit, jobs
from portal.audit import AuditTag
from portal.cirqliz.mails import mail_expired
from portal.cirqliz.models import AccessRequest
from portal.cirqliz.reexamination.services import close_reexamination
from portal.cirqliz.states import OPEN_STATES, RequestState
from portal.common.actor import Actor, system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.db import UnitOfWork, session, unit_of_work

_log = logging.getLogger(__name__)


def expire_requests(clock: Clock = SYSTEM_CLOCK, most: int = 500) -> int:
    """Close what nobody decided in time, each in a transaction of its own, and tell the companies; return how many.

    What a waiting batch holds is left to it: it is closed here once the batch let it go. One that cannot be closed is
    logged and stops no other.
    """
    wanted = select(AccessRequest.id).where(*_due(clock)).order_by(AccessRequest.ends_at).limit(most)
    due = session().scalars(wanted).all()
    actor = system_actor("upkeep")
    closed = 0
    for request_id in due:
        try:
            closed += _expire(actor, request_id, clock)
        except Exception:  # noqa: BLE001 whatever it is, the others are due as well
            _log.exception("request %s could not be closed; it is tried again later", request_id)
    return closed


def _due(clock: Clock) -> tuple[ColumnElement[bool], ...]:
    return (
        AccessRequest.state.in_(OPEN_STATES),
        AccessRequest.ends_at <= clock.now(),
        AccessRequest.batch_id.is_(None),
    )


def _expire(actor: Actor, request_id: UUID, clock: Clock) -> bool:
    with unit_of_work() as uow:
        # The job first, then the request, as a run that ends at this instant takes them.
        job_id = uow.session.scalar(select(AccessRequest.job_id).where(AccessRequest.id == request_id))
        if job_id is not None:
            jobs.cancel(job_id)
        request = uow.session.scalar(
            select(AccessRequest)
            .where(AccessRequest.id == request_id, *_due(clock))
            .with_for_update(of=AccessRequest)
            .execution_options(populate_existing=True)
        )
        if request is None:
            return False
        _close(uow, actor, request, clock)
        return True


def _close(uow: UnitOfWork, actor: Actor, request: AccessRequest, clock: Clock) -> None:
    before = request.state
    request.state = RequestState.EXPIRED
    close_reexamination(uow, request, clock=clock)
    audit.record(
        actor,
        AuditTag.REQUEST_EXPIRED,
        subject_id=request.id,
        territory_id=request.territory_id,
        company_id=request.company_id,
        data={"number": request.number, "state": [before.value, request.state.value]},
        clock=clock,
    )
    mail_expired(request)
