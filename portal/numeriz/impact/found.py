"""What a draft order would do, as plain values; written to the database as JSON and read back equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Final

from portal.numeriz.ports import AccessInside, Detours, StopsInside

type Json = dict[str, Any]

MOST_LISTED: Final = 20
"""Clashes and streets named on the page; the counts say how many there are."""


@dataclass(frozen=True, slots=True)
class RoadLength:
    """Metres of streets of one class of the road graph, each street once: closed to some vehicle, regulated at all."""

    road_class: str
    closed_m: float
    regulated_m: float


@dataclass(frozen=True, slots=True)
class Alarm:
    """Why a second person signs: a code of `messages.ALARMS` and its parameters."""

    code: str
    params: Mapping[str, str | int | float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Clash:
    """An order in force that speaks of the same streets at the same time. code: of `messages.CLASHES`.

    measure: number of the draft's measure, from 1. metres: of streets that both speak of. at: a moment of both.
    """

    code: str
    measure: int
    order_id: str
    title: str
    authority: str
    metres: float
    street: str
    at: datetime

    @property
    def key(self) -> tuple[str, int, str]:
        """What tells it from every other clash of a draft."""
        return self.code, self.measure, self.order_id


@dataclass(frozen=True, slots=True)
class CutOff:
    """Streets that stay open and lead nowhere any more. metres: each street once. streets: some of their names.

    with_others: some of them only because others are closed at the same time.
    """

    metres: float
    streets: tuple[str, ...] = ()
    with_others: bool = False


@dataclass(frozen=True, slots=True)
class VehicleDetour:
    """What the sample of through traffic loses, for one usual vehicle. detours None: the draft does not bind it."""

    vehicle: str
    detours: Detours | None


@dataclass(frozen=True, slots=True)
class Impact:
    """Everything the page says. None is what could not be known: no road graph here, nobody to ask.

    at: the moment for which detours were sampled, None when the draft is never active any more.
    """

    lengths: tuple[RoadLength, ...] | None
    cut_off: CutOff | None
    alarms: tuple[Alarm, ...]
    clashes: tuple[Clash, ...]
    clash_count: int
    bays: int
    access: AccessInside | None
    stops: StopsInside | None
    detours: tuple[VehicleDetour, ...] | None
    at: datetime | None
    area_km2: float
    emergency_known: bool
    seconds: float = field(default=0.0, compare=False)

    @property
    def closed_m(self) -> float:
        """Metres of streets closed."""
        return sum(one.closed_m for one in self.lengths or ())

    @property
    def regulated_m(self) -> float:
        """Metres of streets the order speaks of."""
        return sum(one.regulated_m for one in self.lengths or ())

    @property
    def worst_detour_s(self) -> float | None:
        """The mean detour of the usual vehicle that loses most; None when none was driven."""
        driven = [one.detours for one in self.detours or () if one.detours is not None]
        return max((one.seconds for one in driven if one.sampled > one.blocked), default=None)

    def to_json(self) -> Json:
        """The impact as JSON values."""
        found = asdict(self)
        found["at"] = None if self.at is None else self.at.isoformat()
        found["clashes"] = [{**asdict(one), "at": one.at.isoformat()} for one in self.clashes]
        return found


def impact_from_json(found: Mapping[str, Any]) -> Impact:
    """The impact of `Impact.to_json`."""
    lengths, cut, detours = found["lengths"], found["cut_off"], found["detours"]
    return Impact(
        lengths=None if lengths is None else tuple(RoadLength(**one) for one in lengths),
        cut_off=None if cut is None else CutOff(**{**cut, "streets": tuple(cut["streets"])}),
        alarms=tuple(alarm_from_json(one) for one in found["alarms"]),
        clashes=tuple(Clash(**{**one, "at": datetime.fromisoformat(one["at"])}) for one in found["clashes"]),
        clash_count=found["clash_count"],
        bays=found["bays"],
        access=None if found["access"] is None else AccessInside(**found["access"]),
        stops=None if found["stops"] is None else StopsInside(**found["stops"]),
        detours=None if detours is None else tuple(_detour(one) for one in detours),
        at=None if found["at"] is None else datetime.fromisoformat(found["at"]),
        area_km2=found["area_km2"],
        emergency_known=found["emergency_known"],
        seconds=found["seconds"],
    )


def alarm_from_json(found: Mapping[str, Any]) -> Alarm:
    """One alarm, as `OrderWork.alarms` holds it too."""
    return Alarm(found["code"], found["params"])


def _detour(found: Mapping[str, Any]) -> VehicleDetour:
    sampled = found["detours"]
    return VehicleDetour(found["vehicle"], None if sampled is None else Detours(**sampled))
