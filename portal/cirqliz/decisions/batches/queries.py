"""Batches as the desk shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import lazyload

from portal.cirqliz.models import AccessRequest, BatchItem, DecisionBatch
from portal.cirqliz.states import BatchState, RefusalReason, VehicleDecision
from portal.common.errors import NotFound
from portal.db import session

SHOWN_FOR = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class BatchLine:
    """A request of a batch. outcome: None while it waits, `decided`, or the code of why it was left out."""

    request_id: UUID
    number: str
    company_name: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch in a few words: how many requests wait in it, were decided, were left out."""

    id: UUID
    state: BatchState
    decision: VehicleDecision
    reason_code: RefusalReason | None
    reason_text: str
    created_by: UUID | None
    created_by_label: str
    created_at: datetime
    apply_at: datetime
    ended_at: datetime | None
    waiting: int
    decided: int
    left_out: int


def list_recent_batches(territory_id: UUID, now: datetime, limit: int = 5) -> Sequence[BatchView]:
    """Return the batches that wait or ended less than a day ago, newest first."""
    rows = (
        session()
        .scalars(
            select(DecisionBatch)
            .where(
                DecisionBatch.territory_id == territory_id,
                or_(DecisionBatch.ended_at.is_(None), DecisionBatch.ended_at > now - SHOWN_FOR),
            )
            .options(lazyload("*"))
            .order_by(DecisionBatch.created_at.desc(), DecisionBatch.id)
            .limit(limit)
        )
        .all()
    )
    return _views(rows)


def get_batch(territory_id: UUID, batch_id: UUID) -> BatchView:
    """Return a batch of the territory; raises NotFound."""
    row = session().scalar(
        select(DecisionBatch)
        .where(DecisionBatch.id == batch_id, DecisionBatch.territory_id == territory_id)
        .options(lazyload("*"))
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("batch-not-found")
    return _views([row])[0]


def list_batch_lines(batch_id: UUID) -> Sequence[BatchLine]:
    """Return the requests of a batch that the caller has loaded within its scope, left out first."""
    rows = session().execute(
        select(BatchItem.request_id, AccessRequest.number, AccessRequest.company_name, BatchItem.outcome)
        .join(AccessRequest, AccessRequest.id == BatchItem.request_id)
        .where(BatchItem.batch_id == batch_id)
        .order_by(BatchItem.position)
    )
    lines = [BatchLine(*row) for row in rows]
    return sorted(lines, key=lambda line: line.outcome in {None, "decided"})


def _views(rows: Sequence[DecisionBatch]) -> list[BatchView]:
    if not rows:
        return []
    counted = session().execute(
        select(
            BatchItem.batch_id,
            func.count().filter(BatchItem.outcome.is_(None)),
            func.count().filter(BatchItem.outcome == "decided"),
            func.count().filter(BatchItem.outcome != "decided"),
        )
        .where(BatchItem.batch_id.in_([row.id for row in rows]))
        .group_by(BatchItem.batch_id)
    )
    counts = {id_: (waiting, decided, left_out) for id_, waiting, decided, left_out in counted}
    return [
        BatchView(
            row.id,
            row.state,
            row.decision,
            row.reason_code,
            row.reason_text,
            row.created_by,
            row.created_by_label,
            row.created_at,
            row.apply_at,
            row.ended_at,
            *counts.get(row.id, (0, 0, 0)),
        )
        for row in rows
    ]
