"""Putting a bay out of use for some time, and giving it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import shapely
from sqlalchemy import select

from portal.common.actor import Actor
from portal.common.clock import SYSTEM_CLOCK, Clock
from portal.common.errors import Conflict, Invalid, NotFound
from portal.common.ids import new_id
from portal.db import UnitOfWork, session, unit_of_work
from portal.numeriz.bays.rows import load_bay, tell_changed
from portal.numeriz.bays.suspensions import order_words
from portal.numeriz.models import BaySuspension, MeasureRow, TrafficOrder
from portal.numeriz.values import OrderStatus

REASON_LENGTH: Final = 300
_NEAR_DEG: Final = 0.0015
"""About 100 m to 170 m in France: an order whose measures come as near may be that of the bay."""
_MOST_ORDERS: Final = 50


@dataclass(frozen=True, slots=True)
class Suspending:
    """A suspension to write. start, end: aware instants. A reason, an order of the territory, or both."""

    start: datetime
    end: datetime
    reason: str = ""
    order_id: UUID | None = None


def suspend_bay(
    actor: Actor, territory_id: UUID, bay_id: UUID, asked: Suspending, *, clock: Clock = SYSTEM_CLOCK
) -> UUID:
    """Put a bay out of use during a span; return the id of the suspension. What was asked before is not done twice.

    Raises NotFound("bay-not-found") and Invalid: span-reversed, span-over (field `end`), reason-missing,
    reason-too-long, order-not-in-force.
    """
    now = clock.now()
    _check(asked, now)
    with unit_of_work() as uow:
        bay = load_bay(uow, territory_id, bay_id)
        named = _order_named(uow, territory_id, asked.order_id)
        twin = uow.session.scalar(
            select(BaySuspension.id).where(
                BaySuspension.bay_id == bay.id,
                BaySuspension.order_id.is_not_distinct_from(asked.order_id),
                BaySuspension.starts_at == asked.start,
                BaySuspension.ends_at == asked.end,
                BaySuspension.reason == asked.reason,
            )
        )
        if twin is not None:
            return twin
        row = BaySuspension(
            id=new_id(),
            bay_id=bay.id,
            order_id=asked.order_id,
            starts_at=asked.start,
            ends_at=asked.end,
            reason=asked.reason,
            created_at=now,
        )
        uow.session.add(row)
        told = {"from": asked.start.isoformat(), "to": asked.end.isoformat(), "reason": asked.reason, "order": named}
        tell_changed(uow, actor, bay, {"suspended": told}, clock)
        return row.id


def lift_suspension(
    actor: Actor, territory_id: UUID, bay_id: UUID, suspension_id: UUID, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Give a bay back: a suspension that has begun ends now, one to come is taken away.

    Raises NotFound("bay-not-found", "suspension-not-found"), Conflict("suspension-over").
    """
    now = clock.now()
    with unit_of_work() as uow:
        bay = load_bay(uow, territory_id, bay_id)
        wanted = select(BaySuspension).where(BaySuspension.id == suspension_id, BaySuspension.bay_id == bay.id)
        row = uow.session.scalar(wanted)
        if row is None:
            raise NotFound("suspension-not-found")
        if row.ends_at <= now:
            raise Conflict("suspension-over")
        told = {"from": row.starts_at.isoformat(), "to": row.ends_at.isoformat()}
        if row.starts_at < now:
            row.ends_at = now
        else:
            uow.session.delete(row)
        tell_changed(uow, actor, bay, {"lifted": told}, clock)


@dataclass(frozen=True, slots=True)
class OrderChoice:
    """An order that may suspend a bay."""

    id: UUID
    words: str


def orders_near(territory_id: UUID, lon: float, lat: float, now: datetime) -> list[OrderChoice]:
    """The published orders not yet over with a measure around a point, those that come nearest to their end first."""
    west, south, east, north = shapely.Point(lon, lat).buffer(_NEAR_DEG).bounds
    near = select(MeasureRow.order_id).where(
        MeasureRow.min_lon <= east, MeasureRow.max_lon >= west, MeasureRow.min_lat <= north, MeasureRow.max_lat >= south
    )
    found = session().execute(
        select(TrafficOrder.id, TrafficOrder.identifier, TrafficOrder.title)
        .where(
            TrafficOrder.territory_id == territory_id,
            TrafficOrder.status == OrderStatus.PUBLISHED,
            TrafficOrder.ends_at.is_(None) | (TrafficOrder.ends_at > now),
            TrafficOrder.id.in_(near),
        )
        .order_by(TrafficOrder.ends_at.is_(None), TrafficOrder.ends_at, TrafficOrder.title, TrafficOrder.id)
        .limit(_MOST_ORDERS)
    )
    return [OrderChoice(row.id, order_words(row.identifier, row.title)) for row in found]


def _check(asked: Suspending, now: datetime) -> None:
    if asked.end <= asked.start:
        raise Invalid("span-reversed", field="end")
    if asked.end <= now:
        raise Invalid("span-over", field="end")
    if not asked.reason and asked.order_id is None:
        raise Invalid("reason-missing", field="reason")
    if len(asked.reason) > REASON_LENGTH:
        raise Invalid("reason-too-long", field="reason", most=REASON_LENGTH)


def _order_named(uow: UnitOfWork, territory_id: UUID, order_id: UUID | None) -> str:
    if order_id is None:
        return ""
    found = uow.session.execute(
        select(TrafficOrder.identifier, TrafficOrder.title).where(
            TrafficOrder.territory_id == territory_id,
            TrafficOrder.id == order_id,
            TrafficOrder.status == OrderStatus.PUBLISHED,
        )
    ).one_or_none()
    if found is None:
        raise Invalid("order-not-in-force", field="order")
    return order_words(found.identifier, found.title)
