"""For whom: one condition of a regulation as what a vehicle is, or is not."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from lxml.etree import _Element as Element

from portal.numeriz.imports.datex.terms import (
    AIR_CLASSES,
    ANY_VEHICLE,
    HAZMAT,
    NATIONAL_TYPES,
    NATIONAL_USAGES,
    OTHER_VEHICLE,
    OUR_NAMESPACE,
    SIZES,
    STANDARD_TYPES,
    STANDARD_USAGES,
)
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.xml import children, descendants, find, local_name, text_of, xsi_type
from portal.numeriz.values import Issue
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
    Usage,
    UsedFor,
)

LONGEST_TEXT = 300
_CM2_PER_M2 = 10_000
# No vehicle is a thousand metres long or weighs a thousand tonnes.
_MOST = Decimal(1000)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a source: what its types and usages of vehicles mean. national: its operators say nothing (a size
    is always a limit that must not be exceeded), and the sizes of one condition are alternatives."""

    types: Mapping[str, tuple[Criterion, ...]]
    usages: Mapping[str, tuple[Criterion, ...]]
    national: bool


NATIONAL = Words(NATIONAL_TYPES, NATIONAL_USAGES, national=True)
STANDARD = Words(STANDARD_TYPES, STANDARD_USAGES, national=False)


@dataclass(frozen=True, slots=True)
class Fact:
    """A condition on a vehicle: it meets one of the criteria, or (holds False) none of them.

    lost: it says more than criteria can, and some of it is only words here.
    """

    any_of: tuple[Criterion, ...]
    holds: bool = True
    lost: bool = False

    def opposite(self) -> Fact:
        """What the negated condition says."""
        return replace(self, holds=not self.holds)


def facts_of(condition: Element, words: Words, issues: list[Issue]) -> list[Fact]:
    """What one condition demands, all of it at once, without looking at its negation.

    What is not understood becomes free text, which neither opens nor closes a road, and an issue.
    """
    kind = xsi_type(condition)
    if kind == "VehicleCondition":
        vehicle = find(condition, "vehicleCharacteristics")
        found = [] if vehicle is None else list(_vehicle(vehicle, words, issues))
        if found:
            return found
        return [] if vehicle is not None and _is_any(vehicle) else [_unknown(kind, "", issues)]
    if kind == "AccessCondition":
        value = text_of(condition, "accessConditionType")
        known: Criterion | None = HasAccess(Access.LOCAL_ACCESS) if value == "destinationTraffic" else None
    elif kind == "DriverCondition":
        value = text_of(condition, "driverCharacteristicsType")
        known = HasAccess(Access.RESIDENT) if value == "localResident" else None
    elif kind == "NonVehicularRoadUserCondition":
        value = text_of(condition, "nonVehicularRoadUser")
        known = IsRoadUser(RoadUser.PEDESTRIAN) if value == "pedestrians" else None
    else:
        value, known = "", None
    return [Fact((known,))] if known is not None else [_unknown(kind, value, issues)]


def _is_any(vehicle: Element) -> bool:
    return any(text_of(kind) == ANY_VEHICLE for kind in children(vehicle, "vehicleType"))


def _unknown(kind: str, value: str, issues: list[Issue]) -> Fact:
    shown = clean_text(f"{kind} {value}", 80)
    issues.append(Issue("vehicle-not-understood", {"value": shown}))
    return Fact((FreeText(shown or "?"),))


def _vehicle(vehicle: Element, words: Words, issues: list[Issue]) -> Iterator[Fact]:
    sizes: list[Fact] = []
    types: list[Criterion] = []
    for child in vehicle:
        name, value = local_name(child), text_of(child)
        if name in SIZES:
            sizes.append(_size(child, name, words, issues))
        elif name == "vehicleType":
            if value == ANY_VEHICLE or (value == OTHER_VEHICLE and _extension(vehicle) is not None):
                continue
            types += _known(words.types, name, value, issues)
        elif name == "vehicleUsage":
            yield Fact(_known(words.usages, name, value, issues))
        elif name == "loadType":
            yield Fact((CarriesHazmat(),)) if value == HAZMAT else _unknown(name, value, issues)
        elif name == "emissions":
            yield _emissions(child, issues)
        elif name == "_vehicleCharacteristicsExtension":
            yield _extended(child, issues)
        else:
            yield _unknown(name, value, issues)
    # Several types in one condition: a vehicle has only one, so any of them.
    yield from _joined([] if _is_any(vehicle) else types, sizes, words, issues)


