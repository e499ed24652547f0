"""The figures of a territory's law, and how fresh each of its sources is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, literal, select, union_all

from portal.db import session
from portal.numeriz.impact.confirming import unconfirmed_count
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
    """Figures of a territory's law. events: those that have not ended.

    unconfirmed: orders that were activated and wait for a second person.
    """

    perimeters: int
    shapes: int
    activations: int
    orders: int
    published_orders: int
    bays: int
    events: int
    doubtful: int
    unconfirmed: int


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
                unconfirmed_count(territory_id),
            )
        )
        .one()
    )
    return Overview(*row)


def list_sources(territory_id: UUID) -> Sequence[SourceLine]:
    """Return what each source brought, by kind, the freshest first within a kind; perimeters have no source."""
    rows = session().execute(
        union_all(
            _by_source(TrafficOrder, ImportKind.ORDERS, territory_id),
            _by_source(RoadEvent, ImportKind.EVENTS, territory_id, RoadEvent.state != EventState.ENDED),
            _by_source(DeliveryBay, ImportKind.BAYS, territory_id),
        )
    )
    lines = [SourceLine(ImportKind(kind), source, number, int(doubts), at) for kind, source, number, doubts, at in rows]
    order = [ImportKind.ORDERS, ImportKind.EVENTS, ImportKind.BAYS]
    return sorted(lines, key=lambda line: (order.index(line.kind), -line.changed_at.timestamp(), line.source))


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


def _by_source(model: Any, kind: ImportKind, territory_id: UUID, *conditions: ColumnElement[bool]) -> Select[Any]:
    doubtful = func.sum(case((model.issue_count > 0, 1), else_=0))
    return (
        select(literal(kind.value), model.source, func.count(), doubtful, func.max(model.updated_at))
        .where(model.territory_id == territory_id, *conditions)
        .group_by(model.source)
    )
