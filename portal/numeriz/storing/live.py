"""What a source has in force: only that can be withdrawn by its absence; what is over simply expires."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select

from portal.db import session
from portal.numeriz.models import RoadEvent, TrafficOrder
from portal.numeriz.values import EventState, OrderStatus


def live_orders(territory_id: UUID, source: str, now: datetime) -> set[str]:
    """Ids in the source of its orders that are published and not over."""
    return set(
        session().scalars(
            select(TrafficOrder.source_id).where(
                TrafficOrder.territory_id == territory_id,
                TrafficOrder.source == source,
                TrafficOrder.status == OrderStatus.PUBLISHED,
                or_(TrafficOrder.ends_at.is_(None), TrafficOrder.ends_at >= now),
            )
        )
    )


def live_events(territory_id: UUID, source: str, now: datetime) -> set[str]:
    """Ids in the source of its events that have not ended."""
    return set(
        session().scalars(
            select(RoadEvent.source_id).where(
                RoadEvent.territory_id == territory_id,
                RoadEvent.source == source,
                RoadEvent.state != EventState.ENDED,
                or_(RoadEvent.ends_at.is_(None), RoadEvent.ends_at >= now),
            )
        )
    )
