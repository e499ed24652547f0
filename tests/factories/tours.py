"""Tours of a company with an answer as the planner stores it, for the pages and documents that read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from portal.common.actor import Actor, ActorKind, CompanyRole
from portal.itineriz.models import RouteStatus
from portal.itineriz.queries import RouteView, get_route
from portal.itineriz.services import ComputedRoute, CreateRoute, create_route, store_route
from portal.itineriz.trip import Stop
from portal.territories.api import TerritoryView

ZONE = ZoneInfo("Europe/Paris")
STOPS = (
    Stop(2.3560, 48.8655, "Dépôt, rue du Départ"),
    Stop(2.3700, 48.8640, "12 Rue des Lilas, 75003 Paris", 600),
    Stop(2.3780, 48.8690, "Chez <b>Zoé</b> & fils", 300),
)
RED = {
    "code": "perimeter-pass-needed",
    "kind": "perimeter",
    "id": "perimetre-rouge",
    "title": "Marathon",
    "state": "pass_required",
    "event": "Marathon",
    "colour": "red",
    "policy": "passRequired",
    "why": "phrase d’une version ancienne",
}
ROADWORKS = {
    "code": "measure-no-entry",
    "kind": "measure",
    "id": "mesure-travaux",
    "title": "Travaux rue Amelot",
    "state": "forbidden",
    "authority": "Ville de Paris",
    "url": "https://arretes.exemple/2026-17",
    "missing_exemptions": ["localAccess", "gross_weight_kg>3500"],
    "why": "phrase d’une version ancienne",
}


def day_of(at: datetime) -> dict[str, str]:
    """The span of a regulation that lasts the whole day of an instant."""
    start = at.astimezone(ZONE).replace(hour=7, minute=0, second=0, microsecond=0)
    return {"starts_at": start.isoformat(), "ends_at": (start + timedelta(hours=13)).isoformat()}


def lawful_answer(depart_at: datetime, stops: tuple[Stop, ...] = STOPS) -> dict[str, Any]:
    """An answer with every key of the planner: bays, detours, proposals, emissions."""
    at = depart_at.astimezone(ZONE)
    served, legs, timeline = [], [], []
    for number, stop in enumerate(stops):
        arrive_at = at if number == 0 else at + timedelta(minutes=15)
        if number:
            before = stops[number - 1]
            line = [[before.lon, before.lat], [stop.lon, stop.lat]]
            timeline += [[*line[0], at.isoformat()], [*line[1], arrive_at.isoformat()]]
            legs.append(_leg(at, arrive_at, line))
        leave_at = arrive_at + timedelta(seconds=stop.service_s)
        served.append(_served(number, stop, arrive_at, leave_at))
        at = leave_at
    return {
        "status": "ok",
        "depart_at": depart_at.astimezone(ZONE).isoformat(),
        "arrive_at": served[-1]["arrive_at"],
        "distance_m": 1200 * len(legs),
        "duration_s": round((at - depart_at).total_seconds()),
        "drive_s": 900 * len(legs),
        "geometry": {"type": "LineString", "coordinates": [[lon, lat] for lon, lat, _at in timeline]},
        "timeline": timeline,
        "stops": served,
        "legs": legs,
        "avoided": [
            ROADWORKS
            | day_of(depart_at)
            | {"minutes": 4.5, "metres": 820, "leg": 0, "source": "dialog", "lines": _lines()},
        ],
        "violations": [],
        "warnings": [
            {"notice": "sizes-unknown", "params": {"facts": "height_m"}, "text": "phrase ancienne"},
            {"notice": "stop-away-from-road", "params": {"stop": 1, "metres": 60}, "text": "phrase ancienne"},
        ],
        "needed_passes": [],
        "blocking": [],
        "impossible_stops": [],
        "proposals": [
            {
                "kind": "leave_later",
                "depart_at": (depart_at + timedelta(minutes=40)).isoformat(),
                "arrive_at": (at + timedelta(minutes=5)).isoformat(),
                "saves_s": 2100,
            },
            {"kind": "wait", "stop": 1, "depart_at": depart_at.isoformat(), "arrive_at": None, "saves_s": 600},
        ],
        "departures": [],
        "emissions": {
            "energy": "diesel",
            "source": "essai",
            "basis": "average-per-kilometre",
            "co2_kg": 3.25,
            "fuel_l": 1.2,
        },
        "order": {"free": True, "given": list(range(len(stops))), "saved_s": 660, "saved_m": 1500},
        "without_law": {"distance_m": 2000, "drive_s": 1500},
        "law_version": "1",
        "graph_version": "essai-1",
    }


def refused_answer(depart_at: datetime, stops: tuple[Stop, ...] = STOPS) -> dict[str, Any]:
    """A refusal: a perimeter in the way of the last stop, which a pass would open, and another stop impossible."""
    red = RED | day_of(depart_at)
    needed = {
        "perimeter_id": RED["id"],
        "title": RED["title"],
        "event": RED["event"],
        "colour": "red",
        "policy": "passRequired",
        "requirement": "pass",
        "held": False,
        "stops": [2],
        **day_of(depart_at),
    }
    opens_at = day_of(depart_at)["ends_at"]
    shown = [_served(number, stop, None, None) for number, stop in enumerate(stops)]
    return {
        "status": "no_lawful_route",
        "depart_at": depart_at.astimezone(ZONE).isoformat(),
        "distance_m": 0,
        "duration_s": 0,
        "drive_s": 0,
        "geometry": None,
        "timeline": [],
        "stops": shown,
        "legs": [],
        "avoided": [],
        "violations": [],
        "warnings": [],
        "needed_passes": [needed],
        "blocking": [red | {"stop": 2, "opens_at": opens_at, "pass": needed, "lines": _lines()}],
        "impossible_stops": [
            {
                "number": 1,
                "label": stops[1].label,
                "reasons": [ROADWORKS | day_of(depart_at)],
                "open": [[opens_at, (depart_at + timedelta(days=2)).isoformat()]],
                "passes": [needed],
            }
        ],
        "proposals": [],
        "departures": [opens_at],
        "without_law": {"distance_m": 2000, "drive_s": 1500},
        "law_version": "1",
        "graph_version": "essai-1",
    }


def make_tour(
    territory: TerritoryView,
    company_id: UUID,
    depart_at: datetime,
    result: Mapping[str, Any] | None,
    **asked: Any,
) -> RouteView:
    """A tour of a company with this answer; without an answer it waits for its computation. asked: of `CreateRoute`."""
    actor = Actor(ActorKind.USER, "Camille", companies={company_id: CompanyRole.OWNER})
    known = {"stops": STOPS, "vehicle": {"gvw_t": 3.5}, "vehicle_label": "GA-001-VA – Camionnette"} | asked
    command = CreateRoute(territory_id=territory.id, company_id=company_id, depart_at=depart_at, **known)
    route_id = create_route(actor, command, enqueue_job=False)
    if result is not None:
        status = RouteStatus.DONE if result["status"] == "ok" else RouteStatus.NO_LAWFUL_ROUTE
        store_route(route_id, ComputedRoute(status, result, str(result["law_version"]), "essai-1"))
    return get_route(company_id, route_id)


def _leg(depart_at: datetime, arrive_at: datetime, line: list[list[float]]) -> dict[str, Any]:
    (lon, lat), end = line
    return {
        "depart_at": depart_at.isoformat(),
        "arrive_at": arrive_at.isoformat(),
        "distance_m": 1200,
        "duration_s": round((arrive_at - depart_at).total_seconds()),
        "geometry": {"type": "LineString", "coordinates": line},
        "instructions": [
            _step("Conduisez vers l'est sur Rue du Départ.", "Drive east on Rue du Départ.", 800, lon, lat),
            _step("Vous êtes arrivé à votre destination.", "You have arrived at your destination.", 0, *end),
        ],
    }


def _step(text: str, text_en: str, distance_m: float, lon: float, lat: float) -> dict[str, Any]:
    where = {"streets": ["Rue du Départ"], "distance_m": distance_m, "duration_s": 60, "lon": lon, "lat": lat}
    return {"text": text, "text_en": text_en, **where}


def _served(number: int, stop: Stop, arrive_at: datetime | None, leave_at: datetime | None) -> dict[str, Any]:
    bay = {
        "id": f"aire-{number}",
        "name": "Aire 75003-12",
        "address": "14 Rue des Lilas",
        "lon": stop.lon,
        "lat": stop.lat,
        "walk_m": 38,
        "length_m": 12.5,
        "regime": "permanent",
        "hours": "Réservée aux livraisons à toute heure.",
        "max_stay_min": 30,
        "usable": True,
    }
    doubtful = bay | {
        "id": f"aire-{number}-bis",
        "name": "",
        "address": "2 Rue des Roses",
        "walk_m": 90,
        "usable": "unknown",
        "doubt": "bay-length-unknown",
        "why": "La longueur de l’aire est inconnue.",
    }
    return {
        "number": number,
        "label": stop.label,
        "lon": stop.lon,
        "lat": stop.lat,
        "arrive_at": arrive_at and arrive_at.isoformat(),
        "leave_at": leave_at and leave_at.isoformat(),
        "wait_s": 0,
        "service_s": stop.service_s,
        "windows": [],
        "at": [stop.lon + 0.0001, stop.lat] if arrive_at else None,
        "bays": [bay, doubtful] if number == 1 and arrive_at else [],
    }


def _lines() -> dict[str, Any]:
    return {"type": "MultiLineString", "coordinates": [[[2.366, 48.862], [2.368, 48.863]]]}
