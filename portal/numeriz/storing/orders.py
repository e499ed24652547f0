"""Orders by (authority, identifier); a digest of the content tells whether anything changed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import shapely
from sqlalchemy import delete, insert, select

from portal.common.errors import Invalid
from portal.common.ids import new_id
from portal.db import UnitOfWork
from portal.numeriz import codec
from portal.numeriz.models import (
    IDENTIFIER_LENGTH,
    TITLE_LENGTH,
    MeasureRow,
    TrafficOrder,
)
from portal.numeriz.storing.tally import Tally, update_row
from portal.numeriz.values import Issue, MeasureDraft, OrderDraft
from portal.regulations.measures import MeasureType


def check_order(draft: OrderDraft) -> None:
    if not draft.identifier.strip():
        raise Invalid("identifier-missing", title=draft.title)
    if len(draft.identifier) > IDENTIFIER_LENGTH:
        raise Invalid("identifier-too-long", identifier=draft.identifier[:IDENTIFIER_LENGTH])
    if not draft.title.strip():
        raise Invalid("title-missing", identifier=draft.identifier)
    for measure in draft.measures:
        if measure.max_speed_kmh is not None and not 1 <= measure.max_speed_kmh <= 130:
            raise Invalid("speed-out-of-range", identifier=draft.identifier, speed=measure.max_speed_kmh)


def _order_values(draft: OrderDraft) -> dict[str, Any]:
    issues = list(draft.issues)
    issues += [
        Issue("speed-missing", {"measure": place})
        for place, measure in enumerate(draft.measures, 1)
        if measure.type is MeasureType.SPEED_LIMIT and measure.max_speed_kmh is None
    ]
    return {
        "identifier": draft.identifier,
        "authority_name": draft.authority_name,
        "title": draft.title[:TITLE_LENGTH],
        "category": draft.category,
        "subject": draft.subject,
        "status": draft.status,
        "ends_at": draft.ends_at,
        "url": draft.url,
        "provenance": dict(draft.provenance),
        "issues": [issue.to_json() for issue in issues],
        "issue_count": len(issues),
    }


def merge_orders(
    uow: UnitOfWork, territory_id: UUID, drafts: Sequence[OrderDraft], tally: Tally, now: datetime
) -> None:
    known = {
        (row.source, row.source_id): row
        for row in uow.session.scalars(select(TrafficOrder).where(TrafficOrder.territory_id == territory_id))
    }
    for draft in drafts:
        values = _order_values(draft)
        documents = [codec.measure_to_json(measure) for measure in draft.measures]
        said = {name: value for name, value in values.items() if name != "ends_at"}  # follows from the measures
        content = codec.digest(
            [said, [[m.type, m.max_speed_kmh, d] for m, d in zip(draft.measures, documents, strict=True)]]
        )
        row = known.get((draft.source, draft.key))
        if row is not None and row.content_digest == content:
            tally.counts["orders_unchanged"] += 1
            continue
        tally.changed = True
        if row is None:
            tally.counts["orders_added"] += 1
            row = TrafficOrder(
                id=new_id(),
                territory_id=territory_id,
                source=draft.source,
                source_id=draft.key,
                content_digest=content,
                created_at=now,
                updated_at=now,
                **values,
            )
            known[(draft.source, draft.key)] = row
            uow.session.add(row)
        else:
            tally.counts["orders_changed"] += 1
            update_row(row, {**values, "content_digest": content}, now)
        uow.session.flush()  # the measures reference the order
        uow.session.execute(delete(MeasureRow).where(MeasureRow.order_id == row.id))
        if documents:
            uow.session.execute(insert(MeasureRow), _measure_rows(row.id, draft.measures, documents))


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
