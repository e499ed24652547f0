"""Where a regulation applies: one location of DATEX II as places of our law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml.etree import _Element as Element

from portal.numeriz.imports.datex.shapes import NOWHERE, Drawn, read_geojson, read_positions
from portal.numeriz.imports.datex.terms import DIRECTIONS, OUR_NAMESPACE
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.reading import Bounds
from portal.numeriz.imports.xml import children, descendants, find, text_of
from portal.numeriz.values import Issue
from portal.regulations.measures import Direction, LocationKind, MeasureLocation

LONGEST_LABEL = 2_000
_AREAS = frozenset({"Polygon", "MultiPolygon"})
# What the law is to be read from when a condition gives several: the order, then the ground, then the effect.
_REFERENCES = ("locationByOrder", "implementedLocation", "trafficImpactLocation")


@dataclass(frozen=True, slots=True)
class Place:
    """A place read, and the box of what was drawn (None: nothing)."""

    location: MeasureLocation
    box: Bounds | None
    issues: tuple[Issue, ...]


def places_of(condition: Element, bounds: Bounds | None) -> Iterator[Place]:
    """The places of a location condition."""
    for name in _REFERENCES:
        reference = find(condition, name)
        if reference is not None:
            grouped = list(children(reference, "locationContainedInGroup"))
            for location in grouped or [reference]:
                yield from _places(location, bounds)
            return
    yield Place(MeasureLocation(LocationKind.FREE_GEOMETRY, "", NOWHERE), None, (Issue("place-not-drawn"),))


def _places(location: Element, bounds: Bounds | None) -> Iterator[Place]:
    ours = next(location.iter(f"{{{OUR_NAMESPACE}}}place"), None)
    kind, label = _described(location)
    named_roads: frozenset[str] = frozenset()
    direction = _direction(location)
    if ours is not None:
        label = ours.get("label") or label
        direction = DIRECTIONS.get(ours.get("direction", ""), direction)
        named_roads = frozenset(road.text or "" for road in children(ours, "namedRoad"))
        written = ours.get("kind", "")
        kind = LocationKind(written) if written in set(LocationKind) else kind
    for drawn in _drawn(location, bounds):
        area = drawn.shape.geom_type in _AREAS
        shown = LocationKind.AREA if area and ours is None else kind
        yield Place(
            MeasureLocation(shown, label, drawn.shape, direction, named_roads=named_roads), drawn.box, drawn.issues
        )


def _described(location: Element) -> tuple[LocationKind, str]:
    """How the order names the place."""
    described = find(location, "supplementaryPositionalDescription")
    for road in children(described, "roadInformation") if described is not None else ():
        name, number = find(road, "roadName"), text_of(road, "roadNumber")
        if name is not None:
            return LocationKind.NAMED_STREET, clean_text(name.text or "", LONGEST_LABEL)
        if number:
            return LocationKind.NUMBERED_ROAD, clean_text(number, LONGEST_LABEL)
    texts = (
        text_of(described, "locationDescription", "values", "value"),
        text_of(location, "namedArea", "areaName", "values", "value"),
        text_of(location, "gmlMultiPolygon", "gmlAreaName", "values", "value"),
    )
    return LocationKind.FREE_GEOMETRY, clean_text(next(filter(None, texts), ""), LONGEST_LABEL)


def _direction(location: Element) -> Direction:
    """The direction its lines agree on; unknown when none says it, or they differ."""
    said = {(found.text or "").strip() for found in descendants(location, "directionRelativeOnLinearSection")}
    return DIRECTIONS.get(said.pop(), Direction.UNKNOWN) if len(said) == 1 else Direction.UNKNOWN


def _drawn(location: Element, bounds: Bounds | None) -> tuple[Drawn, ...]:
    """What is drawn, from the most exact way of saying it."""
    geojson = next(descendants(location, "geoJsonGeometry"), None)
    if geojson is not None:
        return read_geojson((geojson.text or "").strip(), bounds)
    lines = [text_of(line, "posList") for line in descendants(location, "gmlLineString")]
    areas = [
        [text_of(ring, "posList") for name in ("exterior", "interior") for ring in children(polygon, name)]
        for polygon in descendants(location, "gmlPolygon")
    ]
    if lines or areas:
        return read_positions(lines, areas, bounds)
    point = next(descendants(location, "pointCoordinates"), None)
    if point is None:
        return read_geojson("", bounds)
    return read_geojson(
        f'{{"type":"Point","coordinates":[{text_of(point, "longitude")},{text_of(point, "latitude")}]}}', bounds
    )
