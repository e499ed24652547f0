"""What the lines of one goods-traffic order forbid and allow, as rules for vehicles at hours.

A line is a conjunction (type and tonnage and usage), a rule of the law a disjunction: what the law cannot say is kept
in words, which warn and never close. A line that allows is an exception to the bans of the same order: it takes away
hours, or frees vehicles, exactly; a general permission takes away nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from portal.common.errors import Invalid
from portal.common.text import fold
from portal.common.units import metres_to_cm, tonnes_to_kg
from portal.numeriz.imports import cerema_schema as schema
from portal.numeriz.imports.opening_hours import closed_hours, read_hours
from portal.numeriz.imports.tables import Row
from portal.numeriz.values import DeliveryHours
from portal.regulations.vehicles import (
    AirClassIn,
    Criterion,
    FreeText,
    IsRoadUser,
    Over,
    RoadUser,
    Size,
)

type Hours = tuple[DeliveryHours, ...]

ALWAYS: Final[Hours] = (DeliveryHours(frozenset(), ()),)
HEAVY_KG: Final = 3500
_MOST_CM: Final = 10_000
_WORDS_LENGTH: Final = 300

_USAGES: Final[Mapping[str, tuple[Criterion, ...]]] = {
    **{fold(text): (criterion,) for criterion, text in schema.USAGES.items()},
    **{fold(text): criteria for text, criteria in schema.OTHER_USAGES.items()},
}
_AIR_CLASSES: Final = {fold(text): air_class for air_class, text in schema.AIR_CLASSES.items()}
_SIZES: Final = (("VEH_LONG", Size.LENGTH), ("VEH_LARG", Size.WIDTH), ("VEH_HAUT", Size.HEIGHT))
# What a line says beyond place and identity; in words when the law cannot say it.
_CONDITIONS: Final = (
    "VEH_TYPES",
    "VEH_TONNAGE_MODALITE",
    "VEH_TONNAGE",
    "VEH_USAGES",
    "SAUF_VEH_USAGES",
    "VEH_LONG",
    "VEH_LARG",
    "VEH_HAUT",
    "VEH_MOTORS",
    "VEH_CQAS",
    "PERIODE_JH",
    "PERIODE_DEBUT",
    "PERIODE_FIN",
    "INTERV_DUREE",
    "INTERV_HMAX",
)
# Engines, how long a vehicle may stay and by when it must leave: the law has no words for them.
_NOT_IN_BANS: Final = ("VEH_MOTORS", "INTERV_DUREE", "INTERV_HMAX")
_NOT_IN_PERMISSIONS: Final = (
    "SAUF_VEH_USAGES",
    "VEH_LONG",
    "VEH_LARG",
    "VEH_HAUT",
    "PERIODE_DEBUT",
    "PERIODE_FIN",
    *_NOT_IN_BANS,
)


class InWords(Exception):
    """The law cannot say what a line says."""


@dataclass(frozen=True, slots=True)
class Ban:
    """Whom a line forbids, and when. least_kg: the tonnage above which alone it binds; None when it is no tonnage.

    in_words: the line is only shown.
    """

    applies_to: tuple[Criterion, ...]
    except_: tuple[Criterion, ...]
    hours: Hours
    least_kg: int | None
    in_words: bool = False


@dataclass(frozen=True, slots=True)
class Permission:
    """Whom a line allows, and when. criteria empty: everybody its type names. heavy_only: no light vehicle.

    most_kg: up to which tonnage; None: any. repeats: the tonnage may be that of the ban, said again.
    """

    criteria: tuple[Criterion, ...]
    hours: Hours
    heavy_only: bool
    most_kg: int | None
    repeats: bool


def words_of(row: Row) -> str:
    """What a line says of vehicles and hours, as written."""
    said = (row.raw(column).strip() for column in _CONDITIONS)
    return ", ".join(" ".join(text.split()) for text in said if text)[:_WORDS_LENGTH] or row.text("REGL_MODALITE")


def ban_of(row: Row, *, hours_allowed: bool = False) -> Ban:
    """The ban of an `Interdit` line. hours_allowed: its hours are those at which traffic is allowed.

    A line the law cannot say becomes a ban in words.
    """
    exceptions = criteria_of(row.parts("SAUF_VEH_USAGES"))
    try:
        hours = _hours(row)
        if hours_allowed and hours != ALWAYS:
            hours = closed_hours(hours)
        applies_to, least_kg = _bound(row)
    except (InWords, Invalid):
        return Ban((FreeText(words_of(row)),), exceptions, ALWAYS, None, in_words=True)
    return Ban(applies_to, exceptions, hours, least_kg)


def permission_of(row: Row) -> Permission:
    """The permission of an `Autorise` line. Raises InWords."""
    if any(row.text(column) for column in _NOT_IN_PERMISSIONS):
        raise InWords
    usages, classes = criteria_of(row.parts("VEH_USAGES")), _air_classes(row)
    if usages and classes:
        raise InWords
    heavy_only = _heavy_only(row)
    modality, tonnes = fold(row.text("VEH_TONNAGE_MODALITE")), _tonnes(row)
    if modality and (tonnes is None or modality != fold(schema.UP_TO_TONNAGE)):
        raise InWords
    try:
        hours = _hours(row)
    except Invalid as error:
        raise InWords from error
    most_kg = None if tonnes is None else tonnes_to_kg(tonnes)
    return Permission(usages or classes, hours, heavy_only, most_kg, repeats=not modality)


def lifted(ban: Ban, permission: Permission, *, covers: bool) -> list[Ban]:
    """What is left of a ban; the ban itself when the permission frees nobody.

    covers: the permission holds wherever the ban does. Raises InWords when it frees somebody, and the law cannot say
    whom, when or where.
    """
    if ban.in_words:
        return [ban]
    least = ban.least_kg
    most = permission.most_kg
    narrows = bool(permission.criteria) or permission.hours != ALWAYS
    if most is not None and least is not None and most <= least:
        # "Up to 7.5 t" beside a ban over 7.5 t says the same again, unless it names usages or hours.
        if most < least or not (narrows and permission.repeats):
            return [ban]
        most = None
    if not narrows and most is None:
        # Everybody, always: the rule of which the ban is the exception, unless it names a part of the place banned.
        if covers:
            return [ban]
        raise InWords
    if not covers or (permission.heavy_only and (least is None or least < HEAVY_KG)):
        raise InWords
    if most is not None and least is None:
        raise InWords
    left: list[Ban] = []
    if most is not None:
        left.append(replace(ban, applies_to=(Over(Size.GROSS_WEIGHT, most),), least_kg=most))
    inside = ban.hours
    try:
        if permission.hours != ALWAYS:
            outside = _minus(ban.hours, permission.hours)
            inside = _minus(ban.hours, closed_hours(permission.hours))
            left += [replace(ban, hours=outside)] if outside else []
    except Invalid as error:
        raise InWords from error
    if permission.criteria and inside:
        left.append(replace(ban, hours=inside, except_=joined(ban.except_, permission.criteria)))
    return left


def joined(first: Iterable[Criterion], second: Iterable[Criterion]) -> tuple[Criterion, ...]:
    """Both lists, each criterion once."""
    return tuple(dict.fromkeys((*first, *second)))


def criteria_of(texts: Iterable[str]) -> tuple[Criterion, ...]:
    """Usages as criteria; one we do not know stays in words."""
    return joined((), (found for text in texts for found in _USAGES.get(fold(text), (FreeText(text),))))


def _bound(row: Row) -> tuple[tuple[Criterion, ...], int | None]:
    """Whom a line forbids, and the tonnage when that is all it bears on. Raises InWords."""
    if any(row.text(column) for column in _NOT_IN_BANS):
        raise InWords
    types = {fold(text) for text in row.parts("VEH_TYPES")}
    if types == {fold(schema.CARGO_BIKES)}:
        groups: list[tuple[Criterion, ...]] = [(IsRoadUser(RoadUser.BICYCLE),)]
        heavy = False
    else:
        groups, heavy = [], _heavy_only(row)
    limit_kg = _least_kg(row)
    if heavy:
        limit_kg = max(limit_kg or 0, HEAVY_KG)
    sizes = _sizes(row)
    # Sizes beside a tonnage are alternatives; beside a type of vehicle they are one more condition.
    if sizes and heavy:
        raise InWords
    limits = sizes if limit_kg is None else (Over(Size.GROSS_WEIGHT, limit_kg), *sizes)
    groups += [group for group in (limits, criteria_of(row.parts("VEH_USAGES")), _air_classes(row)) if group]
    if len(groups) > 1:
        raise InWords
    applies_to = groups[0] if groups else ()
    only_weight = not groups or (applies_to == limits and not sizes)
    return applies_to, (limit_kg or 0) if only_weight else None


def _heavy_only(row: Row) -> bool:
    """Tell whether the types of a line are heavy goods vehicles alone, or every vehicle. Raises InWords for others."""
    if row.raw("VEH_TYPES").strip() and not row.parts("VEH_TYPES"):
        raise InWords  # "NC": the order does not say whom
    types = {fold(text) for text in row.parts("VEH_TYPES")}
    if not types or fold(schema.ALL_TYPES) in types:
        return False
    if types == {fold(schema.HEAVY)}:
        return True
    raise InWords


def _tonnes(row: Row) -> Decimal | None:
    """The figure of a line; None when there is none. Raises InWords."""
    tonnes = row.number("VEH_TONNAGE")
    if tonnes is None and row.text("VEH_TONNAGE"):
        raise InWords
    if tonnes is not None and not 0 < tonnes <= schema.MOST_TONNES:
        raise InWords
    return tonnes


def _least_kg(row: Row) -> int | None:
    """The weight strictly above which a line forbids; None when it says none. Raises InWords."""
    tonnes, modality = _tonnes(row), fold(row.text("VEH_TONNAGE_MODALITE"))
    if tonnes is None:
        if modality:
            raise InWords
        return None
    if not modality:
        return tonnes_to_kg(tonnes)
    if modality == fold(schema.FROM_TONNAGE):
        return tonnes_to_kg(tonnes) - 1
    raise InWords  # a ban of the light ones


def _sizes(row: Row) -> tuple[Criterion, ...]:
    found: list[Criterion] = []
    for column, size in _SIZES:
        number = row.number(column)
        if number is None and row.text(column):
            raise InWords
        if number is not None:
            limit = metres_to_cm(number)
            if not 0 < limit <= _MOST_CM:
                raise InWords
            found.append(Over(size, limit))
    return tuple(found)


def _air_classes(row: Row) -> tuple[Criterion, ...]:
    texts = row.parts("VEH_CQAS")
    classes = frozenset(_AIR_CLASSES[fold(text)] for text in texts if fold(text) in _AIR_CLASSES)
    if len(classes) < len({fold(text) for text in texts}):
        raise InWords
    return (AirClassIn(classes),) if classes else ()


def _hours(row: Row) -> Hours:
    """The hours of a line. Raises Invalid(`bad-hours`)."""
    text = row.text("PERIODE_JH", 1000)
    return read_hours(text) if text else ALWAYS


def _minus(hours: Hours, without: Sequence[DeliveryHours]) -> Hours:
    """The hours that are not among the others. Raises Invalid(`bad-hours`)."""
    return closed_hours((*closed_hours(hours), *without))
