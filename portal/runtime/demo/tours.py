"""Tours of the demonstration: a round with hours, a refusal that a pass would lift, a long round of a lorry."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask import Flask

from portal.cirqliz import api as cirqliz
from portal.fleet import api as fleet
from portal.itineriz import api as itineriz
from portal.regulations.schedules import Interval
from portal.runtime.demo.jobs import run_waiting_jobs
from portal.runtime.demo.people import DemoCompany
from portal.territories.api import TerritoryView
from portal.territories.demo_town import Address, Town

_MINUTE_S = 60


def make_tours(
    app: Flask, territory: TerritoryView, town: Town, florist: DemoCompany, wholesaler: DemoCompany, today: date
) -> None:
    """Ask for the tours and compute them."""
    zone = ZoneInfo(territory.timezone)

    def at(days: int, hour: int, minute: int = 0) -> datetime:
        return datetime.combine(today + timedelta(days=days), time(hour, minute), zone)

    streets = _by_street(town)
    round_ = [next(streets) for _ in range(7)]
    windows = {2: (at(1, 8), at(1, 10)), 4: (at(1, 9), at(1, 11, 30))}
    _ask(florist, territory, round_, at(1, 7, 30), "Tournée des fleuristes", windows=windows, free_order=True)
    place = town.places["stadium"]
    beside = min(_reachable(town), key=lambda a: (a.lon - place.lon) ** 2 + (a.lat - place.lat) ** 2)
    _ask(florist, territory, [round_[0], beside], at(3, 14), "Bouquets du stade", in_fleet=False)
    _ask(wholesaler, territory, [next(streets) for _ in range(12)], at(1, 5, 30), "Marchés du matin", free_order=True)
    run_waiting_jobs(app)


def _ask(
    company: DemoCompany,
    territory: TerritoryView,
    addresses: list[Address],
    depart_at: datetime,
    label: str,
    *,
    windows: dict[int, tuple[datetime, datetime]] | None = None,
    free_order: bool = False,
    in_fleet: bool = True,
) -> None:
    """Ask for a tour; out of the fleet it is made by a rented lorry, which holds no pass."""
    vehicle = next(iter(fleet.list_vehicles(company.id, limit=1))) if in_fleet else None
    stops = [
        itineriz.Stop(
            place.lon,
            place.lat,
            f"{place.number} {place.street}",
            10 * _MINUTE_S if number else 0,
            tuple(Interval(*bounds) for bounds in [(windows or {}).get(number)] if bounds),
        )
        for number, place in enumerate(addresses)
    ]
    command = itineriz.CreateRoute(
        territory_id=territory.id,
        company_id=company.id,
        stops=tuple(stops),
        depart_at=depart_at,
        vehicle=vehicle.public() if vehicle else {"gvw_t": 7.5, "height_m": 3.2, "length_m": 7.2, "hazmat": False},
        vehicle_id=vehicle.id if vehicle else None,
        vehicle_label=vehicle.plate_display if vehicle else "Camion de location",
        passes=tuple(cirqliz.active_pass_rights(vehicle.id)) if vehicle else (),
        free_order=free_order,
        return_to_start=free_order,
        label=label,
    )
    itineriz.create_route(company.owner, command)


def _reachable(town: Town) -> list[Address]:
    """The addresses on streets for vehicles."""
    on_foot = {street.name for street in town.streets if street.highway == "pedestrian"}
    return [address for address in town.addresses if address.street not in on_foot]


def _by_street(town: Town) -> Iterator[Address]:
    """One address of a street after another, spread over the town."""
    first: dict[str, Address] = {}
    for address in _reachable(town):
        first.setdefault(address.street, address)
    spread = list(first.values())
    step = 17
    return (spread[(number * step) % len(spread)] for number in range(len(spread)))
