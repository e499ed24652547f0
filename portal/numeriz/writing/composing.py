"""An order as a document of the form, so that it can be amended, duplicated or kept as a model."""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo

from shapely.geometry import LineString, MultiPolygon, Polygon, mapping

from portal.numeriz import codec
from portal.numeriz.values import MeasureDraft, OrderDraft
from portal.numeriz.writing.clock import write_local
from portal.numeriz.writing.reading import SUBJECT_TEXT
from portal.regulations.measures import LocationKind, MeasureLocation, MeasureType
from portal.regulations.schedules import Period, TimeSlot

_KINDS: Final = {
    LocationKind.NAMED_STREET: "street",
    LocationKind.NUMBERED_ROAD: "road",
    LocationKind.FREE_GEOMETRY: "line",
    LocationKind.AREA: "polygon",
    LocationKind.WHOLE_CITY: "town",
}


def blank_measure() -> dict[str, Any]:
    """A measure in which nothing is said yet but the usual ban."""
    return {
        "type": MeasureType.NO_ENTRY.value,
        "max_speed_kmh": None,
        "places": [],
        "periods": [],
        "event": None,
        "vehicles": {"appliesTo": [], "except": []},
    }


def blank_document() -> dict[str, Any]:
    """A document in which nothing is said yet, with one measure to fill in."""
    return {
        "identifier": "",
        "title": "",
        "authority": "",
        "category": "temporary",
        "subject": None,
        "subject_text": "",
        "url": "",
        "measures": [blank_measure()],
    }


def document_of(order: OrderDraft, zone: ZoneInfo) -> dict[str, Any]:
    """The document that says this order; hours are written on the clock of the zone.

    Reading it gives the same order, as long as it obeys the rules of entry.
    """
    return {
        "identifier": order.identifier,
        "title": order.title,
        "authority": order.authority_name,
        "category": order.category.value,
        "subject": order.subject.value if order.subject else None,
        "subject_text": str(order.provenance.get(SUBJECT_TEXT, "")),
        "url": order.url,
        "measures": [_measure(measure, zone) for measure in order.measures],
    }


def _measure(measure: MeasureDraft, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "type": measure.type.value,
        "max_speed_kmh": measure.max_speed_kmh,
        "places": [_place(location) for location in measure.locations],
        "periods": [_period(period, zone) for period in measure.periods],
        "event": None,
        "vehicles": codec.rule_to_json(measure.vehicles),
    }


def _period(period: Period, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "start": write_local(period.start, zone),
        "end": None if period.end is None else write_local(period.end, zone, is_end=True),
        "weekdays": sorted(int(day) for day in period.weekdays),
        "slots": [_slot(slot) for slot in period.slots],
        "holidays": period.holidays.value,
    }


def _slot(slot: TimeSlot) -> list[str]:
    return [
        at.isoformat() if at.second or at.microsecond else at.isoformat(timespec="minutes")
        for at in (slot.start, slot.end)
    ]


def _place(location: MeasureLocation) -> dict[str, Any]:
    return {
        "kind": _KINDS[location.kind],
        "spec": _spec(location),
        "found": codec.location_to_json(location),
        "removed": [],
        "added": [],
    }


def _spec(location: MeasureLocation) -> dict[str, Any]:
    """What the form would have asked for, as far as the place still tells; `found` is what counts."""
    match location.kind:
        case LocationKind.NAMED_STREET:
            street = {"name": location.label, "insee": "", "from": None, "to": None}
            return {"streets": [street], "direction": location.direction.value}
        case LocationKind.NUMBERED_ROAD:
            return {"road": location.label, "from": None, "to": None, "direction": location.direction.value}
        case LocationKind.WHOLE_CITY:
            return {"except": []}
        case LocationKind.AREA:
            shape = location.shape
            pieces = shape.geoms if isinstance(shape, MultiPolygon) else [shape] if isinstance(shape, Polygon) else []
            rings = [ring for piece in pieces for ring in mapping(piece)["coordinates"]]
            return {"rings": [[list(point) for point in ring] for ring in rings], "left_out": [], "motorways": False}
        case LocationKind.FREE_GEOMETRY:
            points = [list(point) for point in location.shape.coords] if isinstance(location.shape, LineString) else []
            return {"points": points, "direction": location.direction.value}
