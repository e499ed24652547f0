"""Documents of a territory: read as orders, with the events that are its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from portal.common.errors import Invalid
from portal.db import session
from portal.numeriz.models import CityEvent, TrafficOrder
from portal.numeriz.values import NUMERIZ, MeasureDraft, OrderDraft
from portal.numeriz.writing.reading import EventHours, Reader
from portal.numeriz.writing.values import Document, Fault
from portal.numeriz.zones.calendar import sessions_from_json
from portal.regulations.calendars import LocalCalendar
from portal.territories.api import TerritoryView


def draft_of(document: Document, territory: TerritoryView) -> OrderDraft:
    """The order that a document says. Raises Invalid(`order-not-ready`) with `params["faults"]`: every fault."""
    reader = _reader(territory)
    order = reader.order(document)
    if reader.faults:
        raise Invalid("order-not-ready", reader.faults[0].field, faults=tuple(reader.faults))
    return order


def faults_of(document: Document, territory: TerritoryView, order_id: UUID | None = None) -> tuple[Fault, ...]:
    """Everything that keeps a document from being published, by itself; empty when nothing does.

    order_id: as for `read_order`.
    """
    return read_order(document, territory, order_id)[1]


def read_order(
    document: Document, territory: TerritoryView, order_id: UUID | None = None
) -> tuple[OrderDraft, tuple[Fault, ...]]:
    """The order that a document says as far as it can be read, and every fault that keeps it from being published.

    order_id: the order that it replaces, which may keep its own identifier.
    """
    reader = _reader(territory)
    order = reader.order(document)
    if order.identifier and order.authority_name and _is_taken(territory.id, order, order_id):
        reader.fault("identifier", "identifier-taken", identifier=order.identifier)
    return order, tuple(reader.faults)


def read_measure(
    measure: Mapping[str, object], path: str, territory: TerritoryView
) -> tuple[MeasureDraft | None, tuple[Fault, ...]]:
    """One measure of a document alone, as far as it can be read; None when what it regulates cannot be."""
    reader = _reader(territory)
    found = reader.measure(measure, path)
    return found, tuple(reader.faults)


def followed_events(territory_id: UUID, document: Document) -> list[list[Any]]:
    """What the events that the measures of a document follow say now, by name: sessions and usual margins."""
    measures = document.get("measures")
    said = measures if isinstance(measures, list) else []
    events = [found.get("event") for found in said if isinstance(found, Mapping)]
    names = {event["name"] for event in events if isinstance(event, Mapping) and isinstance(event.get("name"), str)}
    if not names:
        return []
    columns = select(CityEvent.name, CityEvent.sessions, CityEvent.before_min, CityEvent.after_min)
    named = columns.where(CityEvent.territory_id == territory_id, CityEvent.name.in_(names))
    return [list(row) for row in session().execute(named.order_by(CityEvent.name))]


def also_from(territory_id: UUID, document: Document) -> str:
    """The other source that already brought this order, by identifier and authority; empty when there is none."""
    identifier, authority = document.get("identifier"), document.get("authority")
    if not isinstance(identifier, str) or not isinstance(authority, str):
        return ""
    found = session().scalar(
        select(TrafficOrder.source)
        .where(
            TrafficOrder.territory_id == territory_id,
            TrafficOrder.identifier == identifier.strip(),
            TrafficOrder.authority_name == authority.strip(),
            TrafficOrder.source != NUMERIZ,
        )
        .limit(1)
    )
    return found or ""


def _reader(territory: TerritoryView) -> Reader:
    rows = session().execute(
        select(CityEvent.name, CityEvent.sessions, CityEvent.before_min, CityEvent.after_min).where(
            CityEvent.territory_id == territory.id
        )
    )
    events = {row.name: EventHours(sessions_from_json(row.sessions), row.before_min, row.after_min) for row in rows}
    return Reader(LocalCalendar(ZoneInfo(territory.timezone), territory.holidays), territory.bounds, events)


def _is_taken(territory_id: UUID, order: OrderDraft, order_id: UUID | None) -> bool:
    same = (
        select(TrafficOrder.id)
        .where(
            TrafficOrder.territory_id == territory_id,
            TrafficOrder.source == NUMERIZ,
            TrafficOrder.identifier == order.identifier,
            TrafficOrder.authority_name == order.authority_name,
        )
        .limit(2)
    )
    return any(found != order_id for found in session().scalars(same))
