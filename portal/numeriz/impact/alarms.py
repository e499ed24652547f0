"""Why a second person has to look at an order: motorways, ways to hospitals and fire stations, streets cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import shapely

from portal.numeriz.impact.found import Alarm, CutOff
from portal.numeriz.impact.streets import Rows, Streets
from portal.regulations.geometry import to_metres_at
from portal.regulations.measures import Measure
from portal.regulations.vehicles import AirClass, Answer, Usage, Vehicle
from portal.territories.api import EdgeFlag, EmergencyPlace

NEAR_EMERGENCY_M: Final = 100.0
"""A street this close to a hospital or a fire station is taken for its way in and out."""

_MOST_NAMED: Final = 3
_EMERGENCY: Final = frozenset({Usage.EMERGENCY})
EMERGENCY_VEHICLES: Final = (
    Vehicle(3_500, None, 1_900, 260, 205, 620, hazmat=False, air_class=None, usages=_EMERGENCY),
    Vehicle(16_000, None, 10_000, 330, 250, 850, hazmat=False, air_class=None, usages=_EMERGENCY),
)
"""An ambulance and a fire engine, by the sizes that are usual for them."""
CAR: Final = Vehicle(1_500, None, 900, 150, 180, 440, hazmat=False, air_class=AirClass.CLASS_2)


def stops_emergency(measure: Measure) -> bool:
    """Tell whether a measure binds an ambulance or a fire engine: it does unless it exempts them."""
    return any(
        measure.vehicles.concerns(vehicle, stops_inside=True).answer is not Answer.NO for vehicle in EMERGENCY_VEHICLES
    )


def stops_cars(measure: Measure) -> bool:
    """Tell whether a measure surely binds whoever comes to a street by car."""
    return measure.vehicles.concerns(CAR, stops_inside=True).answer is Answer.YES


def motorway_alarms(streets: Streets, closed: Rows) -> Iterator[Alarm]:
    """One alarm when motorways or motor roads are closed: how much, and which roads."""
    table = streets.table
    rows = [
        row for row in closed.tolist() if table.road_class(row) == "motorway" or table.has(row, EdgeFlag.MOTOR_ROAD)
    ]
    if rows:
        yield Alarm("motorway", {"metres": round(streets.metres_of(rows)), "road": named(streets, rows)})


def emergency_alarms(streets: Streets, closed: Rows, places: Sequence[EmergencyPlace]) -> Iterator[Alarm]:
    """One alarm for each hospital or fire station beside which a street is closed to those who come to help.

    closed: the rows closed to emergency vehicles.
    """
    if not len(closed) or not places:
        return
    table = streets.table
    to_metres = to_metres_at(float(table.coords[:, 1].mean()))
    tree = shapely.STRtree(shapely.transform(table.shapes[closed], to_metres))
    told: set[tuple[str, str]] = set()
    for place in places:
        here = shapely.transform(place.shape, to_metres)
        near = tree.query(here, predicate="dwithin", distance=NEAR_EMERGENCY_M)
        # The grounds of a hospital have no name of their own: its point says the same with one.
        key = (place.kind, place.name)
        if len(near) and key not in told and (place.name or not any(kind == place.kind for kind, _name in told)):
            told.add(key)
            street = named(streets, closed[near].tolist())
            yield Alarm(place.kind.replace("_", "-"), {"name": place.name, "street": street})


def cut_off_alarms(cut: CutOff) -> Iterator[Alarm]:
    """One alarm when streets are left that no emergency vehicle can reach. cut: what is cut off from those."""
    if cut.metres > 0:
        said: dict[str, str | int] = {"metres": round(cut.metres), "street": ", ".join(cut.streets[:_MOST_NAMED])}
        yield Alarm("cut-off", {**said, "others": 1} if cut.with_others else said)


def named(streets: Streets, rows: Iterable[int], most: int = _MOST_NAMED) -> str:
    """The names of the longest streets of some rows, with commas; empty when none has a name."""
    return ", ".join(names_by_length(streets, rows)[:most])


def names_by_length(streets: Streets, rows: Iterable[int]) -> list[str]:
    """The names of the streets of some rows, longest first."""
    metres: dict[str, float] = {}
    for row, length_m in streets.each_street(rows).items():
        name = next(iter(streets.table.names_of(row)), "")
        if name:
            metres[name] = metres.get(name, 0.0) + length_m
    return sorted(metres, key=lambda name: (-metres[name], name))


def as_truths(count: int, rows: Rows) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(count,) whether each row is one of some."""
    truths = np.zeros(count, dtype=np.bool_)
    truths[rows] = True
    return truths
