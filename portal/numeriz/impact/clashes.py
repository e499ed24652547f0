"""Orders in force or to come that speak of the same streets at the same time as a draft."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from portal.numeriz.impact.alarms import named
from portal.numeriz.impact.found import Clash
from portal.numeriz.impact.streets import Streets
from portal.regulations.calendars import LocalCalendar
from portal.regulations.judging_measures import closes
from portal.regulations.measures import Measure, MeasureType, Origin
from portal.regulations.schedules import Interval, Period
from portal.regulations.snapshot import LawSnapshot

OPPOSITE: Final = "opposite-directions"
SPEEDS: Final = "other-speed"
DUPLICATE: Final = "duplicate"
SAME_KIND: Final = "same-kind"
ORDER: Final = (OPPOSITE, SPEEDS, DUPLICATE, SAME_KIND)
"""The worst first."""

_HORIZON: Final = timedelta(days=400)
_STEP: Final = timedelta(days=35)
_NEARLY_ALL: Final = 0.8
_LEAST_M: Final = 20.0
"""Two orders that share less than this only meet at a crossing."""


def find_clashes(
    streets: Streets, measures: Sequence[Measure], law: LawSnapshot, replaces: str | None, now: datetime
) -> tuple[Clash, ...]:
    """Compare a draft with the orders of the law; the worst first.

    replaces: the order that the draft amends, compared with nothing.
    """
    if not len(streets.rows):
        return ()
    found = []
    bearing = law.on_edges(streets.table.shapes[streets.rows], streets.facts)
    others: dict[str, dict[int, bool]] = {}
    for place, hits in enumerate(bearing):
        for hit in hits:
            one = hit.regulation
            if isinstance(one, Measure) and one.origin is Origin.ORDER and one.order.id != replaces and not hit.nearby:
                row = int(streets.rows[place])
                others.setdefault(one.id, {})[row] = closes(hit, one, streets.facts[place])
    rows_of: dict[str, set[int]] = {measure.id: set() for measure in measures}
    for place, hits in enumerate(streets.hits):
        for hit in hits:
            rows_of[hit.regulation.id].add(int(streets.rows[place]))
    for number, measure in enumerate(measures, 1):
        for other_id, their_rows in others.items():
            other = law.measures[other_id]
            shared = rows_of[measure.id] & their_rows.keys()
            code = _code(streets, measure, other, shared, their_rows, rows_of[measure.id])
            if code is None:
                continue
            metres = streets.metres_of(shared)
            at = first_common(measure.periods, other.periods, law.calendar, now)
            if at is not None and metres >= _LEAST_M:
                order = other.order
                street = named(streets, shared, 1)
                found.append(Clash(code, number, order.id, order.title, order.authority, metres, street, at))
    found.sort(key=lambda one: (ORDER.index(one.code), -one.metres, one.title))
    return tuple({one.key: one for one in reversed(found)}.values())[::-1]


def _code(
    streets: Streets, ours: Measure, theirs: Measure, shared: set[int], their_rows: dict[int, bool], our_rows: set[int]
) -> str | None:
    """What is wrong with both on the shared rows; None when nothing is."""
    if not shared:
        return None
    if MeasureType.ONE_WAY in (ours.type, theirs.type) and ours.may_close and theirs.may_close:
        ours_closed = streets.closing.get(ours.id, frozenset())
        opposing = streets.table.opposing
        for row in ours_closed:
            other = int(opposing[row])
            alone = other >= 0 and other not in ours_closed and not their_rows.get(row, False)
            if alone and their_rows.get(other, False):
                return OPPOSITE
    if ours.type is not theirs.type:
        return None
    if ours.type is MeasureType.SPEED_LIMIT and ours.max_speed_kmh != theirs.max_speed_kmh:
        return SPEEDS
    same = ours.vehicles == theirs.vehicles
    return DUPLICATE if same and len(shared) >= _NEARLY_ALL * len(our_rows) else SAME_KIND


def first_common(
    ours: Sequence[Period], theirs: Sequence[Period], calendar: LocalCalendar, now: datetime
) -> datetime | None:
    """The first moment from now on, within some 400 days, at which both are active; None when there is none."""
    starts = [min(period.start for period in periods) for periods in (ours, theirs) if periods]
    if len(starts) < 2:
        return None
    begin = max(now, *starts)
    ends = (end for periods in (ours, theirs) if (end := _last_end(periods)) is not None)
    for window in _windows(begin, min([begin + _HORIZON, *ends])):
        mine, other = (
            sorted(span for period in periods for span in period.active_intervals(window, calendar))
            for periods in (ours, theirs)
        )
        common = [
            max(one.start, two.start)
            for one in mine
            for two in other
            if max(one.start, two.start) < min(one.end, two.end)
        ]
        if common:
            return min(common)
    return None


def _last_end(periods: Sequence[Period]) -> datetime | None:
    """When the last of some periods ends; None when one of them never does."""
    ends = [period.end for period in periods if period.end is not None]
    return max(ends) if len(ends) == len(periods) else None


def _windows(start: datetime, end: datetime) -> Iterator[Interval]:
    while start < end:
        yield Interval(start, min(start + _STEP, end))
        start += _STEP
