"""The values a search of the network is asked with and answers; nothing compiled is needed to hold them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
import numpy.typing as npt

from portal.itineriz.routing.leglaw import NO_PART, PartLaw

type Floats = npt.NDArray[np.float64]
type Rows = npt.NDArray[np.int32]
type Truths = npt.NDArray[np.bool_]


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
class Targets:
    """The places where ways to `count` targets may end, as columns: what is asked from many starts is prepared once.

    ids: (n,) the target of each place, rising. rows, at, extra_cost, parts: of each place, as in `End`; zones: of its
    part.
    """

    count: int
    ids: Rows
    rows: Rows
    at: Floats
    extra_cost: Floats
    zones: npt.NDArray[np.int64]
    parts: tuple[PartLaw, ...]

    @classmethod
    def of(cls, targets: Sequence[Sequence[End]]) -> Targets:
        """The columns of some targets."""
        ends = [end for of_one in targets for end in of_one]
        return cls(
            count=len(targets),
            ids=np.repeat(np.arange(len(targets)), [len(of_one) for of_one in targets]).astype(np.int32),
            rows=np.array([end.row for end in ends], dtype=np.int32),
            at=np.array([end.at for end in ends], dtype=np.float64),
            extra_cost=np.array([end.extra_cost for end in ends], dtype=np.float64),
            zones=np.array([end.part.zones for end in ends], dtype=np.int64),
            parts=tuple(end.part for end in ends),
        )

    def some(self, which: Truths) -> Targets:
        """Some of the targets, numbered anew. which: (count,)."""
        if which.all():
            return self
        kept = which[self.ids]
        return Targets(
            count=int(which.sum()),
            ids=(np.cumsum(which) - 1)[self.ids[kept]].astype(np.int32),
            rows=self.rows[kept],
            at=self.at[kept],
            extra_cost=self.extra_cost[kept],
            zones=self.zones[kept],
            parts=tuple(compress(self.parts, kept.tolist())),
        )

    def directs_from(self, starts: Sequence[End]) -> list[Direct]:
        """As `directs_of`."""
        shared = np.flatnonzero(np.isin(self.rows, [start.row for start in starts])).tolist()
        return [
            Direct(number, place)
            for number, start in enumerate(starts)
            for place in shared
            if self.rows[place] == start.row and self.at[place] >= start.at
        ]


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
