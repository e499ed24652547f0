"""The values and conditions of OpenStreetMap tags about traffic: access words, sizes with units, `value @ (condition)`.

Source: wiki.openstreetmap.org/wiki/Key:access, Map_features/Units, Conditional_restrictions. None always means: not
understood; whoever asked then shows the text and concludes nothing from it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from typing import Final

from portal.common.errors import Invalid
from portal.numeriz.imports.opening_hours import read_hours
from portal.numeriz.values import DeliveryHours
from portal.regulations.vehicles import (
    Access,
    CarriesHazmat,
    Criterion,
    FreeText,
    HasAccess,
    Over,
    Size,
    Usage,
    UsedFor,
)

ALWAYS: Final = (DeliveryHours(frozenset(), ()),)
type Hours = tuple[DeliveryHours, ...]
type Season = tuple[tuple[int, int], tuple[int, int]]
"""First and last day of each year, both included, as (month, day); the last may come before the first. Day 29 of
February stands for the last one of that month."""

HEAVY_OVER_KG: Final = 3500
LOCAL: Final = HasAccess(Access.LOCAL_ACCESS)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a value says. closed: for those of `applies_to` (empty: all), but those of `exempt`."""

    closed: bool
    applies_to: tuple[Criterion, ...] = ()
    exempt: tuple[Criterion, ...] = ()


OPEN: Final = Ruling(closed=False)
CLOSED: Final = Ruling(closed=True)

_OPEN_WORDS: Final = frozenset({"yes", "permissive", "designated", "official", "public", "unknown", "discouraged"})
_EXEMPT_OF: Final[Mapping[str, Criterion]] = {
    **dict.fromkeys(("destination", "delivery", "customers", "private", "loading", "unloading"), LOCAL),
    **dict.fromkeys(("residents", "resident", "residential"), HasAccess(Access.RESIDENT)),
    **dict.fromkeys(("psv", "bus"), UsedFor(Usage.PUBLIC_TRANSPORT)),
    "taxi": UsedFor(Usage.TAXI),
    "emergency": UsedFor(Usage.EMERGENCY),
    **{word: FreeText(word) for word in ("permit", "agricultural", "forestry", "employees", "members")},
}
OWNERS_WORDS: Final = frozenset({"private", "customers", "permit", "residents", "employees", "members"})
"""Whose land it is, rather than who may drive there: on a service road they say nothing of the law."""


def read_access(value: str) -> Ruling | None:
    """Read a value of `access` and its kin: `no`, `destination`, `delivery;emergency`."""
    words = [word.strip() for word in value.lower().split(";")]
    if any(word in _OPEN_WORDS for word in words):
        return OPEN if len(words) == 1 else None
    if words == ["no"]:
        return CLOSED
    if all(word in _EXEMPT_OF for word in words):
        return Ruling(closed=True, exempt=tuple(dict.fromkeys(_EXEMPT_OF[word] for word in words)))
    return None


