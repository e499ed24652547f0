"""The answer of the planner as JSON: the one shape of the command line, of the stored result and of the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from portal.itineriz.messages import caution_values, limit_sentence, limit_values, unreachable
from portal.itineriz.trip import Avoided, Leg, NeededPass, Obstacle, Status, TripResult
from portal.numeriz.api import sentence
from portal.regulations.evaluate import Reason


def to_public(result: TripResult, zone: ZoneInfo) -> dict[str, Any]:
    """The answer as JSON values; instants in ISO 8601 with the offset of the territory, lengths in metres, seconds.

    `geometry` is a GeoJSON LineString (null when nothing is driven); `timeline` has [lon, lat, instant] for each of
    its vertices, and one more for the departure from each stop where the vehicle stands.
    """
    ok = result.status is Status.OK
    timeline = _timeline(result, zone)
    coordinates = [[lon, lat] for lon, lat, _ in timeline]
    return {
        "status": result.status.value,
        "distance_m": round(result.distance_m),
        "duration_s": round((result.ends_at - result.trip.depart_at).total_seconds()),
        "drive_s": round(result.drive_s),
        "geometry": {"type": "LineString", "coordinates": coordinates} if ok and len(coordinates) > 1 else None,
        "timeline": timeline if ok else [],
        "avoided": [_avoided(item, zone) for item in result.avoided],
        "violations": [reason_values(reason, zone) for reason in result.violations],
        "warnings": [caution_values(caution, zone) for caution in result.warnings],
        "stops": _stops(result, zone),
        "legs": [_leg(leg, zone) for leg in result.legs] if ok else [],
        "needed_passes": [_needed(needed, zone) for needed in result.needed_passes],
        "blocking": [_obstacle(obstacle, zone) for obstacle in result.blocking],
        "departures": [_iso(at, zone) for at in result.departures],
        "without_law": {
            "distance_m": round(result.plain_distance_m),
            "drive_s": round(result.plain_duration_s),
        },
        "law_version": result.law_version,
        "graph_version": result.graph_version,
    }


def reason_values(reason: Reason, zone: ZoneInfo) -> dict[str, Any]:
    """What a regulation says, with its sentence and its hours on the clock of the territory."""
    values = reason.to_public()
    values["why"] = sentence(reason, zone)
    values["starts_at"] = _iso(reason.starts_at, zone)
    values["ends_at"] = None if reason.ends_at is None else _iso(reason.ends_at, zone)
    return values


def _iso(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="milliseconds" if at.microsecond else "seconds")


def _timeline(result: TripResult, zone: ZoneInfo) -> list[list[Any]]:
    timeline: list[list[Any]] = []
    for leg in result.legs:
        for (lon, lat), seconds in zip(leg.drive.coords.tolist(), leg.drive.times_s.tolist(), strict=True):
            entry = [round(lon, 6), round(lat, 6), _iso(leg.depart_at + timedelta(seconds=seconds), zone)]
            if not timeline or timeline[-1] != entry:
                timeline.append(entry)
    return timeline


def _avoided(item: Avoided, zone: ZoneInfo) -> dict[str, Any]:
    reason = reason_values(item.reason, zone)
    return {
        **reason,
        "minutes": round(item.seconds / 60, 1),
        "metres": round(item.metres),
    }


def _stops(result: TripResult, zone: ZoneInfo) -> list[dict[str, Any]]:
    stops: list[dict[str, Any]] = []
    for number, stop in enumerate(result.trip.stops):
        arrive_at = result.arrivals[number] if number < len(result.arrivals) else None
        leave_at = None if arrive_at is None else arrive_at + timedelta(seconds=stop.service_s)
        stops.append(
            {
                "label": stop.label,
                "lon": stop.lon,
                "lat": stop.lat,
                "arrive_at": arrive_at and _iso(arrive_at, zone),
                "leave_at": leave_at and _iso(leave_at, zone),
            }
        )
    return stops


def _leg(leg: Leg, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "depart_at": _iso(leg.depart_at, zone),
        "arrive_at": _iso(leg.arrive_at, zone),
        "distance_m": round(leg.drive.distance_m),
        "duration_s": round(leg.drive.duration_s),
        "instructions": [
            {
                "text": step.instruction,
                "streets": list(step.streets),
                "distance_m": round(step.distance_m),
                "duration_s": round(step.duration_s),
                "lon": step.lon,
                "lat": step.lat,
            }
            for step in leg.drive.manoeuvres
        ],
    }


def _needed(needed: NeededPass, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "perimeter_id": needed.perimeter.id,
        "title": needed.perimeter.name,
        "event": needed.perimeter.event,
        "colour": needed.perimeter.colour.value,
        "policy": needed.perimeter.access.motorised.value,
        "requirement": needed.requirement,
        "held": needed.held,
        "stops": list(needed.stops),
        "starts_at": _iso(needed.starts_at, zone),
        "ends_at": None if needed.ends_at is None else _iso(needed.ends_at, zone),
    }


def _obstacle(obstacle: Obstacle, zone: ZoneInfo) -> dict[str, Any]:
    if obstacle.reason is not None:
        return {"stop": obstacle.stop, **reason_values(obstacle.reason, zone)}
    if obstacle.limit is not None:
        values = limit_values(obstacle.limit)
        return {"stop": obstacle.stop, "code": "road-limit", "limit": values, "why": limit_sentence(values)}
    return {"stop": obstacle.stop, "code": "unreachable", "why": unreachable()}
