"""Hours worth trying: when what stands in the way, or what was gone round, begins and ends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from portal.regulations.evaluate import Reason
from portal.regulations.perimeters import Perimeter
from portal.regulations.schedules import Interval, merge
from portal.regulations.snapshot import LawSnapshot, Regulation

HORIZON: Final = timedelta(hours=24)


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


def opens_at(law: LawSnapshot, reason: Reason, after: datetime, ahead: timedelta) -> datetime | None:
    """When a regulation that is active at an instant ends, None when that is not within `ahead`."""
    window = Interval(after, after + ahead)
    for span in spans_of(law, reason, window):
        if span.start <= after:
            return span.end if span.end < window.end else None
    return after


def bounds_around(law: LawSnapshot, reasons: Iterable[Reason], at: datetime) -> tuple[list[datetime], list[datetime]]:
    """The starts and the ends of some regulations within a day before and after an instant."""
    window = Interval(at - HORIZON, at + HORIZON)
    starts: set[datetime] = set()
    ends: set[datetime] = set()
    for reason in reasons:
        for span in spans_of(law, reason, window):
            if span.start > window.start:
                starts.add(span.start)
            if span.end < window.end:
                ends.add(span.end)
    return sorted(starts), sorted(ends)
