"""Short makers of law values for the tests of the pure core. Shapes are boxes and streets in Paris."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from shapely import LineString, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from portal.regulations.calendars import LocalCalendar
from portal.regulations.holidays import HolidayRegion
from portal.regulations.measures import (
    Direction,
    LocationKind,
    Measure,
    MeasureLocation,
    MeasureType,
    OrderRef,
    Origin,
)
from portal.regulations.perimeters import AccessPolicy, Activation, Colour, Perimeter
from portal.regulations.schedules import Period
from portal.regulations.snapshot import LawSnapshot
from portal.regulations.vehicles import ALL_VEHICLES, VehicleRule

PARIS = ZoneInfo("Europe/Paris")
CALENDAR = LocalCalendar(PARIS)
ZONE: Polygon = box(2.30, 48.80, 2.31, 48.81)
INSIDE = Point(2.305, 48.805)
OUTSIDE = Point(2.50, 48.805)
# A street that runs east for about 730 m, well away from ZONE.
STREET = LineString([(2.40, 48.85), (2.41, 48.85)])
ON_STREET = Point(2.405, 48.85)


def local(text: str) -> datetime:
    """An instant from its Paris clock: `2024-07-27 12:00`."""
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


def perimeter(
    colour: Colour = Colour.RED,
    *spans: tuple[str, str],
    id: str = "p1",  # noqa: A002 - the name of the field
    shape: BaseGeometry = ZONE,
    policy: AccessPolicy | None = None,
    named_roads: frozenset[str] = frozenset(),
) -> Perimeter:
    """A perimeter; without a span it is active on 27 July 2024 from 10:00 to 20:00."""
    dates = spans or (("2024-07-27 10:00", "2024-07-27 20:00"),)
    activations = tuple(Activation(local(start), local(end)) for start, end in dates)
    return Perimeter(id, "Escrime", f"Zone {id}", colour, shape, activations, policy, named_roads=named_roads)


def measure(
    kind: MeasureType = MeasureType.NO_ENTRY,
    rule: VehicleRule = ALL_VEHICLES,
    *,
    id: str = "m1",  # noqa: A002 - the name of the field
    shape: BaseGeometry = STREET,
    direction: Direction = Direction.UNKNOWN,
    periods: tuple[Period, ...] | None = None,
    max_speed_kmh: int | None = None,
    origin: Origin = Origin.ORDER,
) -> Measure:
    """A measure in force since 2024 began unless periods are given."""
    location = MeasureLocation(LocationKind.NAMED_STREET, "Rue de la Paix", shape, direction)
    when = (Period(local("2024-01-01 00:00")),) if periods is None else periods
    return Measure(id, OrderRef("o1", "Arrêté 12"), kind, (location,), when, rule, max_speed_kmh, origin)


def law_of(*regulations: Perimeter | Measure, region: HolidayRegion = HolidayRegion.METROPOLE) -> LawSnapshot:
    """A snapshot of these regulations on the clock of Paris."""
    return LawSnapshot.build(
        [r for r in regulations if isinstance(r, Perimeter)],
        [r for r in regulations if isinstance(r, Measure)],
        zone=PARIS,
        version="test",
        region=region,
    )
