"""Published orders that follow an event: they keep the hours of their publication, whatever the event says since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select

from portal.db import session
from portal.numeriz.models import OrderVersion, TrafficOrder
from portal.numeriz.values import OrderStatus
from portal.numeriz.writing.document import read_measure
from portal.numeriz.writing.values import Document
from portal.numeriz.writing.versions import FORM, ORDER, SWITCHES, order_from_json
from portal.territories.api import TerritoryView


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """A published order whose hours are no longer those of the event that it was written to follow."""

    order_id: UUID
    title: str


def orders_left_behind(territory: TerritoryView, event: str, now: datetime) -> Sequence[LeftBehind]:
    """The orders not yet over that follow an event, by name, and that it would give other hours today; by title."""
    written = (
        select(OrderVersion.order_id, func.max(OrderVersion.number).label("number"))
        .join(TrafficOrder, TrafficOrder.id == OrderVersion.order_id)
        .where(
            TrafficOrder.territory_id == territory.id,
            TrafficOrder.status == OrderStatus.PUBLISHED,
            or_(TrafficOrder.ends_at.is_(None), TrafficOrder.ends_at > now),
            OrderVersion.change.not_in(SWITCHES),
        )
        .group_by(OrderVersion.order_id)
        .subquery()
    )
    same = and_(OrderVersion.order_id == written.c.order_id, OrderVersion.number == written.c.number)
    rows = session().execute(select(OrderVersion.order_id, OrderVersion.document).join(written, same))
    found = []
    for order_id, document in rows.yield_per(50):
        follows = dict(_following(document[FORM] or {}, event))
        if not follows:
            continue
        order = order_from_json(document[ORDER])
        now_said = {at: read_measure(measure, f"measures.{at}", territory)[0] for at, measure in follows.items()}
        if any(said is None or said.periods != order.measures[at].periods for at, said in now_said.items()):
            found.append(LeftBehind(order_id, order.title))
    return sorted(found, key=lambda one: (one.title, one.order_id))


def _following(document: Document, event: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The measures of a published document that follow an event, with their places."""
    for at, measure in enumerate(document.get("measures", ())):
        if (measure.get("event") or {}).get("name") == event:
            yield at, measure
