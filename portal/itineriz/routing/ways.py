"""The values a search of the network is asked with and answers; nothing compiled is needed to hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from portal.itineriz.routing.leglaw import NO_PART, PartLaw

type Floats = npt.NDArray[np.float64]
type Rows = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class End:
    """A place on an edge where a way may begin or end: row, share of the edge behind it (0..1).

    extra_cost: added by the engine for a street that is not the nearest. part: what the law says of the part of the
    edge that is driven, from the place on for a start, up to the place for an end.
    """

    row: int
    at: float
    extra_cost: float = 0.0
    part: PartLaw = NO_PART


@dataclass(frozen=True, slots=True)
class Direct:
    """A start and an end (their places among those given) on one edge, the end ahead, and the law between them."""

    start: int
    end: int
    part: PartLaw = NO_PART


@dataclass(frozen=True, eq=False, slots=True)
class Way:
    """A way through the network. rows: (k,) edges driven; begin_s, end_s: (k,) seconds since the departure.

    first_at, last_at: share of the first and last edge at which the way begins and ends. cost: as the engine counts.
    relaxed: goes through streets for those who stop in them, because there is no other way.
    """

    rows: Rows
    begin_s: Floats
    end_s: Floats
    first_at: float
    last_at: float
    cost: float
    relaxed: bool

    @property
    def duration_s(self) -> float:
        """How long it takes."""
        return float(self.end_s[-1])

    def same_as(self, other: Way) -> bool:
        """Tell whether the same edges are driven from and to the same places."""
        return (
            self.first_at == other.first_at and self.last_at == other.last_at and np.array_equal(self.rows, other.rows)
        )


def directs_of(starts: Sequence[End], ends: Sequence[End]) -> list[Direct]:
    """The pairs of a start and an end on one edge with the end ahead: such a way may be driven without any turn."""
    by_row: dict[int, list[int]] = {start.row: [] for start in starts}
    for place, end in enumerate(ends):
        if end.row in by_row:
            by_row[end.row].append(place)
    return [Direct(i, j) for i, one in enumerate(starts) for j in by_row[one.row] if one.at <= ends[j].at]
