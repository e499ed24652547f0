"""The law as JSON and back: the only place that knows how a measure looks in the database.

Instants are ISO 8601 in UTC, clock times HH:MM or HH:MM:SS, days 0 (Monday) to 6, shapes GeoJSON (lon, lat).
Reading what was written gives an equal value; a test demands it of every value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, time
from typing import Any

import numpy as np
import shapely
from shapely.geometry import mapping, shape
from shapely.geometry.base import BaseGeometry

from portal.numeriz.values import DeliveryHours, MeasureDraft
from portal.regulations.matches import EDGE_ROW
from portal.regulations.measures import (
    Direction,
    LocationKind,
    MatchedEdge,
    MeasureLocation,
    MeasureType,
)
from portal.regulations.perimeters import AccessPolicy, Motorised
from portal.regulations.schedules import HolidayRule, Period, TimeSlot, Weekday
from portal.regulations.vehicles import (
    Access,
    AirClass,
    AirClassIn,
    CarriesHazmat,
    Criterion,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)
from portal.territories.api import MatchedEdges

type Json = dict[str, Any]


def digest(value: object) -> str:
    """SHA-256 of a JSON value in one canonical spelling, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def shape_to_bytes(area: BaseGeometry) -> bytes:
    """A shape as WKB, two ordinates."""
    written = shapely.to_wkb(shapely.force_2d(area))
    assert isinstance(written, bytes)
    return written


def shape_from_bytes(wkb: bytes) -> BaseGeometry:
    """The shape of `shape_to_bytes`."""
    return shapely.from_wkb(wkb)


