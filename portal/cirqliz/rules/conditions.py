"""What a rule asks and how the rules of a territory answer, from facts read once. Pure: no database, no clock.

Facts are JSON values, kept with each answer, so that the same facts and the same rules give the same answer for ever:

- company: {status, naf}; naf None: unknown
- vehicles: [{plate, category, energy, air_class, hazmat, elsewhere}]; None in any of them: unknown
- perimeters: [{id, name, colour, motorised}]; colour and motorised None: the law no longer knows the perimeter
- tour: how the lawful tour came out, None without a tour; anything but `ok` is for a person
- documents: how many are attached; window_s: from the start to the end asked; ahead_s: from the filing to the start
- refused_before: a person refused one of these vehicles for dates that meet; absent from facts older than it
- obstacle: the code of what forbids any approval now, or None
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from portal.cirqliz.states import RuleOutcome
from portal.regulations.perimeters import Colour, Motorised

type Facts = Mapping[str, Any]

_DAY_S: Final = 86_400
_LAWFUL: Final = "ok"

# Domain 4.5: a red, grey or black perimeter is opened by a person of the authority, whatever the rules say; so are
# the perimeters whose event asks for an accreditation or is closed.
RULED_COLOURS: Final = frozenset({Colour.WHITE, Colour.BLUE})
RULED_POLICIES: Final = frozenset({Motorised.FREE, Motorised.JUSTIFIED, Motorised.PASS_REQUIRED})


class Kind(StrEnum):
    """What a condition looks at: the kinds of LISTS carry values, those of NUMBERS a number, the others neither."""

    COLOURS = "colours"
    POLICIES = "policies"
    PERIMETERS = "perimeters"
    COMPANY_VERIFIED = "company_verified"
    NAF = "naf"
    CATEGORIES = "categories"
    AIR_CLASSES = "air_classes"
    ENERGIES = "energies"
    NO_HAZMAT = "no_hazmat"
    PLATES_ONCE = "plates_once"
    MOST_VEHICLES = "most_vehicles"
    MOST_DAYS = "most_days"
    AHEAD_AT_LEAST = "ahead_at_least"
    AHEAD_AT_MOST = "ahead_at_most"
    DOCUMENTS = "documents"


LISTS: Final = frozenset(
    {Kind.COLOURS, Kind.POLICIES, Kind.PERIMETERS, Kind.NAF, Kind.CATEGORIES, Kind.AIR_CLASSES, Kind.ENERGIES}
)
NUMBERS: Final = frozenset({Kind.MOST_VEHICLES, Kind.MOST_DAYS, Kind.AHEAD_AT_LEAST, Kind.AHEAD_AT_MOST})


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition. values: of a list, in order, none twice; number: of a count of vehicles or days.

    Raises ValueError when a list is empty, or a number missing or negative.
    """

    kind: Kind
    values: tuple[str, ...] = ()
    number: int | None = None

    def __post_init__(self) -> None:
        if (self.kind in LISTS) != bool(self.values):
            raise ValueError(f"{self.kind}: values {self.values!r}")
        if (self.kind in NUMBERS) != (self.number is not None) or (self.number or 0) < 0:
            raise ValueError(f"{self.kind}: number {self.number!r}")

    def as_json(self) -> dict[str, Any]:
        """Return the condition as it is stored."""
        found: dict[str, Any] = {"kind": self.kind.value}
        if self.values:
            found["values"] = list(self.values)
        if self.number is not None:
            found["number"] = self.number
        return found

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Condition:
        """Return the condition stored. Raises ValueError for one this version does not know."""
        return cls(Kind(value["kind"]), tuple(value.get("values", ())), value.get("number"))


class Truth(StrEnum):
    """What the facts say of one thing: nothing is guessed when they are silent."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Found:
    """What a condition found of one thing. of: the plate or perimeter looked at, empty for the request as a whole.

    value: as the facts hold it, None when they do not.
    """

    of: str
    value: str | int | None
    truth: Truth


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition with what it found, and whether it holds."""

    condition: Condition
    found: tuple[Found, ...]
    holds: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule. id: of that version."""

    id: str
    name: str
    number: int
    conditions: tuple[Condition, ...]
    outcome: RuleOutcome


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the rules answer. rule None: none applies. obstacle: why an approval of the rule is left to a person."""

    rule: Rule | None
    outcome: RuleOutcome
    obstacle: str | None = None


def answer(rules: Iterable[Rule], facts: Facts) -> Proposal:
    """Let the first rule whose conditions all hold answer; a person decides when none does."""
    rule = next((one for one in rules if applies(one, facts)), None)
    if rule is None or rule.outcome is RuleOutcome.HUMAN:
        return Proposal(rule, RuleOutcome.HUMAN)
    obstacle = obstacle_of(facts)
    return Proposal(rule, RuleOutcome.HUMAN if obstacle else RuleOutcome.APPROVE, obstacle)


def applies(rule: Rule, facts: Facts) -> bool:
    """Tell whether every condition of a rule holds; a rule without conditions applies to nothing."""
    return bool(rule.conditions) and all(judge(one, facts, rule.outcome).holds for one in rule.conditions)


