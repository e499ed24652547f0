"""Orders by (source, id in the source); a digest of the content tells whether anything changed."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import StrEnum
from itertools import batched
from typing import Any, cast
from uuid import UUID

import shapely
from sqlalchemy import Table, bindparam, delete, insert, select, update

from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork, session
from portal.numeriz import codec
from portal.numeriz.models import (
    IDENTIFIER_LENGTH,
    SOURCE_ID_LENGTH,
    TITLE_LENGTH,
    MeasureRow,
    TrafficOrder,
)
from portal.numeriz.storing.records import BATCH
from portal.numeriz.storing.tally import Tally
from portal.numeriz.values import Issue, MeasureDraft, OrderDraft, OrderStatus, doubt_count
from portal.regulations.measures import MeasureType

# Feeds bring thousands of orders, each in its own transaction: the statements are built once.
_ORDERS, _MEASURES = cast("Table", TrafficOrder.__table__), cast("Table", MeasureRow.__table__)
_FIND = select(_ORDERS.c.id, _ORDERS.c.content_digest, _ORDERS.c.status).where(
    _ORDERS.c.territory_id == bindparam("territory"),
    _ORDERS.c.source == bindparam("from_source"),
    _ORDERS.c.source_id == bindparam("key"),
)
_ADD_ORDER, _ADD_MEASURE = insert(_ORDERS), insert(_MEASURES)


class Change(StrEnum):
    """What storing a draft does; the value names its count."""

    ADDED = "orders_added"
    CHANGED = "orders_changed"
    UNCHANGED = "orders_unchanged"


def check_order(draft: OrderDraft) -> None:
    """Raise Invalid(`identifier-missing`, `identifier-too-long`, `title-missing`, `speed-out-of-range`)."""
    if not draft.identifier.strip():
        raise Invalid("identifier-missing", title=draft.title)
    if len(draft.identifier) > IDENTIFIER_LENGTH or len(draft.key) > SOURCE_ID_LENGTH:
        raise Invalid("identifier-too-long", identifier=draft.identifier[:IDENTIFIER_LENGTH])
    if not draft.title.strip():
        raise Invalid("title-missing", identifier=draft.identifier)
    for measure in draft.measures:
        if measure.max_speed_kmh is not None and not 1 <= measure.max_speed_kmh <= 130:
            raise Invalid("speed-out-of-range", identifier=draft.identifier, speed=measure.max_speed_kmh)


def order_issues(draft: OrderDraft) -> tuple[Issue, ...]:
    """The doubts about an order: those of its reader, and limits without a speed."""
    told = {(issue.code, str(issue.params.get("measure"))) for issue in draft.issues}
    return (
        *draft.issues,
        *(
            Issue("speed-missing", {"measure": place})
            for place, measure in enumerate(draft.measures, 1)
            if measure.type is MeasureType.SPEED_LIMIT
            and measure.max_speed_kmh is None
            and ("speed-missing", str(place)) not in told
        ),
    )


def merge_orders(
    uow: UnitOfWork, territory_id: UUID, drafts: Iterable[OrderDraft], tally: Tally, now: datetime
) -> None:
    """Add or replace orders inside the running unit of work."""
    merge_written(uow, territory_id, [WrittenOrder(draft) for draft in drafts], tally, now)


def merge_written(
    uow: UnitOfWork, territory_id: UUID, orders: Iterable[WrittenOrder], tally: Tally, now: datetime
) -> None:
    """Add or replace orders that have been written out."""
    for written in orders:
        change, order_id = written.compare(territory_id)
        tally.counts[change.value] += 1
        tally.changed |= change is not Change.UNCHANGED
        if change is not Change.UNCHANGED:
            written.store(uow, territory_id, order_id, now)


def withdraw_orders(
    uow: UnitOfWork, territory_id: UUID, source: str, source_ids: Collection[str], tally: Tally, now: datetime
) -> None:
    """Withdraw the published orders of these ids: kept, no law any more; one that comes back is published again."""
    for part in batched(sorted(source_ids), BATCH):
        done = uow.session.execute(
            update(TrafficOrder)
            .where(
                TrafficOrder.territory_id == territory_id,
                TrafficOrder.source == source,
                TrafficOrder.source_id.in_(part),
                TrafficOrder.status == OrderStatus.PUBLISHED,
            )
            .values(status=OrderStatus.WITHDRAWN, updated_at=now)
        )
        count: int = done.rowcount  # type: ignore[attr-defined]
        if count:
            tally.counts["orders_withdrawn"] += count
            tally.changed = True


class WrittenOrder:
    """A draft as it is stored: the values of its row, the documents of its measures, and a digest of both."""

    def __init__(self, draft: OrderDraft) -> None:
        self._draft = draft
        issues = order_issues(draft)
        self._values: dict[str, Any] = {
            "identifier": draft.identifier,
            "authority_name": draft.authority_name,
            "title": draft.title[:TITLE_LENGTH],
            "category": draft.category,
            "subject": draft.subject,
            "status": draft.status,
            "url": draft.url,
            "provenance": dict(draft.provenance),
            "issues": [issue.to_json() for issue in issues],
            "issue_count": doubt_count(issues),
        }
        self._documents = [codec.measure_to_json(measure) for measure in draft.measures]
        said = [[m.type, m.max_speed_kmh, d] for m, d in zip(draft.measures, self._documents, strict=True)]
        self._content = codec.digest([self._values, said])

    def compare(self, territory_id: UUID) -> tuple[Change, UUID | None]:
        """Tell what differs from the stored order, and its id."""
        found = session().execute(
            _FIND, {"territory": territory_id, "from_source": self._draft.source, "key": self._draft.key}
        )
        row = found.one_or_none()
        if row is None:
            return Change.ADDED, None
        same = row.content_digest == self._content and row.status is self._draft.status
        return (Change.UNCHANGED if same else Change.CHANGED), row.id

    def store(self, uow: UnitOfWork, territory_id: UUID, order_id: UUID | None, now: datetime) -> None:
        """Write the order and its measures. order_id: of the order it replaces."""
        values = {
            **self._values,
            "ends_at": self._draft.ends_at,
            "content_digest": self._content,
            "updated_at": now,
        }
        if order_id is None:
            order_id = new_id()
            key = {"source": self._draft.source, "source_id": self._draft.key}
            fresh = {"id": order_id, "territory_id": territory_id, "created_at": now, **key, **values}
            uow.session.execute(_ADD_ORDER, [fresh])
        else:
            uow.session.execute(update(TrafficOrder).where(TrafficOrder.id == order_id).values(values))
            uow.session.execute(delete(MeasureRow).where(MeasureRow.order_id == order_id))
        if self._documents:
            uow.session.execute(_ADD_MEASURE, _measure_rows(order_id, self._draft.measures, self._documents))


def _measure_rows(
    order_id: UUID, measures: Sequence[MeasureDraft], documents: Sequence[dict[str, Any]]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for position, (measure, document) in enumerate(zip(measures, documents, strict=True)):
        shapes = [place.shape for place in measure.locations if not place.shape.is_empty]
        west, south, east, north = (float(n) for n in shapely.total_bounds(shapes)) if shapes else (None,) * 4
        rows.append(
            {
                # Derived, so that a measure keeps its id when another one of the order changes.
                "id": uuid.uuid5(order_id, str(position)),
                "order_id": order_id,
                "position": position,
                "type": measure.type,
                "max_speed_kmh": measure.max_speed_kmh,
                "document": document,
                "min_lon": west,
                "min_lat": south,
                "max_lon": east,
                "max_lat": north,
            }
        )
    return rows
