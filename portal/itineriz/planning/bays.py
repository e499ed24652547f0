"""The delivery bays near a stop that a vehicle may use when it comes: length, weight, regime and hours.

What a source does not say stays unknown and is told; a bay that is surely too small, surely not kept for deliveries
then or out of use during the stop is left out. Of a territory's 10,000 bays a stop looks at those within `REACH_M`
alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol
from uuid import UUID

import numpy as np
import shapely

from portal.itineriz.trip import BayChoice
from portal.regulations.calendars import LocalCalendar
from portal.regulations.schedules import HolidayRule, Interval, Period, TimeSlot, Weekday
from portal.regulations.vehicles import Size, Vehicle, size_of

REACH_M: Final = 250.0
CHOICES: Final = 2
MARGIN_CM: Final = {"parallel": 200, "angled": 0, "perpendicular": 0, "unknown": 200}
"""What a vehicle needs beside its own length to drive in and out, by layout. Along the kerb a car is parked with about
a metre before and behind; an unknown layout is taken for the usual one, along the kerb."""
_METRES_PER_DEGREE: Final = 111_195.0
_FROM_THE_START: Final = datetime.fromisoformat("2000-01-01T00:00:00+00:00")


class Hours(Protocol):
    """Hours kept for deliveries, as the bays of a territory are stored."""

    @property
    def weekdays(self) -> frozenset[Weekday]: ...
    @property
    def slots(self) -> tuple[TimeSlot, ...]: ...
    @property
    def holidays(self) -> HolidayRule: ...


class OutOfUse(Protocol):
    """A span during which a bay cannot be used."""

    @property
    def start(self) -> datetime: ...
    @property
    def end(self) -> datetime: ...


class Bay(Protocol):
    """What is read of a bay; None is unknown. regime, layout: values of the store."""

    @property
    def id(self) -> UUID: ...
    @property
    def lon(self) -> float: ...
    @property
    def lat(self) -> float: ...
    @property
    def name(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def regime(self) -> StrEnum: ...
    @property
    def layout(self) -> StrEnum: ...
    @property
    def length_cm(self) -> int | None: ...
    @property
    def hours(self) -> Sequence[Hours]: ...
    @property
    def max_stay_min(self) -> int | None: ...
    @property
    def max_gross_weight_kg(self) -> int | None: ...
    @property
    def active(self) -> bool: ...
    @property
    def suspensions(self) -> Sequence[OutOfUse]: ...


class BayDoubt(StrEnum):
    """What is not known of a bay that may be usable."""

    LENGTH = "bay-length-unknown"
    VEHICLE_LENGTH = "vehicle-length-unknown"
    VEHICLE_WEIGHT = "vehicle-weight-unknown"
    HOURS = "bay-hours-unknown"


@dataclass(frozen=True, slots=True)
class _Found:
    bay: Bay
    metres: float


class BayMap:
    """The bays in use of a territory, found by place. calendar: its clock and public holidays."""

    def __init__(self, bays: Iterable[Bay], calendar: LocalCalendar) -> None:
        self._bays = [bay for bay in bays if bay.active]
        self._calendar = calendar
        self._points = np.array([[bay.lon, bay.lat] for bay in self._bays], dtype=np.float64).reshape(-1, 2)
        self._tree = shapely.STRtree([shapely.Point(bay.lon, bay.lat) for bay in self._bays])

    def near(
        self,
        at: tuple[float, float],
        vehicle: Vehicle,
        arrive_at: datetime,
        stay_s: float,
        may_stand: Callable[[tuple[float, float]], bool],
    ) -> tuple[BayChoice, ...]:
        """The nearest usable bays around a point (lon, lat), at most two: surely usable ones before doubtful ones.

        may_stand: tells whether the law lets the vehicle stand at a point (lon, lat) during the stay.
        """
        choices: list[BayChoice] = []
        doubtful: list[BayChoice] = []
        for found in self._around(at):
            choice = self._judge(found, vehicle, arrive_at, stay_s)
            if choice is not None and may_stand((found.bay.lon, found.bay.lat)):
                (doubtful if choice.why else choices).append(choice)
            if len(choices) >= CHOICES:
                break
        return (*choices, *doubtful)[:CHOICES]

    def _around(self, at: tuple[float, float]) -> list[_Found]:
        scale = np.array([math.cos(math.radians(at[1])), 1.0]) * _METRES_PER_DEGREE
        half = REACH_M / scale
        rows = self._tree.query(shapely.box(*(np.array(at) - half), *(np.array(at) + half)))
        away = np.hypot(*((self._points[rows] - at) * scale).T)
        found = [_Found(self._bays[row], float(metres)) for row, metres in zip(rows, away, strict=True)]
        return sorted((one for one in found if one.metres <= REACH_M), key=lambda one: (one.metres, str(one.bay.id)))

    def _judge(self, found: _Found, vehicle: Vehicle, arrive_at: datetime, stay_s: float) -> BayChoice | None:
        bay = found.bay
        leave_at = arrive_at + timedelta(seconds=stay_s)
        if any(span.start <= arrive_at < span.end or arrive_at < span.start < leave_at for span in bay.suspensions):
            return None
        doubts: list[BayDoubt] = []
        margin_cm = MARGIN_CM[bay.layout.value]
        if bay.length_cm is None:
            doubts.append(BayDoubt.LENGTH)
        elif vehicle.length_cm is None:
            doubts.append(BayDoubt.VEHICLE_LENGTH)
        elif vehicle.length_cm > bay.length_cm - margin_cm:
            return None
        weight_kg = size_of(vehicle, Size.GROSS_WEIGHT)
        if bay.max_gross_weight_kg is not None:
            if weight_kg is None:
                doubts.append(BayDoubt.VEHICLE_WEIGHT)
            elif weight_kg > bay.max_gross_weight_kg:
                return None
        if bay.max_stay_min is not None and stay_s > bay.max_stay_min * 60:
            return None
        always, slots = self._hours(bay, arrive_at)
        if not always:
            if slots is None:
                doubts.append(BayDoubt.HOURS)
            elif not any(span.contains(arrive_at) for span in slots):
                return None
        return BayChoice(
            id=str(bay.id),
            name=bay.name,
            address=bay.address,
            lon=bay.lon,
            lat=bay.lat,
            walk_m=found.metres,
            regime=bay.regime.value,
            length_cm=bay.length_cm,
            max_stay_min=bay.max_stay_min,
            slots=slots or (),
            always=always,
            why=doubts[0].value if doubts else "",
        )

    def _hours(self, bay: Bay, at: datetime) -> tuple[bool, tuple[Interval, ...] | None]:
        """Whether a bay is kept for deliveries at all times, and its hours of the local day; None: not known."""
        if bay.hours:
            local = at.astimezone(self._calendar.zone)
            midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
            nextday = midnight.replace(hour=23, minute=59, second=59)
            day = Interval(midnight, nextday)
            spans = [
                span
                for hours in bay.hours
                for span in Period(_FROM_THE_START, None, hours.weekdays, hours.slots, hours.holidays).active_intervals(
                    day, self._calendar
                )
            ]
            return False, tuple(sorted(spans))
        return bay.regime.value == "permanent", None