def judge(condition: Condition, facts: Facts, outcome: RuleOutcome) -> Judged:
    """Look at the facts for one condition.

    To approve, it must be known to hold for every vehicle or perimeter it looks at. To keep a request for a person,
    one is enough, or one of which nothing is known.
    """
    found = tuple(_LOOKS[condition.kind](condition, facts))
    if outcome is RuleOutcome.APPROVE:
        holds = bool(found) and all(one.truth is Truth.YES for one in found)
    else:
        holds = not found or any(one.truth is not Truth.NO for one in found)
    return Judged(condition, found, holds)


def obstacle_of(facts: Facts) -> str | None:
    """Return the code of what forbids a rule to approve, whatever it says; None when nothing does."""
    if facts.get("obstacle"):
        return str(facts["obstacle"])
    if _company(facts).get("status") != "verified":
        return "company-not-verified"
    if facts.get("refused_before"):
        return "refused-before"
    if facts.get("tour") not in {None, _LAWFUL}:
        return "tour-not-lawful"
    perimeters = _perimeters(facts)
    if not perimeters or any(one.get("colour") not in RULED_COLOURS for one in perimeters):
        return "colour-needs-person"
    if any(one.get("motorised") not in RULED_POLICIES for one in perimeters):
        return "policy-needs-person"
    return None


def _company(facts: Facts) -> Mapping[str, Any]:
    return facts.get("company") or {}


def _vehicles(facts: Facts) -> Sequence[Mapping[str, Any]]:
    return facts.get("vehicles") or ()


def _perimeters(facts: Facts) -> Sequence[Mapping[str, Any]]:
    return facts.get("perimeters") or ()


def _truth(known: object, holds: Callable[[], bool]) -> Truth:
    if known is None:
        return Truth.UNKNOWN
    return Truth.YES if holds() else Truth.NO


def _each(things: Sequence[Mapping[str, Any]], name: str, key: str, holds: Callable[[Any], bool]) -> Iterable[Found]:
    """Look at one value of each thing. name: the key that tells people which one it is."""
    for thing in things:
        value = thing.get(key)
        yield Found(str(thing.get(name) or ""), value, _truth(value, lambda value=value: holds(value)))  # type: ignore[misc]


def _among(
    things: Callable[[Facts], Sequence[Mapping[str, Any]]], name: str, key: str
) -> Callable[[Condition, Facts], Iterable[Found]]:
    return lambda condition, facts: _each(things(facts), name, key, lambda value: value in condition.values)


def _whole(value: int | str | None, holds: Callable[[Any], bool]) -> Iterable[Found]:
    return (Found("", value, _truth(value, lambda: holds(value))),)


def _starts_with(code: str, prefixes: Iterable[str]) -> bool:
    bare = code.replace(".", "").upper()
    return any(bare.startswith(prefix.replace(".", "").upper()) for prefix in prefixes)


def _count(facts: Facts) -> int | None:
    """How many vehicles; None when the facts name none, since a request always has one."""
    return len(_vehicles(facts)) or None


_LOOKS: Final[Mapping[Kind, Callable[[Condition, Facts], Iterable[Found]]]] = MappingProxyType(
    {
        Kind.COLOURS: _among(_perimeters, "name", "colour"),
        Kind.POLICIES: _among(_perimeters, "name", "motorised"),
        Kind.PERIMETERS: _among(_perimeters, "name", "id"),
        Kind.CATEGORIES: _among(_vehicles, "plate", "category"),
        Kind.AIR_CLASSES: _among(_vehicles, "plate", "air_class"),
        Kind.ENERGIES: _among(_vehicles, "plate", "energy"),
        Kind.NO_HAZMAT: lambda _c, facts: _each(_vehicles(facts), "plate", "hazmat", lambda value: value is False),
        Kind.PLATES_ONCE: lambda _c, facts: _each(_vehicles(facts), "plate", "elsewhere", lambda value: value == 0),
        Kind.COMPANY_VERIFIED: lambda _c, facts: _whole(_company(facts).get("status"), lambda v: v == "verified"),
        Kind.NAF: lambda c, facts: _whole(_company(facts).get("naf"), lambda v: _starts_with(v, c.values)),
        Kind.MOST_VEHICLES: lambda c, facts: _whole(_count(facts), lambda v: v <= c.number),
        Kind.MOST_DAYS: lambda c, facts: _whole(facts.get("window_s"), lambda v: v <= (c.number or 0) * _DAY_S),
        Kind.AHEAD_AT_LEAST: lambda c, facts: _whole(facts.get("ahead_s"), lambda v: v >= (c.number or 0) * _DAY_S),
        Kind.AHEAD_AT_MOST: lambda c, facts: _whole(facts.get("ahead_s"), lambda v: v <= (c.number or 0) * _DAY_S),
        Kind.DOCUMENTS: lambda _c, facts: _whole(facts.get("documents"), lambda v: v >= 1),
    }
)
