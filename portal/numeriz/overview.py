"""The figures of a territory's law, and how fresh each of its sources is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, func, select

from portal.db import session
from portal.numeriz.models import (
    ActivationRow,
    DeliveryBay,
    PerimeterRow,
    PerimeterShape,
    RoadEvent,
    TrafficOrder,
)
from portal.numeriz.values import EventState, ImportKind, OrderStatus


@dataclass(frozen=True, slots=True)
class Overview:
    """Figures of a territory's law. events: those that have not ended."""

    perimeters: int
    shapes: int
    activations: int
    orders: int
    published_orders: int
    bays: int
    events: int
    doubtful: int


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What one source brought of one kind. changed_at: the last time one of its objects was added or changed."""

    kind: ImportKind
    source: str
    records: int
    doubtful: int
    changed_at: datetime


def get_overview(territory_id: UUID) -> Overview:
    """Return the figures of a territory's law, in one query."""

    def count(model: Any, *conditions: Any) -> Any:
        return (
            select(func.count()).select_from(model).where(model.territory_id == territory_id, *conditions)
        ).scalar_subquery()

    activations = (
        select(func.count())
        .select_from(ActivationRow)
        .join(PerimeterRow, PerimeterRow.id == ActivationRow.perimeter_id)
        .where(PerimeterRow.territory_id == territory_id)
    ).scalar_subquery()
    live = RoadEvent.state != EventState.ENDED
    doubtful = (
        count(PerimeterRow, PerimeterRow.doubt_count > 0)
        + count(TrafficOrder, TrafficOrder.doubt_count > 0)
        + count(DeliveryBay, DeliveryBay.issue_count > 0)
        + count(RoadEvent, RoadEvent.doubt_count > 0, live)
    )
    row = (
        session()
        .execute(
            select(
                count(PerimeterRow),
                count(PerimeterShape),
                activations,
                count(TrafficOrder),
                count(TrafficOrder, TrafficOrder.status == OrderStatus.PUBLISHED),
                count(DeliveryBay),
                count(RoadEvent, live),
                doubtful,
            )
        )
        .one()
    )
    return Overview(*row)


def list_sources(territory_id: UUID) -> Sequence[SourceLine]:
    """Return what each source brought, by kind, the freshest first within a kind; perimeters have no source."""
    return [
        *_sources(TrafficOrder, TrafficOrder.doubt_count, ImportKind.ORDERS, territory_id),
        *_sources(
            RoadEvent, RoadEvent.doubt_count, ImportKind.EVENTS, territory_id, RoadEvent.state != EventState.ENDED
        ),
        *_sources(DeliveryBay, DeliveryBay.issue_count, ImportKind.BAYS, territory_id),
    ]


def list_order_sources(territory_id: UUID) -> Sequence[str]:
    """Return the names of the sources that orders came from."""
    return (
        session()
        .scalars(
            select(TrafficOrder.source)
            .where(TrafficOrder.territory_id == territory_id)
            .distinct()
            .order_by(TrafficOrder.source)
        )
        .all()
    )


def _sources(
    model: Any, doubts: Any, kind: ImportKind, territory_id: UUID, *conditions: ColumnElement[bool]
) -> list[SourceLine]:
    doubtful = func.sum(case((doubts > 0, 1), else_=0))
    changed = func.max(model.updated_at)
    rows = session().execute(
        select(model.source, func.count(), doubtful, changed)
        .where(model.territory_id == territory_id, *conditions)
        .group_by(model.source)
        .order_by(changed.desc(), model.source)
    )
    return [SourceLine(kind, source, number, int(doubted), at) for source, number, doubted, at in rows]
