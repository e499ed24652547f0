"""Delivery bays as curb zones and their policies, in the Curb Data Specification 1.0.1 of the Open Mobility Foundation.

A zone needs a polygon: the outline of the bay when its source drew one, else a rectangle around its point along the
street; `geometry_origin` says which, and what was assumed. Its id follows its shape, as the specification wants. A
policy is named after what it says, so that equal policies of two bays are one.
"""

from __future__ import annotations

import json
import math
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, BinaryIO
from uuid import UUID
from zoneinfo import ZoneInfo

import shapely
from shapely.geometry import Polygon, mapping

from portal.numeriz.bays.suspensions import Suspension
from portal.numeriz.exports.bearings import Bearing, no_bearing
from portal.numeriz.exports.day_spans import DAY_MINUTES, day_spans
from portal.numeriz.exports.edition import CREATOR, OPEN_LICENCE_URL, BayRecord, Edition, Place, Writer, notice
from portal.numeriz.values import BayDraft, BayLayout, BayRegime, DeliveryHours
from portal.regulations.schedules import HolidayRule, TimeSlot, Weekday

CDS_VERSION = "1.0.1"
MEDIA_TYPE = "application/vnd.cds+json"
_NAMES = uuid.UUID("6f6d6a6f-7074-5a69-8d69-7a6375726273")
_METRES_PER_DEGREE = 111_195.08
# For the drawing alone; an unknown size is never given as one.
_DRAWN_LENGTH_CM, _DRAWN_WIDTH_CM = 1000, 200
_ANGLES = {
    BayLayout.PARALLEL: "parallel",
    BayLayout.ANGLED: "angled",
    BayLayout.PERPENDICULAR: "perpendicular",
}
_DAYS = {day: day.name[:3].lower() for day in Weekday}
_HOLIDAYS = {"designated_period": "holidays"}

type Json = dict[str, Any]


@dataclass(slots=True)
class Policies:
    """The distinct policies of the bays so far, by id, with the first day one of them was seen."""

    found: dict[UUID, Json] = field(default_factory=dict)

    def take(self, record: BayRecord) -> list[UUID]:
        """The ids of the policies of a bay, strongest first."""
        ids, seen_at = [], record.created_at
        for policy in [*suspension_policies(record.suspensions), *bay_policies(record.bay)]:
            policy_id = uuid.uuid5(_NAMES, json.dumps(policy, sort_keys=True))
            known = self.found.setdefault(policy_id, {"published_date": _ms(seen_at), **policy})
            known["published_date"] = min(known["published_date"], _ms(seen_at))
            ids.append(policy_id)
        return ids


class _CurbWriter(Writer):
    """What both files share: the envelope, whose clock is that of the first bay; bays of another clock are left out."""

    member = ""

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        super().__init__(stream, edition)
        self._zone: ZoneInfo | None = None
        self.write_text(f'{{"data":{{"{self.member}":[')

    def keeps(self, place: Place) -> bool:
        """Tell whether the bays of a place share the clock of this file."""
        self._zone = self._zone or place.zone
        return place.zone == self._zone

    def write(self, value: object) -> None:
        """Write one more object."""
        self.write_text(("," if self.records else "") + "\n" + _json(value))
        self.records += 1

    def close(self) -> None:
        """Write the envelope."""
        edition = self.edition
        envelope = {
            "version": CDS_VERSION,
            "time_zone": (self._zone or ZoneInfo("Europe/Paris")).key,
            "last_updated": _ms(edition.produced_at),
            "currency": "EUR",
            "author": CREATOR,
            "license_url": OPEN_LICENCE_URL,
            "notice": notice(),
            "sources": [{"name": s.name, "licence": s.licence, "url": s.url} for s in edition.sources],
        }
        self.write_text(f"\n]}},{_json(envelope)[1:]}\n")


class ZonesWriter(_CurbWriter):
    """Writes `/curbs/zones`. bearing_of: which way the streets of a place run."""

    member = "zones"

    def __init__(
        self, stream: BinaryIO, edition: Edition, bearing_of: Callable[[Place], Bearing] = lambda _place: no_bearing
    ) -> None:
        super().__init__(stream, edition)
        self._bearing_of = bearing_of
        self._policies = Policies()

    def bay(self, bay: BayRecord) -> None:
        """Write a zone."""
        if self.keeps(bay.place):
            self.write(_zone(bay, self._policies.take(bay), self._bearing_of(bay.place)))


class PoliciesWriter(_CurbWriter):
    """Writes `/curbs/policies`."""

    member = "policies"

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        super().__init__(stream, edition)
        self._policies = Policies()

    def bay(self, bay: BayRecord) -> None:
        """Gather the policies of a bay; there are few different ones."""
        if self.keeps(bay.place):
            self._policies.take(bay)

    def close(self) -> None:
        """Write the policies, then the envelope."""
        for policy_id, policy in sorted(self._policies.found.items()):
            self.write({"curb_policy_id": str(policy_id), **policy})
        super().close()


