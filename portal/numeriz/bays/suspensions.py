"""When a bay cannot be used: the spans written for it, and those that bind."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, true

from portal.db import session
from portal.numeriz.models import BaySuspension, DeliveryBay, TrafficOrder
from portal.numeriz.storing.records import BATCH
from portal.numeriz.values import OrderStatus


@dataclass(frozen=True, slots=True)
class Suspension:
    """A span during which a bay cannot be used, from start on, before end (aware UTC).

    reason: in words, "" when the order says it. order_id, order_title: the order that suspends it, None and "" without.
    """

    id: UUID
    start: datetime
    end: datetime
    reason: str = ""
    order_id: UUID | None = None
    order_title: str = ""

    def holds(self, at: datetime) -> bool:
        """Tell whether the bay is out of use at an instant."""
        return self.start <= at < self.end

    @property
    def why(self) -> str:
        """The reason and the order, whatever is known of both."""
        return " – ".join(part for part in (self.reason, self.order_title) if part)


def suspensions_of(territory_id: UUID, bay_ids: Sequence[UUID] | None = None) -> Mapping[UUID, tuple[Suspension, ...]]:
    """The suspensions that bind, by bay and by their start; of every bay of the territory when no ids are given.

    An order that was withdrawn suspends nothing any more. Suspensions that are over are there too: the map of a day
    that is past shows them.
    """
    found: dict[UUID, list[Suspension]] = defaultdict(list)
    asked = [true()] if bay_ids is None else [BaySuspension.bay_id.in_(part) for part in batched(bay_ids, BATCH)]
    for condition in asked:
        statement = (
            select(BaySuspension, TrafficOrder.identifier, TrafficOrder.title)
            .join(DeliveryBay, DeliveryBay.id == BaySuspension.bay_id)
            .outerjoin(TrafficOrder, TrafficOrder.id == BaySuspension.order_id)
            .where(DeliveryBay.territory_id == territory_id, _binds(), condition)
            .order_by(BaySuspension.starts_at, BaySuspension.id)
        )
        for row, identifier, title in session().execute(statement):
            named = order_words(identifier, title)
            found[row.bay_id].append(Suspension(row.id, row.starts_at, row.ends_at, row.reason, row.order_id, named))
    return {bay_id: tuple(spans) for bay_id, spans in found.items()}


def suspended_ids(at: datetime) -> Select[UUID]:
    """The bays that cannot be used at an instant, for a query."""
    return (
        select(BaySuspension.bay_id)
        .outerjoin(TrafficOrder, TrafficOrder.id == BaySuspension.order_id)
        .where(BaySuspension.starts_at <= at, BaySuspension.ends_at > at, _binds())
    )


def order_words(identifier: str | None, title: str | None) -> str:
    """How an order is named beside a suspension: its number and its title, once when they are the same."""
    return " – ".join(dict.fromkeys(part for part in (identifier, title) if part))


def bounds_passed(territory_id: UUID, now: datetime) -> int:
    """How many beginnings and ends of suspensions have passed: whatever says which bays are out of use now is stale
    once this differs."""
    mine = (
        select(func.count())
        .select_from(BaySuspension)
        .join(DeliveryBay, DeliveryBay.id == BaySuspension.bay_id)
        .where(DeliveryBay.territory_id == territory_id)
    )
    begun, ended = mine.where(BaySuspension.starts_at <= now), mine.where(BaySuspension.ends_at <= now)
    return sum(session().execute(select(begun.scalar_subquery(), ended.scalar_subquery())).one())


def _binds() -> ColumnElement[bool]:
    return or_(BaySuspension.order_id.is_(None), TrafficOrder.status == OrderStatus.PUBLISHED)
