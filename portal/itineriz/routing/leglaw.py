"""What the law means for one leg, as the search reads it: plain arrays, instants in seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from portal.itineriz.routing.timetable import NO_SPANS, Spans, SpansByNumber
from portal.regulations.passes import PassRight
from portal.regulations.vehicles import Vehicle

type Numbers = npt.NDArray[np.int64]

OPEN: Final = 0
CLOSED: Final = 1
FIRST_ZONE: Final = 2
MOST_ZONES: Final = 6
"""Stops in more zones than this that are active during the leg keep the first; the others are closed to it."""


@dataclass(frozen=True, slots=True)
class LegQuestion:
    """Who drives a leg, and why. start_ids, end_ids: regulations that bear on the stop at either end.

    tolerate_unknown: a missing fact about the vehicle closes nothing. beyond: measures taken as if a stop were inside.
    """

    vehicle: Vehicle
    passes: tuple[PassRight, ...] = ()
    start_ids: frozenset[str] = frozenset()
    end_ids: frozenset[str] = frozenset()
    tolerate_unknown: bool = False
    beyond: frozenset[str] = frozenset()

    @property
    def stop_ids(self) -> frozenset[str]:
        """The measures that take the leg as having a stop inside."""
        return self.start_ids | self.end_ids | self.beyond


@dataclass(frozen=True, eq=False, slots=True)
class LegLaw:
    """What closes the edges of a graph to one leg.

    Row i bears the regulations `pair_reg[pair_ptr[i]:pair_ptr[i + 1]]`. reg_state: OPEN, CLOSED while active, or
    FIRST_ZONE + k: open only as part of a stay around a stop inside zone k (a perimeter). reg_penalty_s: what a search
    that may break the law counts for each edge. Regulation r is active from `span_from[i]` until `span_until[i]` for i
    in `span_ptr[r]:span_ptr[r + 1]`, end excluded, as `Interval.meets`. zone_start, zone_end: the stop at that end of
    the leg lies in the zone. row_closed: closed whatever the law says. Valid from `valid_from` until `valid_until`.
    zones_left_out: there are more zones than are counted, so that a refusal proves nothing.
    """

    question: LegQuestion
    pair_ptr: Numbers
    pair_reg: npt.NDArray[np.int32]
    reg_state: npt.NDArray[np.uint8]
    reg_penalty_s: npt.NDArray[np.float64]
    spans: SpansByNumber
    zone_regs: tuple[int, ...]
    zone_start: npt.NDArray[np.uint8]
    zone_end: npt.NDArray[np.uint8]
    row_closed: npt.NDArray[np.bool_]
    valid_from: float
    valid_until: float
    zones_left_out: bool = False

    @property
    def span_ptr(self) -> Numbers:
        """Where the spans of each regulation begin."""
        return self.spans.ptr

    @property
    def span_from(self) -> npt.NDArray[np.float64]:
        """When each span begins."""
        return self.spans.starts

    @property
    def span_until(self) -> npt.NDArray[np.float64]:
        """When each span ends, excluded."""
        return self.spans.ends


@dataclass(frozen=True, eq=False, slots=True)
class PartLaw:
    """What closes a part of an edge: the spans of what closes it to the leg, and the zones that it bears (bit k)."""

    spans: Spans
    zones: int


NO_PART: Final = PartLaw(NO_SPANS, 0)
"""A part of an edge that nothing closes."""