def _instant_to_text(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _instant_from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def slot_to_json(slot: TimeSlot) -> list[str]:
    """A slot as its two clock times."""
    return [slot.start.isoformat(), slot.end.isoformat()]


def slot_from_json(pair: Iterable[str]) -> TimeSlot:
    """The slot of `slot_to_json`."""
    start, end = pair
    return TimeSlot(time.fromisoformat(start), time.fromisoformat(end))


def period_to_json(period: Period) -> Json:
    """A period as JSON values."""
    holidays = {} if period.holidays is HolidayRule.IGNORED else {"holidays": period.holidays.value}
    return {
        "start": _instant_to_text(period.start),
        "end": _instant_to_text(period.end),
        "weekdays": sorted(int(day) for day in period.weekdays),
        "slots": [slot_to_json(slot) for slot in period.slots],
        **holidays,
    }


def period_from_json(found: Mapping[str, Any]) -> Period:
    """The period of `period_to_json`."""
    start = _instant_from_text(found["start"])
    assert start is not None
    return Period(
        start,
        _instant_from_text(found["end"]),
        frozenset(Weekday(day) for day in found["weekdays"]),
        tuple(slot_from_json(pair) for pair in found["slots"]),
        HolidayRule(found.get("holidays", HolidayRule.IGNORED)),
    )


def criterion_to_json(criterion: Criterion) -> Json:
    """A criterion as JSON values; `is` names its kind."""
    match criterion:
        case Over(size, limit):
            return {"is": "over", "size": size.value, "limit": limit}
        case AirClassIn(classes):
            return {"is": "airClassIn", "classes": sorted(classes)}
        case CarriesHazmat():
            return {"is": "hazmat"}
        case UsedFor(usage):
            return {"is": "usage", "usage": usage.value}
        case HasAccess(access):
            return {"is": "access", "access": access.value}
        case IsRoadUser(road_user):
            return {"is": "roadUser", "roadUser": road_user.value}
        case FreeText(text):
            return {"is": "freeText", "text": text}


def criterion_from_json(found: Mapping[str, Any]) -> Criterion:
    """The criterion of `criterion_to_json`. Raises ValueError for a kind that was never written."""
    match found["is"]:
        case "over":
            return Over(Size(found["size"]), found["limit"])
        case "airClassIn":
            return AirClassIn(frozenset(AirClass(name) for name in found["classes"]))
        case "hazmat":
            return CarriesHazmat()
        case "usage":
            return UsedFor(Usage(found["usage"]))
        case "access":
            return HasAccess(Access(found["access"]))
        case "roadUser":
            return IsRoadUser(RoadUser(found["roadUser"]))
        case "freeText":
            return FreeText(found["text"])
        case kind:
            raise ValueError(f"unknown kind of criterion: {kind}")


def rule_to_json(rule: VehicleRule) -> Json:
    """A vehicle rule as JSON values."""
    return {
        "appliesTo": [criterion_to_json(c) for c in rule.applies_to],
        "except": [criterion_to_json(c) for c in rule.except_],
    }


def rule_from_json(found: Mapping[str, Any]) -> VehicleRule:
    """The rule of `rule_to_json`."""
    return VehicleRule(
        tuple(criterion_from_json(c) for c in found["appliesTo"]),
        tuple(criterion_from_json(c) for c in found["except"]),
    )


def policy_to_json(policy: AccessPolicy | None) -> Json:
    """A policy as JSON values; empty for None, the default of the colour."""
    if policy is None:
        return {}
    return {
        "motorised": policy.motorised.value,
        "vehiclesAllowed": [criterion_to_json(c) for c in policy.vehicles_allowed],
        "notice": policy.notice,
    }


def policy_from_json(found: Mapping[str, Any]) -> AccessPolicy | None:
    """The policy of `policy_to_json`."""
    if not found:
        return None
    allowed = tuple(criterion_from_json(c) for c in found["vehiclesAllowed"])
    return AccessPolicy(Motorised(found["motorised"]), allowed, found["notice"])


def _edge_to_json(edge: MatchedEdge) -> list[object]:
    return [edge.graph_version, edge.edge_id, edge.along, edge.from_fraction, edge.to_fraction, edge.confidence]


def location_to_json(location: MeasureLocation) -> Json:
    """A place as JSON values."""
    return {
        "kind": location.kind.value,
        "label": location.label,
        "shape": mapping(shapely.force_2d(location.shape)),
        "direction": location.direction.value,
        "edges": [_edge_to_json(edge) for edge in location.edges],
        "namedRoads": sorted(location.named_roads),
    }


def location_digest(location: MeasureLocation) -> str:
    """What tells a place from every other when it is matched to the road graph: its shape and the roads it names.

    Who speaks of it, its label and its direction change nothing: both directions are matched, each edge with its own.
    """
    return _place_digest("location", location.shape, location.named_roads)


def perimeter_digest(area: BaseGeometry, named_roads: Iterable[str]) -> str:
    """The same for the area of a perimeter: a line left by the repair of a polygon is no part of it."""
    return _place_digest("perimeter", area, named_roads)


def _place_digest(kind: str, place: BaseGeometry, named_roads: Iterable[str]) -> str:
    text = json.dumps([kind, sorted(named_roads)], ensure_ascii=True)
    return hashlib.sha256(text.encode() + shape_to_bytes(place)).hexdigest()


def edges_to_bytes(edges: MatchedEdges) -> bytes:
    """Matched edges as the bytes of their rows."""
    return edges.astype(EDGE_ROW, copy=False).tobytes()


def edges_from_bytes(packed: bytes) -> MatchedEdges:
    """The edges of `edges_to_bytes`, read-only."""
    return np.frombuffer(packed, dtype=EDGE_ROW)


def location_from_json(found: Mapping[str, Any]) -> MeasureLocation:
    """The place of `location_to_json`."""
    return MeasureLocation(
        LocationKind(found["kind"]),
        found["label"],
        shape(found["shape"]),
        Direction(found["direction"]),
        tuple(MatchedEdge(*edge) for edge in found["edges"]),
        frozenset(found["namedRoads"]),
    )


def measure_to_json(measure: MeasureDraft) -> Json:
    """The document of a measure: places, periods, vehicles."""
    return {
        "locations": [location_to_json(location) for location in measure.locations],
        "periods": [period_to_json(period) for period in measure.periods],
        "vehicles": rule_to_json(measure.vehicles),
    }


def measure_from_json(kind: MeasureType, max_speed_kmh: int | None, document: Mapping[str, Any]) -> MeasureDraft:
    """The measure of `measure_to_json`."""
    return MeasureDraft(
        kind,
        tuple(location_from_json(found) for found in document["locations"]),
        tuple(period_from_json(found) for found in document["periods"]),
        rule_from_json(document["vehicles"]),
        max_speed_kmh,
    )


def hours_to_json(hours: Iterable[DeliveryHours]) -> list[Json]:
    """The hours of a bay as JSON values."""
    return [
        {
            "weekdays": sorted(int(day) for day in part.weekdays),
            "slots": [slot_to_json(slot) for slot in part.slots],
            **({} if part.holidays is HolidayRule.IGNORED else {"holidays": part.holidays.value}),
        }
        for part in hours
    ]


def hours_from_json(found: Iterable[Mapping[str, Any]]) -> tuple[DeliveryHours, ...]:
    """The hours of `hours_to_json`."""
    return tuple(
        DeliveryHours(
            frozenset(Weekday(day) for day in part["weekdays"]),
            tuple(slot_from_json(pair) for pair in part["slots"]),
            HolidayRule(part.get("holidays", HolidayRule.IGNORED)),
        )
        for part in found
    )
