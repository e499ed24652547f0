"""The answer of the planner as JSON: the one shape of the command line, of the stored result and of the pages."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry.base import BaseGeometry

from portal.itineriz.documents.answer_stops import bay_values, stop_values
from portal.itineriz.messages import caution_values, limit_sentence, limit_values, missed_window, unreachable
from portal.itineriz.trip import (
    Avoided,
    Emissions,
    ImpossibleStop,
    Leg,
    NeededPass,
    Obstacle,
    OrderFound,
    Proposal,
    Status,
    TripResult,
)
from portal.numeriz.api import sentence
from portal.regulations.evaluate import Reason
from portal.regulations.schedules import Interval


def to_public(result: TripResult, zone: ZoneInfo) -> dict[str, Any]:
    """The answer as JSON values; instants in ISO 8601 with the offset of the territory, lengths in metres, seconds.

    `geometry` is a GeoJSON LineString (null when nothing is driven); `timeline` has [lon, lat, instant] for each of
    its vertices, and one more for the departure from each stop where the vehicle stands. Stops come in the order
    served; `number` is the place of a stop in the order given.
    """
    ok = result.status is Status.OK
    timeline = _timeline(result, zone)
    coordinates = [[lon, lat] for lon, lat, _ in timeline]
    values = {
        "status": result.status.value,
        "depart_at": _iso(result.trip.depart_at, zone),
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
        "impossible_stops": [_impossible(item, result, zone) for item in result.impossible],
        "proposals": [_proposal(proposal, zone) for proposal in result.proposals],
        "departures": [_iso(at, zone) for at in result.departures],
        "without_law": {
            "distance_m": round(result.plain_distance_m),
            "drive_s": round(result.plain_duration_s),
        },
        "law_version": result.law_version,
        "graph_version": result.graph_version,
    }
    if ok:
        values["arrive_at"] = _iso(result.visits[-1].arrive_at, zone)
    if result.order is not None:
        values["order"] = _order(result.order)
    if result.emissions is not None:
        values["emissions"] = _emissions(result.emissions, result.order)
    if result.law_at is not None:
        values["law_at"] = _iso(result.law_at, zone)
    return values


def reason_values(reason: Reason, zone: ZoneInfo) -> dict[str, Any]:
    """What a regulation says, with its sentence and its hours on the clock of the territory."""
    values = reason.to_public()
    values["why"] = sentence(reason, zone)
    values["starts_at"] = _iso(reason.starts_at, zone)
    values["ends_at"] = None if reason.ends_at is None else _iso(reason.ends_at, zone)
    return values


def _iso(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="milliseconds" if at.microsecond else "seconds")


def _spans(spans: tuple[Interval, ...], zone: ZoneInfo) -> list[list[str]]:
    return [[_iso(span.start, zone), _iso(span.end, zone)] for span in spans]


def _lines(lines: BaseGeometry | None) -> dict[str, Any] | None:
    if lines is None:
        return None
    drawn: dict[str, Any] = shapely.geometry.mapping(shapely.set_precision(lines, 1e-6, mode="pointwise"))
    return {
        "type": "MultiLineString",
        "coordinates": [[list(point) for point in line] for line in drawn["coordinates"]],
    }


def _timeline(result: TripResult, zone: ZoneInfo) -> list[list[Any]]:
    timeline: list[list[Any]] = []
    for leg in result.legs:
        for entry in _of_leg(leg, zone):
            if not timeline or timeline[-1] != entry:
                timeline.append(entry)
    return timeline


def _of_leg(leg: Leg, zone: ZoneInfo) -> list[list[Any]]:
    return [
        [lon, lat, _iso(leg.depart_at + timedelta(seconds=seconds), zone)]
        for (lon, lat), seconds in zip(_coordinates(leg), leg.drive.times_s.tolist(), strict=True)
    ]


def _coordinates(leg: Leg) -> list[list[float]]:
    return [[round(lon, 6), round(lat, 6)] for lon, lat in leg.drive.coords.tolist()]


def _avoided(item: Avoided, zone: ZoneInfo) -> dict[str, Any]:
    return {
        **reason_values(item.reason, zone),
        "minutes": round((item.seconds + item.waited_s) / 60, 1),
        "wait_min": round(item.waited_s / 60, 1),
        "metres": round(item.metres),
        "leg": item.leg,
        "lines": _lines(item.lines),
        "source": item.source,
    }


def _stops(result: TripResult, zone: ZoneInfo) -> list[dict[str, Any]]:
    stops = []
    for place, call in enumerate(result.calls):
        visit = result.visits[place] if place < len(result.visits) else None
        values = stop_values(call, visit, lambda at: _iso(at, zone))
        if place < len(result.bays):
            values["bays"] = [bay_values(bay, zone) for bay in result.bays[place]]
        stops.append(values)
    return stops


def _leg(leg: Leg, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "depart_at": _iso(leg.depart_at, zone),
        "arrive_at": _iso(leg.arrive_at, zone),
        "distance_m": round(leg.drive.distance_m),
        "duration_s": round(leg.drive.duration_s),
        "geometry": {"type": "LineString", "coordinates": _coordinates(leg)},
        "instructions": [
            {
                "text": step.instruction,
                **({"text_en": leg.english[place]} if leg.english else {}),
                "streets": list(step.streets),
                "distance_m": round(step.distance_m),
                "duration_s": round(step.duration_s),
                "lon": step.lon,
                "lat": step.lat,
            }
            for place, step in enumerate(leg.drive.manoeuvres)
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
        values = {"stop": obstacle.stop, **reason_values(obstacle.reason, zone)}
    elif obstacle.limit is not None:
        limit = limit_values(obstacle.limit)
        values = {"stop": obstacle.stop, "code": "road-limit", "limit": limit, "why": limit_sentence(limit)}
    elif obstacle.missed:
        values = {"stop": obstacle.stop, "code": "window-missed", "why": missed_window()}
    else:
        values = {"stop": obstacle.stop, "code": "unreachable", "why": unreachable()}
    return {
        **values,
        "opens_at": None if obstacle.opens_at is None else _iso(obstacle.opens_at, zone),
        "pass": None if obstacle.needed is None else _needed(obstacle.needed, zone),
        "lines": _lines(obstacle.lines),
    }


def _impossible(item: ImpossibleStop, result: TripResult, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "number": item.number,
        "label": result.trip.stops[item.number].label,
        "reasons": [reason_values(reason, zone) for reason in item.reasons],
        "open": _spans(item.open, zone),
        "passes": [_needed(needed, zone) for needed in item.passes],
        "missed": item.missed,
    }


def _proposal(proposal: Proposal, zone: ZoneInfo) -> dict[str, Any]:
    values: dict[str, Any] = {
        "kind": proposal.kind.value,
        "depart_at": _iso(proposal.depart_at, zone),
        "arrive_at": _iso(proposal.arrive_at, zone),
        "saves_s": round(proposal.saves_s),
    }
    return values if proposal.stop is None else {**values, "stop": proposal.stop}


def _order(order: OrderFound) -> dict[str, Any]:
    return {
        "free": order.free,
        "given": list(order.given),
        "saved_s": None if order.saved_s is None else round(order.saved_s),
        "saved_m": None if order.saved_m is None else round(order.saved_m),
    }


def _emissions(emissions: Emissions, order: OrderFound | None) -> dict[str, Any]:
    """co2_kg and the amount are absent when there is no figure; `basis` says why."""
    values: dict[str, Any] = {"energy": emissions.energy, "source": emissions.source, "basis": emissions.basis}
    if emissions.co2_kg is not None:
        values["co2_kg"] = round(emissions.co2_kg, 2)
    if emissions.amount is not None:
        values[f"fuel_{emissions.unit}" if emissions.unit == "l" else emissions.unit] = round(emissions.amount, 2)
    if order is not None and order.free and emissions.saved_co2_kg is not None:
        values["ordered"] = {
            "co2_saved_kg": round(emissions.saved_co2_kg, 2),
            "distance_saved_m": round(order.saved_m or 0.0),
            "drive_saved_s": round(order.saved_s or 0.0),
        }
    return values