_NO_LIMIT: Final = frozenset({"none", "no", "default", "below_default", "unsigned", "no_sign", "no_indications"})
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)\s*(t|to|tons?|tonnes?|kg|lbs?|st|m|cm|km|mi|ft|in|'|\")?", re.IGNORECASE)
_FEET = re.compile(r"(\d+)\s*(?:'|ft)\s*(?:(\d+(?:[.,]\d+)?)\s*(?:\"|''|in))?", re.IGNORECASE)
_WEIGHT_KG: Final = {
    **dict.fromkeys(("", "t", "to", "ton", "tons", "tonne", "tonnes"), Decimal(1000)),
    "kg": Decimal(1),
    **dict.fromkeys(("lb", "lbs"), Decimal("0.45359237")),
    "st": Decimal("907.18474"),
}
_LENGTH_CM: Final = {
    "": Decimal(100),
    "m": Decimal(100),
    "cm": Decimal(1),
    "ft": Decimal("30.48"),
    "in": Decimal("2.54"),
}
# What can stand on a sign in tonnes and metres: anything else is a slip of the unit, and binds nobody.
_BELIEVABLE: Final[Mapping[Size, tuple[int, int]]] = {
    Size.GROSS_WEIGHT: (500, 100_000),
    Size.AXLE_LOAD: (500, 40_000),
    Size.HEIGHT: (100, 800),
    Size.WIDTH: (80, 1_000),
    Size.LENGTH: (200, 6_000),
}


def read_limit(size: Size, value: str) -> Ruling | None:
    """Read a limit: `3.5`, `3,5 t`, `3500 kg`, `12'6"`, `none`. A fraction of the inner unit is dropped, which is
    exact: sizes are whole, so none lies between the two."""
    text = value.strip()
    if text.lower() in _NO_LIMIT:
        return OPEN
    limit = _weight(text) if size in (Size.GROSS_WEIGHT, Size.AXLE_LOAD) else _length(text)
    if limit is None:
        return None
    least, most = _BELIEVABLE[size]
    return Ruling(closed=True, applies_to=(Over(size, limit),)) if least <= limit <= most else None


def _weight(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    factor = _WEIGHT_KG.get((found[2] or "").lower()) if found else None
    return None if found is None or factor is None else int(_number(found[1]) * factor)


def _length(text: str) -> int | None:
    feet = _FEET.fullmatch(text)
    if feet is not None:
        return int(Decimal(feet[1]) * _LENGTH_CM["ft"] + _number(feet[2] or "0") * _LENGTH_CM["in"])
    found = _NUMBER.fullmatch(text)
    factor = _LENGTH_CM.get((found[2] or "").lower()) if found else None
    return None if found is None or factor is None else int(_number(found[1]) * factor)


def _number(text: str) -> Decimal:
    return Decimal(text.replace(",", "."))


@dataclass(frozen=True, slots=True)
class Condition:
    """When a value holds: for vehicles over `over_kg` and not over `up_to_kg`, in these hours and days of the year.

    who: the value is for these alone. binds: the value is for vehicles that meet one of these.
    """

    over_kg: int = 0
    up_to_kg: int | None = None
    hours: Hours = ALWAYS
    season: Season | None = None
    who: Criterion | None = None
    binds: tuple[Criterion, ...] = ()


ANY_TIME: Final = Condition()

_CLAUSE = re.compile(r"\s*([^@;]+?)\s*@\s*(\((?:[^()]|\([^()]*\))*\)|[^;()]+)\s*(?:;|$)")


def clauses(text: str) -> list[tuple[str, str]] | None:
    """Cut `value @ (condition); …` into its values and conditions, in order; None when it is written otherwise."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        clause = _CLAUSE.match(text, at)
        if clause is None:
            return None
        found.append((clause[1], clause[2].removeprefix("(").removesuffix(")").strip()))
        at = clause.end()
    return found


def read_condition(text: str) -> Condition | None:
    """Read a condition, or several joined by AND: modes, sizes, hours, days of the year."""
    found: Condition | None = ANY_TIME
    for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE):
        found = found and _narrowed(found, part.strip())
    return found


def _narrowed(known: Condition, part: str) -> Condition | None:
    word = part.lower()
    if word == "hgv":
        return replace(known, over_kg=max(known.over_kg, HEAVY_OVER_KG))
    if word == "goods":
        return replace(known, up_to_kg=min(known.up_to_kg or HEAVY_OVER_KG, HEAVY_OVER_KG))
    if word == "hazmat":
        return replace(known, binds=(CarriesHazmat(),)) if not known.binds else None
    if word in _EXEMPT_OF and word not in OWNERS_WORDS:
        return replace(known, who=_EXEMPT_OF[word]) if known.who is None else None
    compared = _COMPARISON.fullmatch(part)
    if compared is not None:
        return _compared(known, compared[1].lower(), compared[2], compared[3])
    if known.hours != ALWAYS or known.season is not None:
        return None
    return _timed(known, part)


_COMPARISON = re.compile(r"([A-Za-z_]+)\s*(<=|>=|<|>|=)\s*(.+)")
_SIZES: Final[Mapping[str, Size]] = {
    **dict.fromkeys(("weight", "weightrating", "gcweight", "gcweightrating"), Size.GROSS_WEIGHT),
    "axleload": Size.AXLE_LOAD,
    "height": Size.HEIGHT,
    "width": Size.WIDTH,
    "length": Size.LENGTH,
}


def _compared(known: Condition, name: str, sign: str, value: str) -> Condition | None:
    size = _SIZES.get(name.removeprefix("max"))
    ruling = None if size is None or sign == "=" else read_limit(size, value)
    if size is None or ruling is None or not ruling.closed:
        return None
    [over] = (criterion for criterion in ruling.applies_to if isinstance(criterion, Over))
    # Sizes are whole: "at least the limit" is "over what comes just before it".
    limit = over.limit - 1 if sign in {">=", "<"} else over.limit
    if size is Size.GROSS_WEIGHT:
        if sign.startswith(">"):
            return replace(known, over_kg=max(known.over_kg, limit))
        return replace(known, up_to_kg=limit if known.up_to_kg is None else min(known.up_to_kg, limit))
    if sign.startswith("<") or known.binds:
        return None
    return replace(known, binds=(Over(size, limit),))


_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LAST_DAY: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MONTH = rf"({'|'.join(_MONTHS)})"
_SEASON = re.compile(
    rf"\s*{_MONTH}(?:\s+(\d{{1,2}}))?(?:\s*-\s*(?:{_MONTH}\s*)?(\d{{1,2}})?)?(?=\s|$)\s*:?\s*", re.IGNORECASE
)


def _timed(known: Condition, text: str) -> Condition | None:
    """Hours, with one and the same season before each of their rules or none at all."""
    seasons: set[Season | None] = set()
    rest: list[str] = []
    for rule in text.split(";"):
        head = _SEASON.match(rule)
        if head is None:
            seasons.add(None)
            rest.append(rule)
            continue
        season = _season(head)
        if season is None:
            return None
        seasons.add(season)
        rest.append(rule[head.end() :])
    if len(seasons) != 1:
        return None
    written = "; ".join(rest)
    try:
        hours = read_hours(written) if written.strip(" ;") else ALWAYS
    except Invalid:
        return None
    season = seasons.pop()
    # The night of the last day runs into a day that is out of the season: bounds would cut it short.
    cut = season is not None and any(slot.ends_next_day and slot.end > time() for part in hours for slot in part.slots)
    return None if cut else replace(known, hours=hours, season=season)


def _season(head: re.Match[str]) -> Season | None:
    """The days that `Jul 23-Aug 21`, `Jul 1-31`, `Jul-Aug` or `Jul` names; None for `Jul 23-` and days that are not."""
    first, first_day, last, last_day = head.groups()
    start_month = _MONTHS.index(first.lower()) + 1
    end_month = _MONTHS.index(last.lower()) + 1 if last else start_month
    if (first_day is None) != (last_day is None) and (last or last_day):
        return None
    if first_day is None:
        start, end = (start_month, 1), (end_month, _LAST_DAY[end_month - 1])
    else:
        start, end = (start_month, int(first_day)), (end_month, int(last_day or first_day))
    known_days = all(1 <= day <= _LAST_DAY[month - 1] for month, day in (start, end))
    return (start, end) if known_days and (head.group().count("-") == 0 or last or last_day) else None
