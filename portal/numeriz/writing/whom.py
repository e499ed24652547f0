"""For whom a measure is made, read from a document: closed lists and limits in the inner units of the law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Final, Protocol

from portal.numeriz.writing.values import Fault
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

MOST_CRITERIA: Final = 30
RESTRICTED_TEXT_LENGTH, EXEMPTED_TEXT_LENGTH = 100, 300
# Limits that a sign could bear, in the inner unit: they only catch unit mistakes.
LIMITS: Final[Mapping[Size, range]] = {
    Size.GROSS_WEIGHT: range(100, 150_001),
    Size.AXLE_LOAD: range(100, 50_001),
    Size.HEIGHT: range(50, 801),
    Size.WIDTH: range(50, 801),
    Size.LENGTH: range(100, 6_001),
    Size.FOOTPRINT: range(10_000, 4_000_001),
}


class Faults(Protocol):
    """What a reader of documents offers to a part of it."""

    faults: list[Fault]

    def fault(self, place: str, code: str, **params: str | int) -> None:
        """Note a fault."""

    def one_of[E: StrEnum](self, kind: type[E], value: object, place: str) -> E | None:
        """A word of a closed list."""

    def listed(self, found: Mapping[str, Any], key: str, place: str, most: int) -> Sequence[Any]:
        """A list of at most so many entries."""


class VehicleReader:
    """Reads vehicle rules as `codec.rule_to_json` writes them."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def rule(self, found: object, path: str) -> VehicleRule | None:
        """The rule; every vehicle when nothing is said, None when what is said is no rule at all."""
        if found is None:
            return VehicleRule()
        if not isinstance(found, Mapping):
            self._faults.fault(path, "not-understood")
            return None
        return VehicleRule(
            self._criteria(found, "appliesTo", path, RESTRICTED_TEXT_LENGTH),
            self._criteria(found, "except", path, EXEMPTED_TEXT_LENGTH),
        )

    def _criteria(self, found: Mapping[str, Any], key: str, path: str, longest: int) -> tuple[Criterion, ...]:
        listed = self._faults.listed(found, key, f"{path}.{key}", MOST_CRITERIA)
        read = (self._criterion(item, f"{path}.{key}.{at}", longest) for at, item in enumerate(listed))
        return tuple(criterion for criterion in read if criterion is not None)

    def _criterion(self, found: object, path: str, longest: int) -> Criterion | None:
        if not isinstance(found, Mapping):
            self._faults.fault(path, "not-understood")
            return None
        match found.get("is"):
            case "over":
                return self._over(found, path)
            case "airClassIn":
                return self._classes(found, path)
            case "hazmat":
                return CarriesHazmat()
            case "usage":
                usage = self._faults.one_of(Usage, found.get("usage"), f"{path}.usage")
                return None if usage is None else UsedFor(usage)
            case "access":
                access = self._faults.one_of(Access, found.get("access"), f"{path}.access")
                return None if access is None else HasAccess(access)
            case "roadUser":
                user = self._faults.one_of(RoadUser, found.get("roadUser"), f"{path}.roadUser")
                return None if user is None else IsRoadUser(user)
            case "freeText":
                return self._text(found.get("text"), f"{path}.text", longest)
        self._faults.fault(path, "not-understood")
        return None

    def _over(self, found: Mapping[str, Any], path: str) -> Over | None:
        size = self._faults.one_of(Size, found.get("size"), f"{path}.size")
        limit = found.get("limit")
        if limit in (None, ""):
            self._faults.fault(f"{path}.limit", "limit-missing")
        elif isinstance(limit, bool) or not isinstance(limit, int):
            self._faults.fault(f"{path}.limit", "number-unreadable")
        elif size is not None and limit not in LIMITS[size]:
            self._faults.fault(f"{path}.limit", "limit-out-of-range")
        elif size is not None:
            return Over(size, limit)
        return None

    def _classes(self, found: Mapping[str, Any], path: str) -> AirClassIn | None:
        listed = self._faults.listed(found, "classes", f"{path}.classes", len(AirClass))
        if not listed:
            self._faults.fault(f"{path}.classes", "classes-missing")
            return None
        read = [self._faults.one_of(AirClass, name, f"{path}.classes") for name in listed]
        known = frozenset(name for name in read if name is not None)
        return AirClassIn(known) if len(known) == len(set(map(str, listed))) else None

    def _text(self, value: object, path: str, longest: int) -> FreeText | None:
        text = value.strip() if isinstance(value, str) else ""
        if not text:
            self._faults.fault(path, "words-missing")
        elif len(text) > longest:
            self._faults.fault(path, "text-too-long", most=longest, length=len(text))
        else:
            return FreeText(text)
        return None
