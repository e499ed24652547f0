"""The layers of the map as GeoJSON, made from the same law that answers every question."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import shapely
from flask import url_for

from portal.numeriz.api import BayView, geojson
from portal.regulations.measures import Measure, Origin
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval, merge
from portal.regulations.snapshot import LawSnapshot
from portal.visualiz.concerned import rule_digest
from portal.visualiz.law_lines import (
    bay_lines,
    bay_title,
    measure_effect,
    measure_href,
    measure_limit,
    measure_lines,
    measure_title,
    perimeter_lines,
)
from portal.visualiz.moments import Moment

type Feature = dict[str, Any]

type Box = tuple[float, float, float, float]
"""West, south, east, north; degrees."""

SUSPENDED = "suspended"
"""The look of a bay that is out of use, whatever its regime."""
MOST_FEATURES = 3_000
"""A browser draws no more than this in good time: a layer that holds more says so, and is asked for a smaller box."""


def perimeter_features(law: LawSnapshot, slug: str) -> Iterable[Feature]:
    """One feature per perimeter; windows: all its activations, an end may be null."""
    for perimeter in law.perimeters.values():
        yield _feature(
            geojson(perimeter.shape),
            id=perimeter.id,
            title=perimeter.name,
            colour=perimeter.colour.value,
            event=perimeter.event,
            windows=[[_iso(span.start), _iso(span.end)] for span in perimeter.activations],
            lines=perimeter_lines(perimeter, law.zone),
            href=url_for("visualiz.show_perimeter", territory=slug, perimeter_id=UUID(perimeter.id)),
        )


def measure_features(
    law: LawSnapshot, slug: str, moment: Moment, origin: Origin, box: Box | None = None
) -> Iterable[Feature]:
    """One feature per place of a measure of an origin that meets the box, everywhere when None.

    id: of the measure, and the number of the place in it. rule: the same for measures that concern the same vehicles.
    windows: when it is active on the day, the day before and the day after.
    """
    around = Interval(*moment.days_around)
    frame = None if box is None else shapely.box(*box)
    found = law.measures.values() if box is None else law.in_box(box, around)
    # Thousands of signs say the same: their hours are computed once, and their sentences written once.
    windows_of: dict[object, list[list[str | None]]] = {}
    lines_of: dict[object, list[str]] = {}
    for measure in found:
        if not isinstance(measure, Measure) or measure.origin is not origin:
            continue
        if measure.periods not in windows_of:
            windows_of[measure.periods] = measure_windows(measure, law, around)
        windows = windows_of[measure.periods]
        places = [
            (number, place)
            for number, place in enumerate(measure.locations)
            if frame is None or frame.intersects(place.drawn)
        ]
        if not windows or not places:
            continue
        said = (measure.vehicles, measure.periods, measure.order.title, measure.order.authority)
        if said not in lines_of:
            lines_of[said] = measure_lines(measure, law.zone)
        for number, place in places:
            if not place.drawn.is_empty:
                yield _feature(
                    geojson(place.drawn),
                    id=f"{measure.id}.{number}",
                    rule=rule_digest(measure.vehicles),
                    **measure_limit(measure),
                    title=measure_title(measure, place),
                    effect=measure_effect(measure),
                    windows=windows,
                    lines=lines_of[said],
                    href=measure_href(measure, slug),
                )


def measure_windows(measure: Measure, law: LawSnapshot, around: Interval) -> list[list[str | None]]:
    """The spans of an interval in which a measure is active, cut to it."""
    spans = merge(span for period in measure.periods for span in period.active_intervals(around, law.calendar))
    return [[_iso(span.start), _iso(span.end)] for span in spans]


def bay_features(bays: Iterable[BayView], slug: str, zone: ZoneInfo, now: datetime) -> Iterable[Feature]:
    """One point per bay; of one that is put out of use, a second one, whose windows are those times.

    The first has then the windows that are left, and both say `suspended`: every span. now: what is over is not told.
    """
    for bay in bays:
        point = {"type": "Point", "coordinates": [round(bay.lon, 6), round(bay.lat, 6)]}
        properties: dict[str, object] = {
            "id": str(bay.id),
            "title": bay_title(bay),
            "regime": bay.regime.value,
            "lines": bay_lines(bay, zone, now),
            "href": url_for("visualiz.show_bay", territory=slug, bay_id=bay.id),
        }
        if not bay.suspensions:
            yield _feature(point, **properties)
            continue
        out = merge(Interval(span.start, span.end) for span in bay.suspensions)
        suspended = [[_iso(span.start), _iso(span.end)] for span in out]
        starts = [None, *(end for _start, end in suspended)]
        ends = [*(start for start, _end in suspended), None]
        properties["suspended"] = suspended
        yield _feature(point, **properties, windows=[list(span) for span in zip(starts, ends, strict=True)])
        gone = {"id": f"{bay.id}.{SUSPENDED}", "regime": SUSPENDED, "windows": suspended}
        yield _feature(point, **{**properties, **gone})


def _feature(geometry: Mapping[str, Any], **properties: object) -> Feature:
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def is_in_force(regulation: Perimeter | Measure, law: LawSnapshot, at: datetime) -> bool:
    """Tell whether a regulation is active at an instant."""
    if isinstance(regulation, Perimeter):
        return any(span.start <= at and (span.end is None or at < span.end) for span in regulation.activations)
    return any(period.is_active(at, law.calendar) for period in regulation.periods)


def collection(features: Iterable[Feature], version: str) -> dict[str, object]:
    """A layer as GeoJSON, at most `MOST_FEATURES` of it. version: of the law it shows."""
    shown = list(islice(features, MOST_FEATURES + 1))
    return {
        "type": "FeatureCollection",
        "version": version,
        "truncated": len(shown) > MOST_FEATURES,
        "features": shown[:MOST_FEATURES],
    }


def read_box(text: str) -> Box | None:
    """The box `west,south,east,north` that a map shows; None, for everything, when it is none."""
    try:
        west, south, east, north = (round(float(part), 4) for part in text.split(","))
    except (ValueError, OverflowError):
        return None
    # A comparison with NaN is false, so this refuses it too.
    return (west, south, east, north) if -180 <= west < east <= 180 and -90 <= south < north <= 90 else None
