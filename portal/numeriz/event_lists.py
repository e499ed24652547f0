"""Live events as the desk lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from portal.db import Page, paginate
from portal.db.paging import DEFAULT_PAGE_SIZE
from portal.numeriz import codec
from portal.numeriz.models import RoadEvent
from portal.numeriz.values import EventKind, EventState, Probability


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event in a list. state: at the instant of the list. drawn: it lies along a line, so it can close a road."""

    id: UUID
    source: str
    kind: EventKind
    state: EventState
    road: str
    label: str
    starts_at: datetime
    ends_at: datetime | None
    probability: Probability
    drawn: bool
    url: str
    issues: Sequence[Mapping[str, Any]]


def page_events(
    territory_id: UUID,
    at: datetime,
    cursor: str | None = None,
    *,
    kind: EventKind | None = None,
    ended: bool = False,
    doubtful: bool = False,
    size: int = DEFAULT_PAGE_SIZE,
) -> Page[EventLine]:
    """Return a page of events, the latest start first; ended: those that are over too."""
    statement = select(RoadEvent).where(RoadEvent.territory_id == territory_id)
    if kind is not None:
        statement = statement.where(RoadEvent.kind == kind)
    if not ended:
        over = (RoadEvent.state == EventState.ENDED) | (RoadEvent.ends_at.is_not(None) & (RoadEvent.ends_at <= at))
        statement = statement.where(~over)
    if doubtful:
        statement = statement.where(RoadEvent.doubt_count > 0)
    page = paginate(statement, [RoadEvent.starts_at, RoadEvent.id], cursor, size, descending=True)
    return page.map(
        lambda row: EventLine(
            row.id,
            row.source,
            row.kind,
            state_at(row, at),
            row.road,
            row.label,
            row.starts_at,
            row.ends_at,
            row.probability,
            codec.shape_from_bytes(row.wkb).length > 0,
            row.url,
            row.doubts,
        )
    )


def state_at(row: RoadEvent, at: datetime) -> EventState:
    """The state of an event at an instant: what its source said last, and its dates."""
    if row.state in {EventState.ENDED, EventState.SUSPENDED}:
        return row.state
    if row.ends_at is not None and row.ends_at <= at:
        return EventState.ENDED
    return EventState.PLANNED if row.starts_at > at else EventState.ACTIVE
