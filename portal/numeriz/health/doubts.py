"""How many objects of each kind have a doubt that a clerk should look into."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select

from portal.db import session
from portal.numeriz.models import DeliveryBay, PerimeterRow, RoadEvent, TrafficOrder
from portal.numeriz.values import EventState, ImportKind


def count_doubtful(territory_id: UUID) -> Mapping[ImportKind, int]:
    """Count the doubtful objects of a territory as their lists show them, in one query; not events that are over."""

    def count(model: Any, *conditions: ColumnElement[bool]) -> Any:
        mine = select(func.count()).select_from(model).where(model.territory_id == territory_id, *conditions)
        return mine.scalar_subquery()

    kinds = (ImportKind.ORDERS, ImportKind.PERIMETERS, ImportKind.EVENTS, ImportKind.BAYS)
    row = session().execute(
        select(
            count(TrafficOrder, TrafficOrder.doubt_count > 0),
            count(PerimeterRow, PerimeterRow.doubt_count > 0),
            count(RoadEvent, RoadEvent.doubt_count > 0, RoadEvent.state != EventState.ENDED),
            count(DeliveryBay, DeliveryBay.issue_count > 0),
        )
    )
    return dict(zip(kinds, row.one(), strict=True))
