"""Conditions of a regulation in DATEX II v3: when, where, for whom, as one boolean tree that means what it says.

A measure applies when all of these hold: one of its periods, one of its places, one of the kinds of vehicle it is
made for (when it names any), and none of its exemptions. An exemption set is therefore negated as a whole.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time
from decimal import Decimal

import shapely
from lxml import etree
from lxml.etree import _Element as Element
from shapely.geometry import MultiPolygon, Polygon, mapping
from shapely.geometry.base import BaseGeometry

from portal.numeriz.exports.datex2_terms import (
    AIR_CLASSES,
    COM,
    DAYS,
    DIRECTIONS,
    DX,
    LOC,
    NSMAP,
    OURS,
    SIZES,
    TRO,
    USAGES,
    XSI,
)
from portal.numeriz.words import criterion_words
from portal.regulations.measures import LocationKind, MeasureLocation
from portal.regulations.schedules import HolidayRule, Period, Weekday
from portal.regulations.vehicles import (
    Access,
    AirClassIn,
    CarriesHazmat,
    Criterion,
    FreeText,
    HasAccess,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
    UsedFor,
)

LONGEST_TEXT = 1024
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CM2_PER_M2 = 10_000


def clean(text: str, most: int | None = None) -> str:
    """The text without what XML cannot hold, cut at `most` characters."""
    return _NOT_XML.sub("", text)[:most]


def node(tag: str) -> Element:
    """A top element that declares the prefixes its types are named with."""
    return etree.Element(tag, nsmap=NSMAP)  # type: ignore[arg-type]  # None is the default namespace


def add(parent: Element, tag: str, text: str | None = None, *, kind: str = "", **attributes: str) -> Element:
    """Add a child; kind: its `xsi:type`; attributes in no namespace, empty ones left out."""
    child = etree.SubElement(parent, tag)
    if kind:
        child.set(XSI + "type", kind)
    for name, value in attributes.items():
        if value:
            child.set(name, clean(value))
    if text is not None:
        child.text = clean(text)
    return child


def add_words(parent: Element, tag: str, text: str) -> Element:
    """Add a text in the language of the file, cut at what the schema takes."""
    child = add(parent, tag)
    add(add(child, COM + "values"), COM + "value", clean(text, LONGEST_TEXT))
    return child


def instant(at: datetime) -> str:
    """An instant in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def number(value: float | Decimal) -> str:
    """A number in all its digits, without an exponent."""
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    text = repr(value)
    return format(Decimal(text), "f") if "e" in text else text


def add_set(parent: Element, operator: str, *, negate: bool = False, tag: str = TRO + "conditions") -> Element:
    """Add a set of conditions."""
    found = add(parent, tag, kind="ConditionSet")
    if negate:
        add(found, TRO + "negate", "true")
    add(found, TRO + "operator", operator)
    return found


def add_period(parent: Element, period: Period) -> None:
    """Add when a period applies. A clock time without an offset is local, as the law has it."""
    condition = add(parent, TRO + "conditions", kind="ValidityCondition")
    add_validity(condition, period.start, period.end, period)


def add_validity(parent: Element, start: datetime, end: datetime | None, period: Period | None = None) -> None:
    """Add bounds in UTC and, of a period, its days, hours and holidays."""
    validity = add(parent, TRO + "validityByOrder")
    add(validity, COM + "validityStatus", "definedByValidityTimeSpec")
    bounds = add(validity, COM + "validityTimeSpecification")
    add(bounds, COM + "overallStartTime", instant(start))
    if end is not None:
        add(bounds, COM + "overallEndTime", instant(end))
    if period is None:
        return
    only = period.holidays is HolidayRule.ONLY
    also = period.holidays is HolidayRule.ALSO and bool(period.weekdays)
    weekdays: Iterable[Weekday] = () if only else sorted(period.weekdays)
    if period.slots or weekdays or only:
        valid = add(bounds, COM + "validPeriod")
        for slot in period.slots:
            hours = add(valid, COM + "recurringTimePeriodOfDay")
            add(hours, COM + "startTimeOfPeriod", _clock(slot.start))
            add(hours, COM + "endTimeOfPeriod", _clock(slot.end))
        if weekdays:
            days = add(valid, COM + "recurringDayWeekMonthPeriod")
            for day in weekdays:
                add(days, COM + "applicableDay", DAYS[day])
        if only or also:
            _add_holidays(valid, intersect=not also)
    if period.holidays is HolidayRule.EXCEPTED:
        _add_holidays(add(bounds, COM + "exceptionPeriod"), intersect=True)


