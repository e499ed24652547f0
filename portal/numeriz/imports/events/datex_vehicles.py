"""Whom a record of a DATEX II situation concerns, with the operators as the standard reads them.

`greaterThan 7.5` designates the vehicles over 7.5: the national base of orders writes its limits the other way round,
situations do not. Characteristics in one condition must all be met, several conditions are alternatives.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from lxml.etree import _Element as Element

from portal.numeriz.imports.datex.terms import ANY_VEHICLE, HAZMAT, SIZES, STANDARD_TYPES, STANDARD_USAGES
from portal.numeriz.imports.documents import clean_text
from portal.numeriz.imports.xml import children, local_name, text_of
from portal.regulations.vehicles import (
    HEAVY_GOODS,
    CarriesHazmat,
    Criterion,
    FreeText,
    Over,
    Size,
    Usage,
    UsedFor,
    VehicleRule,
)

# Version 2 has its own words for lorries and works vehicles.
_TYPES = {
    **STANDARD_TYPES,
    "lorry": (HEAVY_GOODS,),
    "taxi": (UsedFor(Usage.TAXI),),
    "constructionOrMaintenanceVehicle": (UsedFor(Usage.ROADWORKS),),
}
_OVER = frozenset({"greaterThan", "greaterThanOrEqualTo"})
_SIGNS = {
    "greaterThan": ">",
    "greaterThanOrEqualTo": "≥",
    "lessThan": "<",
    "lessThanOrEqualTo": "≤",
    "equalTo": "=",
}


def read_vehicles(conditions: Iterable[Element]) -> tuple[VehicleRule | None, str]:
    """The rule of all `forVehiclesWithCharacteristicsOf` of a record, and what of it could not be understood.

    None: every vehicle. What is not understood stays in the rule in words, which bind nobody.
    """
    found: list[Criterion] = []
    unknown: list[str] = []
    everyone = False
    for condition in conditions:
        parts = [_criterion(part) for part in condition]
        limits = [part for part in parts if part is not None]
        if not limits:
            everyone = True
            continue
        criterion = _all_of(limits)
        if criterion is None:
            words = " + ".join(_words(part) for part in condition)
            unknown.append(words)
            criterion = FreeText(clean_text(words, 200) or "…")
        found.append(criterion)
    rule = None if everyone or not found else VehicleRule(tuple(dict.fromkeys(found)))
    return rule, clean_text(" ; ".join(unknown), 200)


def _criterion(part: Element) -> Criterion | None:
    """What one characteristic designates; None for every vehicle, FreeText when it cannot be said in our words."""
    name = local_name(part)
    if name in {"vehicleType", "vehicleUsage", "loadType"}:
        value = text_of(part)
        if value == ANY_VEHICLE:
            return None
        if name == "loadType":
            return CarriesHazmat() if value == HAZMAT else FreeText(value)
        known = (_TYPES if name == "vehicleType" else STANDARD_USAGES).get(value, ())
        return known[0] if len(known) == 1 else FreeText(value)
    if name in SIZES:
        return _limit(part, *SIZES[name])
    return FreeText(name)


def _limit(part: Element, value_name: str, size: Size, factor: int) -> Criterion:
    operator = text_of(part, "comparisonOperator")
    try:
        value = Decimal(text_of(part, value_name)) * factor
    except InvalidOperation:
        return FreeText(local_name(part))
    if operator not in _OVER or not value.is_finite() or not 0 < value < 1_000_000:
        return FreeText(local_name(part))
    # Sizes are whole: at least 12 m is over 11.99 m.
    return Over(size, math.floor(value) if operator == "greaterThan" else math.ceil(value) - 1)


def _all_of(parts: list[Criterion]) -> Criterion | None:
    """The one criterion that holds exactly when all do; None when there is none."""
    rest = list(dict.fromkeys(parts))
    weights = [part for part in rest if isinstance(part, Over) and part.size is Size.GROSS_WEIGHT]
    if len(weights) > 1:
        # A lorry over 7.5 t: whoever is over the larger limit is over both.
        heaviest = max(weights, key=lambda part: part.limit)
        rest = [part for part in rest if part not in weights or part == heaviest]
    return rest[0] if len(rest) == 1 and not isinstance(rest[0], FreeText) else None


def _words(part: Element) -> str:
    """A characteristic as the source wrote it, short."""
    name = local_name(part)
    if name not in SIZES:
        return text_of(part) or name
    value_name = SIZES[name][0]
    operator = text_of(part, "comparisonOperator")
    return f"{value_name} {_SIGNS.get(operator, operator)} {text_of(part, value_name)}"


def vehicle_conditions(record: Element) -> list[Element]:
    """The conditions on vehicles of a record."""
    return list(children(record, "forVehiclesWithCharacteristicsOf"))