def _zone(record: BayRecord, policy_ids: Iterable[UUID], bearing: Bearing) -> Json:
    bay = record.bay
    shape, origin = zone_shape(bay, bearing)
    found = {
        "curb_zone_id": str(uuid.uuid5(_NAMES, f"{record.id}:{shapely.to_wkb(shape, hex=True)}")),
        "geometry": mapping(shape),
        "geometry_origin": origin,
        "curb_policy_ids": [str(policy_id) for policy_id in policy_ids],
        "published_date": _ms(record.created_at),
        "last_updated_date": _ms(record.updated_at),
        "start_date": _ms(record.created_at),
        "name": bay.name or bay.address,
        "user_zone_id": bay.local_id,
        "street_name": bay.address,
        "length": bay.length_cm,
        "width": bay.width_cm,
        "parking_angle": _ANGLES.get(bay.layout),
        "num_spaces": bay.places,
    }
    return {name: value for name, value in found.items() if value is not None and value != ""}


def zone_shape(bay: BayDraft, bearing: Bearing) -> tuple[Polygon, Mapping[str, object]]:
    """The polygon of a bay and where it comes from: its source, or built with an assumed size or direction."""
    if isinstance(bay.outline, Polygon) and not bay.outline.is_empty:
        return shapely.set_precision(shapely.force_2d(bay.outline), 1e-7, mode="pointwise"), {"from": "source"}
    degrees = bearing(bay.lon, bay.lat)
    size_known = bay.length_cm is not None and bay.width_cm is not None
    shape = rectangle(
        bay.lon,
        bay.lat,
        bay.length_cm or _DRAWN_LENGTH_CM,
        bay.width_cm or _DRAWN_WIDTH_CM,
        90.0 if degrees is None else degrees,
    )
    return shape, {"from": "point", "size_assumed": not size_known, "direction_assumed": degrees is None}


def rectangle(lon: float, lat: float, length_cm: int, width_cm: int, bearing_degrees: float) -> Polygon:
    """A rectangle around a point, its length along the bearing (degrees from north, clockwise)."""
    angle = math.radians(bearing_degrees)
    along = (math.sin(angle) * length_cm / 200, math.cos(angle) * length_cm / 200)
    across = (math.cos(angle) * width_cm / 200, -math.sin(angle) * width_cm / 200)
    east, north = _METRES_PER_DEGREE * math.cos(math.radians(lat)), _METRES_PER_DEGREE
    corners = [
        (
            round(lon + (a * along[0] + b * across[0]) / east, 7),
            round(lat + (a * along[1] + b * across[1]) / north, 7),
        )
        for a, b in ((-1, -1), (-1, 1), (1, 1), (1, -1))
    ]
    return shapely.orient_polygons(Polygon(corners))


def suspension_policies(suspensions: Sequence[Suspension]) -> list[Json]:
    """What puts a bay out of use, before all that it allows otherwise: nobody stops there between two instants."""
    spans = [{"start_date": _ms(span.start), "end_date": _ms(span.end)} for span in suspensions]
    return [{"priority": 0, "rules": [{"activity": "no stopping"}], "time_spans": spans}] if spans else []


def bay_policies(bay: BayDraft) -> list[Json]:
    """What a bay allows, strongest first; nothing where its hours are not known.

    A bay that is always one is kept for deliveries; in its hours, so is any other; outside them a shared bay is open
    to all, and of other kinds nothing is known.
    """
    if bay.regime is BayRegime.PERMANENT:
        spans: list[Json] = []
    elif bay.hours:
        spans = [span for hours in bay.hours for span in time_spans(hours)]
        if not spans:
            return []  # hours of less than a minute; without any, a policy would hold always
    else:
        return []
    delivery: Json = {"activity": "loading", "user_classes": ["delivery"]}
    if bay.max_stay_min:
        delivery["max_stay"] = bay.max_stay_min
    when = {"time_spans": spans} if spans else {}
    policies = [
        {"priority": 1, "rules": [delivery], **when},
        {"priority": 2, "rules": [{"activity": "no parking"}], **when},
    ]
    if bay.regime is BayRegime.PERIODIC:
        policies.append({"priority": 3, "rules": [{"activity": "parking"}]})
    return policies


def time_spans(hours: DeliveryHours) -> list[Json]:
    """Hours as time spans; what runs past midnight is cut in two, and a span that fills its day has no hours."""
    if hours.holidays is HolidayRule.ONLY:
        return _on_holidays(hours.slots)
    days_of: dict[tuple[int, int], list[Weekday]] = defaultdict(list)
    for day, spans in day_spans(hours.weekdays, hours.slots).items():
        for span in spans:
            days_of[span].append(day)
    excepted = {**_HOLIDAYS, "designated_period_except": True} if hours.holidays is HolidayRule.EXCEPTED else {}
    found = [
        {**({"days_of_week": [_DAYS[day] for day in days]} if len(days) < 7 else {}), **_clock(span), **excepted}
        for span, days in sorted(days_of.items())
    ]
    return found + _on_holidays(hours.slots) if hours.holidays is HolidayRule.ALSO else found


def _on_holidays(slots: tuple[TimeSlot, ...]) -> list[Json]:
    spans = sorted({span for found in day_spans((), slots).values() for span in found})
    return [{**_clock(span), **_HOLIDAYS} for span in spans]


def _clock(span: tuple[int, int]) -> Json:
    start, end = span
    found = {"time_of_day_start": _text(start)} if start else {}
    return {**found, "time_of_day_end": _text(end)} if end < DAY_MINUTES else found


def _text(minute: int) -> str:
    return f"{time(minute // 60, minute % 60):%H:%M}"


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
