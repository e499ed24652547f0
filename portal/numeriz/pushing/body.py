"""An order as the body of a call of the national base's write API.

Bounds are real instants, to the minute. Clock times of slots are written an hour behind the local clock all year, as
the base stores and shows them. Places are sent as drawings with a label, so that its own search for streets decides
nothing; a drawing has no direction, so that a measure in one direction of a two-way street is not sent.

What it cannot say raises Invalid: an order is sent as it is or not at all.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from portal.common.errors import Invalid
from portal.numeriz.pushing.vehicles import vehicles_body
from portal.numeriz.queries import OrderView, geojson
from portal.numeriz.values import Category, MeasureDraft, Subject
from portal.regulations.measures import Direction, MeasureLocation, MeasureType
from portal.regulations.schedules import HolidayRule, Period, TimeSlot

_TYPES: Final[Mapping[MeasureType, str]] = {
    MeasureType.NO_ENTRY: "noEntry",
    MeasureType.SPEED_LIMIT: "speedLimitation",
    MeasureType.NO_PARKING: "parkingProhibited",
    MeasureType.ALTERNATE_TRAFFIC: "alternateRoad",
    MeasureType.NO_OVERTAKING: "noOvertaking",
}
_SUBJECTS: Final[Mapping[Subject, str]] = {
    Subject.ROADWORKS: "roadMaintenance",
    Subject.EVENT: "event",
    Subject.INCIDENT: "incident",
    Subject.WINTER: "winterMaintenance",
    Subject.OTHER: "other",
}
_CATEGORIES: Final[Mapping[Category, str]] = {
    Category.PERMANENT: "permanentRegulation",
    Category.TEMPORARY: "temporaryRegulation",
}
_MOST_SUBJECT_SIGNS: Final = 100
_MOST_LABEL_SIGNS: Final = 5000
_MINUTE = timedelta(minutes=1)
_BEHIND = timedelta(hours=1)
_SLOT_DAY = date(1970, 1, 1)
# The base puts a date and a time together on this clock.
_ITS_ZONE = ZoneInfo("Europe/Paris")
# Addresses of its API that an identifier would lead to instead of an order.
_RESERVED: Final = frozenset({"search", "cifs.xml", "datex.xml"})


def order_body(order: OrderView) -> dict[str, Any] | None:
    """The whole order, to be published; None when no measure of it ever applies (all were lifted).

    Raises Invalid: `push-identifier`, and with measure=1.. `push-type`, `push-speed`, `push-place`, `push-direction`,
    `push-holidays`, `push-hour`, `push-text-too-long`.
    """
    check_identifier(order.identifier)
    measures = []
    for number, (_id, measure) in enumerate(order.measures, 1):
        periods = [period for period in measure.periods if period.end is None or period.start < period.end]
        if not periods:
            continue
        try:
            measures.append(_measure(measure, periods, order.title))
        except Invalid as error:
            raise Invalid(error.code, None, measure=number, **error.params) from error
    if not measures:
        return None
    body: dict[str, Any] = {
        "identifier": order.identifier,
        "status": "published",
        "category": _CATEGORIES[order.category],
        "subject": None if order.subject is None else _SUBJECTS[order.subject],
        "title": order.title,
        "measures": measures,
    }
    if order.subject is Subject.OTHER:
        said = str(order.provenance.get("subject_text") or order.title)
        body["otherCategoryText"] = said[:_MOST_SUBJECT_SIGNS]
    return body


def check_identifier(identifier: str) -> None:
    """Raise Invalid(`push-identifier`) for one that cannot be part of an address of the base."""
    parts = identifier.split("/")
    if identifier in _RESERVED or any(part in {"", ".", ".."} for part in parts):
        raise Invalid("push-identifier", identifier=identifier)


def _measure(measure: MeasureDraft, periods: list[Period], title: str) -> dict[str, Any]:
    if measure.type not in _TYPES:
        raise Invalid("push-type")
    body: dict[str, Any] = {"type": _TYPES[measure.type]}
    if measure.type is MeasureType.SPEED_LIMIT:
        if measure.max_speed_kmh is None:
            raise Invalid("push-speed")
        body["maxSpeed"] = measure.max_speed_kmh
    return body | {
        "vehicleSet": vehicles_body(measure.vehicles),
        "periods": [_period(period) for period in periods],
        "locations": _places(measure, title),
    }


def _places(measure: MeasureDraft, title: str) -> list[dict[str, Any]]:
    if not measure.locations or any(place.shape.is_empty for place in measure.locations):
        raise Invalid("push-place")
    if any(_has_other_direction(place) for place in measure.locations):
        raise Invalid("push-direction")
    return [_place(place, title) for place in measure.locations]


def _has_other_direction(place: MeasureLocation) -> bool:
    """Tell whether a place leaves one direction out; on one-way streets alone there is no other to leave out."""
    if place.direction not in {Direction.FORWARD, Direction.BACKWARD}:
        return False
    forward = place.direction is Direction.FORWARD
    return not place.edges or any(edge.along is not forward for edge in place.edges)


def _place(place: MeasureLocation, title: str) -> dict[str, Any]:
    return {
        "roadType": "rawGeoJSON",
        "rawGeoJSON": {
            "label": (place.label or title)[:_MOST_LABEL_SIGNS],
            "geometry": json.dumps(geojson(place.shape), separators=(",", ":")),
        },
    }


def _period(period: Period) -> dict[str, Any]:
    if period.holidays is not HolidayRule.IGNORED:
        raise Invalid("push-holidays")
    start = _bound(period.start)
    certain = bool(period.weekdays)
    body: dict[str, Any] = {
        "startDate": start,
        "startTime": start,
        "recurrenceType": "certainDays" if certain else "everyDay",
        "isPermanent": period.end is None,
        "timeSlots": [_slot(slot) for slot in period.slots],
    }
    if period.end is not None:
        # To the minute, and never earlier than the law says.
        body["endDate"] = body["endTime"] = _bound(period.end + (_MINUTE if _seconds(period.end) else timedelta(0)))
    if certain:
        days = [day.name.lower() for day in sorted(period.weekdays)]
        body["dailyRange"] = {"recurrenceType": "certainDays", "applicableDays": days}
    return body


def _seconds(at: datetime) -> bool:
    return bool(at.second or at.microsecond)


def _bound(at: datetime) -> str:
    """An instant to its minute. Raises Invalid(`push-hour`) in the second of the two hours that autumn repeats."""
    if at.astimezone(_ITS_ZONE).fold:
        raise Invalid("push-hour")
    return _written(at.astimezone(UTC).replace(second=0, microsecond=0))


def _slot(slot: TimeSlot) -> dict[str, str]:
    return {"startTime": _clock(slot.start), "endTime": _clock(slot.end)}


def _clock(at: time) -> str:
    return _written(datetime.combine(_SLOT_DAY, (datetime.combine(_SLOT_DAY, at) - _BEHIND).time(), UTC))


def _written(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"
