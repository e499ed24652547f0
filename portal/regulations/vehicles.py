"""Vehicles as the law sees them, and the conditions that a measure sets on them.

Everything about a vehicle may be unknown, and unknown never turns into a default: a condition on an unknown size
answers UNKNOWN, and the caller says so to the person who asked.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Final

from portal.common.errors import Invalid


class Usage(StrEnum):
    """What the vehicle is declared to be used for."""

    EMERGENCY = "emergency"
    POLICE = "police"
    PUBLIC_TRANSPORT = "publicTransport"
    TAXI = "taxi"
    CARPOOL = "carpool"
    ROADWORKS = "roadworks"
    CITY_LOGISTICS = "cityLogistics"


class AirClass(StrEnum):
    """Crit'Air sticker; NONE is a class of its own (no sticker), not a missing value."""

    E = "E"
    CLASS_1 = "1"
    CLASS_2 = "2"
    CLASS_3 = "3"
    CLASS_4 = "4"
    CLASS_5 = "5"
    NONE = "none"


class Access(StrEnum):
    """Reasons to be there that belong to the trip or to the driver, not to the vehicle."""

    LOCAL_ACCESS = "localAccess"
    RESIDENT = "resident"


class RoadUser(StrEnum):
    """Road users that are not motor vehicles; no `Vehicle` is ever one of them."""

    PEDESTRIAN = "pedestrian"
    BICYCLE = "bicycle"


class Fact(StrEnum):
    """A fact about a vehicle that can be missing, under the name people and programs type."""

    GROSS_WEIGHT = "gvw_t"
    COMBINATION_WEIGHT = "gcw_t"
    AXLE_LOAD = "axle_load_t"
    HEIGHT = "height_m"
    WIDTH = "width_m"
    LENGTH = "length_m"
    HAZMAT = "hazmat"
    AIR_CLASS = "air_class"
    USAGES = "usages"


class Answer(Enum):
    """Three-valued truth: `UNKNOWN` when a fact that would decide is missing."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


def any_of(answers: Iterable[Answer]) -> Answer:
    """Disjunction: YES wins, then UNKNOWN; NO when there is nothing."""
    seen = set(answers)
    if Answer.YES in seen:
        return Answer.YES
    return Answer.UNKNOWN if Answer.UNKNOWN in seen else Answer.NO


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle, or one tractor with its trailer. None means unknown; whole kilograms and whole centimetres.

    `combination_weight_kg` is the permitted weight of the set (PTRA) and is given only when the vehicle tows.
    `usages` are declared: an absent usage is a usage that is not claimed, so it never exempts.
    Raises ValueError when a size is not a positive whole number.
    """

    gross_weight_kg: int | None = None
    combination_weight_kg: int | None = None
    axle_load_kg: int | None = None
    height_cm: int | None = None
    width_cm: int | None = None
    length_cm: int | None = None
    hazmat: bool | None = None
    air_class: AirClass | None = None
    usages: frozenset[Usage] = frozenset()

    def __post_init__(self) -> None:
        for spec in _PUBLIC_SIZES:
            value = getattr(self, spec.attribute)
            if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value <= 0):
                raise ValueError(f"{spec.attribute} must be a positive whole number, not {value!r}")

    @classmethod
    def from_public(cls, data: Mapping[str, object]) -> Vehicle:
        """Read the vehicle of the command line and of the API: tonnes and metres, every key optional.

        A size finer than a kilogram or a centimetre is rounded up, so that no vehicle gets smaller by conversion.
        Raises Invalid(code, field): `not-an-object`, `unknown-key`, `not-a-number`, `not-a-boolean`, `not-a-list`,
        `unknown-value`, `too-small`, `too-large`, `below-gross-weight`, `above-total-weight`.
        """
        if not isinstance(data, Mapping):
            raise Invalid("not-an-object", field="vehicle")
        for key in data:
            if key not in _PUBLIC_KEYS:
                raise Invalid("unknown-key", field=str(key)[:60], known=", ".join(sorted(_PUBLIC_KEYS)))
        sizes = {spec.attribute: _read_size(spec, data.get(spec.fact)) for spec in _PUBLIC_SIZES}
        _check_weights(sizes)
        return cls(
            **sizes,
            hazmat=_read_hazmat(data.get(Fact.HAZMAT)),
            air_class=_read_air_class(data.get(Fact.AIR_CLASS)),
            usages=_read_usages(data.get(Fact.USAGES)),
        )


