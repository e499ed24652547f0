"""Reading the events of a city and their zones; the first argument is always the territory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from portal.common.errors import NotFound
from portal.db import session
from portal.numeriz import codec
from portal.numeriz.models import ActivationRow, CityEvent, PerimeterRow
from portal.numeriz.queries import PerimeterView, get_perimeters
from portal.numeriz.zones.calendar import Session, sessions_from_json
from portal.regulations.perimeters import AccessPolicy, Colour


@dataclass(frozen=True, slots=True)
class EventLine:
    """An event in a list. id None: its zones were imported and nobody has taken it over here.

    first_at, last_at: bounds of all activations; last_at None beside a first_at: one of them has no end.
    """

    id: UUID | None
    name: str
    zone_count: int
    colours: tuple[Colour, ...]
    session_count: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventView:
    """An event with its zones, strictest colour first. policies: of the colours that do not have the usual one."""

    id: UUID
    name: str
    sessions: tuple[Session, ...]
    before_min: int
    after_min: int
    policies: Mapping[Colour, AccessPolicy]
    revision: int
    updated_at: datetime
    zones: tuple[PerimeterView, ...]

    def zone(self, zone_id: UUID) -> PerimeterView:
        """One of its zones; raises NotFound("perimeter-not-found")."""
        for zone in self.zones:
            if zone.id == zone_id:
                return zone
        raise NotFound("perimeter-not-found")


def list_city_events(territory_id: UUID) -> Sequence[EventLine]:
    """Return the events of a territory, imported ones that nobody took over too; undated first, then the latest."""
    stored = {
        row.name: (row.id, len(row.sessions))
        for row in session().scalars(select(CityEvent).where(CityEvent.territory_id == territory_id))
    }
    zones: dict[str, tuple[int, set[str]]] = {}
    for event, colour, number in session().execute(
        select(PerimeterRow.event, PerimeterRow.colour, func.count())
        .where(PerimeterRow.territory_id == territory_id)
        .group_by(PerimeterRow.event, PerimeterRow.colour)
    ):
        count, colours = zones.get(event, (0, set()))
        zones[event] = (count + number, colours | {colour})
    bounds = {
        row.event: (row.first_at, None if row.open_ended else row.last_at)
        for row in session().execute(
            select(
                PerimeterRow.event,
                func.min(ActivationRow.start_at).label("first_at"),
                func.max(ActivationRow.end_at).label("last_at"),
                (func.count() - func.count(ActivationRow.end_at)).label("open_ended"),
            )
            .join(ActivationRow, ActivationRow.perimeter_id == PerimeterRow.id)
            .where(PerimeterRow.territory_id == territory_id)
            .group_by(PerimeterRow.event)
        )
    }
    found = []
    for name in {*stored, *zones}:
        event_id, session_count = stored.get(name, (None, 0))
        count, colours = zones.get(name, (0, set()))
        first_at, last_at = bounds.get(name, (None, None))
        known = sorted((c for c in Colour if c.value in colours), key=lambda c: -c.strictness)
        found.append(EventLine(event_id, name, count, tuple(known), session_count, first_at, last_at))
    found.sort(key=lambda line: line.name)
    return sorted(found, key=lambda line: (line.first_at is not None, -(line.first_at or _EPOCH).timestamp()))


_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def get_city_event(territory_id: UUID, city_event_id: UUID) -> EventView:
    """Return one event with its zones; raises NotFound("city-event-not-found")."""
    row = session().scalar(
        select(CityEvent)
        .where(CityEvent.territory_id == territory_id, CityEvent.id == city_event_id)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("city-event-not-found")
    return EventView(
        row.id,
        row.name,
        sessions_from_json(row.sessions),
        row.before_min,
        row.after_min,
        policies_from_json(row.policies),
        row.revision,
        row.updated_at,
        zones_named(territory_id, row.name),
    )


def find_city_event(territory_id: UUID, name: str) -> UUID | None:
    """Return the id of the event of a name; None when nobody has made or taken over one."""
    return session().scalar(select(CityEvent.id).where(CityEvent.territory_id == territory_id, CityEvent.name == name))


def is_event(event_id: UUID) -> bool:
    """Tell whether an id is that of an event of any territory: no other can bear it."""
    return session().scalar(select(CityEvent.id).where(CityEvent.id == event_id)) is not None


def zones_named(territory_id: UUID, event: str) -> tuple[PerimeterView, ...]:
    """Return the zones of an event, the strictest colour first."""
    ids = session().scalars(
        select(PerimeterRow.id).where(PerimeterRow.territory_id == territory_id, PerimeterRow.event == event)
    )
    zones = get_perimeters(territory_id, list(ids))
    return tuple(sorted(zones, key=lambda zone: (-zone.colour.strictness if zone.colour else 1, zone.name)))


def policies_from_json(found: Mapping[str, Any]) -> dict[Colour, AccessPolicy]:
    """The policies of `CityEvent.policies`."""
    read = {Colour(name): codec.policy_from_json(policy) for name, policy in found.items()}
    return {colour: policy for colour, policy in read.items() if policy is not None}
