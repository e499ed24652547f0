"""Territories and law for tests."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime

import shapely
from shapely.geometry.base import BaseGeometry

from portal.common.actor import system_actor
from portal.common.ids import new_id
from portal.db import unit_of_work
from portal.numeriz.codec import digest
from portal.numeriz.services import store_bays, store_orders, store_perimeters
from portal.numeriz.values import (
    BayDraft,
    BayRegime,
    Category,
    Issue,
    MeasureDraft,
    OrderDraft,
    OrderStatus,
    PerimeterDraft,
)
from portal.regulations.measures import Direction, LocationKind, MeasureLocation, MeasureType
from portal.regulations.perimeters import Activation, Colour
from portal.regulations.schedules import Period
from portal.regulations.vehicles import ALL_VEHICLES, VehicleRule
from portal.territories.models import Territory
from portal.territories.queries import TerritoryView, territory_view

PARIS_3E = (2.3515, 48.8576, 2.3807, 48.8700)
TESTER = system_actor("test")
_numbers = itertools.count(1)


def make_territory(
    slug: str = "paris-3e", bounds: tuple[float, float, float, float] | None = PARIS_3E, name: str = "Paris 3e"
) -> TerritoryView:
    """A territory that was never built, with bounds unless told."""
    west, south, east, north = bounds or (None, None, None, None)
    row = Territory(
        id=new_id(),
        slug=slug,
        name=name,
        min_lon=west,
        min_lat=south,
        max_lon=east,
        max_lat=north,
        centre_lon=None if bounds is None else (bounds[0] + bounds[2]) / 2,
        centre_lat=None if bounds is None else (bounds[1] + bounds[3]) / 2,
        build_version=None if bounds is None else "test",
        created_at=datetime(2024, 1, 1, tzinfo=UTC),
    )
    with unit_of_work() as uow:
        uow.session.add(row)
    return territory_view(row)


def at(text: str) -> datetime:
    """An instant written in ISO 8601; UTC when it has no offset."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def square(west: float, south: float, side: float = 0.004) -> BaseGeometry:
    """A square area, side in degrees."""
    return shapely.box(west, south, west + side, south + side)


def perimeter_draft(
    name: str = "Course du canal",
    colour: Colour | None = Colour.RED,
    shape: BaseGeometry | None = None,
    spans: Sequence[tuple[str, str | None]] = (("2024-09-08T05:30", "2024-09-08T14:00"),),
    issues: Sequence[Issue] = (),
) -> PerimeterDraft:
    """A perimeter in the middle of the test territory."""
    area = square(2.360, 48.860) if shape is None else shape
    return PerimeterDraft(
        event=f"{name} 2024",
        name=name,
        colour=colour,
        shape=area,
        geometry_digest=digest(area.wkt),
        activations=tuple(Activation(at(start), None if end is None else at(end)) for start, end in spans),
        issues=tuple(issues),
    )


def measure_draft(
    kind: MeasureType = MeasureType.NO_ENTRY,
    line: Sequence[tuple[float, float]] = ((2.370, 48.862), (2.372, 48.862)),
    periods: Sequence[Period] | None = None,
    vehicles: VehicleRule = ALL_VEHICLES,
    max_speed_kmh: int | None = None,
    label: str = "Rue des Tanneurs",
    direction: Direction = Direction.BOTH,
) -> MeasureDraft:
    """A measure on a short street of the test territory, in force from 2024 on."""
    street = MeasureLocation(LocationKind.NAMED_STREET, label, shapely.LineString(line), direction)
    chosen = [Period(at("2024-01-01"))] if periods is None else periods
    return MeasureDraft(kind, (street,), tuple(chosen), vehicles, max_speed_kmh)


def order_draft(
    *measures: MeasureDraft,
    title: str = "Arrêté de la rue des Tanneurs",
    identifier: str | None = None,
    status: OrderStatus = OrderStatus.PUBLISHED,
) -> OrderDraft:
    """A permanent order of the town."""
    return OrderDraft(
        identifier=identifier or f"A-{next(_numbers)}",
        title=title,
        authority_name="Ville d’essai",
        category=Category.PERMANENT,
        measures=measures or (measure_draft(),),
        status=status,
    )


def bay_draft(local_id: str | None = None, lon: float = 2.362, lat: float = 48.863) -> BayDraft:
    """A permanent bay."""
    number = next(_numbers)
    return BayDraft(
        local_id or f"B-{number}",
        lon,
        lat,
        address=f"{number} rue des Tanneurs",
        regime=BayRegime.PERMANENT,
        length_cm=1000,
    )


def make_law(
    territory: TerritoryView,
    *,
    perimeters: Sequence[PerimeterDraft] = (),
    orders: Sequence[OrderDraft] = (),
    bays: Sequence[BayDraft] = (),
) -> None:
    """Store law in a territory."""
    if perimeters:
        store_perimeters(TESTER, territory.id, perimeters)
    if orders:
        store_orders(TESTER, territory.id, orders)
    if bays:
        store_bays(TESTER, territory.id, bays)