@dataclass(frozen=True, slots=True)
class _PublicSize:
    """How one size is read: public name, attribute, factor to the inner unit, believable range in the public unit."""

    fact: Fact
    attribute: str
    factor: int
    least: Decimal
    most: Decimal


# The ranges only catch unit mistakes (kilograms typed as tonnes, centimetres as metres); abnormal loads fit.
_PUBLIC_SIZES: Final = (
    _PublicSize(Fact.GROSS_WEIGHT, "gross_weight_kg", 1000, Decimal("0.05"), Decimal(150)),
    _PublicSize(Fact.COMBINATION_WEIGHT, "combination_weight_kg", 1000, Decimal("0.05"), Decimal(400)),
    _PublicSize(Fact.AXLE_LOAD, "axle_load_kg", 1000, Decimal("0.02"), Decimal(50)),
    _PublicSize(Fact.HEIGHT, "height_cm", 100, Decimal("0.3"), Decimal(8)),
    _PublicSize(Fact.WIDTH, "width_cm", 100, Decimal("0.3"), Decimal(8)),
    _PublicSize(Fact.LENGTH, "length_cm", 100, Decimal("0.5"), Decimal(60)),
)
_PUBLIC_KEYS: Final = frozenset(fact.value for fact in Fact)


def _read_size(spec: _PublicSize, value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise Invalid("not-a-number", field=spec.fact.value)
    # Through text, so that 3.5 is three and a half and not its nearest binary fraction.
    number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise Invalid("not-a-number", field=spec.fact.value)
    if number < spec.least:
        raise Invalid("too-small", field=spec.fact.value, least=str(spec.least))
    if number > spec.most:
        raise Invalid("too-large", field=spec.fact.value, most=str(spec.most))
    return math.ceil(number * spec.factor)


def _check_weights(sizes: Mapping[str, int | None]) -> None:
    gross, combination = sizes["gross_weight_kg"], sizes["combination_weight_kg"]
    if gross is not None and combination is not None and combination < gross:
        raise Invalid("below-gross-weight", field=Fact.COMBINATION_WEIGHT.value)
    axle, total = sizes["axle_load_kg"], combination or gross
    if axle is not None and total is not None and axle > total:
        raise Invalid("above-total-weight", field=Fact.AXLE_LOAD.value)


def _read_hazmat(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise Invalid("not-a-boolean", field=Fact.HAZMAT.value)


def _read_air_class(value: object) -> AirClass | None:
    if value is None:
        return None
    known = ", ".join(AirClass)
    # Programs write the numbered classes as numbers as often as text; a boolean is an integer in Python.
    text = str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    try:
        return AirClass(text)
    except ValueError:
        raise Invalid("unknown-value", field=Fact.AIR_CLASS.value, known=known) from None


def _read_usages(value: object) -> frozenset[Usage]:
    if value is None:
        return frozenset()
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise Invalid("not-a-list", field=Fact.USAGES.value)
    known = {usage.value: usage for usage in Usage}
    for item in value:
        if not isinstance(item, str) or item not in known:
            raise Invalid("unknown-value", field=Fact.USAGES.value, known=", ".join(known))
    return frozenset(known[item] for item in value)


class Size(StrEnum):
    """A size that a limit can bear on; the unit is in the value."""

    GROSS_WEIGHT = "gross_weight_kg"
    AXLE_LOAD = "axle_load_kg"
    HEIGHT = "height_cm"
    WIDTH = "width_cm"
    LENGTH = "length_cm"
    FOOTPRINT = "footprint_cm2"


@dataclass(frozen=True, slots=True)
class Over:
    """The vehicle is strictly over a limit: "3.5 t" binds a 3,501 kg vehicle and not a 3,500 kg one."""

    size: Size
    limit: int


@dataclass(frozen=True, slots=True)
class AirClassIn:
    """The sticker is one of these classes: a list of banned classes, never a threshold."""

    classes: frozenset[AirClass]


@dataclass(frozen=True, slots=True)
class CarriesHazmat:
    """The vehicle carries dangerous goods (ADR)."""


@dataclass(frozen=True, slots=True)
class UsedFor:
    """The vehicle is declared for this usage."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class HasAccess:
    """The trip ends inside, or the driver lives there. Residence is not known to the portal, so it is never met."""

    access: Access


@dataclass(frozen=True, slots=True)
class IsRoadUser:
    """Pedestrians or bicycles."""

    road_user: RoadUser


@dataclass(frozen=True, slots=True)
class FreeText:
    """A condition the source wrote in words: shown as a warning; it neither opens nor closes a road."""

    text: str


type Criterion = Over | AirClassIn | CarriesHazmat | UsedFor | HasAccess | IsRoadUser | FreeText


def describe(criterion: Criterion) -> str:
    """A criterion as one stable word for programs: `emergency`, `localAccess`, `height_cm>350`; free text as it is."""
    match criterion:
        case Over(size, limit):
            return f"{size.value}>{limit}"
        case AirClassIn(classes):
            return f"air_class={','.join(sorted(classes))}"
        case CarriesHazmat():
            return "hazmat"
        case UsedFor(usage):
            return usage.value
        case HasAccess(access):
            return access.value
        case IsRoadUser(road_user):
            return road_user.value
        case FreeText(text):
            return text


HEAVY_GOODS: Final = Over(Size.GROSS_WEIGHT, 3500)
"""Heavy goods vehicle written without a limit: PTAC over 3.5 t."""


@dataclass(frozen=True, slots=True)
class RuleOutcome:
    """Whether a rule concerns a vehicle, and why.

    `missing`: facts that would decide, when the answer is UNKNOWN. `exempted_by`: the exemption that freed a vehicle
    the rule otherwise binds. `unmet`: exemptions of the rule the vehicle does not meet. `free_texts`: conditions in
    words that could change the answer and that somebody has to read.
    """

    answer: Answer
    missing: tuple[Fact, ...] = ()
    exempted_by: Criterion | None = None
    unmet: tuple[Criterion, ...] = ()
    free_texts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class VehicleRule:
    """For whom a measure is made. `applies_to` empty: every vehicle. Both lists are disjunctions."""

    applies_to: tuple[Criterion, ...] = ()
    except_: tuple[Criterion, ...] = field(default=())

    @property
    def looks_at_stops(self) -> bool:
        """Tell whether a stop inside may change the answer."""
        return any(c in _OF_STOPS for c in (*self.applies_to, *self.except_))

    def concerns(self, vehicle: Vehicle, *, stops_inside: bool) -> RuleOutcome:
        """Tell whether the rule binds the vehicle: it matches `applies_to` and no exemption.

        stops_inside: a stop of the trip lies inside the place of the measure; without it neither local access nor
        city logistics exempts.
        """
        bound = [matches(c, vehicle, stops_inside=stops_inside) for c in self.applies_to]
        bound_answer = any_of(bound) if self.applies_to else Answer.YES
        if bound_answer is Answer.NO:
            return RuleOutcome(Answer.NO, free_texts=_texts(self.applies_to))
        freed = [_exempts(c, vehicle, stops_inside=stops_inside) for c in self.except_]
        freed_answer = any_of(freed)
        if freed_answer is Answer.YES:
            return RuleOutcome(Answer.NO, exempted_by=self.except_[freed.index(Answer.YES)])
        unmet = tuple(c for c in self.except_ if not isinstance(c, FreeText))
        if bound_answer is Answer.YES and freed_answer is Answer.NO:
            return RuleOutcome(Answer.YES, unmet=unmet, free_texts=_texts(self.except_))
        asked = [*zip(self.except_, freed, strict=True)]
        if bound_answer is Answer.UNKNOWN:
            asked = [*zip(self.applies_to, bound, strict=True), *asked]
        facts = (fact for c, answer in asked if answer is Answer.UNKNOWN for fact in _missing_facts(c, vehicle))
        texts = _texts((*self.applies_to, *self.except_))
        return RuleOutcome(Answer.UNKNOWN, missing=tuple(dict.fromkeys(facts)), unmet=unmet, free_texts=texts)


ALL_VEHICLES: Final = VehicleRule()
_OF_STOPS: Final = (HasAccess(Access.LOCAL_ACCESS), UsedFor(Usage.CITY_LOGISTICS))


def matches(criterion: Criterion, vehicle: Vehicle, *, stops_inside: bool) -> Answer:
    """Tell whether a vehicle on such a trip meets one criterion."""
    match criterion:
        case Over(size, limit):
            value = size_of(vehicle, size)
            return Answer.UNKNOWN if value is None else _answer(value > limit)
        case AirClassIn(classes):
            return Answer.UNKNOWN if vehicle.air_class is None else _answer(vehicle.air_class in classes)
        case CarriesHazmat():
            return Answer.UNKNOWN if vehicle.hazmat is None else _answer(vehicle.hazmat)
        case UsedFor(usage):
            return _answer(usage in vehicle.usages)
        case HasAccess(access):
            return _answer(access is Access.LOCAL_ACCESS and stops_inside)
        case IsRoadUser() | FreeText():
            return Answer.NO


def size_of(vehicle: Vehicle, size: Size) -> int | None:
    """The size a limit is compared with, None when unknown.

    The weight is that of the set when the vehicle tows (PTRA), else its own (PTAC). A footprint needs both sides.
    """
    if size is Size.GROSS_WEIGHT:
        weights = [w for w in (vehicle.gross_weight_kg, vehicle.combination_weight_kg) if w is not None]
        return max(weights, default=None)
    if size is Size.FOOTPRINT:
        if vehicle.length_cm is None or vehicle.width_cm is None:
            return None
        return vehicle.length_cm * vehicle.width_cm
    value: int | None = getattr(vehicle, size.value)
    return value


def _answer(truth: bool) -> Answer:
    return Answer.YES if truth else Answer.NO


def _exempts(criterion: Criterion, vehicle: Vehicle, *, stops_inside: bool) -> Answer:
    """As `matches`, but a delivery vehicle is freed only where it delivers."""
    if criterion == UsedFor(Usage.CITY_LOGISTICS) and not stops_inside:
        return Answer.NO
    return matches(criterion, vehicle, stops_inside=stops_inside)


_FACT_OF_SIZE: Final = {
    Size.GROSS_WEIGHT: Fact.GROSS_WEIGHT,
    Size.AXLE_LOAD: Fact.AXLE_LOAD,
    Size.HEIGHT: Fact.HEIGHT,
    Size.WIDTH: Fact.WIDTH,
    Size.LENGTH: Fact.LENGTH,
}


def _texts(criteria: Iterable[Criterion]) -> tuple[str, ...]:
    return tuple(c.text for c in criteria if isinstance(c, FreeText))


def _missing_facts(criterion: Criterion, vehicle: Vehicle) -> tuple[Fact, ...]:
    match criterion:
        case Over(Size.FOOTPRINT):
            sides = ((Fact.LENGTH, vehicle.length_cm), (Fact.WIDTH, vehicle.width_cm))
            return tuple(fact for fact, side in sides if side is None)
        case Over(size):
            return (_FACT_OF_SIZE[size],)
        case AirClassIn():
            return (Fact.AIR_CLASS,)
        case CarriesHazmat():
            return (Fact.HAZMAT,)
        case _:
            return ()
