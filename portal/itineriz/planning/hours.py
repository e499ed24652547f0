"""Hours worth trying: when what stands in the way, or what was gone round, begins and ends."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from portal.itineriz.planning.windows import both
from portal.regulations.evaluate import Reason
from portal.regulations.passes import PassRight
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval, merge
from portal.regulations.snapshot import LawSnapshot, Regulation

HORIZON: Final = timedelta(hours=24)
MINUTE: Final = timedelta(minutes=1)


def to_minute(at: datetime, step: int) -> datetime:
    """The whole minute at or beyond an instant, in the direction of the search."""
    floor = at.replace(second=0, microsecond=0)
    return floor if step < 0 or floor == at else floor + MINUTE


def regulation_of(law: LawSnapshot, reason: Reason) -> Regulation | None:
    """The regulation a reason speaks of; None for one that is not in this law."""
    if reason.kind == "perimeter":
        return law.perimeters.get(reason.id)
    return law.measures.get(reason.id)


def spans_of(law: LawSnapshot, reason: Reason, window: Interval) -> tuple[Interval, ...]:
    """When a regulation is active within a window: sorted, disjoint, cut by the window."""
    regulation = regulation_of(law, reason)
    if regulation is None:
        return ()
    if isinstance(regulation, Perimeter):
        spans = [
            Interval(max(a.start, window.start), window.end if a.end is None else min(a.end, window.end))
            for a in regulation.activations
            if window.meets(a.start, a.end)
        ]
        return merge(spans)
    return merge(span for period in regulation.periods for span in period.active_intervals(window, law.calendar))


def closed_spans(
    law: LawSnapshot, reason: Reason, window: Interval, passes: Sequence[PassRight]
) -> tuple[Interval, ...]:
    """When a regulation is active and no pass held opens it, sorted, disjoint, cut by the window."""
    spans = spans_of(law, reason, window)
    regulation = regulation_of(law, reason)
    if not isinstance(regulation, Perimeter):
        return spans
    held = merge(Interval(right.start, right.end) for right in passes if right.names(regulation))
    return both(spans, outside(held, window)) if held else spans


def outside(spans: Sequence[Interval], window: Interval) -> tuple[Interval, ...]:
    """What sorted and disjoint spans leave of a window."""
    starts = [window.start, *(span.end for span in spans)]
    ends = [*(span.start for span in spans), window.end]
    return tuple(Interval(a, b) for a, b in zip(starts, ends, strict=True) if a < b)


def opens_at(
    law: LawSnapshot, reason: Reason, after: datetime, ahead: timedelta, passes: Sequence[PassRight] = ()
) -> datetime | None:
    """When a regulation that is active at an instant ends or a pass held opens it, None when not within `ahead`."""
    window = Interval(after, after + ahead)
    for span in closed_spans(law, reason, window, passes):
        if span.start <= after:
            return span.end if span.end < window.end else None
    return after


def bounds_around(
    law: LawSnapshot, reasons: Iterable[Reason], at: datetime, passes: Sequence[PassRight] = ()
) -> tuple[list[datetime], list[datetime]]:
    """The starts and the ends of what some regulations close within a day before and after an instant.

    passes: those held; a perimeter is closed when it is active and none of them covers it.
    """
    window = Interval(at - HORIZON, at + HORIZON)
    starts: set[datetime] = set()
    ends: set[datetime] = set()
    for reason in reasons:
        for span in closed_spans(law, reason, window, passes):
            if span.start > window.start:
                starts.add(span.start)
            if span.end < window.end:
                ends.add(span.end)
    return sorted(starts), sorted(ends)
