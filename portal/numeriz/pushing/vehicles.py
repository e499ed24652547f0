"""For whom, as the national base takes it. Limits are "over"; what it has no word for goes into its free text.

Its words are those of its write API (`vehicleSet`): a list of restricted types, one limit of weight and of each size,
a list of exempted types, and a text for the rest, which nothing but people will read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from portal.common.errors import Invalid
from portal.numeriz.words import criterion_words
from portal.regulations.vehicles import (
    Access,
    AirClass,
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
    VehicleRule,
)

_MOST_RESTRICTED_SIGNS: Final = 100
_MOST_EXEMPTED_SIGNS: Final = 300
# Name of the limit, the inner units in one of its own, the most it takes.
_SIZES: Final[Mapping[Size, tuple[str, int, int]]] = {
    Size.GROSS_WEIGHT: ("heavyweightMaxWeight", 1000, 44),
    Size.WIDTH: ("maxWidth", 100, 10),
    Size.LENGTH: ("maxLength", 100, 50),
    Size.HEIGHT: ("maxHeight", 100, 10),
}
_AIR_CLASSES: Final[Mapping[AirClass, str]] = {
    AirClass.E: "critair0",
    AirClass.CLASS_1: "critair1",
    AirClass.CLASS_2: "critair2",
    AirClass.CLASS_3: "critair3",
    AirClass.CLASS_4: "critair4",
    AirClass.CLASS_5: "critair5",
    AirClass.NONE: "critairWithout",
}
_EXEMPTED: Final[Mapping[Criterion, str]] = {
    UsedFor(Usage.EMERGENCY): "emergencyServices",
    UsedFor(Usage.POLICE): "police",
    UsedFor(Usage.PUBLIC_TRANSPORT): "commercial",
    UsedFor(Usage.TAXI): "taxi",
    UsedFor(Usage.CARPOOL): "carSharing",
    UsedFor(Usage.ROADWORKS): "roadMaintenanceOrConstruction",
    UsedFor(Usage.CITY_LOGISTICS): "cityLogistics",
    HasAccess(Access.LOCAL_ACCESS): "desserteLocale",
    HasAccess(Access.RESIDENT): "localResident",
    IsRoadUser(RoadUser.PEDESTRIAN): "pedestrians",
    IsRoadUser(RoadUser.BICYCLE): "bicycle",
}


def vehicles_body(rule: VehicleRule) -> dict[str, Any]:
    """The `vehicleSet` of a rule. Raises Invalid(`push-text-too-long`, most=...)."""
    restricted = _restricted(rule.applies_to)
    exempted = [_EXEMPTED[criterion] for criterion in rule.except_ if criterion in _EXEMPTED]
    rest = [criterion for criterion in rule.except_ if criterion not in _EXEMPTED]
    body: dict[str, Any] = {
        "allVehicles": not rule.applies_to,
        **restricted,
        "exemptedTypes": [*dict.fromkeys(exempted), *(["other"] if rest else [])],
    }
    if rest:
        body["otherExemptedTypeText"] = _in_words(rest, _MOST_EXEMPTED_SIGNS)
    return body


def _restricted(criteria: Iterable[Criterion]) -> dict[str, Any]:
    limits: dict[Size, int] = {}
    classes: set[AirClass] = set()
    rest: list[Criterion] = []
    hazmat = False
    for criterion in criteria:
        match criterion:
            case Over(size, limit) if size in _SIZES and 0 < limit <= _SIZES[size][2] * _SIZES[size][1]:
                # Any limit is enough: the lowest one says what all of them say.
                limits[size] = min(limit, limits.get(size, limit))
            case AirClassIn(banned):
                classes |= banned
            case CarriesHazmat():
                hazmat = True
            case _:
                rest.append(criterion)
    types = []
    if Size.GROSS_WEIGHT in limits:
        types.append("heavyGoodsVehicle")
    if limits.keys() - {Size.GROSS_WEIGHT}:
        types.append("dimensions")
    if classes:
        types.append("critair")
    if hazmat:
        types.append("hazardousMaterials")
    if rest:
        types.append("other")
    body: dict[str, Any] = {"restrictedTypes": types}
    for size, limit in limits.items():
        name, factor, _most = _SIZES[size]
        body[name] = limit / factor
    if classes:
        body["critairTypes"] = sorted(_AIR_CLASSES[item] for item in classes)
    if rest:
        body["otherRestrictedTypeText"] = _in_words(rest, _MOST_RESTRICTED_SIGNS)
    return body


def _in_words(criteria: Iterable[Criterion], most: int) -> str:
    """Criteria as one text. Raises Invalid(`push-text-too-long`): a text cut short could say the contrary."""
    written = "\u00a0; ".join(c.text if isinstance(c, FreeText) else criterion_words(c) for c in criteria)
    if len(written) > most:
        raise Invalid("push-text-too-long", most=most)
    return written
