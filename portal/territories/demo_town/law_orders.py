"""Some twenty-five invented traffic orders, one or more of each kind the portal knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, time

from portal.regulations.measures import LocationKind, Measure, MeasureLocation, MeasureType, OrderRef
from portal.regulations.schedules import Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    ALL_VEHICLES,
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from portal.territories.demo_town.law import DemoOrder
from portal.territories.demo_town.law_shapes import (
    StreetChooser,
    hull_of,
    local_instant,
    street_location,
    tagged_location,
    traffic_location,
)
from portal.territories.demo_town.town import Street, Town

LONG_AGO_DAYS = -800
WORKDAYS = frozenset(list(Weekday)[:5])
SATURDAY_TOO = frozenset(list(Weekday)[:6])
EMERGENCY = (UsedFor(Usage.EMERGENCY), UsedFor(Usage.POLICE))
LOCAL = (HasAccess(Access.LOCAL_ACCESS), *EMERGENCY)
DELIVERIES = (UsedFor(Usage.CITY_LOGISTICS), HasAccess(Access.RESIDENT), *EMERGENCY)


class OrderBook:
    """Writes orders one after the other, numbered as a town hall would."""

    def __init__(self, town: Town, today: date) -> None:
        self.town = town
        self.today = today
        self.streets = StreetChooser(town)
        self.orders: list[DemoOrder] = []

    def permanent(self, title: str, *measures: Measure, authority: str | None = None) -> None:
        """Add a permanent order."""
        self._add(title, "permanent", None, LONG_AGO_DAYS, None, measures, authority)

    def temporary(self, title: str, subject: str, days: tuple[int, int], *measures: Measure) -> None:
        """Add a temporary order; days: first day and day after the last, from today."""
        self._add(title, "temporary", subject, days[0], days[1], measures, None)

    def measure(
        self,
        kind: MeasureType,
        places: Sequence[MeasureLocation],
        vehicles: VehicleRule = ALL_VEHICLES,
        *,
        weekdays: frozenset[Weekday] = frozenset(),
        slots: Sequence[tuple[time, time]] = (),
        days: tuple[int, int | None] = (LONG_AGO_DAYS, None),
        speed_kmh: int | None = None,
    ) -> Measure:
        """Return a measure of the order that is about to be added."""
        end = None if days[1] is None else local_instant(self.today, days[1])
        period = Period(
            local_instant(self.today, days[0]), end, weekdays, tuple(TimeSlot(start, stop) for start, stop in slots)
        )
        unbound = OrderRef("", "")  # the order binds its measures when it is added
        return Measure("", unbound, kind, tuple(places), (period,), vehicles, speed_kmh)

    def _add(
        self,
        title: str,
        category: str,
        subject: str | None,
        first: int,
        last: int | None,
        measures: Sequence[Measure],
        authority: str | None,
    ) -> None:
        title = _typeset(title)
        issuer = authority or f"Commune de {self.town.name}"
        number = len(self.orders) + 1
        reference = OrderRef(f"demo-{number:02d}", title, issuer)
        bound = tuple(
            Measure(f"{reference.id}-{i}", reference, m.type, m.locations, m.periods, m.vehicles, m.max_speed_kmh)
            for i, m in enumerate(measures, 1)
        )
        start = local_instant(self.today, first)
        end = None if last is None else local_instant(self.today, last)
        year = start.year
        self.orders.append(
            DemoOrder(
                f"{year}-{'P' if last is None else 'T'}-{number:03d}",
                title,
                issuer,
                category,
                subject,
                start,
                end,
                bound,
            )
        )


def traffic_orders(town: Town, today: date) -> tuple[DemoOrder, ...]:
    """Return the orders; raises LookupError when the town is too small to hold them."""
    book = OrderBook(town, today)
    _weights_and_sizes(book)
    _centre(book)
    _everyday(book)
    _works(book)
    return tuple(book.orders)


def _typeset(title: str) -> str:
    """Return a title with the non-breaking spaces of French before a colon and before a unit."""
    return re.sub(r" (?=:)|(?<=\d) (?=(?:t|h|m|km/h)\b)|(?<=\dh) (?=\d)", "\u00a0", title)


def _over_kg(kilograms: int, *exempt: HasAccess | UsedFor) -> VehicleRule:
    return VehicleRule((Over(Size.GROSS_WEIGHT, kilograms),), exempt)


def _is_suburb(street: Street) -> bool:
    return street.zone == "suburb" and street.highway == "residential" and not street.one_way


def _is_through(street: Street) -> bool:
    return street.highway in ("tertiary", "secondary") and street.role in ("cut", "ring", "radial")


def _weights_and_sizes(book: OrderBook) -> None:
    town, ban = book.town, MeasureType.NO_ENTRY
    weight_street = book.streets.named(town.places["weight_street"].label)
    book.permanent(
        f"Interdiction aux véhicules de plus de 3,5 t en journée, {weight_street.name}",
        book.measure(
            ban, [street_location(weight_street)], _over_kg(3500), weekdays=WORKDAYS, slots=[(time(7), time(19))]
        ),
    )
    book.permanent(
        "Limitation de tonnage à 12 t sur le Vieux Pont",
        book.measure(ban, [tagged_location(town, "maxweight", "Vieux Pont")], _over_kg(12000)),
    )
    book.permanent(
        "Limitation de hauteur à 3,20 m, passage inférieur de la gare",
        book.measure(
            ban,
            [tagged_location(town, "maxheight", "Passage inférieur de la gare")],
            VehicleRule((Over(Size.HEIGHT, 320),)),
        ),
    )
    for place in ((-0.5, -0.35), (0.35, -0.45), (0.4, 0.45)):
        street = book.streets.take(place, _is_suburb)
        book.permanent(
            f"Interdiction aux véhicules de plus de 3,5 t sauf desserte locale, {street.name}",
            book.measure(ban, [street_location(street)], _over_kg(3500, *LOCAL)),
        )
    peaks = [(time(7), time(9, 30)), (time(16, 30), time(19))]
    for place in ((-0.2, 0.4), (0.15, -0.4)):
        street = book.streets.take(place, _is_through)
        book.permanent(
            f"Interdiction aux véhicules de plus de 7,5 t aux heures de pointe, {street.name}",
            book.measure(ban, [street_location(street)], _over_kg(7500), weekdays=WORKDAYS, slots=peaks),
        )
    quay = book.streets.take((-0.25, -0.15), lambda s: s.role == "quay_right")
    book.permanent(
        f"Interdiction de nuit aux véhicules de plus de 19 t, {quay.name}",
        book.measure(ban, [street_location(quay)], _over_kg(19000), slots=[(time(22), time(6))]),
    )
    narrow = [book.streets.take(p, lambda s: s.zone == "old_town", 60) for p in ((-0.1, 0.12), (0.1, -0.18))]
    book.permanent(
        "Limitation de gabarit dans les rues étroites de la vieille ville",
        book.measure(
            ban,
            [street_location(s) for s in narrow],
            VehicleRule((Over(Size.LENGTH, 1000), Over(Size.WIDTH, 230))),
        ),
    )


def _centre(book: OrderBook) -> None:
    town, ban = book.town, MeasureType.NO_ENTRY
    core = [street_location(s) for s in town.streets if s.highway == "pedestrian"]
    book.permanent(
        "Aire piétonne du centre : livraisons de 6 h à 10 h 30",
        book.measure(ban, core, VehicleRule((), EMERGENCY), slots=[(time(10, 30), time(6))]),
        book.measure(ban, core, VehicleRule((), DELIVERIES), slots=[(time(6), time(10, 30))]),
        book.measure(MeasureType.SPEED_LIMIT, core, speed_kmh=6),
    )
    old_town = hull_of(town, lambda s: s.role == "old_ring", -8)
    inner = hull_of(town, lambda s: s.role == "ring" and s.rank == 0, 12)
    book.permanent(
        "Zone à faibles émissions du centre",
        book.measure(
            ban,
            [MeasureLocation(LocationKind.AREA, "Zone à faibles émissions", inner)],
            VehicleRule((AirClassIn(frozenset({AirClass.CLASS_4, AirClass.CLASS_5, AirClass.NONE})),), EMERGENCY),
            weekdays=WORKDAYS,
            slots=[(time(8), time(20))],
        ),
    )
    place = MeasureLocation(LocationKind.AREA, "Vieille ville", old_town)
    book.permanent(
        "Interdiction des matières dangereuses dans la vieille ville",
        book.measure(ban, [place], VehicleRule((CarriesHazmat(),), EMERGENCY)),
    )
    book.permanent("Zone 30 de la vieille ville", book.measure(MeasureType.SPEED_LIMIT, [place], speed_kmh=30))
    for spot in ((-0.1, -0.02), (0.08, 0.1)):
        street = book.streets.take(spot, lambda s: s.one_way and s.zone == "old_town", 50)
        book.permanent(
            f"Sens unique, {street.name}", book.measure(MeasureType.ONE_WAY, [traffic_location(town, street)])
        )
    market = book.streets.take((0.02, 0.02), lambda s: s.zone == "old_town" and s.highway == "residential", 50)
    book.permanent(
        f"Jours de marché : circulation réservée aux approvisionnements, {market.name}",
        book.measure(
            ban,
            [street_location(market)],
            VehicleRule((), DELIVERIES),
            weekdays=frozenset({Weekday.WEDNESDAY, Weekday.SATURDAY}),
            slots=[(time(5), time(14))],
        ),
        book.measure(
            MeasureType.NO_PARKING,
            [street_location(market)],
            weekdays=frozenset({Weekday.WEDNESDAY, Weekday.SATURDAY}),
            slots=[(time(4), time(15))],
        ),
    )


def _everyday(book: OrderBook) -> None:
    ring = [street_location(s) for s in book.town.streets if s.highway == "trunk"]
    department = "Département de l’Orle"
    book.permanent(
        "Vitesse limitée à 70 km/h sur la rocade",
        book.measure(MeasureType.SPEED_LIMIT, ring, speed_kmh=70),
        authority=department,
    )
    route = book.streets.take((0.0, 0.9), lambda s: s.role == "radial" and s.name.startswith("Route"))
    book.permanent(
        f"Interdiction de dépasser aux véhicules de plus de 3,5 t, {route.name}",
        book.measure(MeasureType.NO_OVERTAKING, [street_location(route)], _over_kg(3500)),
        authority=department,
    )
    storage = book.streets.take((0.5, 0.75), lambda s: s.zone == "industry", 80)
    book.permanent(
        f"Aire de stockage des poids lourds en viabilité hivernale, {storage.name}",
        book.measure(MeasureType.STORAGE_AREA, [street_location(storage)], _over_kg(7500)),
        authority=department,
    )
    school = book.streets.take((-0.3, 0.1), lambda s: s.zone in ("centre", "suburb") and s.highway == "residential")
    book.permanent(
        f"Rue aux écoles, {school.name}",
        book.measure(
            MeasureType.NO_ENTRY,
            [street_location(school)],
            VehicleRule((), (HasAccess(Access.RESIDENT), *EMERGENCY)),
            weekdays=WORKDAYS,
            slots=[(time(8, 10), time(8, 45)), (time(16, 10), time(16, 45))],
        ),
    )
    posted = book.streets.take((0.2, 0.25), lambda s: s.zone in ("centre", "suburb") and s.highway == "residential")
    book.permanent(
        f"Stationnement interdit en dehors des livraisons, {posted.name}",
        book.measure(
            MeasureType.NO_PARKING,
            [street_location(posted)],
            VehicleRule((), (UsedFor(Usage.CITY_LOGISTICS),)),
            weekdays=SATURDAY_TOO,
            slots=[(time(7), time(12))],
        ),
    )


def _works(book: OrderBook) -> None:
    ban = MeasureType.NO_ENTRY
    crew = VehicleRule((), (UsedFor(Usage.ROADWORKS), *EMERGENCY))
    for place, days in (((0.3, 0.15), (-3, 12)), ((-0.35, -0.1), (-10, 3)), ((0.1, -0.55), (20, 45))):
        street = book.streets.take(place, lambda s: s.zone in ("centre", "suburb") and s.highway == "residential", 150)
        book.temporary(
            f"Travaux sur le réseau d’eau : rue barrée, {street.name}",
            "roadworks",
            days,
            book.measure(ban, [street_location(street)], crew, days=days),
        )
    quay = book.streets.take((0.2, -0.05), lambda s: s.role == "quay_left")
    nights = (-1, 6)
    book.temporary(
        f"Réfection de chaussée : fermeture de nuit, {quay.name}",
        "roadworks",
        nights,
        book.measure(ban, [street_location(quay)], crew, weekdays=WORKDAYS, slots=[(time(21), time(6))], days=nights),
    )
    street = book.streets.take((-0.5, 0.3), lambda s: s.highway in ("residential", "tertiary") and not s.one_way, 150)
    weeks = (-5, 25)
    book.temporary(
        f"Circulation alternée par feux, {street.name}",
        "roadworks",
        weeks,
        book.measure(MeasureType.ALTERNATE_TRAFFIC, [street_location(street)], days=weeks),
        book.measure(MeasureType.SPEED_LIMIT, [street_location(street)], days=weeks, speed_kmh=30),
    )
    fair = book.streets.take((0.25, -0.25), lambda s: s.zone in ("centre", "suburb") and s.highway == "residential")
    day = (1, 3)
    book.temporary(
        f"Vide-grenier de quartier, {fair.name}",
        "event",
        day,
        book.measure(
            ban,
            [street_location(fair)],
            VehicleRule((), (FreeText("exposants munis de leur carton"), *EMERGENCY)),
            slots=[(time(5), time(20))],
            days=day,
        ),
        book.measure(MeasureType.NO_PARKING, [street_location(fair)], days=day),
    )
