"""What the rules read of a request: every fact once, as JSON values that are kept with the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, or_, select

from portal.accounts.api import get_company
from portal.cirqliz.law import needed_perimeters, spans_in
from portal.cirqliz.models import AccessRequest, RequestDocument, RequestVehicle
from portal.cirqliz.ports import RouteStop
from portal.cirqliz.states import VehicleDecision
from portal.db import session
from portal.fleet.api import Category, VehicleView, get_known_vehicles, plates_elsewhere
from portal.numeriz.api import law_snapshot
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot

# Gross weights of the EU categories, in kilograms: above the first, up to the second (domain 4.6).
_WEIGHTS: Final = {Category.N1: (0, 3_500), Category.N2: (3_500, 12_000), Category.N3: (12_000, None)}


def facts_of(request: AccessRequest) -> dict[str, Any]:
    """Return the facts of a request as they are now; `rules.conditions` says what each is.

    The perimeters are those the request names and those its stops have come to need since; colour, policy and hours
    are those of the law of now.
    """
    company = get_company(request.company_id)
    counted = select(func.count()).where(RequestDocument.request_id == request.id)
    return {
        "company": {"status": company.status.value, "naf": company.naf_code},
        "vehicles": vehicle_facts(request),
        "perimeters": perimeter_facts(law_snapshot(request.territory_id), request),
        "documents": session().scalars(counted).one(),
        "window_s": int((request.ends_at - request.starts_at).total_seconds()),
        "ahead_s": int((request.starts_at - request.submitted_at).total_seconds()),
        "tour": request.tour_status,
        "refused_before": was_refused_before(request),
        "obstacle": None,
    }


def was_refused_before(request: AccessRequest) -> bool:
    """Tell whether a person refused one of these vehicles in another request of the territory for dates that meet."""
    keys = {line.plate_key for line in request.vehicles}
    ids = [line.vehicle_id for line in request.vehicles]
    # The same vehicle, or the same plate entered anew; the plates are what is quick to find.
    same = or_(RequestVehicle.vehicle_id.in_(ids), AccessRequest.company_id == request.company_id)
    refused = (
        select(RequestVehicle.id)
        .join(AccessRequest, AccessRequest.id == RequestVehicle.request_id)
        .where(
            RequestVehicle.plate_key.in_(keys),
            RequestVehicle.decision == VehicleDecision.REFUSED,
            AccessRequest.id != request.id,
            AccessRequest.territory_id == request.territory_id,
            AccessRequest.starts_at < request.ends_at,
            AccessRequest.ends_at > request.starts_at,
            same,
        )
    )
    return session().scalar(refused.limit(1)) is not None


def vehicle_facts(request: AccessRequest) -> list[dict[str, Any]]:
    """Return what is known now of the vehicles of a request, in its order."""
    ids = [vehicle.vehicle_id for vehicle in request.vehicles]
    known = {vehicle.id: vehicle for vehicle in get_known_vehicles(request.company_id, ids)}
    elsewhere = plates_elsewhere(request.company_id, ids)
    return [
        _facts(line.plate_display, known.get(line.vehicle_id), elsewhere.get(line.vehicle_id, 0))
        for line in request.vehicles
    ]


def facts_of_vehicles(company_id: UUID, vehicles: Sequence[VehicleView]) -> list[dict[str, Any]]:
    """Return the facts of vehicles that a company may use, as `vehicle_facts` does for those of a request."""
    elsewhere = plates_elsewhere(company_id, [vehicle.id for vehicle in vehicles])
    return [_facts(vehicle.plate_display, vehicle, elsewhere.get(vehicle.id, 0)) for vehicle in vehicles]


def perimeter_facts(law: LawSnapshot, request: AccessRequest) -> list[dict[str, Any]]:
    """Return what a law says of the perimeters of a request, by id.

    hours: the activations that meet the window, [start, end or None] in UTC; colour, motorised and hours are None for a
    perimeter the law no longer knows.
    """
    window = Interval(request.starts_at, request.ends_at)
    stops = (RouteStop(stop.label, stop.lon, stop.lat, stop.service_min) for stop in request.stops)
    names = {line.perimeter_id: line.name for line in request.perimeters}
    names |= {perimeter.id: perimeter.name for perimeter in needed_perimeters(law, stops, (), window)}
    found = []
    for id_ in sorted(names):
        perimeter = law.perimeters.get(id_)
        found.append(
            {
                "id": id_,
                "name": names[id_],
                "colour": perimeter and perimeter.colour.value,
                "motorised": perimeter and perimeter.access.motorised.value,
                "hours": perimeter
                and [[s.start.isoformat(), s.end and s.end.isoformat()] for s in spans_in(perimeter, window)],
            }
        )
    return found


def _facts(plate: str, vehicle: VehicleView | None, elsewhere: int) -> dict[str, Any]:
    return {
        "plate": plate,
        "category": vehicle and _category(vehicle),
        "energy": vehicle and vehicle.energy and vehicle.energy.value,
        "air_class": vehicle and vehicle.air_class and vehicle.air_class.value,
        "hazmat": vehicle and vehicle.hazmat,
        "elsewhere": elsewhere,
    }


def _category(vehicle: VehicleView) -> str | None:
    """Return the category, None when the weight says another: which of the two is wrong, nobody knows."""
    bounds = _WEIGHTS.get(vehicle.category)
    if bounds is None or vehicle.gross_weight_kg is None:
        return vehicle.category.value
    above, most = bounds
    agrees = above < vehicle.gross_weight_kg and (most is None or vehicle.gross_weight_kg <= most)
    return vehicle.category.value if agrees else None


def rule_ids(facts: Mapping[str, Any]) -> list[UUID]:
    """Return the versions of the rules, in order, that read these facts."""
    return [UUID(text) for text in facts["rules"]]
