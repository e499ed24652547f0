"""What the map of a route shows, as GeoJSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import shapely

from portal.itineriz.queries import RouteView
from portal.regulations.snapshot import LawSnapshot

LAYERS = ("perimeters", "route", "stops")


def layer(route: RouteView, law: LawSnapshot, kind: str) -> dict[str, Any]:
    """One layer of a route: the tour, its stops, or the perimeters it has to do with. Empty without an answer."""
    result = route.result or {}
    if kind == "route":
        features = _tour(result)
    elif kind == "stops":
        features = _stops(route)
    else:
        features = _perimeters(result, law)
    return {"type": "FeatureCollection", "features": list(features)}


def _tour(result: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if result.get("geometry"):
        yield {"type": "Feature", "geometry": result["geometry"], "properties": {}}


def _stops(route: RouteView) -> Iterable[dict[str, Any]]:
    for number, stop in enumerate(route.stops, start=1):
        yield {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [stop["lon"], stop["lat"]]},
            "properties": {"title": stop["label"], "number": number},
        }


def _perimeters(result: Mapping[str, Any], law: LawSnapshot) -> Iterable[dict[str, Any]]:
    concerned: dict[str, Mapping[str, Any]] = {}
    for item in [*result.get("avoided", ()), *result.get("blocking", ())]:
        if item.get("kind") == "perimeter":
            concerned.setdefault(item["id"], item)
    for item in result.get("needed_passes", ()):
        concerned.setdefault(item["perimeter_id"], item)
    for perimeter_id, item in concerned.items():
        perimeter = law.perimeters.get(perimeter_id)
        # The law may have changed since the answer: what is no longer in it is not drawn.
        if perimeter is not None:
            yield {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(perimeter.shape),
                "properties": {
                    "title": perimeter.name,
                    "lines": [item["why"]] if "why" in item else [],
                    "colour": perimeter.colour.value,
                    "windows": [[item["starts_at"], item["ends_at"]]],
                },
            }