def _known(
    words: Mapping[str, tuple[Criterion, ...]], name: str, value: str, issues: list[Issue]
) -> tuple[Criterion, ...]:
    # The air class without a sticker is written as a type of vehicle.
    if value in AIR_CLASSES:
        return (AirClassIn(frozenset({AIR_CLASSES[value]})),)
    return words.get(value) or _unknown(name, value, issues).any_of


def _joined(types: list[Criterion], sizes: list[Fact], words: Words, issues: list[Issue]) -> Iterator[Fact]:
    """Types and sizes of one condition: of both at once, but the national base means a heavy goods vehicle with a
    weight by that weight alone."""
    if not words.national:
        if types:
            yield Fact(tuple(types))
        yield from sizes
        return
    heavy = words.types["heavyGoodsVehicle"][0]
    weighed = any(isinstance(c, Over) and c.size is Size.GROSS_WEIGHT for fact in sizes for c in fact.any_of)
    kept = [criterion for criterion in types if not (criterion == heavy and weighed)]
    if kept and sizes:
        # Neither "and" nor "or" is said of them by its form.
        yield _unknown("vehicleType", "…", issues)
        return
    if kept:
        yield Fact(tuple(kept))
    if sizes:
        yield Fact(tuple(criterion for fact in sizes for criterion in fact.any_of))


def _size(characteristic: Element, name: str, words: Words, issues: list[Issue]) -> Fact:
    tag, size, factor = SIZES[name]
    written, operator = text_of(characteristic, tag), text_of(characteristic, "comparisonOperator")
    try:
        value = Decimal(written.replace(",", "."))
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 < value <= _MOST:
        return _unknown(name, written, issues)
    if text_of(characteristic, "typeOfWeight") == "actual":
        issues.append(Issue("actual-weight", {"value": written[:20]}))
    limit = value * factor
    if words.national:
        return Fact((Over(size, math.floor(limit)),))
    match operator:
        case "greaterThan":
            return Fact((Over(size, math.floor(limit)),))
        case "greaterThanOrEqualTo":
            return Fact((Over(size, math.ceil(limit) - 1),))
        case "lessThanOrEqualTo":
            return Fact((Over(size, math.floor(limit)),), holds=False)
        case "lessThan":
            return Fact((Over(size, math.ceil(limit) - 1),), holds=False)
        case _:
            return _unknown(name, f"{operator} {written}", issues)


def _emissions(emissions: Element, issues: list[Issue]) -> Fact:
    values = [text_of(child) for child in children(emissions, "emissionClassificationOther")]
    if not values or len(values) < len(emissions) or any(value not in AIR_CLASSES for value in values):
        return _unknown("emissions", " ".join(text_of(child) for child in emissions), issues)
    return Fact((AirClassIn(frozenset(AIR_CLASSES[value] for value in values)),))


def _extension(vehicle: Element) -> Element | None:
    return find(vehicle, "_vehicleCharacteristicsExtension")


def _extended(extension: Element, issues: list[Issue]) -> Fact:
    """What only an extension can say: a footprint or a usage of our own exports, or a vehicle in words."""
    footprint = next(extension.iter(f"{{{OUR_NAMESPACE}}}footprint"), None)
    if footprint is not None and footprint.get("comparisonOperator") == "greaterThan":
        try:
            return Fact((Over(Size.FOOTPRINT, int(Decimal(footprint.get("squareMetres", "")) * _CM2_PER_M2)),))
        except (InvalidOperation, ValueError, OverflowError):
            return _unknown("footprint", footprint.get("squareMetres", ""), issues)
    usage = next(extension.iter(f"{{{OUR_NAMESPACE}}}usage"), None)
    if usage is not None and (usage.text or "") in set(Usage):
        return Fact((UsedFor(Usage(usage.text or "")),))
    text = next((child.text or "" for child in descendants(extension, "otherVehicleType")), "")
    text = clean_text(text, LONGEST_TEXT)
    return Fact((FreeText(text),)) if text else _unknown("otherVehicleType", "", issues)
