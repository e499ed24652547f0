"""Measures as features of a map: where they apply, and how what they do is drawn."""

from __future__ import annotations

from collections.abc import Iterable

from portal.numeriz.queries import geojson
from portal.numeriz.values import MeasureDraft
from portal.regulations.measures import CLOSING_TYPES, MeasureType
from portal.regulations.vehicles import Access, FreeText, HasAccess, VehicleRule


def binds_by_words(rule: VehicleRule) -> bool:
    """Tell whether a rule binds by conditions in words alone, and so nobody by itself."""
    return bool(rule.applies_to) and all(isinstance(criterion, FreeText) for criterion in rule.applies_to)


def drawn_effect(kind: MeasureType, rule: VehicleRule) -> str:
    """How the map draws a measure: `closed` to all, `limited` (closed to some), or `other`."""
    if kind not in CLOSING_TYPES or binds_by_words(rule):
        return "other"
    # Whoever delivers there is let through: it is no closed street to those who look at this map.
    spares_some = HasAccess(Access.LOCAL_ACCESS) in rule.except_
    return "limited" if rule.applies_to or spares_some else "closed"


def measures_layer(measures: Iterable[tuple[MeasureDraft, str]], title: str = "") -> dict[str, object] | None:
    """Measures, each with its sentence, as a GeoJSON layer of orders; None when no place is drawn.

    title: of a place without a label.
    """
    features = [
        {
            "type": "Feature",
            "properties": {
                "title": place.label or title,
                "lines": [sentence],
                "effect": drawn_effect(measure.type, measure.vehicles),
            },
            "geometry": geojson(place.shape),
        }
        for measure, sentence in measures
        for place in measure.locations
        if not place.shape.is_empty
    ]
    return {"type": "FeatureCollection", "features": features} if features else None
