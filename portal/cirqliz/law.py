"""What requests and passes read of the law: the perimeters of a window, and their hours."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import shapely

from portal.cirqliz.ports import RouteStop
from portal.regulations.perimeters import Motorised, Perimeter
from portal.regulations.schedules import Interval
from portal.regulations.snapshot import LawSnapshot


@dataclass(frozen=True, slots=True)
class Span:
    """When a perimeter is active; no end: permanent."""

    start: datetime
    end: datetime | None

    def holds(self, at: datetime) -> bool:
        """Tell whether the instant lies inside."""
        return self.start <= at and (self.end is None or at < self.end)


def needed_perimeters(
    law: LawSnapshot, stops: Iterable[RouteStop], tour_ids: Iterable[str], window: Interval
) -> Sequence[Perimeter]:
    """Return the perimeters that ask something of the vehicles: those of the tour, and those of a stop in the window.

    The tour is computed for one departure; a request may last for days, so the stops are asked again for all of them.
    """
    found = {id_: law.perimeters[id_] for id_ in tour_ids if id_ in law.perimeters}
    for stop in stops:
        for hit in law.at(shapely.Point(stop.lon, stop.lat)):
            perimeter = hit.regulation
            if isinstance(perimeter, Perimeter) and spans_in(perimeter, window):
                found[perimeter.id] = perimeter
    binding = (p for p in found.values() if p.access.motorised is not Motorised.FREE)
    return sorted(binding, key=lambda p: (-p.colour.strictness, p.name, p.id))


def spans_in(perimeter: Perimeter, window: Interval) -> tuple[Span, ...]:
    """Return the activations that meet the window, with their own bounds, in order."""
    met = (a for a in perimeter.activations if window.meets(a.start, a.end))
    return tuple(Span(a.start, a.end) for a in sorted(met, key=lambda a: a.start))


def spans_of(law: LawSnapshot, perimeter_ids: Iterable[str], window: Interval) -> dict[str, tuple[Span, ...]]:
    """Return the hours of each perimeter inside a window; a perimeter that the law no longer knows is left out."""
    known = (law.perimeters[id_] for id_ in perimeter_ids if id_ in law.perimeters)
    return {perimeter.id: spans_in(perimeter, window) for perimeter in known}


def perimeter_features(law: LawSnapshot, perimeter_ids: Iterable[str], window: Interval) -> dict[str, object]:
    """Return the areas as a GeoJSON FeatureCollection for the map component."""
    features = []
    for id_ in perimeter_ids:
        perimeter = law.perimeters.get(id_)
        if perimeter is None or perimeter.shape.is_empty:
            continue
        windows = [[s.start.isoformat(), s.end and s.end.isoformat()] for s in spans_in(perimeter, window)]
        features.append(
            {
                "type": "Feature",
                "geometry": shapely.geometry.mapping(perimeter.shape),
                "properties": {"title": perimeter.name, "colour": perimeter.colour.value, "windows": windows},
            }
        )
    return {"type": "FeatureCollection", "features": features}
