"""The hour of a batch: every request that still can be is decided, in one transaction with the end of the job."""

from __future__ import annotations

import logging
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.accounts.api import find_session_account
from portal.cirqliz.decisions.batches.services import (
    APPLY_BATCH,
    end_without_clerk,
    free_requests,
    lock_batch,
    record_applied,
)
from portal.cirqliz.decisions.commands import Answer
from portal.cirqliz.decisions.deciding import decide_in, load_requests, pending_of, refuses_touch
from portal.cirqliz.models import AccessRequest, BatchItem, DecisionBatch
from portal.cirqliz.states import BatchState
from portal.common.actor import Actor, ActorKind, StaffRole
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, PortalError
from portal.db import UnitOfWork, session, unit_of_work
from portal.jobs import RunningJob, enqueue, get_job, task
from portal.territories.api import get_territory_by_id

DECIDED = "decided"
_log = logging.getLogger(__name__)
_ASK_AGAIN_AFTER = timedelta(minutes=1)


def ask_for_due_batches(clock: Clock = SYSTEM_CLOCK) -> int:
    """Ask for the application of every batch whose hour has come; return how many. Cheap."""
    now = clock.now()
    due = (DecisionBatch.state == BatchState.WAITING, DecisionBatch.apply_at <= now)
    if session().scalar(select(DecisionBatch.id).where(*due).limit(1)) is None:
        return 0
    with unit_of_work() as uow:
        rows = uow.session.scalars(
            select(DecisionBatch).where(*due).with_for_update(of=DecisionBatch, skip_locked=True)
        ).all()
        asked = [batch for batch in rows if batch.job_id is None or _came_to_nothing(batch.job_id, clock)]
        for batch in asked:
            batch.job_id = enqueue(APPLY_BATCH, {"batch_id": str(batch.id)})
    return len(asked)


def _came_to_nothing(job_id: UUID, clock: Clock) -> bool:
    """Tell whether the job of a batch that still waits ended a while ago: it failed, and may do better now."""
    job = get_job(job_id)
    return job.state.ended and (job.ended_at is None or clock.now() - job.ended_at >= _ASK_AGAIN_AFTER)


@task(APPLY_BATCH, timeout_s=600)
def apply_batch(job: RunningJob, batch_id: str) -> None:
    """Decide every request of a batch that still can be; the others keep the reason. All of it or nothing.

    Nothing at all in the name of a clerk who lost the role or the account since: the batch ends as if taken back.
    """
    with job.finish() as uow:
        batch = lock_batch(uow, UUID(batch_id))
        if batch is None or batch.state is not BatchState.WAITING or batch.apply_at > SYSTEM_CLOCK.now():
            return
        _apply(uow, batch, SYSTEM_CLOCK)


def _apply(uow: UnitOfWork, batch: DecisionBatch, clock: Clock) -> None:
    place = get_territory_by_id(batch.territory_id)
    if not _still_serves(batch, place.slug):
        end_without_clerk(uow, batch, clock)
        return
    actor = Actor(ActorKind.USER, batch.created_by_label, batch.created_by)
    items = [item for item in batch.items if item.outcome is None]
    found = {row.id: row for row in load_requests(uow, place.id, [item.request_id for item in items])}
    # A request that anybody touched since it was held is another one than the clerk saw.
    untouched = {item.id for item in items if _as_held(found.get(item.request_id), item)}
    free_requests(uow, batch.id)
    for item in items:
        request = found.get(item.request_id)
        if request is None:
            item.outcome = "request-not-found"
            continue
        try:
            refusal = refuses_touch(request, actor, clock)
            if refusal is None and item.id not in untouched:
                refusal = Conflict("request-changed", number=request.number)
            if refusal is not None:
                raise refusal
            answer = Answer(batch.decision, batch.reason_code, batch.reason_text)
            # One that the database refuses leaves no trace and stops no other.
            with uow.savepoint():
                decide_in(uow, actor, place, request, pending_of(request), answer, clock, more={"batch": str(batch.id)})
            item.outcome = DECIDED
        except PortalError as error:
            item.outcome = error.code
        except IntegrityError:
            _log.exception("a batch left out a request that the database refuses: %s", request.id)
            item.outcome = "request-refused-by-database"
    batch.state, batch.ended_at = BatchState.APPLIED, clock.now()
    decided = sum(item.outcome == DECIDED for item in items)
    record_applied(actor, batch, {"requests": decided, "left_out": len(batch.items) - decided}, clock)


def _still_serves(batch: DecisionBatch, territory: str) -> bool:
    known = None if batch.created_by is None else find_session_account(batch.created_by)
    return known is not None and known.actor.serves(territory, StaffRole.CLERK)


def _as_held(request: AccessRequest | None, item: BatchItem) -> bool:
    return request is not None and request.batch_id == item.batch_id and request.version == item.version
