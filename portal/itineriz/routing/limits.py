"""The limits of the road by row, and which rows they close to a vehicle: obeyed as the engine obeys them, and more.

The engine lets a trip start or end on an edge that is too low or too weak; the law of the project does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from portal.itineriz.routing.costing import Costing, known_size
from portal.itineriz.trip import RoadLimit
from portal.regulations.vehicles import Fact, Vehicle
from portal.territories.api import EdgeTable

type Truths = npt.NDArray[np.bool_]

_FACTS: Final = {
    "max_height": Fact.HEIGHT,
    "max_width": Fact.WIDTH,
    "max_length": Fact.LENGTH,
    "max_weight": Fact.GROSS_WEIGHT,
    "max_axle_load": Fact.AXLE_LOAD,
}
_OPTIONS: Final = {
    "max_height": "height",
    "max_width": "width",
    "max_length": "length",
    "max_weight": "weight",
    "max_axle_load": "axle_load",
    "max_axles": "axle_count",
}
_HAZMAT: Final = "hazmat"
_KEPT: Final = 64


@dataclass(frozen=True, eq=False, slots=True)
class _Kind:
    """The limits of one kind: rows, values, and whether each binds cars and lorries."""

    rows: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]
    of_mode: dict[str, Truths]


class RoadLimits:
    """The limits of all rows of a graph, ready to be compared with a vehicle at once."""

    def __init__(self, table: EdgeTable) -> None:
        self._table = table
        found: dict[str, list[tuple[int, float, bool, bool]]] = {}
        for row, limits in table.restrictions.items():
            for limit in limits:
                if limit["type"] in _OPTIONS or limit["type"] == _HAZMAT:
                    entry = (row, float(limit["value"]), bool(limit["car"]), bool(limit["truck"]))
                    found.setdefault(limit["type"], []).append(entry)
        self._kinds = {
            kind: _Kind(
                rows=np.array([entry[0] for entry in entries], dtype=np.int64),
                values=np.array([entry[1] for entry in entries]),
                of_mode={
                    "auto": np.array([entry[2] for entry in entries], dtype=bool),
                    "truck": np.array([entry[3] for entry in entries], dtype=bool),
                },
            )
            for kind, entries in found.items()
        }
        self.closed_to_engine = lru_cache(maxsize=_KEPT)(self._closed_to_engine)
        self.closed_to = lru_cache(maxsize=_KEPT)(self._closed_to)

    def _closed_to_engine(self, costing: Costing) -> Truths:
        """(n,) the rows the engine does not drive with these sizes on its way (it may start and end on them)."""
        closed: Truths = np.zeros(len(self._table), dtype=bool)
        options = dict(costing.options)
        for kind, entries in self._kinds.items():
            bound = entries.of_mode[costing.name]
            if kind == _HAZMAT:
                closed[entries.rows[bound & (entries.values == 0)]] |= bool(options.get(_HAZMAT, False))
            elif _OPTIONS[kind] in options:
                closed[entries.rows[bound & (entries.values < options[_OPTIONS[kind]])]] = True
        return closed

    def _closed_to(self, vehicle: Vehicle, costing: Costing, tolerate_unknown: bool) -> Truths:
        """(n,) the rows closed to a vehicle: to the engine, or because `road_limits` says so."""
        closed = self._closed_to_engine(costing).copy()
        for row in self._table.restrictions:
            limits = self.passed(row, vehicle)
            closed[row] |= any(limit.known or not tolerate_unknown for limit in limits)
        return closed

    def passed(self, row: int, vehicle: Vehicle) -> tuple[RoadLimit, ...]:
        """The limits of an edge that the vehicle exceeds, or might exceed because its size is unknown."""
        restrictions = self._table.restrictions.get(row)
        if restrictions is None:
            return ()
        limits = []
        for restriction in restrictions:
            if not (restriction["car"] or restriction["truck"]):
                continue
            kind, value = restriction["type"], restriction["value"]
            if kind == _HAZMAT:
                if not value and vehicle.hazmat is not False and restriction["truck"]:
                    limits.append(self._limit(row, kind, 0.0, Fact.HAZMAT, known=vehicle.hazmat is not None))
            elif kind in _FACTS:
                size = known_size(vehicle, _FACTS[kind])
                if size is None or size > float(value):
                    limits.append(self._limit(row, kind, float(value), _FACTS[kind], known=size is not None))
        return tuple(limits)

    def _limit(self, row: int, kind: str, value: float, fact: Fact, *, known: bool) -> RoadLimit:
        return RoadLimit(kind, value, fact, ", ".join(self._table.names_of(row)), known=known)