def _add_holidays(period: Element, *, intersect: bool) -> None:
    """Public holidays: instead of the days named (intersect), or beside them."""
    special = add(period, COM + "recurringSpecialDay")
    add(special, COM + "intersectWithApplicableDays", "true" if intersect else "false")
    add(special, COM + "specialDayType", "publicHoliday")


def _clock(at: time) -> str:
    return at.isoformat()


def add_location(parent: Element, location: MeasureLocation) -> None:
    """Add one place: lines with their direction, or an area."""
    condition = add(parent, TRO + "conditions", kind="LocationCondition")
    shape = shapely.force_2d(location.shape)
    if isinstance(shape, (Polygon, MultiPolygon)) and not shape.is_empty:
        _add_area(condition, location, shape)
    else:
        _add_lines(condition, location, shape)


def _add_place(reference: Element, location: MeasureLocation, *, direction: bool) -> None:
    """What the schema has no element for: the kind of place, roads named beside, and what was cut."""
    extension = add(reference, LOC + "_locationReferenceExtension")
    label = location.label if len(location.label) > LONGEST_TEXT else ""
    written = DIRECTIONS[location.direction] if direction else ""
    place = add(extension, OURS + "place", direction=written, label=label)
    place.set("kind", location.kind.value)
    for road in sorted(location.named_roads):
        add(place, OURS + "namedRoad", road)


def _add_lines(condition: Element, location: MeasureLocation, shape: BaseGeometry) -> None:
    pieces = [piece for piece in getattr(shape, "geoms", [shape]) if piece.geom_type == "LineString" and piece.coords]
    drawn = bool(pieces) and shape.geom_type in {"LineString", "MultiLineString"}
    kind = "loc:SingleRoadLinearLocation" if drawn else "loc:LinearLocation"
    reference = add(condition, TRO + "locationByOrder", kind=kind)
    _add_place(reference, location, direction=not drawn)
    described = add(reference, LOC + "supplementaryPositionalDescription")
    label = clean(location.label, LONGEST_TEXT)
    if location.kind is LocationKind.NAMED_STREET:
        add(add(described, LOC + "roadInformation"), LOC + "roadName", label)
    elif location.kind is LocationKind.NUMBERED_ROAD:
        add(add(described, LOC + "roadInformation"), LOC + "roadNumber", label)
    else:
        add_words(described, LOC + "locationDescription", label)
    if not shape.is_empty:
        extended = add(add(reference, LOC + "_linearLocationExtension"), LOC + "linearLocationExtended")
        add(extended, DX + "geoJsonGeometry", json.dumps(mapping(shape), separators=(",", ":")))
    if not drawn:
        return
    for piece in pieces:
        linear = add(reference, LOC + "linearWithinLinearElement")
        add(linear, LOC + "directionRelativeOnLinearSection", DIRECTIONS[location.direction])
        element = add(linear, LOC + "linearElement", kind="loc:LinearElementByLineString")
        _add_positions(add(element, LOC + "gmlLineString"), piece.coords)
        for tag, share in (("fromPoint", "0"), ("toPoint", "100")):
            along = add(linear, LOC + tag, kind="loc:PercentageDistanceAlongLinearElement")
            add(along, LOC + "percentageDistanceAlong", share)


