"""Preparing a batch, and taking it back before it counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal import audit, jobs
from portal.audit import AuditTag
from portal.cirqliz.decisions import policies
from portal.cirqliz.decisions.batches.preview import Verdicts, check_size
from portal.cirqliz.decisions.commands import PrepareBatch
from portal.cirqliz.decisions.deciding import load_requests
from portal.cirqliz.models import AccessRequest, BatchItem, DecisionBatch
from portal.cirqliz.rules.settings import access_settings
from portal.cirqliz.states import BatchState
from portal.common.actor import Actor, system_actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.territories.api import TerritoryView, get_territory

APPLY_BATCH = "cirqliz.apply_batch"
CLERK_GONE = "clerk-gone"
"""The outcome of what a batch held when its clerk had lost the role at its hour."""
_PORTAL = system_actor("batches")


def prepare_batch(actor: Actor, territory: str, command: PrepareBatch, *, clock: Clock = SYSTEM_CLOCK) -> UUID:
    """Hold the requests that can have the answer until the batch counts; return its id.

    Those that cannot are items of the batch with the reason. The same form sent twice makes one batch.
    Raises Denied, Invalid (the answer is incomplete, nothing can have it, too many).
    """
    policies.require_clerk(actor, territory)
    policies.check_answer(command.answer)
    check_size(command.chosen)
    place = get_territory(territory)
    try:
        with unit_of_work() as uow:
            known = _prepared(place.id, command.form_key)
            return known if known is not None else _prepare(uow, actor, place, command, clock)
    except IntegrityError:
        # The twin of this very form was committed first.
        known = _prepared(place.id, command.form_key)
        if known is None:
            raise
        return known


def _prepared(territory_id: UUID, form_key: str) -> UUID | None:
    same = (DecisionBatch.territory_id == territory_id, DecisionBatch.form_key == form_key)
    return session().scalar(select(DecisionBatch.id).where(*same))


def _prepare(uow: UnitOfWork, actor: Actor, place: TerritoryView, command: PrepareBatch, clock: Clock) -> UUID:
    now = clock.now()
    undo_min = access_settings(place.id).undo_min
    batch = DecisionBatch(
        id=new_id(),
        territory_id=place.id,
        form_key=command.form_key,
        state=BatchState.WAITING,
        decision=command.answer.decision,
        reason_code=command.answer.reason_code,
        reason_text=command.answer.reason_text.strip(),
        created_by=actor.user_id,
        created_by_label=actor.label,
        created_at=now,
        apply_at=now + timedelta(minutes=undo_min),
    )
    uow.session.add(batch)
    uow.session.flush()  # the requests reference this row; a twin of the form is refused before they are locked
    found = {row.id: row for row in load_requests(uow, place.id, command.chosen)}
    verdicts = Verdicts(actor, command.answer, clock, found.values())
    lines = [verdicts.line(found[id_], version) for id_, version in command.chosen.items() if id_ in found]
    held = [found[line.request_id] for line in lines if line.refusal is None]
    if not held:
        raise Invalid("batch-empty", field="chosen")
    for request in held:
        request.batch_id = batch.id
    uow.session.flush()  # the items keep the versions that this write gives
    batch.items = [
        BatchItem(
            id=new_id(),
            request_id=line.request_id,
            position=position,
            version=found[line.request_id].version,
            outcome=None if line.refusal is None else line.refusal.code,
        )
        for position, line in enumerate(lines)
    ]
    if undo_min == 0:
        batch.job_id = jobs.enqueue(APPLY_BATCH, {"batch_id": str(batch.id)})
    _record(actor, AuditTag.BATCH_PREPARED, batch, clock, requests=len(held), left_out=len(lines) - len(held))
    return batch.id


def undo_batch(actor: Actor, territory: str, batch_id: UUID, *, clock: Clock = SYSTEM_CLOCK) -> None:
    """Take a batch back while it waits: the requests are free again and no company learns of it.

    Raises Denied, NotFound, Conflict (it counts already, or was taken back).
    """
    policies.require_clerk(actor, territory)
    place = get_territory(territory)
    with unit_of_work() as uow:
        batch = lock_batch(uow, batch_id)
        if batch is None or batch.territory_id != place.id:
            raise NotFound("batch-not-found")
        refusal = policies.refuses_undo(batch.state)
        if refusal is not None:
            raise Conflict(refusal)
        free_requests(uow, batch.id)
        batch.state, batch.ended_at = BatchState.UNDONE, clock.now()
        _record(actor, AuditTag.BATCH_UNDONE, batch, clock)


def end_without_clerk(uow: UnitOfWork, batch: DecisionBatch, clock: Clock) -> None:
    """Take back a batch, locked by the caller, whose clerk may no longer answer for the territory.

    Its requests are free again; each line says why, for the other clerks.
    """
    free_requests(uow, batch.id)
    held = [item for item in batch.items if item.outcome is None]
    for item in held:
        item.outcome = CLERK_GONE
    batch.state, batch.ended_at = BatchState.UNDONE, clock.now()
    counts = {"requests": len(held), "left_out": len(batch.items)}
    _record(_PORTAL, AuditTag.BATCH_UNDONE, batch, clock, prepared_by=batch.created_by_label, **counts)


def lock_batch(uow: UnitOfWork, batch_id: UUID) -> DecisionBatch | None:
    """Lock a batch until the transaction ends; None when there is none."""
    found: DecisionBatch | None = uow.session.scalar(
        select(DecisionBatch)
        .where(DecisionBatch.id == batch_id)
        .with_for_update(of=DecisionBatch)
        .execution_options(populate_existing=True)
    )
    return found


def free_requests(uow: UnitOfWork, batch_id: UUID) -> None:
    """Let go of every request a batch holds."""
    rows = uow.session.scalars(
        select(AccessRequest)
        .where(AccessRequest.batch_id == batch_id)
        .order_by(AccessRequest.id)
        .with_for_update(of=AccessRequest)
        .execution_options(populate_existing=True)
    )
    for request in rows.all():
        request.batch_id = None


def record_applied(actor: Actor, batch: DecisionBatch, counts: Mapping[str, int], clock: Clock) -> None:
    """Write in the journal that a batch counts: how many requests were decided, how many left out."""
    _record(actor, AuditTag.BATCH_APPLIED, batch, clock, **counts)


def _record(actor: Actor, tag: AuditTag, batch: DecisionBatch, clock: Clock, **more: object) -> None:
    data = {
        "decision": batch.decision.value,
        "reason_code": batch.reason_code.value if batch.reason_code else None,
        "reason_text": batch.reason_text,
        **more,
    }
    audit.record(actor, tag, subject_id=batch.id, territory_id=batch.territory_id, data=data, clock=clock)
