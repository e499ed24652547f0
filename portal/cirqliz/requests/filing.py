"""The rows of a request that is being filed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from portal.accounts.api import CompanyView
from portal.cirqliz.law import spans_in
from portal.cirqliz.models import AccessRequest, RequestPerimeter, RequestStop, RequestVehicle
from portal.cirqliz.requests.commands import Driver, SubmitRequest
from portal.cirqliz.states import RequestState, VehicleDecision
from portal.common.clock import Clock
from portal.common.errors import Conflict, Invalid
from portal.common.ids import new_id
from portal.fleet.api import VehicleView, plate_key
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot
from portal.territories.api import TerritoryView

_NOBODY = Driver("")


def named_perimeters(law: LawSnapshot, command: SubmitRequest) -> Sequence[Perimeter]:
    """Return the perimeters that the company names, strictest first.

    Raises Invalid: perimeter-gone (unknown, or it asks nothing), perimeter-asleep (`names`: never active then).
    """
    found = [law.perimeters.get(id_) for id_ in command.perimeter_ids]
    known = [p for p in found if p is not None and p.access.motorised is not Motorised.FREE]
    if len(known) != len(found):
        raise Invalid("perimeter-gone", field="perimeters")
    window = Interval(command.starts_at, command.ends_at)
    asleep = sorted(p.name for p in known if not spans_in(p, window))
    if asleep:
        raise Invalid("perimeter-asleep", field="perimeters", names=", ".join(asleep))
    return sorted(known, key=lambda p: (-p.colour.strictness, p.name, p.id))


def check_places(territory: TerritoryView, command: SubmitRequest) -> None:
    """Raise Invalid with the number of the first stop outside the territory's map, Conflict when there is none."""
    if territory.bounds is None:
        raise Conflict("territory-not-built")
    west, south, east, north = territory.bounds
    for number, stop in enumerate(command.stops):
        if not (west <= stop.lon <= east and south <= stop.lat <= north):
            raise Invalid("stop-outside-territory", field="stops", stop=number)


def new_request(
    company: CompanyView,
    command: SubmitRequest,
    vehicles: Sequence[VehicleView],
    perimeters: Iterable[Perimeter],
    number: str,
    clock: Clock,
) -> AccessRequest:
    """Return the request with its stops, vehicles and the perimeters it names; its route and its job are not there."""
    return AccessRequest(
        id=new_id(),
        territory_id=command.territory_id,
        company_id=company.id,
        company_name=company.name,
        number=number,
        reason=command.reason.strip(),
        starts_at=command.starts_at,
        ends_at=command.ends_at,
        state=RequestState.SUBMITTED,
        submitted_at=clock.now(),
        submission_key=command.submission_key(),
        renewed_from=command.renewed_from,
        stops=[
            RequestStop(
                id=new_id(),
                position=position,
                label=stop.label,
                lon=stop.lon,
                lat=stop.lat,
                service_min=stop.service_min,
            )
            for position, stop in enumerate(command.stops)
        ],
        vehicles=[_vehicle(vehicle, command.drivers.get(vehicle.id, _NOBODY)) for vehicle in vehicles],
        perimeters=[perimeter_row(perimeter, asked=True) for perimeter in perimeters],
    )


def _vehicle(vehicle: VehicleView, driver: Driver) -> RequestVehicle:
    return RequestVehicle(
        id=new_id(),
        vehicle_id=vehicle.id,
        plate=vehicle.plate,
        plate_display=vehicle.plate_display,
        plate_key=plate_key(vehicle.plate),
        driver_name=" ".join(driver.name.split()),
        driver_email=driver.email,
        decision=VehicleDecision.PENDING,
        reason_text="",
    )


def perimeter_row(perimeter: Perimeter, *, asked: bool = False) -> RequestPerimeter:
    """Return the row that keeps what a perimeter said on the day."""
    return RequestPerimeter(
        id=new_id(),
        perimeter_id=perimeter.id,
        name=perimeter.name,
        event=perimeter.event,
        colour=perimeter.colour,
        motorised=perimeter.access.motorised,
        asked=asked,
    )