def _add_area(condition: Element, location: MeasureLocation, shape: Polygon | MultiPolygon) -> None:
    reference = add(condition, TRO + "locationByOrder", kind="loc:AreaLocation")
    _add_place(reference, location, direction=True)
    add_words(add(reference, LOC + "namedArea"), LOC + "areaName", location.label)
    many = add(reference, LOC + "gmlMultiPolygon")
    for polygon in shape.geoms if isinstance(shape, MultiPolygon) else [shape]:
        found = add(many, LOC + "gmlPolygon")
        _add_positions(add(found, LOC + "exterior"), polygon.exterior.coords)
        for ring in polygon.interiors:
            _add_positions(add(found, LOC + "interior"), ring.coords)


def _add_positions(parent: Element, points: Iterable[Sequence[float]]) -> None:
    """Positions as the schema has them: latitude first."""
    add(parent, LOC + "posList", " ".join(f"{number(lat)} {number(lon)}" for lon, lat in points))


def add_criterion(parent: Element, criterion: Criterion) -> None:
    """Add one kind of vehicle or user."""
    match criterion:
        case HasAccess(Access.LOCAL_ACCESS):
            condition = add(parent, TRO + "conditions", kind="AccessCondition")
            add(condition, TRO + "accessConditionType", "destinationTraffic")
        case HasAccess(Access.RESIDENT):
            condition = add(parent, TRO + "conditions", kind="DriverCondition")
            add(condition, TRO + "driverCharacteristicsType", "localResident")
        case IsRoadUser(RoadUser.PEDESTRIAN):
            condition = add(parent, TRO + "conditions", kind="NonVehicularRoadUserCondition")
            add(condition, TRO + "nonVehicularRoadUser", "pedestrians")
        case _:
            condition = add(parent, TRO + "conditions", kind="VehicleCondition")
            _add_vehicle(add(condition, TRO + "vehicleCharacteristics"), criterion)


def _add_vehicle(vehicle: Element, criterion: Criterion) -> None:
    match criterion:
        case Over(Size.FOOTPRINT, limit):
            extension = _add_other(vehicle, criterion_words(criterion))
            square_metres = number(Decimal(limit) / _CM2_PER_M2)
            add(extension, OURS + "footprint", comparisonOperator="greaterThan", squareMetres=square_metres)
        case Over(size, limit):
            tag, value, factor = SIZES[size]
            characteristic = add(vehicle, COM + tag)
            add(characteristic, COM + "comparisonOperator", "greaterThan")
            add(characteristic, COM + value, number(Decimal(limit) / factor))
            if size is Size.GROSS_WEIGHT:
                add(characteristic, COM + "typeOfWeight", "maximumPermitted")
        case AirClassIn(classes) if classes:
            emissions = add(vehicle, COM + "emissions")
            for name in sorted(AIR_CLASSES[air_class] for air_class in classes):
                add(emissions, COM + "emissionClassificationOther", name)
        case CarriesHazmat():
            add(vehicle, COM + "loadType", "hazardousMaterials")
        case IsRoadUser():
            add(vehicle, COM + "vehicleType", "bicycle")
        case UsedFor(usage) if usage in USAGES:
            add(vehicle, COM + "vehicleUsage", USAGES[usage])
        case AirClassIn():
            _add_other(vehicle, criterion_words(criterion))
        case UsedFor(usage):
            add(_add_other(vehicle, criterion_words(criterion)), OURS + "usage", usage.value)
        case FreeText(text):
            _add_other(vehicle, text)


def _add_other(vehicle: Element, words: str) -> Element:
    """Vehicles in words; returns where more may be said of them."""
    add(vehicle, COM + "vehicleType", "other")
    extension = add(vehicle, COM + "_vehicleCharacteristicsExtension")
    add(add(extension, COM + "vehicleCharacteristicsExtended"), DX + "otherVehicleType", words)
    return extension
