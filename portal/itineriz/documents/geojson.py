"""The tour as GeoJSON (RFC 7946): the whole way, its legs, its stops, their bays, the streets that were closed to it.

`kind` tells the features apart: route, leg, stop, bay, avoided. Instants carry the offset of the territory.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from portal.itineriz.documents.told import ToldTour
from portal.itineriz.pages.shown import StopShown


def to_geojson(tour: ToldTour) -> bytes:
    """The file."""
    collection = {
        "type": "FeatureCollection",
        "name": tour.name,
        "notice": tour.notice,
        "features": list(_features(tour)),
    }
    return json.dumps(collection, ensure_ascii=False, allow_nan=False).encode()


def _features(tour: ToldTour) -> Iterator[dict[str, Any]]:
    if len(tour.line) > 1:
        summary = {name: tour.result[name] for name in ("distance_m", "duration_s", "drive_s")}
        yield _feature("LineString", tour.line, "route", title=tour.name, **summary)
    for number, way in enumerate(tour.ways, start=1):
        if len(way.line) > 1:
            yield _feature(
                "LineString",
                way.line,
                "leg",
                number=number,
                depart_at=way.leg.depart_at.isoformat(),
                arrive_at=way.leg.arrive_at.isoformat(),
                distance_m=way.leg.distance_m,
                duration_s=way.leg.duration_s,
                instructions=[step.text for step in way.steps],
            )
    for stop in tour.stops:
        yield _stop(stop)
        for choice, bay in enumerate(stop.bays, start=1):
            values = {"stop": stop.place, "choice": choice, "title": bay.name, "address": bay.address}
            facts = {"walk_m": bay.walk_m, "length_m": bay.length_m, "regime": bay.regime, "hours": bay.hours}
            yield _feature("Point", [bay.lon, bay.lat], "bay", **values, **facts, doubt=bay.doubt or None)
    for closed in tour.closed:
        yield _feature(
            "MultiLineString",
            closed.lines,
            "avoided",
            title=closed.title,
            why=closed.why,
            url=closed.url or None,
            starts_at=closed.starts_at or None,
            ends_at=closed.ends_at or None,
            minutes=closed.minutes,
            metres=closed.metres,
        )


def _stop(stop: StopShown) -> dict[str, Any]:
    return _feature(
        "Point",
        [stop.lon, stop.lat],
        "stop",
        number=stop.place,
        sign=stop.sign,
        given=stop.number,
        title=stop.label,
        arrive_at=stop.arrive_at and stop.arrive_at.isoformat(),
        leave_at=stop.leave_at and stop.leave_at.isoformat(),
        wait_s=stop.wait_s,
        service_s=stop.service_s,
        windows=[[start.isoformat(), end and end.isoformat()] for start, end in stop.windows],
        at=list(stop.at),
        is_return=stop.is_return,
    )


def _feature(shape: str, coordinates: object, kind: str, **properties: object) -> dict[str, Any]:
    """A feature; one that has no place to be drawn has a null geometry, as the format wants it."""
    geometry: Mapping[str, object] | None = {"type": shape, "coordinates": coordinates} if coordinates else None
    return {"type": "Feature", "geometry": geometry, "properties": {"kind": kind, **properties}}
