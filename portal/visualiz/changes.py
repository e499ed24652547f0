"""When something on the map begins or ends: the jumps to the next change, and the strip of the perimeters."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

from portal.regulations.calendars import LocalCalendar
from portal.regulations.measures import Origin
from portal.regulations.schedules import Interval, Period, merge
from portal.regulations.snapshot import LawSnapshot

MOST_CHANGES = 5_000
"""More instants than anybody steps through; the answer says when there were more."""

type Spans = set[tuple[datetime, datetime]]


def changes_document(
    law: LawSnapshot, window: Interval, *, perimeters: bool, origins: Collection[Origin]
) -> dict[str, object]:
    """The instants of a window at which something shown begins or ends, and the perimeters active in it.

    perimeters, origins: what is shown. Windows of perimeters are whole, not cut.
    """
    found = sorted(change_instants(law, window, perimeters=perimeters, origins=origins))
    return {
        "version": law.version,
        "from": window.start.isoformat(),
        "to": window.end.isoformat(),
        "changes": [at.isoformat() for at in found[:MOST_CHANGES]],
        "truncated": len(found) > MOST_CHANGES,
        "perimeters": [
            {"id": perimeter.id, "title": perimeter.name, "colour": perimeter.colour.value, "windows": windows}
            for perimeter in law.perimeters.values()
            if (
                windows := [
                    [span.start.isoformat(), span.end and span.end.isoformat()]
                    for span in perimeter.activations
                    if window.meets(span.start, span.end)
                ]
            )
        ],
    }


def change_instants(
    law: LawSnapshot, window: Interval, *, perimeters: bool, origins: Collection[Origin]
) -> set[datetime]:
    """The instants of a window, its end excluded, at which a regulation shown begins or ends."""
    found: set[datetime] = set()
    if perimeters:
        spans = (span for perimeter in law.perimeters.values() for span in perimeter.activations)
        found |= {at for span in spans if span.start != span.end for at in (span.start, span.end) if at is not None}
    for pattern, bounds in _by_pattern(law, window, origins).items():
        found |= set(_pattern_changes(pattern, bounds, window, law.calendar))
    return {at for at in found if window.contains(at)}


def _by_pattern(law: LawSnapshot, window: Interval, origins: Collection[Origin]) -> dict[Period, Spans]:
    """The bounds of the periods that meet the window, by their days and hours: thousands of measures share few."""
    # One second past both ends: a span cut by the window is not one that ends there.
    start, end = window.start - timedelta(seconds=1), window.end + timedelta(seconds=1)
    patterns: defaultdict[tuple[object, ...], Spans] = defaultdict(set)
    examples: dict[tuple[object, ...], Period] = {}
    for measure in law.measures.values():
        if measure.origin not in origins:
            continue
        for period in measure.periods:
            bounds = max(period.start, start), end if period.end is None else min(period.end, end)
            if bounds[0] < bounds[1]:
                key = (period.weekdays, period.slots, period.holidays)
                patterns[key].add(bounds)
                examples.setdefault(key, period)
    around = timedelta(days=2)
    return {
        Period(start - around, end + around, examples[key].weekdays, examples[key].slots, examples[key].holidays): spans
        for key, spans in patterns.items()
    }


def _pattern_changes(pattern: Period, bounds: Spans, window: Interval, calendar: LocalCalendar) -> Iterator[datetime]:
    """The changes of all periods with the same days and hours.

    pattern: such a period, wider than the window. A period is active where the pattern is, inside its own bounds.
    """
    active = pattern.active_intervals(Interval(pattern.start, pattern.end or window.end), calendar)
    starts, ends = [span.start for span in active], [span.end for span in active]
    for start, end in bounds:
        # It begins in the middle of an active span, or ends there.
        before = bisect_right(starts, start) - 1
        if before >= 0 and start < ends[before]:
            yield start
        last = bisect_left(starts, end) - 1
        if last >= 0 and end <= ends[last]:
            yield end
    for span in merge(Interval(start, end) for start, end in bounds):
        for edges in (starts, ends):
            yield from edges[bisect_right(edges, span.start) : bisect_left(edges, span.end)]
