"""Where a record of a DATEX II situation is: a point, or two points of a road that a match turns into a path."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import shapely
from lxml.etree import _Element as Element
from shapely.geometry.base import BaseGeometry

from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.events.places import NOWHERE, Position, read_position
from portal.numeriz.imports.xml import children, descendants, find, text_of, xsi_type
from portal.numeriz.values import Issue
from portal.regulations.measures import Direction

MAIN_CARRIAGEWAY = "mainCarriageway"

# Bearings of traffic, degrees from north.
_BEARINGS = {
    "northBound": 0.0,
    "northEastBound": 45.0,
    "eastBound": 90.0,
    "southEastBound": 135.0,
    "southBound": 180.0,
    "southWestBound": 225.0,
    "westBound": 270.0,
    "northWestBound": 315.0,
}
_BOTH = frozenset({"bothWays", "allDirections", "both"})
# A compass direction is rounded by up to 22.5 degrees and a road winds; beyond this it says nothing about the line.
_MOST_ANGLE_DEG = 60.0
_PADDED_NUMBER = re.compile(r"([A-Z]+)0*([0-9]+)(.*)")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record is. shape: empty when it is not located. direction: from the first point to the second.

    carriageways: those the source names, empty when it names none. marks: reference points of the road, as written.
    """

    shape: BaseGeometry
    direction: Direction = Direction.UNKNOWN
    road: str = ""
    carriageways: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = field(default=())


def read_place(record: Element, where: int) -> Place:
    """Read `groupOfLocations` of a record; a place that cannot be read is nowhere, with an issue."""
    group = find(record, "groupOfLocations")
    if group is None:
        return Place(NOWHERE, issues=(Issue("event-without-place", where=where),))
    linear = next(descendants(group, "tpegLinearLocation"), None)
    if xsi_type(group) == "Linear" and linear is not None:
        # Written `to` before `from`.
        positions = _known(find(linear, end, "pointCoordinates") for end in ("from", "to"))
        issues = []
    else:
        # One place may be told in several ways, a group holds several places: the first one stands for all.
        found = _known(descendants(group, "pointCoordinates"))
        positions = found[:1]
        issues = [Issue("event-places-left", {"count": len(found) - 1}, where)] if len(found) > 1 else []
    if not positions:
        issues.append(Issue("event-without-place", where=where))
    return Place(
        shapely.MultiPoint(positions) if len(positions) > 1 else shapely.Point(*positions),
        _direction(group, positions),
        _road(group),
        frozenset(text_of(found) for found in descendants(group, "carriageway")) - {""},
        tuple(_marks(group)),
        tuple(issues),
    )


def _known(points: Iterable[Element | None]) -> list[Position]:
    """The positions that can be read, once each."""
    read = (read_position(text_of(point, "longitude"), text_of(point, "latitude")) for point in points)
    return list(dict.fromkeys(position for position in read if position is not None))


def _direction(group: Element, ends: list[Position]) -> Direction:
    written = {
        text_of(found)
        for name in ("tpegDirection", "directionRelativeOnLinearSection", "directionRelativeAtPoint")
        for found in descendants(group, name)
    }
    if written and written <= _BOTH:
        return Direction.BOTH
    compass = [_BEARINGS[word] for word in written if word in _BEARINGS]
    if len(compass) != 1 or len(ends) != 2 or written & _BOTH:
        return Direction.UNKNOWN
    (west, south), (east, north) = ends
    bearing = math.degrees(math.atan2((east - west) * math.cos(math.radians(south)), north - south))
    angle = abs((compass[0] - bearing + 180) % 360 - 180)
    if angle <= _MOST_ANGLE_DEG:
        return Direction.FORWARD
    return Direction.BACKWARD if angle >= 180 - _MOST_ANGLE_DEG else Direction.UNKNOWN


def _road(group: Element) -> str:
    """The road as signs write it: `N0125` is N125."""
    for element in descendants(group, "linearElement"):
        number = _PADDED_NUMBER.fullmatch(text_of(element, "roadNumber"))
        if number is not None:
            return clean_text("".join(number.groups()), 60)
    for name in descendants(group, "name"):
        if text_of(name, "tpegOtherPointDescriptorType") == "linkName":
            return clean_text(next((value.text for value in descendants(name, "value")), ""), 60)
    return ""


def _marks(group: Element) -> Iterator[str]:
    """Reference points with the metres along the road from each: `31PR24U+530`."""
    for name in ("fromPoint", "toPoint", "distanceAlongLinearElement"):
        for point in descendants(group, name):
            mark = text_of(point, "fromReferent", "referentIdentifier")
            if mark:
                yield clean_text(f"{mark}+{text_of(point, 'distanceAlong').removesuffix('.0')}", 40)


def comments(record: Element, kinds: frozenset[str]) -> list[str]:
    """The public comments of these kinds, in French when they are, once each."""
    found = (
        clean_text(_words(comment), 500)
        for comment in children(record, "generalPublicComment")
        if text_of(comment, "commentType") in kinds
    )
    return list(dict.fromkeys(text for text in found if text))


def _words(comment: Element) -> str:
    values = list(descendants(comment, "value"))
    french = next((value for value in values if str(value.get("lang", "fr")).lower().startswith("fr")), None)
    chosen = french if french is not None else next(iter(values), None)
    return "" if chosen is None or chosen.text is None else chosen.text
