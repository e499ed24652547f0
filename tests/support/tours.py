"""Answered tours that are in no database, for what is made of an answer."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

from portal.common.ids import new_id
from portal.itineriz.models import RouteStatus
from portal.itineriz.queries import RouteView
from portal.territories.models import Accent
from portal.territories.queries import TerritoryView

DEPART = datetime(2026, 9, 8, 7, tzinfo=UTC)
_OFFSET = timedelta(hours=2)
_STEP_S = 60


def town(graph_dir: Path | None = None) -> TerritoryView:
    """A territory on the Paris clock; without a graph its maps have no streets."""
    values: dict[str, Any] = {field.name: None for field in fields(TerritoryView)}
    known = {"id": new_id(), "slug": "val", "name": "Val", "timezone": "Europe/Paris", "accent": Accent.BLUE}
    more = {"graph_dir": graph_dir, "build_version": "essai-1"}
    return TerritoryView(
        **values | known | more | {"contact_email": "", "law_notice": "", "is_demo": False, "version": 1}
    )


def clock(seconds: float) -> str:
    """An instant of a tour as answers write it."""
    return f"{DEPART.replace(tzinfo=None) + _OFFSET + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}+02:00"


def tour(labels: tuple[str, ...] = ("Dépôt", "Fleurs", "Marché"), *, old: bool = False, **more: Any) -> RouteView:
    """A tour of stops 400 m apart to the north-east, two minutes by leg and five at each stop.

    old: as releases stored it that knew neither bays nor lines nor English.
    """
    places = [(2.36 + 0.004 * n, 48.86 + 0.002 * n) for n in range(len(labels))]
    result = _result(labels, places)
    if old:
        result = _forgotten(result)
    values: dict[str, Any] = {field.name: None for field in fields(RouteView)}
    values |= {
        "id": new_id(),
        "territory_id": new_id(),
        "company_id": new_id(),
        "vehicle_label": "AB-123-CD",
        "vehicle": {"gvw_t": 12, "height_m": 3.5, "hazmat": True},
        "stops": [
            {"label": label, "lon": lon, "lat": lat, "service_min": 5}
            for label, (lon, lat) in zip(labels, places, strict=True)
        ],
        "depart_at": DEPART,
        "status": RouteStatus.DONE,
        "result": result,
        "error_params": {},
        "created_at": DEPART,
        "ended_at": DEPART,
        "label": "",
    }
    return RouteView(**values | more)


def _result(labels: tuple[str, ...], places: list[tuple[float, float]]) -> dict[str, Any]:
    stops, legs, timeline, now = [_stop(0, labels[0], places[0], None)], [], [], 0
    for number, (start, end) in enumerate(pairwise(places), start=1):
        middle = (end[0], start[1])
        drive = [[*start, clock(now)], [*middle, clock(now + _STEP_S)], [*end, clock(now + 2 * _STEP_S)]]
        legs.append(_leg(now, drive))
        timeline += drive
        now += 2 * _STEP_S
        stops.append(_stop(number, labels[number], end, now))
        now += 5 * _STEP_S
    line = [entry[:2] for entry in timeline]
    return {
        "status": "ok",
        "distance_m": 600 * len(legs),
        "duration_s": now,
        "drive_s": 2 * _STEP_S * len(legs),
        "geometry": {"type": "LineString", "coordinates": line},
        "timeline": timeline,
        "avoided": [_avoided(places[0])],
        "violations": [],
        "warnings": [{"notice": "sizes-unknown", "params": {"facts": "axle_load_t"}, "text": "Dimensions inconnues."}],
        "stops": stops,
        "legs": legs,
        "needed_passes": [],
        "blocking": [],
        "departures": [],
        "without_law": {"distance_m": 500, "drive_s": 100},
        "law_at": clock(-600),
        "law_version": "loi-1",
        "graph_version": "graphe-1",
        "depart_at": clock(0),
    }


def _stop(number: int, label: str, place: tuple[float, float], arrive_s: int | None) -> dict[str, Any]:
    lon, lat = place
    bay = {"id": "1", "name": "", "address": "3 rue du Quai", "lon": lon + 0.0003, "lat": lat, "walk_m": 22.4}
    second = {**bay, "id": "2", "name": "Place du Port", "lat": lat + 0.0004, "walk_m": 48.0, "usable": "unknown"}
    hours = "Réservée aux livraisons à toute heure."
    told = {"regime": "permanent", "hours": hours, "max_stay_min": 30, "length_m": 12, "usable": True}
    return {
        "label": label,
        "lon": lon,
        "lat": lat,
        "number": number,
        "at": [lon, lat],
        "arrive_at": clock(0 if arrive_s is None else arrive_s),
        "leave_at": clock(0 if arrive_s is None else arrive_s + 5 * _STEP_S),
        "wait_s": 0,
        "service_s": 0 if arrive_s is None else 5 * _STEP_S,
        "windows": [[clock(0), clock(7200)]] if arrive_s else [],
        "bays": [{**told, **bay}, {**told, **second}] if arrive_s else [],
    }


def _leg(now: int, drive: list[list[Any]]) -> dict[str, Any]:
    (lon, lat, _begin), (turn_lon, turn_lat, _at), (end_lon, end_lat, _end) = drive
    steps = [
        ("Conduisez vers l’est sur Rue Basse.", "Drive east on Rue Basse.", 300, lon, lat),
        ("Tournez à gauche dans Rue Haute.", "Turn left onto Rue Haute.", 300, turn_lon, turn_lat),
        ("Vous êtes arrivé à votre destination.", "You have arrived at your destination.", 0, end_lon, end_lat),
    ]
    names = ("text", "text_en", "distance_m", "lon", "lat")
    return {
        "depart_at": clock(now),
        "arrive_at": clock(now + 2 * _STEP_S),
        "distance_m": 600,
        "duration_s": 2 * _STEP_S,
        "geometry": {"type": "LineString", "coordinates": [entry[:2] for entry in drive]},
        "instructions": [{**dict(zip(names, step, strict=True)), "streets": [], "duration_s": 60} for step in steps],
    }


def _avoided(place: tuple[float, float]) -> dict[str, Any]:
    lon, lat = place
    return {
        "code": "",
        "kind": "measure",
        "id": "m1",
        "title": "Travaux rue Basse",
        "why": "Arrêté « Travaux rue Basse » : circulation interdite.",
        "starts_at": clock(-3600),
        "ends_at": clock(36000),
        "url": "https://ville.exemple/arretes/1",
        "minutes": 4.5,
        "metres": 820,
        "lines": {"type": "MultiLineString", "coordinates": [[[lon, lat], [lon + 0.003, lat + 0.0015]]]},
    }


def _forgotten(result: dict[str, Any]) -> dict[str, Any]:
    new = {"number", "at", "wait_s", "service_s", "windows", "bays"}
    stops = [{name: value for name, value in stop.items() if name not in new} for stop in result["stops"]]
    legs = [
        {
            **{name: value for name, value in leg.items() if name != "geometry"},
            "instructions": [{n: v for n, v in step.items() if n != "text_en"} for step in leg["instructions"]],
        }
        for leg in result["legs"]
    ]
    avoided = [{name: value for name, value in item.items() if name != "lines"} for item in result["avoided"]]
    kept = {name: value for name, value in result.items() if name not in {"depart_at", "law_at"}}
    return {**kept, "stops": stops, "legs": legs, "avoided": avoided}
