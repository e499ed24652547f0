"""Everything of a scope as GeoJSON features with plain properties, one feature per place, for maps and spreadsheets.

Of a measure and of a live event, `effect` is what it does in the law of this portal, in the words of `type` of a
measure; `unknown`: it is only told, and closes nothing. `doubts` of an event say why.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import shapely
from shapely.geometry.base import BaseGeometry

from portal.numeriz.codec import hours_to_json, period_to_json
from portal.numeriz.exports.edition import (
    OPEN_LICENCE,
    OPEN_LICENCE_URL,
    BayRecord,
    Edition,
    EventRecord,
    OrderRecord,
    PerimeterRecord,
    Place,
    Writer,
    notice,
)
from portal.numeriz.law.events import nature_of_event
from portal.numeriz.messages import issue_sentence
from portal.numeriz.queries import geojson as rounded
from portal.numeriz.values import EventDraft, EventState, MeasureDraft
from portal.numeriz.words import POLICIES, criterion_words, hours_words, measure_sentence, period_words, span_words
from portal.regulations.measures import MeasureLocation, MeasureType
from portal.regulations.schedules import Period, Weekday
from portal.regulations.vehicles import Criterion, describe


class GeojsonWriter(Writer):
    """Writes features one by one. `about` beside them: title, date, sources, licences."""

    def __init__(self, stream: BinaryIO, edition: Edition) -> None:
        super().__init__(stream, edition)
        about = {
            "title": edition.title,
            "produced_at": edition.produced_at.isoformat(timespec="seconds"),
            "page": edition.page_url,
            "licence": OPEN_LICENCE,
            "licence_url": OPEN_LICENCE_URL,
            "sources": [{"name": s.name, "licence": s.licence, "url": s.url} for s in edition.sources],
            "notice": notice(),
        }
        self.write_text(f'{{"type":"FeatureCollection","about":{_json(about)},"features":[')

    def order(self, order: OrderRecord) -> None:
        """One feature per place of each measure."""
        for measure_id, measure in order.measures:
            shared = {
                "kind": "measure",
                "type": measure.type.value,
                "max_speed_kmh": measure.max_speed_kmh,
                "sentence": measure_sentence(measure, order.place.zone),
                "periods": [_period(period) for period in measure.periods],
                "applies_to": _criteria(measure.vehicles.applies_to),
                "except": _criteria(measure.vehicles.except_),
                "order": order.identifier,
                "order_title": order.title,
                "authority": order.authority_name,
                "category": order.category.value,
                "subject": None if order.subject is None else order.subject.value,
                "source": order.source,
                "licence": order.provenance.get("licence") or OPEN_LICENCE,
                "url": self.edition.order_url(order.place, order.id),
                "act_url": order.url or None,
                "updated_at": order.updated_at.isoformat(timespec="seconds"),
            }
            for rank, location in enumerate(measure.locations, 1):
                place = {
                    "effect": _effect(measure, location),
                    "place": location.label,
                    "place_kind": location.kind.value,
                    "direction": location.direction.value,
                }
                self._feature(f"{measure_id}-{rank}", location.shape, order.place, {**shared, **place})

    def perimeter(self, perimeter: PerimeterRecord) -> None:
        """One feature per perimeter."""
        access = perimeter.access
        zone = perimeter.place.zone
        properties = {
            "kind": "perimeter",
            "event": perimeter.event,
            "name": perimeter.name,
            "colour": perimeter.colour.value,
            "motorised": access.motorised.value,
            "sentence": str(POLICIES[access.motorised]),
            "notice": access.notice or None,
            "allowed": _criteria(access.vehicles_allowed),
            "activations": [
                {
                    "start": span.start.isoformat(),
                    "end": None if span.end is None else span.end.isoformat(),
                    "sentence": span_words(span.start, span.end, zone),
                }
                for span in perimeter.activations
            ],
            "source": perimeter.provenance.get("source"),
            "licence": perimeter.provenance.get("licence") or OPEN_LICENCE,
            "url": self.edition.perimeter_url(perimeter.place, perimeter.id),
        }
        self._feature(str(perimeter.id), perimeter.shape, perimeter.place, properties)

    def bay(self, bay: BayRecord) -> None:
        """One point per bay."""
        found = bay.bay
        properties = {
            "kind": "bay",
            "id": found.local_id,
            "name": found.name or None,
            "address": found.address or None,
            "insee_code": found.insee_code or None,
            "regime": found.regime.value,
            "layout": found.layout.value,
            "length_cm": found.length_cm,
            "width_cm": found.width_cm,
            "places": found.places,
            "max_stay_min": found.max_stay_min,
            "max_gross_weight_kg": found.max_gross_weight_kg,
            "hours": [_named_days(part) for part in hours_to_json(found.hours)],
            "sentence": hours_words(found.hours) or None,
            "suspensions": [
                {
                    "start": span.start.isoformat(),
                    "end": span.end.isoformat(),
                    "sentence": span_words(span.start, span.end, bay.place.zone),
                    "reason": span.why or None,
                }
                for span in bay.suspensions
            ],
            "source": found.source,
            "licence": found.provenance.get("licence") or OPEN_LICENCE,
        }
        self._feature(str(bay.id), shapely.Point(found.lon, found.lat), bay.place, properties)

    def event(self, event: EventRecord) -> None:
        """One feature per live event."""
        found = event.event
        properties = {
            "kind": "event",
            "type": found.kind.value,
            "effect": _effect_of_event(found).value,
            "state": found.state.value,
            "label": found.label or None,
            "road": found.road or None,
            "direction": found.direction.value,
            "periods": [_period(period) for period in found.periods],
            "sentence": " ; ".join(period_words(period, event.place.zone) for period in found.periods) or None,
            "applies_to": [] if found.vehicles is None else _criteria(found.vehicles.applies_to),
            "max_speed_kmh": found.max_speed_kmh,
            "probability": found.probability.value,
            "doubts": [{"code": issue.code, "sentence": issue_sentence(issue.to_json())} for issue in found.issues],
            "source": found.source,
            "licence": found.provenance.get("licence") or OPEN_LICENCE,
            "url": found.url or None,
        }
        self._feature(str(event.id), found.shape, event.place, properties)

    def close(self) -> None:
        """Write the end."""
        self.write_text("\n]}\n")

    def _feature(self, key: str, shape: BaseGeometry, place: Place, properties: Mapping[str, object]) -> None:
        feature = {
            "type": "Feature",
            "id": key,
            "geometry": None if shape.is_empty else rounded(shapely.force_2d(shape)),
            "properties": {**properties, "territory": place.slug},
        }
        self.write_text(("," if self.records else "") + "\n" + _json(feature))
        self.records += 1


def _effect(measure: MeasureDraft, location: MeasureLocation) -> str:
    said = measure.type is not MeasureType.SPEED_LIMIT or measure.max_speed_kmh is not None
    held = said and measure.periods and _is_drawn(location.shape)
    return (measure.type if held else MeasureType.UNKNOWN).value


def _effect_of_event(event: EventDraft) -> MeasureType:
    """A place known by its points alone only warns."""
    held = event.state in {EventState.PLANNED, EventState.ACTIVE} and event.periods
    return nature_of_event(event) if held and _is_drawn(event.shape) else MeasureType.UNKNOWN


def _is_drawn(shape: BaseGeometry) -> bool:
    """Tell whether a shape says which road; a point does not."""
    return not shape.is_empty and int(shapely.get_dimensions(shape)) > 0


def _criteria(criteria: Sequence[Criterion]) -> list[dict[str, str]]:
    return [{"code": describe(criterion), "sentence": criterion_words(criterion)} for criterion in criteria]


def _period(period: Period) -> dict[str, Any]:
    return _named_days(period_to_json(period))


def _named_days(found: dict[str, Any]) -> dict[str, Any]:
    """The same with names instead of numbers of days."""
    return {**found, "weekdays": [Weekday(day).name.lower() for day in found["weekdays"]]}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
