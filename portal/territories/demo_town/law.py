"""The invented law of the town: traffic orders, an event with its perimeters, delivery bays, live events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from shapely.geometry.base import BaseGeometry

from portal.regulations.measures import Measure
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import TimeSlot, Weekday

if TYPE_CHECKING:
    from portal.territories.demo_town.town import Town

NOTICE = "Territoire de démonstration : arrêtés, lieux et évènements inventés."


@dataclass(frozen=True, slots=True)
class DemoOrder:
    """An invented traffic order. category: permanent | temporary; subject: as in the order model, None when permanent.

    start, end: aware instants; no end when permanent.
    """

    identifier: str
    title: str
    authority: str
    category: str
    subject: str | None
    start: datetime
    end: datetime | None
    measures: tuple[Measure, ...]


@dataclass(frozen=True, slots=True)
class DemoEvent:
    """The invented event and its first and last day."""

    name: str
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True)
class DemoBay:
    """An invented delivery bay. regime: permanent | periodic; layout: parallel | angled; slots empty: at all times."""

    local_id: str
    lon: float
    lat: float
    street: str
    address: str
    regime: str
    layout: str
    length_m: float
    width_m: float
    places: int
    weekdays: frozenset[Weekday]
    slots: tuple[TimeSlot, ...]
    max_stay_min: int | None


@dataclass(frozen=True, slots=True)
class DemoIncident:
    """An invented live event. kind: as in the event model; shape: line, or the point where it is, (lon, lat)."""

    id: str
    kind: str
    label: str
    shape: BaseGeometry
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class TownLaw:
    """The whole law. perimeters: those of the event, then the permanent one."""

    orders: tuple[DemoOrder, ...]
    event: DemoEvent
    perimeters: tuple[Perimeter, ...]
    bays: tuple[DemoBay, ...]
    incidents: tuple[DemoIncident, ...]


def town_law(town: Town, today: date) -> TownLaw:
    """Return the law of a town; what is temporary is dated around `today` (local date).

    The same town and date give equal values.
    """
    from portal.territories.demo_town.law_bays import delivery_bays
    from portal.territories.demo_town.law_event import event_of, perimeters_of
    from portal.territories.demo_town.law_incidents import incidents
    from portal.territories.demo_town.law_orders import traffic_orders

    event = event_of(today)
    orders = traffic_orders(town, today)
    ruled = {place.label for order in orders for measure in order.measures for place in measure.locations}
    return TownLaw(
        orders=orders,
        event=event,
        perimeters=perimeters_of(town, event, today),
        bays=delivery_bays(town),
        incidents=incidents(town, today, ruled),
    )
