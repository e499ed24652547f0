"""What the map of a route shows, as GeoJSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import shapely

from portal.itineriz.documents.wording import bay_hours_text, reason_text
from portal.itineriz.queries import RouteView
from portal.regulations.snapshot import LawSnapshot

LAYERS = ("perimeters", "avoided", "bays", "route", "stops")
"""From the bottom of the map to its top. avoided: the streets that the law closed to the tour."""


def layer(route: RouteView, law: Callable[[], LawSnapshot], kind: str, zone: ZoneInfo) -> dict[str, Any]:
    """One layer of a route; empty without an answer. law: asked only where the layer needs it. zone: of the hours."""
    result = route.result or {}
    if kind == "perimeters":
        features = _perimeters(result, law(), zone)
    elif kind == "avoided":
        features = _avoided(result, zone)
    elif kind == "bays":
        features = _bays(result, zone)
    elif kind == "route":
        features = _tour(result)
    else:
        features = _stops(route)
    return {"type": "FeatureCollection", "features": list(features)}


def has_layer(route: RouteView, kind: str) -> bool:
    """Tell whether a layer would show something: an empty one has no place in the legend."""
    result = route.result or {}
    if kind == "perimeters":
        return bool(_concerned(result))
    if kind == "avoided":
        return any(item.get("lines") for item in _regulations(result))
    if kind == "bays":
        return any(stop.get("bays") for stop in result.get("stops", ()))
    return kind == "stops" or bool(result.get("geometry"))


def perimeter_titles(route: RouteView) -> dict[str, str]:
    """The names of the perimeters an answer speaks of, by their id."""
    return {known: str(item["title"]) for known, item in _concerned(route.result or {}).items()}


def _tour(result: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    if result.get("geometry"):
        yield {"type": "Feature", "geometry": result["geometry"], "properties": {}}


def _stops(route: RouteView) -> Iterable[dict[str, Any]]:
    served = (route.result or {}).get("stops") or route.stops
    for place, stop in enumerate(served):
        # The start, come back to, is on the map already.
        if not stop.get("return"):
            properties = {"title": stop["label"], "number": place} if place else {"title": stop["label"], "letter": "D"}
            yield _point(stop["lon"], stop["lat"], properties)
    for stop in (route.result or {}).get("impossible_stops", ()):
        given = route.stops[stop["number"]]
        yield _point(given["lon"], given["lat"], {"title": given["label"], "letter": "×"})


def _bays(result: Mapping[str, Any], zone: ZoneInfo) -> Iterable[dict[str, Any]]:
    seen: set[str] = set()
    for stop in result.get("stops", ()):
        for bay in stop.get("bays") or ():
            if str(bay["id"]) not in seen:
                seen.add(str(bay["id"]))
                lines = [line for line in (bay.get("address"), bay_hours_text(bay, zone)[0]) if line]
                title = bay.get("name") or bay.get("address") or ""
                yield _point(bay["lon"], bay["lat"], {"title": title, "lines": lines, "regime": bay.get("regime")})


def _avoided(result: Mapping[str, Any], zone: ZoneInfo) -> Iterable[dict[str, Any]]:
    for item in _regulations(result):
        if item.get("lines"):
            properties = {"title": item.get("title", ""), "lines": [reason_text(item, zone)]}
            if item.get("url"):
                properties["href"] = item["url"]
            yield {"type": "Feature", "geometry": item["lines"], "properties": properties}


def _regulations(result: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What changed the way, then what stands in it."""
    yield from result.get("avoided", ())
    yield from result.get("blocking", ())
    for stop in result.get("impossible_stops", ()):
        yield from stop.get("reasons", ())


def _concerned(result: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What the answer says of each perimeter, by its id."""
    concerned: dict[str, Mapping[str, Any]] = {}
    for item in _regulations(result):
        if item.get("kind") == "perimeter":
            concerned.setdefault(str(item["id"]), item)
    for item in result.get("needed_passes", ()):
        concerned.setdefault(str(item["perimeter_id"]), item)
    return concerned


def _perimeters(result: Mapping[str, Any], law: LawSnapshot, zone: ZoneInfo) -> Iterable[dict[str, Any]]:
    for perimeter_id, item in _concerned(result).items():
        perimeter = law.perimeters.get(perimeter_id)
        # The law may have changed since the answer: what is no longer in it is not drawn.
        if perimeter is not None:
            yield {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(perimeter.shape),
                "properties": {
                    "title": perimeter.name,
                    "lines": [reason_text(item, zone)] if "why" in item else [],
                    "colour": perimeter.colour.value,
                    "windows": [[item["starts_at"], item["ends_at"]]],
                },
            }


def _point(lon: float, lat: float, properties: Mapping[str, Any]) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "geometry": geometry, "properties": dict(properties)}
